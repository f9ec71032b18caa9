# obpub --once before any shared random value exists, when the "disaster" value stands in for it: backends found over
# their control ports, and again without; each answers through the frontend's address.

import os
import sys

from harness.obpub import instance, publish, wait_settled, write_config
from testnet import HarnessError, exit_on_signals, main, make_frontend_key, spawn, step

SECONDS_NEEDED = 25
OWN_NETWORK = 'OBPUB_TESTNET_HAS_NO_SHARED_RANDOM'


def run_in_own_network():
    """Run this test in a network of its own, whose authorities never agree on a shared random value; returns the exit
    status. (The shared network has one before long, and tests should not depend on their order.)"""
    runner = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'testnet.py')
    return spawn([sys.executable, runner, 'run', '--authority', 'AuthDirSharedRandomness 0', '--', sys.executable,
                  os.path.abspath(__file__)], 'TERM', env=dict(os.environ, **{OWN_NETWORK: '1'})).wait()


def check_no_shared_random(net, tor):
    if net.has_srv(tor):
        raise HarnessError(f'{tor.name} has a shared random value: nothing is shown')


def test(net):
    net.wait_for(lambda: net.phase().seconds_left > SECONDS_NEEDED, 60, 'a new half of the day', every=0.5)
    net.wait_phase(net.phase().name)
    key_path = net.path('frontend.key')
    frontend = make_frontend_key(key_path)
    publisher = net.start_tor('publisher', wait=False)
    backends = [net.start_service(f'backend{number}', [frontend.onion], wait=False) for number in (1, 2, 3)]
    for backend in backends:
        backend.wait_published()
    publisher.wait_bootstrapped()
    wait_settled(net, backends)
    for control in ('unix', None):
        step(f'{"with" if control else "without"} control ports, {net.phase().name}, no shared random value')
        config = write_config(net.path('config.yaml'), publisher.control_socket,
                              [(key_path, [instance(backend, control) for backend in backends])])
        publish(config)
        client = net.start_client('visitor1' if control else 'visitor2')
        seen = net.who_answers(client, frontend.address, [backend.name for backend in backends])
        for tor in (publisher, client):
            check_no_shared_random(net, tor)
        step(f'answers through the frontend: {dict(seen)}')
        client.close()


if OWN_NETWORK in os.environ:
    main(test)
else:
    exit_on_signals()
    sys.exit(run_in_own_network())
