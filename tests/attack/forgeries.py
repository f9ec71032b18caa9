# Descriptors that are good in everything but one check: a row for each, with the check of verifier.py that has to find
# it, and the place of obpub's source that does. Who makes them has no key of the service, or is the service itself and
# lies: an introduction point's certificates anybody's backend can make as it likes.

import os
from dataclasses import dataclass
from typing import Callable, Optional, Tuple

import curve
from descriptor import INNER, Keypair, MIDDLE, Point, edwards_form, subcredential_of


@dataclass
class Forgery:
    """One way to forge. change(maker, victim) turns the Maker of a good descriptor of the victim, a Keypair, into the
    forgery's. checks: those of the verifier that stand in its way. words: in what obpub says. place: (file, pattern,
    replacement) that takes obpub's check out, unless another one catches the forgery too."""
    name: str
    checks: Tuple[str, ...]
    words: str
    change: Callable
    place: Optional[Tuple[str, str, str]] = None


def foreign(maker):
    """A key of somebody else's, blinded for the same time period."""
    return Keypair.new().blinded(maker.period, maker.period_length)


# -- forged by somebody who has no key of the service ---------------------------------------------------------------

def under_foreign_blinded_key(maker, victim):
    """Encrypted for the victim's clients, under a blinded key of one's own: what GoBalance took."""
    maker.blinded = foreign(maker)
    maker.named = maker.blinded.public
    maker.subcredential = subcredential_of(victim.public, maker.named)
    maker.certificate.signer, maker.certificate.named = maker.blinded, maker.named


def certified_by_foreign_key(maker, victim):
    """The victim's blinded key is named, another one signed."""
    maker.certificate.signer = foreign(maker)


def certificate_spoilt(maker, victim):
    maker.certificate.spoil = True


def signed_by_foreign_key(maker, victim):
    """The victim's certificate, copied from what it published; the document is signed by a key of one's own."""
    maker.signer = Keypair.new()


def signed_for_something_else(maker, victim):
    maker.signature_prefix = b''


def of_another_service(maker, victim):
    """Consistent, but another service's."""
    other = Keypair.new()
    maker.identity = other.public
    maker.blinded = other.blinded(maker.period, maker.period_length)
    maker.named = maker.blinded.public
    maker.certificate.signer, maker.certificate.named = maker.blinded, maker.named


def of_another_period(steps):
    def change(maker, victim):
        maker.period += steps
        maker.blinded = victim.blinded(maker.period, maker.period_length)
        maker.named = maker.blinded.public
        maker.certificate.signer, maker.certificate.named = maker.blinded, maker.named
    return change


def of_another_period_length(maker, victim):
    maker.blinded = victim.blinded(maker.period, maker.period_length + 1)
    maker.named = maker.blinded.public
    maker.certificate.signer, maker.certificate.named = maker.blinded, maker.named


def not_reduced(maker, victim):
    # S + the group's order fits the equation as well as S.
    maker.edit['signature'] = lambda signature: signature[:32] + (
        int.from_bytes(signature[32:], 'little') + curve.ORDER).to_bytes(32, 'little')


def foreign_points(maker, victim):
    """Points of another descriptor in one's own: their certificates name another descriptor signing key."""
    other = Keypair.new()
    for point in maker.points:
        def change(auth, enc):
            for certificate in (auth, enc):
                certificate.signer, certificate.named = other, other.public
        point.change = change


# -- made by a service that lies ------------------------------------------------------------------------------------

def outer(**changes):
    def change(maker, victim):
        for name, value in changes.items():
            setattr(maker.certificate, name, value(maker) if callable(value) else value)
    return change


def of_point(which, **changes):
    """Changes a certificate of the second point: which is 0 for auth-key, 1 for enc-key-cert."""
    def change(maker, victim):
        def change_certificates(*certificates):
            for name, value in changes.items():
                setattr(certificates[which], name, value(maker) if callable(value) else value)
        maker.points[1].change = change_certificates
    return change


def point_key(name, make):
    """Gives the second point another key."""
    def change(maker, victim):
        setattr(maker.points[1], name, make(maker))
    return change


def replaced(layer, old, new):
    def change(maker, victim):
        def edit(text):
            assert old in text
            return text.replace(old, new, 1)
        maker.edit[layer] = edit
    return change


def spoilt(layer):
    def change(maker, victim):
        maker.spoil.add(layer)
    return change


def padded(maker, victim):
    maker.padding = b'\0\0\0hidden'


