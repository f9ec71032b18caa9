# Brings a private Tor network up, keeps it running, and takes it down: the work of `testnet.py serve`.

import json
import os
import subprocess
import sys
import time

from .clock import Clock, FastClock
from .process import HarnessError, free_port, private_folder, process_runs, run, spawn, write_file
from .tor import Tor, describe

AUTHORITIES = 3
RELAYS = 9  # besides the authorities, which are relays too

# On a network whose clock is fast: so many seconds of the machine are between the start of the first tor and the first vote,
# and so many does a tor wait for a circuit, a stream or a directory, where it would not wait so long for so many others.
LEAD = 25
PATIENCE = 10

DAY = 86400
LONGEST_DELAY = 180  # seconds that votes or signatures are waited for

# What all relays are said to carry, in kB/s, if they are to weigh the same.
BANDWIDTH = 1000

# Relays keep what is new in each consensus since every one before, packed in each way that tor knows, which is much work where
# there is one every ten seconds: so they do it for the last few only, and have memory for it in large pages.
RELAY_TORRC = ['MaxConsensusAgeForDiffs 1 minute']
RELAY_ENVIRONMENT = {'GLIBC_TUNABLES': 'glibc.malloc.hugetlb=1'}

# In every torrc: a network where everybody may be everything, and small, quiet daemons.
COMMON = '''
TestingTorNetwork 1
PathsNeededToBuildCircuits 0.67
TestingDirAuthVoteExit *
TestingDirAuthVoteHSDir *
TestingDirAuthVoteGuard *
TestingMinExitFlagThreshold 0
V3AuthNIntervalsValid 2
ShutdownWaitLength 0
NumCPUs 1
AvoidDiskWrites 1
SafeLogging 0
LogTimeGranularity 1
Log notice stdout
'''.split('\n')[1:-1]


