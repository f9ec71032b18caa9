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

setup_packages $build_packages clang libclang-rt-dev libcmocka-dev
step 'building the fuzz targets (clang, libFuzzer, AddressSanitizer, UndefinedBehaviorSanitizer)'
mkdir -p build/fuzz/crashes build/fuzz/log
if ! cmake -S . -B build/fuzz -DCMAKE_C_COMPILER=clang -DOBPUB_TESTS=ON -DOBPUB_FUZZ=ON >build/fuzz/log/build 2>&1 ||
    ! cmake --build build/fuzz -j "$(nproc)" --target fuzz_targets >>build/fuzz/log/build 2>&1; then
    cat build/fuzz/log/build
    exit 1
fi

# Targets make folders of files in here; on a disk that would be most of their time.
if [ -w /dev/shm ]; then
    TMPDIR=$(mktemp -d /dev/shm/obpub-fuzz-XXXXXX) || exit 1
    export TMPDIR
    trap 'rm -rf "$TMPDIR"' EXIT
    trap 'exit 1' HUP INT TERM
fi

# The paths are whole ones because some targets change their folder.
here=$PWD

# Bytes of an input: libFuzzer cuts longer ones, and the longest of the corpora (a descriptor of a real tor, a file that
# is too large for a key) are to be whole.
length_max=24000
long=$(find tests/fuzz/corpus -type f -size +${length_max}c)
[ -z "$long" ] || {
    echo "These would be cut to $length_max bytes:" $long
    exit 1
}

[ $# != 0 ] || set -- $(ls tests/fuzz/fuzz_*.c | sed 's,.*/fuzz_,,; s,\.c$,,')
crashed=0

# Give a target its corpus and what was found before, for so many seconds.
fuzz()
{
    build/fuzz/tests/fuzz/fuzz_$1 -max_total_time="$seconds" -timeout=25 -rss_limit_mb=2048 -max_len=$length_max \
        -dict="$here/tests/fuzz/keywords.dict" -artifact_prefix="$here/build/fuzz/crashes/$1-" \
        "$here/build/fuzz/found/$1" "$here/tests/fuzz/corpus/$1" >build/fuzz/log/$1 2>&1
}

# Add what was found to a target's corpus, the shortest inputs first.
merge()
{
    build/fuzz/tests/fuzz/fuzz_$1 -set_cover_merge=1 -max_len=$length_max \
        "$here/tests/fuzz/corpus/$1" "$here/build/fuzz/found/$1" >build/fuzz/log/$1 2>&1
}

for target; do
    mkdir -p build/fuzz/found/$target tests/fuzz/corpus/$target
    if [ "$seconds" = merge ]; then merge $target; else fuzz $target; fi && {
        echo "$target: $(sed -n 's/^#\([0-9]*\)[ 	]*DONE.*cov: \([0-9]*\).*/\1 inputs, \2 edges/p' build/fuzz/log/$target)"
        continue
    }
    crashed=$((crashed + 1))
    grep -v '^#' build/fuzz/log/$target | tail -n 40
    echo "$target: FAILED, see above; the input is in build/fuzz/crashes"
done

echo
if [ "$seconds" = merge ]; then
    echo "$(find tests/fuzz/corpus -type f | wc -l) inputs in tests/fuzz/corpus"
else
    echo "$# parsers fuzzed for $seconds seconds each, $crashed failed"
fi
[ $crashed = 0 ]
