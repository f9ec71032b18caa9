# What "obpub init" makes when nothing is answered is run as it is, and so is what it makes for agents, and for tors that all
# have the frontend's key: each tor on a machine of its own, as far as its network, /var/lib/tor and /run are concerned, with
# the torrc that was written for it; obpub with the config that was written. Visitors of the frontends come to each tor.
#
# What is not as on an operator's machines: the private network's lines are in the defaults that a tor reads before its torrc.

import os
import pathlib
import pwd
import shlex
import subprocess
import sys

from harness.client import who_answers
from harness.obpub import run_once
from harness.process import spawn, write_file
from harness.runner import obpub_path
from harness.service import Service
from harness.tor import Tor
from testnet import main, run_obpub, step

KINDS = {'softmap': (), 'agents': ('--backend-control', 'agent'), 'hardmap': ('--mode', 'hardmap')}
NODES = ('node1', 'node2')
# Has two folders be /var/lib/tor and /run for a program.
AT_ITS_PLACES = 'mount --bind "$0" /var/lib/tor && mount --bind "$1" /run && shift && exec "$@"'
SKIPPED = 77


def find_obstacle():
    """Why no tor can have a /var/lib/tor of its own here, or None."""
    if os.geteuid() != 0:
        return 'only root can mount anything'
    result = subprocess.run(['unshare', '--mount', 'sh', '-c', AT_ITS_PLACES, '/tmp', '/tmp', 'true'], capture_output=True,
                            text=True, timeout=60)
    return result.stderr.strip() if result.returncode != 0 else None


class Node(Service):
    """A tor that has the folder of a node where its operator has copied it to, a web server beside it, and an agent where there
    is to be one."""

    def __init__(self, net, kind, folder):
        name = f'{kind}{folder.name}'
        Tor.__init__(self, name, net.path(f'tor-{name}'), net.torrc, clock=net.clock, island=net.make_island())
        self.node = folder
        self.onion = (folder / 'service1' / 'hostname').read_text().strip()
        self.address = self.onion.removesuffix('.onion')
        self.run = pathlib.Path(self.folder) / 'run'
        (self.run / 'obpub-agent').mkdir(parents=True)
        self._events = None
        self._others = [self._serve()]

    def _serve(self):
        """A page at the place that init proposes."""
        web = pathlib.Path(self.folder) / 'web'
        web.mkdir()
        write_file(str(web / 'index.html'), self.name)
        return self._start('web', self.island.inside([sys.executable, '-m', 'http.server', '--directory', web, '--bind',
                                                      '127.0.0.1', '80']))

    def _start(self, name, command, **options):
        with open(os.path.join(self.folder, f'{name}.log'), 'ab') as log:
            return spawn(command, stdout=log, stderr=log, **options)

    def _at_its_places(self, command):
        return self.island.inside(['unshare', '--mount', 'sh', '-c', AT_ITS_PLACES, self.node, self.run, *command])

    def _torrc_lines(self):
        return [f'Nickname {self.name}', f'DataDirectory {self.data}', f'ControlSocket unix:"{self.control_socket}"',
                'CookieAuthentication 1', 'SocksPort 0', f'__OwningControllerProcess {os.getpid()}', *self.torrc]

    def start(self):
        self._write_torrc()  # which is the defaults here
        with open(self.log_file, 'ab') as log:
            self._process = spawn(self._at_its_places(['tor', '-f', self.node / 'torrc', '--defaults-torrc',
                                                       self._file('torrc')]),
                                  stdout=log, stderr=log, env=self.clock.program_environment())
        self.wait_control()
        self._events = self.events('HS_DESC')
        options = self.node / 'obpub-agent.default'
        if options.exists():
            words = shlex.split(shlex.split(options.read_text().partition('=')[2])[0])
            self._others.append(self._start('agent', self._at_its_places(
                [os.path.abspath(obpub_path()), 'agent', *words, '--password-file', self.node / 'agent.secret', '--control',
                 f'unix:{self.control_socket}'])))

    def close(self):
        super(Service, self).close()
        for process in self._others:
            process.kill()
            process.wait()


def make(net, kind):
    """Run init, and leave what it has written as it is."""
    out = pathlib.Path(net.path(kind))
    result = run_obpub('init', '--no-interactive', '--output', out, *KINDS[kind])
    assert result.returncode == 0, result.stderr
    assert 'warning' not in result.stderr, result.stderr
    return out


def stay(config):
    """As root, obpub would become that user where there is one, who could not use the local tor of this test."""
    try:
        pwd.getpwnam('obpub')
    except KeyError:
        return
    if os.geteuid() == 0:
        write_file(str(config), f'user: root\n{config.read_text()}')


def publish(out, publisher, nodes):
    """Publish what the config has; returns the frontend's address."""
    config = out / 'config.yaml'
    [frontend] = [path.stem for path in out.glob('*.key') if path.name != 'agents.key']
    stay(config)
    [service] = run_once(str(config), '-s', publisher.control_socket)['services']
    assert service['onionAddress'] == f'{frontend}.onion', service['onionAddress']
    assert [instance['onionAddress'] for instance in service['instances']] == [node.onion for node in nodes], service
    return frontend


def test(net):
    folders = {kind: make(net, kind) for kind in KINDS}
    publisher = net.start_tor('publisher', socks=True, wait=False)
    visitor = net.start_tor('visitor', socks=True, wait=False)
    nodes = {kind: [Node(net, kind, folders[kind] / name) for name in NODES] for kind in KINDS}
    for node in [node for kind in KINDS for node in nodes[kind]]:
        net.tors[node.name] = node
        node.start()
    publisher.wait_bootstrapped()
    visitor.wait_bootstrapped()
    for kind in KINDS:
        for node in nodes[kind]:
            node.wait_published()
    step('the tors serve what was made for them')
    for kind in KINDS:
        frontend = publish(folders[kind], publisher, nodes[kind])
        step(f'{kind}: obpub has published the frontend')
        pages = who_answers(visitor, frontend, {node.name for node in nodes[kind]})
        step(f'{kind}: visitors came to each of the tors: {dict(pages)}')


obstacle = find_obstacle()
if obstacle is not None:
    print(f'left out: {obstacle}')
    sys.exit(SKIPPED)
main(test)