def many_points(maker, victim):
    maker.points = [Point() for _ in range(21)]


def same_point(maker, victim):
    """One point 20 times: clients would go to one place alone."""
    maker.points = [maker.points[0]] * 20


def endless(maker, victim):
    # The longest that a descriptor may be is a matter of the network.
    maker.padding = bytes(30000)


TORSION = bytes.fromhex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05')  # of order 8


def mixed_key(maker):
    """A good key with a point of small order added."""
    return curve.encode(curve.add(curve.decode(Keypair.new().public), curve.decode(TORSION)))


def odd_enc_key(number):
    """Makes an X25519 key of this number, and the right certificate for it."""
    def change(maker, victim):
        maker.points[1].enc_key = number.to_bytes(32, 'little')
        maker.points[1].enc_certified = edwards_form((number % 2 ** 255).to_bytes(32, 'little'))
    return change


def odd_onion_key(number):
    return point_key('onion_key', lambda maker: number.to_bytes(32, 'little'))


def hours(count):
    return lambda maker: maker.now // 3600 + count


def other_key(maker):
    return Keypair.new().public


NEVER = 0xffffffff
UNKNOWN_EXTENSION = (17, 1, b'?')


def with_unknown_extension(maker):
    return [(4, 0, maker.named), UNKNOWN_EXTENSION]


def point_with_unknown_extension(maker):
    return [(4, 0, maker.signing.public), UNKNOWN_EXTENSION]


CERTIFICATE, POINT, DESCRIPTOR = 'crypto/certificate.c', 'onion/introduction_point.c', 'onion/descriptor.c'
LINKS = 'onion/link_specifiers.c'
INNER_LAYER, LAYER, ED25519 = 'onion/descriptor_inner.c', 'crypto/descriptor_layer.c', 'crypto/ed25519.c'

NAMED_KEY = (CERTIFICATE, r'sodium_memcmp\(certificate->signing_key, signing_key, ED25519_PUBLIC_KEY_SIZE\) != 0', '0')
TYPE = (CERTIFICATE, r'certificate->type != type', '0')
EXPIRED = (CERTIFICATE, r'wall_now >= \(int64_t\)certificate->expiration_hour \* SECONDS_PER_HOUR', '0')
END = (CERTIFICATE, r'position != extensions_end', '0')
LASTING = (CERTIFICATE, r'certificate->expiration_hour > wall_now / SECONDS_PER_HOUR \+ CERTIFICATE_LIFETIME_HOURS_MAX', '0')
SIGNATURE = (CERTIFICATE, r'verified_signatures_verify\(verified, encoded \+ body_length, encoded, body_length,'
             r' signing_key\) != 0', '0')
EXTENSION = (CERTIFICATE, r'flags & EXTENSION_AFFECTS_VALIDATION', '0')
VERSION = (CERTIFICATE, r'encoded\[0\] != VERSION', '0')
KEY_TYPE = (CERTIFICATE, r'encoded\[6\] != KEY_TYPE_ED25519', '0')
BLINDED_KEY = ('onion/descriptor_period.c', r'memcmp\(possible_key, blinded_key, sizeof\(possible_key\)\) == 0', '1')
DOCUMENT = (DESCRIPTOR, r'ed25519_verify\(signature, decoding->blob, prefix_length \+ decoding->signed_text.length,'
            r'\s*decoding->descriptor->signing_key\) != 0', '0')
MAC = (LAYER, r'sodium_memcmp\(mac, ciphertext \+ ciphertext_length, sizeof\(mac\)\) == 0', '1')
PADDING = (DESCRIPTOR, r'!is_padding\(plaintext->start \+ plaintext->length, [^)]*\)length - plaintext->length\)', '0')
AUTH_KEY = (POINT, r'!ed25519_public_key_is_valid\(auth_key\)', '0')
CERTIFIED = (POINT, r'!ed25519_matches_x25519\(decoding->point->enc_key_certified, decoding->point->enc_key\)', '0')
LOW_ORDER = (POINT, r'is_low_order\(key\)', '0')
CANONICAL = (POINT, r'!is_canonical\(key\)', '0')

