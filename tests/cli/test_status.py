"""obpub status: what it says of a daemon, of none, and of whoever else may answer on the socket."""
import copy
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time

import checks
import daemon

# What a stand-in answers: a frontend that is fully published, and one backend.
PUBLISHED = {
    "version": "0.0", "time": "2026-11-22 12:00:00", "started": "2026-11-22 11:00:00",
    "configLoaded": "2026-11-22 11:00:00", "reloadError": None, "error": None,
    "tor": {"isConnected": True, "status": None, "consensusValidUntil": "2026-11-22 14:00:00", "isConsensusLive": True},
    "services": [{
        "onionAddress": "f" * 56 + ".onion", "isPublished": True, "isStatic": False, "introPointsNum": 3,
        "publishAttemptFirstDescriptor": None, "publishAttemptSecondDescriptor": None,
        "instances": [{
            "onionAddress": "b" * 56 + ".onion", "name": "node1", "state": "live", "since": "2026-11-22 11:30:00",
            "isReachable": True, "introPointsNum": 3, "introPointsPublished": 3, "error": None}],
        "descriptors": [{
            "name": "first", "timePeriod": 20000, "revisionCounter": 5, "nextUpload": "2026-11-22 12:40:00",
            "hsdirs": [{"fingerprint": "A" * 40, "state": "done", "isCurrent": True, "taken": "2026-11-22 11:59:00",
                        "nextTry": None, "attempts": 1, "error": None}]}]}],
}


class StandIn:
    """A socket in the daemon's place; answer gets each connection."""

    def __init__(self, path, answer):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen()
        self.answer = answer
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                try:
                    self.answer(connection)
                except OSError:
                    pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def changed(**values):
    """PUBLISHED with other values in its frontend."""
    status = copy.deepcopy(PUBLISHED)
    status["services"][0].update(values)
    return status


def ask(folder, answer, *arguments, **keywords):
    """Runs obpub status against a stand-in that answers with bytes, text, or an object as JSON."""
    path = pathlib.Path(folder) / "stand-in"
    if not callable(answer):
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()

        def answer(connection):
            connection.sendall(data)
    path.unlink(missing_ok=True)
    with StandIn(path, answer):
        return checks.run("status", "--socket-path", path, *arguments, **keywords)


def check_stand_ins(folder):
    result = ask(folder, PUBLISHED)
    checks.check("all is published: 0", result.returncode == 0, result)
    checks.check("it is said", "f.onion  published\n" in result.stdout and "node1  live for 30 min" in result.stdout,
                 result.stdout)
    checks.check("no colours where there is no terminal", "\033" not in result.stdout, result.stdout)
    result = ask(folder, changed(isPublished=False))
    checks.check("not all is published: 1", result.returncode == 1 and "not fully published" in result.stdout, result)
    both = copy.deepcopy(PUBLISHED)
    both["services"].append(changed(isPublished=False)["services"][0])
    checks.check("one of two is not published: 1", ask(folder, both).returncode == 1)
    checks.check("there is no frontend: 1", ask(folder, {**PUBLISHED, "services": []}).returncode == 1)

    result = ask(folder, PUBLISHED, "--json")
    checks.check("--json is what was answered", result.returncode == 0 and json.loads(result.stdout) == PUBLISHED,
                 result)
    checks.check("--json exits with 1, too", ask(folder, changed(isPublished=False), "--json").returncode == 1)

    def piecemeal(connection):
        for byte in json.dumps(PUBLISHED).encode():
            connection.sendall(bytes([byte]))
    checks.check("an answer byte by byte", ask(folder, piecemeal).returncode == 0)
    future = {**PUBLISHED, "somethingNew": [1, {"x": None}]}
    checks.check("keys of a later version are passed over", ask(folder, future).returncode == 0)


