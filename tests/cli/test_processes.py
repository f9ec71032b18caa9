"""The three processes of obpub: which there are, what each has open, and that none lives on without the others. There
is no tor."""
import contextlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import checks
from checks import wait_for
from daemon import Daemon

from harness.memory import can_read_memory
from harness.process import family, process_runs

NAMES = ["obpub-reader", "obpub-signer"]
LOST = 4  # the exit status when one of the processes has ended


def children_of(process):
    """The ids of its children by their names."""
    return {name: number for number, name in family(process).items() if number != process}


def open_files(process):
    """What its descriptors are, without those that are closed while we look. Only root can see that (CAP_SYS_PTRACE):
    obpub's processes are not dumpable."""
    found = {}
    for entry in pathlib.Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found[int(entry.name)] = os.readlink(entry)
    return found


def peers_of(process):
    """The inodes of its sockets."""
    return {name for name in open_files(process).values() if name.startswith("socket:")}


def start(daemon, *lines):
    daemon.write_config(*lines)
    status = daemon.start()
    checks.check("it starts", status is None, daemon.log_text())
    return children_of(daemon.process.pid)


def check_files(daemon, children):
    """Each has just the files and sockets that it needs."""
    if not can_read_memory():
        print("NOT CHECKED here, for want of root's CAP_SYS_PTRACE: what obpub's processes have open")
        return
    for name in NAMES:
        files = open_files(children[name])
        others = [file for number, file in files.items() if number > 2]
        checks.check(f"{name} has two sockets, standard error, and nothing else",
                     len(others) == 2 and all(file.startswith("socket:") for file in others)
                     and files[0] == files[1] == "/dev/null", files)
        checks.check(f"{name} shares no socket with the engine",
                     not peers_of(children[name]) & peers_of(daemon.process.pid))
    check_no_file(daemon)


def check_no_file(daemon):
    """The engine has opened nothing in the config's folder; it is said already where that can't be seen."""
    if not can_read_memory():
        return
    files = open_files(daemon.process.pid)
    checks.check("the engine has no file of the config's folder open",
                 not any(str(daemon.folder) in file for number, file in files.items() if number > 2), files)


def check_end(daemon, children, what):
    checks.check(f"{what}: no process is left",
                 wait_for(lambda: not any(map(process_runs, children.values()))), children)


def check_processes():
    """Their names, and that each has just what it needs."""
    daemon = Daemon()
    children = start(daemon)
    checks.check("it has a signer and a reader", sorted(children) == NAMES, children)
    check_files(daemon, children)
    status = daemon.stop()
    checks.check("SIGTERM ends it well", status == 0, status)
    check_end(daemon, children, "SIGTERM")


def check_lost_child(name):
    daemon = Daemon()
    children = start(daemon)
    os.kill(children[name], signal.SIGKILL)
    status = daemon.process.wait(timeout=10)
    checks.check(f"{name} is killed: the engine ends with {LOST}", status == LOST, status)
    checks.check(f"{name} is killed: the log says so", re.search(
        rf"critical: ending: the process {name} was ended by signal 9", daemon.log_text()), daemon.log_text())
    check_end(daemon, children, f"{name} is killed")


def check_lost_engine():
    daemon = Daemon()
    children = start(daemon)
    daemon.stop(signal.SIGKILL)
    check_end(daemon, children, "the engine is killed")


def check_stopped_child():
    """Processes that hang end with the engine all the same."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        daemon = Daemon()
        children = start(daemon)
        for child in children.values():
            os.kill(child, signal.SIGSTOP)
        status = daemon.stop(number)
        checks.check(f"its children hang, {number.name}: it ends", status == (0 if number == signal.SIGTERM else -9),
                     status)
        check_end(daemon, children, f"its children hang, {number.name}")


def check_group(number):
    """A signal for the whole process group, such as a terminal's ^C, is a clean end within a second."""
    daemon = Daemon()
    popen = subprocess.Popen

    def in_own_group(*arguments, **keywords):
        return popen(*arguments, start_new_session=True, **keywords)
    subprocess.Popen = in_own_group
    try:
        children = start(daemon)
    finally:
        subprocess.Popen = popen
    began = time.monotonic()
    os.killpg(daemon.process.pid, number)
    status = daemon.process.wait(timeout=10)
    seconds = time.monotonic() - began
    checks.check(f"{number.name} to all: a clean end", status == 0, status)
    checks.check(f"{number.name} to all: within a second", seconds < 1, seconds)
    checks.check(f"{number.name} to all: nobody complains", "critical" not in daemon.log_text(), daemon.log_text())
    check_end(daemon, children, f"{number.name} to all")


