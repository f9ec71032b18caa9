# Clients that are as good as fresh for every few visits, and what each of them had when it chose an introduction point.

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Optional

from .client import FetchFailed, fetch
from .judge import Judged

TIMEOUT = 40  # seconds of a visit


@dataclass
class Visit:
    """One request: the page or None, what went wrong, the points (a set) of the descriptor that the client had, or None
    where it had several one after the other meanwhile; and whether it went well when it was made again at once."""
    client: str
    page: Optional[str]
    error: str
    points: Optional[frozenset]
    went_well_again: bool = False


class Crowd:
    """Visits a frontend (an OnionKey) through these client tors, a few times each until it has to forget all that it knows
    (SIGNAL NEWNYM). By that a tor forgets its descriptors, which points have failed, and which HSDirs it has asked
    (hs_client_purge_state() in its hs_client.c), and its circuits serve nobody any more: what comes to know the frontend
    then is a fresh client, which asks one of the HSDirs, whichever that is. Use as a context manager."""

    def __init__(self, clients, frontend, each):
        self.clients, self.frontend, self.each = clients, frontend, each
        self._streams = {}

    def __enter__(self):
        self._streams = {client: client.events('HS_DESC_CONTENT') for client in self.clients}
        return self

    def __exit__(self, *_):
        for stream in self._streams.values():
            stream.close()

    def visit(self, is_enough):
        """Send visitors until is_enough(visits) is true of all visits so far, in the order in which they ended; returns
        these. It is asked when a client has made some."""
        visits, ended, lock = [], threading.Event(), threading.Lock()

        def send(client):
            while not ended.is_set():
                client.forget_descriptors()
                made = self._burst(client)
                with lock:
                    visits.extend(made)
                    if is_enough(visits):
                        ended.set()

        with ThreadPoolExecutor(len(self.clients)) as pool:
            try:
                list(pool.map(send, self.clients))
            finally:
                ended.set()
        return visits

    def visit_once(self):
        """Have each client forget, and visit a few times; returns the visits."""
        return self.visit(lambda visits: True)

    def _burst(self, client):
        since = len(self._streams[client].events)
        with ThreadPoolExecutor(self.each) as pool:
            requests = list(pool.map(lambda _: self._request(client), range(self.each)))
        descriptors = [(event.time, frozenset(Judged(event.content.strip('\n'), self.frontend.onion).points))
                       for event in self._streams[client].events[since:]
                       if event.words[0] == self.frontend.address and event.content.strip()]
        return [Visit(client.name, page, error, _points_had(descriptors, began, ended), again)
                for began, ended, page, error, again in requests]

    def _request(self, client):
        began = time.time()
        page, error = self._fetch(client)
        ended = time.time()
        return began, ended, page, error, page is None and self._fetch(client)[0] is not None

    def _fetch(self, client):
        try:
            return fetch(client, self.frontend.address, timeout=TIMEOUT), ''
        except FetchFailed as failure:
            return None, str(failure)


def _points_had(descriptors, began, ended):
    # What came before the last one that was there at the beginning was not used.
    there = [place for place, (moment, _) in enumerate(descriptors) if moment <= began][-1:] or [0]
    had = {points for moment, points in descriptors[there[0]:] if moment <= ended}
    return had.pop() if len(had) == 1 else None
