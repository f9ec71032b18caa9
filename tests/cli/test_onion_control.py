"""Control ports over Tor, through obpub --once: who is asked for them, what is sent there, and what is said when it fails.

The local tor, its SOCKS port and the agent are stand-ins, since tor does not fail in each of these ways when asked to; with
real ones it is tests/net/test_onion_control.py.
"""
import contextlib
import json
import os
import pathlib
import secrets
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import agents
import checks
from agents import SECRET
from publisher import Publisher
from standin_tor import Peer, Tor, make_descriptor, network_answers, own_answers

FRONTEND, BACKEND, AGENT = checks.Key(), checks.Key(), checks.Key()
OTHER_SECRET = "f" * 64
PORT = 9151
TIMEOUT = 20  # seconds that a run may take


class Agent(Tor):
    """A backend's tor behind an agent with a secret; `received` has all lines that came."""

    def __init__(self, path, secret=SECRET, **options):
        super().__init__(path, own_answers(BACKEND, make_descriptor(BACKEND)), hook=self._note, **options)
        self.secret, self.received, self.nonces = secret, [], b""

    def _note(self, connection, command):
        self.received.append(command)

    def answer_protocolinfo(self, rest, lines):
        return '250-PROTOCOLINFO 1\n250-AUTH METHODS=OBPUB-SECRET\n250-VERSION Tor="0.4.9.11"\n250 OK\n'

    def answer_authchallenge(self, rest, lines):
        nonce = secrets.token_bytes(32)
        self.nonces = bytes.fromhex(rest.split()[1]) + nonce
        return f"250 AUTHCHALLENGE SERVERHASH={agents.prove('agent', self.secret, self.nonces)} SERVERNONCE={nonce.hex()}\n"

    def answer_authenticate(self, rest, lines):
        return "250 OK\n" if rest == agents.prove("publisher", self.secret, self.nonces) else "515 no\n"


class OpenTor(Tor):
    """A tor's own control port, which lets everybody in."""

    def __init__(self, path):
        super().__init__(path, own_answers(BACKEND, make_descriptor(BACKEND)), hook=self._note)
        self.received = []

    def _note(self, connection, command):
        self.received.append(command)


class Socks(Peer):
    """A SOCKS port: answers with a code, and where that is 0 it passes on to the unix socket of a peer. `asked` has the
    (user, host, port) of each request; with is_mute it says nothing at all, and with words these alone."""

    def __init__(self, path, code=0, target=None, is_mute=False, words=None):
        super().__init__(path)
        self.code, self.target, self.is_mute, self.words, self.asked = code, target, is_mute, words, []

    def serve(self, connection):
        stream = connection.makefile("rb")
        stream.read(3)
        if self.words:
            connection.sendall(self.words)
        if self.words or self.is_mute:
            connection.recv(1)
            return
        connection.sendall(b"\5\2")
        stream.read(1)
        user = stream.read(stream.read(1)[0]).decode()
        stream.read(stream.read(1)[0])
        connection.sendall(b"\1\0")
        stream.read(4)
        host = stream.read(stream.read(1)[0]).decode()
        self.asked.append((user, host, int.from_bytes(stream.read(2), "big")))
        self.note_request()
        connection.sendall(bytes([5, self.code, 0, 1, 0, 0, 0, 0, 0, 0]))
        if self.code == 0:
            self._pass_on(connection, stream)

    def note_request(self):
        """Does nothing before a request is answered."""

    def _pass_on(self, connection, stream):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(self.target)
            back = threading.Thread(target=copy, args=(lambda: peer.recv(4096), connection), daemon=True)
            back.start()
            copy(lambda: stream.read1(4096), peer)
            back.join()


