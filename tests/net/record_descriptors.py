# Records descriptors of stock tor services, of several kinds or the named ones, into vectors/descriptor_tor_*.txt. A program,
# not a test: /usr/bin/python3 tests/net/testnet.py run -- /usr/bin/python3 tests/net/record_descriptors.py [FOLDER [KIND...]]
#
# There can be no more introduction points than relays, so for the kind "twenty" there have to be more of them (testnet.py run
# --relays 24 --equal).
#
# Beside each descriptor goes what python3-stem, an independent implementation, finds in it.

import base64
import calendar
import os
import sys
import time

from stem.descriptor.hidden_service import HiddenServiceDescriptorV3

from harness.clients import restrict
from harness.judge import Judged, blinded_key, pow_params
from testnet import main, step

FOLDER = os.path.join(os.path.dirname(__file__), '..', '..', 'vectors')

# Name of the vector, what it shows, torrc lines of its service, number of authorised clients.
KINDS = [
    ('plain', 'three introduction points, as by default', [], 0),
    ('ten', 'ten introduction points', ['HiddenServiceNumIntroductionPoints 10'], 0),
    ('twenty', 'as many introduction points as there can be', ['HiddenServiceNumIntroductionPoints 20'], 0),
    ('pow', 'proof of work on: a pow-params line', ['HiddenServicePoWDefensesEnabled 1'], 0),
    ('single', 'a single onion service', ['HiddenServiceSingleHopMode 1', 'HiddenServiceNonAnonymousMode 1'],
     0),
    ('restricted', 'restricted discovery: the inner layer can only be read by an authorised client', [], 1),
    *((f'clients_{count}', f'for {count} authorised clients, with the keys of some', [], count)
      for count in (1, 16, 17, 100)),
]


def running_period(times):
    """The number of the time period that runs, and its length in minutes (rend-spec-v3 [TIME-PERIODS])."""
    length = times.run_length // 60
    return (times.valid_after // 60 - 12 * times.voting_interval // 60) // length, length


def has_flow_control(inner):
    """The arguments of the flow-control line, or '-'."""
    lines = [line for line in str(inner).splitlines() if line.startswith('flow-control ')]
    return lines[0].partition(' ')[2] if lines else '-'


def describe_pow_params(inner):
    """The seed in hexadecimal, the effort, and the expiration time in seconds since the epoch; or '-'."""
    found = pow_params(inner)
    return f'{found[0].hex()} {found[1]} {found[2]}' if found else '-'


def describe_points(inner):
    """A line for each introduction point, in hexadecimal."""
    for point in inner.introduction_points:
        specifiers = bytes([len(point.link_specifiers)]) + b''.join(each.pack() for each in point.link_specifiers)
        onion, enc = (base64.b64decode(key) for key in (point.onion_key_raw, point.enc_key_raw))
        keys = [specifiers, onion, point.auth_key_cert.key, enc, point.enc_key_cert.key]
        yield 'point ' + ' '.join(part.hex() for part in keys)


def figures(service, text, times, clients):
    """The lines that say what the descriptor is held to, and what is in it. Of the one called "restricted" nobody is to be
    able to read more."""
    number, length = running_period(times)
    descriptor = HiddenServiceDescriptorV3.from_str(text, validate=True)
    certificate = descriptor.signing_cert
    blinded = certificate.signing_key()
    period = [n for n in (number, number + 1, number - 1) if blinded_key(service.key.public, n, length) == blinded]
    assert len(period) == 1, 'the descriptor is of no time period that is possible'
    lines = [
        f'identity-key {service.key.public.hex()}', f'now {int(time.time())}', f'period-length {length}',
        f'voting-interval {times.voting_interval}', f'period-number {number}', f'descriptor-period {period[0]}',
        f'blinded-key {blinded.hex()}', f'signing-key {certificate.key.hex()}',
        f'expiration-hour {calendar.timegm(certificate.expiration.timetuple()) // 3600}',
        f'lifetime {descriptor.lifetime}', f'revision-counter {descriptor.revision_counter}']
    if service.name == 'restricted':
        return lines
    inner = Judged(text, service.onion, clients[0] if clients else None).inner_layer
    lines += [f'flow-control {has_flow_control(inner)}', f'single-onion-service {int(inner.is_single_service)}',
              f'pow-params {describe_pow_params(str(inner))}']
    if clients:
        told = sorted({0, len(clients) // 2, len(clients) - 1})
        lines += [f'authorised-clients {len(clients)}'] + [f'client-key {clients[number].hex()}' for number in told]
    return lines + list(describe_points(inner))


def record(net, service, name, what, folder, clients):
    """Write one vector file."""
    text = service.own_descriptor()
    version = service.info('version').split()[0]
    lines = [f'# A descriptor of a stock tor {version} on a private network: {what}.',
             '# Recorded by tests/net/record_descriptors.py (GETINFO hs/service/desc/id); the figures of what is in',
             '# it are from python3-stem. The descriptor follows the empty line.']
    lines += figures(service, text, net.consensus_times(service), clients)
    path = os.path.join(folder, f'descriptor_tor_{name}.txt')
    with open(path, 'w') as file:
        file.write('\n'.join(lines) + '\n\n' + text.rstrip('\n') + '\n')
    step(f'recorded {path}')


def run(net):
    folder = sys.argv[1] if len(sys.argv) > 1 else FOLDER
    for name, what, torrc, client_count in KINDS:
        if sys.argv[2:] and name not in sys.argv[2:]:
            continue
        service = net.start_service(name.replace('_', ''), torrc=torrc)
        clients = []
        if client_count:
            clients = restrict(service, client_count)
            service.wait_bootstrapped()
            service.wait_published()
        record(net, service, name, what, folder, clients)
        service.close()


main(run)
