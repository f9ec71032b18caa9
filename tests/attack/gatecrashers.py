# Strangers at an agent's door who try to keep the publisher out, and one who knows the secret and behaves badly: each in
# a thread of its own until it is told to stop. They use the socket that the agent's tor would use.

import contextlib
import os
import socket
import threading
import time

NONCE = 64 * '0'
HELD_MAX = 400  # connections that one of them holds at once; the oldest is dropped for a new one


class Gatecrasher(threading.Thread):
    """Connects again and again, at most so many times a second (None: as often as it can), and does something with each
    connection."""

    def __init__(self, path, rate=None):
        super().__init__(daemon=True)
        self.path, self.rate = str(path), rate
        self.stopped = threading.Event()
        self.held, self.count = [], 0

    def run(self):
        began = time.monotonic()
        while not self.stopped.is_set():
            with contextlib.suppress(OSError):
                connection = socket.socket(socket.AF_UNIX)
                connection.settimeout(5)
                connection.connect(self.path)
                self.count += 1
                self.held.append(connection)
                self.attack(connection)
            while len(self.held) > HELD_MAX:
                self.held.pop(0).close()
            if self.rate is not None:
                self.stopped.wait(max(0, began + self.count / self.rate - time.monotonic()))
        for connection in self.held:
            connection.close()

    def attack(self, connection):
        """Says nothing."""

    def stop(self):
        self.stopped.set()
        self.join(20)


class Flood(Gatecrasher):
    """Connects, and says nothing."""


class HalfOpen(Gatecrasher):
    """Goes as far as it can without the secret, and stays."""

    def attack(self, connection):
        connection.sendall(f'PROTOCOLINFO 1\r\nAUTHCHALLENGE OBPUB-SECRET {NONCE}\r\n'.encode())


class HalfClosed(Gatecrasher):
    """Ends its own half at once."""

    def attack(self, connection):
        connection.sendall(b'PROTOCOLINFO 1\r\n')
        connection.shutdown(socket.SHUT_WR)


class EndlessLine(Gatecrasher):
    """A line that goes on and on."""

    def attack(self, connection):
        for _ in range(1000):
            connection.sendall(b'A' * 65536)


class Dripping(Gatecrasher):
    """A byte now and then on all of its connections, so that none of them is ever silent."""

    def attack(self, connection):
        for each in self.held[-100:]:
            with contextlib.suppress(OSError):
                each.sendall(b'P')


class Guesser(Gatecrasher):
    """Tries secrets."""

    def attack(self, connection):
        connection.sendall(f'AUTHCHALLENGE OBPUB-SECRET {NONCE}\r\nAUTHENTICATE {os.urandom(32).hex()}\r\n'.encode())


class Talker(Gatecrasher):
    """Sends a great many commands without waiting for an answer, and reads none."""

    def attack(self, connection):
        connection.sendall(b'PROTOCOLINFO 1\r\n' * 10000 + b'SIGNAL HALT\r\n' * 10000)


STRANGERS = (Flood, HalfOpen, HalfClosed, EndlessLine, Dripping, Guesser, Talker)
