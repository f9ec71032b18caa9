# A network in which about every tenth upload fails, since HSDirs are killed at random and come back empty: in the end
# everything is published.

import random
import time

from harness.daemon import Daemon
from harness.hsdirs import clients_slot, held_points
from harness.obpub import instance
from testnet import main_in_own_network, make_frontend_key, step

FRONTENDS = 3
SECONDS = 75    # of killing
DOWN = 3        # seconds that an HSDir is away
BETWEEN = 1.2   # seconds between two of that
IN_THE_END = 60


def kill_at_random(net, publisher):
    """Kill relays, one or a few at a time, and start each again after some seconds."""
    # Not those by which obpub's tor enters the network: without them nothing at all goes through for a while.
    guards = publisher.guards()
    relays = [relay for relay in net.relays if relay.role == 'relay' and relay.fingerprint not in guards]
    down = {}
    kills = 0
    end = time.monotonic() + SECONDS
    while down or time.monotonic() < end:
        for relay, moment in list(down.items()):
            if time.monotonic() - moment >= DOWN:
                relay.start()
                del down[relay]
        if time.monotonic() < end and len(down) < 2:
            relay = random.choice([relay for relay in relays if relay not in down])
            relay.kill()
            down[relay] = time.monotonic()
            kills += 1
        time.sleep(BETWEEN)
    return kills


def all_hold(net, observer, daemon, frontends):
    """Whether every HSDir hands out every frontend's descriptor."""
    for frontend in frontends:
        if not daemon.frontend(frontend.address)['isPublished']:
            return False
        hsdirs = daemon.hsdirs(frontend.address, clients_slot(net))
        if not all(held_points(observer, frontend.onion, hsdirs).values()):
            return False
    return True


def test(net):
    paths = [net.path(f'frontend{number}.key') for number in range(FRONTENDS)]
    frontends = [make_frontend_key(path) for path in paths]
    publisher = net.start_tor('publisher', wait=False)
    observer = net.start_tor('observer', socks=True, wait=False)
    backends = [net.start_service(f'backend{number}', [frontend.onion for frontend in frontends], wait=False)
                for number in range(3)]
    for backend in backends:
        backend.wait_published()
    publisher.wait_bootstrapped()
    observer.wait_bootstrapped()
    daemon = Daemon(net, publisher, [(path, [instance(backend) for backend in backends]) for path in paths]).start()
    daemon.wait_published(frontends=FRONTENDS)
    step(f'{FRONTENDS} frontends are published')

    with publisher.events('HS_DESC') as events:
        kills = kill_at_random(net, publisher)
        actions = [event.action for event in events.events]
    taken, failed = actions.count('UPLOADED'), actions.count('FAILED')
    step(f'HSDirs were killed {kills} times: {failed} of {taken + failed} uploads failed')
    assert failed * 20 >= taken + failed, 'too few uploads failed to show anything'
    began = time.monotonic()
    net.wait_for(lambda: all_hold(net, observer, daemon, frontends), IN_THE_END, 'everything to be published', every=1)
    step(f'everything was published {time.monotonic() - began:.0f} s after that')
    for frontend in frontends:
        net.who_answers(observer, frontend.address, [backends[0].name])
    assert daemon.end()[0] == 0


main_in_own_network(test)
