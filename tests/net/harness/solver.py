# A client that solves proof of work, whatever effort the service suggests; and what a service's tor says of that.

import re
import threading
import urllib.request

import stem
from stem.control import EventType

from .client import FetchFailed, fetch, fetch_descriptor
from .process import TimedOut

# torrc lines of a client or service whose log tells what was solved and verified.
LOG = ['Log [rend]info [~rend]notice stdout']


class Visit:
    """What became of one: the descriptor used, the page or None, why there is none, and whether a solution was sent."""

    def __init__(self):
        self.descriptor, self.page, self.error, self.is_solved = None, None, '', False


class Solver:
    """A client tor that closes the first introduction circuit to each introduction point: when it has failed to reach one it
    solves with an effort of at least 8 for its next try there (tor's CLIENT_MIN_RETRY_POW_EFFORT). Two minutes later it has
    forgotten that: forget() is for a new beginning. Use as a context manager."""

    def __init__(self, net, name):
        self.tor = net.start_tor(name, LOG, socks=True)
        self._meant, self._closed = None, set()
        self._lock = threading.Lock()
        self._controller = None

    def __enter__(self):
        self._controller = self.tor.controller()
        self._controller.add_event_listener(self._note, EventType.CIRC)
        return self

    def __exit__(self, *_):
        self._controller.close()

    def _note(self, event):
        if event.status != 'BUILT' or event.purpose != 'HS_CLIENT_INTRO':
            return
        with self._lock:
            place = (self._meant, event.path[-1][0])
            if place in self._closed:
                return
            self._closed.add(place)
        try:
            self._controller.close_circuit(event.id)
        except stem.ControllerError:
            pass  # it has ended by itself

    def forget(self):
        """Let it know of no introduction point that it has failed to reach."""
        self.tor.forget_descriptors()
        with self._lock:
            self._closed.clear()

    def visit(self, onion, hsdir, meant):
        """Fetch the descriptor from an HSDir, and a page with that; returns the Visit. meant: what tells apart services that
        HSDirs may have different ones of."""
        visit, since = Visit(), self._solutions()
        with self._lock:
            self._meant = meant
        try:
            visit.descriptor = fetch_descriptor(self.tor, onion, hsdir)
            visit.page = fetch(self.tor, onion)
        except (FetchFailed, TimedOut) as failure:
            visit.error = str(failure)
        visit.is_solved = self._solutions() > since
        return visit

    def _solutions(self):
        return count_lines(self.tor, 'Got a PoW solution we like! Shipping it!')


def count_lines(tor, text):
    """How many lines of a tor's log have a text."""
    with open(tor.log_file, errors='replace') as file:
        return sum(text in line for line in file)


def count_verified(service):
    """How many solutions its tor has verified, and refused."""
    return (count_lines(service, 'PoW INTRODUCE2 request successfully verified'),
            count_lines(service, 'PoW INTRODUCE2 request failed to verify'))


def count_refused(port):
    """How many introductions the tor with that MetricsPort has dropped since their proof of work, or anything else in them,
    was not good."""
    with urllib.request.urlopen(f'http://127.0.0.1:{port}/metrics', timeout=10) as answer:
        text = answer.read().decode()
    rows = re.findall(r'^tor_hs_intro_rejected_intro_req_count\{.*reason="invalid_introduce2".*\} (\d+)$', text, re.M)
    assert rows, 'tor has no metric of refused introductions'
    return sum(map(int, rows))
