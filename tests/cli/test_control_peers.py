"""Every way in which a control port can fail, through obpub --once: what is said, how it ends, and how soon.

Most peers are stand-ins (standin_tor.py), since tor does not send endless data or a forged descriptor when asked to;
wrong passwords and cookies are tried with a real tor, alone in the world.
"""
import json
import os
import pathlib
import pwd
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import checks
import standin_tor
from standin_tor import CONSENSUS_KEY, Peer, Scripted, Tor, make_descriptor, network_answers, own_answers

from harness.judge import Judged

# KiB that endless data may make it take; several times that where AddressSanitizer keeps what was freed.
IS_SANITIZED = b"__asan_init" in pathlib.Path(checks.OBPUB).read_bytes()
MEMORY_MAX = 100 * 1024 * (5 if IS_SANITIZED else 1)

# How many times as long as it needs on a quiet machine a run may take.
SLACK = 5

FRONTEND, BACKEND, OTHER = checks.Key(), checks.Key(), checks.Key()


def run_once(folder, timeout, *, local=None, backend="none", extra="", user=None):
    """Runs obpub --once for one frontend and backend; returns its status, report, standard error, seconds and KiB."""
    timeout *= 2  # for a machine that has other things to do
    text = f"tor-control: unix:{local or folder / 'local'}\n{extra}services:\n- key: frontend.key\n  instances:\n"
    text += f"  - address: {BACKEND.address}\n    name: node1\n"
    if backend != "none":
        text += f"    control: unix:{backend}\n"
    config = checks.write(folder / "config.yaml", text)
    program = checks.OBPUB
    if user:
        os.chown(config, user.pw_uid, user.pw_gid)
        program = checks.copy_program(folder)
    errors = open(folder / "errors", "w+")
    output = open(folder / "output", "w+")
    began = time.monotonic()
    process = subprocess.Popen([os.path.abspath(program), "--once", "--json", "-c", config, "--timeout", str(timeout)],
                               stdout=output, stderr=errors, stdin=subprocess.DEVNULL,
                               **({"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}))
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    seconds = time.monotonic() - began
    with errors, output:
        errors.seek(0)
        output.seek(0)
        said, report = errors.read(), output.read()
    return os.waitstatus_to_exitcode(status), report, said, seconds, usage.ru_maxrss


def fails(name, result, words, at_most):
    """Checks that a run published nothing, said these words in its last lines, and took no longer than that."""
    status, report, said, seconds, memory = result
    last = " ".join(said.splitlines()[-4:]) + report
    missing = [word for word in words if word not in last]
    good = status == 3 and not missing and seconds < SLACK * at_most and memory < MEMORY_MAX
    checks.check(name, good, f"status {status}, {seconds:.1f} s, {memory} KiB, not said: {missing}\n{said}\n{report}")


# -- the local tor's control port

def test_absent(folder):
    result = run_once(folder, 2)
    fails("socket absent", result, [str(folder / "local"), "no such socket", "is tor running", "ControlSocket"], 4)


def test_refused(folder):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "local"))
    listener.close()
    fails("socket refused", run_once(folder, 2), [str(folder / "local"), "nobody listens", "is tor running"], 4)


def test_port_refused(folder):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        text = (f"tor-control: 127.0.0.1:{port}\nservices:\n- key: frontend.key\n  instances:\n"
                f"  - address: {BACKEND.address}\n")
        checks.write(folder / "tcp.yaml", text)
        result = checks.run("--once", "-c", folder / "tcp.yaml", "--timeout", "2")
    checks.check("port refused", result.returncode == 3 and f"127.0.0.1:{port}" in result.stderr
                 and f"ControlPort {port}" in result.stderr, result.stderr)


# What a peer sends that is no tor, whether it sends that without end, whether it closes then, words of the message.
STRANGERS = (
    ("HTTP server", (b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n",), {}, ["HTTP/1.1 400"]),
    ("SSH server", (b"SSH-2.0-OpenSSH_9.2p1\r\n",), {}, ["SSH-2.0", "ControlPort, not its SocksPort"]),
    ("tor's SocksPort", (b"HTTP/1.0 501 Tor is not an HTTP Proxy\r\nContent-Type: text/html\r\n\r\n",), {"close": True},
     ["Tor is not an HTTP Proxy", "ControlPort, not its SocksPort"]),
    ("bytes that are no text", (bytes(range(256)) + b"\r\n",), {}, ["not"]),
    ("closes at once", (), {"close": True}, ["closed", "ControlPort"]),
    ("closes mid-line", (b"250-PROTOCOLI",), {"close": True}, ["closed"]),
    ("closes mid-reply", (b"250-PROTOCOLINFO 1\r\n250-AUTH METHODS=NULL\r\n",), {"close": True}, ["closed"]),
    ("endless line", (b"250-PROTOCOLINFO 1" + b"x" * 65536,), {"endless": True}, ["longer than"]),
    ("endless reply", (b"250-PROTOCOLINFO 1\r\n" * 4096,), {"endless": True}, ["more than"]),
    ("endless data", (b"250+PROTOCOLINFO 1\r\n", b"data data data\r\n" * 4096), {"endless": True}, ["longer than"]),
    ("endless events", (b"650 NOTICE hello\r\n" * 4096,), {"endless": True}, ["an event came before"]),
    ("no method we have", (b"250-PROTOCOLINFO 1\r\n250-AUTH METHODS=MAGIC\r\n250 OK\r\n",), {}, ["no way"]),
)


def test_strangers(folder):
    for name, pieces, options, words in STRANGERS:
        with Scripted(folder / "local", *pieces, **options):
            result = run_once(folder, 3)
        fails(f"peer that is not tor: {name}", result, [str(folder / "local"), *words], 6)


def test_silent(folder):
    with Peer(folder / "local"):
        fails("peer that never answers", run_once(folder, 3), [str(folder / "local"), "--timeout"], 5)


def hang_at(word):
    """A hook: no answer to this command."""
    return lambda connection, command: command.startswith(word)


def close_in(word, piece):
    """A hook: a piece of an answer to this command, then the end."""
    def hook(connection, command):
        if command.startswith(word):
            connection.sendall(piece)
            connection.shutdown(socket.SHUT_RDWR)
        return False
    return hook


def endless_answer(word, first, piece):
    """A hook: an answer to this command that never ends."""
    def hook(connection, command):
        if command.startswith(word):
            connection.sendall(first)
            while True:
                connection.sendall(piece)
        return False
    return hook


def test_late_faults(folder):
    """Faults of a local tor that authenticates us first."""
    key = f"GETINFO {CONSENSUS_KEY}"
    faults = (
        ("no answer to GETINFO", hang_at("GETINFO"), ["--timeout"]),
        ("closes inside the consensus", close_in(key, f"250+{CONSENSUS_KEY}=\r\nnetwork-status-".encode()), ["closed"]),
        ("endless consensus", endless_answer(key, f"250+{CONSENSUS_KEY}=\r\n".encode(), b"r relay\r\n" * 8192),
         ["longer than"]),
        ("endless events", endless_answer("SETEVENTS", b"250 OK\r\n", b"650 HS_DESC FAILED\r\n" * 4096), ["--timeout"]),
    )
    for name, hook, words in faults:
        with Tor(folder / "local", network_answers(), hook=hook):
            fails(f"local tor: {name}", run_once(folder, 4), words, 7)


# -- the network that the local tor knows

def test_networks(folder):
    good = standin_tor.consensus()
    networks = (
        ("consensus with no HSDir", {CONSENSUS_KEY: good.replace(" HSDir ", " ")}, ["HSDir"]),
        ("consensus of last week", {CONSENSUS_KEY: standin_tor.consensus(time.time() - 7 * 86400)}, ["live", "clock"]),
        ("consensus cut off", {CONSENSUS_KEY: good[:len(good) // 2].rpartition("\n")[0] + "\n"}, ["consensus"]),
        ("consensus that is none", {CONSENSUS_KEY: "hello\nworld\n"}, ["consensus"]),
        ("no consensus yet", {CONSENSUS_KEY: ""}, ["consensus"]),
        ("a tor that is too old to be asked", {CONSENSUS_KEY: None}, ["too old", "0.4.3"]),
        ("not enough of the network", {"status/enough-dir-info": "0"}, ["enough of the network"]),
        ("no microdescriptors", {"md/all": ""}, ["microdescriptors"]),
        ("microdescriptors that are none", {"md/all": "hello\nworld\n"}, ["microdescriptor"]),
    )
    descriptor = make_descriptor(BACKEND)
    for name, changes, words in networks:
        answers = {key: answer for key, answer in {**network_answers(), **changes}.items() if answer is not None}
        with Tor(folder / "local", answers, {BACKEND.address: descriptor}) as tor:
            fails(name, run_once(folder, 3), words, 6)
            checks.check(f"{name}: nothing was posted", not tor.posted)


# -- descriptors

def flip_signature(text):
    """The same descriptor with one character of its signature changed."""
    at = text.index("\nsignature ") + len("\nsignature ") + 20
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1:]


def bad_descriptors():
    """Each bad descriptor with its name and words that say what is wrong with it."""
    good = make_descriptor(BACKEND)
    yield "truncated", good[:good.index("\n", len(good) // 2) + 1], ["descriptor"]
    yield "truncated before its signature", good[:good.index("signature ")], ["signature"]
    yield "of another onion", make_descriptor(OTHER), ["not a descriptor of this service"]
    yield "consistent, but under foreign keys", make_descriptor(BACKEND, signer=OTHER), [
        "not a descriptor of this service"]
    yield "with a bad signature", flip_signature(good), ["signature"]
    yield "with an expired certificate", make_descriptor(BACKEND, lifetime=-2), ["expired"]
    yield "longer than any may be", good.replace("\nsuperencrypted\n", "\n" + "x" * 60000 + "\nsuperencrypted\n"), [
        "bytes"]


def test_good_descriptor(folder):
    """The stand-in is good enough: with a good descriptor everything is published, and stem likes it."""
    descriptor = make_descriptor(BACKEND)
    for name, backend in (("over a control port", folder / "backend"), ("from the HSDirs", "none")):
        with Tor(folder / "local", network_answers(), {BACKEND.address: descriptor}) as local, \
                Tor(folder / "backend", own_answers(BACKEND, descriptor), {BACKEND.address: descriptor}):
            status, report, said, _, _ = run_once(folder, 10, backend=backend)
        posted = {hsdir for hsdirs, _ in local.posted for hsdir in hsdirs}
        good = status == 0 and json.loads(report)["result"] == "complete" and len(posted) >= 8
        checks.check(f"a good descriptor {name}", good, said)
        points = set(Judged(descriptor.strip("\n"), BACKEND.address + ".onion").points)
        judged = [Judged(text.strip("\n"), FRONTEND.address + ".onion") for _, text in local.posted]
        checks.check(f"a good descriptor {name}: stem finds its points in what is posted",
                     judged and all(set(one.points) == points for one in judged))


def test_descriptors(folder):
    for name, descriptor, words in bad_descriptors():
        for way, backend in (("over a control port", folder / "backend"), ("from the HSDirs", "none")):
            with Tor(folder / "local", network_answers(), {BACKEND.address: descriptor}) as local, \
                    Tor(folder / "backend", own_answers(BACKEND, descriptor), {BACKEND.address: descriptor}):
                result = run_once(folder, 6, backend=backend)
            fails(f"descriptor {name}, {way}", result, ["not one backend", "its descriptor is bad", *words], 9)
            checks.check(f"descriptor {name}, {way}: nothing was posted", not local.posted)


def test_no_descriptor(folder):
    """Neither the backend's tor nor any HSDir has a descriptor."""
    for way, backend, words in (("over a control port", folder / "backend", ["published?"]),
                                ("from the HSDirs", "none", ["NOT_FOUND"])):
        with Tor(folder / "local", network_answers()) as local, Tor(folder / "backend") as peer:
            result = run_once(folder, 6, backend=backend)
        fails(f"no descriptor, {way}", result, ["not one backend", *words], 9)
        checks.check(f"no descriptor, {way}: nothing was posted", not local.posted and not peer.posted)


def test_backend_faults(folder):
    """A backend's control port that misbehaves costs its patience and no more."""
    line = b"250-PROTOCOLINFO 1" + b"x" * 65536
    peers = (
        ("is not tor", Scripted(folder / "backend", b"HTTP/1.1 400 Bad Request\r\n\r\n"), ["HTTP/1.1"]),
        ("sends an endless line", Scripted(folder / "backend", line, endless=True), ["longer than"]),
        ("sends endless data", Tor(folder / "backend", hook=endless_answer(
            "GETINFO", f"250+hs/service/desc/id/{BACKEND.address}=\r\n".encode(), b"line\r\n" * 8192)), []),
        ("sends endless events", Tor(folder / "backend", hook=endless_answer(
            "SETEVENTS", b"250 OK\r\n", b"650+HS_DESC_CONTENT " + b"x" * 4096 + b"\r\n" + b"line\r\n" * 8192)), []),
        ("never answers", Peer(folder / "backend"), ["node1"]),
        ("closes mid-reply", Scripted(folder / "backend", b"250-PROTOCOLINFO 1\r\n", close=True), ["closed"]),
        ("has no such service", Tor(folder / "backend"), ["node1"]),
    )
    for name, peer, words in peers:
        with Tor(folder / "local", network_answers()) as local, peer:
            result = run_once(folder, 6, backend=folder / "backend")
        fails(f"backend that {name}", result, ["not one backend", *words], 9)
        checks.check(f"backend that {name}: nothing was posted", not local.posted)


# -- a real tor

class LoneTor:
    """A tor without a network, with a password or a cookie."""

    def __init__(self, folder, *lines):
        self.folder, self.lines = folder / "tor", lines
        self.socket = self.folder / "control"

    def __enter__(self):
        self.folder.mkdir(mode=0o700)
        torrc = checks.write(self.folder / "torrc", "\n".join((
            f"DataDirectory {self.folder}/data", f'ControlSocket unix:"{self.socket}" WorldWritable RelaxDirModeCheck',
            "SocksPort 0", "DisableNetwork 1", "Log notice stdout", *self.lines)) + "\n")
        defaults = checks.write(self.folder / "defaults", "")
        self.process = subprocess.Popen(["tor", "-f", torrc, "--defaults-torrc", defaults, "__OwningControllerProcess",
                                         str(os.getpid())], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not checks.listens(self.socket) and time.monotonic() < deadline:
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.folder)


def hash_password(password):
    result = subprocess.run(["tor", "--quiet", "--hash-password", password], capture_output=True, text=True, check=True)
    return result.stdout.split()[-1]


def test_password(folder):
    password = checks.write(folder / "password", "wrong\n")
    with LoneTor(folder, f"HashedControlPassword {hash_password('right')}") as tor:
        extra = f"tor-control-password-file: {password}\n"
        fails("wrong password", run_once(folder, 10, local=tor.socket, extra=extra),
              [str(tor.socket), str(password), "refused", "HashedControlPassword"], 5)
        fails("no password, but one is wanted", run_once(folder, 10, local=tor.socket),
              [str(tor.socket), "password", "control-password-file"], 5)
        checks.write(password, "right\n")
        fails("right password", run_once(folder, 3, local=tor.socket, extra=extra),
              ["--timeout", "enough of the network"], 6)


def test_cookie(folder):
    with LoneTor(folder, "CookieAuthentication 1") as tor:
        other = checks.write(folder / "cookie", os.urandom(32))
        extra = f"tor-control-cookie-file: {other}\n"
        fails("another tor's cookie", run_once(folder, 10, local=tor.socket, extra=extra),
              [str(tor.socket), str(other)], 5)
        fails("right cookie", run_once(folder, 3, local=tor.socket), ["--timeout"], 6)
        if os.geteuid() != 0:
            return cookie_without_permission(folder, tor, None)
        nobody = pwd.getpwnam("nobody")
        for path in (folder, folder / "frontend.key"):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        cookie_without_permission(folder, tor, nobody)


def cookie_without_permission(folder, tor, user):
    tor.folder.chmod(0o711)
    cookie = tor.folder / "data" / "control_auth_cookie"
    cookie.chmod(0)
    result = run_once(folder, 10, local=tor.socket, user=user)
    fails("no permission to read the cookie", result, [str(tor.socket), str(cookie), "may not be read"], 5)


def run_test(test):
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        checks.write(folder / "frontend.key", FRONTEND.pem())
        test(folder)


def main():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    tests = [test for name, test in sorted(globals().items()) if name.startswith("test_")]
    chosen = [test for test in tests if not sys.argv[1:] or test.__name__ in sys.argv[1:]]
    with ThreadPoolExecutor() as pool:  # nearly all their time is waiting
        list(pool.map(run_test, chosen))
    checks.finish()


main()
