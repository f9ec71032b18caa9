"""What the config and the machine make of the confinement: a user, what is lacking, and require-sandbox. A container that
allows no confinement is made by a filter of system calls of our own."""
import ctypes
import json
import os
import pathlib
import platform
import pwd
import re
import signal
import struct
import subprocess
import sys
import time
import unittest.mock as mock

import bundle_reader
import checks
from checks import wait_for
from daemon import LOCKED_MIN, Daemon, limit_locked, may_lock

from harness.memory import can_read_memory, mappings_with
from harness.process import family, field_of, has_capability

LIBRARY = ctypes.CDLL(None, use_errno=True)
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
SECCOMP_CALL, PRCTL_CALL = {"x86_64": (317, 157), "aarch64": (277, 167)}[platform.machine()]
LANDLOCK_CALL = 444
LANDLOCK_VERSION = LIBRARY.syscall(LANDLOCK_CALL, None, ctypes.c_size_t(0), 1)
HAS_LANDLOCK = LANDLOCK_VERSION > 0
LANDLOCK_WHOLE = 6  # the version from which on it can do all that obpub asks of it
IS_ROOT = os.geteuid() == 0
CAP_DAC_READ_SEARCH = 2
USER = "nobody"


def has_user(name):
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False


def forbid_confinement():
    """Lets neither filters, whichever way, nor Landlock be had by this process and what comes of it: the first are not
    permitted, the second is not there."""
    load, jump, give = 0x20, 0x15, 0x06
    allowed, error, first_argument = 0x7fff0000, 0x00050000, 16
    instructions = [(load, 0, 0, 0), (jump, 0, 1, SECCOMP_CALL), (give, 0, 0, error | 1), (jump, 0, 1, LANDLOCK_CALL),
                    (give, 0, 0, error | 38), (jump, 0, 3, PRCTL_CALL), (load, 0, 0, first_argument),
                    (jump, 0, 1, PR_SET_SECCOMP), (give, 0, 0, error | 1), (give, 0, 0, allowed)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in instructions))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(instructions), ctypes.addressof(code)))
    if LIBRARY.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or LIBRARY.prctl(
            PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.c_void_p(ctypes.addressof(program))) != 0:
        os._exit(99)


def expected_lacks(stays_root=not has_user("obpub")):
    """The beginnings of the sentences that an ordinary start has to say on this machine; or one where root, if it is
    that, stays so or not."""
    if checks.is_sanitized():
        lacks = ["this build has sanitizers"]
    else:
        lacks = ["there is no Landlock here"] if not HAS_LANDLOCK else []
        lacks += ["the Landlock here does not do all"] if 0 < LANDLOCK_VERSION < LANDLOCK_WHOLE else []
        lacks += [] if may_lock() else ["keys can't be locked into memory here"]
    return lacks + (["obpub was started as root and stays it"] if IS_ROOT and stays_root else [])


def warnings_of(daemon):
    return re.findall(r" warning: (.*)", daemon.log_text())


def start(*lines, prepare=None):
    """A daemon with these lines in its config, and its exit status if it did not start."""
    daemon = Daemon()
    daemon.write_config(*lines)
    return daemon, daemon.start(prepare=prepare)


def lacks_of(daemon):
    return json.loads(checks.run("status", "--json", "-c", daemon.config).stdout)["sandboxLacks"]


def check_lacks(name, daemon, status, expected):
    """It runs, and says each thing that is lacking once in the log, and in the status."""
    checks.check(f"{name}: it starts", status is None, daemon.log_text())
    said = [warning for warning in warnings_of(daemon) if any(warning.startswith(lack) for lack in expected)]
    checks.check(f"{name}: the log has {len(expected)} warnings", len(said) == len(expected) and all(
        any(warning.startswith(lack) for warning in said) for lack in expected), daemon.log_text())
    checks.check(f"{name}: so has the status", sorted(lacks_of(daemon)) == sorted(said), lacks_of(daemon))


def check_refusal(name, lines, text, prepare=None):
    """Neither the daemon nor --once starts; the exit status is 2, and the reason is given."""
    daemon, status = start(*lines, prepare=prepare)
    checks.check(f"{name}: refused with status 2", status == 2, f"{status}: {daemon.log_text()}")
    checks.check(f"{name}: and the reason", text in daemon.log_text(), daemon.log_text())
    if prepare is None:
        result = checks.run("--once", "-c", daemon.config)
        checks.check(f"{name}: --once too", result.returncode == 2 and text in result.stderr, result)


