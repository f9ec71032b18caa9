# One tor daemon: its folder and torrc, starting, killing, suspending, restarting it, and its control port.

import os
import secrets
import signal
import subprocess

import stem
import stem.connection
import stem.control
import stem.socket

from .clock import Clock
from .consensus import CONSENSUS, hsdir_fingerprints
from .control import EventStream
from .process import (HarnessError, TimedOut, free_port, private_folder, process_runs, run, spawn, tail, wait_for,
                      write_file)

_CONTROL_AUTH = ('cookie', 'password', 'none')
SOCKET_PATIENCE = 10  # seconds until a tor that has been started has its control socket


class Tor:
    """A tor daemon. Made by Network; `start` and `kill` may be called again and again: its data stay. With an Island it runs
    there; its control socket is a file, and so is there for everybody. `socks_flags` are those of its SOCKS port."""

    is_shared = False  # whether other tests use it as well

    def __init__(self, name, folder, torrc=(), socks=False, control_port=False, control_auth='cookie', clock=None,
                 island=None, environment=None, socks_flags='ExtendedErrors'):
        if control_auth not in _CONTROL_AUTH:
            raise ValueError(f'control_auth is one of {_CONTROL_AUTH}')
        self.name = name
        self.folder = folder
        self.torrc = list(torrc)
        self.clock = clock or Clock()
        self.island = island
        self.environment = environment or {}
        self.socks_port = free_port() if socks else None
        self.socks_flags = socks_flags
        self.control_port = free_port() if control_port else None
        self.control_auth = control_auth
        self.control_password = secrets.token_hex(8) if control_auth == 'password' else None
        self._process = None
        self._controller = None
        private_folder(self.data)

    # Where its files are.

    @property
    def data(self):
        return os.path.join(self.folder, 'data')

    @property
    def control_socket(self):
        return os.path.join(self.folder, 'control')

    @property
    def cookie_file(self):
        return os.path.join(self.data, 'control_auth_cookie')

    @property
    def log_file(self):
        return os.path.join(self.folder, 'log')

    # The process.

    @property
    def pid(self):
        return self._process.pid if self._process else None

    def alive(self):
        """Whether the process runs (a suspended one does)."""
        return self._process is not None and self._process.poll() is None

    def start(self):
        """Start the daemon, with the data it had; returns at once."""
        if self.alive():
            raise HarnessError(f'{self.name} runs already')
        for leftover in (self.control_socket, self.cookie_file):
            if os.path.lexists(leftover):
                os.unlink(leftover)
        self._write_torrc()
        write_file(self._file('defaults'), '')
        with open(self.log_file, 'ab') as log:
            command = ['tor', '-f', self._file('torrc'), '--defaults-torrc', self._file('defaults')]
            self._process = spawn(self.island.inside(command) if self.island else command,
                                  stdout=log, stderr=log,
                                  env={**(self.clock.program_environment() or os.environ), **self.environment})
        write_file(self._file('pid'), str(self._process.pid))

    def reload(self):
        """Have it read its torrc again, with the lines in it that `torrc` has now."""
        self._write_torrc()
        os.kill(self.pid, signal.SIGHUP)

    def _write_torrc(self):
        write_file(self._file('torrc'), '\n'.join(self._torrc_lines()) + '\n')

    def kill(self):
        """SIGKILL, as a crash would be: no goodbye to anybody."""
        self._end(signal.SIGKILL)

    def stop(self):
        """SIGTERM and wait for the end."""
        self._end(signal.SIGTERM)

    def close(self):
        """End it for good."""
        self.kill()

    def suspend(self):
        """SIGSTOP: the process is there, its sockets too, but nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self):
        """Go on after suspend()."""
        os.kill(self.pid, signal.SIGCONT)

    def _end(self, how):
        if not self.alive():
            return
        self._process.send_signal(how)
        if how != signal.SIGKILL:
            self._process.send_signal(signal.SIGCONT)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _file(self, name):
        return os.path.join(self.folder, name)

    def _torrc_lines(self):
        lines = [f'Nickname {self.name}', f'DataDirectory {self.data}', f'ControlSocket unix:"{self.control_socket}"',
                 f'SocksPort {f"127.0.0.1:{self.socks_port} {self.socks_flags}" if self.socks_port else 0}',
                 f'__OwningControllerProcess {os.getpid()}']
        if self.control_port:
            lines.append(f'ControlPort 127.0.0.1:{self.control_port}')
        if self.control_auth == 'cookie':
            lines.append('CookieAuthentication 1')
        if self.control_auth == 'password':
            lines.append(f'HashedControlPassword {hash_password(self.control_password)}')
        # A test may add lines for the service: they have to come after its HiddenServiceDir.
        return lines + self._service_lines() + self.torrc

    def _service_lines(self):
        return []

    # The control port.

    def controller(self):
        """A new stem Controller, authenticated; the caller closes it (it is a context manager)."""
        controller = stem.control.Controller(self._connect())
        controller.authenticate(password=self.control_password)
        return controller

    def control_connection(self):
        """A new raw control connection (a stem ControlSocket), authenticated."""
        connection = self._connect()
        stem.connection.authenticate(connection, password=self.control_password)
        return connection

    def ask(self, command):
        """What it answers, over a raw connection: one of stem's would take the tor with it when it ends."""
        connection = self.control_connection()
        try:
            connection.send(command)
            return connection.recv().raw_content()
        finally:
            connection.close()

    def _connect(self):
        """A connection to the control socket, which a tor that was just started may not have yet."""
        def connect():
            try:
                return stem.socket.ControlSocketFile(self.control_socket)
            except stem.SocketError:
                if not self.alive():
                    raise
                return None

        return wait_for(connect, SOCKET_PATIENCE, f'the control socket of {self.name}', every=0.05)

    def events(self, *kinds):
        """An EventStream that records events of these kinds from now on."""
        return EventStream(self, kinds)

    def info(self, key):
        """The answer to GETINFO key."""
        if self._controller is None or not self._controller.is_alive():
            self._controller = self.controller()
        return self._controller.get_info(key)

    def guards(self):
        """The fingerprints of the relays by which it enters the network."""
        return {line[1:41] for line in self.info('entry-guards').splitlines() if line.split()[1] == 'up'}

    def bootstrap_progress(self):
        """How far it is, 0 to 100; 0 too while its control port is not there yet."""
        try:
            phase = self.info('status/bootstrap-phase')
        except (stem.ControllerError, stem.connection.AuthenticationFailure):
            return 0
        return int(phase.split('PROGRESS=')[1].split()[0])

    def knows_hsdirs(self, at_least=1):
        """Whether it has a consensus with so many onion service directories, and the microdescriptor of each."""
        try:
            hsdirs = hsdir_fingerprints(self.info(CONSENSUS))
            return len(hsdirs) >= at_least and all(self.info(f'md/id/{hsdir}') for hsdir in hsdirs)
        except stem.ControllerError:
            return False

    def wait_control(self, timeout=15):
        """Wait until its control port answers."""
        def answers():
            self._fail_if_ended()
            try:
                return self.info('version')
            except (stem.ControllerError, stem.connection.AuthenticationFailure):
                return None
        wait_for(answers, timeout, f'the control port of {self.name}', every=0.05)

    def wait_bootstrapped(self, timeout=60):
        """Wait until it says 100%, and knows all HSDirs: tor says 100% when it can do without some of them, but
        would then choose other HSDirs than everybody else does."""
        def done():
            self._fail_if_ended()
            return self.bootstrap_progress() == 100 and self.knows_hsdirs()
        try:
            wait_for(done, timeout, f'{self.name} to bootstrap')
        except TimedOut as error:
            raise TimedOut(f'{error}; its log ends:\n{self.log_tail()}') from None
        return self

    def forget_descriptors(self, timeout=30):
        """Make it forget the descriptors it has (SIGNAL NEWNYM); returns when it has, which may take the
        10 s that tor wants between two of these. What it is fetching is broken off, and told as NOT_FOUND; so it may be
        no client that other tests use."""
        if self.is_shared:
            raise HarnessError(f'{self.name} is everybody\'s: a test that makes a client forget has to start its own')
        with self.events('SIGNAL') as stream:
            stream.ask('SIGNAL NEWNYM')
            stream.wait(lambda event: event.words == ['NEWNYM'], timeout, f'{self.name} to do NEWNYM')

    def _fail_if_ended(self):
        if not self.alive():
            raise HarnessError(f'{self.name} ended; its log ends:\n{self.log_tail()}')

    def log_tail(self, lines=20):
        """The last lines of its log."""
        return tail(self.log_file, lines)


