"""Who stands where a control port should be gets nothing that opens another one: neither proof with the cookie of another
tor, nor a password. tests/attack/endpoint_thief.py stands there; the tor that it is after is a real one."""
import contextlib
import hashlib
import hmac
import os
import pathlib
import re
import socket
import subprocess
import sys

import checks
from checks import check, wait_for

THIEF = checks.SOURCE / "tests/attack/endpoint_thief.py"
IS_ROOT = os.geteuid() == 0
# Two who are not root: one of them has the number that stands for users that there are not.
STRANGERS = ("daemon", "nobody")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def process(*arguments, name, folder):
    """A program, and its standard output as a file that grows."""
    path = folder / name
    with open(path, "w", encoding="utf-8") as output:
        child = subprocess.Popen([str(argument) for argument in arguments], stdout=output, stderr=subprocess.STDOUT,
                                 stdin=subprocess.DEVNULL)
        try:
            yield lambda: path.read_text(encoding="utf-8", errors="replace")
        finally:
            child.kill()
            child.wait()


@contextlib.contextmanager
def thief(folder, place, *arguments, user=None):
    """The one who stands there. Gives what it has said so far."""
    options = ("--user", user) if user else ()
    with process(sys.executable, THIEF, *options, place, *arguments, name="thief", folder=folder) as said:
        wait_for(lambda: "LISTENING" in said())
        yield said
    pathlib.Path(str(place)).unlink(missing_ok=True)


@contextlib.contextmanager
def lone_tor(folder):
    """A tor without a network, with a cookie, at a port that everybody may try and a unix socket that not everybody may."""
    data = folder / "tor"
    data.mkdir(mode=0o700)
    port = free_port()
    torrc = checks.write(data / "torrc", "\n".join((
        f"DataDirectory {data}/data", f"ControlPort {port}", f'ControlSocket unix:"{data}/control"', "SocksPort 0",
        "DisableNetwork 1", "CookieAuthentication 1", "Log notice stdout")) + "\n")
    defaults = checks.write(data / "defaults", "")
    with process("tor", "-f", torrc, "--defaults-torrc", defaults, name="tor.log", folder=folder):
        cookie = data / "data" / "control_auth_cookie"
        wait_for(lambda: checks.listens(data / "control") and cookie.exists())
        yield port, data / "control", cookie


def write_config(folder, tor, control, *lines, credentials="", others=()):
    text = [*lines, f"tor-control: {tor}", "services:", "  - key: frontend.key", "    instances:",
            f"      - address: {checks.Key().address}", "        name: node1", f"        control: {control}"]
    if credentials:
        text.append(f"        {credentials}")
    text += others
    return checks.write(folder / "config.yaml", "\n".join(text) + "\n")


def publisher(folder, config):
    return process(os.path.abspath(checks.OBPUB), "-c", config, name="log", folder=folder)


def open_port(place, cookie):
    """What obpub must not be: a controller that proves any cookie to anybody."""
    with socket.create_connection(("127.0.0.1", place)) as connection:
        lines = connection.makefile("rw", newline="\r\n")

        def ask(command):
            lines.write(command + "\n")
            lines.flush()
            return lines.readline()
        ask("PROTOCOLINFO 1")
        for _ in range(3):
            lines.readline()
        nonce = os.urandom(32)
        server_nonce = re.search("SERVERNONCE=(\\w+)", ask(f"AUTHCHALLENGE SAFECOOKIE {nonce.hex()}")).group(1)
        proof = hmac.digest(b"Tor safe cookie authentication controller-to-server hash",
                            cookie.read_bytes() + nonce + bytes.fromhex(server_nonce), hashlib.sha256)
        lines.write(f"AUTHENTICATE {proof.hex()}\n")
        lines.flush()


def check_that_it_can_fail(folder, victim, cookie):
    port = free_port()
    with thief(folder, port, "cookie", victim, cookie, user=STRANGERS[0] if IS_ROOT else None) as said:
        open_port(port, cookie)
        check("the thief gets in with the help of a controller that proves any cookie to anybody",
              wait_for(lambda: "OPENED 250 OK" in said()), said())


def steals(name, folder, place, victim, cookie, config, user, words):
    """Has obpub meet the thief: the tor is not opened, and the log says why."""
    with thief(folder, place, "cookie", victim, cookie, user=user) as said, publisher(folder, config) as log:
        is_decided = wait_for(lambda: "OPENED" in said() or re.search(words, log()), 40)
        wait_for(lambda: "GONE" in said())
        check(f"{name}: the tor is not opened, and the log says why",
              is_decided and re.search(words, log()) and "CHALLENGED" in said() and "OPENED" not in said()
              and str(cookie) in log(), said() + log())


