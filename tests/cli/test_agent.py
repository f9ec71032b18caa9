"""obpub agent beside a real tor without a network: who is let in, and that of all that can be said on a control port
nothing but what a publisher has to ask ever reaches the tor."""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time

import checks
import standin_tor
from agents import FILTERED, LEAVING, SECRET, TOR_GONE, Agent, Guest
from checks import check, wait_for

HSDIR = "$" + 40 * "A"
# Other commands of tor's control protocol (control-spec 3), which do harm, or tell too much. unit/test_command_filter.c
# has them all in every way that they can be written.
COMMANDS = (
    "SETCONF PublishHidServDescriptors=0", "RESETCONF ControlSocket", "GETCONF HiddenServiceOptions", "GETCONF ControlSocket",
    "SAVECONF", "SIGNAL NEWNYM", "SIGNAL HALT", "MAPADDRESS 0.0.0.0=example.com", "EXTENDCIRCUIT 0",
    "SETCIRCUITPURPOSE 1 purpose=general", "SETROUTERPURPOSE x general", "ATTACHSTREAM 1 0", "REDIRECTSTREAM 1 127.0.0.1",
    "CLOSESTREAM 1 1", "CLOSECIRCUIT 1", "USEFEATURE VERBOSE_NAMES", "RESOLVE example.com", "LOADCONF", "TAKEOWNERSHIP",
    "DROPOWNERSHIP", "DROPGUARDS", "DROPTIMEOUTS", "ADD_ONION NEW:BEST Port=80", "DEL_ONION {address}",
    "ONION_CLIENT_AUTH_ADD {address} x25519:AAAA", "ONION_CLIENT_AUTH_REMOVE {address}", "ONION_CLIENT_AUTH_VIEW",
    "AUTHENTICATE", "AUTHCHALLENGE SAFECOOKIE 00", "PROTOCOLINFO 1", "SETEVENTS STREAM", "SETEVENTS HS_DESC CIRC",
    "HSFETCH {other}", "HSFETCH {address} {other}", "HSPOST HSADDRESS={address}", "GETINFO uptime config-text",
    "GETINFO hs/service/desc/id/{other}", "getinfo uptime", "GETINFO  uptime", " GETINFO uptime", "GETINFO uptime ",
)
# Lines that end the connection.
BROKEN = (b"+POSTDESCRIPTOR\r\nGETINFO uptime\r\n.\r\n", b"+HSPOST\r\nx\r\n.\r\n", b"GETINFO uptime\n", b"GETINFO\tuptime\r\n",
          b"GETINFO uptime\r\0\n", b"GETINFO uptime\0\r\n", b"SETCONF x\rGETINFO uptime\r\n", b"x" * 5000, b"\x80\r\n", b"\n")


class Recorder(standin_tor.Peer):
    """Stands between an agent and its tor, and keeps each line that the agent sends."""

    def __init__(self, path, target):
        super().__init__(path)
        self.target, self.lines = str(target), []

    def serve(self, connection):
        with socket.socket(socket.AF_UNIX) as tor:
            tor.connect(self.target)
            threading.Thread(target=self._back, args=(tor, connection), daemon=True).start()
            rest = b""
            while piece := connection.recv(65536):
                *lines, rest = (rest + piece).split(b"\r\n")
                self.lines += [line.decode("latin-1") for line in lines]
                tor.sendall(piece)
            tor.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _back(tor, connection):
        try:
            while piece := tor.recv(65536):
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class RealTor:
    """A tor without a network: it has a control port, and uploads nothing."""

    def __init__(self, folder):
        self.folder, self.control = folder, folder / "tor-control"
        data = folder / "data"
        data.mkdir(mode=0o700)
        folder.chmod(0o700)
        checks.write(folder / "defaults", "")
        checks.write(folder / "torrc", f"""DataDirectory "{data}"
DisableNetwork 1
SocksPort 0
ControlPort unix:"{self.control}"
CookieAuthentication 1
CookieAuthFile "{folder}/cookie"
""")

    def __enter__(self):
        self.process = subprocess.Popen(["tor", "--defaults-torrc", self.folder / "defaults", "-f", self.folder / "torrc"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        check("tor starts", wait_for(self.is_there))
        return self

    def is_there(self):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.control)) == 0

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __exit__(self, *_):
        self.kill()

    def names(self):
        """Every key that this tor knows for GETINFO, in a form that can be asked for."""
        with Guest(self.control) as guest:
            guest.send(f"AUTHENTICATE {(self.folder / 'cookie').read_bytes().hex()}")
            assert guest.read() == "250 OK\r\n"
            text = guest.ask("GETINFO info/names")
        return [name.replace("*", "x") for name in re.findall(r"^(\S+) -- ", text, re.M)]


