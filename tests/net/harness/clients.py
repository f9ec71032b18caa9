# Authorised clients of a restricted service: their keys, and the files from which a tor knows them.

import base64
import os
import secrets

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from .process import write_file


def public_client_key(private):
    """The public half of a client's private key (32 bytes each)."""
    public = X25519PrivateKey.from_private_bytes(private).public_key()
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def base32(key):
    """A key as tor writes it in files."""
    return base64.b32encode(key).decode().rstrip('=').lower()


def restrict(service, count):
    """Start a service again with so many authorised clients; returns their private keys."""
    keys = [secrets.token_bytes(32) for _ in range(count)]
    restrict_to(service, keys)
    return keys


def restrict_to(service, keys):
    """Start a service again with the authorised clients that have these private keys."""
    service.kill()
    for number, key in enumerate(keys):
        path = os.path.join(service.service_dir, 'authorized_clients', f'client{number}.auth')
        write_file(path, f'descriptor:x25519:{base32(public_client_key(key))}\n')
    service.start()


def start_authorised(net, name, frontend, key):
    """Start a stock tor that has the private key of one of a frontend's clients, or for None no key."""
    folder = net.path(f'{name}.keys')
    os.mkdir(folder, 0o700)
    if key:
        write_file(os.path.join(folder, 'frontend.auth_private'), f'{frontend.address}:descriptor:x25519:{base32(key)}\n')
    return net.start_tor(name, [f'ClientOnionAuthDir {folder}'], socks=True)
