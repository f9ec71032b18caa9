# Runs obpub on the private network: writes its config.yaml, publishes a round, reads the report.

import json
import os

from .consensus import AFTER_SRV
from .judge import blinded_key, outer_blinded_key
from .keys import make_frontend_key
from .process import wait_for, write_file
from .runner import run_obpub, step

IN = ('live', 'grace')  # the states of a backend whose introduction points are published
SECONDS_UP = 10  # of a tor on a testing network, before obpub trusts what HSDirs have of it


def start_one_backend(net):
    """What the simplest frontend needs: a local tor, and one backend whose tor has published its own descriptors.
    Returns the path of the frontend's key, the frontend (an OnionKey), the local tor and the backend."""
    key_path = net.path('frontend.key')
    frontend = make_frontend_key(key_path)
    publisher = net.start_tor('publisher', wait=False)
    backend = net.start_service('backend', [frontend.onion], wait=False)
    backend.wait_published()
    publisher.wait_bootstrapped()
    return key_path, frontend, publisher, backend


def instance(backend, control='unix', is_twin=False):
    """The lines of one backend (a Service): its control port by 'unix' socket, 'tcp', or None: from the HSDirs. A twin has
    the frontend's key, and no address of its own."""
    lines = [f'      - name: {backend.name}']
    if not is_twin:
        lines = [f'      - address: {backend.onion}', f'        name: {backend.name}']
    if control:
        where = f'127.0.0.1:{backend.control_port}' if control == 'tcp' else f'unix:{backend.control_socket}'
        lines.append(f'        control: {where}')
    if control and backend.control_password:
        path = f'{backend.folder}/control-password'
        write_file(path, backend.control_password + '\n')
        lines.append(f'        control-password-file: {path}')
    return lines


def write_config(path, control_socket, frontends, settings=()):
    """Write a config.yaml for the local tor with that control socket (a path) or port ("host:port"), or a list
    of these. frontends: (path of the key, list of what instance() gave) for each, and the service's own settings if it has
    any; settings: further lines. On a network of so few relays backends often have points at one relay: where a service
    says nothing of its descriptors they are the same all the same. Returns the path."""
    sockets = [control_socket] if isinstance(control_socket, str) else control_socket
    tors = [f'unix:{where}' if where.startswith('/') else where for where in sockets]
    # The tors' sockets are this user's: as root, obpub has to stay root, also where there is a user for it.
    stay = os.geteuid() == 0 and not any(setting.startswith('user:') for setting in settings)
    lines = [f'tor-control: {tors[0]}' if len(tors) == 1 else f'tor-control: [{", ".join(tors)}]',
             *(['user: root'] if stay else []), *settings, 'services:']
    for key_path, instances, *own in frontends:
        if not any(setting.startswith('descriptors:') for setting in own):
            own = [*own, 'descriptors: same']
        lines += [f'  - key: {key_path}', *(f'    {setting}' for setting in own), '    instances:']
        lines += [line for lines in instances for line in lines]
    write_file(path, '\n'.join(lines) + '\n')
    return path


def run_once(config, *args, status=0, timeout=180):
    """Run obpub --once --json, which has to end with that exit status; returns its report."""
    result = run_obpub('--once', '--json', '-c', config, *args, timeout=timeout)
    assert result.returncode == status, (f'exit status {result.returncode}, not {status}\n{result.stderr}\n'
                                         f'{result.stdout}')
    report = json.loads(result.stdout)
    report['stderr'] = result.stderr
    return report


def publish(config, *args):
    """Publish a round of which all has to succeed: every backend is in, every HSDir has taken every descriptor.
    Returns the report."""
    report = run_once(config, *args)
    assert report['result'] == 'complete' and report['problem'] is None, report
    for frontend in report['services']:
        backends = frontend['instances']
        points = sum(backend['introPointsNum'] for backend in backends)
        assert all(backend['state'] in IN for backend in backends), backends
        assert len(backends) <= frontend['introPointsNum'] <= min(points, 20), frontend
        assert [descriptor['name'] for descriptor in frontend['descriptors']] == ['first', 'second']
        for descriptor in frontend['descriptors']:
            assert descriptor['hsdirs'] and all(map(has_taken, descriptor['hsdirs'])), descriptor
        step(f'obpub published {frontend["introPointsNum"]} introduction points of {len(backends)} backends in '
             f'{report["seconds"]:.1f} s')
    return report


def presign(net, backend, key_path, name, *args, days=1):
    """What the operator does on the machine with the key: returns the bundle's path."""
    config = write_config(net.path(f'{name}.offline.yaml'), '/nonexistent', [(key_path, [instance(backend)])])
    bundle = net.path(f'{name}.bundle')
    result = run_obpub('presign', '-c', config, '--days', days, '-o', bundle, *args)
    assert result.returncode == 0, result.stderr
    return bundle


def holders(report, slot, frontend=0):
    """The fingerprints of the HSDirs that took a frontend's 'first' or 'second' descriptor."""
    descriptors = report['services'][frontend]['descriptors']
    return [hsdir['fingerprint'] for descriptor in descriptors if descriptor['name'] == slot
            for hsdir in descriptor['hsdirs'] if has_taken(hsdir)]


def has_taken(hsdir):
    """Whether an HSDir of a report has taken what it was sent last."""
    return hsdir['state'] == 'done' and hsdir['taken'] is not None


def wait_settled(net, backends):
    """Wait until each backend's tor has the descriptors of its consensus and has uploaded them: for a moment after a
    new shared random value it still has those of before. And, while clients use the second descriptor, until each
    has been up for so long that obpub takes what HSDirs have as the word of the process that runs now: before, it
    takes the points that the backend itself names, which are those of the first descriptor."""
    for backend in backends:
        if net.phase().name != AFTER_SRV:
            wait_for(lambda: int(backend.info('uptime')) > SECONDS_UP, 30,
                     f'{backend.name} to be up for more than {SECONDS_UP} seconds')
        times = net.consensus_times(backend)
        first = blinded_key(backend.key.public, times.first_period, times.period_length)
        wait_for(lambda: outer_blinded_key(backend.own_descriptor()) == first and not backend.uploads_open(), 60,
                 f'{backend.name} to have its new descriptors')