def copy(read, target):
    """From one end to the other, until one of them closes."""
    try:
        while data := read():
            target.sendall(data)
        target.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def run_once(folder, socks, *, secret=SECRET, settings=""):
    """Runs obpub --once with a local tor that says this of its SOCKS ports; returns what is said of the backend, and the
    seconds it took."""
    checks.write(folder / "secret", secret + "\n")
    config = checks.write(folder / "config.yaml", (
        f"tor-control: unix:{folder}/local\n{settings}services:\n- key: frontend.key\n  instances:\n"
        f"  - address: {BACKEND.address}\n    name: node1\n    control: {AGENT.address}.onion:{PORT}\n"
        "    control-password-file: secret\n"))
    answers = network_answers()
    if socks is not None:
        answers["net/listeners/socks"] = socks
    began = time.monotonic()
    with Tor(folder / "local", answers):
        result = subprocess.run([os.path.abspath(checks.OBPUB), "--once", "--json", "-c", config, "--timeout", str(TIMEOUT)],
                                capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=6 * TIMEOUT)
    report = json.loads(result.stdout)
    return report["services"][0]["instances"][0], time.monotonic() - began


def check_failure(folder, what, words, socks=None, **options):
    """The backend is not in, and it is said why."""
    backend, seconds = run_once(folder, f'"unix:{folder}/socks"' if socks is None else socks, **options)
    checks.check(f"{what}: it is not in", backend["state"] not in ("live", "grace"), backend)
    checks.check(f"{what}: it says \"{words}\"", words in (backend["error"] or ""), backend["error"])
    checks.check(f"{what}: it ends in time", seconds < 3 * TIMEOUT, seconds)


def check_way(folder, what, answer, settings):
    """The way to an agent through a SOCKS port."""
    settings = settings.replace("FOLDER", str(folder))
    with Agent(folder / "agent") as agent, Socks(folder / "socks", target=agent.path) as socks:
        backend, _ = run_once(folder, answer and answer.replace("FOLDER", str(folder)), settings=settings)
    checks.check(f"through {what} SOCKS port: it is live", backend["state"] == "live", backend)
    checks.check(f"through {what} SOCKS port: its way is Tor",
                 (backend["way"], backend["place"]) == ("onion", f"{AGENT.address}.onion:{PORT}"), backend)
    checks.check(f"through {what} SOCKS port: tor is asked for the agent's service, and nothing else",
                 {(host, port) for _, host, port in socks.asked} == {(f"{AGENT.address}.onion", PORT)}, socks.asked)
    checks.check(f"through {what} SOCKS port: the secret is not sent",
                 agent.received and not any(SECRET in line for line in agent.received), agent.received)


def test_ways(folder):
    check_way(folder, "the local tor's", '"127.0.0.1:1" "unix:FOLDER/socks"', "")


def test_ways_of_config(folder):
    check_way(folder, "the config's", '"127.0.0.1:1"', "tor-socks: 'unix:FOLDER/socks'\n")


def test_second_way_of_config(folder):
    check_way(folder, "the config's second", None, "tor-socks: ['unix:FOLDER/none', 'unix:FOLDER/socks']\n")


# -- who is there is no agent, or has another secret

def test_open_tor(folder):
    with OpenTor(folder / "agent") as tor, Socks(folder / "socks", target=tor.path):
        check_failure(folder, "a tor's own control port", "this is no agent")
        checks.check("a tor's own control port: nothing is sent to it", set(tor.received) == {"PROTOCOLINFO 1"},
                     tor.received)


def test_other_secret(folder):
    with Agent(folder / "agent", OTHER_SECRET) as agent, Socks(folder / "socks", target=agent.path):
        check_failure(folder, "an agent with another secret", "this agent doesn't know the secret")
        checks.check("an agent with another secret: no proof is sent to it",
                     not any(line.startswith("AUTHENTICATE") for line in agent.received), agent.received)


def test_short_secret(folder):
    with Agent(folder / "agent", SECRET[:31]) as agent, Socks(folder / "socks", target=agent.path):
        check_failure(folder, "a short secret", "has 31 bytes", secret=SECRET[:31])


# -- what an agent says of itself, here at a unix socket

class Restless(Agent):
    """An agent that can be made to say something and end, and answers again at once or after so many seconds."""

    def __init__(self, path):
        super().__init__(path)
        self._began = time.monotonic()
        self._connections = []
        self._away_until = 0

    def serve(self, connection):
        time.sleep(max(0, self._away_until - time.monotonic()))
        self.answers["uptime"] = str(1000 + int(time.monotonic() - self._began))
        self._connections.append(connection)
        super().serve(connection)

    def part(self, words, seconds=0):
        """Says this to all, and closes."""
        self._away_until = time.monotonic() + seconds
        for connection in self._connections:
            with contextlib.suppress(OSError):  # it may be closed already
                connection.sendall(words)
                connection.shutdown(socket.SHUT_RDWR)
        self._connections.clear()


