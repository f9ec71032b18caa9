# 200 frontends on the private network, through one local tor and through two, in turns: how long it is from obpub's start
# until all HSDirs have all descriptors, as JSON lines. In days that are shorter refreshes alone would be too much.
#
#     /usr/bin/python3 tests/net/testnet.py run --interval 60 -- \
#         env OBPUB=build/obpub /usr/bin/python3 tests/bench/network_frontends.py

import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'net'))

from harness.daemon import Daemon  # noqa: E402
from harness.hsdirs import wait_quiet  # noqa: E402
from harness.obpub import instance, wait_settled  # noqa: E402
from harness.process import cpu_seconds, family_cpu_seconds  # noqa: E402
from testnet import main, make_frontend_key, step  # noqa: E402

FRONTENDS = 200
ROUNDS = 2
PATIENCE = 150  # seconds until all of them are published: while that goes on nothing may rotate
LOOKED_AT = 3  # frontends whose page a client fetches


def publish(net, tors, services, name):
    """Start obpub with these local tors; returns it and the figures."""
    daemon = Daemon(net, tors, services, name=name)
    wait_quiet(net, PATIENCE)
    cpu = sum(cpu_seconds(tor.pid) for tor in tors)
    began = time.monotonic()
    daemon.start()
    net.wait_for(lambda: daemon.log().count(' is published: all ') == FRONTENDS, PATIENCE,
                 f'{FRONTENDS} frontends to be published', every=0.05)
    seconds = time.monotonic() - began
    uploads = [daemon.local_tor(tor)['uploads'] for tor in tors]
    return daemon, {'tors': len(tors), 'frontends': FRONTENDS, 'seconds': round(seconds, 2), 'uploads': uploads,
                    'obpub_cpu_seconds': round(family_cpu_seconds(daemon.pid), 2),
                    'tor_cpu_seconds': round(sum(cpu_seconds(tor.pid) for tor in tors) - cpu, 2)}


def test(net):
    paths = [net.path(f'frontend{number}.key') for number in range(FRONTENDS)]
    keys = [make_frontend_key(path) for path in paths]
    tors = [net.start_tor(name, wait=False) for name in ('publisher', 'publisher2')]
    observer = net.start_tor('observer', socks=True, wait=False)
    backends = [net.start_service(f'backend{number}', [key.onion for key in keys], wait=False) for number in range(2)]
    for backend in backends:
        backend.wait_published()
    for tor in (*tors, observer):
        tor.wait_bootstrapped()
    services = [(path, [instance(backend) for backend in backends]) for path in paths]
    for number in range(ROUNDS):
        for used in (tors[:1], tors):
            wait_settled(net, backends)
            daemon, figures = publish(net, used, services, f'obpub{number}{len(used)}')
            print(json.dumps(figures), flush=True)
            step(f'{FRONTENDS} frontends are published through {len(used)} of the tors')
            for key in keys[number::FRONTENDS // LOOKED_AT]:
                net.who_answers(observer, key.address, [backend.name for backend in backends])
            daemon.end()


main(test)
