# What "obpub init" makes is run as it is, for each way to control ports, for several services, for tors that all have the
# frontend's key, and for a key and onion services that there are already: each tor with the torrc that was written for it, its
# network, /var/lib and /run those of a machine of its own, or of the same one where that is what was asked for; obpub with the
# config that was written. Visitors of the frontends come to each tor.
#
# What is not as on an operator's machines: the private network's lines are in the defaults that a tor reads before its torrc.

import json
import os
import pathlib
import pwd
import secrets
import shlex
import shutil
import subprocess
import sys

import stem.connection

from harness.client import FetchFailed, fetch, who_answers
from harness.clients import base32, public_client_key, start_authorised
from harness.hsdirs import wait_quiet
from harness.keys import OnionKey
from harness.process import run, spawn, wait_for, write_file
from harness.runner import obpub_path
from harness.service import Service
from harness.tor import Tor
from testnet import main, run_obpub, step

KINDS = {
    'softmap': (), 'agents': ('--backend-control', 'agent'), 'hardmap': ('--mode', 'hardmap'),
    'unix': ('--backend-control', 'unix'), 'password': ('--backend-control', 'password'),
    'hardunix': ('--mode', 'hardmap', '--backend-control', 'unix'),
    'hardpassword': ('--mode', 'hardmap', '--backend-control', 'password'), 'two': ('-s', '2'),
    'givenagents': ('--backend-control', 'agent'), 'givenpassword': ('--backend-control', 'password'),
}
NODES = ('node1', 'node2')
# The services of the kinds that begin with "given" are there already.
KEYS = {kind: [OnionKey() for _ in NODES] for kind in KINDS if kind.startswith('given')}
# Has two folders be /run and, for its name, a folder of /var/lib for a program.
AT_ITS_PLACES = ('mount -t tmpfs none /var/lib && mkdir -p "$2" && mount --bind "$1" "$2" && mount --bind "$0" /run && '
                 'shift 2 && exec "$@"')
# Has a program see other users.
WITH_USERS = 'mount --bind "$0" /etc/passwd && exec "$@"'
SECONDS_NEEDED = 90  # of a half of the day, for so many kinds
AT_A_TIME = 5
KEPT_SECONDS = 40  # for the service that is kept
SKIPPED = 77


def is_controlled_by(kind, way):
    """Whether that is how control ports are reached: by 'unix' or 'password', where all is on one machine, and obpub, too.
    (With passwords the tors have one web server, too.)"""
    return way in KINDS[kind]


def is_on_one_machine(kind):
    return is_controlled_by(kind, 'unix') or is_controlled_by(kind, 'password')


def find_obstacle():
    """Why no tor can have a /var/lib/tor of its own here, or None."""
    if os.geteuid() != 0:
        return 'only root can mount anything'
    result = subprocess.run(['unshare', '--mount', 'sh', '-c', AT_ITS_PLACES, '/tmp', '/tmp', '/var/lib/tor', 'true'],
                            capture_output=True, text=True, timeout=60)
    return result.stderr.strip() if result.returncode != 0 else None


def stay(net, command):
    """As root, obpub would become the user obpub where there is one, who could not use the local tor of this test, nor read
    the config that was written: the command that runs one where there is no such user."""
    try:
        pwd.getpwnam('obpub')
    except KeyError:
        return command
    path = pathlib.Path(net.path('passwd'))
    users = pathlib.Path('/etc/passwd').read_text().splitlines(keepends=True)
    path.write_text(''.join(line for line in users if not line.startswith('obpub:')))
    return ['unshare', '--mount', 'sh', '-c', WITH_USERS, path, *command]


