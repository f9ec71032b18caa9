# A backend is drained for maintenance, and put back: no new visitor comes to it once HSDirs have the next descriptors, those
# that are there stay, and no frontend is emptied.

import collections
import threading
import time

from harness.client import FetchFailed, fetch
from harness.daemon import Daemon
from harness.hsdirs import clients_slot, held_points, living_points, wait_turned
from harness.obpub import instance, wait_settled
from harness.places import wait_placed
from harness.process import TimedOut
from testnet import main, make_frontend_key, run_obpub, step

SOON = 20          # seconds in which HSDirs have what a command wants: a minute on the public network is less here
SECONDS_NEEDED = 60  # of a half of the day, for what is done in one
VISITS = 10
STAYING = 14       # requests at once, of which one at least comes to the backend that is to be drained


class Stay:
    """Visitors who stay: their pages come only when they are released."""

    def __init__(self, services):
        self.release = threading.Event()
        self.there = collections.Counter()
        for service in services:
            service.page = self.make_page(service.name)

    def make_page(self, name):
        def page(path):
            if path == '/stay':
                self.there[name] += 1
                self.release.wait(120)
            return name
        return page


def visit_all(client, address):
    """Fetches some pages with descriptors that are new; which backends gave them."""
    client.forget_descriptors()
    pages = collections.Counter()
    failures = 0
    while sum(pages.values()) < VISITS:
        try:
            pages[fetch(client, address)] += 1
        except FetchFailed:
            failures += 1  # a circuit broke
            if failures > VISITS:
                raise
    return pages


class Scene:
    """Two backends, and obpub."""

    def __init__(self, net):
        self.net = net
        self.key_path = net.path('drain.key')
        self.frontend = make_frontend_key(self.key_path)
        publisher = net.start_tor('publisher', wait=False)
        self.observer = net.start_tor('observer', socks=True, wait=False)
        self.client = net.start_client()
        self.backends = [net.start_service(f'drain{number}', [self.frontend.onion], wait=False) for number in range(2)]
        self.stay = Stay(self.backends)
        for backend in self.backends:
            backend.wait_published()
        publisher.wait_bootstrapped()
        self.observer.wait_bootstrapped()
        wait_settled(net, self.backends)
        self.daemon = Daemon(net, publisher, [(self.key_path, [instance(backend) for backend in self.backends])],
                             settings=[f'command-socket-location: {net.path("command")}']).start()
        self.daemon.wait_published()

    def command(self, *arguments):
        return run_obpub(*arguments, '-c', self.daemon.config, timeout=30)

    def are_there(self):
        """For each HSDir that clients ask whether it has points of the first backend."""
        points = living_points(self.observer, self.backends[0])
        hsdirs = self.daemon.hsdirs(self.frontend.address, clients_slot(self.net))
        return [bool(held and held & points) for held in held_points(self.observer, self.frontend.onion, hsdirs).values()]

    def wait_gone(self):
        """Wait until no HSDir has points of the first backend."""
        self.net.wait_for(lambda: not any(self.are_there()), SOON, f'HSDirs to have no points of {self.backends[0].name}', 0.2)

    def wait_there(self):
        """Wait until all have: it chooses other relays until it has one to itself."""
        wait_placed(self.daemon, self.frontend.address, self.backends, lambda: all(self.are_there()), SOON,
                    f'HSDirs to have points of {self.backends[0].name}')


def send_stayers(scene):
    """Visitors who stay, one of them at least at the first backend. Returns their threads, and the pages that they get."""
    pages, name = [], scene.backends[0].name

    def visit():
        try:
            pages.append(fetch(scene.client, scene.frontend.address, '/stay', timeout=120))
        except FetchFailed as error:
            pages.append(str(error))
    threads = [threading.Thread(target=visit, daemon=True) for _ in range(STAYING)]
    for thread in threads:
        thread.start()
    try:
        scene.net.wait_for(lambda: sum(scene.stay.there.values()) + len(pages) == STAYING, SOON,
                           'all visitors to be at the backends')
        assert scene.stay.there[name], f'none of {STAYING} visitors is at {name}'
    except (TimedOut, AssertionError):
        scene.stay.release.set()
        raise
    return threads, pages


def test(net):
    scene = Scene(net)
    one, other = (backend.name for backend in scene.backends)
    scene.wait_there()
    wait_turned(net, scene.observer, scene.daemon, scene.frontend, scene.backends, SECONDS_NEEDED)
    threads, pages = send_stayers(scene)
    staying = scene.stay.there[one]

    began = time.monotonic()
    result = scene.command('drain', one)
    assert result.returncode == 0, result
    scene.wait_gone()
    step(f'{one} is drained: HSDirs have none of its points after {time.monotonic() - began:.1f} s')
    hits = scene.backends[0].hits
    seen = visit_all(scene.client, scene.frontend.address)
    assert set(seen) == {other} and scene.backends[0].hits == hits, seen
    step(f'{VISITS} new visitors came to {other}')
    result = scene.command('drain', other)
    assert result.returncode == 1 and 'no other instance' in result.stderr, result
    scene.stay.release.set()
    for thread in threads:
        thread.join(60)
    assert pages.count(one) == staying and pages.count(one) + pages.count(other) >= STAYING - 2, pages
    step(f'{staying} of {STAYING} visitors who were at {one} have got their pages all the same')

    assert scene.command('undrain', one).returncode == 0
    scene.wait_there()
    seen = net.who_answers(scene.client, scene.frontend.address, [one, other])
    step(f'{one} is not drained any more: {dict(seen)}')


main(test)
