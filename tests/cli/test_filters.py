"""obpub where a service manager or a container forbids system calls, capabilities, or parts of the file system: it runs, with
a warning of what is lacking, or says why it can't and exits with 2. Never is it ended by a call that a filter forbids. What
--check says of the place agrees with what the daemon does there.

test_filters.py --each-call: takes each single call away instead of groups of them; that takes minutes."""
import concurrent.futures
import json
import os
import pathlib
import pwd
import re
import signal
import subprocess
import sys

import checks
from agents import Agent
from call_groups import GROUPS, expand
from checks import check, wait_for
from daemon import Daemon

from harness.process import family, field_of

BUILD = pathlib.Path(os.environ.get("OBPUB_BUILD", "build"))
JAIL = BUILD.resolve() / "tests/jail"
SKIPPED, NO_JAIL, BAD_PLACE = 77, 99, 2
KILLED = -signal.SIGSYS
IS_ROOT = os.geteuid() == 0
USER = "nobody"
# The options of a unit that is or was in use: which calls it allows.
DEBIANS_UNIT = expand("@system-service")
NIXOS = expand("@system-service") - expand("@cpu-emulation", "@debug", "@keyring", "@memlock", "@mount", "@obsolete",
                                           "@privileged", "@setuid")
OWN_UNIT = expand("@system-service", "@sandbox") - expand("@privileged", "@resources", "@keyring", "@aio", "@chown",
                                                          "@setuid")
# What an emulated kernel that lacks much may not have.
NEW_CALLS = {"close_range", "renameat2", "faccessat2", "openat2", "clone3", "epoll_pwait2", "io_uring_setup", "memfd_create",
             "statx", "seccomp", "rseq", "membarrier", *expand("@sandbox"), *expand("@memlock")}


class Place:
    """Where less is allowed: options of tests/tools/jail.c, with the calls that a filter allows or denies."""

    def __init__(self, folder, name, *options, allow=None, deny=None, is_for_once=True):
        self.name, self.is_for_once = name, is_for_once
        self.arguments = [JAIL, *options]
        for option, calls in (("--allow", allow), ("--deny", deny)):
            if calls is not None:
                path = checks.write(folder / f"{re.sub('[^a-z0-9]+', '-', name)}{option}", "\n".join(sorted(calls)) + "\n")
                path.chmod(0o644)
                self.arguments += [option, path]
        self.arguments.append("--")

    def run(self, *command, **options):
        return subprocess.run([*map(str, self.arguments), *map(str, command)], capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, check=False, **options)

    def lets_programs_run(self):
        """Whether another program runs there: one that is killed before its first line can't say why."""
        return self.run("/bin/true").returncode == 0


class JailedDaemon(Daemon):
    """A daemon in a place."""

    def __init__(self, place, *lines):
        super().__init__()
        self.write_config(*lines)
        self.program = self.folder / "jailed"
        words = " ".join(f"'{word}'" for word in (*place.arguments, os.path.abspath(checks.OBPUB)))
        checks.write(self.program, f"#!/bin/sh\nexec {words} \"$@\"\n", 0o755)

    def start(self):
        return super().start(program=self.program)


def says_why(text):
    """Whether a sentence says which calls are missing, or what root lacks."""
    return re.search(r"without which obpub can't work: allow|was started as root, to become the user|can't be looked up",
                     text) is not None


def check_daemon(place):
    """Gives what the log says, what the status says is lacking (None where it does not run), and whether it did well."""
    daemon = JailedDaemon(place)
    checked = subprocess.run([str(daemon.program), "--check", "--json", "-c", str(daemon.config)], capture_output=True,
                             text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)
    status = daemon.start()
    lacks = None
    if status is None:
        answer = checks.run("status", "--json", "-c", daemon.config)
        lacks = json.loads(answer.stdout)["sandboxLacks"] if answer.stdout else None
        good = lacks is not None and daemon.stop() == 0 and checked.returncode == 0
        good = good and set(json.loads(checked.stdout).get("sandboxLacks", [""])) <= set(lacks)
    else:
        daemon.log.close()
        good = status == BAD_PLACE == checked.returncode and says_why(daemon.log_text()) and says_why(checked.stderr)
    detail = f"status {status}, --check {checked.returncode}: {daemon.log_text()}{checked.stderr}"
    daemon.folder_object.cleanup()
    return detail, lacks, good


