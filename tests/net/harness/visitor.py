# A client that asks for pages all the time, and keeps a record of what it got.

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Optional

from .client import FetchFailed, fetch

# Seconds between two times that it forgets all descriptors, and so has to ask the HSDirs anew; tor wants 10 at least.
FORGET_EVERY = 10.5
PAUSE = 0.5
NEAR = 1  # rounds
LONE = 100  # of so many requests, or fewer, one may fail for once: a circuit broke, as any may


@dataclass
class Visit:
    """One request: for which name, in which round, when (time.time()), the page or None, what went wrong, since when the
    client has fetched all descriptors that it may have used (time.time()), and whether the same request went well when it was
    made again at once."""
    name: str
    round: int
    began: float
    seconds: float
    page: Optional[str]
    error: str
    forgot: float
    went_well_again: bool = False


class Visitor:
    """Asks for each of these addresses ({name: address}), all at the same moment, again and again, over a circuit of
    its own each time. Use as a context manager; `visits` are all requests that have ended."""

    def __init__(self, client, addresses, timeout=40):
        self.client = client
        self.addresses = addresses
        self.timeout = timeout
        self.visits = []
        self._forgot = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """Let the requests that are under way come to their end, and begin no more."""
        self._ended.set()
        self._thread.join(2 * self.timeout + 15)

    def failed(self, name=None):
        """The requests that failed, of that name."""
        return [visit for visit in list(self.visits) if visit.page is None and name in (None, visit.name)]

    def unexcused(self, name, control):
        """The requests of that name that failed while none of the control's failed, neither in their round nor in
        one before or after it: then it was not the network, or this machine, that could not do it. Without the very
        few that went well when they were made again at once."""
        excused = {visit.round + near for visit in self.failed(control) for near in range(-NEAR, NEAR + 1)}
        found = [visit for visit in self.failed(name) if visit.round not in excused]
        lone = [visit for visit in found if visit.went_well_again]
        requests = sum(visit.name == name for visit in self.visits)
        return found if len(lone) > max(1, requests // LONE) else [visit for visit in found if visit not in lone]

    def pages(self, since=0):
        """All pages that came to requests begun since a time."""
        return [visit.page for visit in list(self.visits) if visit.began >= since and visit.page is not None]

    def summary(self, name):
        """In a few words, what became of the requests of that name."""
        seconds = sorted(visit.seconds for visit in self.visits if visit.name == name)
        return (f'{name}: {len(seconds)} requests, {len(self.failed(name))} failed, the median took '
                f'{seconds[len(seconds) // 2]:.1f} s, the longest {seconds[-1]:.1f} s')

    def _run(self):
        number = 0
        with ThreadPoolExecutor(len(self.addresses)) as pool:
            while not self._ended.is_set():
                if time.time() - self._forgot >= FORGET_EVERY:
                    self.client.forget_descriptors()
                    self._forgot = time.time()
                list(pool.map(lambda name, number=number: self._visit(name, number), self.addresses))
                number += 1
                self._ended.wait(PAUSE)

    def _visit(self, name, number):
        began = time.time()
        page, error = self._fetch(name)
        seconds = time.time() - began
        went_well_again = page is None and self._fetch(name)[0] is not None
        self.visits.append(Visit(name, number, began, seconds, page, error, self._forgot, went_well_again))

    def _fetch(self, name):
        try:
            return fetch(self.client, self.addresses[name], timeout=self.timeout), ''
        except FetchFailed as failure:
            return None, str(failure)
