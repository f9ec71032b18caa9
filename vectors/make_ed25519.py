#!/usr/bin/python3
"""Makes the Ed25519 and key blinding vectors with stem's slow big-integer arithmetic (stem.util.ed25519) and Python's
hashlib, which share nothing with obpub. Run it in vectors/; it writes the same files every time. Needs python3-stem."""

import hashlib
import struct

from stem.util import ed25519 as curve

BASE_POINT = (b'(15112221349535400772501151409588531511454012693041857206046113283949847762202, '
              b'46316835694926478169428394003475163141307993866256225615783033603165251855960)')


def bytes_from(label, size=32):
    """Bytes that look random and are the same in every run."""
    return hashlib.shake_256(label.encode()).digest(size)


def clamp(data):
    return (int.from_bytes(data, 'little') & ~7 & (2 ** 254 - 1)) | 2 ** 254


def encode_scalar(scalar):
    return scalar.to_bytes(32, 'little')


def expand(seed):
    digest = hashlib.sha512(seed).digest()
    return encode_scalar(clamp(digest[:32])) + digest[32:]


def scalar_of(secret_key):
    return int.from_bytes(secret_key[:32], 'little')


def public_of(secret_key):
    return curve.encodepoint(curve.scalarmult_B(scalar_of(secret_key) % curve.l))


def hash_scalar(*pieces):
    return int.from_bytes(hashlib.sha512(b''.join(pieces)).digest(), 'little') % curve.l


def sign(secret_key, message):
    nonce = hash_scalar(secret_key[32:], message)
    commitment = curve.encodepoint(curve.scalarmult_B(nonce))
    challenge = hash_scalar(commitment, public_of(secret_key), message)
    return commitment + encode_scalar((nonce + challenge * scalar_of(secret_key)) % curve.l)


def accepts_without_checks(public_key, message, signature):
    """What a verifier says that looks at the equation alone and not at the encodings or orders."""
    key, commitment = curve.decodepoint(public_key), curve.decodepoint(signature[:32])
    challenge = hash_scalar(signature[:32], public_key, message)
    left = curve.scalarmult_B(int.from_bytes(signature[32:], 'little'))
    right = curve.edwards_add(commitment, curve.scalarmult(key, challenge))
    return curve.encodepoint(left) == curve.encodepoint(right)


def blinding_parameter(public_key, number, length):
    return hashlib.sha3_256(b'Derive temporary signing key\0' + public_key + BASE_POINT + b'key-blind' +
                            struct.pack('>QQ', number, length)).digest()


def blind_secret(secret_key, parameter):
    prefix = hashlib.sha512(b'Derive temporary signing key hash input' + secret_key[32:]).digest()[:32]
    return encode_scalar(clamp(parameter) * scalar_of(secret_key) % curve.l) + prefix


def subcredential(public_key, blinded_key):
    credential = hashlib.sha3_256(b'credential' + public_key).digest()
    return hashlib.sha3_256(b'subcredential' + credential + blinded_key).digest()


def torsion_points():
    """The eight points of small order: the multiples of one of order eight."""
    for i in range(100):
        y = int.from_bytes(bytes_from('torsion %d' % i), 'little') % curve.q
        try:
            point = curve.decodepoint(encode_scalar(y))
        except ValueError:
            continue
        generator = curve.scalarmult(point, curve.l)
        if curve.encodepoint(curve.scalarmult(generator, 4)) != curve.encodepoint(curve.ident):
            return [curve.scalarmult(generator, multiple) for multiple in range(8)]
    raise AssertionError('no point of order eight')


def non_canonical_encodings():
    """Every encoding of a point that is not the one encodepoint() gives: y not reduced, or x = 0 with sign 1."""
    for y in range(2 ** 255 - curve.q):
        for sign_bit in (0, 2 ** 255):
            encoding = encode_scalar((y + curve.q) | sign_bit)
            try:
                curve.decodepoint(encoding)
            except ValueError:
                continue
            yield encoding
    for y in (1, curve.q - 1):
        yield encode_scalar(y | 2 ** 255)


def signature_rows():
    messages = [b'', b'obpub', bytes_from('message', 300)]
    seeds = [bytes_from('seed %d' % i) for i in range(3)]
    keys = [('seed', expand(seed)) for seed in seeds]
    keys += [('expanded', encode_scalar(clamp(bytes_from('scalar %d' % i))) + bytes_from('prefix %d' % i))
             for i in range(3)]
    keys += [('blinded', blind_secret(key, bytes_from('parameter %d' % i))) for i, (_, key) in enumerate(keys)]
    keys += [('top-bits', b'\xff' * 32 + bytes_from('prefix top')), ('zero-prefix', keys[0][1][:32] + b'\1' + bytes(31))]
    for kind, key in keys:
        for message in messages:
            yield kind, key, public_of(key), message or '-', sign(key, message)


