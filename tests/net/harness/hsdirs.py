# What HSDirs hold under an address, asked of many of them at the same time and looked into.

import time

from .client import ask_hsdirs
from .consensus import AFTER_SRV, AFTER_TIME_PERIOD
from .judge import Judged
from .process import TimedOut, wait_for

# Seconds that obpub and its backends may need at the beginning of a new half of the day.
TURNED = 30
# How many halves of the day may be spent waiting for that, on a machine that is busy.
HALVES = 3


def clients_slot(net):
    """The name of the descriptor that clients use now: 'first' or 'second'."""
    return 'first' if net.consensus_times().phase_name == AFTER_SRV else 'second'


def held_points(tor, onion, hsdirs):
    """For each HSDir the introduction points, as a set, in the descriptor it hands out; None if it has none."""
    return {hsdir: set(Judged(text, onion).points) if text else None
            for hsdir, text in ask_hsdirs(tor, onion, hsdirs).items()}


def wait_held(tor, onion, hsdirs, match, timeout, what):
    """Wait until match(points) is true of what each of these HSDirs holds; returns the seconds it took, and all the
    points of the last answers."""
    began = time.monotonic()
    held = {}

    def all_match():
        held.update(held_points(tor, onion, hsdirs))
        return all(points is not None and match(points) for points in held.values())

    wait_for(all_match, timeout, what, every=0.1)
    return time.monotonic() - began, set().union(*held.values())


def clients_points(tor, backend):
    """The introduction points, as a set, of the descriptor that clients of a backend use now: of the newest that HSDirs
    hand out; empty while these have none. Those of a tor that publishes nothing are what it has."""
    if backend.is_silent:
        return set(Judged(backend.own_descriptor(), backend.onion).points)
    hsdirs = {fingerprint for _, fingerprint in backend.uploads_started()}
    held = [Judged(text, backend.onion) for text in ask_hsdirs(tor, backend.address, hsdirs).values() if text]
    return set(max(held, key=lambda judged: judged.outer.revision_counter).points) if held else set()


def living_points(tor, backend):
    """The introduction points, as a set, that a backend has now: its two descriptors have different ones, and a
    superdescriptor may have either. One is what its tor says, the other, half the day, what clients use."""
    return clients_points(tor, backend) | set(Judged(backend.own_descriptor(), backend.onion).points)


def wait_quiet(net, seconds):
    """Wait for a moment from which on nothing rotates for so many seconds, and nobody is behind."""
    return net.wait_phase(net.phase().name if net.phase().seconds_left > seconds else _other(net.phase().name), seconds)


def wait_turned(net, tor, daemon, frontend, backends, seconds):
    """Like wait_quiet; and a frontend's HSDirs have those points of its living backends that clients use in this half of
    the day, so that they do not change any more by themselves. Returns all its points."""
    def turned():
        clients = set().union(*(clients_points(tor, backend) for backend in backends))
        held = held_points(tor, frontend.onion, daemon.hsdirs(frontend.address, clients_slot(net))).values()
        is_quiet = net.phase().seconds_left > seconds
        return clients if is_quiet and all(points and points <= clients for points in held) else None

    for half in range(HALVES):
        wait_quiet(net, seconds + TURNED)
        try:
            return wait_for(turned, TURNED, 'obpub to have turned to the points that clients use now', every=0.5)
        except TimedOut:
            if half == HALVES - 1:
                raise


def _other(phase_name):
    return AFTER_TIME_PERIOD if phase_name == AFTER_SRV else AFTER_SRV
