#!/usr/bin/env bash
# .ci/sanitize.sh [--all]: the tests under the address and undefined-behaviour sanitizers, in a build of
# their own. Without --all those of the kernels, the models and the harness alone, fewer random cases
# of each: tests of the program's commands run the same code, slowly.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."

# gcc spends most of its time on these four, which see each access alone (simd_tiles.cpp takes 196 s
# with them and 51 s without): null and misaligned pointers are what the tests' guard pages and odd
# offsets look for, too, object-size is a weaker form of what the address sanitizer does, and vptr sees
# wrong downcasts: what a kernel prepared goes back to that kernel alone.
slow=null,alignment,object-size,vptr

[ -f build-sanitize/build.ninja ] ||
  # Line tables are all that a report needs of debug information; the rest doubles the build's time.
  meson setup build-sanitize --buildtype plain -Doptimization=1 -Dtests=true \
    -Db_sanitize=address,undefined -Dcpp_args="-g1 -fno-sanitize=$slow" \
    -Dfew_instruction_sets=true >/dev/null
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
# Thread pools live until the process ends, so what they hold is not a leak of ours.
export ASAN_OPTIONS=detect_leaks=0
run_tests() { meson test -C build-sanitize --no-rebuild --print-errorlogs --timeout-multiplier 6 "$@"; }

if [ "${1:-}" = --all ]; then
  ninja -C build-sanitize --quiet
  run_tests --no-suite once
else
  ninja -C build-sanitize --quiet tests/kernels/kernels_test tests/model/model_test tests/harness/harness_test
  # RapidCheck's default is 100 cases of each property.
  RC_PARAMS="max_success=25" run_tests "kernels ours" "kernels matmul" "kernels attention" model harness \
    "harness alone"
fi
