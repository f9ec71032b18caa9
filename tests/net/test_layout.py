# A superdescriptor of one backend, beside the descriptor that the backend's own tor makes: an HSDir that holds both
# must not be able to tell which is which. Same lines in the same order, same lengths, same padding, same certificate
# lifetimes, at every layer.

import base64
import time

from harness.consensus import AFTER_SRV
from harness.judge import Judged
from harness.layout import check_certificates, compare, raw_at_hsdirs
from harness.obpub import holders, instance, publish, start_one_backend, wait_settled, write_config
from testnet import main, step

SECONDS_NEEDED = 30


def base64_of(key):
    """A key as tor's events give it."""
    return base64.b64encode(key).decode().rstrip('=')


def test(net):
    began = time.time()
    phase = net.wait_for(lambda: net.phase().seconds_left > SECONDS_NEEDED and net.phase(), 60, 'a new half of the day')
    key_path, frontend, publisher, backend = start_one_backend(net)
    net.wait_phase(phase.name)  # the shared client, too, learns of a new half of the day some seconds late
    wait_settled(net, [backend])
    step('the backend\'s tor has published its own descriptor')
    config = write_config(net.path('config.yaml'), publisher.control_socket, [(key_path, [instance(backend)])])
    report = publish(config)
    slot = 'first' if phase.name == AFTER_SRV else 'second'
    tor_text = net.fetch_descriptor(net.client, backend.address, raw=True)
    tors = Judged(tor_text, backend.onion)
    check_certificates(tors, began, 'tor\'s')
    raw_at_hsdirs(net, backend.address, [event.fingerprint for event in backend.uploads if event.action == 'UPLOAD'
                                         and event.blinded == base64_of(tors.blinded_key)])
    our_texts = raw_at_hsdirs(net, frontend.address, holders(report, slot))
    for our_text in our_texts:
        ours = Judged(our_text, frontend.onion)
        compare(ours, tors)
        assert sorted(ours.points) == sorted(tors.points), 'the introduction points are not the backend\'s'
        check_certificates(ours, began, 'ours')
    step(f'{len(our_texts)} HSDirs: {len(our_text)} and {len(tor_text)} bytes, {len(ours.middle)} and '
         f'{len(tors.middle)} in the middle layer, {len(ours.inner)} and {len(tors.inner)} in the inner one: '
         'no difference')


main(test)
