# HSDirs whose microdescriptors the local tor does not have yet: they are waited for after each new consensus, then the
# network is used without them, and read again until they are there. The stand-in for the local tor has them when the test
# wants it to.

import pathlib
import time

import checks
import standin_tor
from checks import check
from publisher import Publisher, instance

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


def responsible(service):
    """The HSDirs that have to have the descriptors."""
    return {hsdir["fingerprint"] for descriptor in service["descriptors"] for hsdir in descriptor["hsdirs"]}


def is_published(service):
    return service["isPublished"]


def check_all(folder):
    backend = checks.Key()
    answers = standin_tor.own_answers(backend, standin_tor.make_descriptor(backend))
    with LateTor(folder / "tor") as tor, standin_tor.Tor(folder / "backend", {**answers, "uptime": "1"}):
        tor.lose_microdescriptors()
        began = time.monotonic()
        publisher = Publisher(folder, [instance("backend", backend, folder / "backend")])
        publisher.wait(is_published, 3 * PATIENCE)
        took = time.monotonic() - began
        check(f"what is missing is waited for ({took:.1f} s)", PATIENCE - 2 < took < 2 * PATIENCE)
        without = responsible(publisher.service())
        tor.find_microdescriptors()
        check("the network is read again when the microdescriptors may be there",
              publisher.wait(lambda service: responsible(service) != without, 2 * REREAD))
        everybody = responsible(publisher.service())
        publisher.wait(is_published, 90)
        check("so the HSDirs that had been missing get it, too", everybody <= tor.hsdirs_since(0))

        # A new consensus, whose microdescriptors take a while to come.
        posted = len(tor.posted)
        tor.lose_microdescriptors()
        tor.set_consensus(time.time())
        tor.tell_of_consensus()
        time.sleep(PATIENCE / 3)
        check("they are waited for at the next consensus as at the first", responsible(publisher.service()) == everybody)
        tor.find_microdescriptors()
        time.sleep(PATIENCE / 3)
        publisher.wait(is_published, 90)
        check("nobody gets it who should not", tor.hsdirs_since(posted) <= responsible(publisher.service()),
              tor.hsdirs_since(posted))
        check("it ends well", publisher.end()[0] == 0)


with checks.temporary_folder() as name:
    check_all(pathlib.Path(name))
checks.finish()
