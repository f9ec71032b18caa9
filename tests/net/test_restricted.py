# A frontend for authorised clients alone, over stock backends. A plain tor with the same clients has it the minute before, and
# gets it back: a stock client with a key is served all the time, also where the day turns, both ways. One without gets
# nothing. One that is added gets in, one that is removed is out once it has forgotten its descriptor, and python3-stem reads
# what HSDirs hand out with the keys of those who may, and without not.

import pathlib
import secrets
import time

from harness.client import FetchFailed, ask_hsdirs, fetch
from harness.clients import base32, public_client_key, restrict, start_authorised
from harness.daemon import Daemon
from harness.hsdirs import clients_slot
from harness.judge import is_read
from harness.obpub import instance, write_config
from harness.process import write_file
from harness.visitor import Visitor
from testnet import main, make_frontend_key, run_obpub, step

PATIENCE = 15  # seconds for a page that is not to come
SOON = 40      # and for one that is
LACKS_KEY, HAS_WRONG_KEY = 244, 245  # what a stock tor answers at its SOCKS port then


class Scene:
    """The frontend, its backends, its plain tor, and the clients by their names: their private keys and their tors."""

    def __init__(self, net):
        self.net = net
        self.key_path = net.path('frontend.key')
        self.frontend = make_frontend_key(self.key_path)
        self.folder = pathlib.Path(net.path('clients'))
        self.folder.mkdir(mode=0o700)
        self.publisher = net.start_tor('publisher', wait=False)
        self.backends = [net.start_service(f'backend{number}', [self.frontend.onion], wait=False) for number in range(2)]
        self.plain = net.start_service('plain', key=self.frontend, page='plain tor', wait=False)
        self.plain.wait_described()
        self.keys = dict(zip(('alice', 'bob'), restrict(self.plain, 2)))
        self.keys['carol'] = secrets.token_bytes(32)
        for name in ('alice', 'bob'):
            self.let_in(name)
        self.tors = {name: start_authorised(net, name, self.frontend, self.keys.get(name)) for name in (*self.keys, 'dave')}
        for service in (self.plain, *self.backends):
            service.wait_published()
        self.publisher.wait_bootstrapped()

    def let_in(self, name):
        """Write the client's file into obpub's folder."""
        write_file(self.path(name), f'descriptor:x25519:{base32(public_client_key(self.keys[name]))}\n')

    def path(self, name):
        return self.folder / f'{name}.auth'

    def visits(self, name, patience=PATIENCE):
        """The page that a client gets, or None."""
        try:
            return fetch(self.tors[name], self.frontend.onion, timeout=patience)
        except FetchFailed:
            return None

    def wait_shut_out(self, name, answer):
        """Wait until the client's tor says why it gets no page; it gets none meanwhile."""
        def is_told():
            try:
                page = fetch(self.tors[name], self.frontend.onion, timeout=PATIENCE)
            except FetchFailed as error:
                return f'({answer})' in str(error)
            raise AssertionError(f'{name} gets a page: {page}')
        self.net.wait_for(is_told, SOON, f'the SOCKS port of {name} to answer with {answer}')

    def service_lines(self):
        return [(self.key_path, [instance(backend) for backend in self.backends], f'authorized-clients: {self.folder}')]

    def wait_pages(self, visitor, wanted, since):
        """Wait until each of these pages has come to a request begun since then."""
        self.net.wait_for(lambda: set(wanted) <= set(visitor.pages(since)), 90, f'{wanted} to come to alice')


def check_held(scene, daemon, readers, others):
    """What all HSDirs hand out now is read by these clients, and by nobody else."""
    def held():
        hsdirs = daemon.hsdirs(scene.frontend.address, clients_slot(scene.net))
        texts = ask_hsdirs(scene.net.client, scene.frontend.onion, hsdirs).values()
        return list(texts) if texts and all(texts) else None
    texts = scene.net.wait_for(held, SOON, 'all HSDirs to hand the descriptor out')
    for text in texts:
        assert all(is_read(text, scene.frontend.onion, scene.keys[name]) for name in readers), 'a client can\'t read it'
        assert not is_read(text, scene.frontend.onion, None), 'everybody can read it'
        assert not any(is_read(text, scene.frontend.onion, scene.keys[name]) for name in others), 'a client too many reads it'
    step(f'{len(texts)} HSDirs: {" and ".join(readers)} can read what they hand out, nobody else can')


def wait_clients(scene, daemon, count):
    """Wait until it is published for so many clients; what the status says may be half a second old."""
    def is_published():
        service = daemon.frontend(scene.frontend.address)
        return service['isPublished'] and service['authorizedClients'] == count
    scene.net.wait_for(is_published, SOON, f'the frontend to be published for {count} clients')