FORGERIES = [
    Forgery('under a blinded key of the forger\'s', ('blinded-key',), 'not a descriptor of this service',
            under_foreign_blinded_key, BLINDED_KEY),
    Forgery('of another service', ('blinded-key', 'middle-mac', 'inner-mac', 'form'),
            'not a descriptor of this service', of_another_service),
    Forgery('of the time period after the next', ('blinded-key',), 'time period', of_another_period(2), BLINDED_KEY),
    Forgery('of the time period before the last', ('blinded-key',), 'time period', of_another_period(-2), BLINDED_KEY),
    Forgery('of time periods of another length', ('blinded-key',), 'time period', of_another_period_length,
            BLINDED_KEY),
    Forgery('signing key certified by a foreign key', ('outer-signature',), 'bad signature', certified_by_foreign_key,
            SIGNATURE),
    Forgery('signing key\'s certificate spoilt', ('outer-signature',), 'bad signature', certificate_spoilt, SIGNATURE),
    Forgery('signed by a foreign key', ('document-signature',), 'its signature is bad', signed_by_foreign_key,
            DOCUMENT),
    Forgery('signed for another purpose', ('document-signature',), 'its signature is bad', signed_for_something_else,
            DOCUMENT),
    Forgery('a signature that was not reduced', ('document-signature',), 'its signature is bad', not_reduced, DOCUMENT),
    Forgery('middle layer spoilt', ('middle-mac',), 'middle layer can\'t be decrypted', spoilt(MIDDLE), MAC),
    Forgery('inner layer spoilt', ('inner-mac',), 'inner layer can\'t be decrypted', spoilt(INNER), MAC),
    Forgery('something behind the padding', ('middle-padding', 'inner-padding'), 'goes on behind its padding', padded,
            PADDING),
    Forgery('longer than the network allows', ('size',), 'the network allows fewer', endless,
            (DESCRIPTOR, r'length >= expectation->size_max', '0')),
    Forgery('of another version', ('version',), 'another version', replaced('outer', 'descriptor 3', 'descriptor 4'),
            (DESCRIPTOR, r'!text_equals\(item->arguments\[0\], "3"\)', '0')),
    Forgery('good for two days', ('lifetime',), 'lifetime', replaced('outer', 'lifetime 180', 'lifetime 2880'),
            (DESCRIPTOR, r'#define LIFETIME_MAX 720', '#define LIFETIME_MAX 100000')),
    Forgery('another kind of client authorization', ('auth-type',), 'another "desc-auth-type"',
            replaced('middle', 'type x25519', 'type x448'),
            (DESCRIPTOR, r'!text_equals\(item->arguments\[0\], "x25519"\)', '0')),
    Forgery('without ntor', ('create2-formats',), 'ntor', replaced('inner', 'create2-formats 2', 'create2-formats 1'),
            (INNER_LAYER, r'text_equals\(item->arguments\[i\], "2"\)', '1')),
    Forgery('21 introduction points', ('number-of-points',), 'more than 20 introduction points', many_points),
    Forgery('the same point 20 times', ('point-twice',), 'is the same as introduction point', same_point,
            (INNER_LAYER, r'introduction_point_equals\(&points\[i\], &points\[count\]\)', '0')),
    Forgery('points of another descriptor',
            ('auth-names-signer', 'auth-signature', 'enc-names-signer', 'enc-signature'),
            'auth-key: a certificate is signed by another key', foreign_points),
    Forgery('outer certificate of another type', ('outer-type',), 'of type 9', outer(kind=9), TYPE),
    Forgery('outer certificate of another version', ('outer-version',), 'unknown version', outer(version=2), VERSION),
    Forgery('outer certificate of another kind of key', ('outer-key-type',), 'unknown key type', outer(key_kind=3),
            KEY_TYPE),
    Forgery('outer certificate expired', ('outer-expired',), 'has expired', outer(expires=hours(0)), EXPIRED),
    Forgery('outer certificate for ever', ('outer-lifetime',), 'no tor makes', outer(expires=NEVER), LASTING),
    Forgery('outer certificate for five days', ('outer-lifetime',), 'no tor makes', outer(expires=hours(109)), LASTING),
    Forgery('outer certificate that can\'t be judged', ('outer-extension',), 'can\'t be judged',
            outer(extensions=with_unknown_extension), EXTENSION),
    Forgery('outer certificate with a rest', ('outer-end',), 'bytes too many', outer(rest=b'?'), END),
    Forgery('outer certificate without the blinded key', ('outer-names-signer', 'form'),
            'does not name the blinded key', outer(extensions=lambda maker: [])),
]
for _which, _name in enumerate(('auth', 'enc')):
    FORGERIES += [
        Forgery(f'{_name} certificate of another type', (f'{_name}-type',), 'of type 8', of_point(_which, kind=8),
                TYPE),
        Forgery(f'{_name} certificate of another version', (f'{_name}-version',), 'unknown version',
                of_point(_which, version=0), VERSION),
        Forgery(f'{_name} certificate of another kind of key', (f'{_name}-key-type',), 'unknown key type',
                of_point(_which, key_kind=2), KEY_TYPE),
        Forgery(f'{_name} certificate expired', (f'{_name}-expired',), 'has expired',
                of_point(_which, expires=hours(0)), EXPIRED),
        Forgery(f'{_name} certificate for ever', (f'{_name}-lifetime',), 'no tor makes',
                of_point(_which, expires=NEVER), LASTING),
        Forgery(f'{_name} certificate signed by a foreign key', (f'{_name}-signature',), 'bad signature',
                of_point(_which, signer=lambda maker: Keypair.new()), SIGNATURE),
        Forgery(f'{_name} certificate naming a foreign key', (f'{_name}-names-signer',), 'signed by another key',
                of_point(_which, named=other_key), NAMED_KEY),
        Forgery(f'{_name} certificate without its signer', (f'{_name}-names-signer',), 'does not name its signing key',
                of_point(_which, extensions=lambda maker: [])),
        Forgery(f'{_name} certificate with a rest', (f'{_name}-end',), 'bytes too many', of_point(_which, rest=b'?'),
                END),
        Forgery(f'{_name} certificate spoilt', (f'{_name}-signature',), 'bad signature', of_point(_which, spoil=True),
                SIGNATURE),
        Forgery(f'{_name} certificate that can\'t be judged', (f'{_name}-extension',), 'can\'t be judged',
                of_point(_which, extensions=point_with_unknown_extension), EXTENSION),
    ]
