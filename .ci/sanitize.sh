#!/usr/bin/env bash
# The tests under the address and undefined-behaviour sanitizers, in a build of their own.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."

[ -f build-sanitize/build.ninja ] ||
  # Line tables are all that a report needs of debug information; the rest doubles the build's time.
  meson setup build-sanitize --buildtype plain -Doptimization=1 -Dcpp_args=-g1 -Dtests=true \
    -Db_sanitize=address,undefined >/dev/null
ninja -C build-sanitize --quiet
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
# Thread pools live until the process ends, so what they hold is not a leak of ours.
export ASAN_OPTIONS=detect_leaks=0
meson test -C build-sanitize --no-rebuild --print-errorlogs --timeout-multiplier 6 --no-suite once
