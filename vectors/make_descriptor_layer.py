#!/usr/bin/python3
"""Makes descriptor_layer.txt with the layer cipher of stem.descriptor.hidden_service. Writes the same file every time.
Needs python3-stem and python3-cryptography."""

import hashlib

from stem.descriptor.hidden_service import _layer_cipher


def bytes_from(label, size):
    return hashlib.shake_256(label.encode()).digest(size)


LAYERS = {'superencrypted': b'hsdir-superencrypted-data', 'encrypted': b'hsdir-encrypted-data'}
LENGTHS = (1, 15, 16, 17, 1000)
COUNTERS = (0, 1, 2 ** 32 + 5, 2 ** 64 - 1)

with open('descriptor_layer.txt', 'w', encoding='ascii') as output:
    print('''\
# Encrypted layers of v3 descriptors (rend-spec-v3 section 2.5.3).
# Source: made with stem.descriptor.hidden_service by make_descriptor_layer.py.
# Columns: layer, blinded public key, subcredential, revision counter, plaintext, salt | ciphertext | MAC.''', file=output)
    for layer, constant in LAYERS.items():
        for index, length in enumerate(LENGTHS):
            label = f'{layer} {length} '
            blinded_key, subcredential = bytes_from(label + 'key', 32), bytes_from(label + 'subcredential', 32)
            counter = COUNTERS[index % len(COUNTERS)]
            salt, plaintext = bytes_from(label + 'salt', 16), bytes_from(label + 'text', length)
            cipher, mac_for = _layer_cipher(constant, counter, subcredential, blinded_key, salt)
            ciphertext = cipher.encryptor().update(plaintext)
            print(layer, blinded_key.hex(), subcredential.hex(), counter, plaintext.hex(),
                  (salt + ciphertext + mac_for(ciphertext)).hex(), file=output)