def processes_of(daemon):
    return list(family(daemon.process.pid))


def check_ordinary():
    daemon, status = start()
    check_lacks("here", daemon, status, expected_lacks())
    filters = [field_of(pid, "Seccomp") for pid in processes_of(daemon)]
    checks.check("three processes, each with a filter", filters == [str(0 if checks.is_sanitized() else 2)] * 3, filters)
    checks.check("it ends well", daemon.stop() == 0, daemon.log_text())


def check_container():
    if checks.is_sanitized():
        return
    lacks = ["system calls can't be filtered here: Operation not permitted", "there is no Landlock here"]
    lacks += [lack for lack in expected_lacks() if "Landlock" not in lack]
    daemon, status = start(prepare=forbid_confinement)
    check_lacks("in a container that allows none", daemon, status, lacks)
    checks.check("it ends well there", daemon.stop() == 0, daemon.log_text())
    check_refusal("require-sandbox there", ["require-sandbox: true"], "\"require-sandbox\", and system calls can't",
                  forbid_confinement)


def check_pages(what, daemon, secrets):
    """Of all processes only the signer has any of the secrets, and each page of its that has one is locked into memory
    and left out of dumps."""
    for pid in processes_of(daemon):
        name = field_of(pid, "Name")
        found = mappings_with(pid, secrets)
        if name != "obpub-signer":
            checks.check(f"{what}: {name} has no part of it", not found, found)
            continue
        checks.check(f"{what}: the signer has it", len(found) > 0)
        checks.check(f"{what}: locked into memory, and nowhere else", all("lo" in flags for _, flags in found), found)
        checks.check(f"{what}: left out of dumps, and nowhere else", all("dd" in flags for _, flags in found), found)
        checks.check(f"{what}: the kernel counts the pages", int(field_of(pid, "VmLck").split()[0]) >= 8,
                     field_of(pid, "VmLck"))
    daemon.stop()


def check_locked_memory():
    """A key's pages, and a bundle's."""
    if checks.is_sanitized():
        return  # the sanitizers lock nothing
    obstacle = None if can_read_memory() else "root's CAP_SYS_PTRACE"
    obstacle = obstacle if may_lock() else "a higher limit (ulimit -l)"
    if obstacle is not None:
        print(f"NOT CHECKED here, for want of {obstacle}: the signer's pages, as the kernel has them")
        return
    daemon, _ = start()
    key = daemon.frontend.expanded()
    check_pages("a key", daemon, [key[:32], key[32:]])

    daemon = Daemon()
    path = daemon.folder / "frontend.key"
    subprocess.run([checks.BUILD / "tests/make_bundle", daemon.frontend.seed.hex(), str(int(time.time())), "3", "1440", "3600",
                    path], check=True, timeout=60)
    checks.check("it starts with a bundle", daemon.start() is None, daemon.log_text())
    periods = bundle_reader.Bundle(path.read_bytes()).periods
    check_pages("a bundle", daemon, [secret for period in periods for secret in (period.seed, period.counter_key)])


def check_lock_limit():
    """Where too little memory may be locked, it is said, or refused."""
    if checks.is_sanitized():
        return
    others = [lack for lack in expected_lacks() if "locked" not in lack]
    little = "keys can't be locked into memory here, they may be written to the swap: the limit is 16384 bytes"
    daemon, status = start(prepare=lambda: limit_locked(16384))
    check_lacks("a limit on locked memory", daemon, status, [*others, little])
    daemon.stop()
    if not others:
        check_refusal("require-sandbox with such a limit", ["require-sandbox: true"], little,
                      lambda: limit_locked(16384))
    # Enough for some frontends, but not for so many.
    daemon = Daemon()
    user = USER if has_capability(CAP_DAC_READ_SEARCH) else "root"
    entries = []
    for number in range(40):
        checks.write(daemon.folder / f"key{number}", checks.Key().pem())
        entries.append(f"  - {{key: key{number}, instances: [{{address: {checks.Key().address}}}]}}")

    def configure(requirement):
        daemon.write_config(f"require-sandbox: {requirement}", *([f"user: {user}"] if IS_ROOT else []))
        checks.write(daemon.config, daemon.config.read_text() + "\n".join(entries) + "\n")
    words = "frontends can't be locked into memory, they may be written to the swap"
    configure("false")
    status = daemon.start(prepare=lambda: limit_locked(LOCKED_MIN))
    checks.check("more keys than may be locked: it starts, with a warning", status is None
                 and re.search(rf" warning: .*the keys of \d\d {words}", daemon.log_text()), daemon.log_text())
    checks.check("and it ends well", daemon.stop() == 0, daemon.log_text())
    if expected_lacks(stays_root=user == "root"):
        return
    configure("true")
    status = daemon.start(prepare=lambda: limit_locked(LOCKED_MIN))
    checks.check("with require-sandbox it is refused with status 2", status == 2, f"{status}: {daemon.log_text()}")
    reason = rf"\"require-sandbox\", and the keys of \d\d {words}"
    checks.check("and the reason is given", re.search(reason, daemon.log_text()), daemon.log_text())


