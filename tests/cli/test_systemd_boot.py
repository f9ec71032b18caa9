"""The unit under a real systemd, booted for the test in namespaces of its own, beside a real tor (without network): all
that the sandbox takes away is not needed, and systemd is told what it wants to know. Needs root."""
import ctypes
import os
import pathlib
import re
import shutil
import signal
import sys
import time

import checks
import test_systemd
from checks import wait_for

from harness import machine

SKIPPED = 77
# Without a Landlock that can do all obpub would refuse to start when the sandbox is required.
HAS_LANDLOCK = ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1) >= 6
CONFIG = """require-sandbox: {sandbox}
status-socket-location: /run/obpub/control
metrics-listen: unix:/run/obpub/metrics
services:
  - key: credential:frontend.key
    instances:
      - address: {address}.onion
        control: localhost:9999
"""


def find_obstacle():
    """Why the unit can't be tried here, or None."""
    obstacle = machine.find_obstacle()
    build = pathlib.Path(os.environ.get("OBPUB_BUILD", "build"))
    if obstacle is None and re.search(r"^OBPUB_SANITIZE:BOOL=ON$", (build / "CMakeCache.txt").read_text(), re.M):
        return "the sanitizers do not run without memory that is writable and executable"
    return obstacle


def make_files(folder):
    """What is put on top of this machine's files: obpub as a package installs it, with a config and a key."""
    made = test_systemd.configure(folder / "made")
    files = folder / "files"
    library = files / "usr" / "lib"
    for place in (library / "systemd" / "system", library / "sysusers.d", library / "tmpfiles.d",
                  files / "usr" / "bin", files / "etc" / "systemd" / "system", files / "etc" / "obpub" / "keys"):
        place.mkdir(parents=True)
    shutil.copy(checks.OBPUB, files / "usr" / "bin" / "obpub")
    shutil.copy(made / "obpub.service", library / "systemd" / "system")
    shutil.copy(made / "sysusers.d" / "obpub.conf", library / "sysusers.d")
    shutil.copy(made / "tmpfiles.d" / "obpub.conf", library / "tmpfiles.d")
    checks.write(files / "etc" / "obpub" / "config.yaml", CONFIG.format(
        address=checks.Key().address, sandbox=str(HAS_LANDLOCK).lower()), 0o644)
    checks.write(files / "etc" / "obpub" / "keys" / "frontend.key", checks.Key().pem())
    checks.write(files / "etc" / "systemd" / "system" / "trial.target",
                 "[Unit]\nWants=systemd-journald.service tor@default.service obpub.service\n", 0o644)
    for path in (files, *files.rglob("*/")):
        if path.is_dir():
            path.chmod(0o755)
    return files


def check_start(machine):
    if not wait_for(machine.is_up):
        checks.check("systemd boots", False, machine.end())
        checks.finish()
    checks.check("obpub becomes active", wait_for(lambda: machine.show("ActiveState") == "active"), machine.log())
    checks.check("its status line says how things are",
                 wait_for(lambda: machine.show("StatusText").startswith("0 of 1 frontends published")),
                 machine.show("StatusText"))
    checks.check("it gets through to tor's control socket, cookie and all",
                 wait_for(lambda: "waiting for the local tor" in machine.show("StatusText")), machine.log())
    checks.check("the name of the backend's host is looked up: the answer is the refusal of its port",
                 "localhost:9999: nobody listens there" in machine.log(), machine.log())
    checks.check("its status socket and its metrics are there",
                 wait_for(lambda: machine.run("sh", "-c", "cd /run/obpub && stat -c '%n %F %A %U' *").splitlines()
                          == ["control socket srw-rw---- obpub", "metrics socket srw-rw---- obpub"]),
                 machine.run("ls", "-la", "/run/obpub"))
    status = machine.run("sh", "-c", "cat /proc/$(systemctl show -P MainPID obpub)/status")
    checks.check("the engine has a filter of its own besides systemd's",
                 re.search(r"^Seccomp_filters:\t([2-9]|\d\d+)$", status, re.M) is not None, status)
    journal = machine.run("journalctl", "-u", "obpub", "-o", "json", "_COMM=obpub")
    priorities = set(re.findall(r'"PRIORITY":"(\d)"', journal))
    checks.check("the journal has its priorities", {"4", "6"} <= priorities <= {"3", "4", "6"}, priorities)


