"""The daemon as a service: what it tells its service manager, how it logs, and how it takes its signals. There is no
tor."""
import contextlib
import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import sys
import time

import checks

from harness.process import children, field_of

CONFIG = """tor-control: unix:{folder}/no-tor
services:
  - key: {key}
    instances:
      - address: {address}.onion
        control: unix:{folder}/no-backend
"""
TIMESTAMPED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (debug|info|warning|error|critical): \S.*")
PRIORITISED = re.compile(r"<[2-7]>\S.*")


class Service:
    """A daemon with a service manager's socket and a journal's stream of our own."""

    def __init__(self, folder, key="frontend.key", environment=None, is_journal=True, is_abstract=False):
        self.folder = folder
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind("" if is_abstract else str(folder / "notify"))
        name = self.manager.getsockname()
        self.notify_socket = "@" + name[1:].decode() if is_abstract else name
        self.config = folder / "config.yaml"
        self.good_config = CONFIG.format(folder=folder, key=key, address=checks.Key().address)
        checks.write(self.config, self.good_config)
        self.environment = environment or {}
        self.is_journal = is_journal
        self.notes, self.log, self.log_file = [], [], b""
        self.process = None

    def start(self):
        reader, writer = os.pipe()
        status = os.fstat(writer)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ONIONBALANCE_")}
        environment.update(self.environment, NOTIFY_SOCKET=self.notify_socket)
        if self.is_journal:
            environment["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
        self.process = subprocess.Popen([os.path.abspath(checks.OBPUB), "-c", self.config], stderr=writer,
                                        stdin=subprocess.DEVNULL, env=environment)
        os.close(writer)
        self.stderr = reader
        return self

    def read(self, seconds):
        """Takes in what comes within a time; returns early when something came."""
        ready, _, _ = select.select([self.manager, self.stderr], [], [], seconds)
        if self.manager in ready:
            self.notes.append(self.manager.recv(4096).decode())
        if self.stderr in ready:
            self.log_file += os.read(self.stderr, 65536)
            self.log = self.log_file.decode().splitlines()

    def wait_for(self, condition, seconds=10):
        """Reads until a condition holds. Returns whether it does."""
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            self.read(0.05)
        return bool(condition())

    def forget(self):
        self.notes.clear()
        self.log_file, self.log = b"", []

    def end(self, number=signal.SIGTERM):
        """Sends a signal. Returns the exit code, or None when it does not end within a second."""
        self.process.send_signal(number)
        try:
            code = self.process.wait(1)
        except subprocess.TimeoutExpired:
            return None
        while select.select([self.manager], [], [], 0)[0]:
            self.read(0)
        return code

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            os.close(self.stderr)
        self.manager.close()


@contextlib.contextmanager
def service(**keywords):
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        checks.write(folder / "frontend.key", checks.Key().pem())
        one = Service(folder, **keywords)
        try:
            yield one
        finally:
            one.close()


def is_ready(one):
    return lambda: "READY=1" in one.notes


def check_start_and_end():
    with service() as one:
        one.start()
        checks.check("it is ready without a tor", one.wait_for(is_ready(one)), one.log)
        checks.check("it says how things are", one.wait_for(
            lambda: any(re.match(r"STATUS=0 of 1 frontends published", note) for note in one.notes)), one.notes)
        checks.check("no watchdog is fed where there is none", not any("WATCHDOG" in note for note in one.notes))
        checks.check("the log has the journal's priorities", one.log and all(map(PRIORITISED.fullmatch, one.log)),
                     one.log)
        checks.check("the missing tor is a warning", any(line.startswith("<4>") and "no-tor" in line
                                                         for line in one.log), one.log)
        checks.check("so is the missing backend", one.wait_for(
            lambda: any("NO BACKEND IS LIVE" in line for line in one.log)), one.log)
        one.forget()
        one.wait_for(lambda: False, 3)
        checks.check("nothing is said twice", not one.log, one.log)
        code = one.end()
        checks.check("SIGTERM ends it within a second", code == 0, code)
        checks.check("it says that it ends", "STOPPING=1" in one.notes, one.notes)


def check_abstract_socket():
    """As in some containers. Landlock would keep those who are not told of it from abstract sockets, from version 6 on."""
    with service(is_abstract=True) as one:
        one.start()
        checks.check("an abstract socket is told that it is ready", one.wait_for(is_ready(one)), one.log)
        checks.check("and of each reload", [note.split("\n")[0] for note in reload(one)] == ["RELOADING=1", "READY=1"],
                     one.notes)
        checks.check("and of the end", one.end() == 0 and "STOPPING=1" in one.notes, one.notes)


def check_plain_log():
    with service(is_journal=False, environment={"JOURNAL_STREAM": "1:1"}) as one:
        one.start()
        checks.check("it is ready", one.wait_for(is_ready(one)), one.log)
        one.wait_for(lambda: len(one.log) >= 2)
        checks.check("without a journal the log has the time and the level",
                     len(one.log) >= 2 and all(map(TIMESTAMPED.fullmatch, one.log)), one.log)
        code = one.end(signal.SIGINT)
        checks.check("SIGINT ends it within a second", code == 0, code)


def check_watchdog():
    with service(environment={"WATCHDOG_USEC": "400000"}) as one:
        one.start()
        one.wait_for(is_ready(one))
        one.forget()
        one.wait_for(lambda: False, 2)
        fed = one.notes.count("WATCHDOG=1")
        checks.check("the watchdog is fed every 0.2 s", 8 <= fed <= 11, fed)
    with service(environment={"WATCHDOG_USEC": "400000", "WATCHDOG_PID": "1"}) as one:
        one.start()
        one.wait_for(is_ready(one))
        one.wait_for(lambda: False, 1)
        checks.check("another process's watchdog is left alone", "WATCHDOG=1" not in one.notes, one.notes)


def reload(one):
    """Sends SIGHUP. Returns what the manager was told of it."""
    one.forget()
    one.process.send_signal(signal.SIGHUP)
    one.wait_for(is_ready(one), 5)
    return [note for note in one.notes if not note.startswith("STATUS=")]


def check_reload():
    with service() as one:
        one.start()
        one.wait_for(is_ready(one))
        for name, content, is_good in (("good", one.good_config, True), ("bad", "nonsense: 1\n", False),
                                       ("good again", one.good_config, True)):
            checks.write(one.config, content)
            before = time.monotonic_ns() // 1000
            notes = reload(one)
            found = re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)", notes[0]) if len(notes) == 2 else None
            checks.check(f"a {name} config: the manager hears of the beginning and the end",
                         found is not None and notes[1] == "READY=1"
                         and before <= int(found[1]) <= time.monotonic_ns() // 1000, notes)
            checks.check(f"a {name} config: {'no error' if is_good else 'an error with the line'}",
                         any(line.startswith("<3>") and "config.yaml:1: " in line for line in one.log) != is_good,
                         one.log)
            said = [note for note in one.notes if note.startswith("STATUS=")]
            checks.check(f"a {name} config: before the end, the status line {'does not say' if is_good else 'says'} that it "
                         "was refused", one.notes[-1] == "READY=1" and (is_good or len(said) > 0)
                         and all(("was not read again: " in note) != is_good for note in said[-1:]), one.notes)
        one.forget()
        one.process.send_signal(signal.SIGUSR1)
        checks.check("SIGUSR1 writes the status into the log", one.wait_for(lambda: len(one.log) >= 4), one.log)
        checks.check("it still runs", one.process.poll() is None)


def check_reload_meanwhile():
    """Who asks for another reload while one is under way is told of the end of that other one: the first one may not have
    what has changed since."""
    with service() as one:
        one.start()
        one.wait_for(is_ready(one))
        one.wait_for(lambda: False, 0.5)
        one.forget()
        reader = next(pid for pid in children(one.process.pid) if field_of(pid, "Name") == "obpub-reader")
        os.kill(reader, signal.SIGSTOP)
        for number in (1, 2):
            one.process.send_signal(signal.SIGHUP)
            one.wait_for(lambda: len([note for note in one.notes if note.startswith("RELOADING")]) == number)
        checks.check("while the reader hangs no reload is over", not is_ready(one)(), one.notes)
        os.kill(reader, signal.SIGCONT)
        checks.check("both are over then", one.wait_for(is_ready(one)), one.notes)
        one.wait_for(lambda: False, 1)
        notes = [note.split("\n")[0] for note in one.notes if not note.startswith("STATUS=")]
        checks.check("and that is said once, at the end of the second one", notes == ["RELOADING=1"] * 2 + ["READY=1"], notes)


def check_credential():
    """The key comes the way the unit of the package hands it over."""
    with service(key="credential:frontend.key") as one:
        (one.folder / "given").mkdir(mode=0o700)
        (one.folder / "frontend.key").rename(one.folder / "given" / "keys_frontend.key")
        one.environment["CREDENTIALS_DIRECTORY"] = str(one.folder / "given")
        one.start()
        checks.check("the key can be a credential", one.wait_for(is_ready(one)), one.log)


def check_bad_start():
    with service() as one:
        checks.write(one.config, "services: 1\n")
        one.start()
        one.wait_for(lambda: one.process.poll() is not None)
        one.wait_for(lambda: one.log, 1)
        checks.check("a bad config at the start is the end, with 2", one.process.poll() == 2, one.process.poll())
        checks.check("it was never ready", not any("READY" in note for note in one.notes), one.notes)
        checks.check("the log says why", any(line.startswith("<3>") and "config.yaml:1" in line for line in one.log),
                     one.log)


def check_manager_that_makes_no_sense():
    """It must not keep a frontend from being published."""
    with service() as one:
        one.environment = {"WATCHDOG_USEC": "soon"}
        one.start()
        checks.check("a bad WATCHDOG_USEC is a warning", one.wait_for(
            lambda: any(line.startswith("<4>") and "WATCHDOG_USEC" in line for line in one.log)), one.log)
        checks.check("it is ready all the same", one.wait_for(is_ready(one)), one.log)


def check_hardened():
    """What the process gave up so that the keys in its memory stay there."""
    with service() as one:
        one.start()
        one.wait_for(is_ready(one))
        folder = pathlib.Path(f"/proc/{one.process.pid}")
        status = dict(re.findall(r"^(\w+):\s*(.*)$", (folder / "status").read_text(), re.M))
        checks.check("umask 077", status["Umask"] == "0077", status["Umask"])
        checks.check("no new privileges", status["NoNewPrivs"] == "1", status["NoNewPrivs"])
        core = re.search(r"^Max core file size\s+(\d+|unlimited)\s+(\d+|unlimited)",
                         (folder / "limits").read_text(), re.M)
        checks.check("no core dumps", core.groups() == ("0", "0"), core.groups())


def main():
    check_start_and_end()
    check_abstract_socket()
    check_plain_log()
    check_watchdog()
    check_reload()
    check_reload_meanwhile()
    check_credential()
    check_bad_start()
    check_manager_that_makes_no_sense()
    check_hardened()
    checks.finish()


if __name__ == "__main__":
    sys.exit(main())
