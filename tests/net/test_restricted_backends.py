# Restricted backends: one behind an agent over Tor, one without a control port, and an open one beside them. obpub has the
# keys that "obpub client new" has made, and publishes the points of all; visitors of the frontend reach all; at the backends'
# own addresses nobody gets anything who has no key. The local tor is given a key where health is checked, again after it has
# forgotten it, and has none when obpub has ended. Without a key, or with another one, that is said.

import base64
import os
import secrets

from harness.agent import Agent, ClientKey
from harness.client import FetchFailed, fetch, who_answers
from harness.daemon import Daemon
from harness.judge import Judged
from harness.keys import base32
from harness.obpub import instance
from harness.process import write_file
from testnet import main, make_frontend_key, run_obpub, step

LIVE = 90     # seconds until all are live, one of which is asked over Tor
CHANGED = 40  # until a reload has been acted on
INTERVAL = 5  # between two health checks
PATIENCE = 15  # for a page that is not to come


def restrict(net, backend):
    """Make a pair as an operator does, and have the tor start with it. Returns the path of the private half."""
    path = net.path(f'{backend.name}.auth_private')
    backend.kill()
    result = run_obpub('client', 'new', 'publisher', '--folder', os.path.join(backend.service_dir, 'authorized_clients'),
                       '-o', path)
    assert result.returncode == 0, result.stderr
    backend.start()
    return path


def private_key(path):
    """The 32 bytes in a client's file."""
    with open(path) as file:
        text = file.read().strip().rsplit(':', 1)[1]
    return base64.b32decode(text.upper() + '====')


def read_points(backend, client_key):
    """The points of a backend's own descriptor, or None if they can't be read with that key."""
    try:
        return set(Judged(backend.own_descriptor(), backend.onion, client_key).points)
    except ValueError:
        return None


class Scene:
    """A frontend, its three backends, and obpub."""

    def __init__(self, net):
        self.net, self.key_path = net, net.path('frontend.key')
        self.frontend = make_frontend_key(self.key_path)
        self.agent = Agent(net, 'agent', ClientKey(net.path('agent.auth_private')))
        lines = {'one': self.agent.service_lines()}
        self.backends = {name: net.start_service(name, [self.frontend.onion], wait=False, service_lines=lines.get(name, ()))
                         for name in ('one', 'two', 'three')}
        self.publisher = net.start_tor('publisher', socks=True, wait=False)
        self.visitor = net.start_tor('visitor', socks=True, wait=False)
        for backend in self.backends.values():
            backend.wait_described()
        self.keys = {name: restrict(net, self.backends[name]) for name in ('one', 'two')}
        self.agent.start(self.backends['one'])
        self.backends['three'].wait_published()
        self.publisher.wait_bootstrapped()
        self.visitor.wait_bootstrapped()
        for name, path in self.keys.items():
            self.backends[name].wait_published()
            assert read_points(self.backends[name], None) is None and read_points(self.backends[name], private_key(path))
        step('two backends are restricted')
        # Nobody needs the key for the third one.
        self.keys['three'] = net.path('three.auth_private')
        write_file(self.keys['three'], f'descriptor:x25519:{base32(secrets.token_bytes(32))}\n')
        self.daemon = Daemon(net, self.publisher, [self.config(self.keys)]).start()

    def config(self, keys):
        """The frontend, with these files of keys. The health of one backend is checked, at its own address."""
        backends = self.backends
        lines = {'one': self.agent.instance(backends['one']), 'two': instance(backends['two'], None),
                 'three': instance(backends['three'])}
        lines['two'].append(f'        health: {{port: 80, path: /, interval: {INTERVAL}}}')
        return self.key_path, [lines[name] + ([f'        client-key: {keys[name]}'] if name in keys else []) for name in lines]

    def reload(self, keys):
        self.daemon.configure([self.config(keys)])
        self.daemon.reload()

    def instances(self):
        """The instances of the status, by their names; none while it has no status yet."""
        frontend = self.daemon.frontend(self.frontend.address)
        return {one['name']: one for one in frontend['instances']} if frontend else {}

    def are_live(self):
        instances = self.instances()
        return instances and all(one['state'] == 'live' for one in instances.values())

    def has_key(self, name):
        """Whether the publisher's tor has a key for a backend."""
        return self.backends[name].address in self.publisher.ask('ONION_CLIENT_AUTH_VIEW')


