# Backends that get no introduction point into a superdescriptor by chance. Of several points at one relay just one is
# published, that of the backend that was there first; and a tor may choose relays, of twelve, at all of which others were
# first. Where a test needs a point of that backend, its tor is started again, and so has other points, until it has a place.

from .hsdirs import clients_points
from .judge import relay_of
from .process import wait_for
from .runner import step

FIRST = 'other backends were first at its relays'
TRIES = 8  # of a tor; that all of its relays are others' happens to one in ten, beside two others


def without_place(daemon, address, backends):
    """Those of these backends of a frontend that obpub has no place for, as others were first at all their relays."""
    names = {one['name'] for one in daemon.frontend(address)['instances'] if one['introPointsLack'] == FIRST}
    return [backend for backend in backends if backend.name in names]


def choose_anew(backend):
    """Kill and start a backend whose relays are others', so that it chooses others."""
    step(f'others were first at all relays of {backend.name}: it is started again')
    backend.kill()
    backend.start()
    backend.wait_bootstrapped()


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


def has_own_relay(tor, backend, others):
    """Whether a backend has a point, of those that clients use now, at a relay where no other one has any: so it has a place
    whoever comes first, and as long as all have the points that they have now."""
    theirs = {relay_of(point) for other in others for point in clients_points(tor, other)}
    return not {relay_of(point) for point in clients_points(tor, backend)} <= theirs
