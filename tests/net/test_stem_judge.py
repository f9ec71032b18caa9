# python3-stem, an independent implementation of descriptors, decodes and verifies what obpub published: both
# descriptors, as the HSDirs hand them out and as they were posted. What it finds has to be what the backends said.

from harness.consensus import AFTER_SRV, AFTER_TIME_PERIOD
from harness.judge import Judged, blinded_key, is_merged
from harness.obpub import holders, instance, publish, wait_settled, write_config
from harness.recorder import Recorder
from testnet import main, make_frontend_key, step

SECONDS_NEEDED = 40
POINTS = (3, 5, 4)  # of the backends


def fetch_all(net, address, report, slot):
    """What each HSDir that took one of the two descriptors hands out."""
    texts = {}
    for hsdir in holders(report, slot):
        texts[hsdir] = net.fetch_descriptor(net.client, address, hsdir)
        assert texts[hsdir], f'the HSDir {hsdir} took the {slot} descriptor, but does not have it'
    return texts


def check(judged, frontend, period, length, points):
    """What has to be true of either of the two descriptors."""
    assert judged.blinded_key == blinded_key(frontend.public, period, length), 'it is not of that time period'
    assert judged.outer.lifetime == 180, judged.outer.lifetime
    assert is_merged(judged.points, points), 'the introduction points are not the backends\''
    inner = judged.inner.split('\n')
    assert inner[0] == 'create2-formats 2' and inner[1].startswith('flow-control '), inner[:2]
    assert not judged.inner_layer.is_single_service and 'pow-params' not in judged.inner


def check_fetched(net, frontend, report, slot, posts):
    """Each HSDir's descriptor is one that was posted to it, and good."""
    for hsdir, text in fetch_all(net, frontend.address, report, slot).items():
        posted = [post.descriptor.strip('\n') for post in posts if hsdir in [name.upper() for name in post.hsdirs]]
        assert text in posted, f'the HSDir {hsdir} has something that was not posted to it'
        Judged(text, frontend.onion)
    step(f'{len(holders(report, slot))} HSDirs hand out the {slot} descriptor as it was posted, and stem takes it')


def test(net):
    key_path = net.path('frontend.key')
    frontend = make_frontend_key(key_path)
    publisher = net.start_tor('publisher', wait=False)
    backends = [net.start_service(f'backend{number}', [frontend.onion], wait=False,
                                  torrc=[f'HiddenServiceNumIntroductionPoints {count}'])
                for number, count in enumerate(POINTS, 1)]
    for backend in backends:
        backend.wait_published()
    publisher.wait_bootstrapped()
    net.wait_phase(AFTER_SRV, SECONDS_NEEDED)
    wait_settled(net, backends)
    points = set()
    for backend, count in zip(backends, POINTS):
        own = Judged(backend.own_descriptor(), backend.onion).points
        assert len(own) >= count, f'{backend.name} has {len(own)} introduction points, not {count}'
        points.update(own)

    with Recorder(publisher, net.path('recorder')) as recorder:
        report = publish(write_config(net.path('config.yaml'), recorder.path,
                                      [(key_path, [instance(backend) for backend in backends])]))
    length = net.consensus_times().period_length
    periods = {descriptor['name']: descriptor['timePeriod']
               for descriptor in report['services'][0]['descriptors']}
    assert periods['second'] == periods['first'] + 1, periods
    judged = [Judged(post.descriptor, frontend.onion) for post in recorder.posts]
    by_period = {}
    for descriptor in judged:
        by_period.setdefault(descriptor.blinded_key, []).append(descriptor)
    assert len(by_period) == 2, f'{len(by_period)} blinded keys'
    for slot, period in periods.items():
        for descriptor in by_period[blinded_key(frontend.public, period, length)]:
            check(descriptor, frontend, period, length, points)
    step(f'stem verifies all {len(judged)} posted descriptors, of time periods {sorted(periods.values())}, '
         f'and finds {len(judged[0].points)} of the backends\' {len(points)} introduction points unchanged')

    check_fetched(net, frontend, report, 'first', recorder.posts)
    step('waiting for the next time period, in which clients ask for the second descriptor')
    net.wait_phase(AFTER_TIME_PERIOD)
    check_fetched(net, frontend, report, 'second', recorder.posts)


main(test)
