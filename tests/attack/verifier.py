# A verifier of v3 descriptors that shares nothing with obpub, and has a switch for each of its checks: so that a
# forgery can be shown to be good in all but one.

import base64
import binascii
import re

import curve
from descriptor import (AUTH, ENC, INNER, MIDDLE, SIGNATURE_PREFIX, SIGNING, blinding_factor, crypt, edwards_form,
                        layer_keys, layer_mac, subcredential_of)

SIZE_MAX = 50000
POINTS_MAX = 20
LIFETIME_MAX_HOURS = 2 * 54
LOW_ORDER = {0, 1, curve.P - 1,
             325606250916557431795983626356110631294008115727848805560023387167927233504,
             39382357235489614581723060781553021112529911719440698176882885853963445705823}
LINK_LENGTHS = {0: 6, 1: 18, 2: 20, 3: 32}


class Refused(Exception):
    """A check found a fault; str() is the check's name."""


class Verifier:
    """Checks descriptors of the service with this identity key in these circumstances; `off` are the names of checks
    that are left out."""

    def __init__(self, identity, period, period_length, now, off=()):
        self.identity, self.period, self.period_length, self.now = identity, period, period_length, now
        self.off = set(off)

    def need(self, check, good):
        if not good and check not in self.off:
            raise Refused(check)

    def verify(self, text):
        """Returns the number of introduction points, or raises Refused."""
        try:
            return self._outer(text)
        except (AttributeError, TypeError, ValueError, IndexError, binascii.Error, UnicodeDecodeError):
            raise Refused('form') from None

    def _outer(self, text):
        self.need('size', len(text) < SIZE_MAX)
        self.need('version', text.startswith('hs-descriptor 3\n'))
        lifetime = int(re.search(r'^descriptor-lifetime (\d+)$', text, re.M).group(1))
        self.need('lifetime', lifetime <= 720)
        blob = object_after('descriptor-signing-key-cert', 'ED25519 CERT', text)
        self.signing, named = self._certificate('outer', blob, SIGNING, None)
        self._blinded_key(named)
        counter = int(re.search(r'^revision-counter (\d+)$', text, re.M).group(1))
        signed, signature = re.fullmatch(r'(.*\n)signature (\S{86})\n?', text, re.S).groups()
        self.need('document-signature', curve.verify(self.signing, SIGNATURE_PREFIX + signed.encode(),
                                                     base64.b64decode(signature + '==')))
        secret = (named, subcredential_of(self.identity, named), counter)
        middle = self._open('middle', object_after('superencrypted', 'MESSAGE', text), secret, MIDDLE)
        self.need('auth-type', middle.startswith('desc-auth-type x25519\n'))
        return self._inner(self._open('inner', object_after('encrypted', 'MESSAGE', middle), secret, INNER))

    def _blinded_key(self, blinded):
        possible = [curve.encode(curve.multiply(blinding_factor(self.identity, self.period + step, self.period_length),
                                                curve.decode(self.identity))) for step in (0, -1, 1)]
        self.need('blinded-key', blinded in possible)

    def _certificate(self, name, blob, kind, signer):
        """Checks a certificate, by a signer or by the key it names itself; returns the keys certified and named."""
        self.need(f'{name}-version', blob[0] == 1)
        self.need(f'{name}-type', blob[1] == kind)
        expires = int.from_bytes(blob[2:6], 'big')
        self.need(f'{name}-expired', self.now < expires * 3600)
        self.need(f'{name}-lifetime', expires - self.now // 3600 <= LIFETIME_MAX_HOURS)
        self.need(f'{name}-key-type', blob[6] == 1)
        named, place = None, 40
        for _ in range(blob[39]):
            length, kind, flags = int.from_bytes(blob[place:place + 2], 'big'), blob[place + 2], blob[place + 3]
            if kind == 4:
                named = blob[place + 4:place + 4 + length]
            else:
                self.need(f'{name}-extension', not flags & 1)
            place += 4 + length
        self.need(f'{name}-end', place == len(blob) - 64)
        self.need(f'{name}-names-signer', named is not None and (signer is None or named == signer))
        key = named if signer is None else signer
        self.need(f'{name}-signature', curve.verify(key, blob[:-64], blob[-64:]))
        return blob[7:39], key

    def _open(self, name, blob, secret, constant):
        salt, ciphertext, mac = blob[:16], blob[16:-32], blob[-32:]
        key, initial, mac_key = layer_keys(*secret, salt, constant)
        self.need(f'{name}-mac', layer_mac(mac_key, salt, ciphertext) == mac)
        text, _, padding = crypt(key, initial, ciphertext).partition(b'\0')
        self.need(f'{name}-padding', not padding.strip(b'\0'))
        return text.decode()

    def _inner(self, text):
        formats = re.match(r'create2-formats (.*)\n', text).group(1).split()
        self.need('create2-formats', '2' in formats)
        points = text.split('introduction-point ')[1:]
        self.need('number-of-points', len(points) <= POINTS_MAX)
        auth_keys = [self._point(point) for point in points]
        self.need('point-twice', len(set(auth_keys)) == len(auth_keys))
        return len(points)

    def _point(self, text):
        self._links(base64.b64decode(text.partition('\n')[0]))
        auth, _ = self._certificate('auth', object_after('auth-key', 'ED25519 CERT', text), AUTH, self.signing)
        self.need('auth-key', curve.is_good_key(auth))
        certified, _ = self._certificate('enc', object_after('enc-key-cert', 'ED25519 CERT', text), ENC, self.signing)
        enc_key = self._ntor_key('enc-key', text)
        self._ntor_key('onion-key', text)
        self.need('enc-key-certified', certified == edwards_form(enc_key[:31] + bytes([enc_key[31] & 127])))
        return auth

    def _ntor_key(self, name, text):
        key = base64.b64decode(re.search(rf'^{name} ntor (\S+)$', text, re.M).group(1))
        number = int.from_bytes(key, 'little')
        self.need(f'{name}-order', number % 2 ** 255 % curve.P not in LOW_ORDER)
        self.need(f'{name}-canonical', number < curve.P)
        return key

    def _links(self, links):
        place = 1
        for _ in range(links[0]):
            kind, length = links[place], links[place + 1]
            self.need('link-length', LINK_LENGTHS.get(kind, length) == length)
            place += 2 + length
        self.need('links-end', place == len(links) and links[0] > 0)


def object_after(keyword, label, text):
    """The bytes of the object that belongs to a keyword."""
    pattern = rf'^{keyword}\n-----BEGIN {label}-----\n(.*?)-----END {label}-----'
    return base64.b64decode(re.search(pattern, text, re.M | re.S).group(1))
