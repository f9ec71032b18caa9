#!/bin/sh
# Runs the tests: sh tests/run.sh [STAGE | TEST]..., or all stages. The last line is "N passed, N failed".

cd "$(dirname "$0")/.." || exit 1
. tests/setup.sh

# Say which stages there are.
usage()
{
    cat <<'END'
usage: sh tests/run.sh [STAGE | TEST]...

Without a name, all stages run. These are:
    style     layout and slips of the sources: clang-format, shellcheck, pycodestyle, pyflakes
    unit      single functions; the corpora of the fuzzers; instruction counts
    cli       the program, without a network
    sim       years of the state machine, under a virtual clock
    coverage  how many lines of the parsers the fuzzers' corpora run
    sanitize  unit and cli, compiled by clang with AddressSanitizer and UndefinedBehaviorSanitizer
    fuzz      each parser, fuzzed for some seconds
    package   the Debian packages, built twice and looked at; the image of a container, built and run
    other-debian
              on Debian 12 a new Debian 13, on 13 a new 12: builds, unit, and some of cli and net, in it
    net       the program, on a private Tor network
A TEST has the name that ctest prints, such as unit-choice, cli-layers or net-once. tests/README.md has more.
END
}

# Whether any of the names, or having none, asks for the private Tor network.
needs_network()
{
    [ $# != 0 ] || return 0
    for name; do
        case $name in net | net-*) return 0 ;; esac
    done
    return 1
}

for name; do
    case $name in -h | --help)
        usage
        exit
        ;;
    esac
done
is_attended || {
    setup_packages "$build_packages" "$network_packages" "$test_packages"
    attend tests/run.sh "$@"
}
# The network starts while other stages run: in its first minutes it lacks what some tests wait for.
if needs_network "$@"; then
    with_network sh tests/stages.sh "$@"
else
    sh tests/stages.sh "$@"
fi
status=$?
[ $status != 64 ] || usage >&2
exit $status
