# What HSDirs hold under an address, asked of many of them at the same time and looked into.

import time

from .client import ask_hsdirs
from .consensus import AFTER_SRV, AFTER_TIME_PERIOD
from .judge import Judged
from .process import wait_for


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


def living_points(tor, backend):
    """The introduction points, as a set, that a backend has now: its two descriptors have different ones, and a
    superdescriptor may have either. One is what its tor says, the other, half the day, the newest that HSDirs have."""
    hsdirs = {fingerprint for _, fingerprint in backend.uploads_started()}
    held = [Judged(text, backend.onion) for text in ask_hsdirs(tor, backend.address, hsdirs).values() if text]
    newest = max(held, key=lambda judged: judged.outer.revision_counter)
    return set(newest.points) | set(Judged(backend.own_descriptor(), backend.onion).points)


def wait_quiet(net, seconds):
    """Wait for a moment from which on nothing rotates for so many seconds, and nobody is behind."""
    return net.wait_phase(net.phase().name if net.phase().seconds_left > seconds else _other(net.phase().name), seconds)


def _other(phase_name):
    return AFTER_TIME_PERIOD if phase_name == AFTER_SRV else AFTER_SRV
