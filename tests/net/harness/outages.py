# What is to happen when a tor behind a frontend goes away and comes back: killed, suspended for less and for longer than the
# grace period. What counts is what the HSDirs hand out to clients. It is the same for backends and for twins.

import time

from .daemon import Daemon
from .hsdirs import clients_points, clients_slot, held_points, living_points, wait_held, wait_quiet, wait_turned
from .keys import make_frontend_key
from .obpub import instance, wait_settled
from .places import MANY
from .process import TimedOut
from .runner import step
from .service import SILENT
from .visitor import Visitor

PROMISED = 10  # seconds from a backend's death, or its first upload (a twin's: its descriptor), to all HSDirs
GRACE = 20     # the grace period in the config, in seconds: long enough for a busy machine to look at HSDirs in it
SHORTLY = 3    # seconds of it
NOTICE = 30    # a tor that hangs is noticed after so many seconds at the latest
SETTLED = 20   # seconds that a superdescriptor may be on its way
FLAPPING = 30  # seconds in which a backend's third change waits; that all turn to the next half's points is one
RETURN = 30    # seconds from the end of a hang to all HSDirs: nothing is promised, but it has to happen


class Scene:
    """The frontend, its three backends (or twins, which publish nothing themselves), its daemon and the client that looks at
    HSDirs."""

    def __init__(self, net, is_twin=False):
        self.net = net
        key_path = net.path('frontend.key')
        self.frontend = make_frontend_key(key_path)
        publisher = net.start_tor('publisher', wait=False)
        self.observer = net.start_tor('observer', socks=True, wait=False)
        key, name, torrc = (self.frontend, 'twin', [SILENT]) if is_twin else (None, 'backend', [])
        self.backends = [net.start_service(f'{name}{number}', [self.frontend.onion], key=key, torrc=torrc, wait=False,
                                           service_lines=[MANY] if number == 1 else []) for number in (1, 2, 3)]
        for backend in self.backends:
            backend.wait_published()
        publisher.wait_bootstrapped()
        self.observer.wait_bootstrapped()
        wait_settled(net, self.backends)
        instances = [instance(backend, is_twin=is_twin) for backend in self.backends]
        self.daemon = Daemon(net, publisher, [(key_path, instances, *(['mode: hardmap'] if is_twin else []))],
                             settings=[f'backend-grace: {GRACE}']).start()
        self.daemon.wait_published()
        step(f'three {name}s, published')

    def play(self):
        """Everything, one after the other, and the end of the daemon."""
        client, victim = self.net.start_client('visitor'), self.backends[0]
        with Visitor(client, {'frontend': self.frontend.address}) as visitor:
            kill(self, victim)
            start_again(self, victim)
        step(visitor.summary('frontend'))
        # What was under way with the backend that was killed may fail, once.
        failed = visitor.failed()
        assert len(failed) <= 1 and all(visit.went_well_again for visit in failed), failed
        suspend_shortly(self, victim)
        suspend_for_long(self, victim)
        assert self.daemon.end()[0] == 0

    def hsdirs(self):
        return self.daemon.hsdirs(self.frontend.address, clients_slot(self.net))

    def wait_held(self, match, timeout, what):
        return wait_held(self.observer, self.frontend.onion, self.hsdirs(), match, timeout, what)

    def points_of(self, backend, seconds):
        """The points of a backend in the superdescriptor, once all HSDirs have the same ones and nothing rotates for
        so many seconds."""
        wait_turned(self.net, self.observer, self.daemon, self.frontend, self.backends, seconds)
        seen = ''

        def agreed():
            nonlocal seen
            points, all_held = clients_points(self.observer, backend), list(self.held())
            first, *others = [held & points for held in all_held]
            seen = (f'it has {len(points)}, of which they have {len(first)} and {[len(held) for held in others]}, '
                    f'of {[len(held) for held in all_held]} in all')
            return first if first and all(held == first for held in others) else None
        try:
            return self.net.wait_for(agreed, SETTLED, f'the HSDirs to have the points of {backend.name}')
        except TimedOut as timed_out:
            raise TimedOut(f'{timed_out}: {seen}') from None

    def held(self):
        held = held_points(self.observer, self.frontend.onion, self.hsdirs()).values()
        assert None not in held, 'an HSDir has nothing'
        return held

    def check_held(self, points):
        for held in self.held():
            assert points <= held, 'an HSDir lost points of a backend that is only suspended'

    def wait_back(self, backend, timeout):
        """Wait until all HSDirs have points that a backend has; it is asked again and again which those are, because it
        may still be uploading its two descriptors."""
        def is_back():
            points = living_points(self.observer, backend)
            return all(held & points for held in self.held())
        self.net.wait_for(is_back, timeout, f'the HSDirs to have points of {backend.name}', every=0.1)

    def wait_state(self, backend, state, timeout):
        return self.daemon.wait_backend(self.frontend.address, backend, state, timeout)


def kill(scene, victim):
    """Its points have to be gone soon; returns nothing, a client must not have noticed."""
    points = scene.points_of(victim, 30 + FLAPPING)
    time.sleep(FLAPPING)
    victim.kill()
    seconds, left = scene.wait_held(lambda held: not held & points, PROMISED,
                                    'the HSDirs to have no points of a backend that was killed')
    assert left, 'nothing is left in the superdescriptor'
    step(f'{victim.name} was killed: its points were gone from all HSDirs after {seconds:.1f} s')


def start_again(scene, victim):
    """Started again it has new points, which have to come in soon after its own upload."""
    victim.start()
    began = time.monotonic() - (time.time() - victim.wait_offered())
    wait_quiet(scene.net, 0)
    scene.wait_back(victim, PROMISED)
    seconds = time.monotonic() - began
    assert seconds < PROMISED, f'that took {seconds:.1f} s'
    step(f'{victim.name} was started again: all HSDirs had its new points {seconds:.1f} s after it '
         f'{"had them" if victim.is_silent else "had first uploaded them"}')


def suspend_shortly(scene, victim):
    """Suspended until its connection is given up, but not for the grace period: nothing changes."""
    points = scene.points_of(victim, NOTICE + SHORTLY + RETURN)
    victim.suspend()
    seconds = scene.wait_state(victim, 'grace', NOTICE)
    scene.check_held(points)
    time.sleep(SHORTLY)
    assert scene.daemon.backend_state(scene.frontend.address, victim) == 'grace'
    victim.resume()
    scene.wait_state(victim, 'live', RETURN)
    scene.check_held(points)
    step(f'{victim.name} hung for {seconds + SHORTLY:.0f} s: its points stayed')


def suspend_for_long(scene, victim):
    """Suspended for longer than the grace period: out, and in again when it goes on."""
    points = scene.points_of(victim, NOTICE + GRACE + 10)
    victim.suspend()
    noticed = scene.wait_state(victim, 'grace', NOTICE)
    seconds = scene.wait_state(victim, 'out', GRACE + 5)
    assert seconds > GRACE - 2, f'its grace period was {seconds:.1f} s, not {GRACE}'
    scene.wait_held(lambda held: not held & points, 5, 'the HSDirs to have no points of a backend that hangs')
    step(f'{victim.name} hung: noticed after {noticed:.0f} s, out after {noticed + seconds:.0f} s')
    victim.resume()
    began = time.monotonic()
    scene.wait_state(victim, 'live', RETURN)
    scene.wait_back(victim, RETURN - (time.monotonic() - began))
    step(f'{victim.name} goes on: all HSDirs had its points again after {time.monotonic() - began:.1f} s')
