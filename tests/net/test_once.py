# obpub --once with three backends, over their control ports (by every way to authenticate) and without any: each
# backend then answers through the frontend's address. In both halves of the day, after a shared random value exists.

from harness.consensus import AFTER_SRV, AFTER_TIME_PERIOD
from harness.judge import Judged, is_merged
from harness.obpub import instance, publish, wait_settled, write_config
from harness.recorder import Recorder
from testnet import main, make_frontend_key, step

SECONDS_NEEDED = 30


def start_backends(net, frontend):
    """Three backends whose control ports are different, that have published by themselves."""
    kinds = [{'control_auth': 'cookie'}, {'control_auth': 'password', 'control_port': True}, {'control_auth': 'none'}]
    backends = [net.start_service(f'backend{number}', [frontend.onion], wait=False, **kind)
                for number, kind in enumerate(kinds, 1)]
    for backend in backends:
        backend.wait_published()
    return backends


def clients_view(net, backend):
    """The introduction points that clients get for a backend's own address."""
    text = net.wait_for(lambda: net.fetch_descriptor(net.client, backend.address), 30,
                        f'the descriptor of {backend.name}', every=6)
    return set(Judged(text, backend.onion).points)


def check_points(net, phase, posts, frontend, backends):
    """The superdescriptor has to have the introduction points that clients are given for the backends: in the
    second half of the day these are not those that a backend's tor answers GETINFO with."""
    published = [Judged(post.descriptor, frontend.onion).points for post in posts]
    wanted = set().union(*(clients_view(net, backend) for backend in backends))
    getinfo = set().union(*(Judged(backend.own_descriptor(), backend.onion).points for backend in backends))
    assert published and all(is_merged(points, wanted) for points in published), 'not the points that clients use'
    assert (getinfo == wanted) == (phase.name == AFTER_SRV), 'GETINFO does not answer as expected'
    step(f'it has {len(published[0])} of the {len(wanted)} introduction points that clients use; '
         f'GETINFO\'s are {"the same" if getinfo == wanted else "others"}')


def check_half(net, phase, key_path, frontend, publisher, backends):
    for controls in (('unix', 'tcp', 'unix'), (None, None, None)):
        name = 'with control ports' if controls[0] else 'without control ports'
        step(f'{phase.name}, {phase.seconds_left:.0f} s left: {name}')
        with Recorder(publisher, net.path('recorder')) as recorder:
            config = write_config(net.path('config.yaml'), recorder.path,
                                  [(key_path, [instance(*pair) for pair in zip(backends, controls)])])
            publish(config)
        check_points(net, phase, recorder.posts, frontend, backends)
        client = net.start_client(f'visitor{len(net.tors)}')
        seen = net.who_answers(client, frontend.address, [backend.name for backend in backends])
        step(f'answers through the frontend: {dict(seen)}')
        client.close()


def test(net):
    net.wait_srv()
    key_path = net.path('frontend.key')
    frontend = make_frontend_key(key_path)
    publisher = net.start_tor('publisher', wait=False)
    backends = start_backends(net, frontend)
    publisher.wait_bootstrapped()
    step('three backends have published their own descriptors')
    halves = [AFTER_SRV, AFTER_TIME_PERIOD]
    if net.phase().name != AFTER_SRV:
        halves.reverse()
    for half in halves:
        phase = net.wait_phase(half, SECONDS_NEEDED, tors=[net.client, publisher, *backends])
        wait_settled(net, backends)
        assert net.has_srv(publisher), 'there is no shared random value'
        check_half(net, phase, key_path, frontend, publisher, backends)


main(test)
