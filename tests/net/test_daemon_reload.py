# SIGHUP: the config gets a backend, loses one, gets a frontend, loses one, and is broken. What is untouched is not even
# uploaded again.

import time

from harness.daemon import Daemon
from harness.hsdirs import clients_slot, held_points, living_points
from harness.obpub import instance, wait_settled
from harness.places import MANY, wait_placed
from harness.recorder import Recorder
from testnet import main, make_frontend_key, step

APPLIED = 30    # seconds from SIGHUP to all HSDirs: nothing is promised, but it has to happen
REFRESHED = 60  # seconds in which a descriptor is uploaded again in the days of this network, and more
CALM = 4        # seconds in which a frontend that is left alone uploads nothing after a reload
QUIET = 2       # seconds since its last upload: what waits for an HSDir that is busy comes a little later
ROTATION = 15   # seconds before and after a new half of the day that belong to it
MARGIN = 2      # the status tells moments in whole seconds


class Scene:
    """Two frontends (a third can be added), their backends, and a record of all uploads."""

    def __init__(self, net):
        self.net = net
        self.keys = {name: (net.path(f'{name}.key'), make_frontend_key(net.path(f'{name}.key')))
                     for name in ('changing', 'untouched', 'third')}
        self.publisher = net.start_tor('publisher', wait=False)
        self.observer = net.start_tor('observer', socks=True, wait=False)
        # The last one comes when the others are there.
        self.backends = [net.start_service(f'backend{number}', [key.onion for _, key in self.keys.values()], wait=False,
                                           service_lines=[MANY] if number == 2 else []) for number in range(3)]
        for backend in self.backends:
            backend.wait_published()
        self.publisher.wait_bootstrapped()
        self.observer.wait_bootstrapped()
        wait_settled(net, self.backends)
        self.recorder = Recorder(self.publisher, net.path('recorder'))
        self.daemon = Daemon(net, self.recorder.path, self.frontends(changing=[0, 1], untouched=[2])).start()
        self.daemon.wait_published(frontends=2)

    def frontends(self, **members):
        return [(self.keys[name][0], [instance(self.backends[place]) for place in places])
                for name, places in members.items()]

    def address(self, name):
        return self.keys[name][1].address

    def uploads(self, name, since):
        """When obpub handed descriptors of a frontend to its tor, since a moment."""
        return [post.time for post in self.recorder.posts
                if post.address.startswith(self.address(name)) and post.time >= since]

    def wait_calm(self):
        """Wait until the untouched frontend has nothing to do for a while by its own timers, and nothing rotates."""
        def calm():
            phase = self.net.phase()
            if phase.seconds_left < ROTATION or time.time() - phase.began < ROTATION:
                return False
            if self.uploads('untouched', time.time() - QUIET):
                return False
            status = self.daemon.status()
            service = next(service for service in status['services']
                           if service['onionAddress'].startswith(self.address('untouched')))
            times = [time.strptime(descriptor['nextUpload'], '%Y-%m-%d %H:%M:%S')
                     for descriptor in service['descriptors'] if descriptor['nextUpload']]
            now = time.strptime(status['time'], '%Y-%m-%d %H:%M:%S')
            return service['isPublished'] and len(times) == 2 and all(
                time.mktime(moment) - time.mktime(now) >= CALM + MARGIN for moment in times)
        self.net.wait_for(calm, 300, 'a moment at which no upload of a frontend is due')

    def reload(self, expect='config read again', settings=(), **members):
        """Give it another config; the untouched frontend must not upload. Returns when that was."""
        self.daemon.configure(self.frontends(**members), settings)
        self.wait_calm()
        began = time.time()
        self.daemon.reload(expect)
        time.sleep(CALM)
        uploads = self.uploads('untouched', began)
        assert not uploads, f'a frontend that was left alone was uploaded: {uploads}'
        return began

    def wait_points(self, name, present, absent, what):
        """Wait until all HSDirs of a frontend have points of the backends that are present and of none that are
        absent. Those that a backend has are asked for again and again: they change at each new half of the day."""
        def all_match():
            living = [living_points(self.observer, backend) for backend in self.backends]
            hsdirs = self.daemon.hsdirs(self.address(name), clients_slot(self.net))
            held = held_points(self.observer, self.keys[name][1].onion, hsdirs).values()
            return held and all(points and all(points & living[place] for place in present) and
                                not any(points & living[place] for place in absent) for points in held)
        wait_placed(self.daemon, self.address(name), [self.backends[place] for place in present], all_match, APPLIED, what,
                    every=0.5)


def backends_change(scene):
    scene.wait_points('changing', [0, 1], [2], 'the first points')
    scene.reload(changing=[0, 1, 2], untouched=[2])
    scene.wait_points('changing', [0, 1, 2], [], 'the HSDirs to have the points of a new backend')
    step('SIGHUP: a backend more; its points are in')
    scene.reload(changing=[1, 2], untouched=[2])
    scene.wait_points('changing', [1, 2], [0], 'the HSDirs to have no points of a backend that was removed')
    step('SIGHUP: a backend less; its points are out')


def frontends_change(scene):
    scene.reload(changing=[1, 2], untouched=[2], third=[0])
    scene.wait_points('third', [0], [1, 2], 'the HSDirs to have the points of a new frontend')
    page = scene.net.who_answers(scene.observer, scene.address('third'), [scene.backends[0].name])
    step(f'SIGHUP: a frontend more; {dict(page)} answers')
    began = scene.reload(changing=[1, 2], untouched=[2])
    scene.net.wait_for(lambda: scene.uploads('changing', began + CALM), REFRESHED, 'frontends to be uploaded again')
    late = scene.uploads('third', began + 1)
    assert not late, f'a frontend that was removed was uploaded: {late}'
    assert scene.daemon.frontend(scene.address('third')) is None
    step('SIGHUP: a frontend less; it is uploaded no more')


def config_breaks(scene):
    """A broken file is reported, and the old config goes on."""
    began = scene.reload('the config was not read again', settings=['tor-controll: 1'], changing=[0], untouched=[0])
    log = scene.daemon.log()
    assert 'tor-controll' in log[log.rindex('config read again'):], 'the log does not say what is wrong'
    assert 'tor-controll' in scene.daemon.status()['reloadError']
    for name in ('changing', 'untouched'):
        scene.net.wait_for(lambda name=name: scene.uploads(name, began), REFRESHED, f'"{name}" to be uploaded again')
    scene.daemon.wait_published(REFRESHED, 2)
    scene.wait_points('changing', [1, 2], [0], 'the old backends')
    step('SIGHUP with a broken config: said in the log and the status, and the old one goes on')
    scene.reload(changing=[1, 2], untouched=[2])
    assert scene.daemon.status()['reloadError'] is None
    assert scene.uploads('changing', began)
    step('SIGHUP with the config mended: all is well again')


def test(net):
    scene = Scene(net)
    step('two frontends are published')
    backends_change(scene)
    frontends_change(scene)
    config_breaks(scene)
    assert scene.daemon.end()[0] == 0


main(test)