def check_filter(tor, recorder, agent, address):
    """What is asked of the agent, and what the tor hears of it."""
    other = checks.Key().address
    check("the agent is connected", agent.wait_for_tor(), agent.log_text())
    with Guest(agent.socket) as guest:
        check("PROTOCOLINFO offers the secret alone", guest.ask("PROTOCOLINFO 1") == (
            '250-PROTOCOLINFO 1\r\n250-AUTH METHODS=OBPUB-SECRET\r\n250-VERSION Tor="0.0.0.0"\r\n250 OK\r\n'))
        check("who knows the secret is let in", guest.authenticate() == "250 OK\r\n")
        before = list(recorder.lines)
        names = tor.names()
        check(f"tor has {len(names)} keys for GETINFO", len(names) > 100 and {"config-text", "version"} < set(names), names)
        for name in names:
            if name == "uptime":
                continue
            answer = guest.ask(f"GETINFO {name}")
            if answer != FILTERED:
                check(f"GETINFO {name} is refused", False, answer)
        for command in COMMANDS:
            answer = guest.ask(command.format(address=address, other=other))
            check(f"refused: {command}", answer == FILTERED, answer)
        check("nothing of that has reached tor", recorder.lines == before, recorder.lines[len(before):])

        servers = "".join(f" SERVER={HSDIR}" for _ in range(8))
        asked = [("GETINFO uptime", r"250-uptime=\d+\r\n250 OK\r\n"),
                 (f"GETINFO hs/service/desc/id/{address}", r"55\d .*\r\n"),
                 ("GETCONF PublishHidServDescriptors", r"250 PublishHidServDescriptors=1\r\n"),
                 (f"HSFETCH {address}", r"(250|55\d) .*\r\n"), (f"HSFETCH {address}{servers}", r"(250|55\d) .*\r\n")]
        for command, expected in asked:
            answer = guest.ask(command)
            check(f"answered by tor: {command[:60]}", re.fullmatch(expected, answer), answer)
        check("tor has heard just that", recorder.lines[len(before):] == [command for command, _ in asked],
              recorder.lines[len(before):])
        check("SETEVENTS is answered", guest.ask("SETEVENTS HS_DESC HS_DESC_CONTENT") == "250 OK\r\n")
        many = b"GETINFO uptime\r\nSIGNAL NEWNYM\r\nSETEVENTS\r\n" * 100
        guest.send(many)
        answers = [guest.reply() for _ in range(300)]
        check("many in one piece are answered in their order", all(
            answers[n].startswith("250-uptime=") and answers[n + 1] == FILTERED and answers[n + 2] == "250 OK\r\n"
            for n in range(0, 300, 3)), answers[:9])
        check("QUIT ends it", guest.ask("QUIT") == "250 closing connection\r\n" and guest.read() == "")
    check_broken(recorder, agent)
    allowed = re.compile(r"PROTOCOLINFO 1|AUTHCHALLENGE SAFECOOKIE [0-9a-f]{64}|AUTHENTICATE [0-9a-f]{64}"
                         r"|SETEVENTS HS_DESC HS_DESC_CONTENT|GETINFO uptime|GETINFO version|GETCONF PublishHidServDescriptors"
                         rf"|GETINFO hs/service/desc/id/{address}|HSFETCH {address}( SERVER=\$A{{40}})*")
    strange = [line for line in recorder.lines if not allowed.fullmatch(line)]
    check("in all that time tor has heard nothing else", not strange, strange)


def check_broken(recorder, agent):
    for piece in BROKEN:
        before = len(recorder.lines)
        with Guest(agent.socket) as guest:
            guest.authenticate()
            guest.send(piece)
            lines = [guest.read(), guest.read()]
            check(f"ends the connection: {piece[:40]}", lines == [FILTERED, ""], lines)
        check("and tor hears none of it", recorder.lines[before:] == [], recorder.lines[before:])


