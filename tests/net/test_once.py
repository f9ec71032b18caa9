# obpub --once with three backends, over their control ports and without any: each backend then answers through the
# frontend's address. Once in each half of the day.

import json

from testnet import main, make_frontend_key, run_obpub, step


def write_config(net, name, key_path, publisher, backends, with_control):
    """A config for one frontend; returns its path."""
    lines = [f'tor-control: unix:{publisher.control_socket}', 'services:', f'  - key: {key_path}', '    instances:']
    for backend in backends:
        lines += [f'      - address: {backend.onion}', f'        name: {backend.name}']
        if with_control:
            lines.append(f'        control: unix:{backend.control_socket}')
    path = net.path(name)
    with open(path, 'w') as file:
        file.write('\n'.join(lines) + '\n')
    return path


def publish(config, backends):
    """Run obpub --once and check its report: complete, all backends in; returns the report."""
    result = run_obpub('--once', '--json', '-c', config)
    assert result.returncode == 0, f'exit code {result.returncode}\n{result.stderr}\n{result.stdout}'
    report = json.loads(result.stdout)
    frontend = report['frontends'][0]
    points = sum(backend['introduction_points'] for backend in frontend['backends'])
    assert all(backend['live'] for backend in frontend['backends'])
    assert frontend['introduction_points'] == min(points, 20) and points >= len(backends)
    for descriptor in frontend['descriptors']:
        assert descriptor['hsdirs'] and all(hsdir['taken'] for hsdir in descriptor['hsdirs'])
    step(f'published {points} introduction points in {report["seconds"]} s')
    return report


def test(net):
    key_path = net.path('frontend.key')
    key = make_frontend_key(key_path)
    publisher = net.start_tor('publisher', wait=False)
    backends = [net.start_service(f'backend{number}', [key.onion], wait=False) for number in (1, 2, 3)]
    for backend in backends:
        backend.wait_published()
    publisher.wait_bootstrapped()
    step('three backends have published their own descriptors')

    for phase in (net.phase().name, None):
        if phase is None:
            phase = 'after-srv' if net.phase().name == 'after-time-period' else 'after-time-period'
        phase = net.wait_phase(phase, at_least_seconds_left=25)
        step(f'it is the half of the day {phase.name}, with {phase.seconds_left:.0f} s left')
        for with_control in (True, False):
            config = write_config(net, f'config-{with_control}.yaml', key_path, publisher, backends, with_control)
            publish(config, backends)
            client = net.start_client(f'client-{phase.name}-{with_control}')
            seen = net.who_answers(client, key.address, [backend.name for backend in backends])
            step(f'{"with" if with_control else "without"} control ports: answers through the frontend: {dict(seen)}')
            client.close()


main(test)
