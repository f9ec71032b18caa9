# Control ports over Tor: three backends with an agent each, which is reached at an onion service of its own; one of them is
# restricted to who has a key. What a loss says: that the agent has ended, or a circuit has broken, nothing of its tor, while
# visitors go on; that the tor was killed, is seen within seconds. While the local tor is away nobody goes out for that.

import base64
import os
import secrets
import threading
import time

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from harness.client import FetchFailed, fetch
from harness.daemon import Daemon
from harness.keys import OnionKey
from harness.obpub import IN
from harness.process import private_folder, spawn, write_file
from testnet import main, make_frontend_key, obpub_path, step

PORT = 9151
LIVE = 60   # seconds until all are there
BACK = 30   # seconds until one is there again whose tor has gone on
KILLED = 80  # seconds until one is out whose tor was killed, at the very worst: relays with nothing else to do tell each other
# late that circuits are gone, and where no introduction point has noticed it is backend-grace that ends it
AWAY = 10   # seconds that the local tor is away


def base32(key):
    return base64.b32encode(key).decode().rstrip('=')


class Agent:
    """An agent for a backend: its onion service has to be in the torrc of the backend's tor (service_lines). With a client
    key nobody else finds that service."""

    def __init__(self, net, name, is_restricted):
        self.name, self.folder = name, net.path(f'agent-{name}')
        private_folder(self.folder)
        self.key, self.socket = OnionKey(), os.path.join(self.folder, 'socket')
        self.service_dir = os.path.join(self.folder, 'service')
        self.key.write_service_dir(self.service_dir)
        self.secret = os.path.join(self.folder, 'secret')
        write_file(self.secret, secrets.token_hex(32) + '\n')
        self.client_key = self._restrict() if is_restricted else None
        self._process = None

    def _restrict(self):
        raw, private = serialization.Encoding.Raw, X25519PrivateKey.generate()
        public = private.public_key().public_bytes(raw, serialization.PublicFormat.Raw)
        clients = os.path.join(self.service_dir, 'authorized_clients')
        private_folder(clients)
        write_file(os.path.join(clients, 'publisher.auth'), f'descriptor:x25519:{base32(public)}\n')
        path = os.path.join(self.folder, 'publisher.auth_private')
        secret = private.private_bytes(raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
        write_file(path, f'{self.key.address}:descriptor:x25519:{base32(secret)}\n')
        return path

    def service_lines(self):
        return [f'HiddenServiceDir {self.service_dir}', f'HiddenServicePort {PORT} unix:{self.socket}']

    def start(self, backend):
        with open(os.path.join(self.folder, 'log'), 'ab') as log:
            self._process = spawn([os.path.abspath(obpub_path()), 'agent', '--control', f'unix:{backend.control_socket}',
                                   '--listen', f'unix:{self.socket}', '--password-file', self.secret,
                                   '--address', backend.onion], 'TERM', stdout=log, stderr=log)

    def stop(self):
        self._process.terminate()
        self._process.wait(20)

    def instance(self, backend, has_key=True):
        """The lines of its backend in obpub's config."""
        return [f'      - address: {backend.onion}', f'        name: {backend.name}',
                f'        control: {self.key.onion}:{PORT}', f'        control-password-file: {self.secret}',
                *([f'        control-client-key: {self.client_key}'] if self.client_key and has_key else [])]


class Scene:
    """A frontend, three backends with their agents, and visitors, who keep the relays busy."""

    def __init__(self, net):
        self.net, self.key_path = net, net.path('frontend.key')
        self.frontend = make_frontend_key(self.key_path)
        self.agents = {name: Agent(net, name, name == 'one') for name in ('one', 'two', 'three')}
        self.backends = {name: net.start_service(name, [self.frontend.onion], wait=False,
                                                 service_lines=agent.service_lines())
                         for name, agent in self.agents.items()}
        self.publisher = net.start_tor('publisher', socks=True, wait=False)
        self.visitor = net.start_tor('visitor', socks=True, wait=False)
        for name, backend in self.backends.items():
            backend.wait_published()
            self.agents[name].start(backend)
        self.publisher.wait_bootstrapped()
        self.visitor.wait_bootstrapped()
        self.daemon = Daemon(net, self.publisher, [self.config()]).start()
        self.visits, self.ends = [], threading.Event()

    def config(self, has_key=True):
        return self.key_path, [self.agents[name].instance(backend, has_key) for name, backend in self.backends.items()]

    def states(self):
        """The instances of the status, by their names; none while it has no status yet."""
        frontend = self.daemon.frontend(self.frontend.address)
        return {one['name']: one for one in frontend['instances']} if frontend else {}

    def wait(self, name, states, timeout, what):
        """Wait until a backend is in one of these states; returns the seconds."""
        began = time.monotonic()
        self.net.wait_for(lambda: self.states().get(name, {}).get('state') in states, timeout, what, every=0.1)
        return time.monotonic() - began

    def visit(self):
        """Visit the frontend again and again: True for a page, False for none."""
        while not self.ends.is_set():
            try:
                fetch(self.visitor, self.frontend.address, timeout=20)
                self.visits.append(True)
            except FetchFailed:
                self.visits.append(False)
            time.sleep(0.2)

    def published(self):
        """How many points of each backend are published."""
        return {name: one['introPointsPublished'] for name, one in self.states().items()}


def check_start(scene):
    """All are there over Tor, and the tor of the publisher has the key for the one that is restricted."""
    for name in scene.agents:
        scene.wait(name, ('live',), LIVE, f'{name} to be live')
    for name, one in scene.states().items():
        assert one['way'] == 'onion' and one['place'] == f'{scene.agents[name].key.onion}:{PORT}', one
    assert has_key(scene), 'the local tor has not the key'
    scene.net.wait_for(lambda: all(scene.published().values()), LIVE, 'points of all three to be published')
    step('three backends are live over Tor, and published')


def has_key(scene):
    """Whether the publisher's tor has a key for the restricted agent."""
    return scene.agents['one'].key.address in scene.publisher.ask('ONION_CLIENT_AUTH_VIEW')


def break_circuit(scene, name):
    """Close the circuit of the publisher's tor to an agent."""
    address = scene.agents[name].key.address
    lines = scene.publisher.ask('GETINFO circuit-status').splitlines()
    numbers = [line.split()[0] for line in lines if address in line and 'HSCR_JOINED' in line]
    assert numbers, lines
    for number in numbers:
        scene.publisher.ask(f'CLOSECIRCUIT {number}')


def check_loss(scene, name, what, lose, come_back=lambda: None):
    """What is lost is no tor: its points stay, with those that tors may have added meanwhile, and it is live again."""
    since, published = len(scene.daemon.log()), scene.published()
    lose()
    scene.wait(name, ('grace',), BACK, f'{name} to be in doubt')
    come_back()
    seconds = scene.wait(name, ('live',), BACK, f'{name} to be live again')
    now = scene.published()
    assert all(now[one] >= points for one, points in published.items()), (published, now, scene.daemon.log(since))
    assert ' is out' not in scene.daemon.log(since), scene.daemon.log(since)
    step(f'{what}: {name} was live again after {seconds:.1f} s')


def check_killed(scene, name):
    """A tor that is killed is gone; another process of it is found."""
    backend = scene.backends[name]
    backend.kill()
    seconds = scene.wait(name, ('out',), KILLED, f'{name} to be out')
    backend.start()
    back = scene.wait(name, ('live',), LIVE + BACK, f'{name} to be live again')
    step(f'{name}\'s tor was killed: out after {seconds:.1f} s; live again {back:.1f} s after it was started')
    return seconds


def check_local_tor(scene):
    """While the local tor is away nothing is known of those who are asked through it."""
    scene.publisher.kill()
    time.sleep(AWAY)
    states = scene.states()
    assert all(one['state'] in IN for one in states.values()), states
    assert any('no local tor is there' in (one['error'] or '') for one in states.values()), states
    since = len(scene.daemon.log())
    scene.publisher.start()
    for name in scene.agents:
        scene.net.wait_for(lambda name=name: f'backend {name} is in' in scene.daemon.log(since), LIVE,
                           f'{name} to be live again')
    step(f'the local tor was away for {AWAY} s, and nobody was out')


def check_key_forgotten(scene):
    """A tor that reads its own config again forgets the keys that it was given: it is given them when they are needed."""
    scene.publisher.reload()
    scene.net.wait_for(lambda: not has_key(scene), 10, 'the local tor to forget the key')
    check_loss(scene, 'one', 'its circuit was broken, and the key forgotten', lambda: break_circuit(scene, 'one'))
    assert has_key(scene)


def check_key_taken_back(scene):
    """A key that the config has no more is taken from the local tor."""
    scene.daemon.configure([scene.config(has_key=False)])
    scene.daemon.reload()
    scene.net.wait_for(lambda: not has_key(scene), 10, 'the local tor to lose the key')
    scene.daemon.configure([scene.config()])
    scene.daemon.reload()
    scene.net.wait_for(lambda: has_key(scene), 10, 'the local tor to have the key again', every=1)
    scene.wait('one', ('live',), LIVE, 'one to be live again')
    step('the key was taken back, and given again')


def test(net):
    scene = Scene(net)
    check_start(scene)
    visitors = threading.Thread(target=scene.visit, daemon=True)
    visitors.start()
    check_loss(scene, 'two', 'its circuit was broken', lambda: break_circuit(scene, 'two'))
    check_loss(scene, 'one', 'its agent ended', scene.agents['one'].stop,
               lambda: scene.agents['one'].start(scene.backends['one']))
    check_local_tor(scene)
    check_key_forgotten(scene)
    check_key_taken_back(scene)
    assert all(scene.visits), f'{scene.visits.count(False)} of {len(scene.visits)} visits failed'
    step(f'{len(scene.visits)} visitors came meanwhile, and all had their page')
    times = [check_killed(scene, name) for name in ('two', 'three', 'one')]
    step('seconds until killed tors were out: ' + ', '.join(f'{seconds:.1f}' for seconds in times))
    scene.ends.set()
    visitors.join()


main(test)
