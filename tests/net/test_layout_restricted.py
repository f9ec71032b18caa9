# Restricted descriptors as obpub writes them, beside those of a stock tor whose service has as many authorised clients: same
# lines in the same order, same lengths and padding at every layer. And python3-stem, an independent implementation, reads
# them with the keys of these clients, and without not.

import os
import secrets
import time

from harness.clients import restrict
from harness.judge import Judged
from harness.layout import compare
from harness.process import run, write_file
from testnet import OnionKey, main, step

CLIENTS = (1, 16, 17, 100)


def encode(net, service, text, frontend, clients):
    """A superdescriptor of a frontend with all points of a service's descriptor, for these clients."""
    path = net.path('own')
    write_file(path, text)
    times = net.consensus_times(service)
    program = os.path.join(os.environ['OBPUB_BUILD'], 'tests', 'encode_descriptor')
    result = run([program, service.address, times.first_period, times.period_length, int(time.time()), path,
                  frontend.seed.hex(), *(key.hex() for key in clients)])
    assert result.returncode == 0, result.stderr
    return result.stdout.partition('\n')[2].rstrip('\n')  # as GETINFO gives it


def is_read(text, onion, client_key):
    """Whether stem can read a descriptor with a client's private key, or with none."""
    try:
        return bool(Judged(text, onion, client_key).points)
    except ValueError:
        return False


def check(net, service, clients):
    text = service.own_descriptor()
    tors = Judged(text, service.onion, clients[0])
    frontend = OnionKey()
    our_text = encode(net, service, text, frontend, clients)
    for client_key in clients:
        ours = Judged(our_text, frontend.onion, client_key)
        assert ours.points == tors.points, 'the introduction points are not the service\'s'
    compare(ours, tors)
    for name, descriptor, onion in (('tor', text, service.onion), ('obpub', our_text, frontend.onion)):
        assert is_read(descriptor, onion, clients[-1]), f'a client can\'t read what {name} has made'
        assert not is_read(descriptor, onion, None), f'everybody can read what {name} has made'
        assert not is_read(descriptor, onion, secrets.token_bytes(32)), f'another client can read what {name} has made'
    step(f'{len(clients)} clients: {len(our_text)} and {len(text)} bytes, {len(ours.middle)} and {len(tors.middle)} in the '
         'middle layer: no difference')


def test(net):
    services = [net.start_service(f'restricted{count}', wait=False) for count in CLIENTS]
    for service in services:
        service.wait_described()
    clients = [restrict(service, count) for service, count in zip(services, CLIENTS)]
    for service, keys in zip(services, clients):
        service.wait_bootstrapped()
        service.wait_published()
        check(net, service, keys)


main(test)
