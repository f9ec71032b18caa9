#!/usr/bin/python3
"""Makes secret_proof.txt with hashlib and hmac, and none of obpub's code. Writes the same file every time."""

import hashlib
import hmac


def prove(label, secret, client_nonce, server_nonce):
    key = hashlib.blake2b(secret, key=b'obpub shared secret', digest_size=32).digest()
    return hmac.new(label, key + client_nonce + server_nonce, hashlib.sha256).hexdigest()


def draw(name, length):
    """Bytes that are always the same."""
    return hashlib.shake_256(name.encode()).digest(length)


SECRETS = (draw('short', 32), b'7' * 64, draw('longer', 100), draw('longest', 1023))

with open('secret_proof.txt', 'w', encoding='ascii') as output:
    print("""\
# The proofs of OBPUB-SECRET: secret, nonce of the publisher, nonce of the agent, hash that the agent proves with, hash
# that the publisher proves with. All in hexadecimal.
# Source: made with hashlib and hmac by make_secret_proof.py.""", file=output)
    for number, secret in enumerate(SECRETS):
        nonces = draw(f'publisher {number}', 32), draw(f'agent {number}', 32)
        print(secret.hex(), *(nonce.hex() for nonce in nonces),
              prove(b'obpub agent authentication: agent to publisher', secret, *nonces),
              prove(b'obpub agent authentication: publisher to agent', secret, *nonces), file=output)
