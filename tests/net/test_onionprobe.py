# Debian's Onionprobe beside obpub, with the config of its page: what it exports of a frontend that is well, of one whose
# backends are all dead, and what becomes of it at a restricted one.

import os
import re
import subprocess
import urllib.request

import yaml

from harness.blocks import Reader
from harness.clients import base32, public_client_key
from harness.daemon import Daemon
from harness.obpub import instance
from harness.process import HarnessError, free_port, run, spawn, tail, write_file
from testnet import main, make_frontend_key, step

PROGRAM = '/usr/bin/onionprobe'
PAGE = 'doc/onionprobe.md'
SEEN_WITH = '1.0.0'  # Debian 12's: what the page says of faults is said of this one
PROBED = 40  # seconds until it has probed once, or has noticed a change

METRIC = re.compile(r'(\w+)(?:\{(.*)\})? ([0-9.e+-]+)')


reader = Reader(__file__)


class Probe:
    """Onionprobe at a tor, with the page's config, for the frontends of these names."""

    def __init__(self, net, tor, name, frontends):
        self.name, self.port = name, free_port()
        self._log = net.path(f'{name}.log')
        path = net.path(f'{name}.yaml')
        config = yaml.safe_load(reader.take(PAGE, '---'))
        config.update(socks_port=tor.socks_port, control_port=tor.control_port, control_password=tor.control_password,
                      prometheus_exporter_port=self.port, sleep=1, interval=1, http_connect_max_retries=1,
                      http_connect_timeout=10)
        shop = config['endpoints'].pop('shop')
        shop['paths'][0]['pattern'] = 'backend'
        config['endpoints'] = {each: dict(shop, address=frontend.onion) for each, frontend in frontends.items()}
        write_file(path, yaml.safe_dump(config))
        with open(self._log, 'ab') as log:
            self.process = spawn([PROGRAM, '-c', path], stdout=log, stderr=subprocess.STDOUT, cwd=net.folder)

    def metrics(self):
        """{(metric, the endpoint's name): value}; {} while it does not listen."""
        try:
            with urllib.request.urlopen(f'http://127.0.0.1:{self.port}/metrics', timeout=5) as answer:
                lines = answer.read().decode().splitlines()
        except OSError:
            if self.process.poll() is not None:
                raise HarnessError(f'{self.name} has ended:\n{tail(self._log, 20)}') from None
            return {}
        found = [METRIC.fullmatch(line) for line in lines]
        return {(each[1], (re.search(r'\bname="(\w+)"', each[2] or '') or ['', ''])[1]): float(each[3])
                for each in found if each}

    def wait(self, net, wanted):
        """Wait until these metrics of the endpoint "shop" have these values; returns all."""
        def look():
            metrics = self.metrics()
            return metrics if all(metrics.get((name, 'shop')) == value for name, value in wanted.items()) else None
        try:
            return net.wait_for(look, PROBED, f'{self.name} to say {wanted}', every=0.5)
        except HarnessError as error:
            raise HarnessError(f'{error}; it says {self.metrics()}\n{tail(self._log, 20)}') from None

    def end(self):
        self.process.terminate()
        self.process.wait(10)


def test(net):
    assert os.path.exists(PROGRAM), 'onionprobe is not installed'
    keys = {name: net.path(f'{name}.key') for name in ('shop', 'closed')}
    frontends = {name: make_frontend_key(path) for name, path in keys.items()}
    publisher = net.start_tor('publisher', wait=False)
    tor = net.start_tor('prober', socks=True, control_port=True, control_auth='password', wait=False)
    backends = [net.start_service(f'backend{number}', [frontend.onion for frontend in frontends.values()], wait=False)
                for number in (1, 2)]
    for each in (publisher, tor):
        each.wait_bootstrapped()
    for backend in backends:
        backend.wait_published()
    folder = net.path('clients')
    os.mkdir(folder, 0o700)
    write_file(os.path.join(folder, 'alice.auth'), f'descriptor:x25519:{base32(public_client_key(os.urandom(32)))}\n')
    instances = [instance(backend) for backend in backends]
    daemon = Daemon(net, publisher, [(keys['shop'], instances), (keys['closed'], instances, f'authorized-clients: {folder}')])
    daemon.start().wait_published(frontends=2)

    probe = Probe(net, tor, 'probe', {'shop': frontends['shop']})
    published = daemon.frontend(frontends['shop'].address)['introPointsNum']
    metrics = probe.wait(net, {'onion_service_reachable': 1, 'onion_service_status_code': 200,
                               'onion_service_descriptor_reachable': 1,
                               'onion_service_introduction_points_number': published})
    step(f'{len(metrics)} metrics; {published} introduction points in both')
    version = run(['dpkg-query', '-W', '-f', '${Version}', 'onionprobe']).stdout
    has_pattern = any('pattern' in name for name, _ in metrics)
    step(f'version {version}; {"a" if has_pattern else "no"} metric of patterns')
    assert not (version.startswith(SEEN_WITH) and has_pattern), 'the page says that there is no metric of patterns'
    for line in reader.take(PAGE, 'onion_service_reachable').strip().split('\n'):
        name, _, value = METRIC.fullmatch(line).groups()
        assert (name, 'shop') in metrics and ('number' in name or metrics[name, 'shop'] == float(value)), f'{line}: {metrics}'
    for backend in backends:
        backend.kill()
    probe.wait(net, {'onion_service_reachable': 0, 'onion_service_descriptor_reachable': 1})
    assert daemon.frontend(frontends['shop'].address)['isStatic']
    step('all backends dead: the descriptor can be had, the page can\'t, and obpub says why')
    probe.end()

    if version.startswith(SEEN_WITH):
        closed = Probe(net, tor, 'closed', {'shop': frontends['closed']})
        status = closed.process.wait(PROBED)
        step(f'at a restricted frontend it ends with status {status}')
        assert status != 0
    reader.finish()


main(test)
