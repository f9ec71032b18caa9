# Makes vectors/descriptor_stem_*.txt: descriptors made by python3-stem, an independent implementation, with the
# keys and introduction points that went into them. /usr/bin/python3 vectors/make_descriptors.py [FOLDER]
#
# Three things stem leaves to its caller are done here: the blinding parameter, the key that an enc-key-cert certifies
# (stem's own helper certifies the authentication key instead), and client authorization (rend-spec-v3, section 2.5.1.2),
# of which stem has the auth-client lines and no more.

import base64
import datetime
import hashlib
import os
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from stem.client.datatype import CertType, LinkByEd25519, LinkByFingerprint, LinkByIPv4, LinkByIPv6
from stem.descriptor.certificate import Ed25519CertificateV1, Ed25519Extension, ExtensionType
from stem.descriptor.hidden_service import (AuthorizedClient, HiddenServiceDescriptorV3, InnerLayer,
                                            IntroductionPointV3, OuterLayer, _blinded_pubkey, _blinded_sign)

FOLDER = os.path.dirname(os.path.abspath(__file__))
BASE_POINT = ('(1511222134953540077250115140958853151145401269304185720604611328394984776220'
              '2, 46316835694926478169428394003475163141307993866256225615783033603165251855960)')
PRIME = 2 ** 255 - 19

