# Backends that lie, all at once, beside two that do not: obpub with a stand-in for the local tor, whose consensus is a
# recorded one. net/test_hostile_backend.py does the same on a network of real tors; this one is there for what a memory
# checker sees, and for a connection that is closed at every possible byte.

import os
import pathlib
import re
import sys

import checks
import standin_tor
from checks import check
from hostile_scene import MEMORY_MAX, OFFSET, PATIENCE, check_undisturbed, is_published, scene
from publisher import instance

from harness.judge import Judged
from harness.process import family, memory_of

sys.path.insert(0, str(checks.SOURCE / "tests/attack"))
import hostile  # noqa: E402
import siege  # noqa: E402

# Times that a backend's announcements are followed at once, with a few more for other reasons; and each second after that.
SIGNS_MAX, SIGN_RATE = 45, 0.2


def fair_shares(service, shares):
    """Whether the greedy ones have no more than their share, which is of each set where HSDirs have sets of their own (as one
    set would leave some backend with a single point)."""
    most = {"twenty-points": 6, "one-relay": 1}
    if not service["isDistinct"]:
        return all(shares.get(name, 0) <= count for name, count in most.items())
    parts = [part for descriptor in service["descriptors"] for hsdir in descriptor["hsdirs"] for part in hsdir["parts"]]
    return parts and all(part["introPoints"] <= most.get(part["instance"], 3) for part in parts)


def check_siege(folder):
    """Every lie at the same time."""
    with siege.Siege(folder, standin_tor.PERIOD_LENGTH, OFFSET) as besiegers, scene(folder) as (
            tor, publisher, honest, points):
        check("two honest backends are published", publisher.wait(is_published, 60))
        before = {pid: memory_of(pid, "VmRSS") for pid in family(publisher.process.pid)}
        publisher.write_config(honest + besiegers.instances())
        publisher.process.send_signal(1)

        disturbed = []

        def all_known(service):
            besiegers.look(service)
            disturbed.extend(each for each in service["instances"] if each["name"].startswith("good") and
                             (each["state"] != "live" or each["introPointsPublished"] != 3))
            return not besiegers.open_cases() and is_published(service)
        publisher.wait(all_known, PATIENCE)
        for lie in besiegers.lies:
            check(f"{lie}: {'let in, as one of many' if hostile.LIES[lie].words is None else 'found out'}",
                  besiegers.is_known(lie), f"{besiegers.states[lie]} {besiegers.reasons[lie]}")
        check("the honest backends were live, with all their points, at all times", not disturbed, disturbed[:1])
        check("what no tor sends is found out without grace", not besiegers.spared(),
              [(lie, besiegers.states[lie]) for lie in besiegers.spared()])
        check("those that are out or gone are tried again ever more rarely", not besiegers.pestered(), besiegers.pestered())
        asked = besiegers.moments("wolf", "asked")
        seconds = asked[-1] - asked[0]
        check(f"one that always has something new was asked {len(asked)} times in {seconds:.0f} seconds",
              SIGNS_MAX / 2 < len(asked) < SIGNS_MAX + SIGN_RATE * seconds)
        service = publisher.service()
        shares = besiegers.shares(service)
        check("those let in have no more than their share", fair_shares(service, shares), shares)
        judged = Judged(tor.posted[-1][1], checks.address_of(publisher.key.public) + ".onion")
        check("the superdescriptor is good, and has the honest backends' points",
              set(points) <= set(judged.points) and len(judged.points) <= 20 and
              len(set(judged.points)) == len(judged.points), judged.points)
        check("no reason has a control character in it", not besiegers.rude_reasons(), besiegers.rude_reasons())
        check_undisturbed("all lies", publisher, before)


STRIDE = 7919  # a prime number, and no divisor of a conversation's length


class Closing(standin_tor.Peer):
    """A peer that says what an honest backend would, and ends each conversation behind another byte; after all of them,
    it begins anew. Who asks for a descriptor gets that of this address, as if it were its
    own."""

    def __init__(self, path, conversation, address):
        super().__init__(path)
        self.conversation, self.address, self.next = conversation, address.encode(), 0
        self.length = sum(map(len, conversation))
        assert (self.length + 1) % STRIDE

    def serve(self, connection):
        # Each once, before any comes again; but near ones far apart in time, so that all kinds of ends are seen.
        end, self.next = self.next * STRIDE % (self.length + 1), self.next + 1
        for reply in self.conversation:
            asked = re.search(rb"/desc/id/(\w{56})", connection.recv(4096))
            if asked:
                reply = reply.replace(self.address, asked[1])
            connection.sendall(reply[:end])
            end -= len(reply)
            if end < 0:
                return


# What is said of a conversation that ends too early, by how far it got; and of the one that does not.
CLOSED = ("closed before we were authenticated", "closed in the middle of a reply", "closed by the peer")
WHOLE = "not a descriptor of this service"


def check_closing(folder):
    """Many backends share one socket, whose conversations end at every possible byte in turn."""
    backend = hostile.Backend(os.urandom(32), standin_tor.PERIOD_LENGTH, OFFSET)
    text = backend.maker().text()
    conversation = [b"250-PROTOCOLINFO 1\r\n250-AUTH METHODS=NULL\r\n250 OK\r\n", b"250 OK\r\n",
                    b"250 OK\r\n250-uptime=1\r\n250 OK\r\n", backend.answer(text)]
    watch = siege.Record([f"closing{number}" for number in range(600)])
    others = [instance(name, checks.Key(), folder / "closing") for name in watch.states]
    with Closing(folder / "closing", conversation, backend.address) as peer, scene(folder) as (tor, publisher, honest, points):
        check("two honest backends are published", publisher.wait(is_published, 60))
        before = {pid: memory_of(pid, "VmRSS") for pid in family(publisher.process.pid)}
        publisher.write_config(honest + others)
        publisher.process.send_signal(1)
        disturbed = []

        def is_over(service):
            watch.look(service)
            if not is_published(service):
                disturbed.append(service)
            return peer.next > peer.length and not watch.unmarked()
        publisher.wait(is_over, PATIENCE)
        check(f"closed behind each of {peer.length} bytes", peer.next > peer.length, peer.next)
        check("each is marked bad, with a reason", not watch.unmarked(), watch.unmarked())
        strange = [error for error in watch.errors if not any(words in error for words in (*CLOSED, WHOLE))]
        check("the reasons are that it closes, or its descriptor", not strange, strange)
        check("wherever it closes", all(any(words in error for error in watch.errors) for words in CLOSED),
              watch.errors)
        check("none was ever live", not any("live" in states for states in watch.states.values()))
        check("nor had a point published", not watch.published, watch.published)
        check("the honest backends were live and published at all times", not disturbed, disturbed[:1])
        judged = Judged(tor.posted[-1][1], checks.address_of(publisher.key.public) + ".onion")
        check("the superdescriptor is good, and has the honest backends' points and no others",
              sorted(judged.points) == sorted(points), judged.points)
        # So many backends take their room, too: the status has a line for each.
        check_undisturbed("closing", publisher, before, 2 * MEMORY_MAX)


def main():
    for test in (check_siege, check_closing):
        with checks.temporary_folder() as name:
            test(pathlib.Path(name))
    checks.finish()


if __name__ == "__main__":
    main()
