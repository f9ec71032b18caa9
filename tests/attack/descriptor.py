# Makes v3 descriptors, good ones and any that lie, and reads what one shows to everybody. The cryptography is that of
# curve.py, hashlib and the cryptography module; nothing is obpub's.

import base64
import copy
import hashlib
import os
import pathlib
import re
import sys

import curve

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'net'))
from harness.judge import blinding_parameter, edwards_form  # noqa: E402

SIGNATURE_PREFIX = b'Tor onion service descriptor sig v3'
MIDDLE, INNER = b'hsdir-superencrypted-data', b'hsdir-encrypted-data'
SIGNING, AUTH, ENC = 8, 9, 11  # types of certificates
LIFETIME_HOURS = 54
SIGNATURE_SIZE = 64


def blinding_factor(identity, period, length):
    """What the scalar of a service is multiplied with in a time period: everybody can work it out."""
    return curve.clamp(blinding_parameter(identity, period, length))


def credential_of(identity):
    return hashlib.sha3_256(b'credential' + identity).digest()


def subcredential_of(identity, blinded):
    return hashlib.sha3_256(b'subcredential' + credential_of(identity) + blinded).digest()


class Keypair:
    """A scalar with the prefix of its nonces. nonce(prefix, public, message), where given, makes them in another way:
    that is how a signer is broken."""

    def __init__(self, scalar, prefix, nonce=None):
        self.scalar, self.prefix, self.nonce = scalar % curve.ORDER, prefix, nonce
        self.public = curve.public_of(self.scalar)

    @classmethod
    def new(cls):
        return cls(*curve.expand(os.urandom(32)))

    def blinded(self, period, length, prefix=None, nonce=None):
        """The key of a time period; with another nonce prefix or nonces than it should have, if they are given."""
        if prefix is None:
            prefix = hashlib.sha512(b'Derive temporary signing key hash input' + self.prefix).digest()[:32]
        return Keypair(self.scalar * blinding_factor(self.public, period, length), prefix, nonce)

    def sign(self, message):
        if self.nonce is None:
            return curve.sign(self.scalar, self.prefix, message)
        return curve.sign_with_nonce(self.scalar, self.public, self.nonce(self.prefix, self.public, message), message)


class Certificate:
    """A certificate (cert-spec). Each of its fields can be made wrong; signer signs, the key called `named` is the one
    it says did."""

    def __init__(self, kind, certified, signer, expires):
        self.version, self.kind, self.expires, self.key_kind = 1, kind, expires, 1
        self.certified, self.signer, self.named = certified, signer, signer.public
        self.extensions = None  # (type, flags, content) of each, instead of the signing key
        self.rest = b''         # behind the extensions
        self.spoil = False      # turn a bit of the signature over

    def encode(self):
        extensions = [(4, 0, self.named)] if self.extensions is None else self.extensions
        body = bytes([self.version, self.kind]) + self.expires.to_bytes(4, 'big') + bytes([self.key_kind])
        body += self.certified + bytes([len(extensions)])
        for kind, flags, content in extensions:
            body += len(content).to_bytes(2, 'big') + bytes([kind, flags]) + content
        body += self.rest
        signature = self.signer.sign(body)
        return body + (bytes([signature[0] ^ 1]) + signature[1:] if self.spoil else signature)


class Point:
    """An introduction point. Certificates are made when its descriptor is, by the key that `signer` is then."""

    def __init__(self, relay=None, address=(192, 0, 2, 1), port=9001):
        relay = relay or os.urandom(20)
        self.links = bytes([2, 0, 6, *address]) + port.to_bytes(2, 'big') + b'\2\x14' + relay
        self.onion_key = curve.x25519_base(os.urandom(32))
        self.auth_key = Keypair.new().public
        self.enc_key = curve.x25519_base(os.urandom(32))
        self.enc_certified = None  # what its certificate certifies instead of enc_key
        self.change = lambda auth, enc: None  # changes the certificates before they are signed

    def text(self, signing, expires):
        auth = Certificate(AUTH, self.auth_key, signing, expires)
        enc = Certificate(ENC, self.enc_certified or edwards_form(self.enc_key), signing, expires)
        self.change(auth, enc)
        return (f'introduction-point {encode(self.links)}\nonion-key ntor {encode(self.onion_key)}\n'
                f'auth-key\n{wrap("ED25519 CERT", auth.encode())}\nenc-key ntor {encode(self.enc_key)}\n'
                f'enc-key-cert\n{wrap("ED25519 CERT", enc.encode())}\n')


def encode(data):
    return base64.b64encode(data).decode()


def wrap(label, data):
    """An object between its BEGIN and END lines."""
    text = encode(data)
    lines = [text[place:place + 64] for place in range(0, len(text), 64)]
    return '\n'.join([f'-----BEGIN {label}-----', *lines, f'-----END {label}-----'])


