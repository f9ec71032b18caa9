"""Forbidden system calls, made by gdb from inside each of a running obpub's own processes, of the daemon and of --once:
they fail or end the process, as the filter says, and with one process all end. Needs root."""
import ctypes
import errno
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys

import checks
from checks import wait_for
from daemon import Daemon

from harness.debugger import KILLED, call_inside
from harness.memory import can_read_memory
from harness.process import family, field_of, process_runs

SKIPPED, LOST = 77, 4  # LOST: the exit status when one of the processes has ended
AT_FDCWD, PTRACE_TRACEME = -100, 0
CLONE_NEWUSER, AF_NETLINK = 0x10000000, 16
BAD_SYSTEM_CALL = f"was ended by signal {signal.SIGSYS.value} "
EXECUTE = ("execve", "/bin/true", 0, 0)
READ = ("openat", AT_FDCWD, "/etc/passwd", os.O_RDONLY)
WRITE = ("openat", AT_FDCWD, "/dev/null", os.O_WRONLY)
UNIX_SOCKET = ("socket", socket.AF_UNIX, socket.SOCK_STREAM, 0)
NETLINK_SOCKET = ("socket", AF_NETLINK, socket.SOCK_RAW, 0)
TRACE = ("ptrace", PTRACE_TRACEME, 0, 0, 0)
UNSHARE = ("unshare", CLONE_NEWUSER)
BPF = ("bpf", 0, 0, 0)
# What each may do, which shows that the calls are good ones; what fails; and what ends it.
ALLOWED = {"obpub": [UNIX_SOCKET], "obpub-reader": [READ], "obpub-signer": []}
REFUSED = {"obpub": [READ, WRITE, NETLINK_SOCKET], "obpub-reader": [WRITE, UNIX_SOCKET, NETLINK_SOCKET],
           "obpub-signer": []}
FATAL = {"obpub": [EXECUTE, TRACE, UNSHARE, BPF], "obpub-reader": [EXECUTE, TRACE, UNSHARE, BPF],
         "obpub-signer": [EXECUTE, TRACE, UNSHARE, BPF, READ, UNIX_SOCKET]}
HAS_LANDLOCK = ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1) > 0
# Descriptors that a process may have; the engine has a socket for every tor.
OPEN_FILES = {"obpub-reader": 64, "obpub-signer": 16}


def describe(call):
    return f"{call[0]}({', '.join(map(str, call[1:]))})"


def processes_of(pid):
    """The three processes by name, once they are there and confined."""
    def are_there():
        found = family(pid)
        return sorted(found.values()) == sorted(FATAL) and all(field_of(each, "Seccomp") == "2" for each in found)
    return {name: number for number, name in family(pid).items()} if wait_for(are_there) else {}


def find_obstacle():
    """Why this can't be tried here, or None."""
    if not can_read_memory():
        return "only root can have gdb look into obpub's processes (CAP_SYS_PTRACE)"
    build = pathlib.Path(os.environ.get("OBPUB_BUILD", "build"))
    if re.search(r"^OBPUB_SANITIZE:BOOL=ON$", (build / "CMakeCache.txt").read_text(), re.M):
        return "a build with sanitizers is not confined"
    daemon = Daemon()
    daemon.start()
    daemon.stop()
    return "system calls can't be filtered here" if "system calls can't be filtered" in daemon.log_text() else None


def check_not_fatal(name, pid):
    for call in ALLOWED[name]:
        result = call_inside(pid, *call)
        checks.check(f"{name}: {describe(call)} is possible", result != KILLED and result[0] >= 0, result)
    for call in REFUSED[name]:
        result = call_inside(pid, *call)
        checks.check(f"{name}: {describe(call)} is refused", result in ((-1, errno.EPERM), (-1, errno.EACCES)), result)


def check_removal(daemon, pids):
    """Beside the status socket and below its folder lie files of others. The engine can remove none of them, and not the
    socket itself; elsewhere the reader can't either."""
    below = daemon.folder / "below"
    below.mkdir()
    files = {checks.write(folder / "file", "somebody's") for folder in (daemon.folder, below)}
    with checks.temporary_folder() as name:
        elsewhere = checks.write(pathlib.Path(name) / "file", "somebody's")
        for program, tried in (("obpub", [*files, daemon.status, elsewhere]),
                               ("obpub-reader", [elsewhere] if HAS_LANDLOCK else [])):
            for path in tried:
                result = call_inside(pids[program], "unlinkat", AT_FDCWD, str(path), 0)
                where = "the status socket" if path == daemon.status else path.relative_to(daemon.folder) \
                    if path.is_relative_to(daemon.folder) else "a file elsewhere"
                checks.check(f"{program}: removing {where} is refused", path.exists() and result in (
                    (-1, errno.EPERM), (-1, errno.EACCES)), result)


def check_end(what, name, pids, returned, text):
    checks.check(f"{what}: the others end too", wait_for(lambda: not any(map(process_runs, pids.values())), 10), pids)
    expected = -signal.SIGSYS if name == "obpub" else LOST
    checks.check(f"{what}: the exit status is {expected}", returned == expected, f"{returned}: {text}")
    if name != "obpub":
        checks.check(f"{what}: it is said", re.search(rf"the process {name} {BAD_SYSTEM_CALL}", text), text)


def check_limits(pids):
    for name, expected in OPEN_FILES.items():
        limits = pathlib.Path(f"/proc/{pids[name]}/limits").read_text()
        found = re.search(r"^Max open files +(\d+) +(\d+) ", limits, re.M)
        checks.check(f"{name} may have {expected} descriptors open", found and found[1] == found[2] == str(expected),
                     limits)


def check_daemon():
    """Each in turn does first what fails, then what ends it."""
    for name, calls in FATAL.items():
        for number, call in enumerate(calls):
            daemon = Daemon()
            daemon.start()
            pids = processes_of(daemon.process.pid)
            if not pids:
                checks.check("three confined processes", False, daemon.log_text())
                return
            if number == 0 and name == "obpub":
                check_removal(daemon, pids)
            if number == 0:
                check_not_fatal(name, pids[name])
                check_limits(pids)
                checks.check(f"{name}: all go on", all(map(process_runs, pids.values())), daemon.log_text())
            what = f"{name}: {describe(call)}"
            result = call_inside(pids[name], *call)
            checks.check(f"{what} ends it", result == KILLED, result)
            if result != KILLED:
                daemon.stop()
                continue
            check_end(what, name, pids, daemon.process.wait(timeout=10), daemon.log_text())


def check_once():
    """A single round is confined like the daemon."""
    for name in FATAL:
        daemon = Daemon()
        arguments = [os.path.abspath(checks.OBPUB), "--once", "--timeout", "60", "-c", daemon.config, "-s",
                     daemon.folder / "no-tor"]
        with subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True) as process:
            pids = processes_of(process.pid)
            checks.check("--once: three confined processes", bool(pids))
            if not pids:
                process.kill()
                continue
            check_not_fatal(name, pids[name])
            what = f"--once, {name}: {describe(EXECUTE)}"
            checks.check(f"{what} ends it", call_inside(pids[name], *EXECUTE) == KILLED)
            text = process.communicate(timeout=20)[1]
            check_end(what, name, pids, process.returncode, text)


def main():
    obstacle = find_obstacle()
    if obstacle is not None:
        print(f"left out: {obstacle}")
        return SKIPPED
    check_daemon()
    check_once()
    checks.finish()


if __name__ == "__main__":
    sys.exit(main())
