# Backends that change without end: each answers with other introduction points whenever it is asked, validly signed, and
# says every second that it uploads them. churn.py SOCKET SEED PERIOD_LENGTH OFFSET is one; they are those of hostile.py.
# Churners starts several, and ends them.

import contextlib
import os
import subprocess
import sys
import threading
import time

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


class Churners:
    """So many of them, each a process of its own. A context manager."""

    def __init__(self, folder, count, period_length, offset):
        self.names = [f'restless{number}' for number in range(count)]
        self.folder, self.times = str(folder), [str(period_length), str(offset)]
        self.seeds = {name: os.urandom(32) for name in self.names}

    def __enter__(self):
        self.programs = [subprocess.Popen([sys.executable, __file__, self.path(name), self.seeds[name].hex(), *self.times],
                                          stdin=subprocess.PIPE) for name in self.names]
        deadline = time.monotonic() + 60
        while not all(os.path.exists(self.path(name)) for name in self.names):
            assert time.monotonic() < deadline, 'a restless backend did not start'
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        for program in self.programs:
            program.kill()
            program.wait()
            with contextlib.suppress(OSError):
                program.stdin.close()

    def path(self, name):
        return f'{self.folder}/{name}'

    def instances(self):
        """The lines of the config for them all."""
        return [[f'      - address: {address_of(Keypair(*curve.expand(self.seeds[name])).public)}.onion',
                 f'        name: {name}', f'        control: unix:{self.path(name)}'] for name in self.names]


if __name__ == '__main__':
    LIES['restless'] = Lie(restless, None)
    main('restless', *sys.argv[1:])
