# obpub inspect asks the HSDirs of any onion service and says who has what: before, during and after another publisher takes
# over, with two at the same moment, with a client key and without. Nicknames are those of the network's relays.

import json
import os
import re
import subprocess
import sys
import time

from harness.clients import base32, restrict
from harness.hsdirs import wait_quiet
from harness.keys import OnionKey
from harness.obpub import instance, publish, start_one_backend, wait_settled, write_config
from harness.process import write_file
from testnet import main, obpub_path, run_obpub, spawn, step

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'attack'))
import curve  # noqa: E402
from descriptor import Keypair, Maker  # noqa: E402

# For a takeover and what comes after it; and for two publishers at once.
SECONDS_NEEDED, SECONDS_OF_TWO = 30, 15
# So often two publishers are started until both are seen; a round takes some seconds.
ROUNDS = 6
# Above every counter that a clock makes.
FORGED = 1 << 60
# What the table says of a descriptor that was found: how many points it has, which set these are, and who made it.
MARKS = re.compile(r' (\d+) +([A-Z]) +(\d+) +(?:good|bad)')


def inspect(tor, address, *args, status=0):
    """What obpub says of the HSDirs of a service, by way of a tor."""
    result = run_obpub('inspect', address, '-s', tor.control_socket, '--json', *args)
    assert result.returncode == status, f'{result.returncode}\n{result.stderr}\n{result.stdout[:2000]}'
    return json.loads(result.stdout)


def asked(found):
    """The rows of the HSDirs that could be asked."""
    return [hsdir for hsdir in found['hsdirs'] if hsdir['slot'] == found['clientSlot']]


def failed(descriptor):
    """The names of the checks that a descriptor fails."""
    points = descriptor.get('introductionPoints', [])
    return {check['name'] for part in (descriptor, *points) for check in part['checks'] if check['result'] == 'failed'}


def check_names(net, found):
    """All relays have their own names, those of the points too; and clients ask more HSDirs than not."""
    for hsdir in found['hsdirs']:
        assert hsdir['nickname'] == net.relay_by_fingerprint(hsdir['fingerprint']).name, hsdir
    for hsdir in asked(found):
        for point in (hsdir['descriptor'] or {}).get('introductionPoints', []):
            relay = point['relay']
            if relay['isInConsensus']:
                assert relay['nickname'] == net.relay_by_fingerprint(relay['fingerprint']).name, relay
    assert {hsdir['slot'] for hsdir in found['hsdirs']} == {'first', 'second'}
    assert all(hsdir['finding'] == 'not asked' for hsdir in found['hsdirs'] if hsdir not in asked(found))


def makers(found):
    return {hsdir['fingerprint']: hsdir['maker'] for hsdir in asked(found)}


def signing_keys(found):
    return {hsdir['descriptor']['outerLayer']['descriptorSigningKey'] for hsdir in asked(found)}


def check_one_maker(found, points):
    """Everybody has the same from one maker, and nothing is wrong with it."""
    rows = asked(found)
    assert {hsdir['finding'] for hsdir in rows} == {'found'}, rows
    assert set(makers(found).values()) == {1} and {hsdir['set'] for hsdir in rows} == {1}, found
    for hsdir in rows:
        assert not failed(hsdir['descriptor'])
        assert len(hsdir['descriptor']['introductionPoints']) == points, hsdir
        assert not hsdir['descriptor']['outerLayer']['isAheadOfClock']


def forge(net, frontend, slot, points, **edit):
    """A descriptor of somebody else who has the key, of the time period that clients use."""
    times = net.consensus_times()
    period = times.first_period + (slot == 'second')
    maker = Maker(Keypair(*curve.expand(frontend.seed)), period, times.period_length, int(time.time()), points=points)
    maker.counter = FORGED
    maker.edit = edit
    return maker.text()


def post(tor, frontend, hsdir, text):
    with tor.events('HS_DESC') as stream:
        stream.ask(f'HSPOST SERVER={hsdir} HSADDRESS={frontend.address}\n{text.rstrip()}')
        event = stream.wait(lambda event: event.action in ('UPLOADED', 'FAILED') and event.address == frontend.address, 30,
                            f'the HSDir {hsdir} to take a descriptor')
    assert event.action == 'UPLOADED', event