def test_words(folder):
    """That its tor has gone is believed at once; that it leaves itself is nothing against its tor."""
    checks.write(folder / "secret", SECRET + "\n")
    lines = [f"      - address: {BACKEND.address}", "        name: node1", f"        control: unix:{folder}/agent",
             "        control-password-file: secret"]
    with Tor(folder / "tor", network_answers(uptime="100")), Restless(folder / "agent") as agent:
        publisher = Publisher(folder, [lines])
        is_live = publisher.wait(lambda service: service["instances"][0]["state"] == "live", TIMEOUT)
        checks.check("an agent at a unix socket: it is live", is_live, publisher.service())
        checks.check("an agent at a unix socket: its way is that", publisher.service()["instances"][0]["way"] == "unix")
        agent.part(b"650 OBPUB_AGENT LEAVING\r\n", seconds=2)  # less is not spoken of
        log = folder / "log"
        checks.check("it leaves and is there again",
                     checks.wait_for(lambda: log.read_text().count("node1 is in") == 2), log.read_text())
        agent.part(b"650 OBPUB_AGENT TOR_GONE\r\n")
        checks.wait_for(lambda: "node1 is out" in log.read_text())
        _, log = publisher.end()
    checks.check("it left: that is grace", "stays in for a while" in log and "its agent has been ended" in log, log)
    checks.check("it left: what else that may be is said", "or can't get at its tor: its own log says which" in log, log)
    checks.check("its tor has gone: it is out at once, with no grace", log.count("stays in for a while") == 1
                 and "its agent says that the tor beside it has ended" in log, log)


# -- whether the tor beside an agent has ended

class Watcher(Tor):
    """A local tor that finds each descriptor that it is to fetch, and tells of introduction points that refuse."""

    def __init__(self, path, socks):
        super().__init__(path, network_answers(uptime="100", net_listeners_socks=f'"unix:{socks}"'), hook=self._note)
        self._connections, self.fetches = [], 0

    def _note(self, connection, command):
        if command.startswith("SETEVENTS"):
            self._connections.append(connection)
        return False

    def answer_hsfetch(self, rest, lines):
        self.fetches += AGENT.address in rest
        return f"250 OK\n650+HS_DESC_CONTENT {rest.split()[0]} descriptor-id ${'0' * 40}~hsdir\nhs-descriptor 3\n.\n650 OK\n"

    def refuse(self, point):
        """The introduction point with this number does not know the agent's service."""
        line = (f"650 CIRC_MINOR 9 PURPOSE_CHANGED ${point:040X}~point PURPOSE=HS_CLIENT_INTRO HS_STATE=HSCI_CONNECTING "
                f"REND_QUERY={AGENT.address} OLD_PURPOSE=HS_CLIENT_INTRO OLD_HS_STATE=HSCI_INTRO_SENT\r\n")
        self._connections[0].sendall(line.encode())


class RefusedSocks(Socks):
    """A SOCKS port whose tor is refused by introduction points before it answers, while it has a code to answer with."""

    def __init__(self, path, target):
        super().__init__(path, target=target)
        self.tor, self.points = None, ()

    def note_request(self):
        for point in self.points:
            self.tor.refuse(point)
        time.sleep(0.3 if self.points else 0)  # the event comes by another connection


