"""Strangers at an agent's door, all kinds at once: the publisher that is in goes on, one that comes gets in, and the agent
stays as it is. And a client that knows the secret and reads nothing; who only stays is closed."""
import contextlib
import os
import pathlib
import resource
import select
import socket
import sys
import threading
import time

import checks
import standin_tor
from agents import Agent, Guest, prove, SECRET
from checks import check, wait_for

from harness.process import family, memory_of

sys.path.insert(0, str(checks.SOURCE / "tests/attack"))
import gatecrashers  # noqa: E402

IS_SANITIZED = b"__asan_init" in pathlib.Path(checks.OBPUB).read_bytes()
GROWTH_MAX = (512 if IS_SANITIZED else 16) * 1024  # KiB that all processes may grow by
PATIENT_RATE = 40     # connections a second of each kind of stranger: some 280 in all, as a busy onion service may see
FULL = 700            # connections that stay, of more than there is room for
LAG = 0.3             # seconds that a step takes over Tor
PAUSE = 0.1           # seconds before each try
TRIES_MAX = 100       # in which a publisher gets in when strangers come as fast as they can
OUTPUT_MAX = 4 * 1024 * 1024
STRANGER_SECONDS = (25, 60)  # in which one who does not prove the secret is closed, after 30
SLEEPER_SECONDS = (50, 150)  # in which one who does and then reads nothing is closed, after 60
WAITING = 1024 * 1024        # bytes for who reads nothing: more than a socket takes, less than the agent keeps for him
OPEN_FILES = 8192     # that this needs for all strangers; most shells allow 1,024 unless asked for more


def authenticate_slowly(path):
    """As a publisher far away does it. Returns the answer, or what has happened instead."""
    try:
        with Guest(path) as guest:
            time.sleep(LAG)
            if not guest.ask("PROTOCOLINFO 1").startswith("250-PROTOCOLINFO 1"):
                return "closed after the first step"
            time.sleep(LAG)
            nonce = os.urandom(32)
            answer = guest.ask(f"AUTHCHALLENGE OBPUB-SECRET {nonce.hex()}")
            if "SERVERNONCE=" not in answer:
                return "closed after the second step"
            time.sleep(LAG)
            nonces = nonce + bytes.fromhex(answer.split("SERVERNONCE=")[1])
            return guest.ask(f"AUTHENTICATE {prove('publisher', SECRET, nonces)}")
    except OSError as error:
        return str(error)


def authenticate_fast(path):
    try:
        with Guest(path, timeout=5) as guest:
            return guest.authenticate()
    except OSError as error:
        return str(error)


def processor_time(pids):
    """Seconds that processes have used so far."""
    seconds = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds


@contextlib.contextmanager
def crowd(path, rate):
    """All kinds of strangers at once."""
    strangers = [kind(path, rate) for kind in gatecrashers.STRANGERS]
    for stranger in strangers:
        stranger.start()
    try:
        yield strangers
    finally:
        for stranger in strangers:
            stranger.stop()


def check_crowd(agent, what, rate, enter, tries_max):
    """One publisher that is in is answered all the time; each of five that come gets in."""
    with Guest(agent.socket) as inside:
        inside.authenticate()
        with crowd(agent.socket, rate) as strangers:
            check(f"{what}: they come, until there is no room left", wait_for(lambda: all(
                stranger.count > 5 for stranger in strangers) and sum(stranger.count for stranger in strangers[:2]) > FULL, 60))
            answers, tries = [], []
            for _ in range(5):
                outcomes = []
                while "250 OK\r\n" not in outcomes and len(outcomes) < tries_max:
                    time.sleep(PAUSE)
                    outcomes.append(enter(agent.socket))
                    answers.append(inside.ask("GETINFO uptime"))
                tries.append(outcomes)
            counts = {type(stranger).__name__: stranger.count for stranger in strangers}
        check(f"{what}: who is in is always answered", set(answers) == {"250-uptime=7\r\n250 OK\r\n"}, set(answers))
        check(f"{what}: who comes gets in, after {[len(outcomes) for outcomes in tries]} tries",
              all(outcomes[-1] == "250 OK\r\n" for outcomes in tries), f"{tries} {counts}")
        print(f"    they were {counts}")


def check_strangers(folder):
    key = checks.Key()
    with standin_tor.Tor(folder / "tor", {"version": "0.4.9.11", "uptime": "7"}), \
            Agent(folder, f"unix:{folder}/tor", [key.address]) as agent:
        check("the agent is connected", agent.wait_for_tor(), agent.log_text())
        pids = list(family(agent.process.pid))
        check("it is four processes", len(pids) == 4, pids)
        before = {pid: memory_of(pid, "VmRSS") for pid in pids}
        check_crowd(agent, "as over Tor", PATIENT_RATE, authenticate_slowly, 1)
        check_crowd(agent, "as fast as they can", None, authenticate_fast, TRIES_MAX)
        check("all processes are those of before", list(family(agent.process.pid)) == pids)
        grown = sum(memory_of(pid, "VmHWM") - size for pid, size in before.items())
        check(f"their memory has grown by {grown} KiB at most", grown < GROWTH_MAX)

        def is_idle():
            used = processor_time(pids)
            time.sleep(1)
            return processor_time(pids) - used < 0.1
        check("when they are gone it has nothing to do", wait_for(is_idle, 60))
        check("and lets in as before", authenticate_fast(agent.socket) == "250 OK\r\n")
        check("it ends well", agent.end() == 0, agent.log_text())
        check("no sanitizer has anything to say", "ERROR: " not in agent.log_text()
              and "runtime error" not in agent.log_text(), agent.log_text()[-3000:])


