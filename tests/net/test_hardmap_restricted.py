# Two tors with the frontend's key, which have authorised clients and go on uploading, and obpub, which is one of these and
# publishes for the others: an authorised client visits both tors through what obpub publishes, one without a key gets nothing,
# and nothing that HSDirs hand out is open, whoever has made it. Nobody is taken for a stranger.

import pathlib
import secrets
import time

from harness.client import FetchFailed, ask_hsdirs, fetch
from harness.clients import base32, public_client_key, restrict_to, start_authorised
from harness.daemon import Daemon
from harness.hsdirs import clients_slot
from harness.judge import is_read
from harness.obpub import instance
from harness.process import write_file
from testnet import main, make_frontend_key, step

PATIENCE = 15  # seconds for a page that is not to come
WATCHED = 20   # in which the tors upload, too


def check_held(net, daemon, frontend, key):
    """What HSDirs hand out is for the client, and for nobody else."""
    hsdirs = daemon.hsdirs(frontend.address, clients_slot(net))
    texts = [text for text in ask_hsdirs(net.client, frontend.onion, hsdirs).values() if text]
    assert texts, 'HSDirs have nothing'
    assert not any(is_read(text, frontend.onion, None) for text in texts), 'everybody can read what HSDirs hand out'
    assert all(is_read(text, frontend.onion, key) for text in texts), 'a client can\'t read what HSDirs hand out'
    return len(texts)


def test(net):
    key_path = net.path('frontend.key')
    frontend = make_frontend_key(key_path)
    alice, obpub = secrets.token_bytes(32), secrets.token_bytes(32)
    folder = pathlib.Path(net.path('clients'))
    folder.mkdir(mode=0o700)
    write_file(folder / 'alice.auth', f'descriptor:x25519:{base32(public_client_key(alice))}\n')
    client_key = net.path('publisher.auth_private')
    write_file(client_key, f'{frontend.address}:descriptor:x25519:{base32(obpub)}\n')
    publisher = net.start_tor('publisher', wait=False)
    twins = [net.start_service(f'twin{number}', [frontend.onion], key=frontend, wait=False) for number in range(2)]
    for twin in twins:
        twin.wait_described()
        restrict_to(twin, [alice, obpub])
    visitors = {name: start_authorised(net, name, frontend, key) for name, key in (('alice', alice), ('dave', None))}
    for twin in twins:
        twin.wait_published()
    publisher.wait_bootstrapped()
    lines = [(key_path, [instance(twin, is_twin=True) + [f'        client-key: {client_key}'] for twin in twins],
              'mode: hardmap', f'authorized-clients: {folder}')]
    daemon = Daemon(net, publisher, lines).start()
    daemon.wait_published()
    seen = net.who_answers(visitors['alice'], frontend.address, [twin.name for twin in twins])
    step(f'an authorised client visits all tors: {dict(seen)}')
    try:
        raise AssertionError(f'a client without a key gets {fetch(visitors["dave"], frontend.onion, timeout=PATIENCE)!r}')
    except FetchFailed:
        step('one without a key gets nothing')
    deadline = time.monotonic() + WATCHED
    while time.monotonic() < deadline:
        count = check_held(net, daemon, frontend, alice)
        time.sleep(1)
    step(f'{count} HSDirs have handed out nothing that is open')
    service = daemon.frontend(frontend.address)
    assert service['authorizedClients'] == 1 and service['otherPublishers']['state'] in ('none', 'recognised'), service
    log = daemon.log()
    assert 'EVERYBODY CAN READ' not in log and 'SOMEBODY ELSE' not in log, 'a warning without a reason'
    twins[0].kill()
    for path in pathlib.Path(twins[0].service_dir, 'authorized_clients').iterdir():
        path.unlink()
    twins[0].start()
    daemon.wait_log('uploads itself EVERYBODY CAN READ', 90)
    step('a tor that uploads what everybody can read is named')


main(test)
