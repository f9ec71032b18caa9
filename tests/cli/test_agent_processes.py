"""The four processes of an agent: what each has open and may do, that none lives on without the others, and which of them
knows the secret. Forbidden calls are made from the inside by gdb, which needs root."""
import hashlib
import os
import pathlib
import re
import signal
import socket
import sys

import checks
import standin_tor
from agents import SECRET, Agent, Guest
from checks import check, wait_for

from harness.debugger import KILLED, call_inside
from harness.memory import can_read_memory, dump_memory
from harness.process import family, field_of, process_runs

NAMES = ["obpub-gate", "obpub-keeper", "obpub-reader"]
LOST = 4  # the exit status when one of the processes has ended
AT_FDCWD, AF_NETLINK, CLONE_NEWUSER = -100, 16, 0x10000000
IS_SANITIZED = b"__asan_init" in pathlib.Path(checks.OBPUB).read_bytes()
EXECUTE = ("execve", "/bin/true", 0, 0)
TRACE = ("ptrace", 0, 0, 0, 0)
UNSHARE = ("unshare", CLONE_NEWUSER)
READ = ("openat", AT_FDCWD, "/etc/passwd", os.O_RDONLY)
WRITE = ("openat", AT_FDCWD, "/dev/null", os.O_WRONLY)
UNIX_SOCKET = ("socket", socket.AF_UNIX, socket.SOCK_STREAM, 0)
INTERNET_SOCKET = ("socket", socket.AF_INET, socket.SOCK_STREAM, 0)
NETLINK_SOCKET = ("socket", AF_NETLINK, socket.SOCK_RAW, 0)
# What each may do, which shows that the calls are good ones; what fails; and what ends it.
ALLOWED = {"obpub": [UNIX_SOCKET, INTERNET_SOCKET], "obpub-gate": [UNIX_SOCKET], "obpub-reader": [READ], "obpub-keeper": []}
REFUSED = {"obpub": [READ, WRITE, NETLINK_SOCKET], "obpub-gate": [READ, WRITE, INTERNET_SOCKET, NETLINK_SOCKET],
           "obpub-reader": [WRITE, UNIX_SOCKET], "obpub-keeper": []}
FATAL = {"obpub": [EXECUTE], "obpub-gate": [EXECUTE, TRACE, UNSHARE], "obpub-reader": [EXECUTE],
         "obpub-keeper": [EXECUTE, READ, UNIX_SOCKET]}


class Scene:
    """An agent beside a stand-in for a tor, in a folder of its own. A context manager that gives the agent."""

    def __enter__(self):
        self.folder = checks.temporary_folder()
        path = pathlib.Path(self.folder.name)
        self.tor = standin_tor.Tor(path / "tor", {"version": "0.4.9.11", "uptime": "7"})
        self.tor.__enter__()
        self.agent = Agent(path, f"unix:{path}/tor", [checks.Key().address])
        self.agent.__enter__()
        self.agent.wait_for_tor()
        return self.agent

    def __exit__(self, *_):
        self.agent.__exit__()
        self.tor.__exit__()
        self.folder.cleanup()


def processes_of(agent):
    """Its processes by their names."""
    return {name: pid for pid, name in family(agent.process.pid).items()}


def check_files():
    with Scene() as agent:
        pids = processes_of(agent)
        check("an agent has a gate, a keeper and a reader", sorted(pids) == sorted(["obpub", *NAMES]), pids)
        if not can_read_memory():
            print("NOT CHECKED here, for want of root's CAP_SYS_PTRACE: what its processes have open, and know")
            return
        open_files = {}
        for name, pid in pids.items():
            entries = [entry for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir() if int(entry.name) > 2]
            open_files[name] = {os.readlink(entry) for entry in entries}
        # To the agent and the gate; to the agent.
        for name, count in (("obpub-keeper", 2), ("obpub-reader", 1)):
            files = open_files[name]
            check(f"{name} has {count} sockets and nothing else",
                  len(files) == count and all(file.startswith("socket:") for file in files), files)
        for name in NAMES:
            check(f"{name} shares no socket with the agent",
                  not {file for file in open_files[name] & open_files["obpub"] if file.startswith("socket:")}, open_files)
        for name in pids:
            check(f"{name} has no file open", not any(str(agent.folder) in file for file in open_files[name]), open_files)


