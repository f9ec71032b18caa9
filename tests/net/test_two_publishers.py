# Two obpubs with the same key, run at the same moment for redundancy: both publish everything. An HSDir takes no two
# descriptors of one second, so it refuses the later one, which is made and sent again a second later.

import json
import subprocess

from harness.obpub import instance, publish, wait_settled, write_config
from testnet import main, make_frontend_key, obpub_path, spawn, step

ROUNDS = 5


def run_two(configs):
    """Run one obpub for each config at the same time; returns their reports."""
    processes = [spawn([obpub_path(), '--once', '--json', '-c', config], 'TERM', stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, text=True)
                 for config in configs]
    reports = []
    for process in processes:
        out, err = process.communicate(timeout=180)
        assert process.returncode == 0, f'exit status {process.returncode}\n{err}\n{out}'
        reports.append(json.loads(out))
    return reports


def attempts(report):
    """How often each HSDir was sent each descriptor."""
    return [hsdir['attempts'] for descriptor in report['services'][0]['descriptors'] for hsdir in descriptor['hsdirs']]


def test(net):
    key_path = net.path('frontend.key')
    frontend = make_frontend_key(key_path)
    publishers = [net.start_tor(f'publisher{number}', wait=False) for number in (1, 2)]
    backend = net.start_service('backend', [frontend.onion], wait=False)
    backend.wait_published()
    for publisher in publishers:
        publisher.wait_bootstrapped()
    net.wait_for(lambda: net.phase().seconds_left > 40, 60, 'a new half of the day')
    net.wait_phase(net.phase().name)
    wait_settled(net, [backend])
    configs = [write_config(net.path(f'{publisher.name}.yaml'), publisher.control_socket,
                            [(key_path, [instance(backend)])]) for publisher in publishers]
    publish(configs[0])
    for _ in range(ROUNDS):
        reports = run_two(configs)
        assert all(report['result'] == 'complete' for report in reports)
        most = [max(attempts(report)) for report in reports]
        step(f'both have published everything, with up to {most} attempts')
        if max(most) > 1:
            break
    else:
        raise AssertionError('no HSDir ever refused the second descriptor of a second')
    assert set(net.who_answers(net.client, frontend.address, ['backend'])) == {'backend'}


main(test)