def check_takeover(net, publisher, frontend, config):
    plain = net.start_service('plain', key=frontend, page='plain tor')
    before = inspect(publisher, frontend.onion)
    check_names(net, before)
    rows = asked(before)
    points = len(rows[0]['descriptor']['introductionPoints'])
    check_one_maker(before, points)
    plain.close()
    step(f'{len(rows)} HSDirs, of which clients ask {sum(row["isAskedByClients"] for row in rows)}, have a tor\'s descriptor')

    time.sleep(1.5)  # the counter is of the second in which a descriptor is made
    publish(config)
    after = inspect(publisher, frontend.onion)
    check_one_maker(after, len(asked(after)[0]['descriptor']['introductionPoints']))
    assert not signing_keys(before) & signing_keys(after)
    step('after a round of obpub they have obpub\'s')


def check_somebody_else(net, publisher, frontend):
    """One HSDir has another publisher's, one has what clients can't read."""
    found = inspect(publisher, frontend.onion)
    slot = found['clientSlot']
    foreign, broken = [hsdir['fingerprint'] for hsdir in asked(found) if hsdir['isAskedByClients']][:2]
    post(publisher, frontend, foreign, forge(net, frontend, slot, 2))
    post(publisher, frontend, broken, forge(net, frontend, slot, 2, inner=lambda text: text.replace(
        'create2-formats 2', 'create2-formats 1')))
    found = inspect(publisher, frontend.onion, status=1)
    assert found['clientSlot'] == slot, 'the half of the day is over'
    rows = {hsdir['fingerprint']: hsdir for hsdir in asked(found)}
    others = [row for fingerprint, row in rows.items() if fingerprint not in (foreign, broken)]
    assert rows[broken]['finding'] == 'broken' and rows[broken]['reason'] == 'BAD_DESC', rows[broken]
    assert {(row['maker'], row['set']) for row in others} != {(rows[foreign]['maker'], rows[foreign]['set'])}
    assert len({(row['maker'], row['set']) for row in others}) == 1
    assert rows[foreign]['descriptor']['outerLayer']['isAheadOfClock']
    assert not rows[foreign]['isOlderThanOthers'] and rows[broken]['isOlderThanOthers'] is None
    assert all(row['isOlderThanOthers'] for row in others), others
    assert [point['relay']['isInConsensus'] for point in rows[foreign]['descriptor']['introductionPoints']] == [False] * 2

    result = run_obpub('inspect', frontend.address, '-s', publisher.control_socket)
    assert result.returncode == 1, result
    lines = {fingerprint: next(line for line in result.stdout.splitlines() if f'${fingerprint[:8]}' in line
                               and f' {slot} ' in line) for fingerprint in rows}
    assert 'bad: the local tor can\'t read it' in lines[broken], lines[broken]
    marks = {fingerprint: MARKS.search(line) for fingerprint, line in lines.items()}
    marks = {fingerprint: mark.groups() for fingerprint, mark in marks.items() if mark}
    assert set(marks) == set(rows) - {broken} and marks[foreign][0] == '2', (marks, lines)
    theirs = {marks[row['fingerprint']][1:] for row in others}
    assert len(theirs) == 1 and not set(theirs.pop()) & set(marks[foreign][1:]), marks
    print(result.stdout.partition('\n---')[0])
    assert sum('older than others' in line for line in lines.values()) == len(others), lines
    assert 'ahead of the clock' in result.stdout
    step('the table names the HSDir with another publisher\'s descriptor, and the one with a broken one')


def check_two_publishers(net, backend):
    """Two obpubs at one moment: each HSDir has the descriptor of the one that it took it from."""
    key_path = net.path('shared.key')
    frontend = OnionKey()
    frontend.write_pem(key_path)
    publishers = [net.start_tor(f'publisher{number}', wait=False) for number in (1, 2)]
    for publisher in publishers:
        publisher.wait_bootstrapped()
    configs = [write_config(net.path(f'{publisher.name}.yaml'), publisher.control_socket,
                            [(key_path, [instance(backend)])]) for publisher in publishers]
    for _ in range(ROUNDS):
        wait_quiet(net, SECONDS_OF_TWO)
        wait_settled(net, [backend])
        time.sleep(2)  # so that each has a higher counter than what is there
        found, only = publish_at_once(publishers[0], frontend, configs)
        by_maker = [{makers(found)[hsdir] for hsdir in hsdirs} for hsdirs in only]
        assert all(len(numbers) <= 1 for numbers in by_maker), (only, makers(found))
        assert not by_maker[0] & by_maker[1], (only, makers(found))
        assert {hsdir['set'] for hsdir in asked(found)} == {1}, 'they have the same backend'
        assert set(makers(found).values()) <= {1, 2}, makers(found)
        step(f'two obpubs at once: {len(only[0])} HSDirs have only the first one\'s, {len(only[1])} only the second one\'s, '
             f'and {len(set(makers(found).values()))} makers are seen')
        if set(makers(found).values()) == {1, 2}:
            break
    else:
        raise AssertionError(f'in {ROUNDS} rounds the HSDirs never had descriptors of both publishers')
    check_makers_in_table(run_obpub('inspect', frontend.address, '-s', publishers[0].control_socket).stdout, found)


