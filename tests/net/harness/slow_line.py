# A line to the network that carries so many bytes a second and no more, for a tor: a proxy for all of its connections.
# (tor's own BandwidthRate would slow its control port down as well, on a testing network.)

import select
import socket
import threading
import time

PIECE = 1024  # bytes that go through at once


class SlowLine:
    """`torrc` is the line that has a tor use it; at first it is as fast as the machine. close() it."""

    def __init__(self):
        self._rate = None
        self._listener = socket.create_server(('127.0.0.1', 0))
        self._sockets = [self._listener]
        self._lock = threading.Lock()
        self._free_at = {True: 0.0, False: 0.0}  # when each direction has room again
        self.torrc = f'HTTPSProxy 127.0.0.1:{self._listener.getsockname()[1]}'
        threading.Thread(target=self._accept, daemon=True).start()

    def limit(self, rate):
        """From now on so many bytes a second go each way, all connections together; None: as many as there are."""
        self._rate = rate

    def close(self):
        """End it, with all connections."""
        for each in list(self._sockets):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        # tor asks with "CONNECT ADDRESS:PORT HTTP/1.0".
        try:
            request = b''
            while b'\r\n\r\n' not in request:
                request += client.recv(4096) or self._fail()
            host, port = request.split()[1].decode().rsplit(':', 1)
            relay = socket.create_connection((host, int(port)), 10)
            self._sockets.append(relay)
            client.sendall(b'HTTP/1.0 200 OK\r\n\r\n')
            threading.Thread(target=self._carry, args=(relay, client, True), daemon=True).start()
            self._carry(client, relay, False)
        except (OSError, ValueError):
            client.close()

    @staticmethod
    def _fail():
        raise OSError('it was closed')

    def _carry(self, source, target, is_down):
        try:
            while True:
                select.select([source], [], [])
                piece = source.recv(PIECE)
                if not piece:
                    break
                self._wait(len(piece), is_down)
                target.sendall(piece)
        except (OSError, ValueError):
            pass
        for each in (source, target):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _wait(self, size, is_down):
        rate = self._rate
        if rate is None:
            return
        with self._lock:
            begins = max(self._free_at[is_down], time.monotonic())
            self._free_at[is_down] = begins + size / rate
        time.sleep(max(0.0, begins - time.monotonic()))
