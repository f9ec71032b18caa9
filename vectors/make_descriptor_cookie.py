# Makes vectors/descriptor_cookie.txt: a descriptor cookie encrypted for clients, worked out with Python's hashlib and the
# cryptography module, by rend-spec-v3, sections 2.5.1.2 and 2.5.2.1.
# /usr/bin/python3 vectors/make_descriptor_cookie.py > vectors/descriptor_cookie.txt

import hashlib

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def seed(*words):
    """32 bytes that the words determine."""
    return hashlib.sha3_256(' '.join(map(str, words)).encode()).digest()


def raw(private):
    """The bytes of a private key's public half."""
    return private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def row(number):
    """Subcredential, the client's private and public key, the ephemeral private and public key, cookie, IV, client id,
    encrypted cookie."""
    client_secret, ephemeral_secret = seed('client', number), seed('ephemeral', number)
    client = X25519PrivateKey.from_private_bytes(client_secret)
    ephemeral = X25519PrivateKey.from_private_bytes(ephemeral_secret)
    subcredential, cookie, iv = seed('subcredential', number), seed('cookie', number)[:16], seed('iv', number)[:16]
    keys = hashlib.shake_256(subcredential + ephemeral.exchange(client.public_key())).digest(40)
    encryptor = Cipher(algorithms.AES(keys[8:]), modes.CTR(iv)).encryptor()
    return (subcredential, client_secret, raw(client), ephemeral_secret, raw(ephemeral), cookie, iv, keys[:8],
            encryptor.update(cookie) + encryptor.finalize())


def main():
    print('# A descriptor cookie encrypted for a client. By vectors/make_descriptor_cookie.py, with the cryptography module:')
    print('# subcredential, private and public key of the client, private and public ephemeral key, cookie, IV, client id,')
    print('# encrypted cookie')
    for number in range(8):
        print(' '.join(field.hex() for field in row(number)))


main()
