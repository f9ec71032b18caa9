# shellcheck shell=sh disable=SC2034 # what is not used here is used by the scripts that source this
# What the scripts beside this one have in common, for them to source: packages, builds, and the private Tor network.

build_packages='gcc cmake make pkg-config libc6-dev libevent-dev libsodium-dev libssl-dev libyaml-dev
    libjansson-dev libseccomp-dev'
network_packages='tor curl libfaketime python3 python3-stem python3-cryptography'
test_packages='clang clang-format libclang-rt-dev libcmocka-dev onionbalance python3-yaml mandoc valgrind git
    openssl prometheus systemd llvm gdb shellcheck pycodestyle pyflakes3
    build-essential debhelper lintian mmdebstrap buildah onionprobe
    docker-compose python3-kubernetes'

# Where systemd's units go Debian 13 has in a package of its own, and its buildah starts nothing without netavark; but
# vanguards it has not.
# shellcheck source=/dev/null
if [ "$(. /etc/os-release && echo "$VERSION_ID")" = 12 ]; then
    test_packages="$test_packages vanguards"
else
    test_packages="$test_packages systemd-dev netavark"
fi

# Debian's Python, since only that one has the python3-* packages.
python=/usr/bin/python3
export PYTHONDONTWRITEBYTECODE=1

# Say what is being done, in a line that stands out.
step()
{
    printf '\n==> %s\n' "$*"
}

# Install those of the named packages that are missing; each argument is a list of them.
setup_packages()
{
    packages=$*
    set --
    for package in $packages; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || set -- "$@" "$package"
    done
    [ $# != 0 ] || return 0
    step "installing Debian packages: $*"
    may_install || {
        echo "This needs root, and sudo is not there or asks for a password. As root, run:" >&2
        echo "    apt-get update && apt-get install --no-install-recommends $*" >&2
        exit 1
    }
    install_packages "$@" || {
        echo "The packages could not be installed; nothing can be tested without them." >&2
        exit 1
    }
}

# Whether as_root works; sudo may ask for a password where there is a terminal to ask on.
may_install()
{
    [ "$(id -u)" = 0 ] && return
    command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }
}

# Run a command as root.
as_root()
{
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Install packages without starting the services that come with them: Debian asks policy-rc.d about that.
# In a subshell, which takes policy-rc.d away again however it ends.
install_packages()
(
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        trap 'as_root rm -f $policy' EXIT
        trap 'exit 1' HUP INT TERM
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null && as_root chmod 755 $policy || exit
    fi
    echo "(Services in them, such as tor's own, are not started now. The tests need none of these services;"
    echo "if you do not want them after the next boot either: systemctl disable tor onionbalance)"
    as_root apt-get -q update || exit
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
        install --no-install-recommends "$@"
)

# Configure a build in a folder, with the given CMake options; what cmake says is shown if it fails. Compiles through
# ccache where that is installed.
setup_configure()
{
    folder=$1
    shift
    mkdir -p "$folder"
    cmake -S . -B "$folder" -DCMAKE_C_COMPILER_LAUNCHER="$(command -v ccache)" "$@" >"$folder/build.log" 2>&1 ||
        build_failed "$folder"
}

# Configure and build likewise. Builds $setup_build_target, or all if that is not set.
setup_build()
{
    setup_configure "$@" || return
    cmake --build "$1" -j "$(nproc)" --target "${setup_build_target:-all}" >>"$1/build.log" 2>&1 || build_failed "$1"
}

build_failed()
{
    cat "$1/build.log"
    echo "The build in $1 failed."
    return 1
}

# Have a command (setup_configure, setup_build) do its work for the tests, in build/test-KIND. There are three KINDs: gcc;
# coverage, by clang, which counts the lines that the fuzzers' corpora run; sanitize, with clang's sanitizers and libFuzzer. The
# folders are closed to others, as those of root may be: tests that run a program as another user have to pass all the same. Of
# two that want the same, the second waits for the first.
for_tests()
{
    mkdir -p build
    (flock 9 && have_for_tests "$@" 9>&-) 9>"build/test-$2.lock"
}

have_for_tests()
{
    command=$1
    kind=$2
    case $kind in
    gcc) set -- gcc ;;
    coverage) set -- clang -DOBPUB_COVERAGE=ON -DCMAKE_BUILD_TYPE=Debug ;;
    sanitize) set -- clang -DOBPUB_SANITIZE=ON -DOBPUB_FUZZ=ON ;;
    esac
    compiler=$1
    shift
    mkdir -p "build/test-$kind" && chmod 700 "build/test-$kind" || return
    "$command" "build/test-$kind" -DCMAKE_C_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DOBPUB_TESTS=ON \
        -DOBPUB_WERROR=ON "$@"
}

# Begin this script (named from the project's folder, with its arguments) anew under attend.py, which ends whatever is
# left running and removes the temporary files, however the script ends.
attend()
{
    exec $python tests/attend.py sh "$@"
}

# Whether attend.py runs this script.
is_attended()
{
    [ "$OBPUB_ATTENDED_BY" = "$PPID" ]
}

# Run a command with a private Tor network.
with_network()
{
    $python tests/net/testnet.py run -- "$@"
}
