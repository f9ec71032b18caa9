# Runs obpub as a daemon on the private network: starts it, kills it, reads its log and its status socket.

import json
import signal
import socket
import subprocess
import time

from .obpub import write_config
from .process import HarnessError, tail, wait_for
from .runner import start_obpub

# A daemon whose status does not come at once hangs.
STATUS_TIMEOUT = 5

# Seconds after which obpub itself says that reading the config again takes too long.
RELOAD_SECONDS = 30

# Uploads of its status that are shown when a test has failed.
TROUBLES_SHOWN = 40


class Daemon:
    """obpub -c CONFIG of a network's test. Its config names `publisher` as the local tor: a Tor, or the path of a
    Recorder in front of one, or a list of Tors; frontends are as in write_config(). It ends with the network object."""

    def __init__(self, net, publisher, frontends, name='obpub', settings=(), environment=None):
        self.name = name
        self.config = net.path(f'{name}.yaml')
        self.environment = environment or net.clock.program_environment()
        self.use_tors(publisher)
        self.status_path = net.path(f'{name}.status')
        self._log_path = net.path(f'{name}.log')
        self._process = None
        self.configure(frontends, settings)
        net.daemons.append(self)

    def configure(self, frontends, settings=()):
        """Write its config file anew; it takes no notice before reload()."""
        write_config(self.config, self._control, frontends,
                     [f'status-socket-location: {self.status_path}', *settings])

    def use_tors(self, publisher):
        """Name other local tors with the next configure()."""
        if isinstance(publisher, list):
            self._control = [tor.control_socket for tor in publisher]
        else:
            self._control = publisher if isinstance(publisher, str) else publisher.control_socket

    # The process.

    @property
    def pid(self):
        return self._process.pid

    def alive(self):
        return self._process is not None and self._process.poll() is None

    def start(self):
        """Start it; returns itself at once."""
        with open(self._log_path, 'ab') as log:
            self._process = start_obpub('-c', self.config, log=log, env=self.environment)
        return self

    def send(self, number):
        """Send it a signal."""
        self._process.send_signal(number)

    def kill(self):
        """SIGKILL, as a crash would be."""
        self.send(signal.SIGKILL)
        self._process.wait()

    def end(self, number=signal.SIGTERM, timeout=10):
        """Ask it to end; returns its exit status and the seconds it took."""
        began = time.monotonic()
        self.send(number)
        try:
            status = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise HarnessError(f'{self.name} runs {timeout} s after {signal.Signals(number).name}') from None
        return status, time.monotonic() - began

    def close(self):
        """End it for good, whatever it does."""
        if self.alive():
            self.kill()

    # What it says.

    def log(self, since=0):
        """What it has logged; since: from that length on, as len(log()) was before."""
        with open(self._log_path, errors='replace') as file:
            return file.read()[since:]

    def log_tail(self, lines=0):
        """The end of its log, which says so little that it is worth reading: never less than 40 lines. And what its
        status has of uploads that are not well."""
        return tail(self._log_path, max(lines, 40)) + '\n'.join(self._troubles())

    def _troubles(self):
        try:
            status = self.status()
        except OSError as error:
            return [f'no status: {error}']
        return [f'{service["onionAddress"][:8]} {status["time"]} {descriptor["name"]}: {hsdir}'
                for service in (status['services'] if status else ()) for descriptor in service['descriptors']
                for hsdir in descriptor['hsdirs'] if hsdir['state'] != 'done' or not hsdir['isCurrent']][:TROUBLES_SHOWN]

    def wait_log(self, text, timeout, since=0):
        """Wait until it has logged this text."""
        self._wait(lambda: text in self.log(since), timeout, f'{self.name} to log "{text}"', 0.05)

    def status(self):
        """What its status socket answers, or None while it does not listen."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(STATUS_TIMEOUT)
                connection.connect(self.status_path)
                answer = b''
                while data := connection.recv(65536):
                    answer += data
        except (FileNotFoundError, ConnectionRefusedError, ConnectionResetError):
            return None
        return json.loads(answer)

    def frontend(self, address):
        """The status of one frontend, or None."""
        status = self.status()
        return next((service for service in status['services'] if service['onionAddress'].startswith(address)),
                    None) if status else None

    def local_tor(self, tor):
        """The status of one of its local tors."""
        status = self.status()
        return next((one for one in status['tor']['tors'] if one['place'] == f'unix:{tor.control_socket}'),
                    None) if status else None

    def backend_state(self, address, backend):
        """The state of a backend (a Service) of a frontend: "live", "grace", "out", "waiting"; None if not there."""
        frontend = self.frontend(address)
        return next((instance['state'] for instance in frontend['instances']
                     if instance['name'] == backend.name), None) if frontend else None

    def hsdirs(self, address, slot):
        """The fingerprints of the HSDirs of a frontend's 'first' or 'second' descriptor."""
        return [hsdir['fingerprint'] for descriptor in self.frontend(address)['descriptors']
                if descriptor['name'] == slot for hsdir in descriptor['hsdirs']]

    # Waiting.

    def wait_published(self, timeout=120, frontends=1):
        """Wait until every frontend is published, and there are so many; returns the status."""
        def published():
            status = self.status()
            return status if status and len(status['services']) == frontends and all(
                service['isPublished'] for service in status['services']) else None
        return self._wait(published, timeout, f'{self.name} to publish {frontends} frontends')

    def wait_backend(self, address, backend, state, timeout):
        """Wait until it says that a backend of a frontend has that state; returns the seconds it took."""
        began = time.monotonic()
        self._wait(lambda: self.backend_state(address, backend) == state, timeout,
                   f'{self.name} to find {backend.name} {state}', 0.05)
        return time.monotonic() - began

    def reload(self, expect='config read again', timeout=RELOAD_SECONDS):
        """SIGHUP; wait until the log says what became of it."""
        since = len(self.log())
        self.send(signal.SIGHUP)
        self.wait_log(expect, timeout, since)

    def _wait(self, predicate, timeout, what, every=0.2):
        def look():
            result = predicate()
            if not result and not self.alive():
                raise HarnessError(f'{self.name} has ended with status {self._process.returncode} while a test '
                                   f'waited for {what}')
            return result
        return wait_for(look, timeout, what, every)
