# Backends whose descriptors are good, and whose introduction points are not: such as no tor makes, at which visitors
# would lose their time, and such as take relays, or keys, from another backend. Each row of LIES makes the points of one,
# from what it knows: the relays of the consensus, and the points of an honest backend, which everybody can read who
# knows the frontend. serve() answers for it as its tor would.

import base64
import hashlib
import os
import re
import socket
import threading
from dataclasses import dataclass, replace
from typing import Callable, Optional, Tuple

import hostile
from descriptor import Point

IPV4, IPV6, RSA, ED25519 = range(4)  # types of link specifiers


@dataclass
class Relay:
    """What a consensus and its microdescriptors say of a relay."""
    rsa: bytes
    ed25519: bytes
    address: Tuple[int, ...]
    port: int
    onion_key: Optional[bytes] = None

    def links(self):
        """As tor names it."""
        return pack((IPV4, place(self.address, self.port)), (RSA, self.rsa), (ED25519, self.ed25519))


def read_relays(consensus, microdescriptors):
    """All relays of a consensus that have a microdescriptor."""
    known = {}
    for entry in re.split(r'^(?=onion-key$)', microdescriptors, flags=re.M)[1:]:
        known[base64.b64encode(hashlib.sha256(entry.encode()).digest()).decode().rstrip('=')] = entry
    relays = []
    for entry in re.split(r'^(?=r )', consensus, flags=re.M)[1:]:
        words, digest = entry.split(), re.search(r'^m (\S+)$', entry, re.M)[1]
        if digest in known:
            ed25519, onion_key = (base64.b64decode(re.search(rf'^{keyword} ([^\s=]+)=*$', known[digest], re.M)[1] + '=')
                                  for keyword in ('id ed25519', 'ntor-onion-key'))
            address = tuple(int(byte) for byte in words[5].split('.'))
            relays.append(Relay(base64.b64decode(words[2] + '='), ed25519, address, int(words[6]), onion_key))
    return relays


def unknown_relay():
    return Relay(os.urandom(20), os.urandom(32), (192, 0, 2, 7), 9001)


def place(address, port):
    return bytes(address) + port.to_bytes(2, 'big')


def pack(*specifiers):
    """Link specifiers, each a type and its bytes."""
    return bytes([len(specifiers)]) + b''.join(bytes([kind, len(content)]) + content for kind, content in specifiers)


def at(links, like=None):
    """A point with these link specifiers; with the keys of another one, if that is given."""
    point = Point()
    point.links = links
    if like is not None:
        point.onion_key, point.auth_key, point.enc_key = like.onion_key, like.auth_key, like.enc_key
    return point


def specifiers(change):
    """Three points whose link specifiers are those of an unknown relay, changed."""
    def make(relays, honest):
        points = []
        for _ in range(3):
            relay = unknown_relay()
            own = {IPV4: place(relay.address, relay.port), RSA: relay.rsa, ED25519: relay.ed25519}
            points.append(at(pack(*change(list(own.items())))))
        return points
    return make


def more(kind, size):
    return specifiers(lambda own: own + [(kind, os.urandom(size))])


def without(kind):
    return specifiers(lambda own: [each for each in own if each[0] != kind])


def placed(*address, port=9001):
    return lambda relays, honest: [at(replace(unknown_relay(), address=address, port=port).links()) for _ in range(3)]


def placed_ipv6(address):
    return specifiers(lambda own: own + [(IPV6, bytes.fromhex(address) + b'\x23\x29')])


def of_two_relays(relays, honest):
    return [at(replace(relays[number], ed25519=relays[number + 1].ed25519).links()) for number in range(3)]


def of_half_a_relay(relays, honest):
    """An Ed25519 identity of the consensus with an RSA identity that it does not have."""
    return [at(replace(relays[number], rsa=os.urandom(20)).links()) for number in range(3)]


def one_of_three(relays, honest):
    return [Point(), *more(RSA, 20)(relays, honest)[:2]]


def elsewhere(relays, honest):
    """The relays' own RSA identities, at other addresses and without their Ed25519 identities."""
    return [at(pack((IPV6, bytes.fromhex('20010db8' + 24 * '0') + b'\x23\x29'), (RSA, relay.rsa),
                    (IPV4, place((192, 0, 2, 66), 443)))) for relay in relays[-3:]]


def strange(relays, honest):
    """With specifiers of types that nobody knows."""
    return [at(pack((240, os.urandom(9)), (RSA, os.urandom(20)), (241, b''), (IPV4, place((192, 0, 2, 9), 443))))
            for _ in range(3)]


def relays_of_others(relays, honest):
    return [at(point.links) for point in honest]


def keys_of_others(relays, honest):
    return [at(unknown_relay().links(), like=point) for point in honest]


def points_of_others(relays, honest):
    return [at(point.links, like=point) for point in honest]


@dataclass
class Lie:
    """make(relays, honest) makes the points. fault: what is said of those that are left out, or None where there are
    none. taken: of how many of its points may be published. lack: why none is, though it is live."""
    make: Callable
    fault: Optional[str] = None
    taken: int = 0
    lack: Optional[str] = None


NO_RELAY = 'an address where no relay can be'
FIRST = 'other backends were first at its relays'
LIES = {
    'two-rsa': Lie(more(RSA, 20), 'two RSA identities'),
    'two-ed25519': Lie(more(ED25519, 32), 'two Ed25519 identities'),
    'two-ipv4': Lie(more(IPV4, 6), 'two IPv4 addresses'),
    'two-ipv6': Lie(specifiers(lambda own: own + 2 * [(IPV6, os.urandom(18))]), 'two IPv6 addresses'),
    'no-rsa': Lie(without(RSA), 'no RSA identity'),
    'no-ipv4': Lie(without(IPV4), 'no IPv4 address'),
    'loopback': Lie(placed(127, 0, 0, 1), NO_RELAY),
    'private': Lie(placed(192, 168, 1, 1), NO_RELAY),
    'nowhere': Lie(placed(0, 0, 0, 0), NO_RELAY),
    'multicast': Lie(placed(224, 0, 0, 1), NO_RELAY),
    'no-port': Lie(placed(192, 0, 2, 1, port=0), NO_RELAY),
    'loopback-ipv6': Lie(placed_ipv6(31 * '0' + '1'), NO_RELAY),
    'two-relays': Lie(of_two_relays, 'identities of two relays'),
    'half-a-relay': Lie(of_half_a_relay, 'identities of two relays'),
    'one-of-three': Lie(one_of_three, 'two RSA identities', taken=1),
    'elsewhere': Lie(elsewhere, taken=3),
    'strange': Lie(strange, taken=3),
    'relays-of-others': Lie(relays_of_others, lack=FIRST),
    'keys-of-others': Lie(keys_of_others, lack=FIRST),
    'points-of-others': Lie(points_of_others, lack=FIRST),
}


def serve(path, points, times):
    """Listens on a unix socket as the tor of a service with these points, and tells its address. times: the length and
    offset of the network's time periods in minutes."""
    backend = hostile.Backend(os.urandom(32), *times)
    backend.points = points
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    threading.Thread(target=hostile.serve, args=(listener, backend, hostile.Lie(hostile.honest, None)),
                     daemon=True).start()
    return backend.address
