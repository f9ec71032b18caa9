# The same things happen to stock tor's onion services and to obpub's frontends: an HSDir leaves, points change while
# another one does not answer, the first one comes back and refuses what it is sent, and time passes.

import contextlib
import os
import re
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field

from .client import ask_hsdirs
from .consensus import CONSENSUS, hsdir_fingerprints, parse_times
from .daemon import Daemon
from .hsdirs import clients_slot
from .keys import OnionKey
from .likeness import MINUTE, Ring
from .obpub import instance
from .process import run, wait_for, write_file
from .recorder import Recorder
from .rounds import HAD, TAKEN, rounds_of_publisher, rounds_of_service
from .runner import step

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'attack'))
import curve  # noqa: E402
from descriptor import Keypair, Maker  # noqa: E402

FRONTENDS = 3  # which share a backend; the last one is poisoned, as the last one of the plain services is
DAY = 86400
SETTLED = 6 * MINUTE  # after which all has been sent that something leads to at once
FORGED = 1 << 62      # a revision counter above all others
CONSENSUS_PATIENCE = 3  # voting intervals until all have a consensus as it is wanted


@dataclass
class Side:
    """One of the two that are compared: the keys of its onion addresses, by how much shorter its times are than on the
    public network, and a function that gives {(address, blinded key): its rounds} as they are by now."""
    name: str
    keys: list
    scale: float
    rounds: object
    rings: dict = field(default_factory=dict)  # {(address, blinded key): Ring}


class SideBySide:
    """Both sides in a network of which the clock is fast. Use as a context manager."""

    def __init__(self, net):
        self.net, self.clock = net, net.clock
        consensus = net.client.info(CONSENSUS)
        relays = [relay for relay in net.relays if relay.role == 'relay']
        self.relay, self.silent = relays[0], relays[1]
        self._authorities = [relay for relay in net.relays if relay not in relays]
        self._rings = _RingFiles(net, consensus, self.relay.fingerprint)
        self.times = parse_times(consensus)
        self.ring_changes = []  # (when all had it, whether the relay is an HSDir since then)
        self.happened = {}      # {what: (when it began, when all had come of it)}

    def __enter__(self):
        net = self.net
        plain_keys = [self._draw_key(both=number == 1) for number in range(2)]
        frontend_keys = [self._draw_key(both=number != 0) for number in range(FRONTENDS)]
        self.poisoned = [plain_keys[-1], frontend_keys[-1]]
        # The silent one is used as an HSDir alone: nobody's circuits are to end when it hangs.
        # And with so few relays, vanguards might be none that a circuit can go through.
        avoid = [f'ExcludeNodes ${self.silent.fingerprint}', 'VanguardsLiteEnabled 0']
        self._plain = [net.start_service(f'plain{number}', key=key, wait=False,
                                         torrc=[*avoid, f'Log [rend]info file {net.path(f"plain{number}.rend")}'])
                       for number, key in enumerate(plain_keys)]
        self._backend = net.start_service('backend', [key.onion for key in frontend_keys], wait=False, torrc=avoid)
        self.publisher = net.start_tor('publisher', wait=False, torrc=avoid)
        for service in (*self._plain, self._backend):
            service.wait_published()
        self.publisher.wait_bootstrapped()
        self._recorder = Recorder(self.publisher, net.path('recorder'))
        self._events = self.publisher.events('HS_DESC')
        paths = [net.path(f'frontend{number}.key') for number in range(FRONTENDS)]
        for path, key in zip(paths, frontend_keys):
            key.write_pem(path)
        self.daemon = Daemon(net, self._recorder.path, [(path, [instance(self._backend)]) for path in paths]).start()
        self.daemon.wait_published(frontends=FRONTENDS)
        self.tor = Side('tor', plain_keys, 1, self._tor_rounds)
        self.obpub = Side('obpub', frontend_keys, min(1, self.times.run_length / DAY), self._obpub_rounds)
        for side in (self.tor, self.obpub):
            for key in side.keys:
                side.rings.update({(key.address, blinded): ring for blinded, ring in self._rings.of(key.address).items()})
        return self

    def __exit__(self, *_):
        self._recorder.__exit__()
        self._events.close()

    def _draw_key(self, both):
        # A key of which the relay that comes and goes is an HSDir of both descriptors, or of just one; and the silent one of
        # both.
        while True:
            key = OnionKey()
            rings = self._rings.of(key.address).values()
            led = [self.relay.fingerprint in ring.with_relay for ring in rings]
            if all(self.silent.fingerprint in ring.with_relay & ring.without_relay for ring in rings) and \
                    (all(led) if both else sum(led) == 1):
                return key

    def _tor_rounds(self):
        found = {}
        for number, service in enumerate(self._plain):
            found.update(rounds_of_service(service, self.net.path(f'plain{number}.rend'), self.clock).by_descriptor())
        return found

    def _obpub_rounds(self):
        return rounds_of_publisher(self._recorder.posts, self._events.events, self.obpub.keys, self.clock).by_descriptor()

    # What happens.

    def now(self):
        return self.clock.read()

    def say(self, what):
        step(f'{time.strftime("%H:%M:%S", time.gmtime(self.now()))} by the network\'s clock: {what}')

    def pass_time(self, seconds):
        """Let so many seconds pass on the network's clock."""
        time.sleep(self.clock.seconds(seconds))

    @contextlib.contextmanager
    def happening(self, what):
        """Around what makes something happen: says so, waits for what comes of it, and notes when that was."""
        began = self.now()
        yield
        self.say(what)
        self.pass_time(SETTLED)
        self.happened[what] = began, self.now()

    def change_ring(self, is_in):
        """Have the authorities make the relay an HSDir, or not; returns when all tors know."""
        chosen = [f'${relay.fingerprint}' for relay in self.net.relays if is_in or relay is not self.relay]
        for authority in self._authorities:
            with authority.controller() as controller:
                controller.set_options({'TestingDirAuthVoteHSDir': ','.join(chosen),
                                        'TestingDirAuthVoteHSDirIsStrict': '1'})
        began = self.now()
        watched = [self.publisher, *self._plain]

        def all_know():
            return all((self.relay.fingerprint in hsdir_fingerprints(tor.info(CONSENSUS))) == is_in for tor in watched)

        wait_for(all_know, CONSENSUS_PATIENCE * self.clock.seconds(self.times.voting_interval), 'the ring to change',
                 every=0.1)
        self.ring_changes.append((began, is_in))

    def change_points(self):
        """Have the plain services and the backend each make one introduction point more."""
        for service in (*self._plain, self._backend):
            service.torrc.append('HiddenServiceNumIntroductionPoints 4')
            service.reload()

    def forge(self):
        """Put descriptors with a counter above all others at the relay, under the keys of the poisoned addresses."""
        first = self.times.first_period
        with self.net.client.events('HS_DESC') as stream:
            for key in self.poisoned:
                for period in (first, first + 1):
                    maker = Maker(Keypair(*curve.expand(key.seed)), period, self.times.period_length, int(self.now()))
                    maker.counter = FORGED
                    since = len(stream.events)
                    stream.ask(f'HSPOST SERVER={self.relay.fingerprint} HSADDRESS={key.address}\n{maker.text()}')
                    stream.wait(lambda event, key=key: event.action == 'UPLOADED' and event.address == key.address, 30,
                                'the relay to take a forged descriptor', since)

    # What is there then.

    def look(self, side):
        """Ask HSDirs for the descriptors of one side that clients use now: they have to have what they were given last, each
        another text. Returns how many there were."""
        count = 0
        slot = clients_slot(self.net)
        for (address, blinded), ring in side.rings.items():
            if ring.slot != slot:
                continue
            asked = self.now()
            texts = ask_hsdirs(self.net.client, address, sorted(ring.with_relay))
            rounds = side.rounds()[address, blinded]
            for hsdir, text in texts.items():
                _check_held(text, hsdir, rounds, asked)
            assert len(set(texts.values())) == len(texts), 'two HSDirs have the same text'
            count += len(texts)
        return count


