"""Occupies a listening socket, as any user of the machine can: keeps COUNT connections to it open, and has another one in
the place of each that is closed, until it is ended. KIND is what it does with them:

    idle    nothing
    drip    a request, a byte now and then
    unread  a request, of which the answer is never read

usage: occupy.py KIND COUNT ADDRESS:PORT|PATH. Prints a line once all are open, and how many were closed when it ends (by
the end of its standard input)."""
import selectors
import socket
import sys
import time

REQUEST = b"GET /metrics HTTP/1.1\r\nHost: x\r\n"
DRIP_INTERVAL = 0.2  # seconds
LOOKS_MAX = 50


def connect(place):
    """A connection, or None where none is to be had now."""
    host, _, port = place.rpartition(":")
    family, address = (socket.AF_UNIX, place) if place.startswith("/") else (socket.AF_INET, (host, int(port)))
    connection = socket.socket(family)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    connection.settimeout(1)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        return None
    connection.setblocking(False)
    return connection


class Occupation:
    """The connections, and how many were closed by the other side."""

    def __init__(self, kind, place):
        self.kind, self.place, self.closed, self.sent = kind, place, 0, 0
        self.selector = selectors.DefaultSelector()

    def count(self):
        return len(self.selector.get_map())

    def open(self):
        connection = connect(self.place)
        if connection is None:
            return
        try:
            if self.kind == "unread":
                connection.send(REQUEST + b"\r\n")
        except OSError:
            pass
        # What is never read is seen to end only by sending.
        self.selector.register(connection, selectors.EVENT_READ if self.kind != "unread" else selectors.EVENT_WRITE)

    def close(self, connection):
        self.selector.unregister(connection)
        connection.close()
        self.closed += 1

    def try_all(self):
        """Looks at each connection; drips a byte."""
        byte = REQUEST[self.sent % len(REQUEST):][:1]
        self.sent += 1
        for connection in [key.fileobj for key in self.selector.get_map().values()]:
            try:
                if self.kind == "drip":
                    connection.send(byte)
                if self.kind == "unread":
                    connection.send(b"x")
                elif not connection.recv(4096):
                    self.close(connection)
            except BlockingIOError:
                pass
            except OSError:
                self.close(connection)

    def look_on(self):
        """Looks until no more are closed for a second: on a busy machine those that wait to be accepted come late."""
        closed, quiet = [self.closed], round(1 / DRIP_INTERVAL)
        while len(closed) < LOOKS_MAX and closed[-quiet - 1:] != (quiet + 1) * closed[-1:]:
            time.sleep(DRIP_INTERVAL)
            self.try_all()
            closed.append(self.closed)


def main(kind, count, place):
    occupation = Occupation(kind, place)
    is_said = False
    with selectors.DefaultSelector() as ending:
        ending.register(sys.stdin, selectors.EVENT_READ)
        while not ending.select(DRIP_INTERVAL if is_said else 0):
            for _ in range(int(count) - occupation.count()):
                occupation.open()
            if not is_said:
                is_said = True
                print("occupied", flush=True)
            occupation.try_all()
    occupation.look_on()
    print(occupation.closed, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