def check_reload(machine):
    process = machine.show("MainPID")
    for name, change in (("good", "true"), ("bad", "echo 'service: nonsense' >> /etc/obpub/config.yaml")):
        machine.run("sh", "-c", change)
        text = machine.run("systemctl", "reload", "obpub")
        status = machine.show("StatusText")
        checks.check(f"systemctl reload with a {name} config", wait_for(
            lambda: machine.show("ActiveState") == "active" and machine.show("MainPID") == process) and text == "", text)
        if test_systemd.systemd_waits():
            checks.check(f"when it returns the status line {'says' if name == 'bad' else 'does not say'} that it was refused",
                         ("was not read again" in status) == (name == "bad"), status)
    checks.check("the log says what is bad", wait_for(lambda: "no key \"service\"" in machine.log()), machine.log())
    checks.check("so does the status line, in the end", wait_for(
        lambda: "no key \"service\"" in machine.show("StatusText")), machine.show("StatusText"))
    machine.run("sed", "-i", "/nonsense/d", "/etc/obpub/config.yaml")
    if test_systemd.systemd_waits():
        check_waiting(machine)


def check_waiting(machine):
    """systemd from 253 on: a reload is over when the config has been read, however long that takes."""
    reader = processes_of(machine)["obpub-reader"]
    machine.run("kill", "-STOP", reader)
    machine.run("systemctl", "reload", "--no-block", "obpub")
    checks.check("while the reader hangs the service is reloading", wait_for(
        lambda: machine.show("ActiveState") == "reloading"), machine.log())
    time.sleep(2)
    checks.check("for as long as it does", machine.show("ActiveState") == "reloading", machine.log())
    machine.run("kill", "-CONT", reader)
    checks.check("then the reload is over", wait_for(lambda: machine.show("ActiveState") == "active"), machine.log())
    checks.check("and the good config is in use", "was not read again" not in machine.show("StatusText"),
                 machine.show("StatusText"))


def check_watchdog(machine):
    """A process that hangs is ended and started again."""
    folder = "/run/systemd/system/obpub.service.d"
    machine.run("sh", "-c", f"mkdir -p {folder} && printf '[Service]\\nWatchdogSec=1s\\n' > {folder}/watchdog.conf")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", "obpub")
    time.sleep(3)
    checks.check("while it lives it is left alone", machine.show("NRestarts") == "0", machine.log())
    machine.run("systemctl", "kill", "--kill-whom=main", "--signal=STOP", "obpub")
    checks.check("when it hangs it is started again", wait_for(
        lambda: machine.show("NRestarts") == "1" and machine.show("ActiveState") == "active"), machine.log())


def processes_of(machine):
    """The processes of the service by their names, as the machine numbers them."""
    pids = machine.run("sh", "-c", "cat /sys/fs/cgroup$(systemctl show -P ControlGroup obpub)/cgroup.procs").split()
    return {machine.run("cat", f"/proc/{pid}/comm"): pid for pid in pids}


def check_killed(machine, name):
    """When one of the three processes is killed all are started again."""
    names = ["obpub", "obpub-reader", "obpub-signer"]
    before = processes_of(machine)
    checks.check(f"before {name} is killed there are three processes", sorted(before) == names, before)
    if name not in before:
        return
    machine.run("kill", "-KILL", before[name])
    after = {}

    def is_new():
        after.clear()
        if machine.show("ActiveState") == "active" and machine.show("MainPID") not in ("0", before.get("obpub")):
            after.update(processes_of(machine))
        return sorted(after) == names
    checks.check(f"after {name} is killed systemd starts it again", wait_for(is_new), machine.log())
    checks.check(f"after {name} is killed all three are new", not set(after.values()) & set(before.values()),
                 f"{before} {after}")


def check_restarts(machine):
    for name in ("obpub", "obpub-signer", "obpub-reader"):
        check_killed(machine, name)
    started = time.monotonic()
    machine.run("systemctl", "stop", "obpub")
    checks.check("systemctl stop takes less than two seconds", time.monotonic() - started < 2)
    checks.check("it ended well", machine.show("Result") == "success", machine.log())
    machine.run("sh", "-c", "echo 'service: nonsense' >> /etc/obpub/config.yaml")
    text = machine.run("systemctl", "start", "obpub")
    checks.check("a bad config: the start fails", "failed" in text, text)
    time.sleep(3)
    checks.check("and is not tried again by itself", machine.show("ActiveState") == "failed", machine.log())
    machine.run("rm", "/etc/obpub/config.yaml")
    machine.run("systemctl", "reset-failed", "obpub")
    machine.run("systemctl", "start", "obpub")
    checks.check("without a config it is not even tried", machine.show("ConditionResult") == "no"
                 and machine.show("ActiveState") == "inactive", machine.log())


def main():
    obstacle = find_obstacle()
    if obstacle is not None:
        print(f"left out: {obstacle}")
        return SKIPPED
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        booted = machine.Machine(folder, make_files(folder))
        try:
            check_start(booted)
            check_reload(booted)
            check_watchdog(booted)
            check_restarts(booted)
        finally:
            booted.close()
    checks.finish()


if __name__ == "__main__":
    sys.exit(main())
