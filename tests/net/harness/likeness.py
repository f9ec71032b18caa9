# What is true of the rounds of a stock tor's onion services, as far as HSDirs can see them, found out about any rounds.

import itertools
from collections import Counter
from dataclasses import dataclass

from .rounds import HAD, REFUSED, TAKEN

MINUTE = 60

REFRESH = (60 * MINUTE, 120 * MINUTE)  # what tor draws the time between two rounds from
# By which a busy machine may make that longer, or shorter where the first one was late; and by which what comes once more may
# be late.
LATE = 5 * MINUTE
# What comes once more after a round that an HSDir has refused comes within so long, and within twice that after the next one.
ONCE_MORE_WITHIN = 5 * MINUTE
TOO_SOON = 30      # what comes sooner after an HSDir's refusal, comes of it
# So many seconds does obpub wait for an answer: later ones are none. On a fast clock that is a moment of the machine, so that
# quite some uploads are tried again that have arrived.
PATIENCE = 10
# And of so many uploads one may be, though it was answered: answer and upload may cross.
LONE = 100
TWICE = 'an HSDir that had answered was sent the same round again'
PRESSED = 'an HSDir that had refused was soon sent something again'

# Why a round was begun, as far as can be told from outside.
FIRST, POINTS, RING, ONCE_MORE, REFRESHED = 'first', 'points', 'ring', 'once more', 'refresh'
# Likewise, of those that are not whole: some HSDirs are left out.
NEW_ALONE, PARTIAL = 'a new HSDir alone', 'some HSDirs alone'
AGAIN = {REFUSED: 'again after a refusal', None: 'again after no answer', TAKEN: 'again though taken',
         HAD: 'again though taken'}


@dataclass
class Ring:
    """The HSDirs of a descriptor, with and without the relay that comes and goes."""
    slot: str
    with_relay: set
    without_relay: set

    @property
    def changes(self):
        return self.with_relay != self.without_relay


@dataclass
class Told:
    """A round with what can be told from it and from those before: its cause, the ring that it went to (None when it was
    not whole), and the seconds since the last whole one (None for the first)."""
    round: object
    cause: str
    ring: set
    since: float


def tell(rounds, ring, scale):
    """The rounds of one descriptor, in their order, as Told. scale: by how much refreshes come sooner than on a network
    with long days."""
    told = []
    for place, one in enumerate(rounds):
        whole = [before for before in told if before.ring]
        went_to = one.hsdirs if one.hsdirs in (ring.with_relay, ring.without_relay) else None
        since = one.began - whole[-1].round.began if whole else None
        if went_to:
            cause = _cause_of_whole(one, whole, went_to, since, scale) if whole else FIRST
        else:
            cause = _cause_of_partial(one, rounds[rounds.index(whole[-1].round) if whole else 0:place])
        told.append(Told(one, cause, went_to, since))
    return told


def _cause_of_whole(one, whole, went_to, since, scale):
    # `whole` are the rounds before that were whole, of which there is one at least.
    last = whole[-1]
    if one.points != last.round.points:
        return POINTS
    if went_to != last.ring:
        return RING
    troubles = len(list(itertools.takewhile(_was_in_trouble, reversed(whole))))
    return ONCE_MORE if troubles and since < ONCE_MORE_WITHIN * scale * 2 ** troubles + LATE else REFRESHED


def _was_in_trouble(told):
    # Whether not all HSDirs took a round the first time that they were sent it.
    taken = told.round.answering(TAKEN)
    return bool(told.round.answering(REFUSED, HAD) or told.round.again()) or len(taken) < len(told.ring)


def _cause_of_partial(one, before):
    # What became of the last upload to each of its HSDirs, in the rounds since the last whole one.
    answered = {upload.hsdir: upload.answer for earlier in before for upload in earlier.uploads}
    if not one.hsdirs & set(answered):
        return NEW_ALONE
    answers = {answered.get(hsdir) for hsdir in one.hsdirs}
    return AGAIN[answers.pop()] if len(answers) == 1 else PARTIAL


