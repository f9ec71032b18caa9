# Whether the tors behind a frontend got those shares of its visits that their introduction points let expect: a client takes
# each of a descriptor's points as often as any other.

import threading
import time
from dataclasses import dataclass
from typing import Optional

from .client import fetch_descriptor
from .hsdirs import clients_slot
from .judge import Judged
from .process import HarnessError

PAUSE = 1    # seconds between two looks
TURNING = 20  # seconds around a new half of the day in which clients may use one descriptor or the other


@dataclass
class Look:
    """The points that all HSDirs had at a time (time.time()); None while they had different ones, and while clients turn
    to another descriptor."""
    time: float
    points: Optional[frozenset]


class Shares:
    """Keeps a record of what HSDirs have of a frontend (an OnionKey): for each round that obpub says is done one is asked, by
    way of `tor`. Use as a context manager. Whose a point is tells each tor itself, sooner or later: GETINFO has those of its
    first descriptor, which for the half of a day before was the second one."""

    def __init__(self, net, tor, daemon, frontend, backends):
        self.net, self.tor, self.daemon, self.frontend, self.backends = net, tor, daemon, frontend, backends
        self._looks = []
        self._last = None  # the descriptor that was had last from an HSDir, Judged
        self._owners = {}  # the name of the tor that a point is of
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join(60)
        self._ask_owners()

    def _run(self):
        while not self._ended.is_set():
            self._looks.append(Look(time.time(), self._look()))
            self._ended.wait(PAUSE)

    def _look(self):
        phase = self.net.phase()
        if phase.seconds_left < TURNING or time.time() - phase.began < TURNING:
            return None
        slot = clients_slot(self.net)
        service = self._status()
        if service is None:
            return None
        descriptor = next(one for one in service['descriptors'] if one['name'] == slot)
        if not all(hsdir['isCurrent'] for hsdir in descriptor['hsdirs']):
            return None
        if not self._last or self._last.outer.revision_counter != descriptor['revisionCounter']:
            self._ask_hsdir(descriptor['hsdirs'][0]['fingerprint'])
            self._ask_owners()
        is_known = self._last and self._last.outer.revision_counter == descriptor['revisionCounter']
        return frozenset(self._last.points) if is_known else None

    def _status(self):
        try:
            return self.daemon.frontend(self.frontend.address)
        except OSError:  # it does not listen, or not in time
            return None

    def _ask_hsdir(self, hsdir):
        try:
            text = fetch_descriptor(self.tor, self.frontend.address, hsdir)
            self._last = Judged(text, self.frontend.onion) if text else None
        except HarnessError:  # no answer: it is asked again
            self._last = None

    def _ask_owners(self):
        for backend in self.backends:
            points = Judged(backend.own_descriptor(), backend.onion).points
            self._owners.update(dict.fromkeys(points, backend.name))

    def expect(self, visit):
        """How likely it was that the first tor answers a visit, by what HSDirs had since the client forgot what it knew; None
        if that changed, or is not known."""
        looks = list(self._looks)
        before = [look for look in looks if look.time <= visit.forgot][-1:]
        after = [look for look in looks if look.time >= visit.began + visit.seconds][:1]
        during = before + [look for look in looks if visit.forgot < look.time < visit.began + visit.seconds] + after
        held = {look.points for look in during}
        points = held.pop() if before and after and len(held) == 1 else None
        if not points or not all(point in self._owners for point in points):
            return None
        return sum(self._owners[point] == self.backends[0].name for point in points) / len(points)

    def judge(self, visits):
        """Of these visits of the frontend's those whose odds are known: how many, how many went to the first tor, how many
        were to be expected there, and how likely it is that they differ as much as they do, or more."""
        counted = [(self.expect(visit), visit.page) for visit in visits if visit.page]
        counted = [(odds, page) for odds, page in counted if odds is not None]
        first = sum(page == self.backends[0].name for _, page in counted)
        odds = [each for each, _ in counted]
        return len(counted), first, sum(odds), likelihood(odds, first)


def likelihood(odds, count):
    """How likely it is that of independent events with these odds so many happen, or a number further from what is to be
    expected, on either side."""
    chances = [1.0]  # of each number of events
    for each in odds:
        chances = [none * (1 - each) + one * each for none, one in zip([*chances, 0], [0, *chances])]
    return min(1, 2 * min(sum(chances[:count + 1]), sum(chances[count:])))
