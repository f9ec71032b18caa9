# Backends that can't be had: one whose tor is dead, one that the config has a wrong address for, one whose tor hangs,
# one without a descriptor. Each is reported and left out, and the others are published. And no backend at all, and no
# local tor.

import time

from harness.keys import OnionKey
from harness.obpub import IN, instance, publish, run_once, wait_settled, write_config
from testnet import main, make_frontend_key, step

SECONDS_NEEDED = 40
TIMEOUT = 30  # of which a backend gets a third


def check_left_out(report, name, *words):
    """A backend is reported as left out, for a reason that has these words."""
    backend = next(backend for backend in report['services'][0]['instances'] if backend['name'] == name)
    assert backend['state'] not in IN and backend['introPointsPublished'] == 0, backend
    for word in words:
        assert word in backend['error'], f'{name}: {backend["error"]!r} does not say {word!r}'
    step(f'{name}: {backend["error"]}')


def check_nothing(report, *words):
    """Nothing was published; the reason is in the report and on standard error."""
    assert report['result'] == 'nothing', report['result']
    for word in words:
        assert word in report['problem'] and word in report['stderr'], f'{report["problem"]!r} does not say {word!r}'
    step(f'nothing was published: {report["problem"]}')


def with_address(lines, address):
    """The lines of a backend with another address."""
    return [f'      - address: {address}', *lines[1:]]


def test(net):
    key_path = net.path('frontend.key')
    frontend = make_frontend_key(key_path)
    publisher = net.start_tor('publisher', wait=False)
    good, dead, wrong, hung = backends = [net.start_service(name, [frontend.onion], wait=False)
                                          for name in ('good', 'dead', 'wrong', 'hung')]
    for backend in backends:
        backend.wait_published()
    publisher.wait_bootstrapped()
    net.wait_for(lambda: net.phase().seconds_left > SECONDS_NEEDED, 60, 'a new half of the day')
    net.wait_phase(net.phase().name)
    wait_settled(net, backends)

    def config_with(*instances):
        return write_config(net.path('config.yaml'), publisher.control_socket, [(key_path, instances)])

    unknown = OnionKey()
    unpublished = ['      - address: ' + unknown.onion, '        name: unpublished']
    dead.kill()
    hung.suspend()
    config = config_with(instance(good), instance(dead), with_address(instance(wrong), OnionKey().onion),
                         instance(hung), unpublished)
    report = run_once(config, '--timeout', TIMEOUT)
    assert report['result'] == 'complete', report
    points = report['services'][0]['introPointsNum']
    assert points == report['services'][0]['instances'][0]['introPointsNum'] >= 3, report
    check_left_out(report, 'dead', dead.control_socket, 'is tor running')
    check_left_out(report, 'wrong', 'descriptor of')
    # Its patience or the limit of its control connection is over first: both say that it may hang.
    check_left_out(report, 'hung', 'that tor')
    check_left_out(report, 'unpublished', 'the HSDirs have no descriptor', 'NOT_FOUND')
    assert report['seconds'] < TIMEOUT, f'it took {report["seconds"]} s'
    assert set(net.who_answers(net.start_client(), frontend.address, ['good'])) == {'good'}
    step(f'the good one was published after {report["seconds"]:.1f} s and answers')

    check_nothing(run_once(config_with(instance(dead), instance(hung), unpublished), '--timeout', 9, status=3),
                  'not one backend')
    hung.resume()
    publish(config_with(instance(good), instance(hung)))

    publisher.kill()
    config = config_with(instance(good))
    began = time.monotonic()
    check_nothing(run_once(config, '--timeout', 3, status=3), publisher.control_socket, 'is tor running')
    assert 2.5 < time.monotonic() - began < 60


main(test)
