# How many uploads one local tor takes at once: hands a tor on the private network 1, 5, 20, ... HSPOSTs at the same
# moment, each of another service, and prints how long it is from the first HSPOST to each HSDir's
# answer, as JSON lines.
#
#     /usr/bin/python3 tests/net/testnet.py run -- env OBPUB_BUILD=build /usr/bin/python3 tests/bench/hspost_capacity.py

import json
import os
import selectors
import socket
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'net'))

from harness.process import cpu_seconds  # noqa: E402
from testnet import HarnessError, main, step  # noqa: E402

COUNTS = (1, 5, 20, 50, 100, 200, 500, 1000)
PATIENCE = 120  # seconds for all of them
POINTS = 20


def make_descriptors(count):
    """(address, bytes) of so many services."""
    program = os.path.join(os.environ['OBPUB_BUILD'], 'tests', 'bench', 'make_descriptors')
    output = subprocess.run([program, str(count), str(POINTS)], stdout=subprocess.PIPE, check=True).stdout
    descriptors = []
    while output:
        line, _, output = output.partition(b'\n')
        address, length = line.split()
        descriptors.append((address, output[:int(length)]))
        output = output[int(length):]
    return descriptors


class Connection:
    """A control connection without a thread or a parser: as little as can be stands between tor and the clock."""

    def __init__(self, tor):
        with open(tor.cookie_file, 'rb') as file:
            cookie = file.read().hex()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(tor.control_socket)
        self.lines = b''
        self.socket.sendall(f'AUTHENTICATE {cookie}\r\nSETEVENTS HS_DESC\r\n'.encode())
        while self.lines.count(b'250 OK') < 2:
            self.lines += self.socket.recv(65536)
        self.lines = b''
        self.socket.setblocking(False)

    def exchange(self, data, done, until):
        """Send data, and hand each line that comes to done(line, now), until it returns true or the time is up."""
        selector = selectors.DefaultSelector()
        rest = memoryview(data)
        selector.register(self.socket, selectors.EVENT_READ | selectors.EVENT_WRITE)
        while time.monotonic() < until:
            for _, events in selector.select(1):
                if events & selectors.EVENT_WRITE:
                    rest = rest[self.socket.send(rest[:262144]):]
                    if not rest:
                        selector.modify(self.socket, selectors.EVENT_READ)
                if events & selectors.EVENT_READ:
                    self.lines += self.socket.recv(1 << 20)
            *lines, self.lines = self.lines.split(b'\r\n')
            if any([done(line, time.monotonic()) for line in lines]):
                return


def post(tor, descriptors, hsdirs):
    """Hand the tor all of them as fast as it takes them; returns the seconds until each was taken, the reasons of those
    that failed, and the seconds until tor had them all."""
    commands = b''.join(
        b'+HSPOST SERVER=%s HSADDRESS=%s\r\n%s\r\n.\r\n' % (hsdirs[number % len(hsdirs)].encode(), address,
                                                            text.rstrip(b'\n').replace(b'\n', b'\r\n'))
        for number, (address, text) in enumerate(descriptors))
    answered, failed, accepted = {}, {}, []

    def look(line, now):
        words = line.split()
        if words[0] == b'250':
            accepted.append(now)
        elif words[0] != b'650':
            raise HarnessError(f'tor refused HSPOST: {line}')
        elif words[2] == b'UPLOADED':
            answered[words[3]] = now
        elif words[2] == b'FAILED':
            failed[words[3]] = line.partition(b'REASON=')[2].decode()
        return len(answered) + len(failed) == len(descriptors)

    connection = Connection(tor)
    began = time.monotonic()
    connection.exchange(commands, look, began + PATIENCE)
    connection.socket.close()
    return [moment - began for moment in answered.values()], failed, accepted[-1] - began


def test(net):
    hsdirs = [relay.fingerprint for relay in net.relays]
    for count in COUNTS:
        descriptors = make_descriptors(count)
        tor = net.start_tor(f'tor{count}')
        time.sleep(5)
        cpu = cpu_seconds(tor.pid)
        began = time.monotonic()
        seconds, failed, handed_over = post(tor, descriptors, hsdirs)
        whole = time.monotonic() - began
        print(json.dumps({
            'hsposts_at_once': count, 'taken': len(seconds), 'failed': len(failed),
            'no_answer': count - len(seconds) - len(failed), 'reasons': sorted(set(failed.values())),
            'accepted_seconds': round(handed_over, 3), 'median_seconds': round(statistics.median(seconds), 2),
            'last_seconds': round(max(seconds), 2), 'whole_seconds': round(whole, 2),
            'tor_cpu_milliseconds_each': round((cpu_seconds(tor.pid) - cpu) * 1000 / count, 2)}), flush=True)
        tor.kill()
        step(f'{count} at once: done')


main(test)