def point_rows():
    torsion = torsion_points()
    good = [curve.scalarmult_B(hash_scalar(b'point %d' % i)) for i in range(4)]
    for point in good:
        yield 'good', curve.encodepoint(point)
    for point in torsion:
        yield 'small-order', curve.encodepoint(point)
    for point in good:
        for added in torsion[1:]:
            yield 'mixed-order', curve.encodepoint(curve.edwards_add(point, added))
    for encoding in non_canonical_encodings():
        yield 'non-canonical', encoding
    for i in range(8):
        encoding = bytes_from('off the curve %d' % i)
        try:
            curve.decodepoint(encoding)
        except ValueError:
            yield 'off-curve', encoding


def small_order_key_row(kind, public_key):
    """A signature by nobody: the challenge vanishes when it is a multiple of the key's order."""
    for i in range(1, 200):
        scalar = hash_scalar(b'forged %d' % i)
        signature = curve.encodepoint(curve.scalarmult_B(scalar)) + encode_scalar(scalar)
        if accepts_without_checks(public_key, b'obpub', signature):
            return kind, public_key, b'obpub', signature
    raise AssertionError('no challenge was a multiple of the order')


def bad_signature_rows():
    torsion = torsion_points()
    small = [curve.encodepoint(point) for point in torsion]
    for encoding in small:
        yield small_order_key_row('small-order-key', encoding)
    non_canonical = [encoding for encoding in non_canonical_encodings()
                     if curve.encodepoint(curve.decodepoint(encoding)) in small]
    for encoding in non_canonical:
        yield small_order_key_row('non-canonical-key', encoding)

    secret_key = expand(bytes_from('seed of bad signatures'))
    public_key = public_of(secret_key)
    identity = curve.encodepoint(curve.ident)
    commitments = [('small-order-r', identity)]
    commitments += [('non-canonical-r', encoding) for encoding in non_canonical
                    if curve.encodepoint(curve.decodepoint(encoding)) == identity]
    for kind, commitment in commitments:
        challenge = hash_scalar(commitment, public_key, b'obpub')
        yield kind, public_key, b'obpub', commitment + encode_scalar(challenge * scalar_of(secret_key) % curve.l)

    signature = sign(secret_key, b'obpub')
    scalar = int.from_bytes(signature[32:], 'little')
    for multiple in range(1, 16):
        if scalar + multiple * curve.l < 2 ** 256:
            yield 'unreduced-s', public_key, b'obpub', signature[:32] + encode_scalar(scalar + multiple * curve.l)


def blinding_rows():
    for i in range(4):
        secret_key = expand(bytes_from('identity %d' % i))
        if i % 2:
            secret_key = secret_key[:32] + bytes_from('identity prefix %d' % i)
        public_key = public_of(secret_key)
        for number, length in ((0, 1440), (20597, 1440), (1234567, 24), (2 ** 64 - 1, 2 ** 64 - 1)):
            parameter = blinding_parameter(public_key, number, length)
            blinded_secret = blind_secret(secret_key, parameter)
            blinded_key = public_of(blinded_secret)
            assert blinded_key == curve.encodepoint(
                curve.scalarmult(curve.decodepoint(public_key), clamp(parameter)))
            yield (secret_key, public_key, number, length, parameter, blinded_key,
                   subcredential(public_key, blinded_key), blinded_secret)


FILES = {
    'ed25519_signatures.txt': ('''\
# Signatures by keys of every kind: expanded from a seed, expanded with a nonce prefix that has nothing to do with the
# scalar, blinded, with all bits of the scalar set, and with a nonce prefix that is all but zero.
# Columns: kind, expanded secret key, public key, message (- for the empty one), signature.''', signature_rows),
    'ed25519_points.txt': ('''\
# Encodings of public keys. Only the good ones may be taken.
# Columns: kind, encoding.''', point_rows),
    'ed25519_bad_signatures.txt': ('''\
# Signatures that fulfil the verification equation but must not be taken: RFC 8032 section 5.1.7 for S and the
# encodings; with a key or an R of small order anybody can sign.
# Columns: kind, public key, message, signature.''', bad_signature_rows),
    'blinding_period.txt': ('''\
# Keys blinded for a time period (rend-spec-v3 appendix A.2 and section 2.1), every second with an unrelated nonce prefix.
# Columns: expanded secret key, public key, period number, period length, parameter, blinded public key, subcredential,
# blinded secret key.''', blinding_rows),
}

for name, (description, rows) in FILES.items():
    with open(name, 'w', encoding='ascii') as output:
        print(description, file=output)
        print('# Source: made with stem.util.ed25519 and hashlib by make_ed25519.py.', file=output)
        for row in rows():
            if name == 'ed25519_bad_signatures.txt':
                assert accepts_without_checks(*row[1:]), row[0]
            print(*(value.hex() if isinstance(value, bytes) else value for value in row), file=output)
