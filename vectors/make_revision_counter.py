#!/usr/bin/python3
"""Makes revision_counter.txt by walking the key stream of python3-pycryptodome's AES from its start for every counter.
Writes the same file every time."""

import array
import hashlib
import sys

from Cryptodome.Cipher import AES

SECONDS = (1, 2, 7, 8, 9, 1023, 1024, 1025, 2047, 2048, 2049, 16383, 16384, 16385, 43201, 86400, 129600, 172800,
           261119, 261120, 261121, 262143, 262144)


def counter_for(key, seconds):
    stream = array.array('H', AES.new(key, AES.MODE_CTR, nonce=b'', initial_value=0).encrypt(bytes(2 * seconds)))
    if sys.byteorder == 'big':
        stream.byteswap()
    return sum(stream) + len(stream)


with open('revision_counter.txt', 'w', encoding='ascii') as output:
    print('''\
# Revision counters of blinded secret keys (rend-spec-v3 appendix F.2; tor's src/feature/hs/hs_service.c for the NUL that
# is hashed with the string, src/lib/crypt_ops/crypto_ope.c for the 1 that is added to every word).
# Source: made with hashlib and python3-pycryptodome by make_revision_counter.py.
# Columns: expanded blinded secret key, key of the counter, seconds, counter.''', file=output)
    for number in range(2):
        secret_key = hashlib.sha512(b'blinded secret key %d' % number).digest()
        key = hashlib.sha3_256(b'rev-counter-generation\0' + secret_key).digest()
        for seconds in SECONDS:
            print(secret_key.hex(), key.hex(), seconds, counter_for(key, seconds), file=output)
