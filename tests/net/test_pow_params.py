# The pow-params line of descriptors. What obpub reads of a stock tor's is what stands there, and what it writes is the same
# line, which python3-stem finds in its place. Stock tor's client is the judge of both: it takes what obpub encodes, and of
# lines that no tor writes obpub refuses all that make the client refuse the descriptor.

import os
import sys
import time

from harness.judge import Judged, pow_params
from harness.hsdirs import clients_slot, wait_quiet
from harness.process import TimedOut, run, write_file
from testnet import OnionKey, main, step

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'attack'))
import curve  # noqa: E402
from descriptor import Keypair, Maker  # noqa: E402

SECONDS_NEEDED = 20  # of a half of the day, for one descriptor
PATIENCE = 10  # seconds for an answer
TRIES = 4  # at handing one descriptor to an HSDir and having it from there
SEED = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8'  # the bytes 0 to 31
GOOD = f'v1 {SEED}= 10 2038-01-19T03:14:08'

# Arguments of pow-params lines that a descriptor has.
TAKEN = [
    [GOOD],
    [f'v1 {SEED} 10 2038-01-19T03:14:08'],
    [f'{GOOD} what may come'],
    ['v2', GOOD, 'v2 x', 'V1 y'],
    [f'v1 {SEED}= 4294967295 2038-01-19T03:14:08'],
    [f'v1 {SEED}= 0007 2038-01-19T03:14:08'],
    [f'v1 {SEED}= +7 2038-01-19T03:14:08'],
]
REFUSED = [
    [''],
    ['v1'],
    [f'v1 {SEED}= 10'],
    [GOOD, GOOD],
    ['v2 x', 'v1 y'],
    [f'v1 {SEED}A 10 2038-01-19T03:14:08'],
    [f'v1 {SEED[:-1]} 10 2038-01-19T03:14:08'],
    [f'v1 {SEED[:-1]}_ 10 2038-01-19T03:14:08'],
    [f'v1 {SEED}= 4294967296 2038-01-19T03:14:08'],
    [f'v1 {SEED}= -1 2038-01-19T03:14:08'],
    [f'v1 {SEED}= 0x7 2038-01-19T03:14:08'],
    [f'v1 {SEED}= 10 2038-01-19'],
    [f'v1 {SEED}= 10 2038-01-19t03:14:08'],
    [f'v1 {SEED}= 10 2038-13-19T03:14:08'],
    [f'v1 {SEED}= 10 1969-12-31T23:59:59'],
    [f'v1 {SEED}= 10 2038-01-19T24:14:08'],
    [f'v1 {SEED}= 10 2038-01-19T03:14:08Z'],
]
# Tor's client takes these, in which obpub is stricter: what none writes, and what is read differently elsewhere.
TAKEN_BY_TOR_ALONE = [
    [f'v1 {SEED[:-1]}9 10 2038-01-19T03:14:08'],  # bits behind the last byte
    [f'v1 {SEED}=x 10 2038-01-19T03:14:08'],
    [f'v1 {SEED}= -0 2038-01-19T03:14:08'],
    [f'v1 {SEED}= 10 2038-1-9T3:1:8'],
    [f'v1 {SEED}= 10 2038-02-30T03:14:08'],
    [f'v1 {SEED}= 10 2038-01-19T03:14:60'],
    [f'v1 {SEED}= 10 10000-01-19T03:14:08'],
]


