# How fast a change at a backend reaches clients: a relay that is an introduction point is killed, ten times. From the
# backend's first UPLOADED until all living HSDirs have the new superdescriptor, the median has to be under 3 s.

import statistics
import time

from harness.daemon import Daemon
from harness.hsdirs import wait_quiet
from harness.obpub import instance, wait_settled
from harness.reaction import Change, wait_published_points
from harness.recorder import Recorder
from testnet import main_in_own_network, make_frontend_key, step

KILLS = 10
PROMISED = 3
# A tor makes a limited number of introduction circuits in five minutes, and each killed relay costs several. So after
# some kills there are new backends.
KILLS_A_ROUND = 2
ROUNDS_MAX = 8
BACKENDS = 4
# On a network of so few relays a killed one is on nearly every circuit, on the public one on hardly any. So that what is
# measured is not how long a tor takes to find other guards, these are of relays that nobody kills.
GUARDS = ['EntryNodes auth1,auth2,auth3', 'HSLayer2Nodes auth1,auth2,auth3,relay7,relay8,relay9']
VICTIMS = ['relay1', 'relay2', 'relay3', 'relay4', 'relay5', 'relay6']
NEW_POINT = 30   # seconds that a backend has to find another point: if not, that limit is reached and nothing measured
TAKEN = 100      # seconds until all HSDirs have it, at the very worst: when circuits for uploads die with the relay
BACK = 2         # seconds until a relay that is started again is of use
QUIET = 15       # seconds that one measurement may need


class Scene:
    """A frontend, its backends of this round, the descriptors that obpub posts, and the answers of HSDirs."""

    def __init__(self, net):
        self.net = net
        self.key_path = net.path('frontend.key')
        self.frontend = make_frontend_key(self.key_path)
        self.publisher = net.start_tor('publisher', torrc=GUARDS, wait=False)
        self.observer = net.start_tor('observer', torrc=GUARDS, socks=True, wait=False)
        self.recorder = self.events = self.daemon = None
        self.backends = []
        self.hit = set()  # the backends that have had a point at a killed relay

    def begin_round(self, number):
        """Put new backends in the place of the old ones, and publish."""
        old = self.backends
        self.backends = [self.net.start_service(f'backend{number}{letter}', [self.frontend.onion], wait=False,
                                                torrc=GUARDS) for letter in 'abcd'[:BACKENDS]]
        for backend in self.backends:
            backend.wait_published()
        wait_settled(self.net, self.backends)
        frontends = [(self.key_path, [instance(backend) for backend in self.backends])]
        if self.daemon is None:
            self.publisher.wait_bootstrapped()
            self.observer.wait_bootstrapped()
            self.recorder = Recorder(self.publisher, self.net.path('recorder'))
            self.events = self.publisher.events('HS_DESC')
            self.daemon = Daemon(self.net, self.recorder.path, frontends).start()
        else:
            self.daemon.configure(frontends)
            self.daemon.reload()
        for backend in self.backends:
            self.daemon.wait_backend(self.frontend.address, backend, 'live', 30)
        self.daemon.wait_published()
        self.hit = set()
        for backend in old:
            backend.close()
        step(f'{BACKENDS} backends are published')


def choose(scene):
    """A backend that has been left alone so far, if possible (one that changes again and again is held back on purpose),
    a relay to kill that is a point of it, and that point; once obpub has what the backends have. None where there is no
    such relay left."""
    points = wait_published_points(scene)
    choices = [(backend, relay) for backend in scene.backends for relay in points[backend] if relay.name in VICTIMS]
    if not choices:
        return None
    backend, relay = min(choices, key=lambda choice: choice[0] in scene.hit)
    scene.hit.add(backend)
    return backend, relay, points[backend][relay]


def measure(scene, backend, relay, point):
    """Kill the relay; returns the seconds from the backend's first UPLOADED to the last HSDir's, None without one."""
    change = Change(scene, backend, point, relay.fingerprint)
    began = time.time()
    relay.kill()
    while not change.first_upload():
        time.sleep(0.1)
        if time.time() - began > NEW_POINT:
            step(f'{relay.name}, a point of {backend.name}, was killed: its tor did not upload; that does not count')
            relay.start()
            return None
    seconds = change.wait_complete(TAKEN)
    step(f'{relay.name}, a point of {backend.name}, was killed: an upload after {change.first_upload() - began:.1f} s, '
         f'all HSDirs had the new superdescriptor {seconds:.2f} s later')
    relay.start()
    time.sleep(BACK)
    return seconds


def measure_round(scene, times):
    """Some measurements with the backends of this round."""
    for _ in range(KILLS_A_ROUND):
        wait_quiet(scene.net, QUIET)
        choice = choose(scene)
        if choice is None:
            return
        seconds = measure(scene, *choice)
        if seconds is not None:
            times.append(seconds)
        if len(times) == KILLS:
            return


def test(net):
    scene = Scene(net)
    times = []
    for number in range(ROUNDS_MAX):
        if len(times) < KILLS:
            scene.begin_round(number)
            measure_round(scene, times)
    assert len(times) == KILLS, f'only {len(times)} measurements'
    step('seconds: ' + ', '.join(f'{seconds:.2f}' for seconds in sorted(times)))
    median = statistics.median(times)
    assert median < PROMISED, f'the median is {median:.2f} s, promised are {PROMISED}'
    step(f'the median is {median:.2f} s')


main_in_own_network(test)
