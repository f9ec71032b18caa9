# The private network as a test sees it: attach to the one that runs, start more tors in it, wait for moments.

import json
import os
import shutil
import time

from . import client as client_side
from .clock import Clock
from .consensus import CONSENSUS, Phase, parse_times, phase_at, relay_ports
from .host import Host
from .island import Ferry, Island
from .process import HarnessError, private_folder, wait_for
from .service import Service
from .tor import NetworkTor, Tor

ENVIRONMENT = 'OBPUB_TESTNET'


class Network:
    """The network that `testnet.py run` started. `client` is a client tor for everybody, `relays` are all relays
    (the authorities too): each is an HSDir. Use as a context manager, or close() it."""

    wait_for = staticmethod(wait_for)
    fetch = staticmethod(client_side.fetch)
    who_answers = staticmethod(client_side.who_answers)
    fetch_descriptor = staticmethod(client_side.fetch_descriptor)

    def __init__(self, description):
        self.interval = description['interval']
        self.torrc = description['torrc']
        self.keep = description['keep']
        self.clock = Clock(**description['clock'])
        self.seconds_to_start = description['seconds']
        tors = [NetworkTor(tor) for tor in description['tors']]
        self.client = next(tor for tor in tors if tor.role == 'client')
        self.relays = [tor for tor in tors if tor.role != 'client']
        self.tors = {}
        self.daemons = []  # every Daemon of this process
        self._ways_out = []
        self._description_file = os.path.join(description['folder'], 'network.json')
        # Short, because the path of a unix socket may have no more than 107 bytes.
        self.folder = os.path.join(description['folder'], f't{os.getpid()}')
        private_folder(self.folder)

    @classmethod
    def attach(cls, timeout=320, progress=None):
        """Wait for the network to be ready and join it; progress(text) is told what it waits for."""
        path = os.environ.get(ENVIRONMENT)
        if not path:
            raise HarnessError(f'{ENVIRONMENT} is not set: there is no private Tor network to test with. Use '
                               '"sh tests/run.sh", or "/usr/bin/python3 tests/net/testnet.py run -- COMMAND".')
        folder = os.path.dirname(path)
        deadline = time.monotonic() + timeout
        status = None
        while not os.path.exists(path):
            if os.path.exists(os.path.join(folder, 'failed')):
                raise HarnessError('the private network is not there: ' + _read(folder, 'failed'))
            if not os.path.isdir(folder):
                raise HarnessError(f'{ENVIRONMENT} is {path}, but that network has ended')
            if time.monotonic() > deadline:
                raise HarnessError(f'the private network is not ready after {timeout:g} s: {_read(folder, "status")}')
            if progress and _read(folder, 'status') != status:
                status = _read(folder, 'status')
                progress(status)
            time.sleep(0.1)
        with open(path) as file:
            return cls(json.load(file))

    def close(self):
        """End the programs this process started, bring back the relays it took down, remove its folder."""
        for program in [*self.daemons, *self.tors.values(), *self._ways_out]:
            program.close()
        for tor in self.relays + [self.client]:
            if tor.is_down() and os.path.exists(self._description_file):
                tor.start()
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # More tors.

    def start_tor(self, name, torrc=(), socks=False, wait=True, **options):
        """Start a tor in the network: a client if socks, or a local tor for obpub. Options are Tor's."""
        return self._start(Tor(name, self._new_folder(name), self.torrc + list(torrc), socks=socks,
                               clock=self.clock, **options), wait)

    def start_client(self, name='client'):
        """Start a client tor of one's own, which has no descriptors yet."""
        return self.start_tor(name, socks=True)

    def start_service(self, name, frontends=(), key=None, page=None, torrc=(), wait=True, **options):
        """Start a backend: an onion service whose page is its name (or `page`: text, bytes or a function of the
        path), for these frontends, with this OnionKey (or a new one). wait: until its descriptors are out."""
        service = Service(name, self._new_folder(name), self.torrc + list(torrc), frontends, key, page,
                          clock=self.clock, **options)
        self._start(service, wait)
        if wait:
            service.wait_published()
        return service

    def start_host(self, name, names, frontends):
        """Start a tor with an onion service of each of these names, for these frontends (addresses with .onion); returns
        at once."""
        return self._start(Host(name, self._new_folder(name), self.torrc, names, frontends, clock=self.clock), False)

    def make_island(self):
        """An Island from which the relays can be reached and nothing else, for tors (`island=`) and other programs."""
        self._ways_out.append(Island(self._relay_ports()))
        return self._ways_out[-1]

    def start_ferry(self, inside):
        """A Ferry to the relays for the network namespace that a process is in."""
        self._ways_out.append(Ferry(self._relay_ports(), inside))
        return self._ways_out[-1]

    def _relay_ports(self):
        return relay_ports(self.client.info(CONSENSUS))

    def _new_folder(self, name):
        if name in self.tors:
            raise HarnessError(f'there is a tor called {name} already')
        return os.path.join(self.folder, name)

    def _start(self, tor, wait):
        self.tors[tor.name] = tor
        tor.start()
        if wait:
            tor.wait_bootstrapped()
        return tor

    def path(self, name):
        """The path for a file of the test's own; it is removed with everything else."""
        return os.path.join(self.folder, name)

    # Relays.

    def relay(self, name):
        """The relay with that nickname."""
        return next(relay for relay in self.relays if relay.name == name)

    def relay_by_fingerprint(self, fingerprint):
        """The relay with that fingerprint."""
        return next(relay for relay in self.relays if relay.fingerprint == fingerprint.lstrip('$').upper())

    def kill_relay(self, name):
        """Kill a relay (SIGKILL); it stays away until restart_relay or the end of this process."""
        self.relay(name).kill()

    def restart_relay(self, name):
        """Bring a killed relay back."""
        self.relay(name).start()

    # Time, as the consensuses tell it.

    def consensus_times(self, tor=None):
        """The ConsensusTimes of the consensus that a tor (the shared client unless given) has now."""
        return parse_times((tor or self.client).info(CONSENSUS))

    def has_srv(self, tor=None):
        """Whether there is a shared random value yet: there may be none in the first minutes of a network."""
        return self.consensus_times(tor).srv_current is not None

    def wait_srv(self, both=False, timeout=None):
        """Wait until there is a shared random value; both: the previous one too, which takes one run more."""
        def there():
            times = self.consensus_times()
            return times.srv_current and (times.srv_previous or not both)
        wait_for(there, timeout or 3 * 24 * self.interval, 'a shared random value', every=1)

    def phase(self):
        """The Phase it is by the clock. Tors learn of a new one some seconds later, from their consensus."""
        return phase_at(self.clock.read(), self.interval)

    def wait_phase(self, name, at_least_seconds_left=0, tors=None):
        """Wait until it is that phase ('after-srv' or 'after-time-period') for the shared client and the tors this
        process runs (or for `tors`), with so many seconds left; returns the Phase."""
        asked = [self.client, *self.tors.values()] if tors is None else tors

        def reached() -> Phase:
            phase = self.phase()
            if phase.name != name or phase.seconds_left < at_least_seconds_left:
                return None
            alive = [tor for tor in asked if tor.alive()]
            return phase if all(self.consensus_times(tor).valid_after >= phase.began for tor in alive) else None

        return wait_for(reached, 2 * 24 * self.interval, f'the phase {name} with {at_least_seconds_left} s left',
                        every=0.5)


def _read(folder, name):
    # A line for people that the network's keeper wrote, if it has by now.
    try:
        with open(os.path.join(folder, name)) as file:
            return file.read()
    except FileNotFoundError:
        return 'starting'
