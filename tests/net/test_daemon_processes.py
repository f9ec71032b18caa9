# The daemon's three processes on a real network: when one is killed all end, and a new obpub publishes on; a reload that
# brings a key, changes one and takes one away is published while the processes stay the same, and the engine has never
# had a key's file open.

import os
import signal
import threading

from harness.daemon import Daemon
from harness.memory import can_read_memory
from harness.obpub import instance
from harness.process import family, process_runs, wait_for
from testnet import main, make_frontend_key, step

LOST = 4  # the exit status when one of the processes has ended


class Watch(threading.Thread):
    """Looks at what a process has open, again and again, until stop() gives every name that it ever had. obpub's
    processes are not dumpable, so only root can look (CAP_SYS_PTRACE)."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.names = set()
        self._folder = f'/proc/{pid}/fd'
        self._ended = threading.Event()
        self.start()

    def run(self):
        while can_read_memory() and not self._ended.is_set():
            try:
                for number in os.listdir(self._folder):
                    self.names.add(os.readlink(f'{self._folder}/{number}'))
            except FileNotFoundError:
                pass

    def stop(self):
        self._ended.set()
        self.join()
        return self.names


def parts(daemon):
    """The ids of its signer and reader, by name."""
    found = {name: pid for pid, name in family(daemon.pid).items() if pid != daemon.pid}
    assert sorted(found) == ['obpub-reader', 'obpub-signer'], found
    return found


def check_killed(daemon, name):
    """Kill one of the three; the others end, and a new obpub goes on."""
    pids = parts(daemon) | {'obpub': daemon.pid}
    os.kill(pids[name], signal.SIGKILL)
    if name != 'obpub':
        wait_for(lambda: not daemon.alive(), 5, 'the engine to end')
        status, _ = daemon.end()
        assert status == LOST, f'exit status {status} after {name} was killed'
        assert f'the process {name} was ended by signal 9' in daemon.log(), daemon.log_tail()
    else:
        daemon.kill()
    wait_for(lambda: not any(process_runs(pid) for pid in pids.values()), 5, 'all processes to end', 0.02)
    daemon.start()
    daemon.wait_published()
    step(f'{name} is killed: the others end, a new obpub publishes')


def check_reload(daemon, pids, keys, backend, names, words):
    """Reload with the frontends of these names, and wait until they are published. words: what the log says of each of
    those that have changed."""
    daemon.configure([(keys[name][0], [instance(backend)]) for name in names])
    words = '; '.join(f'frontend {keys[name][1].address}.onion is {what}' for name, what in words)
    daemon.reload(f'config read again: {words}\n')
    addresses = [keys[name][1].address for name in names]

    def published():
        services = (daemon.status() or {'services': []})['services']
        return [service['onionAddress'].partition('.')[0] for service in services] == addresses and all(
            service['isPublished'] for service in services)
    wait_for(published, 60, f'obpub to publish {" and ".join(names)}')
    assert parts(daemon) == pids, 'its processes are others'
    step(f'a reload: {words}')


def test(net):
    keys = {name: (net.path(f'{name}.key'), make_frontend_key(net.path(f'{name}.key')))
            for name in ('one', 'other', 'third')}
    publisher = net.start_tor('publisher', wait=False)
    backend = net.start_service('backend', [key.onion for _, key in keys.values()], wait=False)
    backend.wait_published()
    publisher.wait_bootstrapped()
    daemon = Daemon(net, publisher, [(keys['one'][0], [instance(backend)])]).start()
    daemon.wait_published()

    pids = parts(daemon)
    watch = Watch(daemon.pid)
    check_reload(daemon, pids, keys, backend, ['one', 'other'], [('other', 'new')])
    check_reload(daemon, pids, keys, backend, ['other', 'third'], [('third', 'new'), ('one', 'gone')])
    check_reload(daemon, pids, keys, backend, ['one'], [('one', 'new'), ('other', 'gone'), ('third', 'gone')])
    names = watch.stop()
    assert any(name.startswith('socket:') for name in names) or not can_read_memory(), names
    seen = [name for name in names if name.endswith('.key') or name == daemon.config]
    assert not seen, f'the engine had {seen} open'
    step('the engine never had a key or the config open' if can_read_memory() else
         'NOT CHECKED, for want of root\'s CAP_SYS_PTRACE: that the engine never had a key or the config open')

    for name in ('obpub-signer', 'obpub-reader', 'obpub'):
        check_killed(daemon, name)
    pids = parts(daemon)
    status, seconds = daemon.end()
    assert status == 0 and seconds < 1, (status, seconds)
    assert not any(process_runs(pid) for pid in pids.values()), 'its processes are still there'


main(test)
