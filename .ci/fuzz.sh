#!/usr/bin/env bash
# .ci/fuzz.sh [SECONDS [TARGET...]]: builds the fuzz targets, tests/fuzz/*.cpp or those named, with
# clang's libFuzzer and sanitizers, and runs each of them for so long (60 s). Exit status 1 when one
# found something; the input that did is kept in build-fuzz/.
#
# A target NAME_fuzz.cpp is linked with model/NAME/*.cpp; if it needs other files, it names all of them
# in one line "// Sources: model/gguf/*.cpp model/core/*.cpp". What it starts from, if anything, is
# in tests/fuzz/NAME_fuzz/; what it has learnt stays in build-fuzz/ and is where the next run goes on.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
. .ci/setup.sh

seconds=${1:-60}
[[ $seconds =~ ^[1-9][0-9]*$ ]] ||
  fail "SECONDS must be a whole number above 0, not '$seconds'"
shopt -s nullglob
targets=("${@:2}")
[ ${#targets[@]} -gt 0 ] || targets=(tests/fuzz/*.cpp)
if [ ${#targets[@]} -eq 0 ]; then
  echo "fuzz.sh: there is no fuzz target"
  exit 0
fi
install_missing "$(analysis_packages)"
mkdir -p build-fuzz

# The files that target $1 is linked with, one a line.
sources_of() {
  local name patterns files
  name=$(basename "$1" _fuzz.cpp)
  patterns=$(sed -n 's|^// Sources: ||p' "$1")
  # shellcheck disable=SC2206  # the patterns are to be expanded
  files=(${patterns:-model/$name/*.cpp})
  [ ${#files[@]} -gt 0 ] || fail "$1 names no sources, and there is no model/$name/*.cpp"
  printf '%s\n' "${files[@]}"
}

compile() {
  local target=$1 program=$2 sources libraries
  sources=$(sources_of "$target")
  libraries=$(pkg-config --cflags --libs fmt libpcre2-8)
  # shellcheck disable=SC2086  # neither the files' names nor pkg-config's words hold blanks
  clang++ -std=c++20 -O1 -g -I. -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
    -o "$program" "$target" $sources $libraries -pthread
}

fuzz() {
  local name=$1 program=$2
  local corpus=build-fuzz/$name.corpus seeds=tests/fuzz/$name log=build-fuzz/$name.log
  mkdir -p "$corpus"
  local folders=("$corpus")
  [ ! -d "$seeds" ] || folders+=("$seeds")
  if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="build-fuzz/$name." "${folders[@]}" >"$log" 2>&1; then
    echo "$name: nothing found in $seconds s, $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs"
  else
    tail -n 60 "$log"
    echo "$name: FOUND something; again with: $program build-fuzz/$name.<kind>-<hash>"
    return 1
  fi
}

status=0
for target in "${targets[@]}"; do
  name=$(basename "$target" .cpp)
  compile "$target" "build-fuzz/$name"
  fuzz "$name" "build-fuzz/$name" || status=1
done
exit $status
