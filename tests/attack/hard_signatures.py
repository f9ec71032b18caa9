# Signatures at which verifiers of Ed25519 are known to differ, made by construction: S that is not reduced, keys and Rs of
# small order, of mixed order (a point of the group and one of small order in one) and of encodings that are not canonical.
# The kinds are those of "Taming the many EdDSAs" (Chalkias, Garillot and Nikolaenko, 2020, table 5) and of ZIP 215. What
# obpub says to each, and what tor does, follows from the rules below, each of which is a line.

import hashlib
from dataclasses import dataclass

import curve

# How many messages are tried until one has the challenge that is wanted; one in eight has.
TRIES = 400


@dataclass
class Case:
    kind: str
    public: bytes
    message: bytes
    signature: bytes

    def fits(self):
        """Whether R is the encoding of what the equation without a cofactor comes to, byte for byte."""
        try:
            key = curve.decode(self.public)
        except ValueError:
            return False
        challenge = curve.hash_to_scalar(self.signature[:32], self.public, self.message)
        scalar = int.from_bytes(self.signature[32:], 'little')
        found = curve.add(curve.multiply_base(scalar), curve.negate(curve.multiply(challenge, key)))
        return curve.encode(found) == self.signature[:32]

    def is_good_for_obpub(self):
        """obpub takes S below the order, canonical keys, and neither a key nor an R of small order."""
        return (int.from_bytes(self.signature[32:], 'little') < curve.ORDER and is_canonical(self.public)
                and not is_small(self.public) and not is_small(self.signature[:32]) and self.fits())

    def is_good_for_tor(self):
        """tor (0.4.9, ed25519-donna) takes S of 253 bits, and any bytes for a key that are a point in some way."""
        return int.from_bytes(self.signature[32:], 'little') < 2 ** 253 and self.fits()


def is_canonical(encoding):
    try:
        return curve.encode(curve.decode(encoding)) == encoding
    except ValueError:
        return False


def is_small(encoding):
    """Whether some point of small order is encoded so, in whatever way."""
    try:
        return curve.equal(curve.multiply(8, curve.decode(encoding)), curve.IDENTITY)
    except ValueError:
        return False


def _scalar(label):
    return curve.hash_to_scalar(b'hard signatures: ' + label.encode())


def _small_points():
    """The eight points of small order: multiples of one of order eight."""
    for number in range(100):
        try:
            point = curve.multiply(curve.ORDER, curve.decode(hashlib.sha256(b'small order %d' % number).digest()))
        except ValueError:
            continue
        if not curve.equal(curve.multiply(4, point), curve.IDENTITY):
            return [curve.multiply(multiple, point) for multiple in range(8)]
    raise AssertionError('no point of order eight')


SMALL = _small_points()


def small_encodings():
    """(encoding, multiple of SMALL[1]) of the fourteen ways to write one: eight canonical, and six of an y that is not
    reduced or of an x of zero with a sign."""
    found = [(curve.encode(point), multiple) for multiple, point in enumerate(SMALL)]
    others = [y | sign for y in (1, curve.P - 1, curve.P, curve.P + 1) for sign in (0, 2 ** 255)]
    for number in others:
        encoding = number.to_bytes(32, 'little')
        if encoding not in [each for each, _ in found]:
            point = curve.decode(encoding)
            found.append((encoding, next(i for i, small in enumerate(SMALL) if curve.equal(small, point))))
    assert len(found) == 14
    return found


def _sign(kind, message_of, secret, nonce, key_part=0, r_part=0, fits=True, more=0, public=None, commitment=None):
    """A signature by secret * BASE + SMALL[key_part] with the R nonce * BASE + SMALL[r_part], over the first message, by
    message_of(public, number), for which the parts of small order fit in the equation, or do not; None if there is none.
    more times the order is added to S; public and commitment are other encodings of the same points."""
    public = public or curve.encode(curve.add(curve.multiply_base(secret), SMALL[key_part]))
    commitment = commitment or curve.encode(curve.add(curve.multiply_base(nonce), SMALL[r_part]))
    for number in range(TRIES):
        message = message_of(public, number)
        challenge = curve.hash_to_scalar(commitment, public, message)
        if ((r_part + challenge * key_part) % 8 == 0) != fits:
            continue
        scalar = (nonce + challenge * secret) % curve.ORDER + more * curve.ORDER
        return Case(kind, public, message, commitment + scalar.to_bytes(32, 'little'))
    return None


def cases(message_of):
    """Those that can be made for messages of somebody's own, by message_of(public key, number)."""
    secret, nonce = _scalar('secret'), _scalar('nonce')
    made = [_sign('plain', message_of, secret, nonce)]
    made += [_sign('unreduced-s', message_of, secret, nonce, more=more) for more in range(1, 15)]
    for key_part in range(8):
        for r_part in range(8):
            if key_part or r_part:
                kind = 'mixed-order-' + ('key-and-r' if key_part and r_part else 'key' if key_part else 'r')
                made.append(_sign(kind, message_of, secret, nonce, key_part, r_part))
                made.append(_sign(f'{kind}-cofactor', message_of, secret, nonce, key_part, r_part, fits=False))
    for encoding, part in small_encodings():
        kind = 'small-order' if is_canonical(encoding) else 'non-canonical'
        for other in range(8):
            made.append(_sign(f'{kind}-key', message_of, 0, nonce, part, other, public=encoding))
        for other in range(8):
            made.append(_sign(f'{kind}-r', message_of, secret, 0, other, part, commitment=encoding))
        made.append(_sign(f'{kind}-key-cofactor', message_of, 0, nonce, part, 3, fits=False, public=encoding))
        made.append(_sign(f'{kind}-r-cofactor', message_of, secret, 0, 3, part, fits=False, commitment=encoding))
    return [case for case in made if case]


def zip215_cases():
    """The matrix of ZIP 215's tests: each way to write a key of small order, with each to write an R, S zero."""
    return [Case('zip215', public, b'Zcash', commitment + bytes(32))
            for public, _ in small_encodings() for commitment, _ in small_encodings()]


def edge_cases():
    """What has no reason to be good: keys that are no points, and R and S at the edges of what they can be."""
    public = curve.public_of(_scalar('secret'))
    numbers = (0, 1, 2, curve.ORDER - 1, curve.ORDER, curve.ORDER + 1, 2 ** 252, 2 ** 253 - 1, 2 ** 253, 2 ** 255 - 1,
               curve.P - 1, curve.P, curve.P + 1, 2 ** 255, 2 ** 256 - 1)
    edges = [number.to_bytes(32, 'little') for number in numbers]
    made = [Case('edge', public, b'obpub', commitment + scalar) for commitment in edges[::3] for scalar in edges]
    good = _sign('edge', lambda public, number: b'obpub', _scalar('secret'), _scalar('nonce'))
    made += [Case('edge', key, b'obpub', good.signature) for key in edges + [b'\2' + bytes(31)]]
    made += [Case('edge', good.public[:31] + bytes([good.public[31] ^ 0x80]), b'obpub', good.signature),
             Case('edge', good.public, b'obpub', good.signature[:31] + bytes([good.signature[31] ^ 0x80])
                  + good.signature[32:])]
    return made
