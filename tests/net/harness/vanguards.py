# Debian's add-on vanguards beside a tor: it follows what the tor says of its circuits, and closes some.

import os

from .process import HarnessError, private_folder, spawn, tail, wait_for, write_file

PROGRAM = '/usr/bin/vanguards'
CONNECTED = 15  # seconds


class Vanguards:
    """The add-on at a tor's control socket, with its own defaults but for these lines of the section Bandguards. What
    chooses relays, and watches which are chosen, is off: where few have all the weight it never finds enough of them. It ends
    with this process, or with end()."""

    def __init__(self, net, tor, bandguards=()):
        self.tor = tor
        self._folder = net.path(f'vanguards-{tor.name}')
        private_folder(self._folder)
        config = os.path.join(self._folder, 'config')
        write_file(config, '\n'.join(['[Bandguards]', *bandguards]) + '\n')
        # What is logged at its start goes to standard output, whatever file is named.
        with open(self._path('log'), 'ab') as log:
            self._process = spawn([PROGRAM, '--disable_vanguards', '--disable_rendguard', '--config', config,
                                   '--control_socket', tor.control_socket, '--state', self._path('state')],
                                  stdout=log, stderr=log, cwd=self._folder, env=dict(os.environ, PYTHONUNBUFFERED='1'))
        wait_for(self._is_connected, CONNECTED, f'vanguards to be connected to {tor.name}', every=0.1)

    def _path(self, name):
        return os.path.join(self._folder, name)

    def _is_connected(self):
        if self._process.poll() is not None:
            raise HarnessError(f'vanguards at {self.tor.name} has ended:\n{tail(self._path("log"), 20)}')
        return 'connected to Tor' in self.log()

    def log(self):
        """What it has said so far."""
        with open(self._path('log')) as file:
            return file.read()

    def count_cuts(self):
        """How many circuits it has closed because too much came and went on them for a descriptor."""
        return self.log().count('exceeded CIRC_MAX_HSDESC_KILOBYTES')

    def end(self):
        """End it."""
        self._process.terminate()
        self._process.wait()
