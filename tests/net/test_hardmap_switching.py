# Switching a frontend from one way of being served to another while clients ask all the time: from a lone tor to tors that
# share its key, merged, to backends with keys of their own, and all the way back. A visitor never fails where one of a plain
# onion service does not. With --long also by way of proof of work, where each HSDir has the points of one tor alone. The
# order of steps is that of doc/hardmap.md.

import collections
import contextlib
import sys
import time

from harness.client import ask_hsdirs
from harness.daemon import Daemon
from harness.hsdirs import clients_slot
from harness.judge import Judged, pow_params
from harness.obpub import instance
from harness.visitor import Visitor
from testnet import main, make_frontend_key, step

HELD = 13   # seconds for which a visitor keeps a descriptor, and a little more
SETTLE = 8  # seconds of each step in which nothing is done
LEAD = 'lead: 45'
WORK = 'HiddenServicePoWDefensesEnabled 1'


class Switching:
    """A frontend, the tors that serve it, its obpub, and visitors; what failed is told for each step."""

    def __init__(self, net, visitors):
        self.net = net
        self.key_path = net.path('frontend.key')
        self.frontend = make_frontend_key(self.key_path)
        self.plain = net.start_service('plain', wait=False)
        self.twins = [net.start_service('twin0', key=self.frontend, wait=False)]
        self.backends = []
        self.publisher = net.start_tor('publisher', wait=False)
        self.daemon = Daemon(net, self.publisher, [])
        clients = [net.start_tor(f'visitor{number}', socks=True, wait=False) for number in range(visitors)]
        for service in (self.plain, self.twins[0]):
            service.wait_published()
        for tor in (*clients, self.publisher):
            tor.wait_bootstrapped()
        addresses = {'switched': self.frontend.address, 'plain': self.plain.address}
        self.visitors = [Visitor(client, addresses) for client in clients]
        self.steps = []  # (what, when it began)

    def begin(self, what):
        self.tell()
        self.steps.append((what, time.time()))

    def end(self, seconds=SETTLE):
        time.sleep(seconds)

    def tell(self):
        if not self.steps:
            return
        what, began = self.steps[-1]
        visits = self.visits(began)
        parts = []
        for name in ('switched', 'plain'):
            mine = [visit for visit in visits if visit.name == name]
            failed = [visit for visit in mine if visit.page is None]
            again = sum(visit.went_well_again for visit in failed)
            parts.append(f'{name} {len(failed)} of {len(mine)} failed' + (f' ({again} went well at once)' if again else '') +
                         f', longest {max((visit.seconds for visit in mine), default=0):.1f} s')
        step(f'{what}: {time.time() - began:.0f} s; {"; ".join(parts)}; {dict(sorted(self.pages(began).items()))}')

    def visits(self, since):
        return [visit for visitor in self.visitors for visit in list(visitor.visits) if visit.began >= since]

    def pages(self, since):
        """How often each tor has answered visitors of the frontend since a moment."""
        return collections.Counter(visit.page for visit in self.visits(since) if visit.name == 'switched' and visit.page)

    # What the operator does.

    def configure(self, *services, settings=()):
        is_twin = services[0] in self.twins
        own = (['mode: hardmap'] if is_twin else []) + [LEAD, *settings]
        self.daemon.configure([(self.key_path, [instance(service, is_twin=is_twin) for service in services], *own)])

    def wait_serves(self, *services):
        """Wait until obpub has published these, and nobody else."""
        names = {service.name for service in services}

        def serves():
            frontend = self.daemon.frontend(self.frontend.address)
            return frontend and frontend['isPublished'] and {one['name'] for one in frontend['instances']
                                                             if one['state'] == 'live'} == names
        self.net.wait_for(serves, 60, f'obpub to publish {sorted(names)}')

    def reload(self, *services, settings=()):
        self.configure(*services, settings=settings)
        self.daemon.reload()
        self.wait_serves(*services)

    def start_twin(self, torrc=()):
        twin = self.net.start_service(f'twin{len(self.twins)}', [self.frontend.onion], key=self.frontend, torrc=torrc,
                                      wait=False)
        self.twins.append(twin)
        return twin

    def restart(self, tor, torrc=None):
        tor.stop()
        if torrc is not None:
            tor.torrc = self.net.torrc + torrc
        tor.start()
        tor.wait_described()

    def work_published(self):
        """For each HSDir that has the descriptor which clients use now, the pow-params in that, or None."""
        hsdirs = self.daemon.hsdirs(self.frontend.address, clients_slot(self.net))
        held = ask_hsdirs(self.visitors[0].client, self.frontend.onion, hsdirs)
        return [pow_params(Judged(text, self.frontend.onion).inner) if text else None for text in held.values()]

    def wait_split(self, is_split):
        """Wait until each HSDir that clients ask has pow-params, those of all twins among them, or until none has."""
        def settled():
            found = self.work_published()
            return len({work[0] for work in found if work}) == len(self.twins) and None not in found if is_split \
                else not any(found)
        self.net.wait_for(settled, 24 * self.net.interval, f'HSDirs to have {"" if is_split else "no "}pow-params', every=2)


