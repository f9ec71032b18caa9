# tor's own HS_DESC UPLOAD events for an ordinary service name the same HSDirs, with the same HSDIR_INDEX, that our ring
# computes for that service, for both descriptors: in both halves of the day, across the start of a time period and
# across a new shared random value.

import base64
import os

from harness.consensus import AFTER_SRV, AFTER_TIME_PERIOD, CONSENSUS, parse_times
from testnet import main, run, step

SECONDS_NEEDED = 40


def our_uploads(net, tor, address):
    """What our ring says, from what that tor knows of the network: a set of (slot, blinded key, fingerprint, index),
    and the consensus' times."""
    files = []
    for key, name in ((CONSENSUS, 'consensus'), ('md/all', 'microdescriptors')):
        files.append(net.path(f'{tor.name}.{name}'))
        with open(files[-1], 'w') as file:
            file.write(tor.info(key).strip('\n') + '\n')
    result = run([os.path.join(os.environ['OBPUB_BUILD'], 'tests', 'hsdir_ring'), *files, address])
    assert result.returncode == 0, result.stderr
    with open(files[0]) as file:
        return {tuple(line.split()) for line in result.stdout.splitlines()}, parse_times(file.read())


def tor_uploads(service, since=0):
    """What the service's tor says it uploaded, as a set of (blinded key, fingerprint, index)."""
    uploads = [event for event in service.uploads if event.action == 'UPLOAD' and event.time >= since]
    return {(base64.b64decode(event.blinded + '=' * (-len(event.blinded) % 4)).hex(), event.fingerprint.lower(),
             event.hsdir_index.lower()) for event in uploads}


def without_slot(uploads):
    return {upload[1:] for upload in uploads}


def compare_new_service(net, number):
    """Start a service and compare all uploads of both its descriptors."""
    def compared():
        service = net.start_service(f'ordinary{number}t{len(net.tors)}')
        ours, times = our_uploads(net, service, service.address)
        began = times.valid_after
        tors = tor_uploads(service)
        if net.phase().began > began:  # it was overtaken by the next half of the day
            service.close()
            return False
        slots = [sum(upload[0] == slot for upload in ours) for slot in ('first', 'second')]
        assert slots == [8, 8], f'{slots} HSDirs'
        assert tors == without_slot(ours), (f'only tor: {sorted(tors - without_slot(ours))}\n'
                                            f'only we: {sorted(without_slot(ours) - tors)}')
        step(f'{net.phase().name}, {"a" if times.srv_current else "no"} shared random value: tor and we agree on '
             f'{slots[0]} HSDirs for the first descriptor and {slots[1]} for the second')
        return service
    return net.wait_for(compared, 120, 'the network to stay the same for a moment', every=5)


def compare_after_shared_random(net, service, before):
    """A service that was there before a new shared random value: it has to upload a new second descriptor, to the
    HSDirs where we say so; the one that was the second is now the first, and its HSDirs the same."""
    began = net.phase().began
    ours, _ = our_uploads(net, service, service.address)
    second = {upload[1:] for upload in ours if upload[0] == 'second'}
    assert not second & without_slot(before), 'the second descriptor is not new'
    assert {upload[1:] for upload in ours if upload[0] == 'first'} == \
        {upload[1:] for upload in before if upload[0] == 'second'}, 'the second descriptor did not become the first'
    net.wait_for(lambda: second <= tor_uploads(service, began), 60, f'{service.name} to upload its new descriptor')
    assert tor_uploads(service, began) <= without_slot(ours)
    step('across a new shared random value: the second descriptor became the first, and tor and we agree on the new '
         'one')


def test(net):
    for number in range(2):
        phase = net.wait_for(lambda: net.phase().seconds_left > SECONDS_NEEDED and net.phase(), 120,
                             'a new half of the day', every=0.5)
        net.wait_phase(phase.name)
        service = compare_new_service(net, number)
        before, _ = our_uploads(net, service, service.address)
        following = AFTER_SRV if phase.name == AFTER_TIME_PERIOD else AFTER_TIME_PERIOD
        net.wait_phase(following)
        if following == AFTER_SRV:
            compare_after_shared_random(net, service, before)
        else:
            after, _ = our_uploads(net, service, service.address)
            assert after == before, 'the start of a time period moved a descriptor'
            assert tor_uploads(service) == without_slot(before)
            step('across the start of a time period: nothing moves, with tor nor with us')
        service.close()


main(test)
