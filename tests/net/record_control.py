# Records what stock tors say over their control ports into vectors/control_session: byte for byte, for the seeds of
# tests/fuzz. A program, not a test:
# /usr/bin/python3 tests/net/testnet.py run -- /usr/bin/python3 tests/net/record_control.py [FOLDER]

import hmac
import os
import socket
import sys
import time

from testnet import main, step, wait_for

FOLDER = os.path.join(os.path.dirname(__file__), '..', '..', 'vectors', 'control_session')
SIZE_MAX = 23000  # of a recording; an input of a fuzz target may have 24000 bytes

# The fuzz targets have no other randomness.
CLIENT_NONCE = b'\x5a' * 32
CLIENT_HASH_KEY = b'Tor safe cookie authentication controller-to-server hash'


class Session:
    """A control connection of which every byte that comes is kept."""

    def __init__(self, tor):
        self.tor = tor
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(tor.control_socket)
        self.bytes = b''

    def ask(self, *commands):
        """Send commands, one after the other is answered; returns what came, with the events among it."""
        began = len(self.bytes)
        for command in commands:
            self._socket.sendall(command.encode() + b'\r\n')
            replies = self._count_replies() + 1
            self._take(lambda: self._count_replies() == replies)
        return self.bytes[began:]

    def authenticate(self):
        """The whole of it with SAFECOOKIE; returns what came."""
        info = self.ask('PROTOCOLINFO 1')
        challenge = self.ask('AUTHCHALLENGE SAFECOOKIE ' + CLIENT_NONCE.hex())
        server_nonce = bytes.fromhex(challenge.split(b'SERVERNONCE=')[1].split()[0].decode())
        with open(self.tor.cookie_file, 'rb') as file:
            cookie = file.read()
        proof = hmac.digest(CLIENT_HASH_KEY, cookie + CLIENT_NONCE + server_nonce, 'sha256')
        return info + challenge + self.ask('AUTHENTICATE ' + proof.hex())

    def wait_event(self, *words, since):
        """Wait until each of these words has come behind that place; returns what came."""
        self._take(lambda: all(word in self.bytes[since:] for word in words))
        return self.bytes[since:]

    def _count_replies(self):
        # Replies that are complete: last lines that are none of an event, outside data.
        count, in_data = 0, False
        for line in self.bytes.split(b'\r\n')[:-1]:
            if in_data:
                in_data = line != b'.'
            elif line[3:4] == b'+':
                in_data = True
            elif line[3:4] == b' ' and not line.startswith(b'6'):
                count += 1
        return count

    def _take(self, is_enough):
        deadline = time.monotonic() + 60
        while not (is_enough() and self.bytes.endswith(b'\r\n')):
            self._socket.settimeout(max(deadline - time.monotonic(), 0.1))
            came = self._socket.recv(65536)
            assert came, 'tor has closed the connection'
            self.bytes += came

    def close(self):
        self._socket.close()


def write(folder, name, content):
    """Write one recording, if a fuzz target takes it whole."""
    assert 0 < len(content) <= SIZE_MAX, f'{name} has {len(content)} bytes'
    with open(os.path.join(folder, name), 'wb') as file:
        file.write(content)
    step(f'recorded {name}: {len(content)} bytes')


def record_authentication(net, folder, service):
    """What tors say before commands: one that has a cookie, and those that are asked for less or for more."""
    session = Session(service)
    write(folder, 'authenticate-safecookie', session.authenticate())
    session.close()
    with open(service.cookie_file, 'rb') as file:
        write(folder, 'cookie', file.read())
    session = Session(service)
    write(folder, 'authenticate-wrong-cookie', session.ask('PROTOCOLINFO 1', 'AUTHENTICATE ' + '00' * 32))
    session.close()
    for kind in ('password', 'none'):
        tor = net.start_tor(f'{kind}asked', control_auth=kind, wait=False)
        tor.wait_control()
        session = Session(tor)
        word = f' "{tor.control_password}"' if kind == 'password' else ''
        write(folder, f'authenticate-{kind}', session.ask('PROTOCOLINFO 1', f'AUTHENTICATE{word}'))
        session.close()
        tor.close()


def record_backend(folder, service):
    """What a backend's tor answers to all that obpub asks, and its events."""
    session = Session(service)
    session.authenticate()
    write(folder, 'backend-questions', session.ask(
        'SETEVENTS HS_DESC HS_DESC_CONTENT', 'GETINFO uptime', 'GETINFO hs/service/desc/id/' + 'a' * 56,
        'GETINFO no/such/key', 'NOSUCHCOMMAND', 'HSFETCH ' + 'a' * 56))
    write(folder, 'backend-descriptor', session.ask(f'GETINFO hs/service/desc/id/{service.address}'))
    began = len(session.bytes)
    session.ask(f'HSFETCH {service.address}')
    write(folder, 'backend-fetch', session.wait_event(b'HS_DESC RECEIVED ', b'\n.\r\n650 OK\r\n', since=began))
    session.close()


def record_local_tor(net, folder, service):
    """What a tor that is only a client answers to all that obpub asks, and its events, as it uploads a descriptor."""
    local = net.start_tor('local', socks=True)
    session = Session(local)
    session.authenticate()
    write(folder, 'local-questions', session.ask(
        'GETCONF TestingTorNetwork', 'GETINFO status/enough-dir-info', 'GETCONF ExitNodes NoSuchThing',
        'SETEVENTS NEWCONSENSUS HS_DESC HS_DESC_CONTENT STREAM'))
    began = len(session.bytes)
    descriptor = service.own_descriptor().strip('\n').replace('\n', '\r\n')
    session.ask(f'+HSPOST HSADDRESS={service.address}\r\n{descriptor}\r\n.')
    write(folder, 'local-upload', session.wait_event(
        b'HS_DESC UPLOADED ', b'STREAM ', b' SUCCEEDED ', b' CLOSED ', since=began))
    write(folder, 'local-consensus', session.ask('GETINFO dir/status-vote/current/consensus-microdesc'))
    write(folder, 'local-microdescriptors', session.ask('GETINFO md/all'))
    # A lie about the revision counter: HSDirs have this descriptor already and refuse it.
    began = len(session.bytes)
    session.ask(f'+HSPOST HSADDRESS={service.address}\r\n{descriptor}\r\n.')
    wait_for(lambda: session.ask('GETINFO uptime') and b'HS_DESC FAILED ' in session.bytes[began:], 60,
             'HSDirs to refuse a descriptor that they have')
    write(folder, 'local-refused-upload', session.bytes[began:])
    write(folder, 'local-new-consensus', session.wait_event(b'650+NEWCONSENSUS', b'\n.\r\n650 OK\r\n',
                                                            since=len(session.bytes))[:SIZE_MAX])
    session.close()


def run(net):
    folder = sys.argv[1] if len(sys.argv) > 1 else FOLDER
    os.makedirs(folder, exist_ok=True)
    service = net.start_service('recorded')
    record_authentication(net, folder, service)
    record_backend(folder, service)
    record_local_tor(net, folder, service)


main(run)
