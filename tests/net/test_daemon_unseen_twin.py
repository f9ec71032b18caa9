# A tor that has the frontend's key and no control port that obpub knows, beside one with such a port: what it uploads ends
# at the HSDirs that no client asks, and is found there. Its points are published in the descriptors that it has made them
# for, in both halves of the day, and a client that asks all the time reaches both tors, as surely as it reaches a plain
# onion service in the same network.

import collections
import time

from harness.client import ask_hsdirs
from harness.consensus import AFTER_SRV, AFTER_TIME_PERIOD
from harness.daemon import Daemon
from harness.hsdirs import clients_slot, held_points
from harness.judge import Judged, is_merged
from harness.obpub import instance
from harness.places import wait_placed
from harness.service import SILENT
from harness.visitor import Visitor
from testnet import main, make_frontend_key, step

FOUND = 60  # seconds in which all HSDirs have what such a tor has uploaded; one is asked every five seconds here
VISITED = 60  # seconds in which a client that asks all the time has met both tors
# So many that the other tor, which has three, can't be at all of their relays first. (Where these are at all of the other
# tor's relays first, that is started again.)
MANY = ['HiddenServiceNumIntroductionPoints 6']


class Scene:
    """The frontend, its two tors, obpub and a tor that asks HSDirs."""

    def __init__(self, net):
        self.net = net
        key_path = net.path('frontend.key')
        self.frontend = make_frontend_key(key_path)
        publisher = net.start_tor('publisher', wait=False)
        self.observer = net.start_tor('observer', socks=True, wait=False)
        self.seen = net.start_service('seen', [self.frontend.onion], key=self.frontend, wait=False,
                                      torrc=[SILENT])
        self.unseen = net.start_service('unseen', key=self.frontend, service_lines=MANY, wait=False)
        self.unseen.wait_published()
        self.seen.wait_described()
        publisher.wait_bootstrapped()
        self.observer.wait_bootstrapped()
        instances = [instance(self.seen, is_twin=True), instance(self.unseen, None, is_twin=True)]
        self.daemon = Daemon(net, publisher, [(key_path, instances, 'mode: hardmap')]).start()
        self.daemon.wait_published()

    def uploaded_points(self, hsdirs):
        """What the tor without a control port has uploaded last of the descriptor that clients use: what HSDirs have that
        obpub does not upload to."""
        spare = {fingerprint for _, fingerprint in self.unseen.uploads_started()} - hsdirs
        held = [Judged(text, self.frontend.onion)
                for text in ask_hsdirs(self.observer, self.frontend.address, spare).values() if text]
        return max(held, key=lambda judged: judged.outer.revision_counter).points if held else []

    def wait_merged(self, phase):
        """In that half of the day, wait until all HSDirs that clients ask have the points of both tors, and no others.
        Returns the seconds that took, and how many each tor has."""
        if self.net.phase().name != phase:
            self.net.wait_phase(phase)
        began = time.monotonic()

        def merged():
            hsdirs = set(self.daemon.hsdirs(self.frontend.address, clients_slot(self.net)))
            uploaded = self.uploaded_points(hsdirs)
            seen = Judged(self.seen.own_descriptor(), self.seen.onion).points
            held = held_points(self.observer, self.frontend.onion, hsdirs).values()
            if not uploaded or not all(points and is_merged(points, [*seen, *uploaded]) for points in held):
                return None
            points = set().union(*held)
            counts = len(points & set(seen)), len(points & set(uploaded))
            return counts if all(counts) else None
        counts = wait_placed(self.daemon, self.frontend.address, [self.seen], merged, FOUND,
                             f'the points of both tors to be published {phase}', every=1)
        return time.monotonic() - began, counts


def test(net):
    plain = net.start_service('plain', wait=False)
    scene = Scene(net)
    plain.wait_published()
    client = net.start_client('visitor')
    phase = net.phase().name
    seconds, counts = scene.wait_merged(phase)
    step(f'after {seconds:.1f} s all HSDirs that clients ask have the points of both tors: {counts[0]} and {counts[1]}')
    with Visitor(client, {'frontend': scene.frontend.address, 'plain': plain.address}) as visitor:
        for half in [AFTER_TIME_PERIOD, AFTER_SRV] if phase == AFTER_SRV else [AFTER_SRV, AFTER_TIME_PERIOD]:
            seconds, counts = scene.wait_merged(half)
            since = time.time()
            net.wait_for(lambda: {'seen', 'unseen'} <= set(visitor.pages(since)), VISITED,
                         f'the client to reach both tors {half}', every=1)
            visited = collections.Counter(visitor.pages(since))
            step(f'{half}: after {seconds:.1f} s {counts[0]} and {counts[1]} points, and visits: {dict(visited)}')
    step(visitor.summary('frontend'))
    step(visitor.summary('plain'))
    for visit in visitor.failed():
        step(f'failed in round {visit.round} at {visit.began:.1f}: {visit.name}: {visit.error}')
    assert not visitor.unexcused('frontend', 'plain'), 'the frontend failed where plain tor did not'
    assert 'SOMEBODY ELSE' not in scene.daemon.log()
    assert scene.daemon.end()[0] == 0


main(test)