def check_hostile(folder):
    hostile = "\033[2J\a\x9b1m\u202e\r\n\x7f"
    status = changed(onionAddress=hostile, isPublished=True)
    status["version"] = hostile
    status["services"][0]["instances"][0].update(name=hostile, state=hostile, error=hostile)
    result = ask(folder, status)
    checks.check("nothing steers the terminal", result.returncode == 0 and
                 not re.search(r"[^\n -~]", result.stdout), repr(result.stdout))
    result = ask(folder, status, "--json")
    checks.check("nor does --json", result.returncode == 0 and not re.search(r"[^\n -\x7f]", result.stdout) and
                 json.loads(result.stdout) == status, repr(result.stdout))

    whole = json.dumps(PUBLISHED).encode()
    for name, answer in (
            ("nothing", b""), ("garbage", b"\0\xff" * 100), ("half of it", whole[:-1]), ("a list", b"[]"),
            ("a text", b'"x"'), ("an empty object", b"{}"), ("two objects", whole + whole),
            ("a key twice", whole.replace(b'"version": "0.0"', b'"version": "0.0", "version": "1"')),
            ("a NUL in a text", whole.replace(b'"0.0"', b'"0\\u00000"')), ("bad UTF-8", whole.replace(b"0.0", b"\xff")),
            ("a hundred thousand brackets", b"[" * 100000),
            ("Onionbalance's status", {"services": [{"instances": [], "onionAddress": "x.onion",
                                                     "publishAttemptFirstDescriptor": None,
                                                     "publishAttemptSecondDescriptor": None}]})):
        for arguments in ((), ("--json",)):
            result = ask(folder, answer, *arguments)
            checks.check(f"{name} is no status: 3 {' '.join(arguments)}", result.returncode == 3 and
                         result.stderr.startswith("obpub: ") and not result.stdout, result)

    def endless(connection):
        while True:
            connection.sendall(b" " * 1000000)
    result = ask(folder, endless)
    checks.check("an endless answer: 3", result.returncode == 3 and "longer than" in result.stderr, result)

    def silent(connection):
        connection.recv(1)
    began = time.monotonic()
    result = ask(folder, silent)
    checks.check("no answer: 3 after ten seconds", result.returncode == 3 and "in time" in result.stderr and
                 9 < time.monotonic() - began < 15, result)


def check_nobody(folder):
    result = checks.run("status", "--socket-path", folder / "absent")
    checks.check("no socket: 3", result.returncode == 3 and "is obpub running" in result.stderr, result)
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(folder / "stale"))
    result = checks.run("status", "--socket-path", folder / "stale")
    checks.check("nobody listens: 3", result.returncode == 3 and "nobody answers" in result.stderr, result)
    checks.write(folder / "plain", "x")
    result = checks.run("status", "--socket-path", folder / "plain")
    checks.check("no socket but a file: 3", result.returncode == 3 and "plain is no socket" in result.stderr, result.stderr)
    result = checks.run("status", "--socket-path", "p" * 200)
    checks.check("a path that is too long: 3", result.returncode == 3 and "too" not in result.stdout, result)


