# Several frontends in one config that share backends; what obpub says of it: the table, the JSON object, and its
# progress, which is lines in a file and one line written again and again on a terminal.

import json
import os
import pty
import re
import subprocess
import time

from harness.judge import Judged, is_merged
from harness.obpub import IN, has_taken, holders, instance, publish, wait_settled, write_config
from testnet import main, make_frontend_key, obpub_path, run_obpub, spawn, step

# What is said, beside progress, where the tests run as root.
STAYS_ROOT = 'obpub: warning: obpub was started as root and stays it'

HEX = re.compile('[0-9A-F]{40}')

NONE = type(None)
REPORT = {'version': str, 'time': str, 'started': str, 'configLoaded': str, 'reloadError': NONE, 'error': NONE,
          'sandboxLacks': list, 'tor': dict, 'services': list, 'result': str, 'problem': NONE, 'seconds': float}
FRONTEND = {'onionAddress': str, 'publishAttemptFirstDescriptor': str, 'publishAttemptSecondDescriptor': str,
            'isPublished': bool, 'publication': str, 'problem': NONE, 'otherPublishers': dict, 'isStatic': bool,
            'usesDrained': bool, 'doubtsHealth': bool, 'hasFlowControl': bool, 'introPointsNum': int,
            'introSetModified': str, 'bundle': NONE, 'instances': list, 'descriptors': list, 'mode': str, 'isSplit': bool,
            'descriptorsPolicy': str, 'isDistinct': bool, 'lead': NONE, 'leadInUse': NONE, 'proofOfWork': NONE,
            'nextTurn': NONE, 'authorizedClients': NONE}
BACKEND = {'onionAddress': str, 'introSetModified': str, 'introPointsNum': int, 'descriptorReceived': str, 'name': str,
           'state': str, 'since': str, 'hasControl': bool, 'place': (str, NONE), 'way': (str, NONE), 'isReachable': bool,
           'isRestless': bool, 'hasProofOfWork': bool,
           'takesFlowControl': bool, 'introPointsPublished': int, 'introPointsLeftOut': int, 'introPointsFault': NONE,
           'introPointsLack': NONE, 'error': NONE, 'weight': int, 'isDrained': bool, 'drainedSince': NONE,
           'shareWanted': (float, NONE), 'share': (float, NONE), 'seed': NONE, 'effort': NONE, 'seedExpires': NONE,
           'hasExpiredSeed': NONE, 'hasOwnPoints': NONE, 'ownUploads': NONE, 'ownUploadsRefused': NONE,
           'ownUploadsThrough': NONE, 'health': NONE, 'healthSince': NONE, 'healthChecked': NONE, 'healthError': NONE}
DESCRIPTOR = {'name': str, 'timePeriod': int, 'revisionCounter': int, 'nextUpload': str, 'expires': str, 'hsdirs': list,
              'ownUploadsKeptOut': NONE}
HSDIR = {'fingerprint': str, 'state': str, 'isCurrent': bool, 'sent': str, 'answered': str, 'taken': str,
         'expires': str, 'seen': str, 'seenAt': (str, NONE),
         'attempts': int, 'nextTry': NONE, 'error': (str, NONE), 'isAsked': bool,
         'instance': (str, NONE), 'parts': NONE}


def has_form(value, form, what):
    """The object has these members of these types, and no others."""
    assert set(value) == set(form), f'{what} has the members {sorted(value)}, not {sorted(form)}'
    for name, kind in form.items():
        assert isinstance(value[name], kind), f'{what}: {name} is {value[name]!r}'


def check_json(report, frontends, backends):
    """The JSON object has the form that obpub(8) describes, and says what is so."""
    has_form(report, REPORT, 'the report')
    assert [frontend['onionAddress'] for frontend in report['services']] == [key.onion for key, _ in frontends]
    for frontend, (_, members) in zip(report['services'], frontends):
        has_form(frontend, FRONTEND, 'a frontend')
        assert frontend['isPublished'] and not frontend['isStatic']
        assert [(backend['name'], backend['onionAddress']) for backend in frontend['instances']] == \
            [(backends[member].name, backends[member].onion) for member in members]
        for backend in frontend['instances']:
            has_form(backend, BACKEND, 'a backend')
            assert backend['state'] in IN and not backend['hasProofOfWork']
        for descriptor in frontend['descriptors']:
            has_form(descriptor, DESCRIPTOR, 'a descriptor')
            for hsdir in descriptor['hsdirs']:
                has_form(hsdir, HSDIR, 'an HSDir')
                assert HEX.fullmatch(hsdir['fingerprint']) and has_taken(hsdir) and hsdir['isCurrent']
                assert report['started'] <= hsdir['taken'] <= report['time']


