# Holds a test back while the processors are busy: most judge by time, and where a machine is slow as many at once as elsewhere
# would be late by that alone.

import contextlib
import fcntl
import os
import tempfile
import time

SAMPLES = 32
SAMPLE_INTERVAL = 0.25  # seconds
RUNNABLE = 2            # on average, of each processor
PATIENCE = 120          # seconds, after which a test whose turn it is begins all the same
PATIENCE_IN_ALL = 600   # and with its waiting for the turn, where there are many before it


def _count_runnable():
    """How many threads of the whole machine run or wait for a processor, without this one."""
    with open('/proc/loadavg', encoding='ascii') as file:
        return int(file.read().split()[3].split('/')[0]) - 1


def _is_calm():
    """Whether there were few for some seconds."""
    runnable = 0
    for _ in range(SAMPLES):
        time.sleep(SAMPLE_INTERVAL)
        runnable += _count_runnable()
    return runnable <= RUNNABLE * len(os.sched_getaffinity(0)) * SAMPLES


@contextlib.contextmanager
def _one_at_a_time():
    path = os.path.join(tempfile.gettempdir(), f'obpub-calm-{os.getuid()}')
    gate = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield
    finally:
        os.close(gate)


def wait_for_calm():
    """Wait until the processors are not busy. Of several tests one after the other does so, and sees what the one before
    it does."""
    begun = time.monotonic()
    with _one_at_a_time():
        end = min(begun + PATIENCE_IN_ALL, time.monotonic() + PATIENCE)
        while not _is_calm() and time.monotonic() < end:
            pass
