# HSDirs whose microdescriptors the local tor does not have yet: they are waited for after each new consensus, then the
# network is used without them, and read again until they are there. The stand-in for the local tor has them when the test
# wants it to.

import json
import os
import pathlib
import socket
import subprocess
import time

import checks
import standin_tor
from checks import check

PATIENCE = 15  # seconds that obpub waits for microdescriptors
REREAD = 60    # seconds until it looks again for those that are missing
MISSING = 5    # of the twelve relays


class LateTor(standin_tor.Tor):
    """A local tor whose consensus is that of an hour ago at first, and which can say that there is a new one."""

    def __init__(self, path):
        super().__init__(path, standin_tor.network_answers(), hook=self.note)
        self.whole = self.answers["md/all"]
        self.set_consensus(time.time() - standin_tor.HOUR)
        self.connection = None

    def note(self, connection, command):
        if command.startswith("SETEVENTS"):
            self.connection = connection
        return False

    def set_consensus(self, now):
        self.answers[standin_tor.CONSENSUS_KEY] = standin_tor.consensus(now)

    def lose_microdescriptors(self):
        entries = self.whole.split("onion-key\n")
        self.answers["md/all"] = "onion-key\n".join(entries[:-MISSING])

    def find_microdescriptors(self):
        self.answers["md/all"] = self.whole

    def tell_of_consensus(self):
        self.connection.sendall(b"650+NEWCONSENSUS\r\n.\r\n650 OK\r\n")

    def hsdirs_since(self, number):
        """The HSDirs of the uploads after the first so many."""
        return {hsdir.upper() for hsdirs, _ in self.posted[number:] for hsdir in hsdirs}


class Publisher:
    """A running obpub with one backend."""

    def __init__(self, folder, backend):
        checks.write(folder / "frontend.key", checks.Key().pem())
        checks.write(folder / "config.yaml", f"tor-control: unix:{folder}/tor\nstatus-socket-location: {folder}/status\n"
                     f"services:\n  - key: frontend.key\n    instances:\n"
                     f"      - {{address: {backend.address}, control: 'unix:{folder}/backend'}}\n")
        self.folder, self.log = folder, open(folder / "log", "w", encoding="utf-8")
        self.process = subprocess.Popen([os.path.abspath(checks.OBPUB), "-c", folder / "config.yaml"], stderr=self.log)

    def service(self):
        with socket.socket(socket.AF_UNIX) as connection:
            if connection.connect_ex(str(self.folder / "status")):
                return None
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        return json.loads(answer)["services"][0] if answer else None

    def wait_published(self, seconds):
        """Whether it is published within so many seconds, and how long it took."""
        began = time.monotonic()
        while time.monotonic() < began + seconds:
            service = self.service()
            if service and service["isPublished"]:
                break
            time.sleep(0.1)
        return time.monotonic() - began

    def responsible(self):
        """The HSDirs that have to have the descriptors."""
        return {hsdir["fingerprint"] for descriptor in self.service()["descriptors"] for hsdir in descriptor["hsdirs"]}

    def end(self):
        self.process.terminate()
        return self.process.wait(30)


def wait_for(predicate, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not predicate():
        time.sleep(0.2)
    return predicate()


def check_all(folder):
    backend = checks.Key()
    answers = standin_tor.own_answers(backend, standin_tor.make_descriptor(backend))
    with LateTor(folder / "tor") as tor, standin_tor.Tor(folder / "backend", {**answers, "uptime": "1"}):
        tor.lose_microdescriptors()
        publisher = Publisher(folder, backend)
        took = publisher.wait_published(3 * PATIENCE)
        check(f"what is missing is waited for ({took:.1f} s)", PATIENCE - 2 < took < 2 * PATIENCE)
        without = publisher.responsible()
        tor.find_microdescriptors()
        check("the network is read again when the microdescriptors may be there",
              wait_for(lambda: publisher.responsible() != without, 2 * REREAD))
        everybody = publisher.responsible()
        publisher.wait_published(30)
        check("so the HSDirs that had been missing get it, too", everybody <= tor.hsdirs_since(0))

        # A new consensus, whose microdescriptors take a while to come.
        posted = len(tor.posted)
        tor.lose_microdescriptors()
        tor.set_consensus(time.time())
        tor.tell_of_consensus()
        time.sleep(PATIENCE / 3)
        check("they are waited for at the next consensus as at the first", publisher.responsible() == everybody)
        tor.find_microdescriptors()
        time.sleep(PATIENCE / 3)
        publisher.wait_published(30)
        check("nobody gets it who should not", tor.hsdirs_since(posted) <= publisher.responsible(),
              tor.hsdirs_since(posted))
        check("it ends well", publisher.end() == 0)


with checks.temporary_folder() as name:
    check_all(pathlib.Path(name))
checks.finish()
