# What "obpub init" makes when nothing is answered is run as it is: each tor on a machine of its own, as far as its network and
# /var/lib/tor are concerned, with the torrc that was written for it; obpub with the config that was written. Visitors of the
# frontend come to each of them.
#
# What is not as on an operator's machines: the private network's lines are in the defaults that a tor reads before its torrc.

import os
import pathlib
import pwd
import sys

from harness.client import who_answers
from harness.obpub import run_once
from harness.process import spawn, write_file
from harness.service import Service
from harness.tor import Tor
from testnet import main, run_obpub, step

NODES = ('node1', 'node2')
# Has a folder be /var/lib/tor for a program.
AT_VAR_LIB_TOR = 'mount --bind "$0" /var/lib/tor && exec "$@"'


class Node(Service):
    """A tor that has the folder of a node where its operator has copied it to, and a web server beside it."""

    def __init__(self, net, folder):
        Tor.__init__(self, folder.name, net.path(f'tor-{folder.name}'), net.torrc, clock=net.clock, island=net.make_island())
        self.node = folder
        self.onion = (folder / 'service1' / 'hostname').read_text().strip()
        self.address = self.onion.removesuffix('.onion')
        self._events = None
        self._web = self._serve()

    def _serve(self):
        """A page at the place that init proposes."""
        web = pathlib.Path(self.folder) / 'web'
        web.mkdir()
        write_file(str(web / 'index.html'), self.name)
        with open(os.path.join(self.folder, 'web.log'), 'wb') as log:
            return spawn(self.island.inside([sys.executable, '-m', 'http.server', '--directory', web, '--bind', '127.0.0.1',
                                             '80']), stdout=log, stderr=log)

    def _torrc_lines(self):
        return [f'Nickname {self.name}', f'DataDirectory {self.data}', f'ControlSocket unix:"{self.control_socket}"',
                'CookieAuthentication 1', 'SocksPort 0', f'__OwningControllerProcess {os.getpid()}', *self.torrc]

    def start(self):
        self._write_torrc()  # which is the defaults here
        with open(self.log_file, 'ab') as log:
            self._process = spawn(self.island.inside(
                ['unshare', '--mount', 'sh', '-c', AT_VAR_LIB_TOR, self.node, 'tor', '-f', self.node / 'torrc',
                 '--defaults-torrc', self._file('torrc')]), stdout=log, stderr=log, env=self.clock.program_environment())
        self.wait_control()
        self._events = self.events('HS_DESC')

    def close(self):
        super(Service, self).close()
        self._web.kill()
        self._web.wait()


def make(net):
    """Run init, and leave what it has written as it is."""
    out = pathlib.Path(net.path('made'))
    result = run_obpub('init', '--no-interactive', '--output', out)
    assert result.returncode == 0, result.stderr
    assert 'warning' not in result.stderr, result.stderr
    return out


def find_user_line():
    """As root, obpub would become that user, who could not use the local tor of this test."""
    try:
        pwd.getpwnam('obpub')
    except KeyError:
        return ''
    return 'user: root\n' if os.geteuid() == 0 else ''


def test(net):
    out = make(net)
    config = out / 'config.yaml'
    frontend = config.read_text().partition('key: ')[2].partition('.key')[0]
    write_file(str(config), find_user_line() + config.read_text())
    publisher = net.start_tor('publisher', wait=False)
    visitor = net.start_tor('visitor', socks=True, wait=False)
    nodes = [Node(net, out / name) for name in NODES]
    for node in nodes:
        net.tors[node.name] = node
        node.start()
    publisher.wait_bootstrapped()
    visitor.wait_bootstrapped()
    for node in nodes:
        node.wait_published()
    step('the tors serve what was made for them')
    report = run_once(str(config), '-s', publisher.control_socket)
    [service] = report['services']
    assert service['onionAddress'] == f'{frontend}.onion', service['onionAddress']
    assert {instance['onionAddress'] for instance in service['instances']} == {node.onion for node in nodes}, service
    step('obpub has published the frontend')
    pages = who_answers(visitor, frontend, set(NODES))
    step(f'visitors came to each of them: {dict(pages)}')


main(test)
