# Twenty frontends at once, which share their backends: each is published and answers, and the death of one backend is
# noticed for all of them.

import random
import time

from harness.daemon import Daemon
from harness.hsdirs import clients_slot, living_points, wait_held, wait_quiet
from harness.obpub import instance
from testnet import FetchFailed, main, make_frontend_key, step

FRONTENDS = 20
NOTICED = 40   # seconds from a backend's death to all HSDirs, asked about one frontend after the other
LOOKED_AT = 5  # frontends whose HSDirs are asked after that


def answer(net, client, address):
    """The page at an address, or None."""
    try:
        return net.fetch(client, address)
    except FetchFailed as error:
        step(str(error))


def test(net):
    paths = [net.path(f'frontend{number}.key') for number in range(FRONTENDS)]
    keys = [(path, make_frontend_key(path)) for path in paths]
    onions = [frontend.onion for _, frontend in keys]
    publisher = net.start_tor('publisher', wait=False)
    observer = net.start_tor('observer', socks=True, wait=False)
    backends = [net.start_service(f'backend{number}', onions, wait=False) for number in range(4)]
    for backend in backends:
        backend.wait_published()
    publisher.wait_bootstrapped()
    observer.wait_bootstrapped()
    # The first is a backend of all frontends; the others of half of them. The last one has no control port.
    controls = ['unix', 'unix', 'unix', None]
    members = [[0, 1, 3] if number % 2 else [0, 2] for number in range(FRONTENDS)]
    daemon = Daemon(net, publisher, [(path, [instance(backends[place], controls[place]) for place in places])
                                     for (path, _), places in zip(keys, members)])
    began = time.monotonic()
    daemon.start().wait_published(frontends=FRONTENDS)
    step(f'{FRONTENDS} frontends that share {len(backends)} backends: published in {time.monotonic() - began:.1f} s')

    for (_, frontend), places in zip(keys, members):
        page = net.wait_for(lambda address=frontend.address: answer(net, observer, address), 60, 'a page')
        assert page in [backends[place].name for place in places], f'{page} answers, whose frontend it is not'
    step('each of them answers, through its own backends only')

    wait_quiet(net, 30)
    points = living_points(observer, backends[0])
    backends[0].kill()
    began = time.monotonic()
    for _, frontend in random.sample(keys, LOOKED_AT):
        hsdirs = daemon.hsdirs(frontend.address, clients_slot(net))
        wait_held(observer, frontend.onion, hsdirs, lambda held: held and not held & points,
                  NOTICED - (time.monotonic() - began), 'the HSDirs to have no points of a dead backend')
    daemon.wait_published(NOTICED, FRONTENDS)
    step(f'the backend of all of them was killed: its points were gone after {time.monotonic() - began:.1f} s')
    assert daemon.end()[0] == 0


main(test)
