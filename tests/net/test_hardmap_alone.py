# Tors that share a key, and a lone obpub that is killed, with the timers of the public network. If their own
# publishing is on, their uploads get through before the HSDirs forget what obpub had published, and no visitor fails; if it
# is off, visitors get through for three hours.

import contextlib
import time
from dataclasses import dataclass, field

from harness.client import ask_hsdirs
from harness.daemon import Daemon
from harness.hsdirs import clients_slot
from harness.judge import Judged
from harness.obpub import instance
from harness.service import SILENT
from harness.visitor import Visitor
from testnet import HarnessError, main_in_own_network, make_frontend_key, step

INTERVAL, SPEED = 1800, 30
MINUTE = 60
BEFORE = 20 * MINUTE   # of the network's clock, from the first upload to obpub's death
WATCHED = 255 * MINUTE  # for which is looked on after that: all that in half a day of this network, which has six hours
LOOK_EVERY = 2 * MINUTE
THROUGH = 165 * MINUTE  # by when the tors' own uploads must be through
LIFETIME = 180 * MINUTE  # for which HSDirs keep a descriptor, from its upload
FORGOTTEN = 60 * MINUTE  # after which they have forgotten it at the latest, which they do at intervals
DOUBT = 10 * MINUTE     # seconds of the machine are minutes here


@dataclass
class Deployment:
    """A frontend, its tors, and an obpub of its own; what has become of it since that was killed, in seconds since then by
    the network's clock."""
    name: str
    key: object
    twins: list
    daemon: object
    hsdirs: list = field(default_factory=list)
    uploaded: float = 0.0  # when obpub's last round went to the last HSDir
    first_own: float = None  # when the first HSDir had a tor's own upload
    all_own: float = None    # and when all had one that had something
    forgotten: float = None  # when none had anything any more

    def look(self, observer, moment):
        """See whose descriptor HSDirs have."""
        texts = ask_hsdirs(observer, self.key.address, self.hsdirs).values()
        held = [set(Judged(text, self.key.onion).points) for text in texts if text]
        own = [points for points in held if any(points <= points_of(twin) for twin in self.twins)]
        if own and self.first_own is None:
            self.first_own = moment
        if held and len(own) == len(held) and self.all_own is None:
            self.all_own = moment
        if not held and self.forgotten is None:
            self.forgotten = moment
        return f'{self.name}: {len(held) - len(own)} obpub\'s, {len(own)} tors\', {len(self.hsdirs) - len(held)} nothing'


def points_of(twin):
    return set(Judged(twin.own_descriptor(), twin.onion).points)


def deploy(net, publisher, name, torrc):
    key_path = net.path(f'{name}.key')
    frontend = make_frontend_key(key_path)
    twins = [net.start_service(f'{name}{number}', [frontend.onion], key=frontend, torrc=torrc, wait=False)
             for number in range(2)]
    daemon = Daemon(net, publisher, [(key_path, [instance(twin, is_twin=True) for twin in twins], 'mode: hardmap')],
                    name=f'obpub-{name}')
    return Deployment(name, frontend, twins, daemon)


def kill(net, deployment):
    """Kill its obpub; its status has said until when what it has published will be kept."""
    slot = clients_slot(net)
    descriptor = next(one for one in deployment.daemon.frontend(deployment.key.address)['descriptors'] if one['name'] == slot)
    deployment.hsdirs = [hsdir['fingerprint'] for hsdir in descriptor['hsdirs']]
    deployment.uploaded = max(time.mktime(time.strptime(hsdir['taken'], '%Y-%m-%d %H:%M:%S')) - time.timezone
                              for hsdir in descriptor['hsdirs'])
    deployment.daemon.kill()


def minutes(seconds):
    return 'never' if seconds is None else f'{seconds / MINUTE:.0f} min'


def tell(net, visitor, died, deployment):
    """Say what became of it; returns when a visitor got through last, and how many failed, in its time and in all."""
    visits = [(net.clock.read(visit.began) - died, visit) for visit in visitor.visits if visit.name == deployment.name]
    through = [moment for moment, visit in visits if visit.page]
    failed = [moment for moment, visit in visits if not visit.page]
    step(f'{deployment.name}: {len(visits)} requests, {len(failed)} failed, the first after '
         f'{minutes(min(failed, default=None))}; the last that got through after {minutes(max(through))}; obpub\'s last upload '
         f'{minutes(died - deployment.uploaded)} before its death; a first HSDir with a tor\'s own upload after '
         f'{minutes(deployment.first_own)}, all after {minutes(deployment.all_own)}; none had anything after '
         f'{minutes(deployment.forgotten)}')
    return max(through), failed


def test(net):
    publisher = net.start_tor('publisher', wait=False)
    observer = net.start_tor('observer', socks=True, wait=False)
    client = net.start_tor('visitor', socks=True, wait=False)
    plain = net.start_service('plain', wait=False)
    deployments = [deploy(net, publisher, 'silent', [SILENT]), deploy(net, publisher, 'shared0', []),
                   deploy(net, publisher, 'shared1', [])]
    silent, *shared = deployments
    for service in [plain, *(twin for deployment in deployments for twin in deployment.twins)]:
        service.wait_published()
    for tor in (publisher, observer, client):
        tor.wait_bootstrapped()
    for deployment in deployments:
        deployment.daemon.start()
    for deployment in deployments:
        deployment.daemon.wait_published()
    step('all are published')
    addresses = {deployment.name: deployment.key.address for deployment in deployments}
    with contextlib.ExitStack() as stack:
        visitor = stack.enter_context(Visitor(client, {**addresses, 'plain': plain.address}))
        time.sleep(net.clock.seconds(BEFORE))
        for deployment in deployments:
            kill(net, deployment)
        died = net.clock.read()
        while (moment := net.clock.read() - died) < WATCHED:
            try:
                said = '; '.join(deployment.look(observer, moment) for deployment in deployments)
                step(f'{minutes(moment)} after obpub\'s death: {said}')
            except HarnessError as error:
                step(f'no answer: {error}')
            time.sleep(net.clock.seconds(LOOK_EVERY))
    step(visitor.summary('plain'))
    last, _ = tell(net, visitor, died, silent)
    age = died - silent.uploaded
    assert LIFETIME - age - DOUBT < last < LIFETIME - age + FORGOTTEN + DOUBT, minutes(last)
    for deployment in shared:
        tell(net, visitor, died, deployment)
        assert deployment.all_own is not None and deployment.all_own < THROUGH + DOUBT, deployment.all_own
        assert deployment.forgotten is None, minutes(deployment.forgotten)
        assert not visitor.unexcused(deployment.name, 'plain'), visitor.unexcused(deployment.name, 'plain')


main_in_own_network(test, f'--interval={INTERVAL}', f'--speed={SPEED}')
