#!/usr/bin/env bash
# .ci/aarch64.sh [meson test options]: compiles the kernels and their tests for aarch64 and runs them
# under emulation (qemu-user), where NEON is the instruction set. On Debian; installs what is missing.
# Not part of .ci/run: an emulated vector instruction takes as long as dozens of real ones.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
. .ci/setup.sh

is_debian || fail "the libraries for aarch64 are taken from Debian's archive; this is another system"
install_missing "$(run_packages && test_packages && cat <<'END'
g++-aarch64-linux-gnu          the compiler for aarch64
qemu-user                      runs its programs
END
)"

build=$PWD/build-aarch64
system=$build/system # libraries for aarch64, unpacked beside this system and not installed in it
libraries=$system/usr/lib/aarch64-linux-gnu

unpack_libraries() {
  local state=$build/apt
  mkdir -p "$state/lists/partial" "$state/archives/partial"
  touch "$state/status"
  local apt=(apt-get -o APT::Architecture=arm64 -o APT::Architectures=arm64
    -o Dir::State::Lists="$state/lists" -o Dir::State::status="$state/status"
    -o Dir::Cache="$state" -o APT::Sandbox::User="$(id -un)" -qq)
  "${apt[@]}" update
  (cd "$state" && "${apt[@]}" download \
    libfmt-dev libfmt9 libgtest-dev libhwy-dev libhwy1 librapidcheck-dev)
  for package in "$state"/*.deb; do dpkg -x "$package" "$system"; done
}

describe_target() {
  cat <<END
[binaries]
cpp = 'aarch64-linux-gnu-g++'
ar = 'aarch64-linux-gnu-ar'
strip = 'aarch64-linux-gnu-strip'
pkgconfig = 'pkg-config'
exe_wrapper = ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu', '-E', 'LD_LIBRARY_PATH=$libraries']

[properties]
sys_root = '$system'
pkg_config_libdir = '$libraries/pkgconfig'

[built-in options]
cpp_args = ['-isystem', '$system/usr/include']
cpp_link_args = ['-L$libraries', '-Wl,-rpath-link,$libraries']

[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'aarch64'
endian = 'little'
END
}

if [ ! -f "$build/build.ninja" ]; then
  echo "Unpacking libraries for aarch64"
  unpack_libraries
  describe_target >"$build/aarch64.ini"
  meson setup "$build" --cross-file "$build/aarch64.ini" --buildtype release \
    -Dkernels_only=true >"$scratch/setup.log" 2>&1 || fail_configuration
fi
echo "Building"
ninja -C "$build" --quiet
# A twentieth of the property tests' usual 100 cases: the others try all edges by themselves.
export RC_PARAMS=${RC_PARAMS:-max_success=5}
meson test -C "$build" --no-rebuild --print-errorlogs --no-suite once --timeout-multiplier 20 "$@"