def test_cookies(folder):
    with lone_tor(folder) as (victim, control, cookie):
        check_that_it_can_fail(folder, victim, cookie)
        foreign = "user [0-9]+ is at the other end"
        for user in STRANGERS if IS_ROOT else ():
            port, path = free_port(), folder / "open" / "control"
            path.parent.mkdir(exist_ok=True)
            path.parent.chmod(0o1777)
            steals(f"a backend's port that {user} has bound", folder, port, victim, cookie,
                   write_config(folder, f"unix:{control}", f"127.0.0.1:{port}"), user, foreign)
            steals(f"a backend's socket that {user} has made", folder, path, victim, cookie,
                   write_config(folder, f"unix:{control}", f"unix:{path}"), user, foreign)
            steals(f"the local tor's port that {user} has bound", folder, port, victim, cookie,
                   write_config(folder, f"127.0.0.1:{port}", f"unix:{folder}/absent"), user, foreign)
        # One who is the cookie's owner for all that the kernel knows: the near end of a tunnel.
        port = free_port()
        steals("a tunnel's far end that names the local tor's cookie", folder, port, victim, cookie,
               write_config(folder, f"unix:{control}", f"127.0.0.1:{port}"), None, f"which is that of unix:{control}")
        named = write_config(folder, f"unix:{folder}/absent", f"127.0.0.1:{port}",
                             others=(f"      - address: {checks.Key().address}", "        name: node2",
                                     f"        control: unix:{control}", f"        control-cookie-file: {cookie}"))
        steals("a tunnel's far end that names the cookie of another backend", folder, port, victim, cookie, named, None,
               "which the config names for another one|which is that of")


def test_honest_tors(folder):
    """What has to go on: the local tor at ports and sockets, with the cookie that it names or the config does."""
    with lone_tor(folder) as (port, control, cookie):
        def check_that_it_is_in(name, *arguments):
            config = write_config(folder, *arguments, f"status-socket-location: {folder}/status")
            with publisher(folder, config) as log:
                is_in = wait_for(lambda: "enough of the network" in checks.run("status", "--json", "-c", config).stdout)
                check(f"the local tor lets obpub in {name}", is_in and "obpub-reader" not in log(), log())
        absent = f"unix:{folder}/absent"
        for name, place in (("at a port", f"127.0.0.1:{port}"), ("at a unix socket", f"unix:{control}")):
            check_that_it_is_in(f"{name}, with the cookie that it names", place, absent)
        check_that_it_is_in("with the cookie that the config names", f"127.0.0.1:{port}", absent,
                            f"tor-control-cookie-file: {cookie}")


def test_passwords(folder):
    """A password is not for whoever makes a socket where everybody may; over loopback it is said to be weak."""
    checks.write(folder / "password", "open sesame\n")
    if IS_ROOT:
        path = folder / "open" / "control"
        path.parent.mkdir()
        path.parent.chmod(0o1777)
        config = write_config(folder, f"unix:{folder}/absent", f"unix:{path}", credentials="control-password-file: password")
        for user in STRANGERS:
            with thief(folder, path, "password", user=user) as said, publisher(folder, config) as log:
                wait_for(lambda: "PASSWORD" in said() or "is not given the password" in log(), 30)
                check(f"a socket that {user} has made where everybody may: the password is not sent",
                      "PASSWORD" not in said() and "is not given the password" in log(), said() + log())
        for name, owner in (("root", None), ("the owner of its folder", STRANGERS[0])):
            place = folder / f"of-{owner or 'root'}"
            place.mkdir(mode=0o755)
            if owner:
                subprocess.run(["chown", owner, place], check=True)
            config = write_config(folder, f"unix:{folder}/absent", f"unix:{place}/control",
                                  credentials="control-password-file: password")
            with thief(folder, place / "control", "password", user=owner) as said, publisher(folder, config) as log:
                check(f"a socket of {name}: the password is sent",
                      wait_for(lambda: "PASSWORD open sesame" in said(), 30), said() + log())


def test_plain_cookies(folder):
    """A cookie itself is for nobody, also where the config names it: whoever has bound the port may ask for it."""
    checks.write(folder / "cookie", "0123456789abcdef0123456789ABCDEF")
    port = free_port()
    config = write_config(folder, f"unix:{folder}/absent", f"127.0.0.1:{port}", credentials="control-cookie-file: cookie")
    with thief(folder, port, "plain", user=STRANGERS[0] if IS_ROOT else None) as said, publisher(folder, config) as log:
        wait_for(lambda: "COOKIE" in said() or "sent to nobody" in log(), 30)
        check("a cookie that the config names is not sent to who asks for it",
              "COOKIE" not in said() and "sent to nobody" in log(), said() + log())


def test_weak_passwords(folder):
    checks.write(folder / "password", "open sesame\n")
    port = free_port()
    words = "any user of this machine"
    for place, is_weak in ((f"127.0.0.1:{port}", True), (f"'[::1]:{port}'", True), (f"localhost:{port}", True),
                           ("node1.example:9051", False), (f"unix:{folder}/control", False)):
        config = write_config(folder, f"unix:{folder}/absent", place, credentials="control-password-file: password")
        said = checks.run("--check", "-c", config)
        check(f"--check: a password at {place} is {'' if is_weak else 'not '}said to be weak",
              said.returncode == 0 and (words in said.stderr) == is_weak, said.stderr)
    config = write_config(folder, f"127.0.0.1:{port}", f"unix:{folder}/absent", "tor-control-password-file: password")
    said = checks.run("--check", "-c", config)
    check("--check: the local tor's likewise", words in said.stderr, said.stderr)
    with publisher(folder, config) as log:
        check("the log says so at the start, once", wait_for(lambda: words in log()) and log().count(words) == 1, log())


def main():
    for name, test in sorted(globals().items()):
        if name.startswith("test_") and (not sys.argv[1:] or name in sys.argv[1:]):
            with checks.temporary_folder() as path:
                folder = pathlib.Path(path)
                folder.chmod(0o711)
                checks.write(folder / "frontend.key", checks.Key().pem())
                test(folder)
    if not IS_ROOT:
        print("not root: strangers are not tried")
    checks.finish()


main()
