# Tries to get at master keys with nothing but what everybody sees: recovery.py ADDRESS PERIOD_LENGTH FILE..., where the
# files hold descriptors of that onion address. It knows what has been done wrong before: nonces made without a secret,
# and nonces that come again. Ends with 1 when it has found a key.
#
# A signature (R, S) of a message M by a key A = a*B is S = r + k*a with k = H(R, A, M), modulo the group's order.
# Whoever knows r has a; and a of a time period, divided by its public blinding factor, is the master scalar. Each R
# that is seen again takes an unknown out of a system of linear equations.

import collections
import hashlib
import itertools
import sys
from dataclasses import dataclass

import curve
from descriptor import Public, blinding_factor, credential_of, subcredential_of

BLIND_NONCE = b'Derive temporary signing key hash input'
SMALL = 4096  # nonces up to this, and so far apart, are found


@dataclass
class Signature:
    """One signature. `owner` names the scalar that made it, which is `factor` times the owner's; hints: public values
    by name, from which a careless signer might have made its nonces."""
    public: bytes
    message: bytes
    commitment: bytes
    scalar: int
    owner: bytes
    factor: int
    hints: dict

    @property
    def challenge(self):
        return curve.hash_to_scalar(self.commitment, self.public, self.message)


@dataclass
class Finding:
    """A scalar that was found, the public key it belongs to, and how."""
    public: bytes
    scalar: int
    how: str


def signatures_of(text, identity, periods, period_length):
    """The signatures in a descriptor of a service: one by the blinded key of one of these time periods, which belongs
    to the identity, and one by the descriptor signing key."""
    shown = Public(text)
    period = period_of(shown.blinded, identity, periods, period_length)
    factor = blinding_factor(identity, period, period_length)
    hints = public_values(identity, shown, period, period_length, factor)
    for (public, message, signature), owner, by in zip(shown.signatures(), (identity, shown.certified),
                                                       (factor % curve.ORDER, 1)):
        assert curve.verify(public, message, signature), 'a published signature is bad'
        yield Signature(public, message, signature[:32], int.from_bytes(signature[32:], 'little'), owner, by, hints)


def period_of(blinded, identity, periods, period_length):
    """Which of these time periods a blinded key of a service is of; LookupError if of none."""
    for period in periods:
        factor = blinding_factor(identity, period, period_length)
        if curve.encode(curve.multiply(factor, curve.decode(identity))) == blinded:
            return period
    raise LookupError('the blinded key is not one of this service in these time periods')


def public_values(identity, shown, period, period_length, factor):
    """What everybody can work out, by name."""
    return {
        'nothing': b'', 'zeros': bytes(32), 'zeros of 64 bytes': bytes(64), 'ones': b'\xff' * 32,
        'a one': b'\1' + bytes(31), 'the identity key': identity, 'the blinded key': shown.blinded,
        'the signing key': shown.certified,
        'the blinding factor': factor.to_bytes(32, 'little'),
        'the factor, reduced': (factor % curve.ORDER).to_bytes(32, 'little'),
        'the credential': credential_of(identity), 'the subcredential': subcredential_of(identity, shown.blinded),
        'the base point': curve.encode(curve.BASE), 'the period': period.to_bytes(8, 'big'),
        'the period and its length': period.to_bytes(8, 'big') + period_length.to_bytes(8, 'big'),
        'the counter': shown.counter.to_bytes(8, 'big'), 'a string of the spec': BLIND_NONCE,
        'another string of the spec': b'Derive temporary signing key', 'the time': shown.certificate[2:6],
    }


def prefixes_of(value):
    """The nonce prefixes that may be made of a value: (how, prefix)."""
    wide, third = hashlib.sha512(value).digest(), hashlib.sha3_512(value).digest()
    plain = [('', value), ('SHA-512, first half, of ', wide[:32]), ('SHA-512, second half, of ', wide[32:]),
             ('SHA-512 of ', wide), ('SHA3-256 of ', hashlib.sha3_256(value).digest()),
             ('SHA-256 of ', hashlib.sha256(value).digest()), ('SHA3-512, second half, of ', third[32:])]
    for how, prefix in plain:
        yield how, prefix
        yield f'the blinded prefix of {how}', hashlib.sha512(BLIND_NONCE + prefix).digest()[:32]


def nonces_of(prefix, signature):
    """The nonces that may be made of a prefix: (how, nonce)."""
    public, message = signature.public, signature.message
    yield 'as the prefix', curve.hash_to_scalar(prefix, message)
    yield 'as the prefix, with the key', curve.hash_to_scalar(prefix, public, message)
    yield 'behind the message', curve.hash_to_scalar(message, prefix)
    yield 'hashed alone', curve.hash_to_scalar(prefix)
    yield 'as it is', int.from_bytes(prefix, 'little') % curve.ORDER
    yield 'clamped', curve.clamp(prefix.ljust(32, b'\0')[:32]) % curve.ORDER


def scalar_from_nonce(signature, nonce):
    """The owner's scalar, if this is the nonce."""
    scalar = (signature.scalar - nonce) * pow(signature.challenge, -1, curve.ORDER) % curve.ORDER
    return scalar * pow(signature.factor, -1, curve.ORDER) % curve.ORDER


def guess_prefix(signature):
    """Tries all nonces that can be made of public values alone."""
    commitment, tried = curve.decode(signature.commitment), set()
    for name, value in signature.hints.items():
        for made, prefix in prefixes_of(value):
            for used, nonce in nonces_of(prefix, signature):
                if nonce not in tried and curve.equal(curve.multiply_base(nonce), commitment):
                    yield Finding(signature.owner, scalar_from_nonce(signature, nonce), f'{made}{name} {used}')
                tried.add(nonce)


