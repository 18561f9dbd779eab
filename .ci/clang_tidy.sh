#!/usr/bin/env bash
# Static analysis of everything that is not a test; needs build/compile_commands.json.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
echo "clang-tidy"

# clang looks for omp.h in LLVM's own OpenMP, which is not installed; gcc's declares the same.
headers=$(mktemp -d)
trap 'rm -rf "$headers"' EXIT
cp "$(g++ -print-file-name=include)/omp.h" "$headers/"

find kernels harness experiments -name '*.cpp' ! -name 'simd_*.cpp' ! -name '*_module.cpp' -print0 |
  sort -z |
  xargs -0 -n 3 -P "$(nproc)" clang-tidy -p build --quiet --extra-arg="-isystem$headers" \
    --extra-arg=-Wno-unknown-warning-option 2>&1 |
  { grep -vE '^[0-9]+ warnings? generated|^Suppressed|^Use -' || true; }
exit "${PIPESTATUS[0]}"
