#!/bin/sh
# Makes the source archive of a release: sh packaging/release.sh [FOLDER], without which it is made in build/release. It is
# called obpub-VERSION.tar.gz, by the version in CMakeLists.txt, builds without git, and is the same byte for byte whoever makes
# it from the same commit. With --as-is before the folder it may have what is not committed, and it works where there is no
# git, as in an archive that was unpacked; the time in it is then that of the commit, or of NEWS.md.

as_is=
[ "$1" != --as-is ] || {
    as_is=yes
    shift
}
folder=${1:-build/release}
case $folder in /*) ;; *) folder=$PWD/$folder ;; esac
[ -n "$1" ] || folder=$(dirname "$(dirname "$(readlink -f "$0")")")/build/release
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C

fail()
{
    echo "release.sh: $*" >&2
    exit 1
}

# git, in this folder alone: one above it is of something else.
has_git()
{
    [ -e .git ] && command -v git >/dev/null
}
run_git()
{
    git -c safe.directory="$PWD" "$@"
}

# Print the names of the files, each with a zero byte after it.
list_files()
{
    if ! has_git; then
        find . -name .git -prune -o -path './build*' -prune -o -name __pycache__ -prune -o -type f -printf '%P\0'
    elif [ -n "$as_is" ]; then
        # One that is deleted and not committed is still in git's list.
        # shellcheck disable=SC2016 # for the shell inside
        run_git ls-files -z --cached --others --exclude-standard | xargs -0 sh -c '
            for name; do
                [ ! -e "$name" ] || printf "%s\0" "$name"
            done' sh
    else
        run_git ls-files -z
    fi
}

# Print the time that all files in the archive have, in seconds since the epoch.
print_time()
{
    if [ -n "$SOURCE_DATE_EPOCH" ]; then
        echo "$SOURCE_DATE_EPOCH"
    elif has_git; then
        run_git log -1 --format=%ct
    else
        stat -c %Y NEWS.md
    fi
}

version=$(sed -n 's/^project(obpub VERSION \([0-9.]*\) .*/\1/p' CMakeLists.txt)
[ -n "$version" ] || fail "CMakeLists.txt does not say the version."
if [ -z "$as_is" ]; then
    has_git || fail "this is made from a commit, and there is no git here; see --as-is."
    [ -z "$(run_git status --porcelain)" ] || fail "something is not committed; see --as-is."
fi
time=$(print_time)
[ -n "$time" ] || fail "what time it is from is not known."
mkdir -p "$folder" || exit
archive=$folder/obpub-$version.tar.gz
temporary=$(mktemp -d) || exit
trap 'rm -rf "$temporary"' EXIT
trap 'exit 1' HUP INT TERM
list_files | sort -z >"$temporary/files" || exit
# What a user's tar or gzip would do by its own settings is not asked for.
unset TAR_OPTIONS GZIP
tar --create --file "$temporary/archive.tar" --format=gnu --owner=0 --group=0 --numeric-owner --mtime="@$time" \
    --mode=u=rwX,go=rX --transform="flags=r;s,^,obpub-$version/," --null --verbatim-files-from \
    --no-recursion --files-from="$temporary/files" || exit
gzip -9 -n "$temporary/archive.tar" || exit
cp "$temporary/archive.tar.gz" "$archive" || exit
echo "$archive"