def check_end(folder, what, code, points, is_gone, publisher=Publisher, teller=None):
    """A connection is lost; the next tries are refused by introduction points, and end in an answer of the SOCKS port."""
    checks.write(folder / "secret", SECRET + "\n")
    lines = [f"      - address: {BACKEND.address}", "        name: node1",
             f"        control: {AGENT.address}.onion:{PORT}", "        control-password-file: secret"]
    with Restless(folder / "agent") as agent, RefusedSocks(folder / "socks", agent.path) as socks, \
            Watcher(folder / "tor", socks.path) as tor:
        socks.tor = teller or tor
        publisher = publisher(folder, [lines])
        is_live = publisher.wait(lambda service: service["instances"][0]["state"] == "live", TIMEOUT)
        checks.check(f"{what}: it is live before", is_live, publisher.service())
        asked = len(socks.asked)
        socks.code, socks.points = code, points
        agent.part(b"")
        checks.check(f"{what}: the descriptor is fetched anew", checks.wait_for(lambda: tor.fetches > 0))
        checks.check(f"{what}: it is tried again", checks.wait_for(lambda: len(socks.asked) >= asked + 2))
        state = publisher.service()["instances"][0]
        socks.code, socks.points = 0, ()
        _, log = publisher.end()
    said = "its introduction points do not know it any more, so its tor has ended" in log
    checks.check(f"{what}: {'it is out' if is_gone else 'that says nothing of its tor'}", said == is_gone, (state, log))


class OldFriend(Watcher):
    """A local tor that fetches nothing, and so goes by the points that the service had long ago."""

    def answer_hsfetch(self, rest, lines):
        return "250 OK\n"


class TwoTors(Publisher):
    """With a second local tor at FOLDER/friend."""

    def write_config(self, instances):
        super().write_config(instances)
        path = self.folder / "config.yaml"
        path.write_text(path.read_text().replace(f"tor-control: unix:{self.folder}/tor",
                                                 f"tor-control: ['unix:{self.folder}/tor', 'unix:{self.folder}/friend']"))


def test_old_points(folder):
    """Points that refuse are believed only where the tor that tells of them has the descriptor as it is now."""
    with OldFriend(folder / "friend", folder / "socks") as friend:
        check_end(folder, "points do not know it that one of two tors has from long ago", 6, (1, 2), False,
                  publisher=TwoTors, teller=friend)


ENDS = (("no point knows it", 0xF2, (), True), ("a point does not, and no other one leads there", 4, (1,), True),
        ("a point does not, another leads there, and no agent listens", 1, (1,), False),
        ("a point does not, another leads there, and the port is refused", 5, (1,), False),
        ("all lead there, and no agent listens", 1, (), False))


# -- what SOCKS ports answer

ANSWERS = ((0x01, "gives no reason"), (0x04, "could not reach the onion service"), (0x05, "takes no connection at this port"),
           (0x06, "in time"), (0xF0, "no descriptor"), (0xF2, "no introduction point"), (0xF4, "wants a client key"))


def check_answer(folder, code, words):
    with Socks(folder / "socks", code=code) as socks:
        check_failure(folder, f"code {code:#x}", words)
        checks.check(f"code {code:#x}: it is tried again, and not without end", 2 <= len(socks.asked) <= 30, len(socks.asked))


def test_no_socks(folder):
    with Socks(folder / "socks", words=b"HTTP/1.0 400 Bad Request\r\n"):
        check_failure(folder, "no SOCKS port", "no SOCKS5 server")


def test_nobody(folder):
    check_failure(folder, "nobody at the SOCKS port", "nobody listens at the SOCKS port")


def test_none(folder):
    check_failure(folder, "a local tor without one", "the local tor has no SOCKS port", socks="")


def test_nonsense(folder):
    check_failure(folder, "a local tor that names something else", "SOCKS ports in a way that no tor does", socks="9050")


def test_mute(folder):
    """One that says nothing at all is waited for no longer than all else."""
    with Socks(folder / "socks", is_mute=True):
        check_failure(folder, "a mute SOCKS port", "its control port did not let us in in time")


def run_test(test, *arguments):
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        checks.write(folder / "frontend.key", FRONTEND.pem())
        test(folder, *arguments)


def main():
    tests = [(test,) for name, test in sorted(globals().items()) if name.startswith("test_")]
    with ThreadPoolExecutor() as pool:  # nearly all their time is waiting
        list(pool.map(lambda test: run_test(*test), tests + [(check_answer, *answer) for answer in ANSWERS] +
                      [(check_end, *end) for end in ENDS]))
    checks.finish()


main()
