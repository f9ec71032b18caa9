# Backends that change without end: each answers with other introduction points whenever it is asked, validly signed, and
# says every second that it uploads them. churn.py SOCKET SEED PERIOD_LENGTH OFFSET is one; they are those of hostile.py.
# Churners starts several, and ends them.

import os
import sys
import threading
import time

from besiegers import Besiegers
from descriptor import Keypair, Point
from hostile import LIES, Lie, address_of, announce, honest, main
import curve

SECONDS = 1  # between two changes


def restless(backend, connection):
    """Other points each time, in the descriptor that a tor tells of: in the half of the day in which clients use the other
    one that is of the time period before, so that each announcement is a reason to ask in both halves."""
    is_second_half = (time.time() // 60 - backend.offset) % backend.period_length < backend.period_length // 2
    if backend.asked == 1 and is_second_half:
        backend.offset += backend.period_length
    backend.points = [Point() for _ in range(3)]
    honest(backend, connection)
    if backend.asked == 1:
        threading.Thread(target=announce, args=(backend, connection, SECONDS), daemon=True).start()


class Churners(Besiegers):
    """So many of them. A context manager."""

    def __init__(self, folder, count, period_length, offset):
        names = [f'restless{number}' for number in range(count)]
        self.seeds = {name: os.urandom(32) for name in names}
        super().__init__(folder, names, lambda name: [__file__, self.path(name), self.seeds[name].hex(),
                                                      str(period_length), str(offset)])

    def instances(self):
        """The lines of the config for them all."""
        return [[f'      - address: {address_of(Keypair(*curve.expand(self.seeds[name])).public)}.onion',
                 f'        name: {name}', f'        control: unix:{self.path(name)}'] for name in self.names]


if __name__ == '__main__':
    LIES['restless'] = Lie(restless, None)
    main('restless', *sys.argv[1:])
