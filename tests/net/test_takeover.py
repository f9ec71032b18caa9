# A frontend whose key ran in a plain tor the minute before: obpub's descriptor replaces tor's at every HSDir, and a
# client gets the backend. And the other way round: a tor started with the key after obpub published replaces ours.
# In both halves of the day, since the revision counter of a descriptor counts from another moment in each.

import time

from harness.consensus import AFTER_SRV, AFTER_TIME_PERIOD
from harness.judge import Judged
from harness.obpub import instance, publish, start_one_backend, wait_settled, write_config
from testnet import main, step

SECONDS_NEEDED = 45


def points_of(net, address, onion):
    """The introduction points that clients get for an address now, and the revision counter."""
    judged = Judged(net.wait_for(lambda: net.fetch_descriptor(net.client, address), 30, 'a descriptor', every=6), onion)
    return set(judged.points), judged.outer.revision_counter


def visit(net, frontend, wanted):
    """A client that knows nothing yet gets this page, and no other, through the frontend's address."""
    client = net.start_client(f'visitor{len(net.tors)}')
    seen = net.who_answers(client, frontend.address, [wanted])
    assert set(seen) == {wanted}, dict(seen)
    client.close()


def run_plain_tor(net, frontend):
    """Run the frontend as an ordinary onion service; every HSDir has to take its descriptors."""
    plain = net.start_service(f'plain{len(net.tors)}', key=frontend, page='plain tor')
    refused = [event for event in plain.uploads if event.action == 'FAILED']
    assert not refused, f'HSDirs refused tor\'s own descriptor: {refused}'
    return plain


def check_half(net, phase, frontend, config, backend):
    step(f'{phase.name}, {phase.seconds_left:.0f} s left: a plain tor has the frontend\'s key')
    plain = run_plain_tor(net, frontend)
    before, plain_counter = points_of(net, frontend.address, frontend.onion)
    plain.close()

    time.sleep(1.5)  # the counter is of the second in which a descriptor is made
    report = publish(config)
    late = [hsdir for descriptor in report['services'][0]['descriptors'] for hsdir in descriptor['hsdirs']
            if hsdir['attempts'] != 1]
    assert not late, f'HSDirs did not take it at the first attempt: {late}'
    ours, our_counter = points_of(net, frontend.address, frontend.onion)
    assert not ours & before and our_counter > plain_counter, (our_counter, plain_counter)
    visit(net, frontend, backend.page)
    step(f'obpub took over (revision counter {plain_counter}, then {our_counter})')

    plain = run_plain_tor(net, frontend)
    after, after_counter = points_of(net, frontend.address, frontend.onion)
    assert not after & ours and after_counter > our_counter, (after_counter, our_counter)
    visit(net, frontend, 'plain tor')
    plain.close()
    step(f'a plain tor took over from obpub (revision counter {after_counter})')


def test(net):
    key_path, frontend, publisher, backend = start_one_backend(net)
    config = write_config(net.path('config.yaml'), publisher.control_socket, [(key_path, [instance(backend)])])
    halves = [AFTER_SRV, AFTER_TIME_PERIOD]
    phase = net.phase()
    if (phase.name == AFTER_TIME_PERIOD) == (phase.seconds_left > SECONDS_NEEDED):
        halves.reverse()
    for half in halves:
        phase = net.wait_phase(half, SECONDS_NEEDED, tors=[net.client, publisher, backend])
        wait_settled(net, [backend])
        check_half(net, phase, frontend, config, backend)


main(test)
