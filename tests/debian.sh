#!/bin/sh
# Makes a minimal Debian in a folder, or a tar archive, from where this machine has its packages: sh tests/debian.sh [--suite
# trixie] PLACE PACKAGE..., which are packages to have in it. It is the Debian that this machine has, 12 or 13, unless another
# suite is named. Needs mmdebstrap, and root.

# shellcheck source=/dev/null
here=$(. /etc/os-release && echo "$VERSION_CODENAME")
suite=$here
[ "$1" != --suite ] || {
    suite=$2
    shift 2
}
place=$1
shift

# Print this machine's sources of its own Debian as those of the suite; nothing, for which mmdebstrap has sources of its own, if there
# are none.
print_sources()
{
    # shellcheck disable=SC2016 # apt fills them in
    apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
        grep " ${here}[^ ]* " | sed "s/ $here/ $suite/"
}

# Print how this machine's apt gets at its sources.
print_apt_options()
{
    apt-config dump | grep -E '^Acquire::(https?|Check-Valid-Until|Check-Date|Retries|ForceIPv[46])\b.* "[^"]'
    [ -z "$http_proxy" ] || echo "Acquire::http::Proxy \"$http_proxy\";"
    [ -z "$https_proxy" ] || echo "Acquire::https::Proxy \"$https_proxy\";"
}

temporary=$(mktemp -d) || exit
trap 'rm -rf "$temporary"' EXIT
trap 'exit 1' HUP INT TERM
print_apt_options >"$temporary/apt-options"
print_sources >"$temporary/sources"
packages=ca-certificates
for package; do
    packages=$packages,$package
done
set -- "$suite" "$place"
[ ! -s "$temporary/sources" ] || set -- "$@" "$temporary/sources"
unshare --mount --pid --fork --kill-child mmdebstrap --quiet --variant=minbase --include="$packages" \
    --aptopt="$temporary/apt-options" "$@"
