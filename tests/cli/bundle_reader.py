"""Takes a bundle apart, by the layout that src/onion/bundle_encoding.c describes, and checks all of it with other
cryptography than obpub's own."""
import hashlib
import struct

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

HEADER = struct.Struct(">16sIIIQIIQII32s")
PERIOD = struct.Struct(">32s32s32sII")
MAGIC = b"obpub presigned\n"

FIELD = 2**255 - 19
D = -121665 * pow(121666, -1, FIELD) % FIELD
BASE_POINT_TEXT = (b"(15112221349535400772501151409588531511454012693041857206046113283949847762202, "
                   b"46316835694926478169428394003475163141307993866256225615783033603165251855960)")


def add(one, other):
    """The sum of two points of the curve (affine; slow and plain)."""
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2 % FIELD
    return ((x1 * y2 + x2 * y1) * pow(1 + product, -1, FIELD) % FIELD,
            (y1 * y2 + x1 * x2) * pow(1 - product, -1, FIELD) % FIELD)


def multiply(scalar, point):
    result = (0, 1)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def decode_point(encoded):
    y = int.from_bytes(encoded, "little") & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, FIELD) % FIELD
    x = pow(square, (FIELD + 3) // 8, FIELD)
    if x * x % FIELD != square:
        x = x * pow(2, (FIELD - 1) // 4, FIELD) % FIELD
    assert x * x % FIELD == square, "not a point"
    return (FIELD - x if x & 1 != encoded[31] >> 7 else x, y)


def encode_point(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def blinded_key(identity_key, number, length):
    """The blinded public key of a time period, rend-spec-v3 appendix A.2."""
    nonce = b"key-blind" + struct.pack(">QQ", number, length)
    digest = bytearray(hashlib.sha3_256(b"Derive temporary signing key\0" + identity_key + BASE_POINT_TEXT
                                        + nonce).digest())
    digest[0] &= 248
    digest[31] = digest[31] & 63 | 64
    return encode_point(multiply(int.from_bytes(digest, "little"), decode_point(identity_key)))


class Period:
    """One time period of a bundle."""

    def __init__(self, number, record):
        self.number = number
        self.blinded_key, self.seed, self.counter_key, self.first_hour, self.count = PERIOD.unpack(record)
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        self.signing_key = private.public_key().public_bytes(serialization.Encoding.Raw,
                                                             serialization.PublicFormat.Raw)
        self.signatures = []

    def certificates(self):
        """Its certificates, as tor would make them (cert-spec)."""
        for hour, signature in enumerate(self.signatures, self.first_hour):
            yield struct.pack(">BBIB32sBHBB32s", 1, 8, hour, 1, self.signing_key, 1, 32, 4, 0,
                              self.blinded_key) + signature

    def check_signatures(self):
        """Raises InvalidSignature unless each certificate is signed by the blinded key."""
        blinded = Ed25519PublicKey.from_public_bytes(self.blinded_key)
        for certificate in self.certificates():
            blinded.verify(certificate[-64:], certificate[:-64])


class Bundle:
    """A bundle whose layout, checksum, keys and signatures are good; an exception when they are not."""

    def __init__(self, data):
        (magic, version, self.voting_interval, self.period_length, self.created, self.first_hour, self.last_hour,
         first_period, periods, certificates, self.identity_key) = HEADER.unpack(data[:HEADER.size])
        assert (magic, version) == (MAGIC, 2), (magic, version)
        assert len(data) == HEADER.size + periods * PERIOD.size + certificates * 64 + 32, len(data)
        assert hashlib.sha3_256(data[:-32]).digest() == data[-32:], "checksum"
        place = HEADER.size
        self.periods = []
        for number in range(first_period, first_period + periods):
            self.periods.append(Period(number, data[place:place + PERIOD.size]))
            place += PERIOD.size
        for period in self.periods[::len(self.periods) // 10 + 1]:  # they take their time
            assert period.blinded_key == blinded_key(self.identity_key, period.number, self.period_length)
        for period in self.periods:
            for _ in range(period.count):
                period.signatures.append(data[place:place + 64])
                place += 64
            period.check_signatures()
        assert place == len(data) - 32, "certificates of no period"
