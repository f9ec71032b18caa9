# Backends on other machines, with no way to the publisher but Tor: three tors, each in a network namespace of its own and with
# an agent beside it that the publisher reaches at the agent's own onion address. From a change at a backend until all HSDirs
# have it the median of ten is under 5 s, and a tor that is killed is out within 15 s. The publisher's SOCKS port has no
# ExtendedErrors, as Debian's has none: so that is soon enough without what they would say.

import statistics
import time

from harness.agent import Agent, ClientKey
from harness.daemon import Daemon
from harness.hsdirs import clients_points, clients_slot, living_points, wait_held, wait_quiet
from harness.obpub import wait_settled
from harness.places import RESTLESS
from harness.process import TimedOut
from harness.reaction import break_point, wait_published_points
from harness.recorder import Recorder
from testnet import main, make_frontend_key, step

CHANGES = 10
PROMISED = 5         # seconds, the median
OUT = 15             # seconds from SIGKILL
TAKEN = 60           # seconds until all HSDirs have a change, at the very worst
QUIET = 15           # seconds that one measurement may need
# A tor makes a limited number of introduction circuits in five minutes, the more points the more, and each change costs four.
POINTS = 'HiddenServiceNumIntroductionPoints 5'
PACE = 10            # seconds from one change to the next: a backend's third within 30 would have to wait


class Scene:
    """A frontend with three backends, each on an island."""

    def __init__(self, net):
        self.net = net
        key_path = net.path('frontend.key')
        self.frontend = make_frontend_key(key_path)
        self.publisher = net.start_tor('publisher', socks=True, socks_flags='', wait=False)
        self.observer = net.start_tor('observer', socks=True, wait=False)
        client_key = ClientKey(net.path('agents.key'))
        self.agents = [Agent(net, f'agent{letter}', client_key) for letter in 'abc']
        self.backends = [net.start_service(f'backend{agent.name[-1]}', [self.frontend.onion], island=net.make_island(),
                                           wait=False, service_lines=[POINTS, *agent.service_lines()])
                         for agent in self.agents]
        for agent, backend in zip(self.agents, self.backends):
            agent.start(backend)
        for tor in (self.publisher, self.observer):
            tor.wait_bootstrapped()
        for backend in self.backends:
            backend.wait_published()
        wait_settled(net, self.backends)
        self.recorder = Recorder(self.publisher, net.path('recorder'))
        self.events = self.publisher.events('HS_DESC')
        self.daemon = Daemon(net, self.recorder.path, [(key_path, [agent.instance(backend) for agent, backend in zip(
            self.agents, self.backends)])]).start()
        for backend in self.backends:
            self.daemon.wait_backend(self.frontend.address, backend, 'live', 60)
        self.daemon.wait_published()


def measure_change(scene, backend):
    """Have a point of a backend die; returns the seconds until all HSDirs have the change, None if its tor kept the point."""
    wait_quiet(scene.net, QUIET)
    points = wait_published_points(scene)[backend]
    if not points:
        return None
    relay, point = next(iter(points.items()))
    change = break_point(scene, backend, relay, point)
    if change is None:
        return None
    try:
        seconds = change.wait_complete(TAKEN)
    except TimedOut:
        if point not in clients_points(scene.observer, backend):
            raise
        step(f'the tor of {backend.name} has kept the point, and uploaded for another reason; that does not count')
        return None
    step(f'a point of {backend.name} died: all HSDirs had the new superdescriptor {seconds:.2f} s after its upload')
    return seconds


def check_changes(scene):
    times = []
    turn = 0
    while len(times) < CHANGES:
        assert turn < 3 * CHANGES, f'only {len(times)} measurements'
        began = time.monotonic()
        seconds = measure_change(scene, scene.backends[turn % len(scene.backends)])
        if seconds is not None:
            times.append(seconds)
        time.sleep(max(0, PACE - (time.monotonic() - began)))
        turn += 1
    step('seconds: ' + ', '.join(f'{seconds:.2f}' for seconds in sorted(times)))
    median = statistics.median(times)
    assert median < PROMISED, f'the median is {median:.2f} s, promised are {PROMISED}'
    step(f'the median is {median:.2f} s')


def check_kill(scene, victims):
    """Kill the tors of some backends: they are out soon, and no HSDir that clients ask has their points any more."""
    wait_quiet(scene.net, OUT + QUIET)
    time.sleep(RESTLESS)
    points = set().union(*(living_points(scene.observer, victim) for victim in victims))
    began = time.monotonic()
    for victim in victims:
        victim.kill()
    for victim in victims:
        scene.daemon.wait_backend(scene.frontend.address, victim, 'out', OUT - (time.monotonic() - began))
        step(f'{victim.name} is out {time.monotonic() - began:.1f} s after SIGKILL')
    hsdirs = scene.daemon.hsdirs(scene.frontend.address, clients_slot(scene.net))
    wait_held(scene.observer, scene.frontend.onion, hsdirs, lambda held: held and not held & points, TAKEN,
              'the HSDirs to have no points of dead backends')
    step(f'no HSDir has their points any more {time.monotonic() - began:.1f} s after it')


def test(net):
    scene = Scene(net)
    step('three backends, each on an island, are published')
    check_changes(scene)
    check_kill(scene, scene.backends[:2])
    assert scene.daemon.backend_state(scene.frontend.address, scene.backends[2]) == 'live'


main(test)