class Node(Service):
    """A tor that has the folder of a node where its operator has copied it to, a web server beside it, and an agent where there
    is to be one."""

    def __init__(self, net, kind, folder, others):
        name = f'{kind}{folder.name}'
        self.net, self.kind = net, kind
        island = others[0].island if others and is_controlled_by(kind, 'password') else net.make_island()
        Tor.__init__(self, name, net.path(f'tor-{name}'), net.torrc, clock=net.clock, island=island)
        self.node = folder
        self.lines = folder / 'torrc'
        if kind in KEYS:
            self.onions = [self._take_over(KEYS[kind][len(others)])]
        else:
            self.onions = [path.read_text().strip() for path in sorted(folder.glob('service*/hostname'))]
        self.onion = self.onions[0]
        self.address = self.onion.removesuffix('.onion')
        self.run = others[0].run if others and is_on_one_machine(kind) else pathlib.Path(self.folder) / 'run'
        # As Debian's units make them.
        for place in ('obpub-agent', f'tor-instances/{folder.name}'):
            (self.run / place).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._events = None
        shares_web = others and others[0].island is island
        self.page = others[0].page if shares_web else name
        self._others = [] if shares_web else [self._serve()]

    def _take_over(self, key):
        """Do what the torrc of a node says whose service is there already, in /var/lib/tor/own, with a torrc of its own."""
        key.write_service_dir(str(self.node / 'own'))
        shutil.copy(self.node / 'service1' / 'ob_config', self.node / 'own')
        text = self.lines.read_text()
        first, = [line[1:] for line in text.splitlines() if line.startswith('#Hidden')]
        self.lines = self.node / 'own.torrc'
        write_file(str(self.lines), f'HiddenServiceDir /var/lib/tor/own\n{first}\nHiddenServicePort 80 127.0.0.1:80\n{text}')
        return key.onion

    def wait_published(self, timeout=90):
        """Of each of its services."""
        for onion in reversed(self.onions):
            self.address = onion.removesuffix('.onion')
            super().wait_published(timeout)

    @property
    def control_socket(self):
        own = self.run / 'tor-instances' / self.node.name / 'control'
        return str(own) if is_controlled_by(self.kind, 'unix') else super().control_socket

    def control_connection(self):
        """The cookie of the torrc is somewhere else for that tor than for this test; and it comes after the socket."""
        if not is_controlled_by(self.kind, 'unix'):
            return super().control_connection()
        connection = self._connect()
        cookie = pathlib.Path(f'{self.control_socket}.authcookie')
        wait_for(lambda: cookie.exists() and cookie.stat().st_size, 10, f'the cookie of {self.name}', every=0.05)
        stem.connection.authenticate_cookie(connection, str(cookie))
        return connection

    def _serve(self):
        """A page at the place that init proposes."""
        web = pathlib.Path(self.folder) / 'web'
        web.mkdir()
        write_file(str(web / 'index.html'), self.page)
        return self._start('web', self.island.inside([sys.executable, '-m', 'http.server', '--directory', web, '--bind',
                                                      '127.0.0.1', '80']))

    def _start(self, name, command, **options):
        with open(os.path.join(self.folder, f'{name}.log'), 'ab') as log:
            return spawn(command, stdout=log, stderr=log, **options)

    def at_its_places(self, command):
        """The command that runs one on this machine."""
        place = '/var/lib/tor'
        if is_controlled_by(self.kind, 'unix'):
            place = f'/var/lib/tor-instances/{self.node.name}'
        return self.island.inside(['unshare', '--mount', 'sh', '-c', AT_ITS_PLACES, self.run, self.node, place, *command])

    def _torrc_lines(self):
        return [f'Nickname {self.name}', f'DataDirectory {self.data}', f'ControlSocket unix:"{self.control_socket}"',
                'CookieAuthentication 1', 'SocksPort 0', f'__OwningControllerProcess {os.getpid()}', *self.torrc]

    def start(self):
        self._write_torrc()  # which is the defaults here
        with open(self.log_file, 'ab') as log:
            self._process = spawn(self.at_its_places(['tor', '-f', self.lines, '--defaults-torrc',
                                                      self._file('torrc')]),
                                  stdout=log, stderr=log, env=self.clock.program_environment())
        # stem would look for the cookie where that tor has it.
        self._connect().close() if is_controlled_by(self.kind, 'unix') else self.wait_control()
        self._events = self.events('HS_DESC')
        options = self.node / 'obpub-agent.default'
        if options.exists():
            words = shlex.split(shlex.split(options.read_text().partition('=')[2])[0])
            self._others.append(self._start('agent', self.at_its_places(stay(self.net, [
                os.path.abspath(obpub_path()), 'agent', *words, '--password-file', self.node / 'agent.secret', '--control',
                f'unix:{self.control_socket}']))))

    def close(self):
        super(Service, self).close()
        for process in self._others:
            process.kill()
            process.wait()


def make(net, kind):
    """Run init, and leave what it has written as it is."""
    out = pathlib.Path(net.path(kind))
    given = [word for key in KEYS.get(kind, ()) for word in ('--address', key.onion)]
    result = run_obpub('init', '--no-interactive', '--output', out, *KINDS[kind], *given)
    assert result.returncode == 0, result.stderr
    # A password over a port of this machine is what was asked for, and obpub says what it is worth.
    assert result.stderr.count('warning') == is_controlled_by(kind, 'password'), result.stderr
    return out


def run_round(net, config, publisher, node=None):
    """Publish what a config has, as it was written, on a node's machine where one is given; returns obpub's report."""
    command = stay(net, [os.path.abspath(obpub_path()), '--once', '--json', '-c', config, '-s', publisher.control_socket])
    result = run(node.at_its_places(command) if node else command, timeout=180)
    assert result.returncode == 0, f'{result.returncode}\n{result.stderr}\n{result.stdout}'
    return json.loads(result.stdout)


