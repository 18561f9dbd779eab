# shellcheck shell=bash
# Sourced by ./run and ./test, which stand in the project's root: installs what is missing, configures
# and builds. Exits 2 with what to do where it cannot.

# Debian package, and what it is needed for.
run_packages() {
  cat <<'END'
g++                            the compiler
meson                          configures the build
ninja-build                    builds
pkg-config                     finds the libraries
libbenchmark-dev               Google Benchmark, times the samples
libboost-program-options-dev   command line and configs; Boost.Math for the statistics
libfmt-dev                     text
libhwy-dev                     Highway, the SIMD kernels
nlohmann-json3-dev             result files
libsqlite3-dev                 export as an SQLite database
zlib1g-dev                     reading compressed runs
libpcre2-dev                   regular expressions of tokenizers
libopenblas-dev                a peer to compare with
libeigen3-dev                  a peer to compare with
libblis-openmp-dev             a peer to compare with
libdnnl-dev                    a peer to compare with
libxsmm-dev                    a peer to compare with
python3-matplotlib             the figures
END
}

test_packages() {
  cat <<'END'
libgtest-dev                   GoogleTest
librapidcheck-dev              property tests
libbenchmark-tools             Google Benchmark's compare.py, tried on what is exported
python3-scipy                  what compare.py computes with
clang-format                   the formatting check
END
}

analysis_packages() {
  cat <<'END'
clang-tidy                     static analysis
clang                          the compiler for fuzzing
libclang-rt-14-dev             its sanitizers and libFuzzer
END
}

fail() {
  echo "$(basename "$0"): $1" >&2
  exit 2
}

is_debian() {
  command -v dpkg-query >/dev/null && command -v apt-get >/dev/null
}

# The names among "$@" that are not installed.
missing_of() {
  # Of a package that it has never heard of, dpkg-query makes an error.
  { dpkg-query -W -f='${Package} ${Status}\n' "$@" 2>/dev/null || true; } |
    awk '/ install ok installed$/ {print $1}' | sort >"$scratch/installed"
  printf '%s\n' "$@" | sort | comm -23 - "$scratch/installed"
}

# Installs what is missing of the packages that "$1" describes.
install_missing() {
  described=$1
  local names missing
  mapfile -t names < <(awk '{print $1}' <<<"$described")
  if ! is_debian; then
    for tool in meson ninja pkg-config c++; do
      command -v "$tool" >/dev/null || fail "this is not a Debian system, and $tool is missing.
$(needed)"
    done
    return
  fi
  mapfile -t missing < <(missing_of "${names[@]}")
  [ ${#missing[@]} -gt 0 ] || return 0
  local install=(apt-get install -y --no-install-recommends "${missing[@]}")
  echo "Installing missing packages:"
  awk 'NR == FNR {missing[$1]; next} $1 in missing {print "  " $0}' \
    <(printf '%s\n' "${missing[@]}") <(echo "$described")
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "packages are missing and there is no sudo; as root, type:
  apt-get update && ${install[*]}"
    # sudo asks for the password on the terminal itself, wherever its input and output go.
    as_root=(sudo)
    [ -t 2 ] || as_root=(sudo -n)
  fi
  local log="$scratch/apt.log"
  # Without input: a question that goes to the log must not wait for an answer.
  if ! "${as_root[@]}" apt-get update >"$log" 2>&1 </dev/null ||
    ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "${install[@]}" >>"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    fail "could not install; as root, type:
  apt-get update && ${install[*]}"
  fi
}

needed() {
  echo "Needed, by the names of Debian 12's packages:"
  echo "$described"
}

fail_configuration() {
  tail -n 20 "$scratch/setup.log" >&2
  is_debian || needed >&2
  fail "could not configure; the messages are above"
}

# Configures build/ once. A failed configuration leaves nothing behind that looks like a good one.
configure() {
  [ -f build/build.ninja ] && return
  echo "Configuring build/"
  meson setup build --buildtype release "$@" >"$scratch/setup.log" 2>&1 || {
    rm -rf build
    fail_configuration
  }
}

# Adds the tests to a build/ that ./run configured without them.
configure_tests() {
  grep -q '"name": "tests", "value": true' build/meson-info/intro-buildoptions.json && return
  echo "Configuring the tests"
  meson setup --reconfigure build -Dtests=true >"$scratch/setup.log" 2>&1 || fail_configuration
}

build() {
  if ! ninja -C build --quiet "$@" >"$scratch/build.log" 2>&1; then
    tail -n 60 "$scratch/build.log" >&2
    fail "the build failed; the messages are above"
  fi
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
