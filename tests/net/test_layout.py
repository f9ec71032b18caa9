# A superdescriptor of one backend, beside the descriptor that the backend's own tor makes: an HSDir that holds both
# must not be able to tell which is which. Same lines in the same order, same lengths, same padding, same certificate
# lifetimes, at every layer.

import re
import time

from harness.judge import Judged
from harness.obpub import holders, instance, publish, write_config
from testnet import main, make_frontend_key, step

SECONDS_NEEDED = 30
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


def compare(ours, tors, counter_digits_differ):
    """Compare two descriptors of the same introduction points, layer by layer."""
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


def check_certificates(descriptor, hours, whose):
    """All its certificates end 54 hours after the hour in which it was made."""
    for end in {descriptor.expiration_hour} | descriptor.point_expiration_hours:
        assert end - LIFETIME_HOURS in hours, f'a certificate of {whose} ends {end - hours[0]} hours after it was made'


def raw_at_hsdirs(net, address, hsdirs):
    """What these HSDirs hold for an address, byte for byte; one and the same at all."""
    texts = {net.fetch_descriptor(net.client, address, hsdir, raw=True) for hsdir in hsdirs}
    assert len(texts) == 1 and texts != {None}, f'{len(texts)} different answers'
    return texts.pop()


def hour():
    return int(time.time()) // 3600


def test(net):
    began = hour()
    phase = net.wait_phase(net.phase().name, SECONDS_NEEDED) if net.phase().seconds_left > SECONDS_NEEDED else \
        net.wait_for(lambda: net.phase().seconds_left > SECONDS_NEEDED and net.phase(), 60, 'the next half of the day')
    key_path = net.path('frontend.key')
    frontend = make_frontend_key(key_path)
    publisher = net.start_tor('publisher', wait=False)
    backend = net.start_service('backend', [frontend.onion], wait=False)
    backend.wait_published()
    publisher.wait_bootstrapped()
    step('the backend\'s tor has published its own descriptor')
    config = write_config(net.path('config.yaml'), publisher.control_socket, [(key_path, [instance(backend)])])
    report = publish(config)
    slot = 'first' if phase.name == 'after-srv' else 'second'
    tor_text = net.fetch_descriptor(net.client, backend.address, raw=True)
    our_text = raw_at_hsdirs(net, frontend.address, holders(report, slot))
    tors, ours = Judged(tor_text, backend.onion), Judged(our_text, frontend.onion)
    digits = len(str(ours.outer.revision_counter)) - len(str(tors.outer.revision_counter))
    compare(ours, tors, digits)
    assert sorted(ours.points) == sorted(tors.points), 'the introduction points are not the backend\'s'
    for descriptor, whose in ((ours, 'ours'), (tors, 'tor\'s')):
        check_certificates(descriptor, range(began, hour() + 1), whose)
    step(f'{len(our_text)} and {len(tor_text)} bytes, {len(ours.middle)} and {len(tors.middle)} in the middle layer, '
         f'{len(ours.inner)} and {len(tors.inner)} in the inner one: no difference')


main(test)
