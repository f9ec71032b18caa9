# A network in which about every tenth upload fails, since HSDirs are killed at random and come back empty: in the end
# everything is published.

import random
import re
import time

from harness.client import FetchFailed, fetch
from harness.daemon import Daemon
from harness.hsdirs import clients_slot, held_points
from harness.obpub import instance
from testnet import main_in_own_network, make_frontend_key, run, step

FRONTENDS = 3
SECONDS = 120      # of killing
DOWN = (20, 60)    # seconds that an HSDir is away: one that is back after a few seconds still gets its upload
DOWN_AT_ONCE = 5
BETWEEN = 1        # seconds between two of that
IN_THE_END = 120   # an upload that nobody answers is only tried again when it is given up


def kill_at_random(net, publisher):
    """Kill relays, a few at a time, and start each again after a while. Returns how often one was killed."""
    # Not those by which obpub's tor enters the network: without them nothing at all goes through for a while.
    guards = publisher.guards()
    relays = [relay for relay in net.relays if relay.role == 'relay' and relay.fingerprint not in guards]
    down = {}
    kills = 0
    end = time.monotonic() + SECONDS
    while down or time.monotonic() < end:
        for relay, back_at in list(down.items()):
            if time.monotonic() >= min(back_at, end):
                relay.start()
                del down[relay]
        if time.monotonic() < end and len(down) < DOWN_AT_ONCE:
            relay = random.choice([relay for relay in relays if relay not in down])
            relay.kill()
            down[relay] = time.monotonic() + random.uniform(*DOWN)
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


def has_page(observer, frontend):
    """Whether a client gets a page."""
    try:
        return fetch(observer, frontend.address)
    except FetchFailed:
        return None


def count_uploads(metrics_path):
    """How many uploads obpub has begun, and how many HSDirs took, by its metrics."""
    text = run(['curl', '--silent', '--fail', '--unix-socket', metrics_path, 'http://localhost/metrics']).stdout
    return [float(re.search(rf'^{name} (.*)$', text, re.M).group(1))
            for name in ('obpub_uploads_total', 'obpub_uploads_taken_total')]


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
    metrics_path = net.path('metrics')
    daemon = Daemon(net, publisher, [(path, [instance(backend) for backend in backends]) for path in paths],
                    settings=[f'metrics-listen: unix:{metrics_path}']).start()
    daemon.wait_published(frontends=FRONTENDS)
    step(f'{FRONTENDS} frontends are published')

    kills = kill_at_random(net, publisher)
    began = time.monotonic()
    net.wait_for(lambda: all_hold(net, observer, daemon, frontends), IN_THE_END, 'everything to be published', every=1)
    uploads, taken = count_uploads(metrics_path)
    step(f'HSDirs were killed {kills} times: {uploads - taken:g} of {uploads:g} uploads failed')
    assert (uploads - taken) * 10 >= uploads, 'too few uploads failed to show anything'
    step(f'everything was published {time.monotonic() - began:.0f} s after the last one was back')
    # Not from which backend: some have lost so many points that their tors make no new ones for a while.
    for frontend in frontends:
        net.wait_for(lambda: has_page(observer, frontend), IN_THE_END, 'a page of the frontend')
    assert daemon.end()[0] == 0


main_in_own_network(test)