def check_finding(folder):
    """Where the socket is: the command line, the environment, the config, in this order."""
    services = "services: [{key: no-such.key, instances: [{address: x}]}]\n"  # of no concern here
    config = checks.write(folder / "c.yaml", f"status-socket-location: {folder}/stand-in\n{services}")
    none = checks.write(folder / "none.yaml", services)

    def find(*arguments, **environment):
        path = folder / "stand-in"
        path.unlink(missing_ok=True)
        with StandIn(path, lambda connection: connection.sendall(json.dumps(PUBLISHED).encode())):
            return checks.run("status", *arguments, environment=environment)
    variable = "ONIONBALANCE_STATUS_SOCKET_LOCATION"
    checks.check("the config says where, and its keys need not be readable", find("-c", config).returncode == 0)
    checks.check("ONIONBALANCE_CONFIG", find(ONIONBALANCE_CONFIG=str(config)).returncode == 0)
    checks.check("the environment says where", find("-c", none, **{variable: f"{folder}/stand-in"}).returncode == 0)
    checks.check("the environment wins over the config",
                 find("-c", config, **{variable: f"{folder}/absent"}).returncode == 3)
    checks.check("the command line wins over the environment",
                 find("--socket-path", folder / "stand-in", **{variable: f"{folder}/absent"}).returncode == 0)
    result = find("-c", none)
    checks.check("nothing says where: 2", result.returncode == 2 and "status-socket-location" in result.stderr, result)
    checks.check("no such config: 2", find("-c", folder / "absent.yaml").returncode == 2)
    bad = checks.write(folder / "bad.yaml", f"status-socket-locatoin: x\n{services}")
    result = find("-c", bad)
    checks.check("a bad config: 2", result.returncode == 2 and "bad.yaml:1:" in result.stderr, result)
    for arguments in (("--once",), ("-s", "x"), ("--nonsense",), ("--socket-path",), ("--socket-path", ""), ("x",)):
        result = find(*arguments)
        checks.check(f"status {' '.join(arguments)}: 2", result.returncode == 2, result)
    result = checks.run("--watch")
    checks.check("--watch is for status alone", result.returncode == 2 and "--watch" in result.stderr, result)


