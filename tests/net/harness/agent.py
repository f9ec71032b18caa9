# "obpub agent" beside a backend's tor, which a publisher elsewhere reaches at an onion service of the agent's own.

import os
import secrets

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from .keys import OnionKey, base32
from .process import private_folder, spawn, tail, wait_for, write_file
from .runner import obpub_path

PORT = 9151


class ClientKey:
    """The key without which nobody finds the agents' onion services; `path` is a file with it, for the publisher."""

    def __init__(self, path):
        raw = serialization.Encoding.Raw
        private = X25519PrivateKey.generate()
        secret = private.private_bytes(raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
        public = private.public_key().public_bytes(raw, serialization.PublicFormat.Raw)
        self.path = path
        self.authorized = f'descriptor:x25519:{base32(public)}\n'  # for authorized_clients
        write_file(path, f'descriptor:x25519:{base32(secret)}\n')


class Agent:
    """An agent for one backend. Made before the backend's tor, whose torrc has service_lines(); then start(backend). Ends
    with the network object. client_key: a ClientKey, or None for an agent that anybody finds who knows its address."""

    def __init__(self, net, name, client_key=None):
        self.name = name
        self.folder = net.path(name)
        self.key = OnionKey()
        self.onion = self.key.onion
        self.client_key = client_key
        self._service_dir = os.path.join(self.folder, 'service')
        self._secret_file = os.path.join(self.folder, 'secret')
        self._socket = os.path.join(self.folder, 'socket')
        self._process = None
        private_folder(self.folder)
        write_file(self._secret_file, secrets.token_hex(32) + '\n')
        self.key.write_service_dir(self._service_dir)
        if client_key:
            private_folder(os.path.join(self._service_dir, 'authorized_clients'))
            write_file(os.path.join(self._service_dir, 'authorized_clients', 'publisher.auth'), client_key.authorized)
        net.daemons.append(self)

    def service_lines(self):
        """Its onion service's lines, for the end of its tor's torrc."""
        return [f'HiddenServiceDir {self._service_dir}', f'HiddenServicePort {PORT} unix:{self._socket}',
                'HiddenServiceMaxStreams 8', 'HiddenServiceMaxStreamsCloseCircuit 1']

    def start(self, backend):
        """Start it beside a backend's tor, on that one's island if it is on one."""
        command = [os.path.abspath(obpub_path()), 'agent', '--control', f'unix:{backend.control_socket}', '--address',
                   backend.onion, '--listen', f'unix:{self._socket}', '--password-file', self._secret_file]
        with open(self._log_file(), 'ab') as log:
            self._process = spawn(backend.island.inside(command) if backend.island else command, 'TERM', stdout=log,
                                  stderr=log)
        wait_for(lambda: os.path.exists(self._socket), 20, f'{self.name} to listen')
        return self

    def alive(self):
        return self._process is not None and self._process.poll() is None

    def instance(self, backend):
        """The lines of its backend in a config of the publisher."""
        return [f'      - address: {backend.onion}', f'        name: {backend.name}',
                f'        control: {self.onion}:{PORT}', f'        control-password-file: {self._secret_file}',
                *([f'        control-client-key: {self.client_key.path}'] if self.client_key else [])]

    def stop(self):
        """SIGTERM, and wait for the end."""
        self._process.terminate()
        self._process.wait(10)

    def close(self):
        """End it for good."""
        if self.alive():
            self._process.kill()
            self._process.wait()

    def log_tail(self, lines=20):
        return tail(self._log_file(), lines)

    def _log_file(self):
        return os.path.join(self.folder, 'log')
