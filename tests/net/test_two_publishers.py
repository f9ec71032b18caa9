# Two obpubs with the same key, run at the same moment for redundancy. An HSDir takes no two descriptors of one second, so it
# refuses the later one, which is not sent again: it has the other one's.

import json
import subprocess
import time

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
        reports.append(json.loads(out))
        is_complete = reports[-1]['result'] == 'complete'
        assert (process.returncode == 0) == is_complete, f'{process.returncode}\n{err}\n{out}'
        assert is_complete or 'UPLOAD_REJECTED' in err, err
    return reports


def states(report):
    """What became of each descriptor at each HSDir, by time period and HSDir. Nobody is sent one twice."""
    hsdirs = {(descriptor['timePeriod'], hsdir['fingerprint']): hsdir for descriptor in
              report['services'][0]['descriptors'] for hsdir in descriptor['hsdirs']}
    assert all(hsdir['attempts'] == 1 for hsdir in hsdirs.values()), hsdirs
    return {place: hsdir['state'] for place, hsdir in hsdirs.items()}


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
        time.sleep(2)  # so that each has a higher counter than what is there
        reports = run_two(configs)
        one, other = map(states, reports)
        assert set(one) == set(other)
        refused = [place for place in one if 'refused' in (one[place], other[place])]
        assert all({one[place], other[place]} in ({'done'}, {'done', 'refused'}) for place in one), (one, other)
        step(f'each HSDir has the descriptor of one of them; {len(refused)} refused the other one')
        if refused:
            break
    else:
        raise AssertionError('no HSDir ever refused the second descriptor of a second')
    assert set(net.who_answers(net.start_client(), frontend.address, ['backend'])) == {'backend'}


main(test)