def check_strangers(agent):
    """Who does not know the secret hears nothing."""
    with Guest(agent.socket) as guest:
        began = time.monotonic()
        answer = guest.authenticate("f" * 64)
        check("a wrong secret is refused", answer.startswith("515 ") and guest.read() == "", answer)
        check("after a while", time.monotonic() - began >= 2)
    for command in ("GETINFO uptime", "AUTHENTICATE", "AUTHENTICATE " + 64 * "0", "SIGNAL HALT", "QUIT",
                    "AUTHCHALLENGE SAFECOOKIE " + 64 * "0", "HSFETCH x"):
        with Guest(agent.socket) as guest:
            answer = guest.ask(command)
            check(f"before that refused: {command}", answer.startswith("514 ") and guest.read() == "", answer)
    for piece in (b"PROTOCOLINFO 1\n", b"+PROTOCOLINFO 1\r\n", b"x" * 500, b"\0\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"):
        with Guest(agent.socket) as guest:
            guest.send(piece)
            rest = guest.read()
            check(f"before that closed: {piece[:30]}", rest in ("", "514 Authentication required.\r\n"), rest)


def check_ends(tor, agent):
    """What a publisher hears of the end of the tor, and of the agent."""
    with Guest(agent.socket) as guest:
        guest.authenticate()
        tor.kill()
        check("tor is killed: the publisher hears it", guest.read() == TOR_GONE and guest.read() == "")
    with Guest(agent.socket) as guest:
        check("and who comes then", [guest.authenticate(), guest.read(), guest.read()] == ["250 OK\r\n", TOR_GONE, ""])
    with tor:
        def is_answered():
            with Guest(agent.socket) as guest:
                guest.authenticate()
                return guest.ask("GETINFO uptime").startswith("250-uptime=")
        check("tor is there again: it is asked again", wait_for(is_answered), agent.log_text())
        with Guest(agent.socket) as guest:
            guest.authenticate()
            guest.ask("GETINFO uptime")
            status = agent.end()
            check("the agent is ended: the publisher hears it", guest.read() == LEAVING and guest.read() == "")
        check("it ends well, and takes its socket away", status == 0 and not agent.socket.exists(), status)


def check_real_tor(folder):
    address = checks.Key().address
    tor = RealTor(folder)
    with tor, Recorder(folder / "between", tor.control) as recorder:
        with Agent(folder, f"unix:{recorder.path}", [address + ".onion"]) as agent:
            mode = stat.S_IMODE(agent.socket.stat().st_mode)
            check("its socket is for its owner and group", mode == 0o660, oct(mode))
            check_filter(tor, recorder, agent, address)
            check_strangers(agent)
    with tor, Agent(folder, f"unix:{tor.control}", [address]) as agent:
        check_ends(tor, agent)


def check_events(folder):
    """Events of other services, and of other kinds, stay with the agent."""
    key, other = checks.Key(), checks.Key()
    connections = []

    def hook(connection, command):
        if command.startswith("GETINFO version"):
            connections.append(connection)
        return False
    line = f"650 HS_DESC UPLOADED {{}} UNKNOWN {HSDIR}~hsdir\r\n"
    content = f"650+HS_DESC_CONTENT {{}} x {HSDIR}~hsdir\r\nhs-descriptor 3\r\n..x\r\n.\r\n650 OK\r\n"
    theirs = [line.format(other.address), content.format(other.address), line.format("UNKNOWN"),
              "650 CIRC 1 BUILT\r\n", f"650 STREAM 1 NEW 0 {key.address}.onion:80\r\n", "650 OBPUB_AGENT TOR_GONE\r\n"]
    ours = [line.format(key.address), content.format(key.address)]
    with standin_tor.Tor(folder / "tor", {"version": "0.4.9.11", "uptime": "7"}, hook=hook), \
            Agent(folder, f"unix:{folder}/tor", [key.address]) as agent:
        check("the agent is connected", wait_for(lambda: connections), agent.log_text())
        guests = {events: Guest(agent.socket) for events in ("", " HS_DESC", " HS_DESC_CONTENT", " HS_DESC HS_DESC_CONTENT")}
        for events, guest in guests.items():
            guest.authenticate()
            check(f"SETEVENTS{events}", guest.ask(f"SETEVENTS{events}") == "250 OK\r\n")
        for event in theirs + ours + theirs:
            connections[0].sendall(event.encode())
        for events, guest in guests.items():
            expected = [event for event, name in zip(ours, ("HS_DESC", "HS_DESC_CONTENT")) if name in events.split()]
            seen = "".join(guest.reply() for _ in expected) + guest.ask("GETINFO uptime")
            check(f"with{events or ' none'}: just these events", seen == "".join(expected) + "250-uptime=7\r\n250 OK\r\n", seen)
            guest.__exit__()