def lone_to_merged(scene):
    twin0 = scene.twins[0]
    scene.begin('a lone tor')
    scene.end()
    scene.begin('a second tor with its key, which uploads')
    twin1 = scene.start_twin()
    twin1.wait_published()
    scene.end(HELD)
    scene.begin('the first one restarted with the lines of a twin')
    twin0.set_frontends([scene.frontend.onion])
    scene.restart(twin0)
    twin0.wait_published()
    scene.end(HELD)
    scene.begin('obpub started with mode hardmap: merged')
    scene.configure(twin0, twin1)
    scene.daemon.start()
    scene.wait_serves(twin0, twin1)
    scene.end()


def merged_to_split(scene):
    for twin in reversed(scene.twins):
        scene.begin(f'{twin.name} restarted with proof of work')
        scene.restart(twin, [WORK])
        scene.wait_serves(*scene.twins)
        scene.end(HELD)
    scene.begin('split')
    scene.wait_split(True)
    scene.end()


def twins_to_softmap(scene):
    scene.begin('backends with keys of their own started')
    scene.backends = [scene.net.start_service(f'backend{number}', [scene.frontend.onion], wait=False)
                      for number in range(2)]
    for backend in scene.backends:
        backend.wait_published()
    scene.begin('obpub told of them: softmap')
    scene.reload(*scene.backends)
    scene.end(HELD)
    scene.begin('the tors with the frontend\'s key stopped')
    for twin in scene.twins:
        twin.stop()
    scene.end(HELD)


def softmap_to_twins(scene):
    scene.begin('tors with the frontend\'s key started')
    for twin in scene.twins:
        twin.start()
    for twin in scene.twins:
        twin.wait_described()
    scene.end(HELD)
    pages = scene.pages(scene.steps[-1][1])
    assert pages and set(pages) <= {backend.name for backend in scene.backends}, \
        f'what tors with a lead against them uploaded: {pages}'
    scene.begin('obpub told of them: hardmap')
    scene.reload(*scene.twins)
    scene.end(HELD)
    scene.begin('the backends stopped')
    for backend in scene.backends:
        backend.stop()
    scene.end(HELD)


def split_to_merged(scene):
    scene.begin('obpub told to publish no proof of work')
    scene.wait_split(True)
    scene.reload(*scene.twins, settings=['proof-of-work: off'])
    scene.wait_split(False)
    scene.end(HELD)
    for twin in scene.twins:
        scene.begin(f'{twin.name} restarted without proof of work')
        scene.restart(twin, [])
        scene.wait_serves(*scene.twins)
        scene.end(HELD)


def merged_to_lone(scene):
    twin0, twin1 = scene.twins
    scene.begin('obpub told of the first tor alone')
    scene.reload(twin0)
    scene.end(HELD)
    scene.begin('the second tor stopped')
    twin1.stop()
    scene.end()
    others = scene.daemon.frontend(scene.frontend.address)['otherPublishers']
    assert others['state'] != 'stranger', others
    scene.begin('obpub stopped')
    assert scene.daemon.end()[0] == 0
    scene.end(20)


def test(net):
    is_long = '--long' in sys.argv
    scene = Switching(net, visitors=4 if is_long else 2)
    with contextlib.ExitStack() as stack:
        for visitor in scene.visitors:
            stack.enter_context(visitor)
        lone_to_merged(scene)
        if is_long:
            merged_to_split(scene)
        twins_to_softmap(scene)
        softmap_to_twins(scene)
        if is_long:
            split_to_merged(scene)
        merged_to_lone(scene)
    scene.tell()
    for visitor in scene.visitors:
        for visit in visitor.failed():
            what = [what for what, began in scene.steps if began <= visit.began][-1]
            step(f'{visitor.client.name}: {visit.name} failed in round {visit.round}, {what}: {visit.error}')
        step(visitor.summary('switched'))
        step(visitor.summary('plain'))
    assert not any(visitor.unexcused('switched', 'plain') for visitor in scene.visitors)


main(test)
