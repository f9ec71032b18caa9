# The key recovery of attack/recovery.py, tried on what obpub really published: the descriptors of a frontend with a key
# of each kind and of one with a bundle, all of them as they were posted, and those that clients use now as the HSDirs
# hand them out. That the attack finds keys where they can be found, cli/test_key_recovery.py shows.

import os
import sys

from harness.client import ask_hsdirs
from harness.hsdirs import clients_slot
from harness.obpub import holders, instance, presign, publish, wait_settled, write_config
from harness.recorder import Recorder
from testnet import main, make_frontend_key, step

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'attack'))
import recovery  # noqa: E402

SECONDS_NEEDED = 30
KINDS = ('pem', 'tor', 'dir', 'bundle')
ROUNDS = 2


def handed_out(net, key, hsdirs):
    """What HSDirs hand out of a frontend."""
    texts = ask_hsdirs(net.client, key.address, hsdirs).values()
    assert texts and all(texts), 'an HSDir that took a descriptor does not have it'
    return set(texts)


def test(net):
    paths = {kind: net.path(f'frontend-{kind}') for kind in KINDS}
    keys = {kind: make_frontend_key(path, 'pem' if kind == 'bundle' else kind) for kind, path in paths.items()}
    publisher = net.start_tor('publisher', wait=False)
    backend = net.start_service('backend', [key.onion for key in keys.values()], wait=False)
    paths['bundle'] = presign(net, backend, paths['bundle'], 'recovery', '--period-minutes', net.interval * 24 // 60,
                              '--voting-interval', net.interval)
    backend.wait_published()
    publisher.wait_bootstrapped()
    net.wait_for(lambda: net.phase().seconds_left > SECONDS_NEEDED, 60, 'a new half of the day')
    net.wait_phase(net.phase().name)
    wait_settled(net, [backend])
    times = net.consensus_times()
    periods = range(times.first_period - 1, times.first_period + 4)
    texts = {kind: set() for kind in KINDS}
    with Recorder(publisher, net.path('recorder')) as recorder:
        config = write_config(net.path('config.yaml'), recorder.path,
                              [(paths[kind], [instance(backend)]) for kind in KINDS])
        for _ in range(ROUNDS):
            report = publish(config)
            for number, kind in enumerate(KINDS):
                texts[kind] |= handed_out(net, keys[kind], holders(report, clients_slot(net), number))
    for kind in KINDS:
        step(f'{len(texts[kind])} descriptors from HSDirs of the frontend with a key of the kind "{kind}"')
        texts[kind] |= {post.descriptor for post in recorder.posts if post.address == keys[kind].address}

    signatures = [signature for kind in KINDS for text in texts[kind]
                  for signature in recovery.signatures_of(text, keys[kind].public, periods, times.period_length)]
    for kind in KINDS:
        blinded = {signature.public for signature in signatures if signature.owner == keys[kind].public}
        assert len(blinded) >= 2, f'descriptors of {len(blinded)} time periods only'
    found = recovery.recover(signatures)
    assert not found, f'these keys could be worked out: {found}'
    step(f'{len(signatures)} signatures in descriptors of {len(KINDS)} frontends give no key away')


main(test)