def check_points(net, report, number, key, members):
    """The descriptor that clients get for a frontend has the points of its backends and of no other."""
    slot = 'first' if net.consensus_times().phase_name == 'after-srv' else 'second'
    hsdir = holders(report, slot, number)[0]
    points = Judged(net.fetch_descriptor(net.client, key.address, hsdir), key.onion).points
    theirs = [set(Judged(net.fetch_descriptor(net.client, backend.address), backend.onion).points)
              for backend in members]
    assert is_merged(points, set().union(*theirs))


def check_table(config, frontends, backends):
    """The table names every frontend, backend and HSDir; standard error has plain lines only."""
    result = run_obpub('--once', '-c', config)
    assert result.returncode == 0, result.stderr
    for key, members in frontends:
        assert f'frontend {key.onion}\n' in result.stdout
    for name in (backends[member].name for _, members in frontends for member in members):
        assert re.search(rf'^ +{name} +\d+ introduction points$', result.stdout, re.M), result.stdout
    assert len(re.findall(r'^ +\$[0-9A-F]{40}  took it after \d+\.\d s', result.stdout, re.M)) == 16 * len(frontends)
    assert re.search(r'^published everything: \d+ uploads in \d+\.\d seconds$', result.stdout, re.M)
    lines = [line for line in result.stderr.splitlines() if not line.startswith(STAYS_ROOT)]
    assert lines and all(re.fullmatch(r'\[ *\d+\.\d s\] [ -~]+', line) for line in lines), result.stderr


def check_terminal(config):
    """On a terminal the progress is one line, written again and again, and gone at the end."""
    master, slave = pty.openpty()
    process = spawn([obpub_path(), '--once', '-c', config], 'TERM', stdout=subprocess.DEVNULL, stderr=slave)
    os.close(slave)
    shown = b''
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:  # what Linux gives at the end of a terminal
            break
        if not piece:
            break
        shown += piece
    assert process.wait() == 0
    shown = re.sub(rb'%s[^\n]*\n' % STAYS_ROOT.encode(), b'', shown)
    lines = shown.split(b'\r\x1b[K')
    assert b'\n' not in shown and len(lines) >= 4 and lines[0] == b'' and lines[-1] == b'', shown
    assert all(re.fullmatch(rb'\[ *\d+\.\d s\] [ -~]{1,79}', line) for line in lines[1:-1]), shown
    return len(lines) - 2


def test(net):
    frontends = [(make_frontend_key(net.path('key0')), [0, 1]),
                 (make_frontend_key(net.path('key1'), 'tor'), [1, 2]),
                 (make_frontend_key(net.path('key2'), 'dir'), [2])]
    onions = [key.onion for key, _ in frontends]
    publisher = net.start_tor('publisher', wait=False)
    backends = [net.start_service(f'backend{number}', onions, wait=False) for number in range(3)]
    for backend in backends:
        backend.wait_published()
    publisher.wait_bootstrapped()
    net.wait_for(lambda: net.phase().seconds_left > 30, 60, 'a new half of the day', every=0.5)
    net.wait_phase(net.phase().name)
    wait_settled(net, backends)

    config = write_config(net.path('config.yaml'), publisher.control_socket,
                          [(net.path(f'key{number}'), [instance(backends[member]) for member in members])
                           for number, (_, members) in enumerate(frontends)])
    report = publish(config)
    errors = report.pop('stderr')
    assert errors and '\x1b' not in errors
    check_json(json.loads(json.dumps(report)), frontends, backends)
    step('the JSON object is right')
    client = net.start_client()
    for number, (key, members) in enumerate(frontends):
        check_points(net, report, number, key, [backends[member] for member in members])
        seen = net.who_answers(client, key.address, [backends[member].name for member in members])
        assert set(seen) == {backends[member].name for member in members}
        step(f'frontend {number}: {dict(seen)}')
    check_table(config, frontends, backends)
    step('the table is right')
    time.sleep(2)  # HSDirs take nothing with the counter of the same second
    step(f'on a terminal it wrote the line {check_terminal(config)} times')


main(test)
