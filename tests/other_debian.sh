#!/bin/sh
# Tests obpub on the other Debian: sh tests/other_debian.sh. On Debian 12 makes a minimal Debian 13 with mmdebstrap, and on 13 a
# 12, from where this machine has its packages. In it, as root, it builds with clang (without the tests) and with gcc, where
# warnings are errors, and runs of what gcc has built unit tests and corpora, those tests of the program that its libraries and its
# systemd have a part in, and one on a private network of its own tors. What needs another kernel than this machine's can't be
# tried so, nor what is in the packages of Debian (tests/net/test_package.py). The exit status is 77 where this machine does not
# allow it.

cd "$(dirname "$0")/.." || exit 1
. tests/setup.sh

clang_folder=build/test-clang
# What its systemd, libc, python, openssl, valgrind and tor have a part in.
tests='cli-check cli-confinement cli-constant_time cli-curve_choice cli-filters cli-hard_signatures cli-hardening cli-init
    cli-install cli-presign cli-processes cli-service
    cli-systemd cli-systemd_boot net-once'
packages="$build_packages $network_packages clang clang-format libcmocka-dev valgrind systemd openssl onionbalance python3-yaml"

# Inside: build and test. What only computes does so at the lowest priority, for tests that run beside this and judge by time.
test_inside()
{
    failed=
    renice -n 19 $$ >/dev/null
    step "building in $clang_folder, with $(clang --version | head -n 1)"
    # What clang says does not depend on how well the code runs, and none of it is run.
    setup_build $clang_folder -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug -DOBPUB_WERROR=ON || return
    # Layout is to be the same whichever of the two lays it out.
    step "layout, by $(clang-format --version)"
    find src tests -name '*.[ch]' -exec clang-format --dry-run -Werror '{}' + || return
    step "tests, with $(gcc --version | head -n 1)"
    sh tests/stages.sh unit || failed=yes
    renice -n 0 $$ >/dev/null
    # shellcheck disable=SC2086 # a list of words
    with_network sh tests/stages.sh $tests && [ -z "$failed" ]
}

case $1 in
--inside)
    renice -n 0 $$ >/dev/null
    is_attended || attend tests/other_debian.sh --inside
    test_inside
    exit
    ;;
esac

{ [ "$(id -u)" = 0 ] && unshare --mount --pid --fork true 2>/dev/null; } || {
    echo 'left out: only root can make another Debian, and namespaces for it'
    exit 77
}
is_attended || {
    setup_packages mmdebstrap python3
    attend tests/other_debian.sh
}

system=$TMPDIR/other-debian
trap 'rm -rf --one-file-system "$system"' EXIT
trap 'exit 1' HUP INT TERM
# shellcheck source=/dev/null
case $(. /etc/os-release && echo "$VERSION_ID") in
12) suite=trixie number=13 packages="$packages systemd-dev lib25519-dev" ;;
*) suite=bookworm number=12 ;;
esac
step "making a minimal Debian $number"
# shellcheck disable=SC2086 # a list of words
sh tests/debian.sh --suite "$suite" "$system" $packages || exit

echo "127.0.0.1 localhost $(uname -n)" >"$system/etc/hosts"
mkdir "$system/obpub" && git -c safe.directory='*' ls-files -z --cached --others --exclude-standard |
    tar --null --files-from=- --create | tar -C "$system/obpub" --extract --no-same-owner || exit

# What is started and mounted there ends with its namespaces. The old root is left altogether, since in a mere chroot the
# kernel allows no user namespaces, which systemd's services have.
# shellcheck disable=SC2016 # for the shell inside
unshare --mount --pid --fork --kill-child sh -c '
    mount --bind "$1" "$1" && cd "$1" && mount --rbind /dev dev && mount --rbind /sys sys &&
        mount -t proc proc proc && mount -t tmpfs tmpfs run && mkdir run/old_root &&
        pivot_root . run/old_root && umount -l /run/old_root || exit
    unset TMPDIR OBPUB_ATTENDED_BY
    cd /obpub && exec sh tests/other_debian.sh --inside' sh "$system"
