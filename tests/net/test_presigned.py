# A publisher that never had the master key, only a bundle that was signed with it beforehand: clients reach the
# frontend before and after each change of time period and shared random value, HSDirs hold what the bundle has, and
# what is wrong with a bundle is said. Meanwhile an ordinary key beside it goes on.

import os
import pathlib
import subprocess
import sys
import time

from harness.client import ask_hsdirs
from harness.consensus import AFTER_SRV, AFTER_TIME_PERIOD
from harness.daemon import Daemon
from harness.judge import Judged
from harness.obpub import instance, presign, publish, wait_settled, write_config
from testnet import main, make_frontend_key, obpub_path, run, step

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'cli'))
from bundle_reader import Bundle  # noqa: E402

SECONDS_NEEDED = 45


def make_bundle(net, key, minutes, made_at):
    """A bundle for a day, made at another time than now."""
    bundle = net.path('made.bundle')
    run([os.path.join(os.environ['OBPUB_BUILD'], 'tests', 'make_bundle'), key.seed.hex(), int(made_at), 1, minutes,
         net.interval, bundle])
    return bundle


def judge_descriptors(net, daemon, bundle, frontend):
    """The descriptors that the HSDirs hold, with which stem finds nothing wrong, and the bundle's periods by their
    blinded keys."""
    periods = {period.blinded_key: period for period in Bundle(pathlib.Path(bundle).read_bytes()).periods}
    hsdirs = daemon.hsdirs(frontend.address, 'first') + daemon.hsdirs(frontend.address, 'second')
    judged = [Judged(text, frontend.onion) for text in ask_hsdirs(net.client, frontend.address, hsdirs).values() if text]
    assert judged, 'no HSDir has a descriptor'
    return judged, periods


def wait_signed(net, daemon, bundle, frontend):
    """Wait until nothing is left at the HSDirs that was signed with other keys than the bundle's."""
    def is_signed():
        judged, periods = judge_descriptors(net, daemon, bundle, frontend)
        return all(descriptor.signing_key == periods[descriptor.blinded_key].signing_key for descriptor in judged)
    net.wait_for(is_signed, 90, 'the HSDirs to have what the bundle signed', every=1)


def wait_not_signed(net, daemon, bundle, frontend):
    """Wait until nothing is left at the HSDirs that was signed with the bundle's keys: whoever else has the bundle
    could use the certificates of these."""
    def is_other():
        judged, periods = judge_descriptors(net, daemon, bundle, frontend)
        known = {period.signing_key for period in periods.values()}
        return all(descriptor.signing_key not in known for descriptor in judged)
    net.wait_for(is_other, 90, 'the HSDirs to have nothing that the bundle signed', every=1)


def check_descriptors(net, daemon, bundle, frontend):
    """What the HSDirs hold was signed with the bundle's keys, by certificates of its."""
    judged, periods = judge_descriptors(net, daemon, bundle, frontend)
    for descriptor in judged:
        period = periods[descriptor.blinded_key]
        assert descriptor.signing_key == period.signing_key
        assert period.first_hour <= descriptor.expiration_hour < period.first_hour + period.count
    return judged


def visit(net, frontend, backend):
    """A client that knows nothing yet gets the backend's page through the frontend's address."""
    client = net.start_client(f'visitor{len(net.tors)}')
    assert set(net.who_answers(client, frontend.address, [backend.page])) == {backend.page}
    client.close()


def check_half(net, daemon, half, bundle, frontend, backend):
    phase = net.wait_phase(half, SECONDS_NEEDED, tors=[net.client, net.tors['publisher'], backend])
    first_period = net.consensus_times(net.tors['publisher']).first_period
    net.wait_for(lambda: [descriptor['timePeriod'] for descriptor in daemon.frontend(frontend.address)['descriptors']]
                 == [first_period, first_period + 1] and daemon.frontend(frontend.address)['isPublished'], 60,
                 'both descriptors to be published')
    judged = check_descriptors(net, daemon, bundle, frontend)
    visit(net, frontend, backend)
    step(f'{phase.name}: {len(judged)} descriptors are as the bundle says, and a client got through')


