# Whether two descriptors are alike to an HSDir, and to somebody who can read them: same lines in the same order, same
# lengths, same padding, at every layer.

import re
import time

from .client import fetch_descriptor

LIFETIME_HOURS = 54


def shape(text):
    """Each line of a document with every figure in it that differs from one descriptor to the next masked, so that
    only keywords, order and lengths are left."""
    masked = re.sub(r'(?m)^(revision-counter) \d+$', r'\1 N', text)
    return [mask(line) for line in masked.split('\n')]


def mask(line):
    """A line with its base64 masked; that of a certificate or message keeps its length."""
    words = line.split(' ')
    fixed = {'hs-descriptor', 'descriptor-lifetime', 'revision-counter', 'create2-formats', 'flow-control',
             'desc-auth-type'}
    if words[0] in fixed or line.startswith('-----'):
        return line
    if len(words) == 1 and not re.fullmatch(r'[a-z0-9-]+', line):
        return f'<{len(line)} bytes>'
    return ' '.join([words[0]] + [word if word in ('ntor', 'x25519') else f'<{len(word)} bytes>' for word in words[1:]])


def padding(plaintext):
    """The text of a layer and how many NULs follow it."""
    text = plaintext.rstrip('\0')
    assert '\0' not in text
    return text, len(plaintext) - len(text)


def same(what, ours, tors):
    """Fail at the first difference between two lists or values."""
    if isinstance(ours, list):
        for number, (our, tor) in enumerate(zip(ours, tors), 1):
            assert our == tor, f'{what}: line {number} is {our!r}, but tor\'s is {tor!r}'
        ours, tors = len(ours), len(tors)
    assert ours == tors, f'{what}: {ours!r}, but tor\'s is {tors!r}'


def compare(ours, tors):
    """Compare two descriptors of the same introduction points, layer by layer."""
    counter_digits_differ = len(str(ours.outer.revision_counter)) - len(str(tors.outer.revision_counter))
    same('outer layer', shape(ours.text), shape(tors.text))
    same('outer layer, length', len(ours.text) - counter_digits_differ, len(tors.text))
    our_middle, our_padding = padding(ours.middle)
    tor_middle, tor_padding = padding(tors.middle)
    same('middle layer', shape(our_middle), shape(tor_middle))
    same('middle layer, length with padding', len(ours.middle), len(tors.middle))
    same('middle layer, padding', our_padding, tor_padding)
    same('middle layer, auth-client lines', our_middle.count('\nauth-client '), tor_middle.count('\nauth-client '))
    our_inner, our_padding = padding(ours.inner)
    tor_inner, tor_padding = padding(tors.inner)
    same('inner layer', shape(our_inner), shape(tor_inner))
    same('inner layer, length', len(our_inner), len(tor_inner))
    same('inner layer, padding', our_padding, tor_padding)


def check_certificates(descriptor, began, whose):
    """Whether all its certificates, made since `began`, end when tor's do: 54 hours later, rounded down to an hour
    for those of the introduction points, up for the one of the descriptor's signing key."""
    hours = range(int(began) // 3600 + LIFETIME_HOURS, int(time.time()) // 3600 + LIFETIME_HOURS + 1)
    ends = descriptor.point_expiration_hours
    assert ends <= set(hours), f'the introduction points\' certificates of {whose} end at {ends}, not {hours}'
    assert descriptor.expiration_hour - 1 in hours, f'the certificate of {whose} ends at {descriptor.expiration_hour}'


def raw_at_hsdirs(net, address, hsdirs):
    """What each of these HSDirs holds for an address, byte for byte."""
    texts = [fetch_descriptor(net.client, address, hsdir, raw=True) for hsdir in hsdirs]
    assert texts and None not in texts, 'an HSDir has no descriptor, though it took it'
    assert len(set(texts)) == len(texts), 'two HSDirs have the same text'  # tor encrypts it anew for each
    return texts