def check_requirement():
    lacks = expected_lacks()
    if lacks:
        check_refusal("require-sandbox", ["require-sandbox: true"], f"\"require-sandbox\", and {lacks[0]}")
    if not expected_lacks(stays_root=not has_capability(CAP_DAC_READ_SEARCH)):
        user = [f"user: {USER}"] if IS_ROOT else []
        daemon, status = start("require-sandbox: true", *user)
        check_lacks("require-sandbox where all is there", daemon, status, [])
        daemon.stop()


def check_users():
    check_refusal("a user that is not there", ["user: no-such-user"], "there is no user \"no-such-user\"")
    if not IS_ROOT:
        daemon, status = start("user: root")
        check_lacks("another user than the one it is", daemon, status, ["only root can become", *expected_lacks()])
        daemon.stop()
        return
    check_becoming()
    daemon, status = start("user: root")
    check_lacks("root on purpose", daemon, status, expected_lacks(stays_root=True))
    daemon.stop()
    lack = expected_lacks(stays_root=True)[0]
    check_refusal("root on purpose, and require-sandbox", ["user: root", "require-sandbox: true"],
                  f"\"require-sandbox\", and {lack}")


def check_becoming():
    """It becomes another user, whose reader can read root's files all the same."""
    if not has_capability(CAP_DAC_READ_SEARCH):
        print("NOT CHECKED here, for want of root's CAP_DAC_READ_SEARCH: becoming another user with root's files")
        return
    expected = str(pwd.getpwnam(USER).pw_uid)
    daemon, status = start(f"user: {USER}")
    users = {tuple(set(field_of(pid, "Uid").split())) for pid in processes_of(daemon)}
    checks.check("all processes become the user", status is None and users == {(expected,)}, users)
    checks.check("the status socket is the user's", str(daemon.status.stat().st_uid) == expected)
    daemon.stop()
    check_owners(int(expected))
    check_refused_start(int(expected))
    check_credential()


def check_owners(user):
    """A key may be root's, or of the user that root becomes: --check says what would be."""
    for owner, exit_status in ((0, None), (user, None), (4711, 2)):
        daemon = Daemon()
        daemon.write_config(f"user: {USER}")
        os.chown(daemon.folder / "frontend.key", owner, 0)
        status = daemon.start()
        checks.check(f"a key of uid {owner}: {exit_status or 'taken'}", status == exit_status, daemon.log_text())
        if status is None:
            daemon.stop()
        result = checks.run("--check", "-c", daemon.config)
        checks.check(f"a key of uid {owner}: --check says so", result.returncode == (exit_status or 0), result.stderr)
        checks.check("it says what root would become", f"if uid 0 starts obpub here: from root to uid {user}, "
                     in result.stdout or status, result.stdout)
    daemon.write_config()
    result = checks.run("--check", "-c", daemon.config)
    checks.check("who stays root is told of the user", has_user("obpub") or 'or name that user as "user"' in result.stderr,
                 result.stderr)


