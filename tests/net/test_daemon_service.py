# The daemon as systemd sees it: what it tells the service manager, what it does on signals, and that it ends within a
# second whatever its tors do.

import os
import signal
import socket
import time

from harness.daemon import Daemon
from harness.obpub import instance, start_one_backend
from testnet import main, step

WATCHDOG_SECONDS = 2


class Manager:
    """A socket in the place of the service manager's; `messages` are the datagrams that came, each a list of
    assignments, with the time they came at."""

    def __init__(self, path):
        self.path = path
        self.messages = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)

    def environment(self):
        return dict(os.environ, NOTIFY_SOCKET=self.path, WATCHDOG_USEC=str(WATCHDOG_SECONDS * 1000000))

    def wait(self, assignment, timeout=5, since=0):
        """Wait for a datagram with an assignment that begins so; returns it and its index."""
        deadline = time.monotonic() + timeout
        while True:
            for number, (_, message) in enumerate(self.messages[since:], since):
                found = [line for line in message if line.startswith(assignment)]
                if found:
                    return found[0], number
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                data = self._socket.recv(65536).decode()
            except TimeoutError:
                raise AssertionError(f'no {assignment} within {timeout} s; came: {self.messages}') from None
            self.messages.append((time.monotonic(), data.rstrip('\n').split('\n')))


def check_watchdog(manager):
    """It has to be fed at least every half of its time."""
    times = []
    since = len(manager.messages)
    for _ in range(4):
        _, since = manager.wait('WATCHDOG=1', WATCHDOG_SECONDS, since)
        times.append(manager.messages[since][0])
        since += 1
    longest = max(later - earlier for earlier, later in zip(times, times[1:]))
    assert longest < WATCHDOG_SECONDS * 0.75, f'the watchdog had to wait {longest:.2f} s of {WATCHDOG_SECONDS}'


def check_reload(manager, daemon):
    since = len(manager.messages)
    daemon.reload()
    _, reloading = manager.wait('RELOADING=1', since=since)
    moment = next(line for line in manager.messages[reloading][1] if line.startswith('MONOTONIC_USEC='))
    assert abs(int(moment.partition('=')[2]) / 1e6 - time.monotonic()) < 10, moment
    manager.wait('READY=1', since=reloading + 1)


def check_end(daemon, number, manager=None):
    status, seconds = daemon.end(number)
    assert status == 0, f'exit status {status} after {number.name}'
    assert seconds < 1, f'it took {seconds:.2f} s to end after {number.name}'
    if manager:
        manager.wait('STOPPING=1')
    assert not os.path.exists(daemon.status_path), 'its status socket is still there'
    step(f'{number.name}: it ended within {seconds:.3f} s, with status 0')


def test(net):
    key_path, frontend, publisher, backend = start_one_backend(net)
    manager = Manager(net.path('notify'))
    daemon = Daemon(net, publisher, [(key_path, [instance(backend)])], environment=manager.environment()).start()
    manager.wait('READY=1')
    daemon.wait_published()
    manager.wait('STATUS=1 of 1 frontends published, 1 of 1 backends in', 10)
    step('it told the service manager READY=1 and a STATUS=')
    check_watchdog(manager)
    step('it feeds the watchdog')
    check_reload(manager, daemon)
    step('it told RELOADING=1, and READY=1 again')

    since = len(daemon.log())
    daemon.send(signal.SIGUSR1)
    daemon.wait_log('backend backend', 2, since)
    assert all(word in daemon.log(since) for word in (frontend.onion, 'first descriptor', 'second descriptor'))
    step('SIGUSR1: its status is in the log')

    check_end(daemon, signal.SIGTERM, manager)
    daemon.start()
    daemon.wait_published()
    check_end(daemon, signal.SIGINT, manager)
    daemon.start()
    daemon.wait_published()
    publisher.suspend()
    backend.suspend()
    time.sleep(1)
    check_end(daemon, signal.SIGTERM)
    daemon.start()
    time.sleep(1)
    check_end(daemon, signal.SIGTERM)


main(test)