def check_secret():
    """Only the keeper knows it, also when somebody has come in; and of the tor's connection the gate knows nothing."""
    if not can_read_memory() or IS_SANITIZED:  # those keep copies of what a function had
        return
    key = hashlib.blake2b(SECRET.encode(), key=b"obpub shared secret", digest_size=32).digest()
    with Scene() as agent, Guest(agent.socket) as guest:
        check("somebody is in", guest.authenticate() == "250 OK\r\n" and guest.ask("GETINFO uptime") != "")
        for name, pid in processes_of(agent).items():
            memory = dump_memory(pid)
            knows = [what for what, value in (("the secret", SECRET.encode()[:32]), ("its key", key)) if value in memory]
            expected = ["its key"] if name == "obpub-keeper" else []
            check(f"{name} knows {' and '.join(expected) or 'neither secret nor key'}", knows == expected, knows)


def check_end(agent, pids, what):
    check(f"{what}: no process is left", wait_for(lambda: not any(map(process_runs, pids.values())), 10), pids)


def check_lost():
    for name in NAMES:
        with Scene() as agent:
            pids = processes_of(agent)
            os.kill(pids[name], signal.SIGKILL)
            status = agent.process.wait(timeout=20)
            check(f"{name} is killed: the agent ends with {LOST}", status == LOST, status)
            check(f"{name} is killed: the log says so", re.search(
                rf"critical: ending: the process {name} was ended by signal 9", agent.log_text()), agent.log_text())
            check_end(agent, pids, f"{name} is killed")
    with Scene() as agent:
        pids = processes_of(agent)
        agent.process.kill()
        agent.process.wait()
        check_end(agent, pids, "the agent is killed")
    with Scene() as agent:
        pids = processes_of(agent)
        for name in NAMES:
            os.kill(pids[name], signal.SIGSTOP)
        agent.end()
        check_end(agent, pids, "all others hang, SIGTERM")
    with Scene() as agent:
        pids = processes_of(agent)
        for pid in pids.values():
            os.kill(pid, signal.SIGTERM)
        check("SIGTERM to all: a clean end", agent.process.wait(timeout=20) == 0, agent.log_text())
        check("SIGTERM to all: nobody complains", "critical" not in agent.log_text(), agent.log_text())
        check_end(agent, pids, "SIGTERM to all")


def describe(call):
    return f"{call[0]}({', '.join(map(str, call[1:]))})"


def find_obstacle(agent):
    if not can_read_memory():
        return "only root can have gdb look into an agent's processes (CAP_SYS_PTRACE)"
    if IS_SANITIZED:
        return "a build with sanitizers is not confined"
    return "system calls can't be filtered here" if "system calls can't be filtered" in agent.log_text() else None


def check_calls(name):
    with Scene() as agent:
        obstacle = find_obstacle(agent)
        if obstacle:
            print(f"left out: {obstacle}")
            return False
        pids = processes_of(agent)
        check(f"{name} is confined", field_of(pids[name], "Seccomp") == "2" and field_of(pids[name], "CapEff") in (
            "0000000000000000", "0000000000000004" if name == "obpub-reader" else ""))
        for call in ALLOWED[name]:
            result = call_inside(pids[name], *call)
            check(f"{name}: {describe(call)} is possible", result != KILLED and result[0] >= 0, result)
        for call in REFUSED[name]:
            result = call_inside(pids[name], *call)
            check(f"{name}: {describe(call)} is refused", result in ((-1, 1), (-1, 13)), result)
        with Guest(agent.socket) as guest:
            check(f"{name}: all go on", guest.authenticate() == "250 OK\r\n", agent.log_text())
    for call in FATAL[name]:
        with Scene() as agent:
            pids = processes_of(agent)
            check(f"{name}: {describe(call)} ends it", call_inside(pids[name], *call) == KILLED)
            status = agent.process.wait(timeout=20)
            expected = -signal.SIGSYS if name == "obpub" else LOST
            check(f"{name}: {describe(call)}: the exit status is {expected}", status == expected, status)
            check_end(agent, pids, f"{name}: {describe(call)}")
    return True


def main():
    check_files()
    check_secret()
    check_lost()
    for name in FATAL:
        if not check_calls(name):
            break
    checks.finish()


if __name__ == "__main__":
    sys.exit(main())