def find_unlike(told, ring, scale, ring_changes, ended):
    """What stock tor would not have done, in words, of one descriptor's Told rounds. ring_changes: (when the ring changed at
    the earliest, whether the relay is in it since then); ended: when watching did."""
    unlike = [f'{one.cause}: a round of {len(one.round.hsdirs)} HSDirs' for one in told if not one.ring]
    unlike += _answered_twice(told) + _counters(told)
    unlike += [PRESSED for seconds in _after_refusals(told) if seconds < TOO_SOON]
    unlike += _refreshes(told, scale, ended)
    if ring.changes:
        unlike += _ring_changes(told, ring, ring_changes)
    return unlike


def _answered_twice(told):
    return [TWICE for one in told for upload, before in one.round.again()
            if before.in_time(PATIENCE) and before.answered < upload.moment]


def _after_refusals(told):
    # The seconds from each refusal to the next upload to that HSDir.
    seconds = []
    refused = {}
    for one in told:
        for upload in one.round.uploads:
            if upload.hsdir in refused:
                seconds.append(upload.moment - refused.pop(upload.hsdir))
            if upload.in_time(PATIENCE) == REFUSED:
                refused[upload.hsdir] = upload.answered
    return seconds


def _counters(told):
    counters = [one.round.counter for one in told]
    return ['a revision counter that is lower than the one before'] if counters != sorted(counters) else []


def _refreshes(told, scale, ended):
    low, high = REFRESH[0] * scale - LATE, REFRESH[1] * scale + LATE
    waits = [one.since for one in told if one.cause == REFRESHED]
    found = [f'a refresh {wait / MINUTE:.1f} min after the last round, not {low / MINUTE:.0f} to {high / MINUTE:.0f}'
             for wait in waits if not low <= wait <= high]
    idle = ended - max((one.round.began for one in told if one.ring), default=0)
    return found + ([f'no round to all HSDirs for more than {high / MINUTE:.0f} min'] if idle > high else [])


def _ring_changes(told, ring, changes):
    found = []
    for place, (moment, is_in) in enumerate(changes):
        until = changes[place + 1][0] if place + 1 < len(changes) else float('inf')
        went = [one for one in told if moment <= one.round.began < until and
                one.ring == (ring.with_relay if is_in else ring.without_relay)]
        if not went:
            found.append('a ring change without a round to all HSDirs')
    return found


def without_lone(unlike, uploads):
    """A Counter of what find_unlike() found among so many uploads, without what may have come of the fast clock."""
    return Counter({what: count for what, count in unlike.items()
                    if what not in (TWICE, PRESSED) or count * LONE > uploads})


@dataclass
class Figures:
    """What there is to say of one side's rounds in figures: how many there were, to all HSDirs and to some; uploads, and
    how many of them were tries again, in the same round; the shortest and longest times before refreshes, in minutes; and
    the shortest time, in seconds, between an HSDir's refusal and what it was sent next (None where there was none)."""
    whole: int
    partial: int
    uploads: int
    again: int
    refreshes: tuple
    after_refusal: float

    def __str__(self):
        text = (f'{self.whole} rounds to all HSDirs, {self.partial} to some, {self.uploads} uploads, {self.again} of them '
                'tries again')
        if self.refreshes != (None, None):
            text += f'; a refresh {self.refreshes[0]:.1f} to {self.refreshes[1]:.1f} min after the round before'
        if self.after_refusal is not None:
            text += f'; nothing for {self.after_refusal:.0f} s after a refusal'
        return text


def figures(told_of_each):
    """The Figures of a list of descriptors' Told rounds."""
    told = [one for of_descriptor in told_of_each for one in of_descriptor]
    waits = [one.since / MINUTE for one in told if one.cause == REFRESHED]
    after = [seconds for of_descriptor in told_of_each for seconds in _after_refusals(of_descriptor)]
    return Figures(sum(one.ring is not None for one in told), sum(one.ring is None for one in told),
                   sum(len(one.round.uploads) for one in told), sum(len(one.round.again()) for one in told),
                   (min(waits, default=None), max(waits, default=None)), min(after, default=None))


def spread(told_of_each, cause, since, until):
    """The seconds between the first and the last beginning of all these descriptors' rounds of that cause in that time,
    and how many there were."""
    began = [one.round.began for told in told_of_each for one in told
             if one.cause == cause and since <= one.round.began < until]
    return (max(began) - min(began) if began else 0.0), len(began)
