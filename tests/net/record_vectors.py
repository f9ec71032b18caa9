# Records vectors/network-*: what a stock tor's consensus and microdescriptors are at several moments of a private
# network, and to which HSDirs the tor of an ordinary onion service then uploads. Run it as
#   /usr/bin/python3 tests/net/testnet.py run -- /usr/bin/python3 tests/net/record_vectors.py
# which takes some ten minutes, nearly all of it waiting for shared random values. With an argument it writes into
# that folder instead of vectors/.

import base64
import os
import re
import sys

from stem.descriptor.hidden_service import HiddenServiceDescriptorV3

from harness.consensus import AFTER_SRV, AFTER_TIME_PERIOD, CONSENSUS, parse_times
from testnet import HarnessError, main, step, wait_for

VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'vectors')
FOLDER = sys.argv[1] if len(sys.argv) > 1 else VECTORS

SECONDS_NEEDED = 45  # to start a service and see its uploads


def record(net):
    net.wait_for(lambda: net.phase().seconds_left > SECONDS_NEEDED, 120, 'a new half of the day', every=1)
    if net.consensus_times().srv_previous:
        raise HarnessError('there are both shared random values already: start a new network')
    record_moment(net, 'new')
    for name, phase in (('first-half', AFTER_SRV), ('second-half', AFTER_TIME_PERIOD)):
        step('waiting for both shared random values')
        net.wait_srv(both=True)
        net.wait_phase(phase, at_least_seconds_left=SECONDS_NEEDED)
        record_moment(net, name)


def record_moment(net, name):
    """Record one moment; again when the network changed meanwhile."""
    def recorded():
        began = net.phase().began
        service = net.start_service(f'recorded{began}')
        consensus = getinfo(service, CONSENSUS)
        same = (net.phase().began == began <= parse_times(consensus).valid_after
                and hsdirs(consensus) == hsdirs(getinfo(net.client, CONSENSUS)))
        if same:
            write_moment(name, service, consensus, getinfo(service, 'md/all'))
        service.kill()
        return same
    wait_for(recorded, 600, f'the network to stay the same while {name} is recorded', every=10)
    step(f'recorded {name}')


def getinfo(tor, key):
    """The answer to GETINFO for a key whose answer is lines, byte for byte."""
    connection = tor.control_connection()
    try:
        connection.send(f'GETINFO {key}')
        answer = connection.recv().content()[0][2]
    finally:
        connection.close()
    return answer.removeprefix(f'{key}=').strip('\n') + '\n'


def hsdirs(consensus):
    """The HSDirs of a consensus with their microdescriptor digests."""
    relays = re.findall(r'^r \S+ (\S+) .*\n(?:a .*\n)*m (\S+)\ns (.*)$', consensus, re.M)
    return [(identity, digest) for identity, digest, flags in relays if 'HSDir' in flags.split()]


def write_moment(name, service, consensus, microdescriptors):
    folder = os.path.join(FOLDER, f'network-{name}')
    os.makedirs(folder, exist_ok=True)
    source = ('# Recorded from a stock tor {} on a private network by tests/net/record_vectors.py.\n'
              .format(service.info('version').split()[0]))
    write(folder, 'consensus', source + '# GETINFO ' + CONSENSUS + '\n' + consensus)
    write(folder, 'microdescriptors', source + '# GETINFO md/all\n' + microdescriptors)
    first = HiddenServiceDescriptorV3.from_str(service.own_descriptor()).signing_cert.signing_key()
    rows = set()
    for event in service.uploads:
        if event.action == 'UPLOAD':
            blinded = base64.b64decode(event.blinded + '=' * (-len(event.blinded) % 4))
            slot = 'first' if blinded == first else 'second'
            rows.add(f'{service.address} {slot} {blinded.hex()} {event.fingerprint.lower()} '
                     f'{event.hsdir_index.lower()}\n')
    write(folder, 'uploads', source + f'# The HS_DESC UPLOAD events of the service {service.address}.\n'
          '# Its first descriptor is the one that GETINFO hs/service/desc/id gave.\n'
          '# Columns: address, descriptor, blinded key, HSDir, its index.\n' + ''.join(sorted(rows)))


def write(folder, name, text):
    with open(os.path.join(folder, name), 'w') as file:
        file.write(text)


if __name__ == '__main__':
    main(record)