class NetworkTor(Tor):
    """A tor of the network itself, seen from a test: it belongs to the process that keeps the network, which
    starts it again when it ends, unless a file `down` in its folder has the id of a living process: the test
    that took it down."""

    is_shared = True

    def __init__(self, description):
        self.name = description['name']
        self.folder = description['folder']
        self.role = description['role']
        self.fingerprint = description['fingerprint']
        self.socks_port = description['socks_port']
        self.control_port = None
        self.control_auth = 'cookie'
        self.control_password = None
        self._controller = None

    @property
    def pid(self):
        with open(self._file('pid')) as file:
            return int(file.read())

    def alive(self):
        return process_runs(self.pid)

    def start(self):
        """Have it started again, and wait until it is there."""
        write_file(self._file('down'), '0')
        wait_for(lambda: not os.path.exists(self._file('down')), 20, f'{self.name} to be started again')

    def _end(self, how):
        write_file(self._file('down'), str(os.getpid()))
        pid = self.pid
        os.kill(pid, how)
        wait_for(lambda: not process_runs(pid), 10, f'{self.name} to end')

    def is_down(self):
        """Whether this process has ended it and not started it again."""
        try:
            with open(self._file('down')) as file:
                return file.read() == str(os.getpid())
        except FileNotFoundError:
            return False

    def _fail_if_ended(self):
        pass


def hash_password(password):
    """The form in which a torrc holds a control password."""
    result = run(['tor', '--quiet', '--hash-password', password])
    return result.stdout.split()[-1]


def describe(tor, role, fingerprint):
    """What a NetworkTor is made from."""
    return {'name': tor.name, 'folder': tor.folder, 'role': role, 'fingerprint': fingerprint,
            'socks_port': tor.socks_port}
