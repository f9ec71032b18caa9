# The health of what is behind backends, asked through Tor: a web server that is stopped, or answers badly, slowly or without
# end, has no visitors within interval x fall and what it takes to publish that, and has them again when it answers. Where all
# of them fail nothing changes. A backend without a control port whose tor is killed is found out the same way. Each check comes
# over a circuit of its own, as one backend's tor says.

import contextlib
import re
import socket
import threading
import time

from harness.client import who_answers
from harness.daemon import Daemon
from harness.hsdirs import clients_slot, held_points, living_points
from harness.obpub import instance, wait_settled
from harness.places import FIRST
from testnet import free_port, main, make_frontend_key, step

INTERVAL, FALL, RISE, TIMEOUT = 5, 3, 2, 4
OUT = INTERVAL * FALL + 10       # seconds within which a backend whose web server fails is out
# Seconds for which a tor asks no introduction point from which no answer came in time, and has no way to a backend where that
# is each of its points.
AVOIDED = 120
BACK = INTERVAL * (RISE + 1) + 20 + AVOIDED  # and in again: a change that brings points may wait for some seconds
STEADY = 2 * INTERVAL * FALL     # seconds in which nothing changes where all fail
PORT = 81
# A tor with this says first on each connection which circuit it came on (HiddenServiceExportCircuitID).
EXPORT = 'HiddenServiceExportCircuitID haproxy'
CIRCUIT = re.compile(rb'PROXY TCP6 (fc00:dead:beef:4dad::[0-9a-f]+:[0-9a-f]+) \S+ \d+ \d+\r\n')
EXPORTER = 0                     # whose tor has it
CHECKS = 5                       # whose circuits are compared
HEALTH = f'health: {{port: {PORT}, path: /up, interval: {INTERVAL}, timeout: {TIMEOUT}, fall: {FALL}, rise: {RISE}}}'


def answer_well(connection):
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')


def answer_500(connection):
    connection.sendall(b'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n')


def answer_slowly(connection):
    for byte in b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n':
        connection.sendall(bytes([byte]))
        time.sleep(1)


def answer_endlessly(connection):
    connection.sendall(b'HTTP/1.1 200 OK\r\n')
    while True:
        connection.sendall(b'X-More: to come\r\n' * 100)


def answer_without_end(connection):
    connection.sendall(b'HTTP/1.1 200 OK\r\n')
    while True:
        connection.sendall(b'X-More: to come\r\n')
        time.sleep(0.5)