for _name, _key in (('the identity', curve.encode(curve.IDENTITY)), ('of small order', TORSION),
                    ('of mixed order', mixed_key), ('not reduced', (curve.P + 3).to_bytes(32, 'little')),
                    ('no point', (2).to_bytes(32, 'little'))):
    FORGERIES.append(Forgery(f'auth key {_name}', ('auth-key',), 'no Ed25519 key', of_point(0, certified=_key),
                             AUTH_KEY))
ORDER_8 = [0xb8495f16056286fdb1329ceb8d09da6ac49ff1fae35616aeb8413b7c7aebe0,
           0x57119fd0dd4e22d8868e1c58c45c44045bef839c55b1d0b1248c50a3bc959c5f]
for _name, _number in (('zero', 0), ('one', 1), ('of order 8', ORDER_8[0]), ('the other of order 8', ORDER_8[1]),
                       ('minus one', curve.P - 1)):
    FORGERIES.append(Forgery(f'enc key {_name}', ('enc-key-order',), 'of low order',
                             odd_enc_key(_number), LOW_ORDER if _number != curve.P - 1 else None))
    FORGERIES.append(Forgery(f'onion key {_name}', ('onion-key-order',), 'of low order', odd_onion_key(_number),
                             LOW_ORDER))
for _name, _number in (('not reduced', curve.P + 9), ('with its top bit set', 2 ** 255 + 9)):
    FORGERIES.append(Forgery(f'enc key {_name}', ('enc-key-canonical',), 'not canonical', odd_enc_key(_number),
                             CANONICAL))
    FORGERIES.append(Forgery(f'onion key {_name}', ('onion-key-canonical',), 'not canonical', odd_onion_key(_number),
                             CANONICAL))
FORGERIES += [
    Forgery('enc key that is not certified', ('enc-key-certified',), 'certifies another key',
            point_key('enc_certified', other_key), CERTIFIED),
    Forgery('link specifier of a wrong length', ('link-length',), 'malformed',
            point_key('links', lambda maker: b'\1\2\x13' + os.urandom(19)),
            (LINKS, r'bytes\[next \+ 1\] != link_specifier_lengths\[type\]', '0')),
    Forgery('link specifiers with a rest', ('links-end',), 'malformed',
            point_key('links', lambda maker: b'\1\2\x14' + os.urandom(20) + b'?'),
            (LINKS, r'return next == length \? 0 : -1;', 'return 0;')),
    Forgery('no link specifiers', ('links-end',), 'malformed', point_key('links', lambda maker: b'\0'),
            (LINKS, r'length == 0 \|\| bytes\[0\] == 0', '0')),
]