def check_reload_to_all():
    """SIGHUP and SIGUSR1 to all three mean what they mean to the first."""
    daemon = Daemon()
    children = start(daemon)
    for number, words in ((signal.SIGHUP, "config read again"), (signal.SIGUSR1, daemon.frontend.address)):
        for process in (*children.values(), daemon.process.pid):
            os.kill(process, number)
        checks.check(f"{number.name} to all", wait_for(lambda: words in daemon.log_text()), daemon.log_text())
    checks.check("all are still there", all(map(process_runs, children.values())))
    daemon.stop()


def check_reload():
    """A key that comes and one that goes: the processes stay."""
    daemon = Daemon()
    children = start(daemon)
    other = checks.Key()
    checks.write(daemon.folder / "other.key", other.tor())
    text = daemon.config.read_text()
    services = f"  - {{key: other.key, instances: [{{address: {checks.Key().address}}}]}}\n"
    first, second = f"frontend {daemon.frontend.address}.onion", f"frontend {other.address}.onion"
    for config, words in ((text + services, f"config read again: {second} is new\n"),
                          (text, f"config read again: {second} is gone\n"),
                          (text.replace("frontend.key", "other.key"),
                           f"config read again: {second} is new; {first} is gone\n")):
        checks.write(daemon.config, config)
        before = len(daemon.log_text())
        daemon.process.send_signal(signal.SIGHUP)
        checks.check(f"reload: {words.strip()}", wait_for(lambda: words in daemon.log_text()[before:]), daemon.log_text())
        check_no_file(daemon)
    checks.write(daemon.folder / "other.key", b"rubbish")
    before = len(daemon.log_text())
    daemon.process.send_signal(signal.SIGHUP)
    checks.check("a key that is broken is refused", wait_for(
        lambda: "the one before stays in use" in daemon.log_text()[before:]), daemon.log_text())
    checks.check("the processes are those of the start", children_of(daemon.process.pid) == children)
    daemon.stop()


def check_once():
    """A round is three processes too, and ends when it loses one."""
    daemon = Daemon()
    arguments = [os.path.abspath(checks.OBPUB), "--once", "--json", "--timeout", "60", "-c", str(daemon.config), "-s",
                 str(daemon.folder / "no-tor")]
    for name in NAMES:
        with subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as process:
            checks.check("--once: it has a signer and a reader",
                         wait_for(lambda: sorted(children_of(process.pid)) == NAMES))
            os.kill(children_of(process.pid)[name], signal.SIGKILL)
            _, text = process.communicate(timeout=20)
            checks.check(f"--once: {name} is killed: it ends with {LOST}", process.returncode == LOST,
                         process.returncode)
            checks.check(f"--once: {name} is killed: it says so", "obpub" in text, text)


def check_closed_streams():
    """Started with its standard descriptors closed, it has them open before a socket gets their numbers."""
    daemon = Daemon()
    daemon.write_config()
    command = [os.path.abspath(checks.OBPUB), "-c", str(daemon.config), "-s", str(daemon.folder / "no-tor")]
    with subprocess.Popen(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command]) as process:
        checks.check("without standard streams: it has a signer and a reader",
                     wait_for(lambda: sorted(family(process.pid).values()) == ["obpub", *NAMES]))
        checks.check("without standard streams: it is there", wait_for(daemon.status.exists))
        if can_read_memory():
            files = open_files(process.pid)
            checks.check("without standard streams: it has /dev/null for them",
                         {files.get(number) for number in range(3)} == {"/dev/null"}, files)
        process.terminate()
        checks.check("without standard streams: it ends well", process.wait(timeout=10) == 0, process.returncode)


def main():
    check_processes()
    for name in NAMES:
        check_lost_child(name)
    check_lost_engine()
    check_stopped_child()
    for number in (signal.SIGINT, signal.SIGTERM):
        check_group(number)
    check_reload_to_all()
    check_reload()
    check_once()
    check_closed_streams()
    checks.finish()


if __name__ == "__main__":
    sys.exit(main())
