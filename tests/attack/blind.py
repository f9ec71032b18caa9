# The way from a publisher to a backend's control port, which can be taken away: the publisher is blind then, and goes on
# with what it knew.

import os
import socket
import threading


class Way:
    """A unix socket at `path` that leads to the one at `target`; a context manager."""

    def __init__(self, path, target):
        self.path, self._target = path, target
        self._listener, self._connections = None, set()

    def __enter__(self):
        self.open()
        return self

    def __exit__(self, *_):
        self.close()

    def open(self):
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(socket.SOMAXCONN)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def close(self):
        """Takes the way away: who is connected is cut off, and nobody answers any more."""
        if self._listener is None:
            return
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._listener = None
        os.unlink(self.path)
        for connection in list(self._connections):
            _shut(connection)

    def _accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(self._target)
            except OSError:
                near.close()
                continue
            self._connections |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass
        _shut(one)
        _shut(other)
        self._connections -= {one, other}


def _shut(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
