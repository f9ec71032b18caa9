# A backend: a tor that runs an onion service, and a web server whose page says which backend it is.

import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import ThreadingUnixStreamServer

import stem

from .judge import Judged
from .keys import OnionKey
from .process import TimedOut, wait_for, write_file
from .tor import Tor

# The line of a torrc with which a tor publishes no descriptors.
SILENT = 'PublishHidServDescriptors 0'


class Service(Tor):
    """A tor with one onion service. `address` is its own; `frontends` are those it works for; `service_lines` are further
    lines of the service in its torrc; `hits` counts the requests its page had."""

    def __init__(self, name, folder, torrc, frontends=(), key=None, page=None, service_lines=(), **options):
        super().__init__(name, folder, torrc, **options)
        self.service_lines = list(service_lines)
        self.key = key or OnionKey()
        self.address, self.onion = self.key.address, self.key.onion
        self.service_dir = os.path.join(folder, 'service')
        self.page = name if page is None else page
        self.hits = 0
        self._events = None
        self.key.write_service_dir(self.service_dir)
        self.set_frontends(frontends)
        self._server = serve_page(self, os.path.join(folder, 'web') if self.island else None)

    def set_frontends(self, frontends):
        """Name the frontends it works for (addresses with or without .onion); counts from the next start."""
        self.frontends = [address.removesuffix('.onion') for address in frontends]
        path = os.path.join(self.service_dir, 'ob_config')
        if self.frontends:
            write_file(path, ''.join(f'MasterOnionAddress {address}.onion\n' for address in self.frontends))
        elif os.path.exists(path):
            os.unlink(path)

    def _service_lines(self):
        lines = [f'HiddenServiceDir {self.service_dir}',
                 f'HiddenServicePort 80 {where_served(self._server)}']
        if self.frontends:
            lines.append('HiddenServiceOnionBalanceInstance 1')
        return lines + self.service_lines

    def start(self):
        """Start its tor, and record its events from the first moment on."""
        super().start()
        self.wait_control()
        self._events = self.events('HS_DESC')

    @property
    def is_silent(self):
        """Whether it publishes no descriptors."""
        return SILENT in self.torrc

    @property
    def uploads(self):
        """The HS_DESC events of its service since it was last started, oldest first."""
        return [event for event in list(self._events.events) if event.address == self.address]

    def wait_published(self, timeout=90):
        """Wait until its HSDirs have taken both its descriptors; returns their (blinded key, fingerprint) set. If it
        publishes none, until it has one."""
        if self.is_silent:
            self.wait_described(timeout)
            return set()

        def all_taken(_):
            return len({blinded for blinded, _ in self.uploads_started()}) >= 2 and not self.uploads_open()
        try:
            self._events.wait(all_taken, timeout, f'{self.name} to publish its descriptors')
        except TimedOut as error:
            raise TimedOut(f'{error}\nits log ends:\n{self.log_tail(10)}') from None
        return self.uploads_started()

    def wait_described(self, timeout=90):
        """Wait until it has a descriptor, which it may not publish."""
        def has_descriptor():
            try:
                return self.own_descriptor()
            except stem.ControllerError:
                return None  # not yet
        wait_for(has_descriptor, timeout, f'{self.name} to have a descriptor', 0.1)

    def wait_event(self, action, timeout):
        """Wait for the first HS_DESC event with this action since the start."""
        return self._events.wait(lambda event: event.action == action and event.address == self.address, timeout,
                                 f'{action} of {self.name}')

    def wait_offered(self, timeout=60):
        """Wait for its first introduction points since the start; returns when an HSDir had taken them, or, if it publishes
        none, when it had them itself (time.time())."""
        if not self.is_silent:
            return self.wait_event('UPLOADED', timeout).time
        self.wait_described(timeout)
        wait_for(lambda: Judged(self.own_descriptor(), self.onion).points, timeout, f'{self.name} to have points', 0.05)
        return time.time()

    def uploads_started(self):
        """(blinded key, HSDir fingerprint) of every upload since the start."""
        return {(event.blinded, event.fingerprint) for event in self.uploads if event.action == 'UPLOAD'}

    def uploads_open(self):
        """How many uploads have been started but not answered."""
        actions = [event.action for event in self.uploads]
        return actions.count('UPLOAD') - actions.count('UPLOADED') - actions.count('FAILED')

    def own_descriptor(self):
        """What its control port says its descriptor is (GETINFO): always the first one."""
        return self.info(f'hs/service/desc/id/{self.address}')

    def close(self):
        """End its tor and its web server for good."""
        super().close()
        self._server.shutdown()
        self._server.server_close()


def where_served(server):
    """Where a web server of serve_page() is, as a torrc has it."""
    return f'unix:{server.server_address}' if isinstance(server, ThreadingUnixStreamServer) else (
        f'127.0.0.1:{server.server_address[1]}')


def serve_page(service, socket_path=None):
    """A web server on a port of its own, or a unix socket, in a thread; every path gives the service's page. Who calls shuts it
    down."""
    class Handler(BaseHTTPRequestHandler):
        def setup(self):
            super().setup()
            if self.rfile.peek(1)[:1] == b'P':  # of HiddenServiceExportCircuitID; all else here begins with GET
                self.rfile.readline()

        def do_GET(self):
            service.hits += 1
            page = service.page(self.path) if callable(service.page) else service.page
            body = page.encode() if isinstance(page, str) else page
            self.send_response(200)
            self.send_header('Content-Type', 'text/plain')
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = (ThreadingUnixStreamServer(socket_path, Handler) if socket_path
              else ThreadingHTTPServer(('127.0.0.1', 0), Handler))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.1}, daemon=True).start()
    return server
