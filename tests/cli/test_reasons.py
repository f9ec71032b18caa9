"""What is said of what goes wrong: that it is so, that it is so now, and once."""
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import time

import checks
import standin_tor
from killed_backend import lose_backend

BACKEND = checks.Key()
HOUR = 3600
NAME = "tor.example.test"


def make_config(folder, *lines, control=""):
    checks.write(folder / "frontend.key", checks.Key().pem())
    return checks.write(folder / "config.yaml", "\n".join([
        *lines, "services:", "- key: frontend.key", "  instances:", f"  - {{address: {BACKEND.address}, name: node1{control}}}",
        ""]))


def once(folder, *arguments):
    return checks.run("--once", "--timeout", "2", "-c", folder / "config.yaml", *arguments, folder=folder)


def check_no_tor(folder):
    """Each backend that was left out is so for a reason."""
    make_config(folder)
    result = once(folder, "-p", "9")
    checks.check("no tor: each backend was left out for a reason",
                 re.search(r"backend node1 was left out: \S", result.stderr)
                 and not re.search(r": *$", result.stderr, re.M), result.stderr)
    checks.check("... and the table has the same", "left out: nothing can be done with it without" in result.stdout,
                 result.stdout)


def check_waiting_beside(folder):
    """One frontend is published, and another one has no backends yet."""
    answers = {**standin_tor.own_answers(BACKEND, standin_tor.make_descriptor(BACKEND)), "uptime": "1000"}
    path = make_config(folder, f"tor-control: unix:{folder}/tor", "wait-for-backends: true",
                       control=f", control: 'unix:{folder}/backend'")
    checks.write(folder / "other.key", checks.Key().pem())
    path.write_text(path.read_text() + "- key: other.key\n")
    with standin_tor.Tor(folder / "tor", standin_tor.network_answers(uptime="100")), \
            standin_tor.Tor(folder / "backend", answers):
        result = checks.run("--once", "--timeout", "30", "-c", path)
    checks.check("a frontend that waits for backends beside another one: what is missing is said", result.returncode == 1
                 and "not everything was published: not all frontends have backends yet" in result.stderr, result.stderr)
    checks.check("... and no upload that was not to be made is counted, or shown", "16 of 16 uploads" in result.stdout
                 and "not sent" not in result.stdout, result.stdout)


def check_consensus_to_come(folder):
    """This machine's clock is slow by more than a day."""
    make_config(folder, f"tor-control: unix:{folder}/tor")
    for hours, expected in ((30, r"is only valid in (17|18)\d\d minutes by this machine's clock, which is slow"),
                            (-30, r"ran out \d+ minutes ago \(or this machine's clock is wrong\)")):
        answers = standin_tor.network_answers(uptime="100")
        answers[standin_tor.CONSENSUS_KEY] = standin_tor.consensus(time.time() + hours * HOUR)
        with standin_tor.Tor(folder / "tor", answers):
            result = once(folder)
        checks.check(f"a consensus of {hours} hours from now", result.returncode == 3 and re.search(expected, result.stderr)
                     and not re.search(r"-\d+ minutes", result.stderr), result.stderr)


def check_silent_hsdirs(folder):
    """One HSDir says that it has no descriptor, and the others say nothing; or nobody can be asked."""
    make_config(folder, f"tor-control: unix:{folder}/tor")

    def hook(connection, command):
        if not command.startswith("HSFETCH"):
            return False
        word, address, *servers = command.split()
        answered = servers[:1] if reason == "NOT_FOUND" else servers
        reply = "250 OK\r\n"
        for server in answered:
            hsdir = server.removeprefix("SERVER=").upper() + "~hsdir"
            reply += f"650 HS_DESC FAILED {address} NO_AUTH {hsdir} descriptor-id REASON={reason}\r\n"
            reply += f"650+HS_DESC_CONTENT {address} descriptor-id {hsdir}\r\n\r\n.\r\n650 OK\r\n"
        connection.sendall(reply.encode())
        return True

    for reason, expected in (("NOT_FOUND", r"\d of \d HSDirs did not answer within 20 seconds, and the others have no "
                                           r"descriptor of it for us \(NOT_FOUND\)"),
                             ("UNEXPECTED", r"the local tor did not get an answer from HSDirs \(UNEXPECTED\)")):
        with standin_tor.Tor(folder / "tor", standin_tor.network_answers(uptime="100"), hook=hook):
            result = checks.run("--once", "--timeout", "66", "-c", folder / "config.yaml", folder=folder)
        checks.check(f"HSDirs, {reason} from some of them", re.search(r"node1 was left out: " + expected, result.stderr),
                     result.stderr)


