# What an onion service's HSDirs are sent, by whomever, in one small language: a descriptor has rounds, one for each
# revision counter, and a round has uploads.

import re
from collections import defaultdict
from dataclasses import dataclass, field

from .judge import Judged, outer_blinded_key

# Seconds of the machine that an upload takes, on a network in one machine, at least: it goes through three relays.
QUICKEST = 0.03

TAKEN, REFUSED, HAD = 'taken', 'refused', 'had'

# What stock tor's log says for each upload, and when it has other introduction points.
UPLOADED = re.compile(r'Service (?P<address>\S+) (?P<slot>current|next) descriptor of revision (?P<counter>\d+) initiated '
                      r'upload request to \$(?P<hsdir>[0-9A-F]{40}).* \((?P<blinded>[0-9A-F]{64})\)$')
PICKED = re.compile(r'just picked \d+ intro points .* for (?P<slot>current|next) descriptor\.')


@dataclass
class Upload:
    """One descriptor on its way to one HSDir, at a moment (Unix seconds of the network's clock). `answer` is what the HSDir
    said, TAKEN, REFUSED, or HAD: that it refuses what it was sent twice, since it has it from the first time. It is None
    where nothing came."""
    moment: float
    hsdir: str
    answer: str = None
    answered: float = None

    def in_time(self, seconds):
        """The answer that came within so many seconds, or None."""
        return self.answer if self.answer and self.answered - self.moment < seconds else None


@dataclass
class Round:
    """All uploads of one descriptor (address, blinded key) under one revision counter. `points` is equal in two rounds
    of a descriptor when their introduction points are."""
    address: str
    blinded: str
    counter: int
    points: object
    uploads: list = field(default_factory=list)

    @property
    def descriptor(self):
        return self.address, self.blinded

    @property
    def began(self):
        return self.uploads[0].moment

    @property
    def hsdirs(self):
        return {upload.hsdir for upload in self.uploads}

    def answering(self, *answers):
        """The HSDirs that gave one of these answers."""
        return {upload.hsdir for upload in self.uploads if upload.answer in answers}

    def again(self):
        """(upload, the one before) for each upload to an HSDir that was sent this round before."""
        last = {}
        found = []
        for upload in self.uploads:
            if upload.hsdir in last:
                found.append((upload, last[upload.hsdir]))
            last[upload.hsdir] = upload
        return found


class Rounds:
    """All rounds of one publisher, by descriptor, as they come to be known. quickest: seconds by which nothing is answered
    yet."""

    def __init__(self, quickest):
        self.quickest = quickest
        self._rounds = {}
        self._open = defaultdict(list)  # uploads to an HSDir of an address without an answer

    def add(self, address, blinded, counter, hsdir, moment, points):
        key = (address, blinded, counter)
        if key not in self._rounds:
            self._rounds[key] = Round(address, blinded, counter, points())
        upload = Upload(moment, hsdir)
        self._rounds[key].uploads.append(upload)
        self._open[address, hsdir].append((self._rounds[key], upload))

    def answer(self, address, hsdir, moment, answer):
        """Note an answer. It doesn't say which upload to this HSDir it is about: it is taken for the newest one, if that can
        have been answered by now. obpub has one under way at a time, but may send the next one when we have not yet read
        the answer; tor may have one of each descriptor, but these are answered at about the same time."""
        waiting = self._open[address, hsdir]
        if waiting:
            old = [place for place, (_, upload) in enumerate(waiting) if upload.moment + self.quickest <= moment]
            one, upload = waiting.pop(old[-1] if old else 0)
            upload.answered = moment
            was_sent_twice = sum(other.hsdir == hsdir for other in one.uploads) > 1
            upload.answer = HAD if answer == REFUSED and was_sent_twice else answer

    def by_descriptor(self):
        """{(address, blinded key): its rounds in the order in which they began}."""
        found = defaultdict(list)
        for one in sorted(self._rounds.values(), key=lambda one: one.began):
            found[one.descriptor].append(one)
        return dict(found)


def rounds_of_service(service, log_path, clock):
    """The Rounds of a stock tor's onion service, from its events and from its log of [rend]info."""
    rounds = Rounds(QUICKEST * clock.speed)
    events = [event for event in service.uploads if event.action in ('UPLOAD', 'UPLOADED', 'FAILED')]
    lines = _read_log(log_path)
    for event in events:
        moment = clock.read(event.time)
        if event.action == 'UPLOAD':
            line, picked = next(lines)
            assert line['hsdir'] == event.fingerprint, (line, event)
            rounds.add(service.address, line['blinded'].lower(), int(line['counter']), event.fingerprint, moment,
                       lambda picked=picked: picked)
        else:
            _note_answer(rounds, event, moment)
    return rounds


def _read_log(path):
    # For each upload what the log says, and how often points were picked before for that descriptor.
    picked = defaultdict(int)
    with open(path) as file:
        for text in file:
            if line := PICKED.search(text):
                picked[line['slot']] += 1
            elif line := UPLOADED.search(text.rstrip('\n')):
                yield line, picked[line['slot']]


def rounds_of_publisher(posts, events, frontends, clock):
    """The Rounds of obpub's frontends (OnionKeys): from what it posted (see Recorder), and from its local tor's events."""
    onions = {frontend.address: frontend.onion for frontend in frontends}
    happened = [(post.time, post) for post in posts]
    happened += [(event.time, event) for event in events if event.action in ('UPLOADED', 'FAILED')]
    rounds = Rounds(QUICKEST * clock.speed)
    for when, what in sorted(happened, key=lambda pair: pair[0]):
        moment = clock.read(when)
        if hasattr(what, 'action'):
            _note_answer(rounds, what, moment)
            continue
        address = what.address.removesuffix('.onion')
        counter = int(re.search(r'^revision-counter (\d+)$', what.descriptor, re.M)[1])
        blinded = outer_blinded_key(what.descriptor).hex()
        for hsdir in what.hsdirs:
            rounds.add(address, blinded, counter, hsdir.lstrip('$').upper(), moment,
                       lambda: frozenset(Judged(what.descriptor.strip('\n'), onions[address]).points))
    return rounds


def _note_answer(rounds, event, moment):
    # A fetch that failed is an event as well.
    if event.action == 'UPLOADED' or event.reason == 'UPLOAD_REJECTED':
        rounds.answer(event.address, event.fingerprint, moment, TAKEN if event.action == 'UPLOADED' else REFUSED)
