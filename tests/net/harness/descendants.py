# Ends everything that came of what this process started, also what lost its parent meanwhile.

import ctypes
import os
import signal
import time

from .process import children, process_runs


def adopt_orphans():
    """Become the parent of all that the processes started from here leave behind (PR_SET_CHILD_SUBREAPER)."""
    ctypes.CDLL(None).prctl(36, 1)


def end_descendants():
    """End them: each gets SIGTERM when its parent is gone, so that it can end what it started itself; what
    still runs after 20 s is killed. No signal interrupts this."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    deadline = time.monotonic() + 20
    told = set()
    while True:
        reap()
        running = [pid for pid in children(os.getpid()) if process_runs(pid)]
        if not running:
            return
        for pid in running:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            elif pid not in told:
                told.add(pid)
                os.kill(pid, signal.SIGTERM)
        time.sleep(0.05)


def reap():
    """Collect the children that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
