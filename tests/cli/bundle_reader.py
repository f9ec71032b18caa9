"""Takes a bundle apart, by the layout that src/onion/bundle_encoding.c describes, and checks all of it with other
cryptography than obpub's own."""
import hashlib
import pathlib
import struct
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "attack"))
import curve  # noqa: E402
from descriptor import blinding_factor  # noqa: E402

HEADER = struct.Struct(">16sIIIQIIQII32s")
PERIOD = struct.Struct(">32s32s32sII")
MAGIC = b"obpub presigned\n"


def blinded_key(identity_key, number, length):
    """The blinded public key of a time period."""
    return curve.encode(curve.multiply(blinding_factor(identity_key, number, length), curve.decode(identity_key)))


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