def publish_at_once(tor, frontend, configs):
    """Has an obpub for each of two configs publish at one moment. Returns what the HSDirs have then, and those that only the
    one, and only the other, says it has published to."""
    processes = [spawn([obpub_path(), '--once', '--json', '-c', config], 'TERM', stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, text=True) for config in configs]
    reports = [json.loads(process.communicate(timeout=180)[0]) for process in processes]
    found = inspect(tor, frontend.onion)
    takers = []
    for report in reports:
        descriptor = next(descriptor for descriptor in report['services'][0]['descriptors']
                          if descriptor['name'] == found['clientSlot'])
        takers.append({hsdir['fingerprint'] for hsdir in descriptor['hsdirs'] if hsdir['state'] == 'done'})
    return found, (takers[0] - takers[1], takers[1] - takers[0])


def check_makers_in_table(table, found):
    """The table groups HSDirs by makers as JSON does, all with one set of points."""
    print(table.partition('\n---')[0])
    rows = {}
    for hsdir in asked(found):
        line = next(line for line in table.splitlines() if f'${hsdir["fingerprint"][:8]}' in line
                    and f' {found["clientSlot"]} ' in line)
        rows[hsdir['fingerprint']] = MARKS.search(line).groups()[1:]
    assert {letter for letter, _ in rows.values()} == {'A'}, rows
    assert {fingerprint: int(number) for fingerprint, (_, number) in rows.items()} == makers(found), (rows, makers(found))


def check_restricted(net, publisher):
    """Without the key nothing is wrong with it; with it the points are there."""
    service = net.start_service('restricted', wait=False)
    key = restrict(service, 1)[0]
    service.wait_published()
    path = net.path('client.auth_private')
    write_file(path, f'{service.address}:descriptor:x25519:{base32(key)}\n')
    closed = inspect(publisher, service.onion)
    assert all(hsdir['descriptor']['isClosed'] and not failed(hsdir['descriptor']) for hsdir in asked(closed)), closed
    opened = inspect(publisher, service.onion, '--client-key', path)
    assert all(hsdir['descriptor']['innerLayer']['isRestricted'] for hsdir in asked(opened)), opened
    assert {hsdir['set'] for hsdir in asked(opened)} == {1} and {hsdir['set'] for hsdir in asked(closed)} == {None}
    step('a restricted service is looked into with a client key, and left closed without')


def check_file(net, publisher, backend):
    """What a tor says of its own service is in a file, whose relays get names from the local tor."""
    path = net.path('backend.descriptor')
    write_file(path, backend.own_descriptor())
    result = run_obpub('inspect', path, '--address', backend.onion, '-s', publisher.control_socket, '--json')
    assert result.returncode == 0, result.stderr + result.stdout
    for point in json.loads(result.stdout)['introductionPoints']:
        assert point['relay']['nickname'] == net.relay_by_fingerprint(point['relay']['fingerprint']).name, point


def test(net):
    key_path, frontend, publisher, backend = start_one_backend(net)
    config = write_config(net.path('config.yaml'), publisher.control_socket, [(key_path, [instance(backend)])])
    inspect(publisher, OnionKey().onion, status=3)
    step('of a service that nobody publishes nothing is found')
    wait_quiet(net, SECONDS_NEEDED)
    wait_settled(net, [backend])
    check_takeover(net, publisher, frontend, config)
    check_somebody_else(net, publisher, frontend)
    check_file(net, publisher, backend)
    check_restricted(net, publisher)
    check_two_publishers(net, backend)


main(test)
