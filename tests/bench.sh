#!/bin/sh
# Measures obpub beside Onionbalance and against the cost of the cryptography: sh tests/bench.sh [--rounds N]
# [--only ROW]... Prints a table and writes build/bench/bench.json. Where obpub is built with lib25519, another table compares that
# with a build with libsodium alone. How it works: tests/bench/README.md.

cd "$(dirname "$0")/.." || exit 1
. tests/setup.sh

setup_packages "$build_packages" "$network_packages" libcmocka-dev onionbalance
step 'building in release mode, in build/bench'
setup_build_target=bench_programs
setup_build build/bench -DCMAKE_BUILD_TYPE=Release -DOBPUB_TESTS=ON || exit 1
if build/bench/obpub --version | grep -q '^curve: lib25519'; then
    step 'the same with libsodium alone, in build/bench-libsodium'
    setup_build build/bench-libsodium -DCMAKE_BUILD_TYPE=Release -DOBPUB_TESTS=ON -DOBPUB_CURVE=libsodium || exit 1
    set -- --beside build/bench-libsodium "$@"
fi
exec $python tests/bench/collect.py build/bench "$@"
