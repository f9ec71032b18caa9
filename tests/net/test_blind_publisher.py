# Two obpubs publish one frontend, and one of them loses its way to the backends. The backend is started anew, so that its
# old introduction points are dead, which the blind one does not hear. What HSDirs hand out stays that of the one that sees,
# over many refreshes, and visitors get through. When the one that sees is gone, the blind one goes on after a while.

import os
import sys
import time

from harness.daemon import Daemon
from harness.hsdirs import clients_slot, held_points, living_points
from harness.obpub import instance, start_one_backend, wait_settled
from testnet import main, step

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'attack'))
import blind  # noqa: E402

SETTINGS = ['other-publishers: true', 'backend-grace: 0']
WATCH_SECONDS = 90  # refreshes are 10 to 20 seconds apart on this network


def through(backend, path):
    """The config's lines of a backend whose control port is at another path."""
    return [line.replace(f'unix:{backend.control_socket}', f'unix:{path}') for line in instance(backend)]


def count_dead(net, frontend, seeing, backend):
    """How many HSDirs hand out an introduction point that the backend does not have, and how many were asked."""
    living = living_points(net.client, backend)
    held = held_points(net.client, frontend.onion, seeing.hsdirs(frontend.address, clients_slot(net)))
    points = [points for points in held.values() if points]
    return sum(not each <= living for each in points), len(points)


def watch(net, frontend, seeing, backend):
    """What visitors would get, again and again: (with dead points, all)."""
    deadline, dead, asked = time.monotonic() + WATCH_SECONDS, 0, 0
    while time.monotonic() < deadline:
        phase = net.phase()
        if phase.seconds_left > 10 and phase.seconds_left < net.interval * 12 - 20:  # nothing is changing over
            more_dead, more = count_dead(net, frontend, seeing, backend)
            dead, asked = dead + more_dead, asked + more
        time.sleep(2)
    return dead, asked


def test(net):
    net.wait_srv()
    key_path, frontend, publisher, backend = start_one_backend(net)
    other_tor = net.start_tor('publisher2')
    wait_settled(net, [backend])
    with blind.Way(net.path('way'), backend.control_socket) as way:
        seeing = Daemon(net, publisher, [(key_path, [instance(backend)])], name='seeing', settings=SETTINGS).start()
        blinded = Daemon(net, other_tor, [(key_path, [through(backend, way.path)])], name='blinded',
                         settings=SETTINGS).start()
        seeing.wait_published()
        blinded.wait_published()
        step('both publish')
        way.close()
        blinded.wait_backend(frontend.address, backend, 'out', 30)
        backend.kill()
        backend.start()
        backend.wait_published()
        seeing.wait_backend(frontend.address, backend, 'live', 60)
        net.wait_for(lambda: count_dead(net, frontend, seeing, backend)[0] == 0, 90, 'the new points at all HSDirs', every=2)
        step('one is blind, and has dead points; the other one has published the new ones')
        dead, asked = watch(net, frontend, seeing, backend)
        step(f'{dead} of {asked} descriptors had dead points')
        assert asked >= 30 and dead * 10 <= asked, (dead, asked)
        service = blinded.frontend(frontend.address)
        assert not service['isPublished'], service
        assert 'SOMEBODY ELSE' not in blinded.log() + seeing.log(), blinded.log()
        blinded.wait_log("another publisher's descriptors are left in their place", 5)
        seeing.end()
        since = time.time()
        net.wait_for(lambda: blinded.frontend(frontend.address)['publication'] != 'left to another publisher', 400,
                     'the blind one to go on alone', every=2)
        step(f'it goes on {time.time() - since:.0f} s after the other one ended')
        status, _ = blinded.end()
        assert status == 0, status


main(test)