def height(commitment):
    """An encoded point without its sign: R and -R are as good as equal."""
    return int.from_bytes(commitment, 'little') & 2 ** 255 - 1


def sign_of(commitment):
    return -1 if commitment[31] >> 7 else 1


class Equations:
    """A system of linear equations modulo the group's order, brought into its reduced form as they come."""

    def __init__(self):
        self.rows = []  # (pivot, {unknown: factor}, sum)

    def add(self, terms, total):
        terms = dict(terms)
        for pivot, other, other_total in self.rows:
            if factor := terms.get(pivot):
                total = (total - factor * other_total) % curve.ORDER
                self._subtract(terms, other, factor)
        if not terms:
            return
        pivot = next(iter(terms))
        inverse = pow(terms[pivot], -1, curve.ORDER)
        terms = {unknown: factor * inverse % curve.ORDER for unknown, factor in terms.items()}
        total = total * inverse % curve.ORDER
        for i, (old_pivot, old, old_total) in enumerate(self.rows):
            if factor := old.get(pivot):
                self._subtract(old, terms, factor)
                self.rows[i] = (old_pivot, old, (old_total - factor * total) % curve.ORDER)
        self.rows.append((pivot, terms, total))

    @staticmethod
    def _subtract(terms, other, factor):
        for unknown, value in other.items():
            rest = (terms.get(unknown, 0) - factor * value) % curve.ORDER
            terms[unknown] = rest
            if not rest:
                del terms[unknown]

    def solved(self):
        """{unknown: value} of those that only one value fits."""
        return {pivot: total for pivot, terms, total in self.rows if len(terms) == 1}


def _equation(signature, nonce, shift=0):
    # S = sign * (r + shift) + k * factor * a, for the unknowns r and a.
    sign = sign_of(signature.commitment)
    terms = {('nonce', nonce): sign % curve.ORDER,
             ('key', signature.owner): signature.challenge * signature.factor % curve.ORDER}
    return terms, (signature.scalar - sign * shift) % curve.ORDER


def solve_repeats(signatures):
    """Nonces that come twice or more, under one key or several: (finding)."""
    equations = Equations()
    for signature in signatures:
        equations.add(*_equation(signature, height(signature.commitment)))
    yield from _solved(equations, 'a nonce that comes again')


def _solved(equations, how):
    for (kind, name), value in equations.solved().items():
        if kind == 'key':
            yield Finding(name, value, how)


def _small_multiples():
    # {height of j*B: j}.
    points = itertools.accumulate(itertools.repeat(curve.BASE, SMALL), curve.add)
    return {height(curve.encode(point)): j for j, point in enumerate(points, 1)}


def guess_small(signatures, near=60):
    """Nonces that are small, or that count up; the latter between each of the first signatures and those near it."""
    small = _small_multiples()
    for signature in signatures:
        if (nonce := small.get(height(signature.commitment))) is not None:
            for candidate in (nonce, -nonce % curve.ORDER):
                yield Finding(signature.owner, scalar_from_nonce(signature, candidate), 'a small nonce')
    for one, other in itertools.combinations(signatures[:near], 2):
        if height(one.commitment) == height(other.commitment):
            continue
        step = curve.add(curve.decode(other.commitment), curve.negate(curve.decode(one.commitment)))
        if (distance := small.get(height(curve.encode(step)))) is None:
            continue
        for shift in (distance, -distance % curve.ORDER):
            equations = Equations()
            for signature, add in ((one, 0), (other, shift)):
                factor = signature.challenge * signature.factor % curve.ORDER
                terms = {('nonce', 0): 1, ('key', signature.owner): factor}
                equations.add(terms, (signature.scalar - add) % curve.ORDER)
            yield from _solved(equations, 'nonces that count up')


def guess_all(signatures, guesses, found):
    """Everything. For each key whose owner was not found yet, such as the blinded one of a time period, the prefixes of
    only so many signatures are guessed, as all are made alike."""
    yield from solve_repeats(signatures)
    yield from guess_small(signatures)
    left = collections.Counter({signature.public: guesses for signature in signatures})
    for signature in signatures:
        left[signature.public] -= 1
        if left[signature.public] >= 0 and signature.owner not in found:
            yield from guess_prefix(signature)


def recover(signatures, guesses=1):
    """All that is known to have worked. Returns {public key: Finding} of the keys that were really found: a scalar
    counts when it makes the public key."""
    once = list({(signature.commitment, signature.scalar): signature for signature in signatures}.values())
    found = {}
    for finding in guess_all(once, guesses, found):
        if finding.public not in found and curve.public_of(finding.scalar) == finding.public:
            found[finding.public] = finding
    return found


def main(address, period_length, *paths):
    import base64
    import time
    identity = base64.b32decode(address.removesuffix('.onion').upper())[:32]
    running = int(time.time()) // 60 // int(period_length)
    signatures = []
    for path in paths:
        with open(path, encoding='ascii') as file:
            signatures += signatures_of(file.read(), identity, range(running - 500, running + 500), int(period_length))
    found = recover(signatures)
    for finding in found.values():
        whose = 'the MASTER KEY' if finding.public == identity else 'a descriptor signing key'
        print(f'{whose} {finding.public.hex()} has the scalar {finding.scalar:x}: {finding.how}')
    print(f'{len(signatures)} signatures looked at, {len(found)} keys found')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
