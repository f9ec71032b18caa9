#!/bin/sh
# The work of run.sh: runs the stages and tests that are named, or all stages, and says what came of them. The exit status
# is 64 for a name that there is not. "--beside FOLDER" before the names is for this script itself: stages that run while others
# do, and leave in FOLDER what came of them.

cd "$(dirname "$0")/.." || exit 1
. tests/setup.sh

passed=0
failed=0
failures=
skipped=
second_tries=
with=
seconds=
stage=
began=$(date +%s)
computed=0

# Count in $used how many seconds of processors' time all that has ended until now has taken.
count_used()
{
    times >"$TMPDIR/times.$$"
    used=$(awk -F '[ms ]+' 'NR == 2 { print int($1 * 60 + $2 + $3 * 60 + $4) }' "$TMPDIR/times.$$")
}

# Begin a stage: note how many seconds the one before took, and of processors.
begin()
{
    now=$(date +%s)
    count_used
    [ -z "$stage" ] || seconds="$seconds$(printf '%6d %6d  %s' $((now - began)) $((used - computed)) "$stage")
"
    stage=$1
    began=$now
    computed=$used
    [ -z "$stage" ] || step "$stage"
}

# Remember the name of what failed.
name_failure()
{
    failures="$failures
    $1"
}

# Run a command that is one test, with its name.
check()
{
    name=$1
    shift
    "$@"
    case $? in
    0) passed=$((passed + 1)) ;;
    77) skipped="$skipped $name" ;;
    *)
        failed=$((failed + 1))
        name_failure "$name"
        ;;
    esac
}

# Build the tests of a kind; without them there is nothing to run, so count a failure.
build()
{
    begin "building in build/test-$1"
    for_tests setup_build "$1" && return
    failed=$((failed + 1))
    name_failure "the build in build/test-$1"
    return 1
}

