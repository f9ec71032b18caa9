# A machine's network: a namespace that has no route but Tor's. Whoever is inside reaches the relays, and nothing else: no other
# port of this machine, no other island, no network.

import os
import subprocess
import sys

from .process import HarnessError, spawn

FERRY = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'ferry.py')


class Ferry:
    """The way from a network namespace to these ports of 127.0.0.1 outside: of the namespace of the process `inside`, or of a
    new one. `outside` is a process of another network namespace than this one, whose ports these are. `pid` is a process
    inside."""

    def __init__(self, ports, inside='new', outside=None):
        at_home = ['nsenter', '--target', outside, '--net'] if outside else []
        self._process = spawn([*at_home, sys.executable, FERRY, inside, *ports], 'TERM', stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline()
        if not line:
            self.close()
            raise HarnessError('no network namespace could be had; the ferry has said why')
        self.pid = int(line)

    def close(self):
        """End it. What runs inside has no way out from then on."""
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


class Island:
    """A new network namespace, with a ferry to these ports."""

    def __init__(self, ports):
        self._ferry = Ferry(ports)
        self._has_users = os.readlink(f'/proc/{self._ferry.pid}/ns/user') != os.readlink('/proc/self/ns/user')

    def inside(self, args):
        """The command that runs a command inside, and ends with the process that starts it."""
        users = ['--user', '--preserve-credentials'] if self._has_users else []
        # Who enters a user namespace gets powers there, and so forgets what signal it was to have: it is told again.
        return ['nsenter', '--target', self._ferry.pid, '--net', *users, 'setpriv', '--pdeathsig', 'KILL', *args]

    def close(self):
        """End the ferry, and the namespace as soon as nothing runs in it any more."""
        self._ferry.close()
