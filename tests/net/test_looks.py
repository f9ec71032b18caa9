# What HSDirs hand out of a frontend is seen: its own descriptors, those of another publisher of the same backends, which
# is recognised, and those of a thief of the key. The thief is told of by log, status,
# exit statuses and metrics, and --verify says what visitors get.

import os
import sys
import time
import urllib.request

from harness.daemon import Daemon
from harness.hsdirs import clients_slot
from harness.obpub import instance, run_once, start_one_backend, wait_settled, write_config
from testnet import free_port, main, run_obpub, step

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'attack'))
import thief  # noqa: E402

LOOK_TIME = 120
TURNS_TIME = 300  # until one that publishes in turns with obpub is seen: who was last at an HSDir is chance
ASKED_MIN = 3  # HSDirs that clients ask, at least: on a small network those of two replicas may be the same


def descriptor_of(net, service):
    """The descriptor that clients use now, of a status or report."""
    return next(descriptor for descriptor in service['descriptors'] if descriptor['name'] == clients_slot(net))


def count_seen(net, service, verdict):
    return sum(hsdir['seen'] == verdict for hsdir in descriptor_of(net, service)['hsdirs'])


def metric(port, name):
    with urllib.request.urlopen(f'http://127.0.0.1:{port}/metrics', timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return [float(line.rsplit(' ', 1)[1]) for line in lines if line.startswith(name + '{') or line.startswith(name + ' ')]


def check_verified(net, config):
    """--once --verify ends with what visitors get, and that is what was published."""
    report = run_once(config, '--verify')
    assert report['isVerified'] and report['result'] == 'complete', report
    seen = count_seen(net, report['services'][0], 'current')
    assert seen >= ASKED_MIN, descriptor_of(net, report['services'][0])
    result = run_obpub('--once', '--verify', '-c', config, timeout=180)
    assert result.returncode == 0 and 'what visitors get now' in result.stdout, result.stdout + result.stderr
    assert result.stdout.count('  this descriptor') >= ASKED_MIN, result.stdout
    step(f'--verify has seen it at {seen} HSDirs')


def check_recognised(net, daemon, frontend, publisher, frontends):
    """Another publisher of the same backends is seen, and is no stranger."""
    other = Daemon(net, publisher, frontends, name='other').start()
    other.wait_published()
    net.wait_for(lambda: daemon.frontend(frontend.address)['otherPublishers']['state'] == 'recognised', TURNS_TIME,
                 'obpub to recognise the other one')
    time.sleep(30)
    state = daemon.frontend(frontend.address)['otherPublishers']['state']
    assert state == 'recognised' and 'SOMEBODY ELSE' not in daemon.log(), state
    other.end()
    step('another publisher of the same backends is recognised')


def steal(net, frontend, publisher, service):
    """What a thief of the key does to both descriptors."""
    length = net.consensus_times(publisher).period_length
    with publisher.controller() as controller:
        for descriptor in service['descriptors']:
            text = thief.make_descriptor(frontend.seed, descriptor['timePeriod'], length, int(time.time()))
            thief.publish(controller, frontend.address, [hsdir['fingerprint'] for hsdir in descriptor['hsdirs']], text)


def check_stolen(net, daemon, frontend, publisher, config, port):
    net.wait_phase(net.phase().name if net.phase().seconds_left > 60 else
                   {'after-srv': 'after-time-period'}.get(net.phase().name, 'after-srv'), 60)
    daemon.wait_published()
    steal(net, frontend, publisher, daemon.frontend(frontend.address))
    service = net.wait_for(
        lambda: next((one for one in [daemon.frontend(frontend.address)]
                      if one['otherPublishers']['state'] == 'stranger'), None), LOOK_TIME, 'obpub to notice the thief')
    assert not service['isPublished'] and service['publication'] == 'stranger', service
    assert 'SOMEBODY ELSE PUBLISHES THIS ADDRESS' in service['problem'], service['problem']
    assert count_seen(net, service, 'another publisher') >= 1, descriptor_of(net, service)
    daemon.wait_log('SOMEBODY ELSE PUBLISHES THIS ADDRESS', 5)
    assert metric(port, 'obpub_frontend_stranger') == [1] and metric(port, 'obpub_frontend_published') == [0]
    result = run_obpub('status', '-c', daemon.config, timeout=30)
    assert result.returncode == 1 and 'SOMEBODY ELSE' in result.stdout, result.stdout
    step(f'the thief is noticed: {service["otherPublishers"]["evidence"]}')
    result = run_obpub('--once', '--verify', '--json', '-c', config, timeout=180)
    assert result.returncode in (1, 3), result.stdout
    step('--once --verify fails')


def test(net):
    net.wait_srv()
    key_path, frontend, publisher, backend = start_one_backend(net)
    frontends = [(key_path, [instance(backend)])]
    config = write_config(net.path('once.yaml'), publisher.control_socket, frontends)
    net.wait_for(lambda: net.phase().seconds_left > 50, 60, 'a new half of the day')
    net.wait_phase(net.phase().name)
    wait_settled(net, [backend])
    check_verified(net, config)

    port = free_port()
    daemon = Daemon(net, publisher, frontends, settings=[f'metrics-listen: 127.0.0.1:{port}']).start()
    daemon.wait_published()
    net.wait_for(lambda: count_seen(net, daemon.frontend(frontend.address), 'current') >= ASKED_MIN, LOOK_TIME,
                 'the daemon to have looked at HSDirs')
    step('the daemon sees its own descriptors')
    check_recognised(net, daemon, frontend, publisher, frontends)
    check_stolen(net, daemon, frontend, publisher, config, port)
    status, _ = daemon.end()
    assert status == 0, status


main(test)
