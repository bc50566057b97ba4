#!/bin/bash
# Install what the machine lacks. As root on Debian through apt; otherwise print the exact command and stop.
#   tools/setup.sh build    what building needs; without it nothing works
#   tools/setup.sh test     what the tests with containers and with sysdig need; without it they are skipped
#   tools/setup.sh emulator what the tests under other kernels need
#   tools/setup.sh arm64    what the test of the sensor on arm64 needs
set -euo pipefail

what=${1:?build, test, emulator or arm64}
packages=()

# need PACKAGE CHECK...: PACKAGE is wanted unless the command CHECK succeeds.
need() {
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || packages+=("$package")
}

has_header() { echo "#include <$1>" | "${CC:-cc}" -E - ; }
python_has_venv() { "${PYTHON:-python3}" -c 'import venv, ensurepip'; }

case $what in
build)
    need clang command -v clang
    need gcc command -v "${CC:-cc}"
    need pkg-config command -v pkg-config
    need libelf-dev has_header libelf.h
    need zlib1g-dev has_header zlib.h
    need python3-venv python_has_venv
    ;;
test)
    need podman command -v podman
    need runc command -v runc
    need conmon command -v conmon
    need busybox-static command -v busybox
    need sysdig command -v sysdig
    ;;
emulator)
    need kmod command -v depmod
    need qemu-system-x86 command -v qemu-system-x86_64
    ;;
arm64)
    libraries=/usr/lib/aarch64-linux-gnu
    need kmod command -v depmod
    need qemu-system-arm command -v qemu-system-aarch64
    need gcc-aarch64-linux-gnu command -v aarch64-linux-gnu-gcc
    need libbpf-dev:arm64 test -e $libraries/libbpf.a
    need libelf-dev:arm64 test -e $libraries/libelf.a
    need zlib1g-dev:arm64 test -e $libraries/libz.a
    ;;
*)
    echo "usage: tools/setup.sh build|test|emulator|arm64" >&2
    exit 2
    ;;
esac

if ((${#packages[@]})); then
    command="apt-get install -y --no-install-recommends ${packages[*]}"
    if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
        echo "Installing: ${packages[*]}"
        [[ $what != arm64 ]] || dpkg --add-architecture arm64
        apt-get update -qq || echo "apt-get update failed, trying with the lists that are there" >&2
        if ! DEBIAN_FRONTEND=noninteractive $command -qq >/dev/null; then
            [[ $what == test ]] || exit 1
            echo "Some tests will be skipped: could not install ${packages[*]}" >&2
        fi
    elif [[ $what == build ]]; then
        echo "Missing: ${packages[*]}. Install with:" >&2
        echo "    sudo apt-get update && sudo $command" >&2
        exit 1
    else
        echo "Some tests will be skipped without: ${packages[*]} (sudo $command)" >&2
    fi
fi

PATH=$HOME/.cargo/bin:$PATH
if [[ $what == build ]] && ! command -v cargo >/dev/null; then
    echo "Missing: Rust 1.88 or newer (cargo). Debian 12's is too old; install it with rustup, https://rustup.rs" >&2
    exit 1
fi