def layer_keys(blinded, subcredential, counter, salt, constant):
    """The key, IV and MAC key of an encrypted layer."""
    secret = blinded + subcredential + counter.to_bytes(8, 'big') + salt + constant
    stream = hashlib.shake_256(secret).digest(80)
    return stream[:32], stream[32:48], stream[48:]


def layer_mac(mac_key, salt, ciphertext):
    head = (32).to_bytes(8, 'big') + mac_key + (16).to_bytes(8, 'big') + salt
    return hashlib.sha3_256(head + ciphertext).digest()


def crypt(key, initial, data):
    """AES-256 in counter mode, which is its own reverse."""
    return Cipher(algorithms.AES(key), modes.CTR(initial)).encryptor().update(data)


class Maker:
    """A descriptor of a service for a time period. All that goes into it is in its attributes until text() is asked
    for, and text() makes everything else fit."""

    def __init__(self, master, period, period_length, now, blinded=None, signing=None, points=3):
        self.identity, self.now, self.period, self.period_length = master.public, now, period, period_length
        self.blinded = blinded or master.blinded(period, period_length)
        self.named = self.blinded.public  # the blinded key that it claims to be under
        self.signing = signing or Keypair.new()
        self.signer = self.signing        # what signs the document
        self.counter = now
        self.expires = now // 3600 + LIFETIME_HOURS
        self.certificate = Certificate(SIGNING, self.signing.public, self.blinded, self.expires)
        self.points = [Point() for _ in range(points)]
        self.subcredential = None         # of the identity unless set
        self.spoil = set()                # layers whose MAC is spoilt
        self.signature_prefix = SIGNATURE_PREFIX
        self.edit = {}                    # layer: function of its text
        self.padding = b''

    def copy(self):
        return copy.deepcopy(self)

    def _seal(self, text, constant):
        subcredential = self.subcredential or subcredential_of(self.identity, self.named)
        salt = hashlib.sha256(constant + self.named).digest()[:16]
        key, initial, mac_key = layer_keys(self.named, subcredential, self.counter, salt, constant)
        ciphertext = crypt(key, initial, text.encode() + self.padding)
        mac = layer_mac(mac_key, salt, ciphertext)
        if constant in self.spoil:
            mac = bytes([mac[0] ^ 1]) + mac[1:]
        return wrap('MESSAGE', salt + ciphertext + mac)

    def _edited(self, layer, text):
        return self.edit[layer](text) if layer in self.edit else text

    def text(self):
        inner = 'create2-formats 2\nflow-control 1-2 31\n'
        inner += ''.join(point.text(self.signing, self.expires) for point in self.points)
        sealed = self._seal(self._edited('inner', inner), INNER)
        clients = ''.join(f'auth-client {encode(os.urandom(8)).rstrip("=")} {encode(os.urandom(16)).rstrip("=")} '
                          f'{encode(os.urandom(16)).rstrip("=")}\n' for _ in range(16))
        middle = (f'desc-auth-type x25519\ndesc-auth-ephemeral-key {encode(curve.x25519_base(os.urandom(32)))}\n'
                  f'{clients}encrypted\n{sealed}')
        sealed = self._seal(self._edited('middle', middle), MIDDLE)
        outer = (f'hs-descriptor 3\ndescriptor-lifetime 180\ndescriptor-signing-key-cert\n'
                 f'{wrap("ED25519 CERT", self.certificate.encode())}\nrevision-counter {self.counter}\n'
                 f'superencrypted\n{sealed}\n')
        outer = self._edited('outer', outer)
        signature = self.signer.sign(self.signature_prefix + outer.encode())
        signed = outer + f'signature {encode(self._edited("signature", signature)).rstrip("=")}\n'
        return self._edited('signed', signed)


class Public:
    """What a descriptor shows to all who know the address: the signatures with their keys and messages."""

    def __init__(self, text):
        certificate = re.search(r'descriptor-signing-key-cert\n-----BEGIN ED25519 CERT-----\n(.*?)-----END', text, re.S)
        self.certificate = base64.b64decode(certificate.group(1))
        self.certified, self.blinded = self.certificate[7:39], self.certificate[44:76]
        self.counter = int(re.search(r'^revision-counter (\d+)$', text, re.M).group(1))
        signed, _, signature = text.rstrip('\n').rpartition('signature ')
        self.document = SIGNATURE_PREFIX + signed.encode()
        self.document_signature = base64.b64decode(signature + '==')

    def signatures(self):
        """(public key, message, signature): of the blinded key, then of the descriptor signing key."""
        return [(self.blinded, self.certificate[:-SIGNATURE_SIZE], self.certificate[-SIGNATURE_SIZE:]),
                (self.certified, self.document, self.document_signature)]
