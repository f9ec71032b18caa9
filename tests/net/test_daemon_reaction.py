# How fast a change at a backend reaches clients: a relay that is an introduction point is killed, ten times. From the
# backend's first UPLOADED until all living HSDirs have the new superdescriptor, the median has to be under 3 s.

import statistics
import time

from stem.client.datatype import LinkByFingerprint

from harness.daemon import Daemon
from harness.hsdirs import living_points, wait_quiet
from harness.judge import Judged
from harness.obpub import instance, wait_settled
from harness.recorder import Recorder
from testnet import main_in_own_network, make_frontend_key, step

KILLS = 10
PROMISED = 3
# A tor makes a limited number of introduction circuits in five minutes, and each killed relay costs several. So after
# some kills there are new backends, each with more points than usual, which raises that limit.
KILLS_A_ROUND = 2
ROUNDS_MAX = 8
BACKENDS = 4
POINTS = 5
NEW_POINT = 30   # seconds that a backend has to find another point: if not, that limit is reached and nothing measured
TAKEN = 150      # seconds until all HSDirs have it, at the very worst: when a circuit for an upload dies with the relay
BACK = 2         # seconds until a relay that is started again is of use
QUIET = 15       # seconds that one measurement may need


class Scene:
    """A frontend, its backends of this round, the descriptors that obpub posts, and the answers of HSDirs."""

    def __init__(self, net):
        self.net = net
        self.key_path = net.path('frontend.key')
        self.frontend = make_frontend_key(self.key_path)
        self.publisher = net.start_tor('publisher')
        self.observer = net.start_tor('observer', socks=True)
        self.recorder = Recorder(self.publisher, net.path('recorder'))
        self.events = self.publisher.events('HS_DESC')
        self.backends = []
        self.daemon = None

    def begin_round(self, number):
        """Put new backends in the place of the old ones, and publish."""
        old = self.backends
        self.backends = [self.net.start_service(f'backend{number}{letter}', [self.frontend.onion], wait=False,
                                                torrc=[f'HiddenServiceNumIntroductionPoints {POINTS}'])
                         for letter in 'abcdefgh'[:BACKENDS]]
        for backend in self.backends:
            backend.wait_published()
        wait_settled(self.net, self.backends)
        self.changed = {backend: 0 for backend in self.backends}  # when its points last did
        frontends = [(self.key_path, [instance(backend) for backend in self.backends])]
        if self.daemon is None:
            self.daemon = Daemon(self.net, self.recorder.path, frontends).start()
        else:
            self.daemon.configure(frontends)
            self.daemon.reload()
        for backend in self.backends:
            self.daemon.wait_backend(self.frontend.address, backend, 'live', 30)
        self.daemon.wait_published()
        for backend in old:
            backend.close()

    def published(self):
        """The superdescriptor that was posted last, taken apart."""
        return Judged(self.recorder.posts[-1].descriptor, self.frontend.onion)

    def relays_of(self, backend):
        """The relays that are its introduction points in the superdescriptor, with those points."""
        mine = living_points(self.observer, backend)
        judged = self.published()
        found = {}
        for point, parsed in zip(judged.points, judged.inner_layer.introduction_points):
            if point in mine:
                identity = next(link.value for link in parsed.link_specifiers if isinstance(link, LinkByFingerprint))
                found[self.net.relay_by_fingerprint(identity.hex())] = point
        return found


def choose(scene):
    """A backend that has been left alone for longest, a relay to kill that is a point of it, and that point. Not an
    authority, and if possible no relay by which any of these tors enters the network."""
    points = {backend: scene.relays_of(backend) for backend in scene.backends}
    guards = set().union(*(tor.guards() for tor in (scene.publisher, scene.observer, *scene.backends)))

    def cost(choice):
        backend, relay = choice
        sharing = [other for other in scene.backends if other is not backend and relay in points[other]]
        return relay.fingerprint in guards, max(scene.changed[other] for other in (backend, *sharing)), len(sharing)

    choices = [(backend, relay) for backend, relays in points.items() for relay in relays if relay.role == 'relay']
    backend, relay = min(choices, key=cost)
    for other in scene.backends:
        if relay in points[other]:
            scene.changed[other] = time.time()
    return backend, relay, points[backend][relay]