def take_over(scene, visitor):
    """obpub publishes, and the plain tor ends."""
    scene.wait_pages(visitor, ['plain tor'], 0)
    daemon = Daemon(scene.net, scene.publisher, scene.service_lines()).start()
    status = daemon.wait_published()
    assert status['services'][0]['authorizedClients'] == 2, status['services'][0]
    began = time.time()
    scene.plain.kill()
    scene.wait_pages(visitor, [backend.name for backend in scene.backends], began)
    step('obpub has taken over from a plain tor with the same clients, and alice visits all backends')
    return daemon


def check_outsiders(scene, daemon):
    scene.wait_shut_out('dave', LACKS_KEY)
    assert scene.visits('bob', SOON), 'the second client gets no page'
    step('bob, who has a key, gets a page; dave, who has none, does not')
    check_held(scene, daemon, ['alice', 'bob'], ['carol'])


def check_changes(scene, daemon):
    scene.let_in('carol')
    daemon.reload()
    began = time.time()
    scene.net.wait_for(lambda: scene.visits('carol'), SOON, 'carol to get in')
    step(f'carol is added, and gets in after {time.time() - began:.1f} s')
    wait_clients(scene, daemon, 3)
    check_held(scene, daemon, ['alice', 'bob', 'carol'], [])
    scene.path('bob').unlink()
    daemon.reload()
    wait_clients(scene, daemon, 2)
    check_held(scene, daemon, ['alice', 'carol'], ['bob'])
    scene.tors['bob'].forget_descriptors()
    scene.wait_shut_out('bob', HAS_WRONG_KEY)
    step('bob is removed, and is out once he has forgotten his descriptor')


def check_turns(scene, daemon, visitor):
    """Let the day turn twice, to a new time period and to a new shared random value, while alice visits: so clients have had
    either of the two descriptors, as they are at the beginning and at the end of their lives."""
    seen = set()
    while len(seen) < 2:
        before = scene.net.phase()
        scene.net.wait_for(lambda: scene.net.phase().began > before.began, scene.net.interval * 24, 'the day to turn')
        name = scene.net.phase().name
        scene.net.wait_phase(name)
        began = time.time()
        scene.wait_pages(visitor, [backend.name for backend in scene.backends], began)
        check_held(scene, daemon, ['alice', 'carol'], ['bob'])
        for outsider, answer in (('dave', LACKS_KEY), ('bob', HAS_WRONG_KEY)):
            scene.tors[outsider].forget_descriptors()
            scene.wait_shut_out(outsider, answer)
        seen.add(name)
        step(f'{name}: the same clients get in and no others')


def check_two_publishers(scene, daemon, visitor):
    """Another obpub with the same clients: each one's descriptors are good by themselves, and neither takes the other one for a
    stranger, though it can't read what that publishes."""
    settings = ['other-publishers: true']
    daemon.configure(scene.service_lines(), settings)
    daemon.reload()
    second = Daemon(scene.net, scene.publisher, scene.service_lines(), name='second', settings=settings).start()
    second.wait_published()
    began = time.time()
    check_held(scene, second, ['alice', 'carol'], ['bob'])
    scene.wait_pages(visitor, [backend.name for backend in scene.backends], began)

    def others():
        return [each.frontend(scene.frontend.address)['otherPublishers'] for each in (daemon, second)]
    scene.net.wait_for(lambda: any(each['seen'] for each in others()), 60, 'one to see the other')
    assert not any(each['state'] in ('suspected', 'stranger') for each in others()), others()
    assert second.end()[0] == 0
    step('a second publisher with the same clients is no stranger, and alice visits all backends')


def give_back(scene, visitor, daemon):
    """Once more by --once, which looks at what HSDirs hand out; then the plain tor, which has bob still."""
    assert daemon.end()[0] == 0
    config = write_config(scene.net.path('once.yaml'), scene.publisher.control_socket, scene.service_lines())
    # What the daemon had under way may be told as taken, and ours is not there yet then: the next round is right.
    scene.net.wait_for(lambda: run_obpub('--once', '--verify', '-c', config, timeout=SOON).returncode == 0, 2 * SOON,
                       'HSDirs to hand out what --once has published')
    step('obpub knows its own restricted descriptors again')
    began = time.time()
    scene.plain.start()
    scene.plain.wait_published()
    scene.wait_pages(visitor, ['plain tor'], began)
    step('the plain tor has taken over from obpub')


def test(net):
    scene = Scene(net)
    with Visitor(scene.tors['alice'], {'frontend': scene.frontend.address, 'control': scene.backends[0].address}) as visitor:
        daemon = take_over(scene, visitor)
        check_outsiders(scene, daemon)
        check_changes(scene, daemon)
        check_two_publishers(scene, daemon, visitor)
        check_turns(scene, daemon, visitor)
        give_back(scene, visitor, daemon)
    step(visitor.summary('frontend'))
    gaps = visitor.unexcused('frontend', 'control')
    assert not gaps, f'alice got nothing from the frontend, but from a backend: {gaps}'


main(test)
