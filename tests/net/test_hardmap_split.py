# Two tors that share a key and have proof of work on, in both halves of the day: each HSDir that clients ask has the points
# of one of them, with its own pow-params, and each solution of a client that comes by them is verified. A tor that is sent
# SIGHUP has another seed, and soon the HSDirs have it; one that is killed is not at any HSDir any more; and when obpub is,
# the tors' own uploads get through.

import collections
import time

import stem

from harness.client import ask_hsdirs
from harness.consensus import AFTER_SRV, AFTER_TIME_PERIOD
from harness.daemon import Daemon
from harness.hsdirs import clients_slot, wait_quiet
from harness.judge import Judged, pow_params
from harness.obpub import instance
from harness.solver import LOG, Solver, count_refused, count_verified
from testnet import free_port, main, make_frontend_key, step

TWINS = 2
VISITS = 2  # with a solution, by way of each HSDir in each half
VISITS_MAX = 6  # of each, until there is one: a client may be let in before it has to solve anything
SECONDS_NEEDED = 50  # of a half of the day, for these
SOON = 20  # for what HSDirs are to have within seconds
PROMISED = 3  # seconds until a killed tor's HSDirs have another one's points
TRIES = 2  # at that: this machine may be busy
OVER = 15  # seconds, in which a lead is over on this network


class Scene:
    """The tors, and obpub in front of them."""

    def __init__(self, net):
        self.net = net
        self.publisher = net.start_tor('publisher', wait=False)
        key_path = net.path('split.key')
        self.frontend = make_frontend_key(key_path)
        self.ports = [free_port() for _ in range(TWINS)]
        self.twins = [net.start_service(f'split{number}', [self.frontend.onion], key=self.frontend, wait=False,
                                        torrc=['HiddenServicePoWDefensesEnabled 1', *LOG, f'MetricsPort 127.0.0.1:{port}',
                                               'MetricsPortPolicy accept 127.0.0.1'])
                      for number, port in enumerate(self.ports)]
        for twin in self.twins:
            twin.wait_published()
        self.publisher.wait_bootstrapped()
        self.daemon = Daemon(net, self.publisher, [(key_path, [instance(twin, is_twin=True) for twin in self.twins],
                                                    'mode: hardmap')]).start()
        self.daemon.wait_published()

    def asked(self):
        """The HSDirs of the descriptor that clients use which obpub sends something to."""
        return self.daemon.hsdirs(self.frontend.address, clients_slot(self.net))

    def held(self, hsdirs):
        """What each of these HSDirs hands out: {fingerprint: Judged}, of those that have something."""
        answers = ask_hsdirs(self.publisher, self.frontend.onion, hsdirs)
        return {hsdir: Judged(text, self.frontend.onion) for hsdir, text in answers.items() if text}

    def seeds(self):
        """The seed of each tor that has a descriptor: {seed: twin}."""
        found = {}
        for twin in self.twins:
            try:
                if twin.alive():
                    found[pow_params(Judged(twin.own_descriptor(), self.frontend.onion).inner)[0]] = twin
            except stem.ControllerError:
                pass  # it has only just been started
        return found

    def owners(self):
        """Whose points, with pow-params, each asked HSDir has: {fingerprint: twin}; without those that have none."""
        seeds = self.seeds()
        found = {}
        for hsdir, judged in self.held(self.asked()).items():
            params = pow_params(judged.inner)
            if params and params[0] in seeds:
                found[hsdir] = seeds[params[0]]
        return found

    def wait_split(self, twins):
        """Wait until each asked HSDir has one of these twins, and each of them as many as another; returns the owners."""
        def is_split():
            owners = self.owners()
            counts = collections.Counter(twin.name for twin in owners.values())
            even = len(self.asked()) // len(twins)
            return owners if counts == {twin.name: even for twin in twins} else None
        return self.net.wait_for(is_split, SOON, f'HSDirs to have {len(twins)} of the tors, each its part', every=0.3)


def make_known(scene):
    """In the second half of the day not every tor's points need be known: one that was not the last to upload does so again
    when it is sent SIGHUP, which gives it another seed, too. Returns the owners when all are known."""
    for twin in scene.twins:
        if twin not in scene.net.wait_for(scene.owners, SOON, 'HSDirs to have pow-params', 0.3).values():
            step(f'{twin.name} has not been seen in this half of the day')
            send_sighup(scene, twin)
    return scene.wait_split(scene.twins)