class Web:
    """A web server at a port of its own, which answers as it is told, or is stopped. With `exports` it stands behind a tor with
    EXPORT; `circuits` are those that requests came on."""

    def __init__(self, exports=False):
        self.port, self.answer, self._listener = free_port(), answer_well, None
        self.exports, self.circuits = exports, []
        self.start()

    def start(self):
        self._listener = socket.create_server(('127.0.0.1', self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._listener = None

    def mend(self):
        self.answer = answer_well
        if self._listener is None:
            self.start()

    def _accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with connection, contextlib.suppress(OSError):
            request = b''
            while b'\r\n\r\n' not in request:
                piece = connection.recv(4096)
                if not piece:
                    return
                request += piece
            if self.exports:
                request = self._note_circuit(request)
            assert request.startswith(b'GET /up HTTP/1.1\r\n'), request
            self.answer(connection)

    def _note_circuit(self, request):
        """Returns the request without its first line, which says the circuit."""
        line = CIRCUIT.match(request)
        assert line, request
        self.circuits.append(line[1])
        return request[line.end():]


# What becomes of a web server, and what is then said of its backend.
FAULTS = {
    'stopped': (Web.stop, ''),
    'answers 500': (lambda web: setattr(web, 'answer', answer_500), 'status 500'),
    'answers a byte a second': (lambda web: setattr(web, 'answer', answer_slowly), 'no whole answer'),
    'never ends its headers': (lambda web: setattr(web, 'answer', answer_without_end), 'no whole answer'),
    'sends headers as fast as it can': (lambda web: setattr(web, 'answer', answer_endlessly), 'too many headers'),
}


class Scene:
    """Three backends, the second of which has no control port, and obpub."""

    def __init__(self, net):
        self.net = net
        key_path = net.path('health.key')
        self.frontend = make_frontend_key(key_path)
        publisher = net.start_tor('publisher', socks=True, wait=False)
        self.observer = net.start_tor('observer', socks=True, wait=False)
        self.client = net.start_client()
        self.webs = [Web(exports=number == EXPORTER) for number in range(3)]
        self.backends = [net.start_service(f'web{number}', [self.frontend.onion], wait=False,
                                           service_lines=[f'HiddenServicePort {PORT} 127.0.0.1:{web.port}',
                                                          *([EXPORT] if web.exports else [])])
                         for number, web in enumerate(self.webs)]
        for backend in self.backends:
            backend.wait_published()
        publisher.wait_bootstrapped()
        self.observer.wait_bootstrapped()
        wait_settled(net, self.backends)
        instances = [instance(backend, None if number == 1 else 'unix') for number, backend in enumerate(self.backends)]
        self.daemon = Daemon(net, publisher, [(key_path, instances, HEALTH)]).start()
        self.daemon.wait_published()

    def status(self):
        return self.daemon.frontend(self.frontend.address)

    def instance(self, number):
        return self.status()['instances'][number]

    def healths(self):
        return [each['health'] for each in self.status()['instances']]

    def is_out(self, number):
        """Whether nothing of a backend is published, and no HSDir that clients ask has a point of it."""
        status = self.status()
        each = status['instances'][number]
        return status['isPublished'] and each['introPointsPublished'] == 0 and each['share'] == 0

    def is_in(self, number):
        """Whether something of it is, or would be, were its relays not others'."""
        each = self.instance(number)
        return each['introPointsPublished'] > 0 or each['introPointsLack'] == FIRST

    def wait_out(self, number, since, within):
        self.net.wait_for(lambda: self.is_out(number), since + within - time.monotonic(),
                          f'{self.backends[number].name} to be out', 0.2)
        return time.monotonic() - since

    def wait_in(self, number, since):
        self.net.wait_for(lambda: self.instance(number)['health'] == 'healthy' and self.is_in(number),
                          since + BACK - time.monotonic(), f'{self.backends[number].name} to be in again', 0.2)
        return time.monotonic() - since

    def check_hsdirs(self, number, points=None):
        """No HSDir that clients ask has a point of a backend: one of these, or of those that it has now."""
        points = points or living_points(self.observer, self.backends[number])
        hsdirs = self.daemon.hsdirs(self.frontend.address, clients_slot(self.net))
        held = held_points(self.observer, self.frontend.onion, hsdirs)
        assert points and not any(there and there & points for there in held.values()), 'HSDirs have points of it'

    def check_visitors(self, wanted):
        """New visitors come to these backends alone, and to each of them."""
        self.client.forget_descriptors()
        wanted = {self.backends[number].name for number in wanted}
        pages = who_answers(self.client, self.frontend.address, wanted)
        assert set(pages) == wanted, pages
        return sum(pages.values())


def check_circuits(scene):
    """All checks so far, and some at least, came on circuits of their own."""
    circuits = scene.webs[EXPORTER].circuits
    scene.net.wait_for(lambda: len(circuits) >= CHECKS, CHECKS * (INTERVAL + TIMEOUT), f'{CHECKS} checks', 0.2)
    seen = list(circuits)
    assert len(set(seen)) == len(seen), seen
    step(f'{len(seen)} checks of {scene.backends[EXPORTER].name} came on as many circuits')


def check_fault(scene, number, fault):
    """The web server of a backend fails: it is out in time, and back when that is over."""
    web, (fail, words) = scene.webs[number], FAULTS[fault]
    scene.wait_in(number, time.monotonic())
    began = time.monotonic()
    fail(web)
    seconds = scene.wait_out(number, began, OUT)
    each = scene.instance(number)
    assert each['health'] == 'sick' and each['state'] == 'live' and words in (each['healthError'] or ''), each
    scene.check_hsdirs(number)
    step(f'{scene.backends[number].name} {fault}: out after {seconds:.1f} s ({each["healthError"]})')
    began = time.monotonic()
    web.mend()
    step(f'it answers again, and is back after {scene.wait_in(number, began):.1f} s')


def check_all(scene):
    """All fail: nothing changes, and that is said."""
    scene.webs[0].answer = answer_500
    for web in scene.webs[1:]:
        web.stop()
    scene.net.wait_for(lambda: scene.healths() == ['sick'] * 3 and scene.status()['doubtsHealth'], OUT + INTERVAL,
                       'all to be sick', 0.2)
    scene.daemon.wait_log('ALL BACKENDS THAT ARE LIVE FAIL THEIR HEALTH CHECKS', 5)
    scene.net.wait_for(lambda: all(map(scene.is_in, range(3))), 5, 'all to be in')
    deadline = time.monotonic() + STEADY
    while time.monotonic() < deadline:
        assert all(map(scene.is_in, range(3))), scene.status()['instances']
        time.sleep(0.5)
    step(f'all fail: all are in, and for {STEADY} s nothing has changed')
    for web in scene.webs:
        web.mend()
    scene.net.wait_for(lambda: scene.healths() == ['healthy'] * 3, BACK, 'all to be healthy', 0.2)
    assert not scene.status()['doubtsHealth'] and all(map(scene.is_in, range(3)))


def check_killed(scene):
    """The tor of the backend without a control port is killed, of which only its introduction points at HSDirs would tell,
    hours later."""
    points = living_points(scene.observer, scene.backends[1])
    began = time.monotonic()
    scene.backends[1].kill()
    seconds = scene.wait_out(1, began, OUT + INTERVAL + TIMEOUT)
    each = scene.instance(1)
    assert each['state'] == 'live' and each['health'] == 'sick', each
    step(f'{scene.backends[1].name}, killed, is out after {seconds:.1f} s ({each["healthError"]})')
    scene.check_hsdirs(1, points)
    step(f'{scene.check_visitors({0, 2})} visitors came to the others')


def test(net):
    scene = Scene(net)
    net.wait_for(lambda: scene.healths() == ['healthy'] * 3, OUT, 'all to be healthy', 0.2)
    check_circuits(scene)
    for number, fault in ((0, 'stopped'), (1, 'stopped'), (2, 'answers 500'), (0, 'answers a byte a second'),
                          (1, 'never ends its headers'), (2, 'sends headers as fast as it can')):
        check_fault(scene, number, fault)
    scene.webs[0].stop()
    scene.net.wait_for(lambda: scene.is_out(0), OUT, f'{scene.backends[0].name} to be out')
    step(f'{scene.check_visitors({1, 2})} visitors came to the others')
    scene.webs[0].mend()
    scene.net.wait_for(lambda: scene.instance(0)['health'] == 'healthy', BACK, f'{scene.backends[0].name} to be healthy', 0.2)
    check_all(scene)
    check_killed(scene)
    check_circuits(scene)


main(test)
