# A frontend with thirty backends, more than a descriptor holds: with `descriptors: auto` each HSDir that clients ask has
# points of its own, and fresh clients reach every backend, each as often as its introduction points let expect. Six backends
# die together, and come back; some get a greater weight, one gets none, one is drained.

import calendar
import collections
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import mean

import stem

from harness.chance import chi_square
from harness.client import ask_hsdirs
from harness.crowd import Crowd
from harness.daemon import Daemon
from harness.hsdirs import clients_slot
from harness.judge import Judged, relay_of
from harness.obpub import instance
from harness.recorder import Recorder
from testnet import HarnessError, main, make_frontend_key, run_obpub, step

HOSTS, SERVICES = 5, 6  # tors, and backends of each
CLIENTS, EACH = 16, 3   # client tors, and visits of each until it forgets
VISITS = 120            # that are judged
UNLIKELY = 1e-6         # by chance alone
KNOWN = 0.8             # of the visits: the descriptor that the client had is known for so many at least
PUBLISHED = 20          # points in a descriptor, at most
SETTLED = 90            # seconds until HSDirs have what they are to have, and until nothing rotates
CALM = 8                # seconds from the death of a tor to all HSDirs, and more
LEFT_OUT = 3            # backends that may be without a place, as others have just one each at all of their relays
HEAVY, LIGHT = 20, 10   # weights


class Scene:
    """The frontend, its thirty backends on five tors, its daemon, and the clients."""

    def __init__(self, net):
        self.net = net
        self.key_path = net.path('frontend.key')
        self.frontend = make_frontend_key(self.key_path)
        publisher = net.start_tor('publisher', wait=False)
        self.observer = net.start_tor('observer', socks=True, wait=False)
        self.hosts = [net.start_host(f'host{host}', [f'backend{host}{place}' for place in range(SERVICES)],
                                     [self.frontend.onion]) for host in range(HOSTS)]
        clients = [net.start_tor(f'client{number}', socks=True, wait=False) for number in range(CLIENTS)]
        self.backends = {backend.name: backend for host in self.hosts for backend in host.services}
        self.crowd = Crowd(clients, self.frontend, EACH)
        for tor in [publisher, self.observer, *self.hosts, *clients]:
            tor.wait_bootstrapped()
        for host in self.hosts:
            host.wait_published()
        step(f'{HOSTS} tors with {SERVICES} onion services each have published them')
        self.owners = {}  # the name of the backend that a point is of, or was
        self.points = {}  # those that each backend has in the descriptor that clients use
        self.recorder = Recorder(publisher, net.path('recorder'))
        self.daemon = Daemon(net, self.recorder.path, [])
        self.configure({})
        self.daemon.start().wait_published()

    def configure(self, weights):
        """Write the config; weights: of backends by name, where they are to have any."""
        instances = [[*instance(backend), *([f'        weight: {weights[name]}'] if name in weights else [])]
                     for name, backend in self.backends.items()]
        self.daemon.configure([(self.key_path, instances, 'descriptors: auto')],
                              [f'command-socket-location: {self.net.path("command")}'])

    # Whose points there are.

    def learn_owners(self):
        """Ask each backend's tor, and, as that tells of the first descriptor alone, HSDirs for the one that clients use."""
        for backend in self.backends.values():
            self._learn(backend, self._ask_tor(backend))
        if clients_slot(self.net) != 'first':
            self.observer.forget_descriptors()
            with ThreadPoolExecutor(SERVICES) as pool:
                found = pool.map(self._ask_hsdir, self.backends.values())
            for backend, text in zip(self.backends.values(), found):
                self._learn(backend, text)

    @staticmethod
    def _ask_tor(backend):
        try:
            return backend.own_descriptor() if backend.host.alive() else None
        except stem.ControllerError:  # it has been started just now, and has none yet
            return None

    def _ask_hsdir(self, backend):
        try:
            return self.net.fetch_descriptor(self.observer, backend.address)
        except HarnessError:  # no answer in time
            return None

    def _learn(self, backend, text):
        if text:
            self.points[backend.name] = Judged(text, backend.onion).points
            self.owners.update(dict.fromkeys(self.points[backend.name], backend.name))

    def count_owners(self, points):
        """Of how many of these points each backend is the owner; None if that is not known of all."""
        names = [self.owners.get(point) for point in points]
        return None if None in names else collections.Counter(names)

    def knows_all(self, sets):
        """Whether the owners of all points of these sets are known, by now."""
        if all(self.count_owners(points) for points in sets):
            return True
        self.learn_owners()
        return all(self.count_owners(points) for points in sets)

    # What HSDirs have.

    def wait_calm(self):
        """Wait until nothing but what happens to backends makes rounds for a while."""
        def calm():
            phase, status = self.net.phase(), self.daemon.status()
            service = status['services'][0]
            until = [seconds(each['nextUpload']) - seconds(status['time']) for each in service['descriptors']
                     if each['nextUpload']]
            is_turning = phase.seconds_left < CALM or time.time() - phase.began < CALM
            return not is_turning and service['isPublished'] and len(until) == 2 and min(until) >= CALM
        self.net.wait_for(calm, SETTLED, 'a moment at which no round is due', every=0.5)

    def descriptor(self):
        """What the status says of the descriptor that clients use now."""
        slot = clients_slot(self.net)
        return next(each for each in self.daemon.frontend(self.frontend.address)['descriptors'] if each['name'] == slot)

    def held(self):
        """{fingerprint: Judged} of the HSDirs of the descriptor that clients use, while all have the last round; else None."""
        descriptor = self.descriptor()
        if not all(hsdir['isCurrent'] and hsdir['state'] == 'done' for hsdir in descriptor['hsdirs']):
            return None
        texts = ask_hsdirs(self.observer, self.frontend.address, [hsdir['fingerprint'] for hsdir in descriptor['hsdirs']])
        if None in texts.values():
            return None
        held = {hsdir: Judged(text, self.frontend.onion) for hsdir, text in texts.items()}
        counters = {judged.outer.revision_counter for judged in held.values()}
        return held if self.descriptor() == descriptor and counters == {descriptor['revisionCounter']} else None

    def wait_look(self, match, what):
        """Wait until match(look) is true of a Look at the HSDirs; returns that, checked."""
        def look():
            held = self.held()
            if not held or not self.knows_all([judged.points for judged in held.values()]):
                return None
            asked = {hsdir['fingerprint'] for hsdir in self.descriptor()['hsdirs'] if hsdir['isAsked']}
            found = Look(self, held, asked)
            found.check()
            if match(found):
                return found
            self.learn_owners()  # it may have other points by now
            return None
        return self.net.wait_for(look, SETTLED, what, every=1)