class Place:
    """Where descriptors of the time period that clients use now are put, and had from: one HSDir, and a client."""

    def __init__(self, net):
        self.net, self.hsdir = net, net.relays[-1].fingerprint
        self.client = net.start_client()
        self.length = self.period = None

    def settle(self):
        """Have the time period be that which clients use for long enough: on a busy machine all this may take more than half
        a day."""
        wait_quiet(self.net, SECONDS_NEEDED)
        times = self.net.consensus_times()
        self.length = times.period_length
        self.period = times.first_period + (clients_slot(self.net) == 'second')

    def tool(self, name, address, *rest):
        """What a test tool says, given an address and this time period."""
        program = os.path.join(os.environ['OBPUB_BUILD'], 'tests', name)
        result = run([program, address, self.period, self.length, int(time.time()), *rest])
        assert result.returncode == 0, result.stderr
        return result.stdout

    def client_takes(self, address, text):
        """Whether the client takes a descriptor that the HSDir hands out. What came to nothing, as a circuit broke, is done
        again."""
        for _ in range(TRIES):
            with self.client.events('HS_DESC') as stream:
                try:
                    self._ask(stream, address, ('UPLOADED', 'FAILED'),
                              f'HSPOST SERVER={self.hsdir} HSADDRESS={address}\n{text.rstrip()}')
                    answer = self._ask(stream, address, ('RECEIVED', 'FAILED'), f'HSFETCH {address} SERVER=${self.hsdir}')
                except TimedOut as error:
                    answer = error
                    continue
            if answer.action == 'RECEIVED' or answer.reason == 'BAD_DESC':
                return answer.action == 'RECEIVED'
        raise AssertionError(f'in {TRIES} tries the client did not get to look at it: {answer}')

    def _ask(self, stream, address, actions, command):
        since = len(stream.events)
        stream.ask(command)
        return stream.wait(lambda event: event.action in actions and event.address == address, PATIENCE,
                           f'an answer to {command.split()[0]}', since)


def check_lines(place, rows, by_tor, by_obpub):
    """What tor's client and obpub say of descriptors with these lines."""
    path = place.net.path('descriptor')
    for lines in rows:
        place.settle()
        key = OnionKey()
        maker = Maker(Keypair(*curve.expand(key.seed)), place.period, place.length, int(time.time()))
        text = ''.join(f'pow-params {line}'.rstrip() + '\n' for line in lines)
        maker.edit['inner'] = lambda inner, text=text: inner.replace('introduction-point', text + 'introduction-point', 1)
        descriptor = maker.text()
        write_file(path, descriptor)
        verdict = place.tool('judge_descriptor', key.address, path)
        assert verdict.startswith('good ') == by_obpub, (lines, verdict)
        assert by_obpub or 'pow-params' in verdict, (lines, verdict)
        assert place.client_takes(key.address, descriptor) == by_tor, f'tor\'s client: {lines}'


def params_line(judged):
    """The line as it stands, with its place."""
    lines = judged.inner.split('\n')
    number = next(number for number, line in enumerate(lines) if line.startswith('pow-params '))
    return number, lines[number]


def check_stock_tor(place, service):
    """obpub reads a stock tor's params, and encodes them again with its points."""
    text = service.own_descriptor()
    tors = Judged(text, service.onion)
    write_file(place.net.path('own'), text)
    frontend = OnionKey()
    output = place.tool('encode_descriptor', service.address, place.net.path('own'), frontend.seed.hex())
    read, _, encoded = output.partition('\n')
    seed, effort, expires = pow_params(tors.inner)
    assert read == f'{seed.hex()} {effort} {expires}', (read, params_line(tors))
    assert 0 < expires - time.time() < 3 * 3600, 'that is no time at which tor\'s params expire'
    ours = Judged(encoded, frontend.onion)
    assert params_line(ours) == params_line(tors), (params_line(ours), params_line(tors))
    assert ours.points == tors.points and len(ours.inner) == len(tors.inner)
    step(f'"{params_line(ours)[1]}" is read, and written as tor does')
    assert place.client_takes(frontend.address, encoded), 'tor\'s client refuses what obpub has encoded'
    step('tor\'s client takes what obpub has encoded')


def test(net):
    service = net.start_service('solved', torrc=['HiddenServicePoWDefensesEnabled 1'])
    place = Place(net)
    place.settle()
    check_stock_tor(place, service)
    check_lines(place, TAKEN, by_tor=True, by_obpub=True)
    step(f'tor\'s client and obpub take {len(TAKEN)} descriptors')
    check_lines(place, REFUSED, by_tor=False, by_obpub=False)
    step(f'tor\'s client and obpub refuse {len(REFUSED)} descriptors')
    check_lines(place, TAKEN_BY_TOR_ALONE, by_tor=True, by_obpub=False)
    step(f'obpub refuses {len(TAKEN_BY_TOR_ALONE)} more, which no tor writes')


main(test)
