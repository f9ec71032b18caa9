# What an independent implementation, python3-stem with the cryptography module, finds in a descriptor.

import base64
import hashlib
import re
from datetime import datetime, timezone

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from stem.client.datatype import CertType
from stem.descriptor.certificate import ExtensionType
from stem.descriptor.hidden_service import (HiddenServiceDescriptorV3, InnerLayer, OuterLayer, _blinded_pubkey,
                                            _decrypt_layer)

BASE_POINT = ('(1511222134953540077250115140958853151145401269304185720604611328394984776220'
              '2, 46316835694926478169428394003475163141307993866256225615783033603165251855960)')
FIELD = 2 ** 255 - 19
LINK_FINGERPRINT = 2  # the type of that link specifier


class Judged:
    """A descriptor of an onion address, decrypted and verified; ValueError or InvalidSignature if it is not good.
    `middle` and `inner` are the plaintexts of its layers, with all padding. A restricted one needs the private key (32
    bytes) of an authorised client, or the cookie itself."""

    def __init__(self, text, address, client_key=None, cookie=b''):
        self.text = text
        self.outer = HiddenServiceDescriptorV3.from_str(text, validate=True)  # checks signature and certificate
        certificate = self.outer.signing_cert
        if certificate.type != CertType.HS_V3_DESC_SIGNING:
            raise ValueError(f'the signing key\'s certificate is of type {certificate.type}')
        self.signing_key = certificate.key
        self.blinded_key = certificate.signing_key()
        self.expiration_hour = expiration_hour(certificate)
        identity = HiddenServiceDescriptorV3.identity_key_from_address(address)
        subcredential = HiddenServiceDescriptorV3._subcredential(identity, self.blinded_key)
        keys = (self.outer.revision_counter, subcredential, self.blinded_key)
        self.middle = _decrypt_layer(self.outer.superencrypted, b'hsdir-superencrypted-data', *keys)
        self.middle_layer = OuterLayer(self.middle, validate=True)
        self.cookie = descriptor_cookie(self.middle_layer, client_key, subcredential) if client_key else cookie
        keys = (*keys[:2], self.blinded_key + self.cookie)
        self.inner = _decrypt_layer(self.middle_layer.encrypted, b'hsdir-encrypted-data', *keys)
        self.inner_layer = InnerLayer(self.inner, validate=True, outer_layer=self.middle_layer)
        self.points = [self._point(point) for point in self.inner_layer.introduction_points]
        self.point_expiration_hours = {expiration_hour(certificate) for point in self.inner_layer.introduction_points
                                       for certificate in (point.auth_key_cert, point.enc_key_cert)}

    def _point(self, point):
        # What a client takes from a point: its link specifiers, onion key, auth key and encryption key.
        self._check(point.auth_key_cert, CertType.HS_V3_INTRO_AUTH)
        self._check(point.enc_key_cert, CertType.HS_V3_NTOR_ENC)
        encryption_key = base64.b64decode(point.enc_key_raw)
        if point.enc_key_cert.key[:31] + bytes([point.enc_key_cert.key[31] & 127]) != edwards_form(encryption_key):
            raise ValueError('enc-key-cert certifies another key than enc-key')
        links = b''.join(link.pack() for link in point.link_specifiers)
        return (links, base64.b64decode(point.onion_key_raw), point.auth_key_cert.key, encryption_key)

    def _check(self, certificate, kind):
        # A point's certificate has to be of its kind and signed by the descriptor signing key, which it names.
        if certificate.type != kind:
            raise ValueError(f'a certificate of type {certificate.type} instead of {kind}')
        named = [extension.data for extension in certificate.extensions
                 if extension.type == ExtensionType.HAS_SIGNING_KEY]
        if named != [self.signing_key]:
            raise ValueError('a point\'s certificate does not name the descriptor signing key')
        packed = certificate.pack()
        Ed25519PublicKey.from_public_bytes(self.signing_key).verify(packed[-64:], packed[:-64])


def is_read(text, address, client_key, cookie=b''):
    """Whether a descriptor can be read with the private key of a client or with a cookie; without both by everybody."""
    try:
        return bool(Judged(text, address, client_key, cookie).points)
    except ValueError:
        return False


def descriptor_cookie(middle_layer, client_key, subcredential):
    """The cookie that a restricted descriptor gives the client with this private key (rend-spec-v3, section 2.5.2.1);
    ValueError if it is none of those authorised."""
    ephemeral = X25519PublicKey.from_public_bytes(base64.b64decode(middle_layer.ephemeral_key))
    keys = hashlib.shake_256(subcredential + X25519PrivateKey.from_private_bytes(client_key).exchange(ephemeral)).digest(40)
    line = middle_layer.clients.get(base64.b64encode(keys[:8]).decode().rstrip('='))
    if line is None:
        raise ValueError('none of the auth-client lines is this client\'s')
    iv, cookie = (base64.b64decode(part + '==') for part in (line.iv, line.cookie))
    return Cipher(algorithms.AES(keys[8:]), modes.CTR(iv)).decryptor().update(cookie)


def outer_blinded_key(text):
    """The blinded key of a descriptor, of which nothing else is looked at."""
    return HiddenServiceDescriptorV3.from_str(text).signing_cert.signing_key()


def relay_of(point):
    """The RSA fingerprint of a point's relay, from its link specifiers."""
    links = point[0]
    while links[0] != LINK_FINGERPRINT:
        links = links[2 + links[1]:]
    return links[2:22]


def is_merged(merged, offered):
    """Whether a superdescriptor's points are those offered by its backends: of several at one relay just one, as a
    client uses no other."""
    relays = [relay_of(point) for point in merged]
    return set(merged) <= set(offered) and len(set(relays)) == len(relays) and \
        set(relays) == {relay_of(point) for point in offered}


def pow_params(inner):
    """Seed, suggested effort and expiration time (seconds since the epoch) of the line "pow-params v1" in the text of an
    inner layer, read without obpub; None if there is none."""
    found = re.findall('(?m)^pow-params v1 (.*)$', inner)
    if not found:
        return None
    seed, effort, expires = found[0].split(' ')
    moment = datetime.strptime(expires, '%Y-%m-%dT%H:%M:%S').replace(tzinfo=timezone.utc)
    return base64.b64decode(seed + '=' * (-len(seed) % 4), validate=True), int(effort), int(moment.timestamp())


def expiration_hour(certificate):
    """When a certificate ends, in hours since the epoch."""
    return int(certificate.expiration.replace(tzinfo=timezone.utc).timestamp()) // 3600


def edwards_form(montgomery):
    """The y coordinate (sign bit 0) of the Ed25519 key that belongs to an X25519 key."""
    u = int.from_bytes(montgomery, 'little') % FIELD
    return ((u - 1) * pow(u + 1, FIELD - 2, FIELD) % FIELD).to_bytes(32, 'little')


def blinding_parameter(public, period_number, period_length):
    """The parameter h of a time period, of that many minutes, worked out without obpub (rend-spec-v3 A.2)."""
    nonce = b'key-blind' + period_number.to_bytes(8, 'big') + period_length.to_bytes(8, 'big')
    return hashlib.sha3_256(b'Derive temporary signing key\0' + public + BASE_POINT.encode() + nonce).digest()


def blinded_key(public, period_number, period_length):
    """The blinded key of a time period."""
    return _blinded_pubkey(public, blinding_parameter(public, period_number, period_length))