def check_place(place):
    """The daemon, --check, an agent and, as that takes a second, for some --once in it. Gives whether all is well, what is
    lacking (None where obpub does not run), and what was seen."""
    detail, lacks, good = check_daemon(place)
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        daemon = Daemon()
        if place.is_for_once:
            once = place.run(os.path.abspath(checks.OBPUB), "--once", "--timeout", "1", "-c", daemon.config, "-s",
                             daemon.folder / "no-tor")
            good = good and once.returncode == (3 if lacks is not None else BAD_PLACE)
            detail += f"\n--once: {once.returncode} {once.stderr}"
        status, log = run_agent(place, folder)
        daemon.folder_object.cleanup()
    good = good and (status == 0 or (status == BAD_PLACE and says_why(log)))
    return good, lacks, f"{detail}\nagent: {status} {log}"


def run_agent(place, folder):
    """An agent that is ended as soon as it listens. Gives its exit status and what it said."""
    agent = Agent(folder, f"unix:{folder}/no-tor", [checks.Key().address])
    log_path = folder / "log"
    with open(log_path, "w", encoding="utf-8") as log:
        process = subprocess.Popen([*map(str, place.arguments), os.path.abspath(checks.OBPUB), *map(str, agent.arguments)],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(lambda: "publishers may ask" in log_path.read_text(encoding="utf-8") or process.poll() is not None)
        if process.poll() is None:
            process.terminate()
        status = process.wait(timeout=20)
    return status, log_path.read_text(encoding="utf-8")


def check_all(places):
    """Each place, two at a time."""
    def try_one(place):
        if not place.lets_programs_run():
            return None
        return check_place(place)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for place, result in zip(places, pool.map(try_one, places)):
            if result is None:
                print(f"no program runs: {place.name}")
                continue
            good, lacks, detail = result
            check(f"{place.name}: {'refused, and said' if lacks is None else f'runs, {len(lacks)} lacking'}", good, detail)


def check_groups(folder):
    """Each group taken away, from all calls there are and from those that an ordinary unit allows."""
    places = []
    for group in sorted(GROUPS):
        if group == "@process":
            continue  # see check_processes()
        for action in ("kill", "eperm"):
            places.append(Place(folder, f"~{group}, {action}", f"--{action}", deny=expand(group),
                                is_for_once=False))
        places.append(Place(folder, f"@system-service ~{group}, kill", "--kill",
                            allow=expand("@system-service") - expand(group), is_for_once=False))
    places.append(Place(folder, "~@process, eperm", "--eperm", deny=expand("@process")))
    check_all(places)


def check_each_call(folder):
    # Nobody could say a word without these: to make a child, to write, and for the C library to have memory.
    calls = sorted(set().union(*map(expand, GROUPS)) - {"clone", "write", "getrandom"})
    check_all([Place(folder, f"~{call}, {action}", f"--{action}", deny={call}, is_for_once=False) for call in calls
               for action in ("kill", "eperm", "enosys")])


def check_processes(folder):
    """A filter that has processes killed at clone() kills who would say so; under a service manager it is said before."""
    place = Place(folder, "~@process, kill", "--kill", deny=expand("@process"))
    daemon = Daemon()
    result = place.run(os.path.abspath(checks.OBPUB), "--check", "-c", daemon.config,
                       env={**os.environ, "INVOCATION_ID": "0" * 32})
    check("who is killed for making processes has said so", result.returncode == KILLED
          and "a filter of system calls, which has to allow clone (@process in SystemCallFilter=)" in result.stderr, result)
    result = checks.run("--check", "-c", daemon.config, environment={"INVOCATION_ID": "0" * 32})
    check("nothing is said of it without a filter", result.returncode == 0 and "a filter of system calls" not in result.stderr,
          result)


def check_debians_unit(folder):
    """The filter of Debian 12's own onionbalance.service kills who tries seccomp() or Landlock. obpub confines itself by
    prctl() there, and only Landlock is lacking."""
    place = Place(folder, "Debian's onionbalance.service", "--kill", allow=DEBIANS_UNIT)
    usual = lacks_here()
    daemon = JailedDaemon(place)
    status = daemon.start()
    check("under Debian's onionbalance.service it runs", status is None, daemon.log_text())
    if status is not None:
        return
    lacks = json.loads(checks.run("status", "--json", "-c", daemon.config).stdout)["sandboxLacks"]
    filters = [field_of(pid, "Seccomp_filters") for pid in family(daemon.process.pid)]
    check("with a filter of its own in each process", filters == ["2"] * 3, filters)
    expected = ["there is no Landlock here, which would close files to processes: a filter of system calls kills who tries"]
    check("and without Landlock, which it says", [lack for lack in lacks if lack not in usual] == expected
          and expected[0] in daemon.log_text(), lacks)
    check("it ends well", daemon.stop() == 0, daemon.log_text())
    result = place.run(os.path.abspath(checks.OBPUB), "--check", "-c", daemon.config)
    check("--check says the same", result.returncode == 0 and f"lacking: {expected[0]}" in result.stdout
          and "system calls filtered (by prctl), no Landlock" in result.stdout, result.stdout)


def lacks_here():
    """What is lacking without any jail."""
    daemon = Daemon()
    return json.loads(checks.run("--check", "--json", "-c", daemon.config).stdout).get("sandboxLacks", [])


def check_units(folder):
    """Filters of other units, and of an emulated kernel."""
    check_all([
        Place(folder, "NixOS, kill", "--kill", allow=NIXOS),
        Place(folder, "NixOS, eperm", "--eperm", allow=NIXOS),
        Place(folder, "obpub's own unit", "--eperm", allow=OWN_UNIT),
        Place(folder, "obpub's own unit, kill", "--kill", allow=OWN_UNIT),
        Place(folder, "a kernel that lacks much", "--enosys", deny=NEW_CALLS),
    ])
    good, lacks, detail = check_place(Place(folder, "no memlock", "--kill", deny=expand("@memlock")))
    is_said = any("keys can't be locked" in lack and "@memlock" in lack for lack in lacks or [])
    check("memory that must not be locked is said", good and is_said, detail)


def check_inspect(folder):
    """What is asked for by hand runs in such places, too, or says why not."""
    frontend, client = checks.Key(), checks.Key()
    key = checks.write(folder / "client.auth_private",
                       f"{frontend.address}:descriptor:x25519:{client.address[:51].upper()}A\n")
    descriptor = checks.write(folder / "descriptor", "hs-descriptor 3\n")
    for group, expected in (("@memlock", 1), ("@io-event", BAD_PLACE), ("@network-io", BAD_PLACE), ("@ipc", BAD_PLACE)):
        place = Place(folder, f"inspect ~{group}", "--kill", deny=expand(group))
        result = place.run(os.path.abspath(checks.OBPUB), "inspect", descriptor, "--address", frontend.address, "--client-key",
                           key)
        check(f"~{group}, kill: inspect exits with {expected}, and says why", result.returncode == expected
              and (expected == 1 or says_why(result.stderr)), result)
    check("what is said of one call alone", "calls pipe2, without which obpub can't work: allow it (@ipc)" in result.stderr,
          result.stderr)


def check_namespaces(folder):
    """A user namespace, a root that is read-only, no /proc, no capabilities."""
    places = [Place(folder, "no capabilities", "--no-capabilities"),
              Place(folder, "a user namespace", "--user-namespace"),
              Place(folder, "a read-only root", *([] if IS_ROOT else ["--user-namespace"]), "--read-only"),
              Place(folder, "no /proc", *([] if IS_ROOT else ["--user-namespace"]), "--no-proc"),
              Place(folder, "all of that", "--user-namespace", "--read-only", "--no-proc", "--no-capabilities")]
    good = [place for place in places if place.run("/bin/true").returncode == 0]
    for place in places:
        if place not in good:
            print(f"NOT CHECKED here, as it can't be had: {place.name}")
    check_all(good)


def check_becoming(folder):
    """Root that is to become a user, and can't: no restart mends that."""
    if not IS_ROOT:
        print("NOT CHECKED here, for want of root: becoming a user without capabilities")
        return
    uid = pwd.getpwnam(USER).pw_uid
    as_user = f"start obpub as that user (docker run --user {uid}:"
    ways = {"no capabilities": (["--no-capabilities"], None, ["SETUID and SETGID", as_user]),
            "a user namespace": (["--user-namespace"], None, ["user namespace", "or start obpub as that user"]),
            "no @setuid, EPERM": (["--eperm"], expand("@setuid"), ["filter of system calls", "allow @setuid",
                                                                   "or start obpub as that user"]),
            "no @setuid, kill": (["--kill"], expand("@setuid"), ["kills who tries", "allow @setuid", "(User=)"])}
    for name, (options, denied, words) in ways.items():
        place = Place(folder, f"{name}, becoming a user", *options, deny=denied)
        if not place.lets_programs_run():
            print(f"NOT CHECKED here, as it can't be had: {name}")
            continue
        daemon = JailedDaemon(place, f"user: {USER}")
        status = daemon.start()
        results = {"the daemon": (status, daemon.log_text())}
        for option in ("--check", "--once"):
            result = place.run(os.path.abspath(checks.OBPUB), option, "-c", daemon.config)
            results[option] = result.returncode, result.stderr
        for who, (status, text) in results.items():
            check(f"{name}: {who} exits with 2", status == BAD_PLACE, text)
            check(f"{name}: {who} says what is missing, and both ways out, once",
                  all(text.count(word) == 1 for word in [f"to become the user \"{USER}\"", *words])
                  and "refuses to go on" not in text, text)


def check_lasting_errors(folder):
    """What no restart mends exits with 2, and what one may mend does not."""
    daemon = Daemon()
    for name, path, expected in (("a folder that is none", "frontend.key/status", BAD_PLACE),
                                 ("a path that is too long", "x" * 120, BAD_PLACE),
                                 ("a folder that is not there yet", "later/status", 3)):
        daemon.status = daemon.folder / path
        daemon.write_config()
        environment = {"ONIONBALANCE_STATUS_SOCKET_LOCATION": str(daemon.status)}
        daemon.write_config()
        result = checks.run("-c", daemon.config, "-s", daemon.folder / "no-tor", environment=environment)
        check(f"{name}: exits with {expected}", result.returncode == expected, result)
    if not IS_ROOT:
        return
    with checks.temporary_folder() as name:
        place = Place(folder, "a read-only root for sockets", "--read-only")
        if not place.lets_programs_run():
            return
        result = place.run(os.path.abspath(checks.OBPUB), "-c", daemon.config, "-s", f"{name}/no-tor",
                           env={**os.environ, "ONIONBALANCE_STATUS_SOCKET_LOCATION": "/var/obpub-no-such-socket"})
        check("a file system that is read-only: exits with 2", result.returncode == BAD_PLACE
              and "Read-only file system" in result.stderr, result)


def is_sanitized():
    return re.search(r"^OBPUB_SANITIZE:BOOL=ON$", (BUILD / "CMakeCache.txt").read_text(), re.M) is not None


def main():
    if is_sanitized():
        print("sanitizers make calls of their own")
        sys.exit(SKIPPED)
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        if "--each-call" in sys.argv:
            check_each_call(folder)
        else:
            check_debians_unit(folder)
            check_processes(folder)
            check_becoming(folder)
            check_lasting_errors(folder)
            check_inspect(folder)
            check_units(folder)
            check_namespaces(folder)
            check_groups(folder)
    checks.finish()


main()
