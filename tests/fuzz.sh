#!/bin/sh
# Fuzzes every parser that meets foreign bytes: sh tests/fuzz.sh SECONDS [TARGET...], each target for SECONDS.
# What crashes one is kept in build/fuzz/crashes, and is then the reason for an exit status of 1. What reaches
# new code is kept in build/fuzz/found, where the next run goes on; "merge" for SECONDS adds it to
# tests/fuzz/corpus, without what reaches nothing more.

cd "$(dirname "$0")/.." || exit 1
. tests/setup.sh

seconds=$1
case $seconds in
merge | [1-9]*) shift ;;
*)
    echo "usage: sh tests/fuzz.sh SECONDS|merge [TARGET...]" >&2
    exit 2
    ;;
esac

setup_packages "$build_packages" clang libclang-rt-dev libcmocka-dev
programs=build/test-sanitize/tests/fuzz
step 'building the fuzz targets in build/test-sanitize'
mkdir -p build/fuzz/crashes build/fuzz/log
setup_build_target=fuzz_targets
for_tests setup_build sanitize || exit 1

# However this ends, so do the targets; and their temporary files are gone, which lie in memory, since on a disk they
# would be most of a target's time.
running=
shm=
clear_up()
{
    # shellcheck disable=SC2086 # a list of process ids
    [ -z "$running" ] || kill $running 2>/dev/null
    [ -z "$shm" ] || rm -rf "$shm"
}
trap clear_up EXIT
trap 'exit 1' HUP INT TERM
if [ -w /dev/shm ]; then
    shm=$(mktemp -d /dev/shm/obpub-fuzz-XXXXXX) || exit 1
    TMPDIR=$shm
    export TMPDIR
fi

# The paths are whole ones because some targets change their folder.
here=$PWD

# Bytes of an input: libFuzzer cuts longer ones, and the longest of the corpora (a descriptor of a real tor, a file that
# is too large for a key) are to be whole.
length_max=50000
long=$(find tests/fuzz/corpus -type f -size +${length_max}c)
[ -z "$long" ] || {
    printf 'These would be cut to %s bytes:\n%s\n' "$length_max" "$long"
    exit 1
}

if [ $# = 0 ]; then
    for file in tests/fuzz/fuzz_*.c; do
        target=${file#tests/fuzz/fuzz_}
        set -- "$@" "${target%.c}"
    done
fi

# Give a target its corpus and what was found before, for so many seconds.
fuzz()
{
    exec "$programs/fuzz_$1" -max_total_time="$seconds" -timeout=25 -rss_limit_mb=2048 -max_len=$length_max \
        -dict="$here/tests/fuzz/keywords.dict" -artifact_prefix="$here/build/fuzz/crashes/$1-" \
        "$here/build/fuzz/found/$1" "$here/tests/fuzz/corpus/$1" >"build/fuzz/log/$1" 2>&1
}

# Add what was found to a target's corpus, the shortest inputs first.
merge()
{
    exec "$programs/fuzz_$1" -set_cover_merge=1 -max_len=$length_max \
        "$here/tests/fuzz/corpus/$1" "$here/build/fuzz/found/$1" >"build/fuzz/log/$1" 2>&1
}

# Wait for a target, given as TARGET=PID, and say what came of it.
finish()
{
    target=${1%=*}
    log=build/fuzz/log/$target
    if wait "${1#*=}"; then
        echo "$target: $(sed -n 's/^#\([0-9]*\)[ 	]*DONE.*cov: \([0-9]*\).*/\1 inputs, \2 edges/p' "$log")"
        return
    fi
    crashed=$((crashed + 1))
    grep -v '^#' "$log" | tail -n 40
    echo "$target: FAILED, see above; the input is in build/fuzz/crashes"
}

# As many at a time as there are processors.
crashed=0
begun=
for target; do
    mkdir -p "build/fuzz/found/$target" "tests/fuzz/corpus/$target"
    if [ "$seconds" = merge ]; then merge "$target" & else fuzz "$target" & fi
    running="$running $!"
    begun="$begun $target=$!"
    [ "$(echo "$begun" | wc -w)" -ge "$(nproc)" ] || continue
    for each in $begun; do finish "$each"; done
    running=
    begun=
done
for each in $begun; do finish "$each"; done
running=

echo
if [ "$seconds" = merge ]; then
    echo "$(find tests/fuzz/corpus -type f | wc -l) inputs in tests/fuzz/corpus"
else
    echo "$# parsers fuzzed for $seconds seconds each, $crashed failed"
fi
[ $crashed = 0 ]
