# A clock that runs faster than the machine's and begins at another time, for whole networks: tors and obpub get it from
# libfaketime. The tests themselves keep the machine's.

import glob
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field

from .process import HarnessError

LIBRARY = '/usr/lib/*/faketime/libfaketimeMT.so.1'
TRIES = 5  # at reading it, of which the fastest counts


@dataclass
class Clock:
    """When it showed `reading` (Unix seconds) the machine's clock showed `at`; it is `speed` times as fast. Programs that
    are started with `environment` (added to their own) have it. The machine's clock is one, too, with nothing to add."""
    reading: float = 0.0
    at: float = 0.0
    speed: float = 1.0
    environment: dict = field(default_factory=dict)

    def read(self, moment=None):
        """What it shows now, or showed at that moment of the machine's clock."""
        return self.reading + ((time.time() if moment is None else moment) - self.at) * self.speed

    def seconds(self, seconds):
        """So many of its seconds in seconds of the machine."""
        return seconds / self.speed

    def describe(self):
        """What another process can make a Clock of that shows the same."""
        return {'reading': self.reading, 'at': self.at, 'speed': self.speed, 'environment': self.environment}

    def close(self):
        """Let no more programs be started with it."""

    def program_environment(self):
        """The whole environment of a program that is to have it; None for that of this process."""
        return dict(os.environ, **self.environment) if self.environment else None


def _ignore_signals():
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


class FastClock(Clock):
    """A Clock that begins now, with `start`, and is there until close()."""

    def __init__(self, start, speed):
        super().__init__(speed=speed)
        libraries = glob.glob(LIBRARY)
        if not libraries:
            raise HarnessError('libfaketime is not installed')
        self.environment = {'LD_PRELOAD': libraries[0], 'FAKETIME': f'{start - time.time():+.3f} x{speed:g}'}
        # All programs have to have begun at the same moment. That is in shared memory, which the first one makes, and
        # removes when it ends: this one, which does so when it reads the end of its input, whatever becomes of us.
        self._keeper = subprocess.Popen(['cat'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=self.program_environment(), preexec_fn=_ignore_signals)
        self._keeper.stdin.write(b'\n')
        self._keeper.stdin.flush()
        self._keeper.stdout.read(1)
        self.environment['FAKETIME_SHARED'] = f'/faketime_sem_{self._keeper.pid} /faketime_shm_{self._keeper.pid}'
        self.at, self.reading = min((self._compare() for _ in range(TRIES)), key=lambda pair: pair[1])[0]

    def _compare(self):
        # Both clocks at about the same moment; and how long that took.
        before = time.time()
        shown = float(subprocess.run(['date', '+%s.%N'], env=self.program_environment(), capture_output=True, text=True,
                                     check=True).stdout)
        took = time.time() - before
        return (before + took / 2, shown), took

    def close(self):
        self._keeper.stdin.close()
        self._keeper.wait()
        self._keeper.stdout.close()
