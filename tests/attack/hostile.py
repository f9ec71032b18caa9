# A stand-in for a backend's tor, made to lie: it speaks as much of the control protocol as it takes to be believed, and
# then does what no tor does. hostile.py LIE SOCKET SEED PERIOD_LENGTH OFFSET: which lie of those below, the unix socket
# to listen on, its service's seed in hexadecimal, and the length and offset of the network's time periods in minutes.
# It ends with its standard input. In SOCKET.log it keeps a line for each time that it was connected to, or asked for its
# descriptor: the word and when (monotonic seconds).

import base64
import contextlib
import hashlib
import os
import random
import socket
import sys
import threading
import time
from dataclasses import dataclass
from typing import Callable, Tuple

import curve
from descriptor import Keypair, Maker, Point
from forgeries import FORGERIES

EVENTS_PER_PIECE = 1000
HSDIR = '$' + 40 * 'A' + '~hsdir'
STARTED = time.monotonic()


class Backend:
    """What a lie has at hand: the service's key, the time period that is running, and how to answer."""

    def __init__(self, seed, period_length, offset, log=os.devnull):
        self.log = log
        self.master = Keypair(*curve.expand(seed))
        self.address = address_of(self.master.public)
        self.period_length, self.offset = period_length, offset
        self.uptime = 1  # so that HSDirs are not asked about it
        self.points = [Point() for _ in range(3)]
        self.asked = 0  # for its descriptor

    def note(self, word):
        """Keeps when something happened."""
        with open(self.log, 'a', encoding='ascii') as log:
            log.write(f'{word} {time.monotonic()}\n')

    def maker(self):
        """The Maker of an honest descriptor."""
        now = int(time.time())
        period = (now // 60 - self.offset) // self.period_length
        maker = Maker(self.master, period, self.period_length, now, points=0)
        maker.points = list(self.points)
        return maker

    def answer(self, text):
        """The reply to GETINFO of a descriptor."""
        data = text.rstrip('\n').replace('\n', '\r\n')
        return f'250+hs/service/desc/id/{self.address}=\r\n{data}\r\n.\r\n250 OK\r\n'.encode()

    def uploading(self):
        """An event that says it uploads its descriptor, so that it is asked for it."""
        return (f'650 HS_DESC UPLOAD {self.address} UNKNOWN {HSDIR} {base64.b64encode(bytes(32)).decode()} '
                f'HSDIR_INDEX={64 * "0"}\r\n').encode()

    def uploaded(self):
        """Events that say it has uploaded its descriptor."""
        return self.uploading() + f'650 HS_DESC UPLOADED {self.address} UNKNOWN {HSDIR}\r\n'.encode()


def address_of(public):
    checksum = hashlib.sha3_256(b'.onion checksum' + public + b'\x03').digest()[:2]
    return base64.b32encode(public + checksum + b'\x03').decode().lower()


# -- lies: each answers the question for the descriptor ------------------------------------------------------------

def honest(backend, connection):
    connection.sendall(backend.answer(backend.maker().text()))


def forged(name):
    """Answers with one of the forgeries."""
    forgery = next(forgery for forgery in FORGERIES if forgery.name == name)

    def answer(backend, connection):
        maker = backend.maker()
        if not maker.points or len(maker.points) < 2:
            maker.points = [Point() for _ in range(3)]
        forgery.change(maker, backend.master)
        connection.sendall(backend.answer(maker.text()))
    return answer


def expired(backend, connection):
    """A descriptor of three days ago."""
    maker = backend.maker()
    maker.expires -= 72
    maker.certificate.expires = maker.expires
    connection.sendall(backend.answer(maker.text()))


def replayed(backend, connection):
    """First what is new; from then on what was before it, with other points, and announced as new."""
    maker = backend.maker()
    if backend.asked > 1:
        maker.counter -= 1000 + backend.asked
        maker.points = [Point() for _ in range(3)]
    connection.sendall(backend.answer(maker.text()))
    time.sleep(1)
    connection.sendall(backend.uploaded())


def wolf(backend, connection):
    """A bad descriptor, and announcements of new ones without end."""
    forged('signing key certified by a foreign key')(backend, connection)
    if backend.asked == 1:
        threading.Thread(target=announce, args=(backend, connection), daemon=True).start()


def announce(backend, connection, seconds=0.05):
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(backend.uploading())
            time.sleep(seconds)


def ten_thousand_points(backend, connection):
    maker = backend.maker()
    point = backend.points[0].text(maker.signing, maker.expires)
    maker.edit['inner'] = lambda text: text + 10000 * point
    connection.sendall(backend.answer(maker.text()))


def twenty_points(backend, connection):
    """As many as there may be, at 20 relays that are not there: it wants all clients for itself."""
    if len(backend.points) < 20:
        backend.points = [Point() for _ in range(20)]
    honest(backend, connection)


def one_relay(backend, connection):
    """20 points with keys of their own, all of them at one relay."""
    if len(backend.points) < 20:
        relay = os.urandom(20)
        backend.points = [Point(relay) for _ in range(20)]
    honest(backend, connection)


def two_identities(backend, connection):
    """Points that visitors' tors fail at: each with a second RSA identity."""
    maker = backend.maker()
    maker.points = [Point() for _ in range(3)]
    for point in maker.points:
        point.links = b'\3' + point.links[1:] + b'\2\x14' + os.urandom(20)
    connection.sendall(backend.answer(maker.text()))


def gigabyte(backend, connection):
    connection.sendall(f'250+hs/service/desc/id/{backend.address}=\r\n'.encode())
    line = b'x' * 62 + b'\r\n'
    for _ in range(2 ** 30 // len(line) // 4096):
        connection.sendall(line * 4096)


def long_line(backend, connection):
    for _ in range(1024):
        connection.sendall(b'2' * 2 ** 20)


def endless(backend, connection):
    """A reply that goes on and on, slowly enough to stay short."""
    connection.sendall(f'250+hs/service/desc/id/{backend.address}=\r\n'.encode())
    while True:
        connection.sendall(b'hs-descriptor 3\r\n')
        time.sleep(0.05)


def byte_a_second(backend, connection):
    for byte in backend.answer(backend.maker().text()):
        connection.sendall(bytes([byte]))
        time.sleep(1)


def silent(backend, connection):
    time.sleep(3600)


def flood(backend, connection):
    """An honest answer, then events: 100,000 a second, or as many as are taken."""
    honest(backend, connection)
    piece = backend.uploaded() * (EVENTS_PER_PIECE // 2)
    began, pieces = time.monotonic(), 0
    while True:
        connection.sendall(piece)
        pieces += 1
        time.sleep(max(0, began + pieces * EVENTS_PER_PIECE / 100000 - time.monotonic()))


def unasked(backend, connection):
    """Answers nobody asked for."""
    honest(backend, connection)
    connection.sendall(b'250 OK\r\n' * 1000)


def cut_short(backend, connection):
    answer = backend.answer(backend.maker().text())
    connection.sendall(answer[:random.randrange(len(answer) - 20)])
    connection.shutdown(socket.SHUT_RDWR)


def garbage(backend, connection):
    connection.sendall(os.urandom(100000))


def rude(backend, connection):
    """A refusal that would do something to a terminal or a log."""
    connection.sendall('552 \x1b]0;owned\x07\x1b[2J \u202e <3>priority {"json": "}'.encode() + b'\xff\xfe\r\n')


@dataclass
class Lie:
    """answer(backend, connection) answers the question for the descriptor. words: in the reason that obpub then gives
    for having it out, or None where nothing can be said against it: it is one of the backends, with its share.
    is_rough: no tor ever sends such, so that it is out at once, and not let in again soon."""
    answer: Callable
    words: Tuple[str, ...]
    is_rough: bool = False


LIES = {
    'another-service': Lie(forged('of another service'), ('not a descriptor of this service',)),
    'foreign-blinded-key': Lie(forged("under a blinded key of the forger's"), ('not a descriptor of this service',)),
    'foreign-certificate': Lie(forged('signing key certified by a foreign key'), ('bad signature',)),
    'foreign-signature': Lie(forged('signed by a foreign key'), ('its signature is bad',)),
    'foreign-points': Lie(forged('points of another descriptor'), ('signed by another key',)),
    'expired': Lie(expired, ('has expired',)),
    'past': Lie(forged('of the time period before the last'), ('time period',)),
    'replayed': Lie(replayed, ('older descriptor than it had',)),
    'wolf': Lie(wolf, ('bad signature',)),
    'ten-thousand-points': Lie(ten_thousand_points, ('longer than',), is_rough=True),
    'many-points': Lie(forged('21 introduction points'), ('more than 20 introduction points',)),
    'same-point': Lie(forged('the same point 20 times'), ('is the same as introduction point',)),
    'low-order': Lie(forged('enc key zero'), ('of low order',)),
    'not-canonical': Lie(forged('enc key not reduced'), ('not canonical',)),
    'small-order-auth-key': Lie(forged('auth key of small order'), ('no Ed25519 key',)),
    'lasting': Lie(forged('outer certificate for ever'), ('no tor makes such',)),
    'lasting-points': Lie(forged('auth certificate for ever'), ('no tor makes such',)),
    'two-identities': Lie(two_identities, ('no tor makes', 'two RSA identities')),
    'gigabyte': Lie(gigabyte, ('longer than',), is_rough=True),
    'long-line': Lie(long_line, ('a line is longer than',), is_rough=True),
    'endless': Lie(endless, ('no whole reply to GETINFO',)),
    'byte-a-second': Lie(byte_a_second, ('no whole reply to GETINFO',)),
    'silent': Lie(silent, ('no whole reply to GETINFO',)),
    'flood': Lie(flood, ('events came within', 'no tor sends so many'), is_rough=True),
    'unasked': Lie(unasked, ('no command had asked for',), is_rough=True),
    'cut-short': Lie(cut_short, ('in the middle of a reply',)),
    'garbage': Lie(garbage, ("this is not tor's control protocol",), is_rough=True),
    'rude': Lie(rude, ('its tor has no descriptor',)),
    'twenty-points': Lie(twenty_points, None),
    'one-relay': Lie(one_relay, None),
}


# -- the control protocol ------------------------------------------------------------------------------------------

def talk(backend, lie, connection):
    """One conversation."""
    for line in connection.makefile('r', newline='\r\n'):
        command = line.rstrip('\r\n')
        if command.startswith('PROTOCOLINFO'):
            connection.sendall(b'250-PROTOCOLINFO 1\r\n250-AUTH METHODS=NULL\r\n250 OK\r\n')
        elif command.startswith('GETINFO uptime'):
            uptime = backend.uptime + int(time.monotonic() - STARTED)
            connection.sendall(f'250-uptime={uptime}\r\n250 OK\r\n'.encode())
        elif command.startswith('GETINFO hs/service/desc/id/'):
            backend.asked += 1
            backend.note('asked')
            lie.answer(backend, connection)
        elif command.startswith('HSFETCH'):
            connection.sendall(b'552 Invalid argument\r\n')
        else:
            connection.sendall(b'250 OK\r\n')


def serve_one(backend, lie, connection):
    with connection:
        try:
            talk(backend, lie, connection)
        except (OSError, ValueError):
            pass


def serve(listener, backend, lie):
    while True:
        connection, _ = listener.accept()
        backend.note('connected')
        threading.Thread(target=serve_one, args=(backend, lie, connection), daemon=True).start()


def main(lie, path, seed, period_length, offset):
    backend = Backend(bytes.fromhex(seed), int(period_length), int(offset), path + '.log')
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    threading.Thread(target=serve, args=(listener, backend, LIES[lie]), daemon=True).start()
    sys.stdin.read()


if __name__ == '__main__':
    main(*sys.argv[1:])