def check_refused_start(user):
    """What refuses a start is what --check says, and nothing of whose keys would be whose: they are not even read."""
    def lacking(limit):
        return lambda: limit_locked(limit)

    for lines, prepare, why in ((("user: obpub-nobody-has-this-name",), None, "obpub-nobody-has-this-name"),
                                ((f"user: {USER}", "require-sandbox: true"), lacking(0),
                                 "sanitizers" if checks.is_sanitized() else "locked")):
        daemon = Daemon()
        daemon.write_config(*lines)
        os.chown(daemon.folder / "frontend.key", user, 0)
        status = daemon.start(prepare=prepare)
        said = daemon.log_text().strip().split(": ", 1)[1]
        checks.check(f"{lines}: no start, and why", status == 2 and why in said, daemon.log_text())
        result = checks.run("--check", "--json", "-c", daemon.config, prepare=prepare)
        checks.check("--check says that alone", result.returncode == 2 and result.stderr.splitlines() == [
            f"obpub: {daemon.config}: {said}"], f"{result.stderr} {said}")
        checks.check("and as JSON", json.loads(result.stdout)["errors"] == [f"{daemon.config}: {said}"], result.stdout)


def check_credential():
    """Credentials of root's, in a folder that only root may enter, are there for the user that root becomes."""
    daemon = Daemon()
    keys = daemon.folder / "keys"
    keys.mkdir(0o700)
    (daemon.folder / "frontend.key").rename(keys / "frontend.key")
    daemon.write_config(f"user: {USER}")
    daemon.config.write_text(daemon.config.read_text().replace("key: frontend.key", "key: credential:frontend.key"))
    with mock.patch.dict(os.environ, CREDENTIALS_DIRECTORY=str(keys)):
        result = checks.run("--check", "-c", daemon.config)
        status = daemon.start()
    checks.check("--check finds root's credential", result.returncode == 0, result.stderr)
    checks.check("and so does who starts as root", status is None, daemon.log_text())
    daemon.stop()


def check_dumps():
    """None of its processes can be dumped, or looked into by others of its user (PR_SET_DUMPABLE): the kernel then says
    that their memory is root's. As a user from the start, since becoming one makes it so anyway."""
    user = pwd.getpwnam(USER) if IS_ROOT else pwd.getpwuid(os.geteuid())

    def become_user():
        if IS_ROOT:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)

    def owners(pids):
        return {os.stat(f"/proc/{pid}/mem").st_uid for pid in pids}

    daemon = Daemon()
    program = checks.copy_program(daemon.folder)
    if IS_ROOT:
        for path in (daemon.folder, *daemon.folder.iterdir()):
            os.chown(path, user.pw_uid, user.pw_gid)
    status = daemon.start(prepare=become_user, program=program)
    checks.check("it starts as an ordinary user", status is None, daemon.log_text())
    with subprocess.Popen(["sleep", "60"], preexec_fn=become_user) as other:
        wait_for(lambda: pathlib.Path(f"/proc/{other.pid}/comm").read_text() == "sleep\n")
        checks.check("another program's memory is that user's", owners([other.pid]) == {user.pw_uid}, owners([other.pid]))
        other.kill()
    checks.check("that of its processes is not", owners(processes_of(daemon)) == {0}, owners(processes_of(daemon)))
    daemon.stop()


def check_reload():
    """What a confined process can't change any more is said."""
    daemon, _ = start()

    def reload(*lines):
        daemon.write_config(*lines)
        daemon.process.send_signal(signal.SIGHUP)

    reload("user: root")
    checks.check("another user counts from the next start",
                 wait_for(lambda: "when obpub is started anew" in daemon.log_text()), daemon.log_text())
    old, daemon.status = daemon.status, daemon.folder / "beside"
    reload("user: root")
    checks.check("a status socket beside the old one can be had",
                 wait_for(lambda: daemon.status.exists() and not old.exists()), daemon.log_text())
    with checks.temporary_folder() as elsewhere:
        daemon.status = pathlib.Path(elsewhere) / "status"
        reload("user: root")
        if checks.is_sanitized() or not HAS_LANDLOCK:
            checks.check("one in another folder too", wait_for(daemon.status.exists), daemon.log_text())
        else:
            checks.check("one in another folder can't",
                         wait_for(lambda: "a new start is needed" in daemon.log_text()), daemon.log_text())
            checks.check("and is not there", not daemon.status.exists() and daemon.process.poll() is None)
        checks.check("it ends well after that", daemon.stop() == 0, daemon.log_text())


def main():
    check_ordinary()
    check_container()
    check_requirement()
    check_locked_memory()
    check_lock_limit()
    check_users()
    check_dumps()
    check_reload()
    checks.finish()


sys.exit(main())
