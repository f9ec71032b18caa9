# A siege of the real thing: backends that lie (stand-ins, attack/hostile.py: no tor can be made to), each in another
# way and all at the same time, beside two honest ones on the private network. Each is found out or gets no more than
# its share; the honest ones, and what they change meanwhile, are published; memory and processor are not eaten up.

import os
import sys
import time

from harness.client import ask_hsdirs
from harness.daemon import Daemon
from harness.hsdirs import clients_slot, living_points
from harness.judge import Judged
from harness.obpub import instance
from harness.places import wait_placed
from harness.process import cpu_seconds, family, memory_of
from testnet import main, make_frontend_key, step

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'attack'))
import hostile  # noqa: E402
import siege  # noqa: E402

PATIENCE = 90          # seconds until each lie must have been found out
MEMORY_MAX = 8 * 1024  # KiB that the processes may have grown by, together, at their most
PROCESSOR_MAX = 0.5    # of one processor, while the siege lasts
SHARE_MAX = 2 * 3      # introduction points of a backend, where the middle one has 3 as tors do by default


def superdescriptors(net, daemon, frontend):
    """What the HSDirs that clients use hand out, judged: InvalidSignature or ValueError if one is not good."""
    hsdirs = daemon.hsdirs(frontend.address, clients_slot(net))
    return [Judged(text, frontend.onion) for text in ask_hsdirs(net.client, frontend.address, hsdirs).values() if text]


def honest_are_live(service, names):
    states = {each['name']: each['state'] for each in service['instances']}
    return service['isPublished'] and all(states[name] == 'live' for name in names)


def test(net):
    key_path = net.path('frontend.key')
    frontend = make_frontend_key(key_path)
    publisher = net.start_tor('publisher', wait=False)
    backends = [net.start_service(name, [frontend.onion], wait=False) for name in ('good1', 'good2')]
    for backend in backends:
        backend.wait_published()
    publisher.wait_bootstrapped()
    names = [backend.name for backend in backends]
    honest = [instance(backend) for backend in backends]
    settings = ['backend-grace: 5']
    daemon = Daemon(net, publisher, [(key_path, honest)], settings=settings).start()
    daemon.wait_published()
    processes = family(daemon.pid)
    before = {pid: memory_of(pid, 'VmRSS') for pid in processes}
    used, began = cpu_seconds(daemon.pid), time.monotonic()
    step(f'two honest backends are published by {", ".join(processes.values())}')

    times = net.consensus_times()
    offset = times.run_length // 2 // 60
    with siege.Siege(net.path('.'), times.period_length, offset) as besiegers:
        daemon.configure([(key_path, honest + besiegers.instances())], settings)
        daemon.reload()

        disturbed = []

        def all_known():
            service = daemon.frontend(frontend.address)
            besiegers.look(service)
            disturbed.extend(each for each in service['instances'] if each['name'] in names and each['state'] != 'live')
            return not besiegers.open_cases()
        try:
            net.wait_for(all_known, PATIENCE, 'all lies to be found out')
        finally:
            for lie in besiegers.open_cases():
                step(f'{lie}: {besiegers.states[lie]} {besiegers.reasons[lie]}')
        for lie, reasons in besiegers.reasons.items():
            step(f'{lie}: {" | ".join(reasons) or "let in"}')
        assert not besiegers.rude_reasons(), besiegers.rude_reasons()
        assert not disturbed, disturbed[0]
        assert not besiegers.spared(), besiegers.states
        assert not besiegers.pestered(), besiegers.pestered()

        # An honest backend changes meanwhile: it is served as if nothing were the matter.
        backends[1].kill()
        backends[1].start()
        backends[1].wait_published()
        net.wait_for(lambda: honest_are_live(daemon.frontend(frontend.address), names), 60, 'both to be live')

        def all_are_in():
            living = [living_points(net.client, backend) for backend in backends]
            judged = superdescriptors(net, daemon, frontend)
            # Not all of them: of several points at one relay just one is published.
            return judged if judged and all(points & set(each.points) for points in living for each in judged) else None
        judged = wait_placed(daemon, frontend.address, backends, all_are_in, 90,
                             'the HSDirs to have points of both honest backends as they are now')
        assert all(len(each.points) <= 20 and len(set(each.points)) == len(each.points) for each in judged)
        shares = besiegers.shares(daemon.frontend(frontend.address))
        irreproachable = {lie for lie in hostile.LIES if hostile.LIES[lie].words is None}
        assert set(shares) <= irreproachable | {'flood', 'unasked', 'replayed'}, shares
        assert shares.get('twenty-points', 0) <= SHARE_MAX and shares.get('one-relay', 0) <= 1, shares
        step(f'{len(judged)} HSDirs have a good superdescriptor, with these shares of theirs: {shares}')
        seconds = time.monotonic() - began
        share = (cpu_seconds(daemon.pid) - used) / seconds

    assert daemon.alive() and family(daemon.pid) == processes, 'a process ended'
    grown = {pid: memory_of(pid, 'VmHWM') - before[pid] for pid in processes}
    step(f'memory grew by {sum(grown.values())} KiB at most; {100 * share:.1f} % of a processor in {seconds:.0f} s')
    assert sum(grown.values()) < MEMORY_MAX, grown
    assert share < PROCESSOR_MAX
    assert daemon.end()[0] == 0


main(test)
