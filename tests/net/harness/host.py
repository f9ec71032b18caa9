# A tor that runs several onion services, each a backend of its own: as many as there are on a machine with few processors.

import os

from .process import wait_for, write_file
from .keys import OnionKey
from .service import serve_page
from .tor import Tor


class HostedService:
    """An onion service of a Host's: a backend as instance() takes it. Its page is its name; `hits` counts the requests."""

    def __init__(self, host, name, frontends):
        self.host, self.name, self.page, self.hits = host, name, name, 0
        self.key = OnionKey()
        self.address, self.onion = self.key.address, self.key.onion
        self.folder = os.path.join(host.folder, name)
        self.key.write_service_dir(self.folder)
        write_file(os.path.join(self.folder, 'ob_config'),
                   ''.join(f'MasterOnionAddress {address}\n' for address in frontends))
        self.server = serve_page(self)

    # Its tor's control port is that of all services of this tor.

    @property
    def control_socket(self):
        return self.host.control_socket

    @property
    def control_password(self):
        return self.host.control_password

    def lines(self):
        """Its part of the torrc."""
        return [f'HiddenServiceDir {self.folder}', f'HiddenServicePort 80 127.0.0.1:{self.server.server_address[1]}',
                'HiddenServiceOnionBalanceInstance 1']

    def own_descriptor(self):
        """What its control port says its descriptor is (GETINFO): always the first one."""
        return self.host.info(f'hs/service/desc/id/{self.address}')


class Host(Tor):
    """A tor with an onion service for each of these names, for these frontends (OnionKeys' `onion`)."""

    def __init__(self, name, folder, torrc, names, frontends, **options):
        super().__init__(name, folder, torrc, **options)
        self.services = [HostedService(self, each, frontends) for each in names]
        self._events = None

    def _service_lines(self):
        return [line for service in self.services for line in service.lines()]

    def start(self):
        """Start it, and record its events from the first moment on."""
        super().start()
        self.wait_control()
        self._events = self.events('HS_DESC')

    def wait_published(self, timeout=90):
        """Wait until the HSDirs have answered about both descriptors of each service."""
        def is_published(service):
            events = [event for event in list(self._events.events) if event.address == service.address]
            begun = [event.blinded for event in events if event.action == 'UPLOAD']
            answers = sum(event.action in ('UPLOADED', 'FAILED') for event in events)
            return len(set(begun)) >= 2 and answers >= len(begun)
        wait_for(lambda: all(map(is_published, self.services)), timeout, f'{self.name} to publish its descriptors')

    def close(self):
        """End it and the web servers for good."""
        super().close()
        for service in self.services:
            service.server.shutdown()
            service.server.server_close()
