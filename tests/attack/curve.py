# Ed25519 and Curve25519 in plain integers: shares nothing with obpub or its libraries, and keeps no secret.

import hashlib

P = 2 ** 255 - 19
ORDER = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1, 1, 0)  # a point is (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z


def add(one, other):
    """The sum of two points; right for all of them, equal ones too."""
    a, b = (one[1] - one[0]) * (other[1] - other[0]) % P, (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def negate(point):
    return (-point[0] % P, point[1], point[2], -point[3] % P)


def multiply(scalar, point):
    """scalar * point, for any scalar of 0 or more."""
    result = IDENTITY
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def equal(one, other):
    return (one[0] * other[2] - other[0] * one[2]) % P == 0 and (one[1] * other[2] - other[1] * one[2]) % P == 0


def encode(point):
    inverse = pow(point[2], -1, P)
    return (point[1] * inverse % P | (point[0] * inverse % P & 1) << 255).to_bytes(32, 'little')


def decode(encoding):
    """The point of an encoding, ValueError if there is none; an encoding that is not reduced is reduced."""
    number = int.from_bytes(encoding, 'little')
    y, sign = (number & 2 ** 255 - 1) % P, number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * SQRT_OF_MINUS_ONE % P
    if (x * x - square) % P:
        raise ValueError('not on the curve')
    if x & 1 != sign:
        x = -x % P
    return (x, y, 1, x * y % P)


BASE = decode((4 * pow(5, -1, P) % P).to_bytes(32, 'little'))


def _make_base_table():
    # Row i has the multiples of 256^i * BASE.
    rows, step = [], BASE
    for _ in range(32):
        row = [IDENTITY]
        for _ in range(255):
            row.append(add(row[-1], step))
        rows.append(row)
        step = add(row[-1], step)
    return rows


_base_table = _make_base_table()


def multiply_base(scalar):
    """scalar * BASE, for any scalar of 0 or more."""
    result = IDENTITY
    for row, byte in zip(_base_table, (scalar % ORDER).to_bytes(32, 'little')):
        result = add(result, row[byte])
    return result


def is_good_key(encoding):
    """Whether these bytes are the one encoding of a point of the prime-order group other than the identity."""
    try:
        point = decode(encoding)
    except ValueError:
        return False
    return encode(point) == encoding and not equal(point, IDENTITY) and equal(multiply(ORDER, point), IDENTITY)


def hash_to_scalar(*pieces):
    return int.from_bytes(hashlib.sha512(b''.join(pieces)).digest(), 'little') % ORDER


def clamp(data):
    return int.from_bytes(data, 'little') & 2 ** 254 - 8 | 2 ** 254


def expand(seed):
    """The scalar and the nonce prefix of a seed."""
    digest = hashlib.sha512(seed).digest()
    return clamp(digest[:32]), digest[32:]


def public_of(scalar):
    return encode(multiply_base(scalar))


def sign_with_nonce(scalar, public, nonce, message):
    commitment = public_of(nonce)
    challenge = hash_to_scalar(commitment, public, message)
    return commitment + ((nonce + challenge * scalar) % ORDER).to_bytes(32, 'little')


def sign(scalar, prefix, message):
    return sign_with_nonce(scalar, public_of(scalar), hash_to_scalar(prefix, message), message)


def verify(public, message, signature):
    """Whether a signature is good, of a key and with an R that are no points of small order or odd encoding."""
    scalar = int.from_bytes(signature[32:], 'little')
    if scalar >= ORDER or not is_good_key(public) or not is_good_key(signature[:32]):
        return False
    challenge = hash_to_scalar(signature[:32], public, message)
    return equal(multiply_base(scalar), add(decode(signature[:32]), multiply(challenge, decode(public))))


def x25519_base(secret):
    """The X25519 public key of 32 secret bytes."""
    y = decode_y(multiply_base(clamp(secret)))
    return ((1 + y) * pow(1 - y, -1, P) % P).to_bytes(32, 'little')


def decode_y(point):
    return point[1] * pow(point[2], -1, P) % P


def edwards_of_x25519(montgomery):
    """The Ed25519 key with sign bit 0 that belongs to an X25519 key."""
    u = int.from_bytes(montgomery, 'little') % 2 ** 255 % P
    return ((u - 1) * pow(u + 1, P - 2, P) % P).to_bytes(32, 'little')
