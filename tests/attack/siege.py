# A siege: one hostile backend for each lie of hostile.py beside the honest ones, and what a running obpub makes of
# them.

import os
import pathlib

from besiegers import Besiegers
from descriptor import Keypair
from hostile import LIES, address_of
import curve

PROGRAM = pathlib.Path(__file__).with_name('hostile.py')
BAD = ('out', 'grace')
# Seconds after which one is tried again at the least: first, after each try twice as many, and at the most. For one that
# lies as a tor never would, and for one that is merely gone. A little is taken off, for the clocks.
ROUGH, GONE = (14.5, 500), (0.19, 14.5)
CONTROL_CHARACTERS = [chr(number) for number in (*range(32), 127, 0x202e)]


class Record:
    """What was ever said of some backends, by name. look() takes note of it."""

    def __init__(self, names):
        self.states = {name: set() for name in names}
        self.reasons = {name: set() for name in names}  # why each was out at some time
        self.errors = set()                             # reasons, and what was said before there was a decision
        self.published = set()                          # those that had introduction points published

    def look(self, service):
        """Takes note of what the status of the frontend says of them."""
        for instance in service['instances']:
            name, state, error = instance['name'], instance['state'], instance['error']
            if name not in self.states:
                continue
            self.states[name].add(state)
            if error:
                self.errors.add(error)
            if error and state in BAD:
                self.reasons[name].add(error)
            if instance['introPointsPublished']:
                self.published.add(name)

    def unmarked(self):
        """Those that were never found bad, with a reason."""
        return [name for name, reasons in self.reasons.items() if not reasons]


class Siege(Record, Besiegers):
    """The hostile backends, by their lies. A context manager; look() takes note of what obpub finds."""

    def __init__(self, folder, period_length, offset, lies=LIES):
        self.lies = list(lies)
        self.seeds = {lie: os.urandom(32) for lie in self.lies}
        self.addresses = {lie: address_of(Keypair(*curve.expand(seed)).public) for lie, seed in self.seeds.items()}
        Record.__init__(self, self.lies)
        Besiegers.__init__(self, folder, self.lies, lambda lie: [PROGRAM, lie, self.path(lie), self.seeds[lie].hex(),
                                                                 str(period_length), str(offset)])

    def instances(self):
        """The lines of the config for them all."""
        return [[f'      - address: {self.addresses[lie]}.onion', f'        name: {lie}',
                 f'        control: unix:{self.path(lie)}'] for lie in self.lies]

    def open_cases(self):
        """The lies that have not been found out yet, or, where nothing can be said against them, not been let in."""
        return [lie for lie in self.lies if not self.is_known(lie)]

    def is_known(self, lie):
        words = LIES[lie].words
        if words is None:
            return 'live' in self.states[lie]
        return any(all(word in reason for word in words) for reason in self.reasons[lie])

    def spared(self):
        """Those that were let stay for a while though they had sent what no tor sends."""
        return [lie for lie in self.lies if LIES[lie].is_rough and 'grace' in self.states[lie]]

    def moments(self, lie, word):
        """When (monotonic seconds) a hostile backend was "connected" to, or "asked"."""
        try:
            lines = pathlib.Path(self.path(lie) + '.log').read_text(encoding='ascii').splitlines()
        except FileNotFoundError:
            return []
        return [float(line.split()[1]) for line in lines if line.startswith(word + ' ')]

    def pestered(self):
        """Those that were connected to again sooner than they should have been, with the seconds between."""
        found = {}
        for lie in self.lies:
            delay, longest = ROUGH if LIES[lie].is_rough else GONE
            moments = self.moments(lie, 'connected')
            gaps = [after - before for before, after in zip(moments, moments[1:])]
            if any(gap < min(delay * 2 ** tries, longest) for tries, gap in enumerate(gaps)):
                found[lie] = gaps
        return found

    def rude_reasons(self):
        """Reasons with something in them that does not belong into a log."""
        return [reason for reasons in self.reasons.values() for reason in reasons
                if any(character in reason for character in CONTROL_CHARACTERS)]

    def shares(self, service):
        """How many introduction points of each are published, of those that have any."""
        return {instance['name']: instance['introPointsPublished'] for instance in service['instances']
                if instance['name'] in self.lies and instance['introPointsPublished']}
