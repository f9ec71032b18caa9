# Backends that lie, all at once, beside two that do not: obpub with a stand-in for the local tor, whose consensus is a
# recorded one. net/test_hostile_backend.py does the same on a network of real tors; this one is there for what a memory
# checker sees, and for a connection that is closed at every possible byte.

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import time

import checks
import standin_tor
from checks import check

from harness.judge import Judged

sys.path.insert(0, str(checks.SOURCE / "tests/attack"))
import hostile  # noqa: E402
import siege  # noqa: E402

IS_SANITIZED = b"__asan_init" in pathlib.Path(checks.OBPUB).read_bytes()
# KiB that it may take more at its most than before they came: ASan keeps what was freed.
MEMORY_MAX = 512 * 1024 if IS_SANITIZED else 8 * 1024
PATIENCE = 150  # seconds until all must have been found out
OFFSET = 720    # minutes by which time periods begin later than days


class Publisher:
    """A running obpub with the status socket."""

    def __init__(self, folder, instances):
        self.folder, self.key = folder, checks.Key()
        checks.write(folder / "frontend.key", self.key.pem())
        self.write_config(instances)
        self.log = open(folder / "log", "w+", encoding="utf-8", errors="replace")
        self.process = subprocess.Popen([os.path.abspath(checks.OBPUB), "-c", folder / "config.yaml"],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def write_config(self, instances):
        lines = [f"tor-control: unix:{self.folder}/tor", f"status-socket-location: {self.folder}/status",
                 "backend-grace: 5", "services:", "  - key: frontend.key", "    instances:"]
        lines += [line for each in instances for line in each]
        checks.write(self.folder / "config.yaml", "\n".join(lines) + "\n")

    def service(self):
        """The status of the frontend, or None."""
        with socket.socket(socket.AF_UNIX) as connection:
            if connection.connect_ex(str(self.folder / "status")):
                return None
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        return json.loads(answer)["services"][0] if answer else None

    def wait(self, predicate, seconds):
        """Waits until predicate(service) is true; whether it came to be."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            service = self.service()
            if service and predicate(service):
                return True
            time.sleep(0.2)
        return False

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        status = self.process.wait(30)
        self.log.seek(0)
        return status, self.log.read()


def instance(name, key, path):
    return [f"      - address: {key.address}", f"        name: {name}", f"        control: unix:{path}"]


@contextlib.contextmanager
def scene(folder, others=()):
    """A local tor and two honest backends, all stand-ins, and obpub with them and others."""
    keys = {name: checks.Key() for name in ("good1", "good2")}
    with contextlib.ExitStack() as stack:
        tor = stack.enter_context(standin_tor.Tor(folder / "tor", standin_tor.network_answers(uptime="100")))
        for name, key in keys.items():
            answers = standin_tor.own_answers(key, standin_tor.make_descriptor(key))
            stack.enter_context(standin_tor.Tor(folder / name, {**answers, "uptime": "1"}))
        honest = [instance(name, key, folder / name) for name, key in keys.items()]
        publisher = Publisher(folder, honest + list(others))
        stack.callback(publisher.end)
        yield tor, publisher, honest


def is_published(service):
    return service["isPublished"] and all(
        each["state"] == "live" for each in service["instances"] if each["name"].startswith("good"))


def check_siege(folder):
    """Every lie at the same time."""
    with siege.Siege(folder, standin_tor.PERIOD_LENGTH, OFFSET) as besiegers, scene(folder) as (tor, publisher, honest):
        check("two honest backends are published", publisher.wait(is_published, 60))
        pid = publisher.process.pid
        before, processes = siege.memory_of(pid, "VmRSS"), siege.family(pid)
        publisher.write_config(honest + besiegers.instances())
        publisher.process.send_signal(1)

        def all_known(service):
            besiegers.look(service)
            return not besiegers.open_cases() and is_published(service)
        publisher.wait(all_known, PATIENCE)
        for lie in besiegers.lies:
            check(f"{lie}: {'let in, as one of many' if hostile.LIES[lie].words is None else 'found out'}",
                  besiegers.is_known(lie), f"{besiegers.states[lie]} {besiegers.reasons[lie]}")
        check("the honest backends are published beside them", publisher.wait(is_published, 60))
        service = publisher.service()
        shares = besiegers.shares(service)
        check("those let in have no more than their share", shares.get("twenty-points", 0) <= 6 and
              shares.get("one-relay", 0) <= 1, shares)
        judged = Judged(tor.posted[-1][1], checks.address_of(publisher.key.public) + ".onion")
        check("the superdescriptor is good, and has the honest backends' points",
              6 <= len(judged.points) <= 20 and len(set(judged.points)) == len(judged.points), judged.points)
        check("no reason has a control character in it", not besiegers.rude_reasons(), besiegers.rude_reasons())
        check("all processes are those of before", siege.family(pid) == processes, siege.family(pid))
        grown = siege.memory_of(pid, "VmHWM") - before
        check(f"memory has grown by {grown} KiB at most", grown < MEMORY_MAX)
        status, log = publisher.end()
        check("it ends well", status == 0, log[-3000:])
        check("no sanitizer has anything to say", "ERROR: " not in log and "runtime error" not in log, log[-3000:])


class Closing(standin_tor.Peer):
    """A peer that says what an honest backend would, and ends each conversation one byte later than the one before."""

    def __init__(self, path, conversation):
        super().__init__(path)
        self.conversation, self.next = conversation, 0

    def serve(self, connection):
        end, self.next = self.next, self.next + 1
        replies = list(self.conversation)
        for reply in replies:
            piece = reply[:max(0, end)]
            end -= len(reply)
            connection.recv(4096)
            connection.sendall(piece)
            if end < 0:
                return
        super().serve(connection)


def check_closing(folder):
    """Many backends share one socket, whose conversations end at every possible byte in turn."""
    backend = hostile.Backend(os.urandom(32), standin_tor.PERIOD_LENGTH, OFFSET)
    text = backend.maker().text()
    conversation = [b"250-PROTOCOLINFO 1\r\n250-AUTH METHODS=NULL\r\n250 OK\r\n", b"250 OK\r\n",
                    b"250 OK\r\n250-uptime=1\r\n250 OK\r\n", backend.answer(text)]
    length = sum(map(len, conversation))
    others = [instance(f"closing{number}", checks.Key(), folder / "closing") for number in range(600)]
    with Closing(folder / "closing", conversation) as peer, scene(folder, others) as (_, publisher, _):
        deadline = time.monotonic() + 120
        while peer.next <= length and time.monotonic() < deadline and publisher.process.poll() is None:
            time.sleep(0.2)
        check(f"closed behind each of {length} bytes", peer.next > length, peer.next)
        check("the honest backends are published all the same", publisher.wait(is_published, 60))
        status, log = publisher.end()
        check("it ends well", status == 0 and "ERROR: " not in log and "runtime error" not in log, log[-3000:])


with checks.temporary_folder() as name:
    check_siege(pathlib.Path(name))
with checks.temporary_folder() as name:
    check_closing(pathlib.Path(name))
checks.finish()
