# Backends that get no introduction point into a superdescriptor by chance. Of several points at one relay just one is
# published, that of the backend that was there first; and a tor may choose relays, of twelve, at all of which others were
# first. Where a test needs a point of that backend, it has MANY, or its tor is started again, and so has other points, until it
# has a place.

import time

from .process import wait_for
from .runner import step

# A line for a backend: so many points that two others, which have three each, can't be at all of their relays.
MANY = 'HiddenServiceNumIntroductionPoints 7'

FIRST = 'other backends were first at its relays'
TRIES = 8  # of a tor; tors choose some relays more often than others, so that it may happen to one in three
RESTLESS = 30  # seconds in which the third change of a backend has to wait


def without_place(daemon, address, backends):
    """Those of these backends of a frontend that obpub has no place for, as others were first at all their relays."""
    names = {one['name'] for one in daemon.frontend(address)['instances'] if one['introPointsLack'] == FIRST}
    return [backend for backend in backends if backend.name in names]


def choose_anew(backend):
    """Kill and start a backend whose relays are others', so that it chooses others; returns when obpub counts that no more
    for changes that come too fast."""
    step(f'all relays of {backend.name} are others\', too: it is started again')
    backend.kill()
    backend.start()
    backend.wait_bootstrapped()
    time.sleep(RESTLESS)


def wait_placed(daemon, address, backends, predicate, timeout, what, every=0.2):
    """Like wait_for(), for what needs a place for each of these backends: those that have none are started again, and the
    waiting begins anew."""
    for _ in range(TRIES):
        lacking = []

        def look(lacking=lacking):
            result = predicate()
            lacking[:] = [] if result else without_place(daemon, address, backends)
            return result or lacking
        result = wait_for(look, timeout, what, every)
        if not lacking:
            return result
        for backend in lacking:
            choose_anew(backend)
    raise AssertionError(f'no luck with the relays of {[backend.name for backend in lacking]} in {TRIES} tries')