def publish(net, out, publisher, nodes):
    """Publish what the config has; returns the addresses of the frontends, in the order of their services."""
    keys = {path.stem for path in out.glob('*.key') if path.name != 'agents.key'}
    report = run_round(net, out / 'config.yaml', publisher, nodes[0] if is_on_one_machine(nodes[0].kind) else None)
    frontends = [service['onionAddress'].removesuffix('.onion') for service in report['services']]
    assert set(frontends) == keys and len(keys) == len(nodes[0].onions), frontends
    for number, service in enumerate(report['services']):
        instances = service['instances']
        assert [instance['onionAddress'] for instance in instances] == [node.onions[number] for node in nodes], service
        assert all(instance['introPointsNum'] for instance in instances), service
    return frontends


def make_nodes(net, kind, folder):
    nodes = []
    for name in NODES:
        nodes.append(Node(net, kind, folder / name, nodes))
    return nodes


class Kept:
    """A restricted address that a tor has served, whose key is kept, before two onion services that there are already."""

    def __init__(self, net):
        self.net, self.key = net, OnionKey()
        self.client = secrets.token_bytes(32)
        folder = net.path('kept')
        self.key.write_service_dir(folder)
        os.mkdir(os.path.join(folder, 'authorized_clients'), 0o700)
        write_file(os.path.join(folder, 'authorized_clients', 'friend.auth'),
                   f'descriptor:x25519:{base32(public_client_key(self.client))}\n')
        keys = [OnionKey() for _ in NODES]
        self.out = pathlib.Path(net.path('kept-out'))
        result = run_obpub('init', '--no-interactive', '--output', self.out, '--key', folder,
                           *(word for key in keys for word in ('--address', key.onion)))
        assert result.returncode == 0 and 'warning' not in result.stderr, result.stderr
        self.services = [self.start(name, key) for name, key in zip(NODES, keys)]
        self.friend = start_authorised(net, 'friend', self.key, self.client)

    def start(self, name, key):
        """An operator has put the line and the file of a node's folder where they belong."""
        node = self.out / name
        [line] = [line[1:] for line in (node / 'torrc').read_text().splitlines() if line.startswith('#Hidden')]
        service = self.net.start_service(f'kept{name}', [self.key.address], key, wait=False)
        lines = pathlib.Path(service.folder, 'torrc').read_text().splitlines()
        assert line in lines, (line, lines)
        assert pathlib.Path(service.service_dir, 'ob_config').read_text() == (node / 'service1' / 'ob_config').read_text()
        return service

    def check(self, publisher, visitor):
        for service in self.services:
            service.wait_published()
        [service] = run_round(self.net, self.out / 'config.yaml', publisher)['services']
        assert service['onionAddress'] == self.key.onion, service
        pages = who_answers(self.friend, self.key.address, {service.page for service in self.services})
        step(f'kept: clients of the key that was kept came to each of the services: {dict(pages)}')
        try:
            fetch(visitor, self.key.address, timeout=20)
        except FetchFailed:
            step('kept: nobody else does')
        else:
            raise AssertionError('a restricted address was visited without a key')


def run_kinds(net, folders, publisher, visitor):
    """Start the nodes of these kinds, publish each, visit it, and end them."""
    nodes = {kind: make_nodes(net, kind, folder) for kind, folder in folders.items()}
    every = [node for some in nodes.values() for node in some]
    for node in every:
        net.tors[node.name] = node
        node.start()
    for node in every:
        node.wait_published()
    step(f'the tors serve what was made for them: {", ".join(folders)}')
    for kind, folder in folders.items():
        frontends = publish(net, folder, publisher, nodes[kind])
        step(f'{kind}: obpub has published what there is')
        for frontend in frontends:
            pages = who_answers(visitor, frontend, {node.page for node in nodes[kind]})
            step(f'{kind}: visitors came to each of the tors: {dict(pages)}')
    for node in every:
        node.close()
        del net.tors[node.name]


def test(net):
    folders = {kind: make(net, kind) for kind in KINDS}
    publisher = net.start_tor('publisher', socks=True, wait=False)
    visitor = net.start_tor('visitor', socks=True, wait=False)
    publisher.wait_bootstrapped()
    visitor.wait_bootstrapped()
    kinds = list(KINDS)
    for first in range(0, len(kinds), AT_A_TIME):
        wait_quiet(net, SECONDS_NEEDED)  # what is published once stays as it is
        run_kinds(net, {kind: folders[kind] for kind in kinds[first:first + AT_A_TIME]}, publisher, visitor)
    wait_quiet(net, KEPT_SECONDS)
    Kept(net).check(publisher, visitor)


obstacle = find_obstacle()
if obstacle is not None:
    print(f'left out: {obstacle}')
    sys.exit(SKIPPED)
main(test)
