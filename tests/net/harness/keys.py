# Onion service keys: making them, their addresses, and the files that tor and Onionbalance keep them in.

import base64
import hashlib
import os

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from .process import private_folder, write_file

SECRET_HEADER = b'== ed25519v1-secret: type0 ==\0\0\0'
PUBLIC_HEADER = b'== ed25519v1-public: type0 ==\0\0\0'


class OnionKey:
    """An Ed25519 master key; `address` is its 56 characters, `onion` the same with .onion."""

    def __init__(self, seed=None):
        self.seed = seed or os.urandom(32)
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        self.public = private.public_key().public_bytes(serialization.Encoding.Raw,
                                                        serialization.PublicFormat.Raw)
        self.address = address_of(self.public)
        self.onion = self.address + '.onion'

    def expanded(self):
        """The 64-byte form of the secret key which tor keeps: scalar, then prefix."""
        digest = bytearray(hashlib.sha512(self.seed).digest())
        digest[0] &= 248
        digest[31] = digest[31] & 63 | 64
        return bytes(digest)

    def write_pem(self, path):
        """Write the key as Onionbalance does: unencrypted PKCS#8."""
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        write_file(path, private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                               serialization.NoEncryption()))

    def write_tor(self, path):
        """Write the key as tor does, in the form of its hs_ed25519_secret_key."""
        write_file(path, SECRET_HEADER + self.expanded())

    def write_service_dir(self, folder):
        """Make a HiddenServiceDir that holds the key, as tor would."""
        private_folder(folder)
        self.write_tor(os.path.join(folder, 'hs_ed25519_secret_key'))
        write_file(os.path.join(folder, 'hs_ed25519_public_key'), PUBLIC_HEADER + self.public)
        write_file(os.path.join(folder, 'hostname'), self.onion + '\n')


def address_of(public):
    """The onion address (without .onion) of a public master key."""
    checksum = hashlib.sha3_256(b'.onion checksum' + public + b'\x03').digest()[:2]
    return base64.b32encode(public + checksum + b'\x03').decode().lower()


def base32(data):
    """Bytes as tor writes keys of clients: in capitals, without padding."""
    return base64.b32encode(data).decode().rstrip('=')


def make_frontend_key(path, format='pem', key=None):
    """Write a master key (a new one unless given) to path as 'pem', 'tor' or a 'dir'; returns the OnionKey."""
    key = key or OnionKey()
    {'pem': key.write_pem, 'tor': key.write_tor, 'dir': key.write_service_dir}[format](path)
    return key
