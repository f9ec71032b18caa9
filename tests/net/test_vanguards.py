# Visitors whose tors have Debian's add-on vanguards, at its own limit, and a slow line: a frontend whose descriptors are as
# long as those with 20 introduction points they do not reach, and one with `max-introduction-points: 8` they do. There are
# too few relays here for so many points, so the long ones have many authorised clients, too.

import os
import platform
import re
import secrets
import sys
from concurrent.futures import ThreadPoolExecutor

from harness.blocks import Reader
from harness.clients import base32, public_client_key
from harness.daemon import Daemon
from harness.obpub import instance
from harness.process import write_file
from harness.slow_line import SlowLine
from harness.vanguards import PROGRAM, Vanguards
from testnet import FetchFailed, main, make_frontend_key, run_obpub, step

PAGE = 'doc/vanguards.md'
POINTS = 12    # of each backend: as many as there are relays
FEW = 8
ENOUGH = 10    # points that with so many clients make the descriptor long
CLIENTS = 112  # of the frontend with the long descriptors
SHORT, LONG = 14107, 41187  # bytes of the descriptors
RATE = 4000    # bytes a second that the visitors' lines carry
PUBLISHED = 40  # seconds until all backends have their points, and the HSDirs
VISIT, TRIES = 40, 3  # seconds in which a page has to come over such a line, and how often it is asked for
NEEDED = 35    # seconds until the next rotation: the visitors' tors ask for no new consensus


class Visitor:
    """A client tor behind a line of its own, which is slow from slow_down() on; with the add-on or without. It has the key
    of a client of a frontend."""

    def __init__(self, net, name, frontend, key):
        self.line = SlowLine()
        folder = net.path(f'{name}.keys')
        os.mkdir(folder, 0o700)
        write_file(os.path.join(folder, 'frontend.auth_private'), f'{frontend.address}:descriptor:x25519:{base32(key)}\n')
        self.tor = net.start_tor(name, [self.line.torrc, f'ClientOnionAuthDir {folder}'], socks=True, wait=False)
        self.vanguards = None

    def slow_down(self):
        self.tor.ask('SETCONF FetchServerDescriptors=0')
        self.line.limit(RATE)


def visit(net, visitor, frontend):
    """The page, or None: asked for again where it does not come, as a person would."""
    for _ in range(TRIES):
        try:
            return net.fetch(visitor.tor, frontend.address, timeout=VISIT)
        except FetchFailed as error:
            step(f'{error}')
            if not visitor.tor.alive():
                return None
    return None


def wait_cut(net, visitor, frontend, events):
    """Wait until a visitor's tor asks a second HSDir, as the first one's answer was cut off."""
    def actions():
        return [event.action for event in events.events if event.address == frontend.address]
    net.wait_for(lambda: actions().count('REQUESTED') > 1 or 'RECEIVED' in actions(), VISIT, 'an answer to be cut off')
    assert 'RECEIVED' not in actions(), f'the visitor has the descriptor: {visitor.vanguards.log()}'
    net.wait_for(lambda: visitor.vanguards.count_cuts() > 0, 5, 'vanguards to say so')


def make_clients(folder):
    """A folder of authorised clients; returns the private key of one of them."""
    os.mkdir(folder, 0o700)
    keys = [secrets.token_bytes(32) for _ in range(CLIENTS)]
    for number, key in enumerate(keys):
        write_file(os.path.join(folder, f'client{number}.auth'), f'descriptor:x25519:{base32(public_client_key(key))}\n')
    return keys[0]


def publish(net, publisher, backends, keys, clients):
    """The two frontends, published."""
    instances = [instance(backend) for backend in backends]
    daemon = Daemon(net, publisher, [(keys[0], instances, f'authorized-clients: {clients}'),
                                     (keys[1], instances, f'max-introduction-points: {FEW}')])
    daemon.start().wait_published(frontends=2)
    text = run_obpub('--check', '-c', daemon.config).stdout
    assert f'at most {FEW} introduction points in a descriptor of up to' in text, text
    return daemon


def check_lengths(net, daemon, many, few):
    def has_enough():
        frontend = daemon.frontend(many.address)
        return frontend['introPointsNum'] >= ENOUGH and frontend['isPublished']
    net.wait_for(has_enough, PUBLISHED, f'{ENOUGH} introduction points', every=0.5)
    long, short = (net.fetch_descriptor(net.client, frontend.address) for frontend in (many, few))
    points = daemon.frontend(few.address)['introPointsNum']
    step(f'descriptors of {len(long)} bytes for {CLIENTS} clients, and of {len(short)} with {points} points')
    assert points == FEW and len(long) // 100 == LONG // 100 and len(short) // 100 == SHORT // 100
    assert daemon.frontend(few.address)['maxIntroductionPoints'] == FEW


def test(net):
    if platform.freedesktop_os_release()['VERSION_ID'] != '12':
        step('Debian has no package vanguards any more')
        sys.exit(77)
    assert os.path.exists(PROGRAM), 'vanguards is not installed'
    keys = [net.path(f'{name}.key') for name in ('many', 'few')]
    many, few = (make_frontend_key(key) for key in keys)
    publisher = net.start_tor('publisher', wait=False)
    clients = net.path('clients')
    client = make_clients(clients)
    visitors = [Visitor(net, name, many, client) for name in ('guardedfew', 'guardedmany', 'plainmany')]
    reader = Reader(__file__)
    backends = [net.start_service(f'backend{number}', [many.onion, few.onion],
                                  torrc=[f'HiddenServiceNumIntroductionPoints {POINTS}'], wait=False) for number in (1, 2, 3)]
    for tor in (publisher, *backends, *(visitor.tor for visitor in visitors)):
        tor.wait_bootstrapped()
    for backend in backends:
        backend.wait_published()
    # The publisher's tor has the add-on, too, with the page's lines: so it lets all uploads be.
    section, *lines = reader.take(PAGE, '[Bandguards]').strip().split('\n')
    assert section == '[Bandguards]', section
    at_publisher = Vanguards(net, publisher, lines)
    daemon = publish(net, publisher, backends, keys, clients)
    check_lengths(net, daemon, many, few)
    for visitor in visitors[:2]:
        visitor.vanguards = Vanguards(net, visitor.tor)
    if net.phase().seconds_left < NEEDED:
        net.wait_phase({'after-srv': 'after-time-period'}.get(net.phase().name, 'after-srv'), NEEDED)
    for visitor in visitors:
        visitor.slow_down()
    with ThreadPoolExecutor(3) as pool, visitors[1].tor.events('HS_DESC') as events:
        reached, plain = pool.submit(visit, net, visitors[0], few), pool.submit(visit, net, visitors[2], many)
        cut = pool.submit(visit, net, visitors[1], many)
        wait_cut(net, visitors[1], many, events)
        assert not cut.done()
        step('with vanguards and a long descriptor: ' + visitors[1].vanguards.log().splitlines()[-1])
        assert reached.result() and plain.result(), 'who should have the page has it not'
        visitors[1].tor.close()
    said = visitors[1].vanguards.log()
    for line in reader.take(PAGE, 'Circ 7').strip().split('\n'):
        assert re.search(re.sub(r'\d+', r'\\d+', re.escape(line)), said), f'{line}: {said}'
    step(f'with vanguards and {FEW} points: {reached.result()}; without it and with a long descriptor: {plain.result()}')
    assert visitors[0].vanguards.count_cuts() == 0, visitors[0].vanguards.log()
    assert at_publisher.count_cuts() == 0, at_publisher.log()
    reader.finish()
    for visitor in visitors:
        visitor.line.close()


main(test)
