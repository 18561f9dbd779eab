#!/usr/bin/env bash
# .ci/clang_tidy.sh [--without-analyzer] [FILE...]: static analysis of these files, by their paths from
# the project's root, or of everything that is not a test; needs build/. Exit status 1 when clang-tidy
# reports something. Without clang's analyzer it takes half of the time.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
[ -f build/compile_commands.json ] || {
  echo "clang_tidy.sh: there is no build/compile_commands.json; run ./test first" >&2
  exit 2
}

checks= # those of .clang-tidy
if [ "${1:-}" = --without-analyzer ]; then
  checks="--checks=-clang-analyzer-*"
  shift
fi
export checks
files=("$@")
[ $# -gt 0 ] || mapfile -d '' -t files < <(find kernels model harness experiments -name '*.cpp' -print0 | sort -z)
echo "clang-tidy: ${#files[@]} files"

# clang looks for omp.h in LLVM's own OpenMP, which is not installed; gcc's declares the same, but for
# an attribute that names the function which frees.
headers=$(mktemp -d)
trap 'rm -rf "$headers"' EXIT
sed 's/__malloc__ ([^)]*)/__malloc__/' "$(g++ -print-file-name=include)/omp.h" >"$headers/omp.h"
export headers

# One file's findings stay together, and only they are printed.
tidy() {
  local findings
  findings=$(clang-tidy -p build --quiet ${checks:+"$checks"} --extra-arg="-isystem$headers" \
    --extra-arg=-Wno-unknown-warning-option "$1" 2>&1) && return
  grep -vE '^[0-9]+ warnings?( and [0-9]+ errors?)? (generated|treated as errors?)|^Suppressed|^Use -' \
    <<<"$findings" || true
  return 1
}
export -f tidy

# shellcheck disable=SC2016  # the shell for each file expands it
if printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'tidy "$1"' tidy; then
  echo "clang-tidy: no findings"
else
  exit 1
fi