class Bootstrap:
    """The tors of a network under one folder. Use as a context manager: they end when it does."""

    def __init__(self, folder, interval=10, keep=False, authority_torrc=(), relays=RELAYS, equal=False,
                 speed=1):
        # tor counts time periods in whole minutes, so half a day has to be whole minutes too.
        if interval < 10 or interval % 5 or 1800 % interval:
            raise HarnessError(f'voting interval {interval} s: has to be 10, 15, 20, 25, 30, 45, 50, 60, ...')
        self.folder = folder
        self.interval = interval
        self.keep = keep
        self.authority_torrc = authority_torrc
        self.relays = relays
        self.equal = equal
        self.tors = []
        self.delay = min(max(2, interval // 5), LONGEST_DELAY)
        self.clock = Clock() if speed == 1 else FastClock(self._first_moment(speed), speed)
        self.common = COMMON + (fast_torrc(speed) if speed != 1 else [])
        self._status = None
        self._began = time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for tor in self.tors:
            tor.kill()
        self.clock.close()
        if os.path.exists(self._description_file()):
            os.unlink(self._description_file())
            write_file(os.path.join(self.folder, 'failed'), 'it has ended')

    def bring_up(self, timeout=300):
        """Start everything; returns when clients can use it, and network.json says so."""
        self._deadline = self._began + timeout
        self._say('making the keys of the directory authorities')
        self._make_authorities()
        for number in range(1, self.relays + 1):
            self._add_relay(f'relay{number}', [])
        if self.equal:
            self._measure_relays()
        authorities = self.tors[:AUTHORITIES]
        self._wait_for(authorities, 'the directory authorities to agree on a consensus with all relays in it')
        if self.clock.speed != 1:
            # On such a network a client gives up for an hour when relays don't have it; and these ask at long intervals,
            # unless they begin anew.
            for tor in self.tors[AUTHORITIES:]:
                tor.reload()
            self._wait_for(self.tors, 'the relays to have the consensus', progress=0)
        # Only now, since a client that asks in vain takes longer and longer pauses between its questions. The
        # relays have that trouble, but do their part without a consensus too, so nobody waits for them.
        client = Tor('client', self._folder('client'), self.common, socks=True, clock=self.clock)
        self._add(client)
        self._wait_for([client], 'the first client')
        self._write_description()
        self._say('ready')

    def keep_up(self):
        """Start again whatever ends, except what a living test wants to be down; never returns."""
        while True:
            for tor in self.tors:
                if tor.alive() or self._wanted_down(tor):
                    continue
                tor.start()
                if os.path.exists(self._down_file(tor)):
                    os.unlink(self._down_file(tor))
                else:
                    print(f'testnet: {tor.name} ended by itself and is started again; its log ends:\n'
                          + tor.log_tail(5), file=sys.stderr, flush=True)
            time.sleep(0.1)

    def _first_moment(self, speed):
        # Of a clock that is so fast: so that the first consensus is the second of its day, and nothing rotates for long. Not
        # before the machine's time, at which the authorities' keys are made.
        midnight = (int(time.time()) // DAY + 2) * DAY
        return midnight + self.interval - 2 * self.delay - LEAD * speed

    # Putting the tors together.

    def _folder(self, name):
        return os.path.join(self.folder, name)

    def _add(self, tor):
        tor.start()
        self.tors.append(tor)

    def _add_relay(self, name, extra, or_port=None):
        self._add(Tor(name, self._folder(name), [
            *self.common, f'OrPort 127.0.0.1:{or_port or free_port()} IPv4Only', 'Address 127.0.0.1',
            'AssumeReachable 1', 'ContactInfo none', *RELAY_TORRC, *extra], clock=self.clock, environment=RELAY_ENVIRONMENT))

    def _make_authorities(self):
        # The authorities have to know one another before any starts, so keys and ports come first.
        voting = []
        for prefix in ('V3Auth', 'TestingV3AuthInitial'):
            voting += [f'{prefix}VotingInterval {self.interval}', f'{prefix}VoteDelay {self.delay}',
                       f'{prefix}DistDelay {self.delay}']
        made = make_authority_keys([self._folder(f'auth{number}') for number in range(1, AUTHORITIES + 1)])
        self.common += [authority['line'] for authority in made]
        for authority in made:
            self._add_relay(authority['name'], [
                'AuthoritativeDirectory 1', 'V3AuthoritativeDirectory 1', *voting, *self._equal_torrc(),
                *self.authority_torrc,
                f'DirPort 127.0.0.1:{authority["dir_port"]} IPv4Only'], authority['or_port'])

    # Relays that weigh the same when tors choose some. By themselves they weigh what they have carried so far: next to
    # nothing but for the authorities, which so are on most paths, and have most introduction points.

    def _equal_torrc(self):
        # Introduction points lie at stable relays only; if it went by uptime, half of them would be.
        return [f'V3BandwidthsFile {self._bandwidth_file()}',
                'AuthDirVoteStableGuaranteeMinUptime 0'] if self.equal else []

    def _measure_relays(self):
        # What bandwidth scanners tell authorities, who read it before each vote. Authorities themselves do not count as
        # measured, and then weigh 20 at most.
        lines = [str(int(time.time()))]
        for tor in self.tors:
            tor.wait_control(60)
            lines.append(f'node_id=${tor.info("fingerprint")} bw={BANDWIDTH}')
        write_file(self._bandwidth_file(), '\n'.join(lines) + '\n')

    def _bandwidth_file(self):
        return os.path.join(self.folder, 'bandwidths')

    # Waiting for it.

    def _say(self, status):
        # What is going on, for those who wait for the network.
        self._status = status
        write_file(os.path.join(self.folder, 'status'), status)

    def _wait_for(self, tors, what, progress=100):
        # Wait until these are at so many percent and each knows all relays.
        self._say(f'{len(self.tors)} tors run; waiting for {what}')
        while True:
            self._check_all_alive()
            missing = [tor for tor in tors
                       if tor.bootstrap_progress() < progress or not tor.knows_hsdirs(AUTHORITIES + self.relays)]
            if not missing:
                return
            if time.monotonic() > self._deadline:
                raise HarnessError(self._failure(missing))
            time.sleep(0.2)

    def _check_all_alive(self):
        for tor in self.tors:
            if not tor.alive():
                raise HarnessError(f'{tor.name} ended while the network started; its log ends:\n' + tor.log_tail())

    def _failure(self, missing):
        text = f'the network did not come up in time; {self._status}. Not there:\n'
        for tor in missing:
            text += f'--- {tor.name}, {tor.bootstrap_progress()}% bootstrapped; its log ends:\n{tor.log_tail(12)}'
        return text

    # Telling the tests.

    def _write_description(self):
        tors = []
        for tor in self.tors:
            role = tor.name.rstrip('0123456789')
            fingerprint = None if role == 'client' else tor.info('fingerprint')
            tors.append(describe(tor, role, fingerprint))
        description = {'folder': self.folder, 'interval': self.interval, 'torrc': self.common, 'tors': tors,
                       'keep': self.keep, 'clock': self.clock.describe(), 'seconds': round(time.monotonic() - self._began, 1)}
        write_file(self._description_file(), json.dumps(description, indent=1))

    def _description_file(self):
        return os.path.join(self.folder, 'network.json')

    def _down_file(self, tor):
        return os.path.join(tor.folder, 'down')

    def _wanted_down(self, tor):
        try:
            with open(self._down_file(tor)) as file:
                return process_runs(int(file.read()))
        except FileNotFoundError:
            return False


def fast_torrc(speed):
    """More lines for every torrc of a network whose clock is so fast."""
    patience = PATIENCE * speed
    return [f'CircuitBuildTimeout {patience}', 'LearnCircuitBuildTimeout 0', f'CircuitStreamTimeout {patience}',
            f'TestingDirConnectionMaxStall {patience}',
            # A new consensus as soon as there is one, so that nobody has to wait for the next hour.
            'FetchDirInfoEarly 1', 'FetchDirInfoExtraEarly 1']


def make_authority_keys(folders):
    """Make keys for the authorities in these folders; for each its name, ports and DirAuthority line."""
    authorities = []
    for folder in folders:
        authorities.append({'name': os.path.basename(folder), 'folder': folder, 'or_port': free_port(),
                            'dir_port': free_port()})
        authorities[-1]['process'] = _start_gencert(folder, authorities[-1]['dir_port'])
    for authority in authorities:
        if authority['process'].wait(150) != 0:
            raise HarnessError('tor-gencert failed:\n' + authority['process'].stdout.read())
        authority['line'] = _authority_line(authority)
    return authorities


def _start_gencert(folder, dir_port):
    # Keys of the authority as a voter; several are made at the same time, as each takes a moment.
    keys = os.path.join(folder, 'data', 'keys')
    private_folder(keys)
    process = spawn(['tor-gencert', '--create-identity-key', '--passphrase-fd', '0', '-m', '12',
                     '-a', f'127.0.0.1:{dir_port}', '-i', f'{keys}/authority_identity_key',
                     '-s', f'{keys}/authority_signing_key', '-c', f'{keys}/authority_certificate'],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    process.stdin.write('testing\n')
    process.stdin.close()
    return process


def _authority_line(authority):
    # The line by which every tor of the network knows an authority.
    data = os.path.join(authority['folder'], 'data')
    with open(os.path.join(data, 'keys', 'authority_certificate')) as file:
        identity = next(line.split()[1] for line in file if line.startswith('fingerprint '))
    empty = os.path.join(authority['folder'], 'empty')
    write_file(empty, '')
    listed = run(['tor', '--quiet', '--list-fingerprint', '--orport', '1', '--datadirectory', data, '-f', empty,
                  '--defaults-torrc', empty, '--nickname', authority['name']])
    if listed.returncode != 0:
        raise HarnessError('tor --list-fingerprint failed:\n' + listed.stdout + listed.stderr)
    fingerprint = ''.join(listed.stdout.split()[-10:])
    return (f'DirAuthority {authority["name"]} orport={authority["or_port"]} no-v2 v3ident={identity} '
            f'127.0.0.1:{authority["dir_port"]} {fingerprint}')
