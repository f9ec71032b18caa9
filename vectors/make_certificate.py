#!/usr/bin/python3
"""Makes certificate.txt with stem's certificates and Python's cryptography, by which obpub's are judged. Writes the
same file every time. Needs python3-stem and python3-cryptography."""

import datetime
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from stem.descriptor.certificate import Ed25519CertificateV1, Ed25519Extension

SIGNING_KEY_EXTENSION = 4


def key_from(label):
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(label.encode()).digest())


def public_bytes(key):
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


with open('certificate.txt', 'w', encoding='ascii') as output:
    print('''\
# Certificates of the types that stand in v3 descriptors (cert-spec section 2.1).
# Source: made with stem.descriptor.certificate by make_certificate.py.
# Columns: seed that signed it, certified public key, type, expiration in hours since the epoch, certificate.''',
          file=output)
    for cert_type in (8, 9, 11):
        for hour in (0, 494321, 1000000):
            seed = hashlib.sha256(f'signer {cert_type} {hour}'.encode()).digest()
            signer = Ed25519PrivateKey.from_private_bytes(seed)
            certified = public_bytes(key_from(f'certified {cert_type} {hour}'))
            certificate = Ed25519CertificateV1(
                cert_type=cert_type, key_type=1, key=certified, signing_key=signer,
                expiration=datetime.datetime(1970, 1, 1) + datetime.timedelta(hours=hour),
                extensions=[Ed25519Extension(SIGNING_KEY_EXTENSION, 0, public_bytes(signer))])
            print(seed.hex(), certified.hex(), cert_type, hour, certificate.pack().hex(), file=output)
