#!/bin/sh
# The demo: builds obpub, starts a private Tor network, and shows one onion address served by three backends.

cd "$(dirname "$0")/.." || exit 1
. tests/setup.sh

is_attended || {
    echo 'This demo runs obpub on a Tor network of its own on this machine. It takes a minute or two.'
    setup_packages "$build_packages" "$network_packages"
    attend tests/demo.sh
}

step 'building obpub in build/demo'
setup_build build/demo -DCMAKE_BUILD_TYPE=Release || exit 1

OBPUB=$PWD/build/demo/obpub
export OBPUB
$python tests/net/testnet.py run --equal --relays 15 -- $python tests/net/demo.py
status=$?
[ $status = 0 ] && echo 'Done: nothing is left running, and build/demo is all that is left on disk.'
exit $status
