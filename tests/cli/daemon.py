"""A running obpub without any tor, for the tests of what it tells about itself."""
import ctypes
import http.client
import os
import pathlib
import resource
import signal
import socket
import subprocess
import time

import checks
from harness.process import has_capability


PR_CAPBSET_DROP, CAP_SYS_RESOURCE = 24, 24
LOCKED_MIN = 65536  # bytes that each process has to be able to lock


def may_lock():
    """Whether this machine lets a process lock as much as obpub needs."""
    limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
    return has_capability(CAP_SYS_RESOURCE) or limit == resource.RLIM_INFINITY or limit >= LOCKED_MIN


def secret_flags():
    """The VmFlags (proc_pid_smaps(5)) that memory with a secret has to have: left out of dumps, and locked if may be."""
    return {"dd", "lo"} if may_lock() else {"dd"}


def limit_locked(size):
    """For preexec_fn: has the process, and what comes of it, lock no more memory than that; root can't raise it again."""
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (size, size))


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path, timeout):
        super().__init__("obpub", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Daemon:
    """A folder with a config of one frontend and two backends, and the process that serves it."""

    def __init__(self):
        self.folder_object = checks.temporary_folder()
        self.folder = pathlib.Path(self.folder_object.name)
        self.frontend, self.backends = checks.Key(), [checks.Key(), checks.Key()]
        checks.write(self.folder / "frontend.key", self.frontend.pem())
        self.status = self.folder / "status"
        self.config = self.folder / "config.yaml"
        self.process = None
        self.write_config()

    def write_config(self, *lines):
        """Writes the config: these lines at its top, and the status socket."""
        checks.write(self.config, "\n".join([
            *lines,
            f"status-socket-location: {self.status}",
            "services:",
            "  - key: frontend.key",
            "    instances:",
            f"      - {{address: {self.backends[0].address}, name: node1, control: 'unix:{self.folder}/absent'}}",
            f"      - {{address: {self.backends[1].address}, name: 'node \"2\"'}}", ""]))

    def start(self, wait_for=None, prepare=None, program=checks.OBPUB):
        """Starts it and waits for its status socket; a start that fails gives its exit status. prepare is called in
        the new process before it becomes obpub, or the copy of it that is given as program."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ONIONBALANCE_")}
        self.log = open(self.folder / "log", "w", encoding="utf-8")
        self.process = subprocess.Popen(
            [os.path.abspath(program), "-c", str(self.config), "-s", str(self.folder / "no-tor")],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=environment,
            preexec_fn=prepare)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(str(wait_for or self.status)) == 0:
                    return None
            time.sleep(0.05)
        return self.process.poll()

    def stop(self, number=signal.SIGTERM):
        """Ends it; returns its exit status."""
        self.process.send_signal(number)
        status = self.process.wait(timeout=20)
        self.log.close()
        return status

    def log_text(self):
        return (self.folder / "log").read_text(encoding="utf-8")