def check_many(folder):
    """A publisher has a connection for each backend, and there may be several publishers: they do not put each other out."""
    addresses = [checks.Key().address for _ in range(20)]
    with standin_tor.Tor(folder / "tor", {"version": "0.4.9.11", "uptime": "7"}), \
            Agent(folder, f"unix:{folder}/tor", addresses) as agent, contextlib.ExitStack() as stack:
        agent.wait_for_tor()
        guests = [stack.enter_context(Guest(agent.socket)) for _ in range(10 * len(addresses))]
        check("ten connections for each of 20 addresses get in", {guest.authenticate() for guest in guests} == {"250 OK\r\n"})
        check("and all of them stay", [guest.ask("GETINFO uptime") for guest in guests] ==
              ["250-uptime=7\r\n250 OK\r\n"] * len(guests))


REFUSED = (
    ((), "needs --password-file"),
    (("--password-file", "{secret}"), "needs --address"),
    (("--password-file", "{secret}", "--address", "expyuzz4wqqyqhjn.onion"), "--address"),
    (("--password-file", "{secret}", "--address", "x"), "--address"),
    (("--password-file", "{secret}", "--address", "{address}", "--listen", "0.0.0.0:9151"), "loopback address alone"),
    (("--password-file", "{secret}", "--address", "{address}", "--listen", "[::]:9151"), "loopback address alone"),
    (("--password-file", "{secret}", "--address", "{address}", "--listen", "203.0.113.1:9151"), "loopback address alone"),
    (("--password-file", "{secret}", "--address", "{address}", "--control", "unix:"), "--control"),
    (("--password-file", "{short}", "--address", "{address}"), "needs at least 32"),
    (("--password-file", "{open}", "--address", "{address}"), "is open to every user"),
    (("--password-file", "{absent}", "--address", "{address}"), "absent"),
    (("--password-file", "credential:x", "--address", "{address}"), "credential"),
    (("--password-file", "{secret}", "--address", "{address}", "--once"), "there is no option --once"),
)


def check_refused(folder):
    paths = {"secret": checks.write(folder / "secret", SECRET), "short": checks.write(folder / "short", "password\n"),
             "open": checks.write(folder / "open", SECRET, 0o644), "absent": folder / "absent",
             "address": checks.Key().address}
    for arguments, words in REFUSED:
        given = [argument.format(**paths) for argument in arguments]
        if "--listen" not in given:
            given += ["--listen", f"unix:{folder}/agent"]
        result = checks.run("agent", *given)
        check(f"refused: obpub agent {' '.join(arguments)}",
              result.returncode == 2 and words in result.stderr and "password\n" not in result.stderr
              and SECRET not in result.stderr and not (folder / "agent").exists(), f"{result.returncode}: {result.stderr}")


def check_sockets(folder):
    """A socket that was left behind is replaced, one that is used is not, nor is any other file; TCP is possible."""
    address = checks.Key().address
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(folder / "agent"))
    with Agent(folder, f"unix:{folder}/absent", [address]) as agent:
        with Guest(agent.socket) as guest:
            check("a socket that was left behind is replaced", guest.authenticate() == "250 OK\r\n")
            check("without a tor it says so", guest.read() == TOR_GONE)
        second = checks.run(*agent.arguments)
        check("one that is used is not", second.returncode == 3 and "another process answers" in second.stderr, second.stderr)
        with Guest(agent.socket) as guest:
            check("and the first one goes on", guest.authenticate() == "250 OK\r\n")
        agent.process.send_signal(signal.SIGKILL)
        agent.process.wait()
    with Agent(folder, f"unix:{folder}/absent", [address]) as agent:
        check("after a kill it can be started again", agent.end() == 0, agent.log_text())
    checks.write(folder / "agent", "a file")
    result = checks.run(*agent.arguments)
    check("a file is not replaced, whenever it is started",
          result.returncode == 2 and (folder / "agent").read_text() == "a file", result.stderr)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Agent(folder, f"unix:{folder}/absent", [address], listen=f"127.0.0.1:{port}") as agent:
        with Guest(("127.0.0.1", port)) as guest:
            check("it can listen on loopback TCP", guest.authenticate() == "250 OK\r\n")


def main():
    if shutil.which("tor") is None:
        check("tor is installed", False)
        checks.finish()
    for test in (check_real_tor, check_events, check_many, check_refused, check_sockets):
        with checks.temporary_folder() as name:
            test(pathlib.Path(name))
    checks.finish()


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