def send_sighup(scene, twin):
    """It throws its seeds away and has others, which HSDirs soon have."""
    old = set(scene.seeds())
    began = time.monotonic()
    twin.reload()
    scene.net.wait_for(lambda: set(scene.seeds()) - old, SOON, f'{twin.name} to have a new seed', 0.2)
    new = time.monotonic()
    scene.net.wait_for(lambda: twin in scene.owners().values(), SOON, f'HSDirs to have the new seed of {twin.name}', 0.2)
    step(f'{twin.name} was sent SIGHUP: it had a new seed after {new - began:.1f} s, HSDirs had that '
         f'{time.monotonic() - new:.1f} s later')


def check_visits(scene, solver):
    """A client comes by way of each asked HSDir, with a solution; that is verified, by the tor that this HSDir has."""
    owners = make_known(scene)
    verified = collections.Counter()
    solver.forget()
    for hsdir, twin in VISITS * list(owners.items()):
        verified[twin.name] += solve(scene, solver, hsdir, twin)
    step(f'{scene.net.phase().name}: solutions that were verified: {dict(sorted(verified.items()))}')
    check_refusals(scene)


def solve(scene, solver, hsdir, twin):
    """Visit by way of an HSDir until that takes a solution; returns how many the tor has verified."""
    before = count_verified(twin)[0]
    for _ in range(VISITS_MAX):
        visit = solver.visit(scene.frontend.onion, hsdir, twin.name)
        assert visit.page == twin.name, f'{visit.page} instead of {twin.name}: {visit.error}'
        assert len(Judged(visit.descriptor, scene.frontend.onion).points) == 3
        verified = count_verified(twin)[0] - before
        if visit.is_solved and verified > 0:  # its circuit may have been closed as it was sent
            return verified
    raise AssertionError(f'{twin.name} has verified nothing in {VISITS_MAX} visits')


def check_refusals(scene):
    """No tor has ever been given a solution that it does not take."""
    for twin, port in zip(scene.twins, scene.ports):
        assert count_verified(twin)[1] == 0, f'{twin.name} has refused solutions'
        assert count_refused(port) == 0, f'{twin.name} has refused introductions'


def measure_takeover(scene, victim):
    """Kill a tor; returns the seconds until all its HSDirs hand out the points of others."""
    scene.wait_split(scene.twins)
    began = time.monotonic()
    victim.kill()
    scene.wait_split([twin for twin in scene.twins if twin is not victim])
    return time.monotonic() - began


def check_takeover(scene):
    """The HSDirs of a tor that is killed have others' points within seconds, and its own when it is there again."""
    for number in range(TRIES):
        victim = scene.twins[number]
        wait_quiet(scene.net, SOON)
        seconds = measure_takeover(scene, victim)
        step(f'{victim.name} was killed: its HSDirs had the other tor\'s points {seconds:.2f} s later')
        victim.start()
        scene.net.wait_for(lambda: len(scene.seeds()) == TWINS, SOON, f'{victim.name} to be back', 0.5)
        if seconds < PROMISED:
            return
    raise AssertionError(f'{seconds:.2f} s, promised are {PROMISED}')


def check_alone(scene, solver):
    """obpub is killed: what a tor uploads then gets through once the lead is over, and clients go on reaching it."""
    asked = scene.asked()
    scene.daemon.kill()
    time.sleep(OVER)
    seeds = scene.seeds()
    twin = scene.twins[-1]
    twin.reload()

    def has_own():
        seed = next((seed for seed, one in scene.seeds().items() if one is twin and seed not in seeds), None)
        return seed and all(pow_params(judged.inner)[0] == seed for judged in scene.held(asked).values())

    scene.net.wait_for(has_own, SOON, f'HSDirs to have taken what {twin.name} has uploaded itself', 0.5)
    visit = solver.visit(scene.frontend.onion, asked[0], twin.name)
    assert visit.page == twin.name, f'{visit.page} instead of {twin.name}: {visit.error}'
    step(f'obpub was killed: the HSDirs have what {twin.name} has uploaded itself, and clients reach it')


def test(net):
    scene = Scene(net)
    with Solver(net, 'solver') as solver:
        first = wait_quiet(net, SECONDS_NEEDED).name
        check_visits(scene, solver)
        net.wait_phase(AFTER_TIME_PERIOD if first == AFTER_SRV else AFTER_SRV, SECONDS_NEEDED)
        check_visits(scene, solver)
        check_takeover(scene)
        check_alone(scene, solver)
    check_refusals(scene)


main(test)