def check_guests(folder):
    """Clients that know the secret: one that reads nothing is cut off, those that were there longest give way, and one that
    fills the agent's ears while the tor is silent costs nothing."""
    key = checks.Key()
    connections, silent = [], []

    def hook(connection, command):
        if command.startswith("GETINFO version"):
            connections.append(connection)
        return bool(silent) and command.startswith("GETINFO uptime")
    event = f"650+HS_DESC_CONTENT {key.address} x ${40 * 'A'}~hsdir\r\n" + (62 * "x" + "\r\n") * 500 + ".\r\n650 OK\r\n"
    with standin_tor.Tor(folder / "tor", {"version": "0.4.9.11", "uptime": "7"}, hook=hook), \
            Agent(folder, f"unix:{folder}/tor", [key.address]) as agent:
        check("the agent is connected", wait_for(lambda: connections), agent.log_text())
        before = {pid: memory_of(pid, "VmRSS") for pid in family(agent.process.pid)}
        with Guest(agent.socket) as reader, Guest(agent.socket) as sleeper:
            for guest in (reader, sleeper):
                guest.authenticate()
                guest.ask("SETEVENTS HS_DESC_CONTENT")
            count = 3 * OUTPUT_MAX // len(event)
            for _ in range(count):
                connections[0].sendall(event.encode())
                if reader.reply() != event:
                    check("who reads gets every event", False)
            check("who reads is still there", reader.ask("GETINFO uptime").startswith("250-uptime="))
            taken = 0
            with contextlib.suppress(ConnectionError):
                while piece := sleeper.socket.recv(65536):
                    taken += len(piece)
            check(f"who does not is closed when it has {taken} bytes before it",
                  taken < OUTPUT_MAX + 2 * 1024 * 1024 and taken < count * len(event))
        guests = []
        for _ in range(20):
            guests.append(Guest(agent.socket))
            guests[-1].authenticate()
        ended = [guest.ask("GETINFO uptime") == "" for guest in guests]
        check("of twenty, the sixteen that came last are there", ended == [True] * 4 + [False] * 16, ended)
        for guest in guests:
            guest.__exit__()
        silent.append(True)
        with Guest(agent.socket) as talker:
            talker.authenticate()
            talker.socket.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    talker.socket.send(b"GETINFO uptime\r\n" * 1000)
            used = processor_time(before)
            time.sleep(2)
            used = processor_time(before) - used
            check(f"while it waits for its tor it uses the processor for {used} of two seconds", used < 0.5)
        grown = sum(memory_of(pid, "VmHWM") - size for pid, size in before.items())
        check(f"the memory of all has grown by {grown} KiB at most", grown < GROWTH_MAX)
        check("it ends well", agent.end() == 0, agent.log_text())


def seconds_open(guest, seconds_max, drip=None):
    """Seconds until the agent closes a connection that nothing is read from, or None; with drip, a byte is sent each second."""
    begin = time.monotonic()
    closing = select.poll()
    closing.register(guest.socket, 0)  # hanging up is told without being asked for
    while time.monotonic() - begin < seconds_max:
        if closing.poll(1000):
            return time.monotonic() - begin
        if drip is not None:
            guest.send(drip)
    return None


def measure(lasted, who, *arguments):
    lasted[who] = seconds_open(*arguments)


@contextlib.contextmanager
def idlers(folder):
    """Those who only stay, at an agent of their own, as a crowd would push them out. Their time runs beside what is done in
    between."""
    key = checks.Key()
    connections, lasted = [], {}

    def hook(connection, command):
        if command.startswith("GETINFO version"):
            connections.append(connection)
        return False
    event = f"650+HS_DESC_CONTENT {key.address} x ${40 * 'A'}~hsdir\r\n" + (62 * "x" + "\r\n") * 500 + ".\r\n650 OK\r\n"
    with standin_tor.Tor(folder / "tor", {"version": "0.4.9.11", "uptime": "7"}, hook=hook), \
            Agent(folder, f"unix:{folder}/tor", [key.address]) as agent:
        check("the agent of those who only stay is connected", wait_for(lambda: connections), agent.log_text())
        with Guest(agent.socket) as sleeper, Guest(agent.socket) as silent, Guest(agent.socket) as dripping:
            sleeper.authenticate()
            sleeper.ask("SETEVENTS HS_DESC_CONTENT")
            for _ in range(WAITING // len(event)):
                connections[0].sendall(event.encode())
            threads = [threading.Thread(target=measure, args=(lasted, *arguments)) for arguments in (
                ("silent", silent, STRANGER_SECONDS[1]), ("dripping", dripping, STRANGER_SECONDS[1], b"P"),
                ("sleeper", sleeper, SLEEPER_SECONDS[1]))]
            for thread in threads:
                thread.start()
            try:
                yield
            finally:
                for thread in threads:
                    thread.join()
        for who, (least, most) in (("silent", STRANGER_SECONDS), ("dripping", STRANGER_SECONDS), ("sleeper", SLEEPER_SECONDS)):
            check(f"who only stays is closed after {least} to {most} seconds: {who}",
                  lasted[who] is not None and least <= lasted[who] <= most, lasted[who])
            print(f"    it was {lasted[who]}")
        check("and their agent ends well", agent.end() == 0, agent.log_text())


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < OPEN_FILES:
        wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    with checks.temporary_folder() as place, idlers(pathlib.Path(place)):
        for test in (check_strangers, check_guests):
            with checks.temporary_folder() as name:
                test(pathlib.Path(name))
    checks.finish()


if __name__ == "__main__":
    socket.setdefaulttimeout(30)
    sys.exit(main())