def _check_held(text, hsdir, rounds, asked):
    # Whether an HSDir has the last of these rounds that it took before it was asked, or a later one, or the forged one.
    counter = int(re.search(r'^revision-counter (\d+)$', text, re.M)[1])
    taken = [one.counter for one in rounds for upload in one.uploads
             if upload.hsdir == hsdir and upload.answer in (TAKEN, HAD) and upload.answered < asked]
    sent = [one.counter for one in rounds if hsdir in one.hsdirs]
    assert counter == FORGED or counter in sent and counter >= max(taken, default=0), (counter, taken, sent)


class _RingFiles:
    """Works out the rings of any address from a consensus, as it is and without that relay, by the tool hsdir_ring."""

    def __init__(self, net, consensus, relay):
        self._files = [net.path(f'ring.{name}') for name in ('with', 'without', 'microdescriptors')]
        for path, text in zip(self._files, (consensus, without_hsdir(consensus, relay), net.client.info('md/all'))):
            write_file(path, text.strip('\n') + '\n')

    def of(self, address):
        """{blinded key: Ring} of both descriptors of an address."""
        hsdirs = defaultdict(set)
        slots = {}
        for consensus in self._files[:2]:
            result = run([os.path.join(os.environ['OBPUB_BUILD'], 'tests', 'hsdir_ring'), consensus, self._files[2], address])
            assert result.returncode == 0, result.stderr
            for line in result.stdout.splitlines():
                slot, blinded, fingerprint, _ = line.split()
                slots[blinded] = slot
                hsdirs[blinded, consensus].add(fingerprint.upper())
        return {blinded: Ring(slot, *(hsdirs[blinded, consensus] for consensus in self._files[:2]))
                for blinded, slot in slots.items()}


def without_hsdir(consensus, fingerprint):
    """A consensus in which that relay is no HSDir."""
    def change(entry):
        return entry[0].replace(' HSDir', '') if hsdir_fingerprints(entry[0]) == [fingerprint] else entry[0]
    return re.sub(r'^r .*?^s [^\n]*', change, consensus, flags=re.M | re.S)