class Change:
    """What happened since a relay was killed, and what of it matters."""

    def __init__(self, scene, backend, relay, point):
        self.scene, self.backend, self.relay, self.point = scene, backend, relay, point
        self._uploads, self._posts = len(backend.uploads), len(scene.recorder.posts)
        self._new = {}

    def first_upload(self):
        """When an HSDir first took a descriptor of the backend, or None."""
        return next((event.time for event in self.backend.uploads[self._uploads:] if event.action == 'UPLOADED'), None)

    def _new_key(self, post):
        # The blinded key of a superdescriptor without the dead point, else None. A tor does not upload before it has
        # another one in its place; that one is published too, unless it is at a relay where there is one already.
        if post not in self._new:
            judged = Judged(post.descriptor, self.scene.frontend.onion)
            self._new[post] = None if self.point in judged.points else judged.blinded_key
        return self._new[post]

    def answers(self):
        """When each HSDir first took a new superdescriptor, for every (blinded key, HSDir) to which one has gone."""
        found = {}
        for post in self.scene.recorder.posts[self._posts:]:
            blinded_key = self._new_key(post)
            for hsdir in post.hsdirs if blinded_key else ():
                moment = next((event.time for event in list(self.scene.events.events)
                               if event.action == 'UPLOADED' and event.fingerprint == hsdir.upper()
                               and event.time >= post.time), None)
                if moment:
                    found.setdefault((blinded_key, hsdir.upper()), moment)
        return found

    def is_complete(self):
        """Whether all HSDirs of both descriptors have it, but the dead one."""
        wanted = sum(hsdir != self.relay.fingerprint for slot in ('first', 'second')
                     for hsdir in self.scene.daemon.hsdirs(self.scene.frontend.address, slot))
        answers = [hsdir for _, hsdir in self.answers() if hsdir != self.relay.fingerprint]
        return self.first_upload() is not None and len(answers) >= wanted


def measure(scene, backend, relay, point):
    """Kill the relay; returns the seconds from the backend's first UPLOADED to the last HSDir's, None without one."""
    change = Change(scene, backend, relay, point)
    began = time.time()
    relay.kill()
    while not change.first_upload():
        time.sleep(0.1)
        if time.time() - began > NEW_POINT:
            step(f'{relay.name}, a point of {backend.name}, was killed: its tor did not upload; that does not count')
            relay.start()
            return None
    scene.net.wait_for(change.is_complete, TAKEN, 'all HSDirs to have the new superdescriptor', 0.5)
    seconds = max(change.answers().values()) - change.first_upload()
    step(f'{relay.name}, a point of {backend.name}, was killed: an upload after {change.first_upload() - began:.1f} s, '
         f'all HSDirs had the new superdescriptor {seconds:.2f} s later')
    relay.start()
    time.sleep(BACK)
    return seconds


def test(net):
    scene = Scene(net)
    times = []
    for number in range(ROUNDS_MAX):
        scene.begin_round(number)
        for _ in range(KILLS_A_ROUND):
            wait_quiet(net, QUIET)
            seconds = measure(scene, *choose(scene))
            if seconds is None:
                break
            times.append(seconds)
        if len(times) >= KILLS:
            break
    assert len(times) >= KILLS, f'only {len(times)} measurements'
    step('seconds: ' + ', '.join(f'{seconds:.2f}' for seconds in sorted(times)))
    median = statistics.median(times)
    assert median < PROMISED, f'the median is {median:.2f} s, promised are {PROMISED}'
    step(f'the median is {median:.2f} s')


main_in_own_network(test)
