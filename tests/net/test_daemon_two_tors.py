# Two local tors share the work and stand in for each other: one hangs and is killed while uploads are on their way through
# it, and everything is published all the same, without a client noticing; it comes back, and is used again. Then the
# config names one of them only.

from harness.daemon import Daemon
from harness.obpub import instance
from harness.visitor import Visitor
from testnet import main, make_frontend_key, step

FRONTENDS = 6
IN_THE_END = 40
SEEN = 20


def wait_uploads(net, daemon, tor, more_than):
    """Wait until a local tor has been given more uploads than that; returns how many."""
    net.wait_for(lambda: daemon.local_tor(tor)['uploads'] > more_than, SEEN, f'{tor.name} to be given uploads', every=0.1)
    return daemon.local_tor(tor)['uploads']


def share(daemon, tors):
    uploads = [daemon.local_tor(tor)['uploads'] for tor in tors]
    assert min(uploads) >= FRONTENDS * 4, f'the tors did not share the uploads: {uploads}'
    step(f'the two tors were given {uploads[0]} and {uploads[1]} uploads')


def kill_at_work(net, daemon, tors):
    """One tor hangs, so what it is given stays with it, and is killed then. Something to upload comes of a config that
    has a backend less: nothing that a client could notice."""
    tors[0].suspend()
    daemon.reload()
    net.wait_for(lambda: daemon.local_tor(tors[0])['uploadsInFlight'] > 0, SEEN, 'uploads in flight at the tor that hangs',
                 every=0.1)
    lost = daemon.local_tor(tors[0])['uploadsInFlight']
    tors[0].kill()
    net.wait_for(lambda: not daemon.local_tor(tors[0])['isConnected'], SEEN, 'obpub to notice the loss', every=0.1)
    daemon.wait_published(IN_THE_END, FRONTENDS)
    step(f'one tor was killed with {lost} uploads under way: all is published through the other one')


def test(net):
    paths = [net.path(f'frontend{number}.key') for number in range(FRONTENDS)]
    keys = [make_frontend_key(path) for path in paths]
    onions = [key.onion for key in keys]
    tors = [net.start_tor(name, wait=False) for name in ('publisher', 'publisher2')]
    backends = [net.start_service(f'backend{number}', onions, wait=False) for number in range(2)]
    # The second one is fetched through the local tors.
    by_hsdirs = net.start_service('backend2', onions, wait=False)
    plain = net.start_service('plain', wait=False)
    for service in [*backends, by_hsdirs, plain]:
        service.wait_published()
    for tor in tors:
        tor.wait_bootstrapped()
    client = net.start_client('visitor')
    instances = [*map(instance, backends), instance(by_hsdirs, None)]
    services = [(path, instances) for path in paths]
    fewer = [(path, instances[1:]) for path in paths]
    daemon = Daemon(net, tors, services)
    daemon.start().wait_published(frontends=FRONTENDS)
    share(daemon, tors)

    with Visitor(client, {'frontend': keys[0].address, 'plain': plain.address}) as visitor:
        daemon.configure(fewer)
        kill_at_work(net, daemon, tors)
        before = daemon.local_tor(tors[0])['uploads']
        tors[0].start()
        net.wait_for(lambda: daemon.local_tor(tors[0])['isReady'], IN_THE_END, 'the tor that was killed to be ready again')
        daemon.configure(services)
        daemon.reload()
        wait_uploads(net, daemon, tors[0], before)
        daemon.wait_published(IN_THE_END, FRONTENDS)
    step('it was started again, and is used again')
    step(visitor.summary('frontend'))
    step(visitor.summary('plain'))
    assert not visitor.unexcused('frontend', 'plain'), visitor.unexcused('frontend', 'plain')

    daemon.use_tors(tors[1])
    daemon.configure(fewer)
    daemon.reload()
    net.wait_for(lambda: [tor['place'] for tor in daemon.status()['tor']['tors']] == [f'unix:{tors[1].control_socket}'],
                 SEEN, 'the other tor to be given up')
    tors[0].kill()
    daemon.wait_published(IN_THE_END, FRONTENDS)
    step('the config names the other one only: that is enough')
    assert daemon.end()[0] == 0


main(test)
