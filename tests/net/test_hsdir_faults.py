# An HSDir that hangs: the round ends when its time is over, says which HSDir it was, and has published everything
# else. An HSDir that is away for a moment gets its descriptors when it is back. (One that refuses an upload: see
# test_two_publishers.py.)

import json
import subprocess
import time
from datetime import datetime

from harness.obpub import has_taken, instance, publish, run_once, start_one_backend, wait_settled, write_config
from testnet import main, obpub_path, spawn, step

TIMEOUT = 15
SECONDS_AWAY = 4


def uploads(report):
    """Every upload of the report: (slot, HSDir)."""
    return [(descriptor['name'], hsdir) for descriptor in report['services'][0]['descriptors']
            for hsdir in descriptor['hsdirs']]


def seconds_between(one, other):
    """Between two times of the report, which are whole seconds."""
    return (datetime.fromisoformat(other) - datetime.fromisoformat(one)).total_seconds()


def choose_hsdir(net, report):
    """A relay that holds a descriptor and is no authority, on which others depend."""
    names = {net.relay_by_fingerprint(hsdir['fingerprint']).name for _, hsdir in uploads(report)}
    return net.relay(min(name for name in names if not name.startswith('auth')))


def avoid(publisher, relay):
    """Have the local tor use the relay only as the HSDir itself, so that it does not take the uploads to other HSDirs
    down with it."""
    with publisher.controller() as controller:
        controller.set_conf('ExcludeNodes', f'${relay.fingerprint}')
        for circuit in controller.get_circuits():
            if relay.fingerprint in [fingerprint for fingerprint, _ in circuit.path]:
                controller.close_circuit(circuit.id)


def check_hung(net, config, relay):
    """Suspend an HSDir: all others take their descriptors."""
    relay.suspend()
    try:
        report = run_once(config, '--timeout', TIMEOUT, status=1)
    finally:
        relay.resume()
    assert report['result'] == 'incomplete', report['result']
    missing = {hsdir['fingerprint'] for _, hsdir in uploads(report) if not has_taken(hsdir)}
    assert missing == {relay.fingerprint}, f'{missing}, and not {relay.fingerprint}'
    assert 'not taken' in report['problem'] and 'not everything was published' in report['stderr'], report['problem']
    assert '--timeout' in report['stderr'], report['stderr']
    assert TIMEOUT - 1 < report["seconds"] < TIMEOUT + 30, report['seconds']
    step(f'{relay.name} hangs: {report["problem"]}')


def check_away(net, config, relay):
    """An HSDir that is not there, but comes back while obpub still tries, gets its descriptors."""
    relay.kill()
    process = spawn([obpub_path(), '--once', '--json', '-c', config], 'TERM', stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE, text=True)
    time.sleep(SECONDS_AWAY)
    assert process.poll() is None, 'obpub did not wait for it'
    relay.start()
    out, errors = process.communicate(timeout=150)
    assert process.returncode == 0, f'exit status {process.returncode}\n{errors}\n{out}'
    report = json.loads(out)
    late = {hsdir['fingerprint'] for _, hsdir in uploads(report)
            if seconds_between(report['started'], hsdir['taken']) >= SECONDS_AWAY - 1}
    assert relay.fingerprint in late, late
    step(f'{relay.name} was away for {SECONDS_AWAY} s, and then took what it had to')


def test(net):
    key_path, frontend, publisher, backend = start_one_backend(net)
    net.wait_for(lambda: net.phase().seconds_left > TIMEOUT + 40, 90, 'a new half of the day')
    net.wait_phase(net.phase().name)
    wait_settled(net, [backend])
    config = write_config(net.path('config.yaml'), publisher.control_socket, [(key_path, [instance(backend)])])
    relay = choose_hsdir(net, publish(config))
    avoid(publisher, relay)
    time.sleep(2)    # a revision counter is of a second
    publish(config)  # over circuits without it
    check_hung(net, config, relay)
    check_away(net, config, relay)


main(test)