# Run ctest for a kind of build with the given options and add its result to the sums. Beside others of the same build it
# has a folder of its own to write in.
run_ctest()
{
    built=build/test-$1
    folder=$built
    [ -z "$results" ] || {
        folder=$results/$built
        mkdir -p "$folder"
        echo "subdirs(\"$PWD/$built/tests\")" >"$folder/CTestTestfile.cmake"
    }
    shift
    log=$folder/ctest.log
    failed_tests=$folder/Testing/Temporary/LastTestsFailed.log
    rm -f "$log" "$failed_tests"
    $with ctest --test-dir "$folder" --output-on-failure --output-log "$log" "$@"
    counts=$(sed -n 's/^[0-9]*% tests passed, \([0-9]*\) tests failed out of \([0-9]*\)$/\1 \2/p' "$log")
    if [ -z "$counts" ]; then
        echo "ctest did not run in $built."
        failed=$((failed + 1))
        name_failure "ctest in $built"
        return
    fi
    for name in $(list_failed); do
        name_failure "$name in $built"
    done
    not_run=$(sed -n 's/^ *[0-9]*\/[0-9]* Test *#[0-9]*: \([^ ]*\) .*\*\*\*Skipped .*/\1/p' "$log")
    [ -z "$not_run" ] || skipped="$skipped $built ($(join ' ' "$not_run"))"
    failed=$((failed + ${counts% *}))
    passed=$((passed + ${counts#* } - ${counts% *} - $(echo "$not_run" | grep -c .)))
}

# The names of the tests that the last ctest found to fail.
list_failed()
{
    sed -n 's/^[0-9]*:\(.*\)$/\1/p' "$failed_tests" 2>/dev/null
}

# Join lines, of which none is empty, with a character.
join()
{
    echo "$2" | grep . | paste -s -d "$1" -
}

# Like run_ctest. Tests of the private network that failed, if they are few, are run once more, on a new network: tor gives
# a circuit up now and then, on a network of twelve relays as on any, and a test that watches clients for minutes can't
# tell that from a fault of ours. A second failure counts. The names of those that pass are said at the end, so that
# one that needs its second try often is noticed.
run_network_tests()
{
    run_ctest "$@"
    again=$(list_failed | grep '^net-')
    number=$(echo "$again" | grep -c .)
    if [ "$number" -lt 1 ] || [ "$number" -gt 8 ]; then
        return
    fi
    begin "once more, on a new network: $(join ' ' "$again")"
    failed=$((failed - number))
    for name in $again; do
        failures=$(echo "$failures" | grep -vxF "    $name in build/test-$1")
    done
    with=with_network
    run_ctest "$1" -R "^($(join '|' "$again"))\$" -j "$network_jobs"
    with=
    for name in $again; do
        if echo "$not_run" | grep -qxF "$name"; then
            failed=$((failed + 1))
            name_failure "$name in build/test-$1, which was left out at its second try"
        elif [ -n "$counts" ] && ! list_failed | grep -qxF "$name"; then
            second_tries="$second_tries $name"
        fi
    done
}

# Start stages at the lowest priority, one after the other, with a folder for what comes of them: they run while others do
# that mostly wait, but judge by time.
start_beside()
{
    beside_folder=$TMPDIR/$1
    shift
    [ $# != 0 ] || return
    mkdir "$beside_folder"
    nice -n 19 sh tests/stages.sh --beside "$beside_folder" "$@" >"$beside_folder/log" 2>&1 &
    echo $! >"$beside_folder/process"
}

# What those have left under a name, or nothing.
read_beside()
{
    cat "$beside_folder/$1" 2>/dev/null
}

# Wait for those that were started with a folder, show what they have printed, and add what came of them.
end_beside()
{
    beside_folder=$TMPDIR/$1
    shift
    [ $# != 0 ] || return
    begin "the rest of $*, begun beside others"
    wait "$(read_beside process)"
    read_beside log
    begin ''
    counts=$(read_beside counts)
    [ -n "$counts" ] || {
        counts='0 1'
        name_failure "$*, begun beside others, which ended before all was run"
    }
    passed=$((passed + ${counts% *}))
    failed=$((failed + ${counts#* }))
    seconds="$seconds$(read_beside seconds)
"
    skipped="$skipped$(read_beside skipped)"
    failures="$failures$(read_beside failures)"
}

# Leave what came of the stages for the one that has started this beside its own.
leave_results()
{
    printf '%s' "$failures" >"$results/failures"
    printf '%s' "$skipped" >"$results/skipped"
    printf '%s' "$seconds" | sed 's/$/ (beside others)/' >"$results/seconds"
    echo "$passed $failed" >"$results/counts"
}

# Look at the layout of the sources, and for the slips that such tools know.
check_style()
{
    check clang-format find src tests -name '*.[ch]' -exec clang-format --dry-run -Werror '{}' +
    check shellcheck shellcheck -x tests/*.sh tests/*/*/*.sh packaging/*.sh packaging/debian/*.postinst \
        packaging/debian/*.postrm packaging/debian/tests/[a-z]*-* .ci/run
    check pycodestyle pycodestyle --config=tests/pycodestyle.cfg tests vectors
    check pyflakes pyflakes3 tests vectors
}

# Whether a stage was asked for.
is_wanted()
{
    case " $wanted " in *" $1 "*) return 0 ;; esac
    return 1
}

# Whether a stage was asked for and has its turn here.
is_next()
{
    case " $beside $apart " in *" $1 "*) return 1 ;; esac
    is_wanted "$1"
}

results=
[ "$1" != --beside ] || {
    results=$2
    shift 2
}
all='style unit cli sim coverage sanitize fuzz package other-debian net'
wanted=
tests=
for name; do
    case " $all " in
    *" $name "*) wanted="$wanted $name" ;;
    *) tests="$tests
$name" ;;
    esac
done
[ $# != 0 ] || wanted=$all

# Those that only compute can run beside those that mostly wait; and what does as much of both runs beside all of them.
beside=
apart=
for name in sim coverage fuzz package; do
    ! is_wanted net || ! is_wanted $name || beside="$beside $name"
done
! is_wanted net || ! is_wanted other-debian || apart=other-debian

# A name that ctest does not know either is a mistake.
if [ -n "$tests" ]; then
    for_tests setup_configure gcc || exit 1
    known=$(ctest --test-dir build/test-gcc -N | sed -n 's/^ *Test *#[0-9]*: //p')
    for name in $tests; do
        echo "$known" | grep -qxF -e "$name" && continue
        echo "There is no stage and no test $name. Tests are:" >&2
        join ' ' "$known" | fold -s -w 100 >&2
        exit 64
    done
fi

# How many tests at a time: most of them wait more than they compute, though less so with the sanitizers.
jobs=$((3 * $(nproc)))
sanitized_jobs=$(($(nproc) + 2))
[ -z "$results" ] || jobs=$(nproc)
# So many at most: each waits until the processors are not too busy.
network_jobs=$((4 * $(nproc)))

if is_next style; then
    begin 'style'
    check_style
fi

# These three share one ctest, so that one computes while another waits.
names=
labels=
for stage_labels in 'unit=unit|fuzz|bench' cli=cli sim=sim; do
    ! is_next "${stage_labels%=*}" || {
        names="$names, ${stage_labels%=*}"
        labels="$labels|${stage_labels#*=}"
    }
done
has_gcc=
if [ -n "$results" ]; then
    has_gcc=yes
elif [ -n "$labels$tests" ] || is_wanted net || is_wanted package; then
    ! build gcc || has_gcc=yes
fi
if [ -n "$has_gcc" ]; then
    # shellcheck disable=SC2086 # lists of words
    start_beside apart $apart
    # shellcheck disable=SC2086 # lists of words
    start_beside beside $beside
fi
if [ -n "$has_gcc" ] && [ -n "$labels" ]; then
    begin "${names#, }"
    run_ctest gcc -L "${labels#|}" -j "$jobs"
fi
if [ -n "$has_gcc" ] && [ -n "$tests" ]; then
    begin "the tests named"
    run_ctest gcc -R "^($(join '|' "$tests"))\$" -j "$jobs"
fi

if [ -n "$has_gcc" ] && is_next package; then
    begin 'package'
    run_ctest gcc -L package -j "$jobs"
fi

if is_next coverage; then
    begin 'coverage'
    check 'tests/coverage.sh' sh tests/coverage.sh
fi

if { is_next sanitize || is_next fuzz; } && build sanitize; then
    if is_next sanitize; then
        begin 'sanitize'
        run_ctest sanitize -L 'unit|cli' -j "$sanitized_jobs"
    fi
    if is_next fuzz; then
        begin 'fuzz'
        check 'tests/fuzz.sh' sh tests/fuzz.sh 2
    fi
fi

if is_next other-debian; then
    begin 'other-debian'
    check 'tests/other_debian.sh' sh tests/other_debian.sh
fi

# Last, when nothing is left beside it, since some of these judge by time: on a machine that is slow those would fail, and what
# runs at the lowest priority beside them would not get on.
if [ -n "$has_gcc" ] && is_wanted net; then
    # shellcheck disable=SC2086 # lists of words
    end_beside beside $beside
    # shellcheck disable=SC2086 # lists of words
    end_beside apart $apart
    begin 'net'
    run_network_tests gcc -L net -j "$network_jobs"
fi

begin ''
[ -z "$results" ] || {
    leave_results
    exit
}
echo
printf 'Seconds of each stage, and those of processors that ended in it:\n%s' "$seconds"
[ -z "$skipped" ] || echo "Skipped, because this machine or the sanitizers do not let them run, in:$skipped"
[ -z "$second_tries" ] || echo "Passed at the second try only:$second_tries"
[ $failed = 0 ] || echo "Failed; see above for each of them:$failures"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