def check_address_in_brackets(folder):
    make_config(folder)
    for given, shown in (("[::1]", "[::1]:9"), ("::1", "[::1]:9"), ("127.0.0.1", "127.0.0.1:9")):
        result = once(folder, "-i", given, "-p", "9")
        checks.check(f"-i {given}", f"local tor at {shown}\n" in result.stderr, result.stderr)
    for given, words in (("[::1", "neither an address nor a host name"), ("[127.0.0.1]", "is not an IPv6 address"),
                         ("127.0.0.1:9051", "neither an address nor a host name"), ("", "the address is empty"),
                         (f"{BACKEND.address}.onion", "an onion service is reached through the local tor")):
        result = checks.run("--check", "-c", folder / "config.yaml", "-i", given, folder=folder)
        checks.check(f"-i '{given[:20]}' is refused", result.returncode == 2 and words in result.stderr, result.stderr)


def check_socket_as_in_config(folder):
    """-s takes the place in the words of the config and of torrc, too."""
    make_config(folder)
    for given in (f"{folder}/none", f"unix:{folder}/none"):
        result = once(folder, "-s", given)
        checks.check(f"-s {given[:5]}...", f"local tor at unix:{folder}/none\n" in result.stderr, result.stderr)
        result = checks.run("--once", "--timeout", "2", folder=folder, environment={"ONIONBALANCE_TOR_CONTROL_SOCKET": given})
        checks.check("... and so ONIONBALANCE_TOR_CONTROL_SOCKET", f"local tor at unix:{folder}/none\n" in result.stderr,
                     result.stderr)


def check_open_files(folder):
    """So few open files that there can't even be three processes: no new start mends that."""
    config = make_config(folder)
    for arguments in ((), ("--once",)):
        result = subprocess.run([os.path.abspath(checks.OBPUB), "-c", config, *arguments], capture_output=True, text=True,
                                timeout=60, stdin=subprocess.DEVNULL,
                                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8)))
        checks.check(f"eight open files {' '.join(arguments)}: exit 2, and what to allow", result.returncode == 2
                     and "LimitNOFILE=" in result.stderr, result)


def check_killed_backend(folder):
    """A tor that was ended: its connection is lost, and a moment later nobody listens there any more."""
    with lose_backend(folder) as publisher:
        checks.wait_for(lambda: "backend dies is out" in (folder / "log").read_text(encoding="utf-8"), 20)
        _, log = publisher.end()
    said = [line for line in log.splitlines() if "warning: backend dies" in line]
    checks.check("one warning for one backend that was killed", len(said) == 1 and "is out" in said[0], log)


def check_name_servers(folder):
    """Name servers that do not answer: libevent's own lines have no time and no level, and came at every level."""
    make_config(folder)
    checks.write(folder / "resolv.conf", "nameserver 127.0.0.53\noptions timeout:1 attempts:3\n", 0o644)
    script = 'mount --bind "$1" /etc/resolv.conf || exit 77; shift; exec "$@"'
    logs = {}
    for level in ("critical", "debug"):
        with open(folder / "log", "w+", encoding="utf-8") as log:
            process = subprocess.Popen(["unshare", "-m", "sh", "-c", script, "sh", folder / "resolv.conf",
                                        os.path.abspath(checks.OBPUB), "-c", folder / "config.yaml", "-v", level, "-i", NAME,
                                        "-p", "9"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            try:
                checks.wait_for(lambda: process.poll() is not None or "can't be resolved" in (folder / "log").read_text(), 8)
                if process.poll() == 77:
                    print("no other resolv.conf can be had here")
                    return
                process.send_signal(signal.SIGTERM)
                process.wait(20)
            finally:
                process.kill()
                process.wait()
            logs[level] = (folder / "log").read_text(encoding="utf-8")
    checks.check("name servers that are away: nothing at -v critical", logs["critical"] == "", logs["critical"])
    checks.check("... at -v debug each line has its time and level, libevent's too", "debug: libevent: " in logs["debug"]
                 and all(re.match(r"\d{4}-\S+Z (debug|info|warning|error): ", line) for line in logs["debug"].splitlines()),
                 logs["debug"])
    checks.check("... and it is said what to do", "see that the name servers in /etc/resolv.conf answer" in logs["debug"],
                 logs["debug"])


def main():
    for scene in (check_no_tor, check_waiting_beside, check_consensus_to_come, check_silent_hsdirs, check_address_in_brackets,
                  check_socket_as_in_config, check_open_files, check_killed_backend,
                  *([check_name_servers] if os.geteuid() == 0 else [])):
        with checks.temporary_folder() as name:
            scene(pathlib.Path(name))
    checks.finish()


sys.exit(main())
