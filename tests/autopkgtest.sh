#!/bin/sh
# Runs the tests that come with the Debian packages (packaging/debian/tests) as Debian does: sh tests/autopkgtest.sh. Builds the
# packages, makes a minimal Debian as this machine's in build/autopkgtest, and has autopkgtest install them there with what they
# and their tests depend on, and publish a frontend on a private Tor network, and visit it. Needs root, and some minutes.

cd "$(dirname "$0")/.." || exit 1
. tests/setup.sh

folder=$PWD/build/autopkgtest

is_attended || {
    setup_packages "$build_packages" build-essential debhelper mmdebstrap autopkgtest python3
    [ "$(id -u)" = 0 ] || exec sudo sh tests/autopkgtest.sh
    attend tests/autopkgtest.sh
}

trap 'rm -rf --one-file-system "$folder"' EXIT
trap 'exit 1' HUP INT TERM
rm -rf --one-file-system "$folder"
mkdir -p "$folder"
step 'building the packages'
DEB_BUILD_OPTIONS="nocheck $DEB_BUILD_OPTIONS" sh packaging/deb.sh "$folder/packages" >"$folder/log" 2>&1 || {
    cat "$folder/log"
    exit 1
}
step 'making a minimal Debian'
sh tests/debian.sh "$folder/system" dpkg-dev apt-utils procps || exit
step 'testing'
# What is mounted and started there ends with the namespaces.
# shellcheck disable=SC2016 # for the shell inside
unshare --mount --pid --fork --kill-child sh -c '
    mount --bind "$1/system" "$1/system" && cd "$1/system" && mount -t proc proc proc && mount --rbind /dev dev &&
        cp -L /etc/resolv.conf etc/resolv.conf && chroot . apt-get -q update || exit
    unset TMPDIR # there is no such folder inside
    exec autopkgtest "$1"/packages/obpub_*_*.deb "$1"/packages/obpub-onionbalance_*.deb "$1"/packages/*.dsc \
        -- chroot "$1/system"' sh "$folder"