def seconds(moment):
    """A moment of the status as seconds since the epoch."""
    return calendar.timegm(time.strptime(moment, '%Y-%m-%d %H:%M:%S'))


class Look:
    """What the HSDirs of a descriptor had, all of them one round's: how many points of each backend, and shares by that."""

    def __init__(self, scene, held, asked):
        self.held, self.owners, self.points = held, scene.owners, scene.points
        self.sets = {hsdir: scene.count_owners(judged.points) for hsdir, judged in held.items() if hsdir in asked}
        self.places = sum(self.sets.values(), collections.Counter())
        self.shares = {name: sum(count[name] / sum(count.values()) for count in self.sets.values()) / len(self.sets)
                       for name in self.places}
        self.names = set(self.places)

    def check(self):
        """What has to be true of every one."""
        for hsdir, judged in self.held.items():
            relays = {relay_of(point) for point in judged.points}
            assert 0 < len(judged.points) <= PUBLISHED, f'{hsdir} has {len(judged.points)} points'
            assert len(relays) == len(judged.points), f'{hsdir} has two points at one relay'
        points = [frozenset(self.held[hsdir].points) for hsdir in self.sets]
        assert len(set(points)) == len(points), 'two HSDirs that clients ask have the same points'
        assert all(frozenset(judged.points) in points for judged in self.held.values()), \
            'an HSDir that no client asks has points that none of the others has'

    def is_even(self, weights):
        """Whether the backends have as many places for their weights as each other, as far as their relays let them: of two
        with a point at one relay the one that has less could not have the other's place there and still have no more."""
        wanted = {name: len(self.sets) * PUBLISHED * weight // sum(weights.values()) for name, weight in weights.items()}
        return not any(self._is_hindered(name, weights) for name in weights if self.places[name] < wanted[name])

    def _is_hindered(self, name, weights):
        relays = {relay_of(point) for point in self.points[name]}
        others = {self.owners[point] for hsdir in self.sets for point in self.held[hsdir].points if relay_of(point) in relays}
        return any((self.places[other] - 1) * weights[name] >= (self.places[name] + 1) * weights[other] for other in others)

    def describe(self):
        at = {name: sum(name in count for count in self.sets.values()) for name in self.names}
        spread = collections.Counter(self.places.values())
        return (f'sets of {sorted(sum(count.values()) for count in self.sets.values())} points; '
                f'backends with so many places: {dict(sorted(spread.items()))}, with so many HSDirs: '
                f'{dict(sorted(collections.Counter(at.values()).items()))}; '
                f'shares from {min(self.shares.values()):.4f} to {max(self.shares.values()):.4f}')


def check_served(visits):
    """Every visitor got a page; when a circuit had broken, as any may, at the second try."""
    failed = [visit.error for visit in visits if visit.page is None and not visit.went_well_again]
    assert not failed, failed


def check_visits(scene, visits):
    """Every visitor was served, by a backend of which its client's descriptor had points, and each of these as often as these
    points let expect. Returns how many visits each backend got."""
    check_served(visits)
    seen = collections.Counter(visit.page for visit in visits if visit.page)
    answered = [visit for visit in visits if visit.page and visit.points]
    scene.knows_all({visit.points for visit in answered})
    known = [(visit.page, scene.count_owners(visit.points)) for visit in answered if scene.count_owners(visit.points)]
    assert len(known) >= KNOWN * len(visits), f'of {len(visits)} visits the descriptor of {len(known)} is known'
    expected = collections.Counter()
    for page, count in known:
        assert page in count, f'{page} answered, of which the client had no point'
        for name, points in count.items():
            expected[name] += points / sum(count.values())
    likelihood, cells = chi_square(expected, collections.Counter(page for page, _ in known))
    step(f'{len(visits)} visits, {len({visit.points for visit in answered})} different descriptors, {len(seen)} backends '
         f'answered, {min(seen.values())} to {max(seen.values())} times each; of {len(known)} with known odds, in {cells} '
         f'cells: chi-square by chance {likelihood:.2g}')
    assert likelihood > UNLIKELY, f'{dict(seen)} instead of {dict(expected)}: that is no chance'
    return seen


def visits_needed(look):
    """So many visits reach all backends, but for bad luck: all of one fresh client are by way of one HSDir."""
    missed = [sum((1 - count[name] / sum(count.values())) ** EACH for count in look.sets.values()) / len(look.sets)
              for name in look.names]
    clients = 1
    while sum(each ** clients for each in missed) > UNLIKELY:
        clients += 1
    return clients * EACH


def everybody_is_reached(scene):
    weights = dict.fromkeys(scene.backends, LIGHT)
    look = scene.wait_look(lambda look: look.is_even(weights), 'each backend to have as many places as others')
    step(look.describe())
    given = {one['name']: one['share'] for one in scene.daemon.frontend(scene.frontend.address)['instances']}
    step(f'share by status and by HSDirs differ by {max(abs(given[name] - look.shares[name]) for name in look.names):.4f} '
         'at most')
    assert len(look.names) >= len(scene.backends) - LEFT_OUT, f'only {len(look.names)} backends have places'
    most = max(VISITS, visits_needed(look))

    def is_enough(visits):
        return len(visits) >= most or len(visits) >= VISITS and look.names <= {visit.page for visit in visits}

    began = time.monotonic()
    visits = scene.crowd.visit(is_enough)
    needed = {}  # how many visits there were when a backend was reached
    for number, visit in enumerate(visits, 1):
        needed.setdefault(visit.page, number)
    assert look.names <= set(needed), f'{look.names - set(needed)} got none of {len(visits)} visits'
    step(f'all {len(look.names)} backends were reached after {max(needed[name] for name in look.names)} visits; '
         f'{len(visits)} visits in {time.monotonic() - began:.0f} s')
    check_visits(scene, visits)


def a_tor_dies(scene):
    victim = scene.hosts[0]
    dead = {backend.name for backend in victim.services}
    scene.wait_calm()
    scene.learn_owners()
    began, killed, posted = time.monotonic(), time.time(), len(scene.recorder.posts)
    victim.kill()
    scene.wait_look(lambda look: not dead & look.names, 'the HSDirs to have no points of dead backends')
    step(f'{victim.name} was killed with {len(dead)} backends: their points were gone after {time.monotonic() - began:.1f} s')
    check_rounds(scene, scene.recorder.posts[posted:], killed)
    visits = scene.crowd.visit_once()
    check_served(visits)
    assert not dead & {visit.page for visit in visits}, 'a dead backend answered'
    again = sum(visit.page is None for visit in visits)
    step(f'{len(visits)} visits to the others went well, {again} of them at the second try')


def check_rounds(scene, posts, killed):
    """Each descriptor had one round for the death, with no point of the dead backends in any set, and so were those that came
    when they were due."""
    dead = {backend.name for backend in scene.hosts[0].services}
    rounds = collections.defaultdict(dict)  # of each descriptor: when its rounds began, by their revision counters
    for post in posts:
        judged = Judged(post.descriptor.strip('\n'), scene.frontend.onion)
        rounds[judged.blinded_key].setdefault(judged.outer.revision_counter, post.time - killed)
        assert not dead & {scene.owners.get(point) for point in judged.points}, 'a round has points of dead backends'
    seconds_after = [sorted(each.values()) for each in rounds.values()]
    step(f'rounds of the two descriptors, in seconds after that: {seconds_after}')
    assert len(rounds) == 2 and all(sum(each < CALM for each in every) <= 1 for every in seconds_after)


def weights_change(scene):
    """The dead backends come back; of those that have been there all the time some get a greater weight, one none, and one
    is drained by a command."""
    raised = {backend.name: HEAVY for host in scene.hosts[1:3] for backend in host.services}
    unweighted, drained = (scene.hosts[3].services[place].name for place in (0, 1))
    wanted = set(scene.backends) - {unweighted, drained}
    began = time.monotonic()
    scene.hosts[0].start()
    scene.configure({**raised, unweighted: 0})
    scene.daemon.reload()
    result = run_obpub('drain', drained, '-c', scene.daemon.config)
    assert result.returncode == 0, result.stderr
    weights = {name: raised.get(name, LIGHT) for name in wanted}
    look = scene.wait_look(lambda look: look.names <= wanted and look.is_even(weights),
                           'all but the drained backends to have as many places as they weigh')
    assert len(look.names) >= len(wanted) - LEFT_OUT, f'only {len(look.names)} backends have places'
    step(f'{len(look.names)} backends, all but the drained ones, have places after {time.monotonic() - began:.1f} s')
    step(look.describe())
    visits = scene.crowd.visit(lambda visits: len(visits) >= VISITS)
    seen = check_visits(scene, visits)
    assert not {unweighted, drained} & set(seen), f'a drained backend got visitors: {dict(seen)}'
    for what, share in (('published', look.shares), ('seen', {name: count / len(visits) for name, count in seen.items()})):
        heavy, light = (mean(share.get(name, 0) for name in wanted if weights[name] == weight) for weight in (HEAVY, LIGHT))
        step(f'share {what}: {heavy:.4f} for each with weight {HEAVY}, {light:.4f} with {LIGHT}: {heavy / light:.2f} times')


def test(net):
    scene = Scene(net)
    with scene.recorder, scene.crowd:
        everybody_is_reached(scene)
        a_tor_dies(scene)
        weights_change(scene)
        assert scene.daemon.end()[0] == 0


main(test)
