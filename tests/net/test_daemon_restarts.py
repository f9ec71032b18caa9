# What may end and begin again without a client noticing: the local tor, obpub itself, one of two obpubs. And with no
# living backend at all the last good introduction points stay published.

import time

from harness.daemon import Daemon
from harness.hsdirs import clients_points, clients_slot, held_points, living_points, wait_held, wait_turned
from harness.obpub import instance, wait_settled
from harness.visitor import Visitor
from testnet import main, make_frontend_key, step

AWAY = 8        # seconds that something stays away
PROMISED = 10   # seconds from a backend's death to all HSDirs
STATUS_AGE = 2  # seconds that the status may be old, and more
FLAPS = 30      # seconds in which a backend causes two uploads at most
REFRESHED = 60  # seconds in which a descriptor is uploaded again in the days of this network, and more


def start_before_tor(net, publisher, daemon, address):
    """A daemon whose local tor is missing at the start waits for it."""
    publisher.kill()
    daemon.start()
    daemon.wait_log('the local tor', 10)
    time.sleep(2)
    assert daemon.alive() and not daemon.frontend(address)['isPublished']
    publisher.start()
    publisher.wait_bootstrapped()
    daemon.wait_published()
    step('obpub was there before its local tor, and published when that came')


def wait_upload(publisher, address, since_events):
    """Wait until an HSDir has taken a descriptor of the frontend."""
    since_events.wait(lambda event: event.action == 'UPLOADED' and event.address == address, REFRESHED,
                      f'{publisher.name} to upload')


def restart_tor(publisher, daemon, address):
    since = len(daemon.log())
    publisher.kill()
    daemon.wait_log('the local tor', 5, since)
    time.sleep(AWAY)
    publisher.start()
    publisher.wait_control()
    with publisher.events('HS_DESC') as events:
        publisher.wait_bootstrapped()
        wait_upload(publisher, address, events)
    daemon.wait_published()
    step('the local tor was killed and started again: obpub uploads through it again')


def restart_obpub(daemon):
    daemon.kill()
    time.sleep(AWAY)
    daemon.start()
    daemon.wait_published()
    step('obpub was killed and started again: everything is published again')


def two_at_once(net, daemons, publisher, frontend, observer, backends):
    """Two daemons with the same frontends; the first is killed, and the second does the work alone."""
    daemons[1].start()
    daemons[1].wait_published()
    with publisher.events('HS_DESC') as events:
        wait_upload(publisher, frontend.address, events)
    time.sleep(AWAY)
    for daemon in daemons:
        daemon.wait_published()
    step('two obpubs publish the same frontend')
    daemons[0].kill()
    wait_turned(net, observer, daemons[1], frontend, backends, 20)
    points = clients_points(observer, backends[2])
    backends[2].kill()
    hsdirs = daemons[1].hsdirs(frontend.address, clients_slot(net))
    seconds, left = wait_held(observer, frontend.onion, hsdirs, lambda held: not held & points, PROMISED,
                              'the second obpub to take the points of a dead backend out')
    assert left
    step(f'one of them was killed: the other one noticed the death of a backend in {seconds:.1f} s')


def no_backend(net, daemon, frontend, observer, backends):
    """Without any living backend the last good set stays, is refreshed, and the log cries out."""
    last = wait_turned(net, observer, daemon, frontend, backends, REFRESHED + 10)
    hsdirs = daemon.hsdirs(frontend.address, clients_slot(net))
    assert 'NO BACKEND IS LIVE' not in daemon.log(), 'the log cries out though backends live'
    for backend in backends:
        backend.kill()
    killed = time.monotonic()
    daemon.wait_log('NO BACKEND IS LIVE', 10)
    net.wait_for(lambda: daemon.frontend(frontend.address)['isStatic'], STATUS_AGE, 'the status to say so')
    daemon.wait_published(10)
    time.sleep(STATUS_AGE)  # what the first death has caused is over
    before = daemon.frontend(frontend.address)['descriptors'][0]['revisionCounter']
    net.wait_for(lambda: daemon.frontend(frontend.address)['descriptors'][0]['revisionCounter'] > before, REFRESHED,
                 'the last good descriptor to be uploaded again', every=1)
    daemon.wait_published(10)
    for held in held_points(observer, frontend.onion, hsdirs).values():
        assert held and held <= last, 'an HSDir has other points than the last good ones'
    assert daemon.log().count('NO BACKEND IS LIVE') == 1, 'the log repeats itself'
    step('without a living backend the last good introduction points stay published')
    # Its turn to another time period, its death and its return are three changes of a backend.
    time.sleep(max(0, killed + FLAPS + STATUS_AGE - time.monotonic()))
    backends[0].start()
    backends[0].wait_published()

    def is_back():
        points = living_points(observer, backends[0])
        held = held_points(observer, frontend.onion, hsdirs).values()
        return all(each and each <= points for each in held)
    net.wait_for(is_back, PROMISED, 'the HSDirs to have the points of the backend that came back')
    net.wait_for(lambda: not daemon.frontend(frontend.address)['isStatic'], STATUS_AGE, 'the status to say so')
    step('a backend came back: only its points are published')


def test(net):
    key_path = net.path('frontend.key')
    frontend = make_frontend_key(key_path)
    publishers = [net.start_tor(name, wait=False) for name in ('publisher', 'publisher2')]
    observer = net.start_tor('observer', socks=True, wait=False)
    plain = net.start_service('plain', wait=False)
    backends = [net.start_service(f'backend{number}', [frontend.onion], wait=False) for number in (1, 2, 3)]
    for backend in backends:
        backend.wait_published()
    for tor in (*publishers, observer):
        tor.wait_bootstrapped()
    wait_settled(net, backends)
    frontends = [(key_path, [instance(backend) for backend in backends])]
    daemons = [Daemon(net, publishers[0], frontends, 'obpub'), Daemon(net, publishers[1], frontends, 'obpub2')]
    start_before_tor(net, publishers[0], daemons[0], frontend.address)
    client = net.start_client('visitor')
    plain.wait_published()
    with Visitor(client, {'frontend': frontend.address, 'plain': plain.address}) as visitor:
        restart_tor(publishers[0], daemons[0], frontend.address)
        restart_obpub(daemons[0])
        two_at_once(net, daemons, publishers[1], frontend, observer, backends)
    step(visitor.summary('frontend'))
    step(visitor.summary('plain'))
    assert not visitor.unexcused('frontend', 'plain'), visitor.unexcused('frontend', 'plain')
    no_backend(net, daemons[1], frontend, observer, backends[:2])


main(test)