class Terminal:
    """obpub on a terminal of its own."""

    def __init__(self, *arguments, rows=50, **environment):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 100, 0, 0))
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith("ONIONBALANCE_") and name not in ("NO_COLOR", "TERM")}
        self.process = subprocess.Popen([os.path.abspath(checks.OBPUB), *map(str, arguments)], stdin=theirs,
                                        stdout=theirs, stderr=theirs, env={**clean, "TERM": "xterm", **environment})
        os.close(theirs)
        self.descriptor = ours
        self.text = ""

    def read(self, seconds):
        """Adds what comes in so many seconds, or until the end, to text."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and select.select([self.descriptor], [], [], left)[0]:
            try:
                self.text += os.read(self.descriptor, 65536).decode()
            except OSError:
                break
        return self.text

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        status = self.process.wait(timeout=10)
        os.close(self.descriptor)
        return status


def check_terminal(folder):
    path = folder / "stand-in"
    path.unlink(missing_ok=True)
    answers = [PUBLISHED]
    with StandIn(path, lambda connection: connection.sendall(json.dumps(answers[0]).encode())):
        terminal = Terminal("status", "--socket-path", path)
        checks.check("colours on a terminal", "\033[32mpublished\033[0m" in terminal.read(5), terminal.text)
        checks.check("and the same exit status", terminal.end() == 0)
        for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            terminal = Terminal("status", "--socket-path", path, **environment)
            checks.check(f"none with {environment}", "published" in terminal.read(5) and "\033" not in terminal.text,
                         terminal.text)
            terminal.end()

        terminal = Terminal("status", "--watch", "--socket-path", path)
        terminal.read(1)
        answers[0] = changed(isPublished=False)
        terminal.read(5)
        screens = terminal.text.split("\033[H")
        checks.check("--watch draws the screen again and again", len(screens) >= 4 and not screens[0], terminal.text)
        checks.check("with what is new", "not fully published" not in screens[1] and
                     "not fully published" in screens[-1], terminal.text)
        checks.check("until it is interrupted", terminal.end() == -signal.SIGINT)
        terminal = Terminal("status", "--watch", "--socket-path", path, rows=6)
        screens = terminal.read(1).split("\033[H")
        checks.check("no more than the screen has room for", 3 <= screens[1].count("\n") <= 5, terminal.text)
        checks.check("... and how much that leaves out", re.search(r"\.\.\. and \d+ more lines", screens[1]), terminal.text)
        terminal.end()
        reason = "it is out for a reason that has a very long sentence " * 6
        answers[0] = changed(problem=reason + "END")
        terminal = Terminal("status", "--watch", "--socket-path", path)
        rows = terminal.read(1).split("\033[H")[1].replace("\r", "").split("\n")
        rows = [re.sub(r"\033\[[0-9;]*[mKJ]", "", row) for row in rows]
        checks.check("a long reason is shown whole, in rows that the terminal has room for",
                     all(len(row) <= 100 for row in rows) and "END" in "".join(rows)
                     and sum("very long" in row for row in rows) >= 4, rows)
        checks.check("nothing of what was there before is cleared first", "\033[2J" not in terminal.text, terminal.text)
        terminal.end()
    terminal = Terminal("status", "--watch", "--socket-path", path)
    checks.check("--watch waits for a daemon", "nobody answers" in terminal.read(1) or
                 "is obpub running" in terminal.text, terminal.text)
    with_daemon = copy.deepcopy(PUBLISHED)
    path.unlink()
    with StandIn(path, lambda connection: connection.sendall(json.dumps(with_daemon).encode())):
        checks.check("and shows it when it is there", "published" in terminal.read(3), terminal.text)
    terminal.end()


def check_watch_json(folder):
    path = folder / "stand-in"
    path.unlink(missing_ok=True)
    with StandIn(path, lambda connection: connection.sendall(json.dumps(PUBLISHED).encode())):
        with subprocess.Popen([os.path.abspath(checks.OBPUB), "status", "--watch", "--json", "--socket-path", path],
                              stdout=subprocess.PIPE, text=True) as process:
            lines = [process.stdout.readline() for _ in range(2)]
            process.terminate()
    checks.check("--watch --json is an object a line", [json.loads(line) for line in lines] == [PUBLISHED] * 2, lines)


def check_daemon():
    process = daemon.Daemon()
    checks.check("the daemon starts", process.start() is None, process.log_text())
    result = checks.run("status", "-c", process.config)
    checks.check("nothing is published: 1", result.returncode == 1, result)
    texts = [f"frontend {process.frontend.address}.onion  not fully published", "its tor is not connected",
             "\nthe local tor: ", "there is no such socket", "    node1     out for ", '    node "2"  waiting for ']
    # It answers before it has found out about the tor and the backends.
    checks.wait_for(lambda: all(text in checks.run("status", "-c", process.config).stdout for text in texts))
    result = checks.run("status", "-c", process.config)
    for text in texts:
        checks.check(f"it says {text}", text in result.stdout, result.stdout)
    result = checks.run("status", "-c", process.config, "--json")
    service = json.loads(result.stdout)["services"][0]
    checks.check("Onionbalance's keys are there", service["onionAddress"] == process.frontend.address + ".onion" and
                 service["publishAttemptFirstDescriptor"] is None and
                 service["publishAttemptSecondDescriptor"] is None and
                 [instance["onionAddress"] for instance in service["instances"]] ==
                 [key.address + ".onion" for key in process.backends] and
                 [instance["received"] for instance in service["instances"]] == [None, None], service)

    second = daemon.Daemon.__new__(daemon.Daemon)
    second.__dict__.update(process.__dict__)
    status = second.start(process.folder / "absent")
    checks.check("a second one with the same socket does not start", status == 3, status)
    checks.check("and says why", "another process answers" in process.log_text(), process.log_text())
    checks.check("the first one goes on", checks.run("status", "-c", process.config).returncode == 1)

    process.stop(signal.SIGKILL)
    checks.check("killed, it leaves its socket", process.status.exists())
    checks.check("with nobody there: 3", checks.run("status", "-c", process.config).returncode == 3)
    checks.check("the next one takes its place", process.start() is None, process.log_text())
    checks.check("and answers", checks.run("status", "-c", process.config).returncode == 1)
    mode = process.status.stat().st_mode & 0o7777
    checks.check("only its owner and group may ask", mode == 0o660, oct(mode))
    checks.check("it ends", process.stop() == 0, process.log_text())
    checks.check("its socket is gone", not process.status.exists())


def main():
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        check_stand_ins(folder)
        check_hostile(folder)
        check_nobody(folder)
        check_finding(folder)
        check_terminal(folder)
        check_watch_json(folder)
    check_daemon()
    checks.finish()


sys.exit(main())