NOW = 1700000000
EXPIRES = datetime.datetime(2023, 11, 17, 4)  # 472276 hours after the epoch: 54 after the hour of NOW
EXPIRATION_HOUR = 472276
PERIOD_LENGTH = 1440
VOTING_INTERVAL = 3600
PERIOD_NUMBER = (NOW // 60 - 12 * 60) // PERIOD_LENGTH

# Name of the vector, what it shows, number of points, the period its key is of, lines of the inner layer.
KINDS = [
    ('points', 'all kinds of link specifiers', 3, PERIOD_NUMBER, {}),
    ('none', 'no introduction point', 0, PERIOD_NUMBER, {}),
    ('twenty', 'as many introduction points as clients accept', 20, PERIOD_NUMBER, {}),
    ('next', 'of the next time period, with all lines', 1, PERIOD_NUMBER + 1,
     {'flow-control': '1-2 31', 'single-onion-service': '', 'intro-auth-required': 'ed25519',
      'pow-params': 'v1 ' + base64.b64encode(bytes(range(32))).decode() + ' 10 2023-11-15T00:00:00'}),
    ('previous', 'of the previous time period', 1, PERIOD_NUMBER - 1, {'flow-control': '1,3-4 63'}),
    *((f'clients_{count}', f'for {count} authorised clients', 3, PERIOD_NUMBER, {'flow-control': '1-2 31'}, count)
      for count in (1, 16, 17, 100)),
]
CLIENTS_TOLD = 3  # of so many a vector has the private keys


def seed(*words):
    """32 bytes that the words determine."""
    return hashlib.sha3_256(' '.join(map(str, words)).encode()).digest()


def raw(private):
    """The bytes of a private key's public half."""
    return private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def ed25519_of_x25519(key):
    """The Ed25519 key with sign bit 0 that belongs to an X25519 key."""
    u = int.from_bytes(key, 'little') % 2 ** 255
    return ((u - 1) * pow(u + 1, PRIME - 2, PRIME) % PRIME).to_bytes(32, 'little')


def blinding_parameter(public, period_number):
    """The parameter h of rend-spec-v3 appendix A.2."""
    nonce = b'key-blind' + period_number.to_bytes(8, 'big') + PERIOD_LENGTH.to_bytes(8, 'big')
    return hashlib.sha3_256(b'Derive temporary signing key\0' + public + BASE_POINT.encode() + nonce).digest()


def certify(kind, key, signing_key):
    """A certificate that the signing key makes of another one."""
    extensions = [Ed25519Extension(ExtensionType.HAS_SIGNING_KEY, None, raw(signing_key))]
    return Ed25519CertificateV1(kind, EXPIRES, 1, key, extensions, signing_key=signing_key)


def make_point(name, number, signing_key):
    """An introduction point; its number decides which link specifiers it has."""
    fingerprint = LinkByFingerprint(seed(name, number, 'fingerprint')[:20])
    specifiers = [LinkByIPv4(f'192.0.2.{number + 1}', 9001), fingerprint]
    if number >= 1:
        specifiers.append(LinkByEd25519(raw(Ed25519PrivateKey.from_private_bytes(seed(name, number, 'relay')))))
    if number >= 2:
        specifiers.append(LinkByIPv6('2001:db8:0:0:0:0:0:1', 9001))
    onion, enc = (raw(X25519PrivateKey.from_private_bytes(seed(name, number, key))) for key in ('onion', 'enc'))
    auth = raw(Ed25519PrivateKey.from_private_bytes(seed(name, number, 'auth')))
    return IntroductionPointV3(
        specifiers, base64.b64encode(onion).decode(), certify(CertType.HS_V3_INTRO_AUTH, auth, signing_key),
        base64.b64encode(enc).decode(), certify(CertType.HS_V3_NTOR_ENC, ed25519_of_x25519(enc), signing_key), None,
        None)


def describe_point(point):
    """The point in hexadecimal."""
    specifiers = bytes([len(point.link_specifiers)]) + b''.join(each.pack() for each in point.link_specifiers)
    onion, enc = (base64.b64decode(key) for key in (point.onion_key_raw, point.enc_key_raw))
    return 'point ' + ' '.join(part.hex() for part in (specifiers, onion, point.auth_key_cert.key, enc,
                                                       point.enc_key_cert.key))


def describe_pow_params(arguments):
    """The seed in hexadecimal, the effort, and the expiration time in seconds since the epoch; or '-'."""
    if arguments is None:
        return '-'
    _, seed_base64, effort, expires = arguments.split()
    expires = datetime.datetime.fromisoformat(expires + '+00:00')
    return f'{base64.b64decode(seed_base64).hex()} {effort} {int(expires.timestamp())}'


def client_secret(name, number):
    """The private key of a client."""
    return X25519PrivateKey.from_private_bytes(seed(name, 'client', number))


def without_padding(data):
    """Bytes in base64."""
    return base64.b64encode(data).decode().rstrip('=')


def authorise(name, count, subcredential):
    """The cookie, and what the middle layer has that is not stem's own: the ephemeral key, and a line for each client,
    in an order that the lines themselves decide, with random ones up to a multiple of 16."""
    ephemeral = X25519PrivateKey.from_private_bytes(seed(name, 'ephemeral'))
    cookie = seed(name, 'cookie')[:16]
    lines = []
    for number in range(count):
        keys = hashlib.shake_256(subcredential + ephemeral.exchange(client_secret(name, number).public_key())).digest(40)
        iv = seed(name, 'iv', number)[:16]
        encryptor = Cipher(algorithms.AES(keys[8:]), modes.CTR(iv)).encryptor()
        lines.append([without_padding(part) for part in (keys[:8], iv, encryptor.update(cookie))])
    while len(lines) % 16:
        lines.append([without_padding(seed(name, 'random', len(lines), part)[:size]) for part, size in enumerate((8, 16, 16))])
    return cookie, base64.b64encode(raw(ephemeral)).decode(), [AuthorizedClient(*line) for line in sorted(lines)]


def make_outer(name, clients, inner, revision, blinded, subcredential):
    """The middle layer; with clients the keys of the inner one come from the blinded key and a cookie."""
    cookie, attributes, lines = b'', {}, None
    if clients:
        cookie, ephemeral, lines = authorise(name, clients, subcredential)
        attributes = {'desc-auth-ephemeral-key': ephemeral}
    return OuterLayer.create(attr=attributes, inner_layer=inner, revision_counter=revision, authorized_clients=lines,
                             blinded_key=blinded + cookie, subcredential=subcredential)


def describe_clients(name, clients):
    """How many there are, and the private keys of some: of the first, the last, and one between."""
    told = sorted({0, clients // 2, clients - 1})[:CLIENTS_TOLD]
    return [f'authorised-clients {clients}'] + [f'client-key {seed(name, "client", number).hex()}' for number in told]


def make(name, what, count, period_number, attributes, clients=0):
    """The text of one vector file."""
    identity = Ed25519PrivateKey.from_private_bytes(seed(name, 'identity'))
    signing_key = Ed25519PrivateKey.from_private_bytes(seed(name, 'signing'))
    nonce = blinding_parameter(raw(identity), period_number)
    blinded = _blinded_pubkey(identity, nonce)
    revision = int.from_bytes(seed(name, 'revision')[:7], 'big')
    points = [make_point(name, number, signing_key) for number in range(count)]

    extensions = [Ed25519Extension(ExtensionType.HAS_SIGNING_KEY, None, blinded)]
    certificate = Ed25519CertificateV1(CertType.HS_V3_DESC_SIGNING, EXPIRES, 1, raw(signing_key), extensions)
    certificate.signature = _blinded_sign(certificate.pack(), identity, blinded, nonce)
    inner = InnerLayer(InnerLayer.content(attr=attributes, introduction_points=points))
    outer = make_outer(name, clients, inner, revision, blinded, HiddenServiceDescriptorV3._subcredential(identity, blinded))
    text = HiddenServiceDescriptorV3.content(
        inner_layer=inner, outer_layer=outer, identity_key=identity, signing_key=signing_key,
        signing_cert=certificate, revision_counter=revision, blinding_nonce=nonce).decode()

    lines = [
        f'# A descriptor made with python3-stem: {what}.',
        '# By vectors/make_descriptors.py. The descriptor follows the empty line.',
        f'identity-key {raw(identity).hex()}', f'now {NOW}', f'period-length {PERIOD_LENGTH}',
        f'voting-interval {VOTING_INTERVAL}', f'period-number {PERIOD_NUMBER}',
        f'descriptor-period {period_number}', f'blinded-key {blinded.hex()}', f'signing-key {raw(signing_key).hex()}',
        f'expiration-hour {EXPIRATION_HOUR}', 'lifetime 180', f'revision-counter {revision}',
        f'flow-control {attributes.get("flow-control", "-")}',
        f'single-onion-service {int("single-onion-service" in attributes)}',
        f'pow-params {describe_pow_params(attributes.get("pow-params"))}']
    if clients:
        lines += describe_clients(name, clients)
    return '\n'.join(lines + [describe_point(point) for point in points]) + '\n\n' + text.rstrip('\n') + '\n'


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else FOLDER
    for name, *kind in KINDS:
        with open(os.path.join(folder, f'descriptor_stem_{name}.txt'), 'w') as file:
            file.write(make(name, *kind))


main()
