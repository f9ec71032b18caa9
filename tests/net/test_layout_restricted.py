# Restricted descriptors as obpub writes them, beside those of a stock tor whose service has as many authorised clients: same
# lines in the same order, same lengths and padding at every layer. python3-stem, an independent implementation, reads them
# with the keys of these clients, and without not. And a stock tor with such a key visits the service by them; one without
# does not.

import os
import secrets
import time

from harness.client import FetchFailed, fetch
from harness.clients import base32, public_client_key, restrict, start_authorised
from harness.consensus import CONSENSUS, hsdir_fingerprints
from harness.hsdirs import clients_slot, wait_quiet
from harness.judge import Judged, is_read
from harness.layout import check_certificates, compare, raw_at_hsdirs
from harness.obpub import holders, instance, publish, wait_settled, write_config
from harness.process import run, write_file
from testnet import OnionKey, main, step

CLIENTS = (1, 16, 17, 100)
PUBLISHED = 17  # with so many what HSDirs have of obpub is compared, too
SECONDS_NEEDED = 60
PATIENCE = 15  # for a page that is not to come


def encode(net, service, text, frontend, clients, period=None):
    """A superdescriptor of a frontend with all points of a service's descriptor, for these clients."""
    path = net.path('own')
    write_file(path, text)
    times = net.consensus_times(service)
    program = os.path.join(os.environ['OBPUB_BUILD'], 'tests', 'encode_descriptor')
    result = run([program, service.address, period or times.first_period, times.period_length, int(time.time()), path,
                  frontend.seed.hex(), *(key.hex() for key in clients)])
    assert result.returncode == 0, result.stderr
    return result.stdout.partition('\n')[2].rstrip('\n')  # as GETINFO gives it


def check(net, service, frontend, clients):
    """Compare what tor and obpub make of the same points for as many clients."""
    text = service.own_descriptor()
    tors = Judged(text, service.onion, clients[0])
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


def post(net, frontend, text):
    """Have every HSDir keep a descriptor."""
    hsdirs = hsdir_fingerprints(net.client.info(CONSENSUS))
    with net.client.events('HS_DESC') as stream:
        stream.ask(f'HSPOST {" ".join(f"SERVER={hsdir}" for hsdir in hsdirs)} HSADDRESS={frontend.address}\n{text}')
        net.wait_for(lambda: len([event for event in stream.events if event.action == 'UPLOADED'
                                  and event.address == frontend.address]) == len(hsdirs), 60, 'all HSDirs to take it')


def visits(client, frontend):
    """The page that a client gets, or None."""
    try:
        return fetch(client, frontend.onion, timeout=PATIENCE)
    except FetchFailed:
        return None


def check_visits(net, service, frontend, clients):
    """Stock tors as clients: with the key of the first client, of the last one, of another, and with none."""
    keys = (clients[0], clients[-1], secrets.token_bytes(32), None)
    tors = [start_authorised(net, f'client{number}', frontend, key) for number, key in enumerate(keys)]
    wait_quiet(net, SECONDS_NEEDED)
    wait_settled(net, [service])
    period = net.consensus_times().first_period + (clients_slot(net) == 'second')
    post(net, frontend, encode(net, service, service.own_descriptor(), frontend, clients, period))
    for tor in tors[:2]:
        net.who_answers(tor, frontend.address, [service.name])
    step('stock clients with a key of two of the clients get the page')
    for tor in tors[2:]:
        assert visits(tor, frontend) is None, f'{tor.name} gets the page without a key of a client'
    step('those with another key, or with none, do not')


def check_published(net, began, service, frontend, clients):
    """What HSDirs have when obpub has published, of a backend that is restricted itself: beside that backend's own."""
    key_path, folder = net.path('published.key'), net.path('published.clients')
    frontend.write_pem(key_path)
    os.mkdir(folder, 0o700)
    for number, key in enumerate(clients):
        write_file(os.path.join(folder, f'client{number}.auth'), f'descriptor:x25519:{base32(public_client_key(key))}\n')
    client_key = net.path('backend.auth_private')
    write_file(client_key, f'{service.address}:descriptor:x25519:{base32(clients[0])}\n')
    publisher = net.start_tor('publisher')
    wait_quiet(net, SECONDS_NEEDED)
    wait_settled(net, [service])
    config = write_config(net.path('published.yaml'), publisher.control_socket, [
        (key_path, [instance(service) + [f'        client-key: {client_key}']], f'authorized-clients: {folder}')])
    report = publish(config)
    tors = Judged(net.fetch_descriptor(net.client, service.address, raw=True), service.onion, clients[0])
    check_certificates(tors, began, 'tor\'s')
    texts = raw_at_hsdirs(net, frontend.address, holders(report, clients_slot(net)))
    for text in texts:
        ours = Judged(text, frontend.onion, clients[-1])
        compare(ours, tors)
        assert sorted(ours.points) == sorted(tors.points), 'the introduction points are not the backend\'s'
        check_certificates(ours, began, 'ours')
    step(f'{len(texts)} HSDirs have what obpub has published for {len(clients)} clients: no difference')


def test(net):
    began = time.time()
    frontends = [OnionKey() for _ in CLIENTS]
    services = [net.start_service(f'restricted{count}', [frontend.onion], wait=False)
                for count, frontend in zip(CLIENTS, frontends)]
    for service in services:
        service.wait_described()
    clients = [restrict(service, count) for service, count in zip(services, CLIENTS)]
    for service, frontend, keys in zip(services, frontends, clients):
        service.wait_bootstrapped()
        service.wait_published()
        check(net, service, frontend, keys)
    number = CLIENTS.index(PUBLISHED)
    check_published(net, began, services[number], frontends[number], clients[number])
    check_visits(net, services[-1], frontends[-1], clients[-1])


main(test)
