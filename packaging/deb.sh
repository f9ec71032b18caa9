#!/bin/sh
# Makes the Debian packages of what is here: sh packaging/deb.sh [FOLDER], without which they are made in build/deb. There they
# are then, with the source package that they were built from, which has the archive of release.sh in it. The version comes
# from CMakeLists.txt; as long as NEWS.md says that it is not released, the time of the commit follows it, so that each is an
# upgrade of the one before and the release one of them all; what Debian itself would make of a release comes after that. Made
# twice from the same they are the same, byte for byte. The unit tests run, unless DEB_BUILD_OPTIONS has "nocheck". Who hands
# the packages on says who that is in DEBFULLNAME and DEBEMAIL.

here=$(dirname "$(dirname "$(readlink -f "$0")")")
folder=${1:-$here/build/deb}
case $folder in /*) ;; *) folder=$PWD/$folder ;; esac
cd "$here" || exit 1
export LC_ALL=C

fail()
{
    echo "deb.sh: $*" >&2
    exit 1
}

# Print debian/changelog for a version, a time, a distribution and a maintainer.
print_changelog()
{
    printf 'obpub (%s-0obpub1) %s; urgency=medium\n\n' "$1" "$3"
    printf '  * What has changed is in /usr/share/doc/obpub/NEWS.md.\n\n'
    printf ' -- %s  %s\n' "$4" "$(date -u -R -d "@$2")"
}

for tool in dpkg-buildpackage dh; do
    command -v $tool >/dev/null || fail "this needs the packages dpkg-dev and debhelper."
done
(cd packaging && dpkg-checkbuilddeps) || fail "as root: apt-get install the packages that are missing."

mkdir -p "$folder" || exit
# A name with a space in it would get into what is built, as dpkg-buildflags has no word for replacing it.
case $TMPDIR in *[!A-Za-z0-9/._-]*) unset TMPDIR ;; esac
work=$(mktemp -d) || exit
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
archive=$(sh packaging/release.sh --as-is "$work") || exit
tar -C "$work" -xf "$archive" || exit
source=${archive%.tar.gz}
# What the archive says is from when.
time=$(stat -c %Y "$source/NEWS.md")
version=${source##*/obpub-}
distribution=unstable
if sed -n '3p' NEWS.md | grep -q 'not released'; then
    version=$version~$(date -u -d "@$time" +%Y%m%d%H%M)
    distribution=UNRELEASED
fi
maintainer=$(sed -n 's/^Maintainer: //p' packaging/debian/control)
[ -z "$DEBEMAIL" ] || maintainer="${DEBFULLNAME:-The maintainer of this package} <$DEBEMAIL>"
mv "$archive" "$work/obpub_$version.orig.tar.gz" && cp -R packaging/debian "$source/debian" &&
    sed -i "s/^Maintainer: .*/Maintainer: $(printf %s "$maintainer" | sed 's/[&/\\]/\\&/g')/" "$source/debian/control" &&
    print_changelog "$version" "$time" "$distribution" "$maintainer" >"$source/debian/changelog" || exit
find "$source" -exec touch --no-dereference -d "@$time" '{}' +
umask 022
unset DEBEMAIL DEBFULLNAME
(cd "$source" && DEB_BUILD_OPTIONS="parallel=$(nproc) $DEB_BUILD_OPTIONS" dpkg-buildpackage -us -uc) || exit
rm -rf "$source"
rm -f "$folder"/obpub*_*.deb "$folder"/obpub_*.*
mv "$work"/* "$folder" && ls "$folder"