def test(net):
    publisher = net.start_tor('publisher', wait=False)
    folder = net.path('offline')
    os.mkdir(folder, 0o700)
    good_key, wrong_key, plain_key = (os.path.join(folder, name) for name in ('good.key', 'wrong.key', 'plain.key'))
    good, wrong, plain = make_frontend_key(good_key), make_frontend_key(wrong_key, 'tor'), make_frontend_key(plain_key)
    backend = net.start_service('backend', [good.onion, wrong.onion, plain.onion], wait=False)
    minutes = net.interval * 24 // 60
    good_bundle = presign(net, backend, good_key, 'good', '--period-minutes', minutes)
    wrong_bundle = presign(net, backend, wrong_key, 'wrong', days=30)
    online_key = net.path('plain.key')
    os.rename(plain_key, online_key)
    os.rename(wrong_key, net.path('wrong.key.elsewhere'))
    os.unlink(good_key)
    step('two bundles are made; the master keys are gone')

    backend.wait_published()
    publisher.wait_bootstrapped()
    wait_settled(net, [backend])
    once = write_config(net.path('once.yaml'), publisher.control_socket, [(good_bundle, [instance(backend)])])
    publish(once)
    step('obpub --once published with a bundle')
    frontends = [(path, [instance(backend)]) for path in (good_bundle, wrong_bundle, online_key)]
    daemon = Daemon(net, publisher, frontends).start()
    daemon.wait_log(f'--period-minutes {minutes} --voting-interval {net.interval}', 60)
    net.wait_for(lambda: all(daemon.frontend(frontend.address)['isPublished'] for frontend in (good, plain)), 60,
                 'the other two to be published')
    status = {service['onionAddress']: service for service in daemon.status()['services']}
    assert status[plain.onion]['bundle'] is None
    assert status[good.onion]['bundle']['state'] == 'runs out' and status[good.onion]['bundle']['error']
    assert status[wrong.onion]['bundle']['state'] == 'for another network'
    assert not status[wrong.onion]['isPublished']
    assert f'{good.onion}: its bundle runs out' in daemon.log()
    step('one frontend is published with its bundle, one with its key; a bundle for other time periods is refused')
    result = subprocess.run([obpub_path(), 'status', '--socket-path', daemon.status_path], capture_output=True, text=True,
                            timeout=30)
    assert result.returncode == 1 and 'presigned bundle: for another network' in result.stdout, result.stdout

    halves = [AFTER_SRV, AFTER_TIME_PERIOD]
    phase = net.phase()
    if (phase.name == AFTER_TIME_PERIOD) == (phase.seconds_left > SECONDS_NEEDED):
        halves.reverse()
    check_half(net, daemon, halves[0], good_bundle, good, backend)

    right_bundle = presign(net, backend, net.path('wrong.key.elsewhere'), 'right', '--period-minutes', minutes)
    os.rename(right_bundle, wrong_bundle)
    daemon.reload()
    daemon.wait_published(90, 3)
    check_descriptors(net, daemon, wrong_bundle, wrong)
    step('the right bundle in its place took effect with a reload')

    since = len(daemon.log())
    os.rename(online_key, net.path('plain.key.elsewhere'))
    os.rename(make_bundle(net, plain, minutes, time.time() - 2 * 86400), online_key)
    daemon.reload()
    daemon.wait_log(f'{plain.onion}: its bundle ran out at', 30, since)
    assert daemon.frontend(plain.address)['bundle']['state'] == 'ran out'
    time.sleep(3)  # uploads fail meanwhile, and are put off
    os.rename(make_bundle(net, plain, minutes, time.time()), online_key)
    daemon.reload()
    wait_signed(net, daemon, online_key, plain)
    daemon.wait_published(90, 3)
    check_descriptors(net, daemon, online_key, plain)
    step('a bundle that has run out ends nothing else; a newer one in its place took effect with a reload')

    plain_bundle = net.path('plain.bundle')
    os.rename(online_key, plain_bundle)
    os.rename(net.path('plain.key.elsewhere'), online_key)
    daemon.reload()
    wait_not_signed(net, daemon, plain_bundle, plain)
    daemon.wait_published(90, 3)
    step('with the key back in its place, what the bundle has signs nothing any more')

    check_half(net, daemon, halves[1], good_bundle, good, backend)
    check_half(net, daemon, halves[0], good_bundle, good, backend)
    assert daemon.end()[0] == 0


main(test)
