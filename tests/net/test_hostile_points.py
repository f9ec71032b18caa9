# Visitors of a frontend one of whose backends (a stand-in, no tor can be made to) offers introduction points with two RSA
# identities: tors that get such a point call it a bug of their own, and lose many seconds with it. None gets one.

import os
import sys

from harness.consensus import CONSENSUS
from harness.daemon import Daemon
from harness.judge import Judged, relay_of
from harness.obpub import instance
from testnet import main, make_frontend_key, step

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'attack'))
import points  # noqa: E402

VISITS = 12
FAULT = 'offers points that no tor makes: two RSA identities (3)'


def with_two_identities(publisher, backend):
    """Three points at relays where the backend has none: each with its relay's own onion key, so that visitors get there,
    and with another RSA identity before the relay's own."""
    taken = {relay_of(point) for point in Judged(backend.own_descriptor(), backend.onion).points}
    relays = points.read_relays(publisher.info(CONSENSUS), publisher.info('md/all'))
    made = []
    for relay in [each for each in relays if each.rsa not in taken][:3]:
        point = points.at(points.pack((points.IPV4, points.place(relay.address, relay.port)), (points.RSA, os.urandom(20)),
                                      (points.RSA, relay.rsa), (points.ED25519, relay.ed25519)))
        point.onion_key = relay.onion_key
        made.append(point)
    return made


def test(net):
    key_path = net.path('frontend.key')
    frontend = make_frontend_key(key_path)
    publisher = net.start_tor('publisher', wait=False)
    backend = net.start_service('good', [frontend.onion])
    publisher.wait_bootstrapped()
    times = net.consensus_times()
    hostile = net.path('hostile')
    address = points.serve(hostile, with_two_identities(publisher, backend),
                           (times.period_length, times.run_length // 2 // 60))
    daemon = Daemon(net, publisher, [(key_path, [instance(backend), [
        f'      - address: {address}.onion', '        name: hostile', f'        control: unix:{hostile}']])],
                    settings=['backend-grace: 5']).start()

    daemon.wait_published()

    def is_marked():
        service = daemon.frontend(frontend.address)
        states = {each['name']: each for each in service['instances']}
        return service['isPublished'] and states['good']['state'] == 'live' and states['hostile']['error'] == FAULT
    try:
        net.wait_for(is_marked, 60, 'the hostile backend to be found out')
    finally:
        step(f'{[(each["name"], each["state"], each["error"]) for each in daemon.frontend(frontend.address)["instances"]]}')

    visitor = net.start_client('visitor')
    pages = [net.fetch(visitor, frontend.address) for _ in range(VISITS)]
    assert pages == VISITS * ['good'], pages
    with open(visitor.log_file, encoding='utf-8', errors='replace') as log:
        bugs = [line for line in log if 'Bug' in line or 'BUG' in line]
    assert not bugs, bugs[:3]
    step(f'{VISITS} visits came to the honest backend, and the visitor\'s tor met with no bug')
    assert daemon.end()[0] == 0


main(test)