def check_published(scene):
    """All are live and published."""
    scene.net.wait_for(scene.are_live, LIVE, 'all backends to be live')
    scene.daemon.wait_published()
    step('all are published, the restricted ones with the others')


def check_visits(scene):
    """Visitors of the frontend come to all; at a restricted backend's own address they get nothing, with obpub's key they
    would."""
    pages = who_answers(scene.visitor, scene.frontend.onion, set(scene.backends))
    step(f'visitors of the frontend came to all: {dict(pages)}')
    for name in ('one', 'two'):
        try:
            page = fetch(scene.visitor, scene.backends[name].onion, timeout=PATIENCE)
        except FetchFailed as error:
            assert '(244)' in str(error), error  # missing client authorization
        else:
            raise AssertionError(f'a client without a key gets {page} at the address of {name}')
    assert fetch(scene.visitor, scene.backends['three'].onion) == 'three'
    step('without a key nobody gets anything at the address of a restricted one')


def check_keys_of_tor(scene):
    """The local tor has a key for the backend whose health is checked, and for the agent, and no others; it gets it again
    when it has forgotten it, before a check would fail for that."""
    net = scene.net
    net.wait_for(lambda: scene.instances()['two']['health'] == 'healthy', CHANGED, 'the restricted backend to be healthy')
    assert scene.has_key('two') and not scene.has_key('one') and not scene.has_key('three')
    assert scene.agent.key.address in scene.publisher.ask('ONION_CLIENT_AUTH_VIEW')
    scene.publisher.reload()
    net.wait_for(lambda: scene.has_key('two'), 3 * INTERVAL, 'the local tor to be given the key again', every=0.2)
    scene.publisher.forget_descriptors()
    net.wait_for(lambda: scene.has_key('two'), 3 * INTERVAL, 'the local tor to be given the key again', every=0.2)
    checked = scene.instances()['two']['healthChecked']
    net.wait_for(lambda: scene.instances()['two']['healthChecked'] > checked, 3 * INTERVAL, 'another check')
    assert scene.instances()['two']['health'] == 'healthy' and scene.instances()['two']['healthError'] is None
    step('the local tor has the key that it needs, also after it has forgotten it')


def check_words(scene):
    """What is said of a key that is not needed, of one that is missing and of one that is another one's; and a reload with
    the right ones has all live again."""
    net, daemon = scene.net, scene.daemon
    daemon.wait_log('backend three is not restricted, though there is a client key for it', 5)
    assert daemon.log().count('is not restricted') == 1, daemon.log()
    scene.reload({'one': scene.keys['three'], 'three': scene.keys['three']})
    for name, words in (('one', 'the client key is of none of its authorised clients'), ('two', 'needs a client key')):
        net.wait_for(lambda name=name, words=words: words in (scene.instances()[name]['error'] or ''), CHANGED,
                     f'{name} to be said to be restricted')
    net.wait_for(lambda: not scene.has_key('two'), 5, 'the local tor to have lost the key')
    scene.reload(scene.keys)
    net.wait_for(lambda: scene.are_live() and all(one['error'] is None for one in scene.instances().values()), CHANGED,
                 'all to be live again, and nothing wrong with them')
    step('what is wrong with a key is said, and mended by a reload')


def check_end(scene):
    """An end in good order leaves no key in the local tor."""
    scene.net.wait_for(lambda: scene.has_key('two'), CHANGED, 'the local tor to have the key')
    status, seconds = scene.daemon.end()
    assert status == 0 and not scene.has_key('two'), status
    assert scene.agent.key.address not in scene.publisher.ask('ONION_CLIENT_AUTH_VIEW')
    step(f'obpub has ended within {seconds:.1f} s, and the local tor has no key of its any more')


def test(net):
    scene = Scene(net)
    check_published(scene)
    check_visits(scene)
    check_keys_of_tor(scene)
    check_words(scene)
    check_end(scene)


main(test)
