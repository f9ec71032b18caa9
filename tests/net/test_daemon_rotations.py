# Across two new shared random values and two new time periods a client that asks all the time never fails to reach the
# frontend where it reaches a plain onion service, run by a tor of its own in the same network. So it is with backends of
# which the frontend has the control port and such of which it has not, and with tors that share the frontend's key: whose
# own uploads are switched off, and such as go on uploading; of these, a few visits may fail right as there is a new shared
# random value, when such a tor drops points before obpub can know (doc/hardmap.md, "Limits"). Of two tors each gets the share
# that its introduction points let expect.

import collections
import contextlib
import time

from harness.consensus import AFTER_SRV
from harness.daemon import Daemon
from harness.obpub import instance
from harness.service import SILENT
from harness.shares import Shares
from harness.visitor import Visitor
from testnet import main, make_frontend_key, step

TWINS = ('silent', 'shared')
ROTATIONS = 2
AFTERWARDS = 20  # seconds that the client goes on asking after the last one
TURN = 15        # seconds around a new shared random value, of which each tor hears at a moment of its own
LOST_MAX = 4     # visits of one frontend then
COUNTED = 25     # visits of each frontend whose odds have to be known
UNLIKELY = 1e-6  # by chance alone


def watch_rotations(net, visitor):
    """Wait until there have been so many new shared random values and new time periods; returns when the former came."""
    last = net.consensus_times()
    values, periods = [], 0
    while len(values) < ROTATIONS or periods < ROTATIONS:
        time.sleep(1)
        times = net.consensus_times()
        new_value = times.srv_current != last.srv_current
        new_period = times.phase_name != last.phase_name and times.phase_name != AFTER_SRV
        values, periods = values + [time.time()] * new_value, periods + new_period
        if new_value or new_period:
            step(f'a new {"shared random value" if new_value else "time period"}; so far {len(visitor.failed())} of '
                 f'{len(visitor.visits)} requests failed')
        last = times
    time.sleep(AFTERWARDS)
    return values


def without_turns(lost, values):
    """The visits that were lost and not around a new shared random value; all, if there were more than a few."""
    near = [visit for visit in lost if any(abs(visit.began - value) < TURN for value in values)]
    return lost if len(near) > LOST_MAX * len(values) else [visit for visit in lost if visit not in near]


def start_frontend(net, name, control):
    """A frontend and its two backends; returns these, and the frontend as write_config() takes it."""
    key_path = net.path(f'{name}.key')
    frontend = make_frontend_key(key_path)
    backends = [net.start_service(f'{name}{number}', [frontend.onion], wait=False) for number in range(2)]
    return frontend, backends, (key_path, [instance(backend, control) for backend in backends])


def start_twins(net, name, torrc=()):
    """Likewise with two tors that have the frontend's key."""
    key_path = net.path(f'{name}.key')
    frontend = make_frontend_key(key_path)
    twins = [net.start_service(f'{name}{number}', [frontend.onion], key=frontend, torrc=torrc, wait=False)
             for number in range(2)]
    return frontend, twins, (key_path, [instance(twin, is_twin=True) for twin in twins], 'mode: hardmap')


def check_share(name, shares, visits):
    """The two tors of a frontend have got their shares of the visits, as far as chance allows."""
    counted, first, expected, likelihood = shares.judge(visits)
    step(f'{name}: of {counted} visits {first} went to {name}0, {expected:.1f} were to be expected: {likelihood:.2g}')
    assert counted >= COUNTED, f'{name}: of {len(visits)} visits the odds of {counted} are known'
    assert likelihood > UNLIKELY, f'{name}: that is no chance'


def test(net):
    publisher = net.start_tor('publisher', wait=False)
    plain = net.start_service('plain', wait=False)
    watched = {'controlled': start_frontend(net, 'controlled', 'unix'), 'fetched': start_frontend(net, 'fetched', None),
               'silent': start_twins(net, 'silent', [SILENT]), 'shared': start_twins(net, 'shared')}
    for service in [plain, *(backend for name in ('controlled', 'fetched') for backend in watched[name][1])]:
        service.wait_published()
    for service in [twin for name in ('silent', 'shared') for twin in watched[name][1]]:
        service.wait_described()
    publisher.wait_bootstrapped()
    daemon = Daemon(net, publisher, [lines for _, _, lines in watched.values()]).start()
    daemon.wait_published(frontends=len(watched))
    client = net.start_client('visitor')
    observer = net.start_client('observer')
    addresses = {name: frontend.address for name, (frontend, _, _) in watched.items()}
    shares = {name: Shares(net, observer, daemon, frontend, backends) for name, (frontend, backends, _) in watched.items()}
    with contextlib.ExitStack() as stack:
        for each in shares.values():
            stack.enter_context(each)
        visitor = stack.enter_context(Visitor(client, {**addresses, 'plain': plain.address}))
        step('a client begins to ask')
        values = watch_rotations(net, visitor)
    for name in addresses:
        step(visitor.summary(name))
        answered = collections.Counter(visit.page for visit in visitor.visits if visit.name == name and visit.page)
        step(f'    answered: {dict(sorted(answered.items()))}')
    step(visitor.summary('plain'))
    for visit in visitor.failed():
        step(f'failed in round {visit.round} at {visit.began:.1f}: {visit.error}'
             f'{"; went well when made again at once" if visit.went_well_again else ""}')
    for name in addresses:
        lost = visitor.unexcused(name, 'plain')
        assert not (without_turns(lost, values) if name in TWINS else lost), f'{name} failed where plain tor did not'
    for name, each in shares.items():
        check_share(name, each, [visit for visit in visitor.visits if visit.name == name])
    assert set(visitor.pages()) == {'plain', *(f'{name}{number}' for name in addresses for number in range(2))}
    assert daemon.end()[0] == 0


main(test)
