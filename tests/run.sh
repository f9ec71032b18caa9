#!/bin/sh
# Runs every test: builds with gcc, clang and sanitizers, checks the formatting, tests on a private Tor network.

cd "$(dirname "$0")/.." || exit 1
. tests/setup.sh

passed=0
failed=0
failures=
skipped=

# Remember the name of what failed.
name_failure()
{
    failures="$failures
    $1"
}

# Count what failed besides tests, with its name.
count_failure()
{
    failed=$((failed + 1))
    name_failure "$1"
}

# Run ctest in a build folder with the given options and add its result to the sums. Uses $with, if that is set,
# to run it under something.
run_ctest()
{
    folder=$1
    shift
    log=$folder/ctest.log
    failed_tests=$folder/Testing/Temporary/LastTestsFailed.log
    rm -f "$log" "$failed_tests"
    $with ctest --test-dir "$folder" --output-on-failure --output-log "$log" "$@"
    counts=$(sed -n 's/^[0-9]*% tests passed, \([0-9]*\) tests failed out of \([0-9]*\)$/\1 \2/p' "$log")
    if [ -z "$counts" ]; then
        echo "ctest did not run in $folder."
        count_failure "ctest in $folder"
        return
    fi
    for name in $(sed -n 's/^[0-9]*:\(.*\)$/\1/p' "$failed_tests" 2>/dev/null); do
        name_failure "$name in $folder"
    done
    names=$(sed -n 's/^ *[0-9]*\/[0-9]* Test *#[0-9]*: \([^ ]*\) .*\*\*\*Skipped .*/\1/p' "$log")
    [ -z "$names" ] || skipped="$skipped $folder ("$(echo $names)")"
    failed=$((failed + ${counts% *}))
    passed=$((passed + ${counts#* } - ${counts% *} - $(echo $names | wc -w)))
}

# Like run_ctest. Runs the network tests that failed once more, on a new network, if they are few: a private Tor network
# loses a circuit now and then, as any does, and the first failure has been printed. A second one counts.
run_network_tests()
{
    run_ctest "$@"
    names=$(sed -n 's/^[0-9]*:\(net-.*\)$/\1/p' "$failed_tests" 2>/dev/null)
    number=$(echo "$names" | grep -c .)
    if [ "$number" -lt 1 ] || [ "$number" -gt 3 ]; then
        return
    fi
    step "once more, on a new network: $(echo $names)"
    failed=$((failed - number))
    for name in $names; do
        failures=$(echo "$failures" | grep -vF " $name in $1")
    done
    run_ctest "$1" -R "^($(echo $names | tr ' ' '|'))\$"
}

# Build in a folder with the given CMake options; without a build there is nothing to test, so count a failure.
build()
{
    step "building in $1"
    setup_build "$@" -DOBPUB_TESTS=ON -DOBPUB_WERROR=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo && return
    count_failure "the build in $1"
    return 1
}

is_attended || {
    setup_packages $build_packages $network_packages $test_packages
    attend tests/run.sh
}

step 'checking the formatting of the C sources (clang-format)'
find src tests -name '*.[ch]' -exec clang-format --dry-run -Werror {} + ||
    count_failure 'formatting'

if build build/test-clang -DCMAKE_C_COMPILER=clang; then
    step 'unit tests, compiled by clang'
    run_ctest build/test-clang -L 'unit|fuzz' -j "$(nproc)"
fi

if build build/test-sanitize -DCMAKE_C_COMPILER=gcc -DOBPUB_SANITIZE=ON; then
    step 'tests without a network, with AddressSanitizer and UndefinedBehaviorSanitizer'
    run_ctest build/test-sanitize -LE 'net|sim' -j "$(nproc)"
fi

step 'fuzzing each parser for a few seconds'
sh tests/fuzz.sh 5 || count_failure 'tests/fuzz.sh'

step "measuring how much of the parsers the fuzzers' corpora run"
sh tests/coverage.sh || count_failure 'tests/coverage.sh'

if build build/test-gcc -DCMAKE_C_COMPILER=gcc; then
    step 'tests, with a private Tor network that starts meanwhile'
    with=with_network
    run_network_tests build/test-gcc -LE deadline -j 4
    step 'tests that judge by time, with a new network: they take their time, and want the machine for themselves'
    run_network_tests build/test-gcc -L deadline -j 3
fi

echo
[ -z "$skipped" ] || echo "Skipped, because this machine or the sanitizers do not let them run, in:$skipped"
[ $failed = 0 ] || echo "Failed; see above for each of them:$failures"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
