# Across two new shared random values and two new time periods a client that asks all the time never fails to reach the
# frontend where it reaches a plain onion service, run by a tor of its own in the same network.

import time

from harness.consensus import AFTER_SRV
from harness.daemon import Daemon
from harness.obpub import instance
from harness.visitor import Visitor
from testnet import main, make_frontend_key, step

ROTATIONS = 2
AFTERWARDS = 20  # seconds that the client goes on asking after the last one


def watch_rotations(net, visitor):
    """Wait until there have been so many new shared random values and new time periods."""
    last = net.consensus_times()
    values = periods = 0
    while values < ROTATIONS or periods < ROTATIONS:
        time.sleep(1)
        times = net.consensus_times()
        new_value = times.srv_current != last.srv_current
        new_period = times.phase_name != last.phase_name and times.phase_name != AFTER_SRV
        values, periods = values + new_value, periods + new_period
        if new_value or new_period:
            step(f'a new {"shared random value" if new_value else "time period"}; so far {len(visitor.failed())} of '
                 f'{len(visitor.visits)} requests failed')
        last = times
    time.sleep(AFTERWARDS)


def start_frontend(net, name, control):
    """A frontend and its two backends; returns these, and the frontend as write_config() takes it."""
    key_path = net.path(f'{name}.key')
    frontend = make_frontend_key(key_path)
    backends = [net.start_service(f'{name}{number}', [frontend.onion], wait=False) for number in range(2)]
    return frontend, backends, (key_path, [instance(backend, control) for backend in backends])


def test(net):
    publisher = net.start_tor('publisher', wait=False)
    plain = net.start_service('plain', wait=False)
    watched = [start_frontend(net, 'controlled', 'unix'), start_frontend(net, 'fetched', None)]
    for service in [plain, *(backend for _, backends, _ in watched for backend in backends)]:
        service.wait_published()
    publisher.wait_bootstrapped()
    daemon = Daemon(net, publisher, [lines for _, _, lines in watched]).start()
    daemon.wait_published(frontends=2)
    client = net.start_client('visitor')
    names = ('controlled', 'fetched')
    addresses = {name: frontend.address for name, (frontend, _, _) in zip(names, watched)}
    with Visitor(client, {**addresses, 'plain': plain.address}) as visitor:
        step('a client begins to ask')
        watch_rotations(net, visitor)
    for name in (*names, 'plain'):
        step(visitor.summary(name))
    for visit in visitor.failed():
        step(f'failed in round {visit.round} at {visit.began:.1f}: {visit.error}'
             f'{"; went well when made again at once" if visit.went_well_again else ""}')
    for name in names:
        assert not visitor.unexcused(name, 'plain'), f'{name} failed where plain tor did not'
    assert {page[:-1] for page in visitor.pages()} >= set(names)
    assert daemon.end()[0] == 0


main(test)
