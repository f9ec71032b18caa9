#!/bin/sh
# Measures obpub beside Onionbalance and against the cost of the cryptography: sh tests/bench.sh [--rounds N]
# [--only ROW]... Prints a table and writes build/bench/bench.json. How it works: tests/bench/README.md.

cd "$(dirname "$0")/.." || exit 1
. tests/setup.sh

setup_packages "$build_packages" "$network_packages" libcmocka-dev onionbalance
step 'building in release mode, in build/bench'
setup_build_target=bench_programs
setup_build build/bench -DCMAKE_BUILD_TYPE=Release -DOBPUB_TESTS=ON || exit 1
exec $python tests/bench/collect.py build/bench "$@"
