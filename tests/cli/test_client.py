"""obpub client new, list and remove: files that a real tor reads, keys that belong together, nothing overwritten."""
import base64
import fcntl
import os
import stat
import subprocess
import sys
import tempfile

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
import stem.control

import checks
from harness.folder import open_place
from harness.process import spawn

CLIENTS_MAX = 112  # for which there is room beside 20 introduction points


def decode(text):
    """Bytes of a key in base32."""
    return base64.b32decode(text.upper() + "====")


def public_of(secret):
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes(serialization.Encoding.Raw,
                                                                                 serialization.PublicFormat.Raw)


def public_line():
    """The line of a client whose key nobody knows."""
    public = base64.b32encode(public_of(os.urandom(32))).decode().rstrip("=").lower()
    return f"descriptor:x25519:{public}\n"


def client(folder, *arguments):
    return checks.run("client", *arguments, folder=folder)


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def is_refused(result, words):
    return (result.returncode == 2 and words in result.stderr and result.stderr.startswith("obpub: ")
            and not result.stdout)


def make_folder(folder, name):
    """A HiddenServiceDir as tor makes one, without keys; with the key of its address."""
    key = checks.Key()
    service = folder / name
    (service / "authorized_clients").mkdir(parents=True, mode=0o700)
    service.chmod(0o700)
    checks.write(service / "hostname", f"{key.address}.onion\n")
    return service, service / "authorized_clients", key


def check_new(folder):
    service, clients, key = make_folder(folder, "service")
    result = client(folder, "new", "alice", "--folder", "service/authorized_clients")
    address, kind, curve, secret = result.stdout.strip().split(":")
    made = clients / "alice.auth"
    checks.check("a client is made", result.returncode == 0 and result.stdout.count("\n") == 1, result.stderr)
    checks.check("the private line is for the service's address", (address, kind, curve)
                 == (key.address, "descriptor", "x25519"), result.stdout)
    checks.check("the public file is only its owner's", mode_of(made) == 0o600, oct(mode_of(made)))
    line = made.read_text()
    checks.check("the public file has the key that belongs to the private one", line ==
                 "descriptor:x25519:" + base64.b32encode(public_of(decode(secret))).decode().rstrip("=").lower() + "\n", line)
    checks.check("nothing else is left in the folder", os.listdir(clients) == ["alice.auth"], os.listdir(clients))
    checks.check("the first client is said to end the openness", "no longer open to everybody" in result.stderr,
                 result.stderr)

    again = client(folder, "new", "alice", "--folder", service)
    checks.check("nothing is overwritten", is_refused(again, "alice.auth is there already") and made.read_text() == line,
                 again.stderr)
    result = client(folder, "new", "bob", "--folder", "service/", "--frontend", f"{key.address}.onion", "-o",
                    "bob.auth_private")
    private = folder / "bob.auth_private"
    checks.check("with -o the private line is in a file of its owner's alone", result.returncode == 0 and not result.stdout
                 and mode_of(private) == 0o600 and private.read_text().startswith(f"{key.address}:descriptor:x25519:"),
                 result.stderr)
    checks.check("it is another key", secret not in private.read_text())
    checks.check("a second client ends no openness", "everybody" not in result.stderr, result.stderr)
    before = private.read_text()
    result = client(folder, "new", "carol", "--folder", service, "-o", private)
    checks.check("no private key is overwritten either, and nobody let in", is_refused(result, "is there already")
                 and private.read_text() == before and not (clients / "carol.auth").exists(), result.stderr)
    result = client(folder, "new", "bob", "--folder", service, "-o", "new.auth_private")
    checks.check("where the client is there no private key is made", is_refused(result, "bob.auth is there already")
                 and not (folder / "new.auth_private").exists(), result.stderr)
    with open("/dev/full", "w") as full:
        process = subprocess.run([os.path.abspath(checks.OBPUB), "client", "new", "dave", "--folder", service], stdout=full,
                                 stderr=subprocess.PIPE, text=True, timeout=60)
    checks.check("a key that nobody got to see lets nobody in", process.returncode == 2
                 and "standard output can't be written" in process.stderr and not (clients / "dave.auth").exists(),
                 process.stderr)
    return service, clients, key


def check_refused(folder, service, key):
    other = checks.Key().address
    bare = folder / "bare"
    bare.mkdir(mode=0o700)
    for arguments, words in (
            (("client",), "needs a second word: \"obpub client new\", \"obpub client list\", \"obpub client remove\""),
            (("client", "make", "alice"), "needs a second word"),
            (("client", "new", "--folder", bare), "\"obpub client new\" needs NAME"),
            (("client", "new", "alice"), "Give --folder FOLDER"),
            (("client", "new", "alice", "bob", "--folder", bare), "\"bob\" is not an option"),
            (("client", "list", "--folder", bare, "--force"), "it goes with presign and client remove"),
            (("client", "new", "../alice", "--folder", service), "is no name for a client"),
            (("client", "new", ".alice", "--folder", service), "is no name for a client"),
            (("client", "new", "alice", "--folder", folder / "none"), "there is no such folder"),
            (("client", "new", "alice", "--folder", bare), "Give --frontend ADDRESS"),
            (("client", "new", "alice", "--folder", bare, "--frontend", "x.onion"), "--frontend: the onion address"),
            (("client", "new", "eve", "--folder", service, "--frontend", other),
             f"has the clients of {key.address}.onion, not of --frontend {other}"),
            (("client", "list", "--folder", folder / "none"), "there is no such folder"),
            (("client", "remove", "alice", "--folder", folder / "none"), "there is no such folder"),
            (("client", "remove", "alic", "--folder", service), "has no client alic: is alice meant?"),
            (("client", "remove", "../hostname", "--folder", service), "is no client's name")):
        result = checks.run(*arguments, folder=folder)
        checks.check(f"refused: obpub {' '.join(map(str, arguments))}", is_refused(result, words),
                     f"{result.returncode}: {result.stderr}")
    unstarted = folder / "unstarted"
    unstarted.mkdir(mode=0o700)
    checks.write(unstarted / "hs_ed25519_secret_key", key.tor())
    for arguments in (("new", "alice"), ("list",), ("remove", "alice")):
        result = client(folder, *arguments, "--folder", unstarted)
        checks.check(f"refused: obpub client {arguments[0]} where tor has made no folder yet", is_refused(
            result, "is a HiddenServiceDir without the folder \"authorized_clients\""), result.stderr)
    checks.check("nothing was made", [len(list(place.iterdir())) for place in (bare, unstarted, service / "authorized_clients")]
                 == [0, 1, 2])


def check_list_and_remove(folder, service, clients):
    result = client(folder, "list", "--folder", service)
    lines = [line.split() for line in result.stdout.splitlines()]
    checks.check("the clients are listed with their keys", result.returncode == 0 and not result.stderr and lines ==
                 [[name, (clients / f"{name}.auth").read_text().strip()] for name in ("alice", "bob")], result.stdout)
    checks.write(clients / "carol.auth", "descriptor:x25519:typo\n")
    result = client(folder, "list", "--folder", service)
    checks.check("a bad file is an error with file and line, beside those that are good", result.returncode == 2
                 and len(result.stdout.splitlines()) == 2 and "authorized_clients/carol.auth:1: its key has 4 characters"
                 in result.stderr, result.stderr)
    result = client(folder, "new", "dave", "--folder", service)
    checks.check("a new client is told of what keeps obpub from letting it in", result.returncode == 0
                 and "warning: " in result.stderr and "carol.auth:1: " in result.stderr
                 and "obpub takes none of the folder" in result.stderr, result.stderr)
    (clients / "dave.auth").unlink()
    result = client(folder, "remove", "carol", "--folder", service)
    checks.check("a bad one can be removed", result.returncode == 0 and not (clients / "carol.auth").exists(), result.stderr)
    checks.write(clients / "al\x1b[1m.auth", (clients / "alice.auth").read_text())
    result = client(folder, "remove", "al\x1b[1m", "--folder", service)
    checks.check("whose key is there twice is not said to be shut out, and no name is printed raw", result.returncode == 0
                 and result.stdout == "al?[1m is removed, but the client is not shut out: alice has the same key\n",
                 (result.stdout, result.stderr))
    result = client(folder, "remove", "alice", "--folder", service)
    checks.check("a client is removed", result.returncode == 0 and os.listdir(clients) == ["bob.auth"], result.stderr)
    result = client(folder, "remove", "bob", "--folder", service)
    checks.check("the last one stays, as without it the service would be open", is_refused(result, "is the last one")
                 and os.listdir(clients) == ["bob.auth"], result.stderr)
    result = client(folder, "remove", "bob", "--folder", service, "--force")
    checks.check("unless that is meant", result.returncode == 0 and not os.listdir(clients), result.stderr)
    result = client(folder, "list", "--folder", service)
    checks.check("that nobody is in it is said", result.returncode == 0 and "open to everybody" in result.stderr
                 and not result.stdout, result.stderr)


def check_removed_from(folder, what, name, words):
    """A folder with a fault loses the client all the same, and the fault is said."""
    result = client(folder, "remove", name, "--folder", "faulty")
    made = folder / "faulty" / "authorized_clients" / f"{name}.auth"
    checks.check(f"removed {what}", result.returncode == 0 and not made.exists()
                 and result.stdout.startswith(f"{name} is removed: unless another file has its key, the client is shut out "
                                              "once the folder is mended"), (result.stdout, result.stderr))
    checks.check(f"{what}: the fault is said, and what comes of it", "obpub: warning: " in result.stderr and words in
                 result.stderr and "until that is mended obpub takes none of the folder" in result.stderr, result.stderr)


def check_faults(folder):
    """Whatever keeps obpub from using the folder, no client is the last one that is not."""
    service, clients, _ = make_folder(folder, "faulty")
    alice, bob = clients / "alice.auth", clients / "bob.auth"
    lines = public_line(), public_line()

    def write():
        for path, line in zip((alice, bob), lines):
            checks.write(path, line)
    write()
    clients.chmod(0o777)
    check_removed_from(folder, "from a folder that others can change", "alice", "can be changed by others (mode 0777)")
    result = client(folder, "remove", "bob", "--folder", service)
    checks.check("but not the last one, and there the fault is said, too", is_refused(result, "bob.auth is the last one: ")
                 and "(mode 0777)" in result.stderr and bob.exists(), result.stderr)
    clients.chmod(0o700)
    write()
    bob.chmod(0o666)
    check_removed_from(folder, "beside a file that others can change", "alice",
                       "bob.auth: can be changed by others (mode 0666)")
    bob.chmod(0o600)
    write()
    for number in range(2000):
        checks.write(clients / f"more{number}.auth", "")
    check_removed_from(folder, "from a folder with too many files", "alice", "has more than 2000 files in it")
    result = client(folder, "remove", "bob", "--folder", service)
    checks.check("one with a key stays where no other file has one: a tor would be open then", is_refused(
        result, "bob.auth is the last one with a key: a tor passes over the other files") and bob.exists(), result.stderr)
    result = client(folder, "remove", "bob", "--folder", service, "--force")
    checks.check("unless that is meant", result.returncode == 0 and not bob.exists(), result.stderr)
    for number in range(2000):
        (clients / f"more{number}.auth").unlink()
    write()
    checks.write(clients / "carol.auth", "typo")
    result = client(folder, "remove", "carol", "--folder", service)
    checks.check("what was wrong with a file that is removed is not said", result.returncode == 0 and not result.stderr
                 and result.stdout == "carol is removed: the client is shut out once the service is reloaded\n",
                 (result.stdout, result.stderr))


def check_at_once(folder):
    """Of two clients that are removed at the same moment the last one stays."""
    service, clients, _ = make_folder(folder, "at once")
    public = [public_line() for _ in range(2)]
    for number in range(5):
        for name, line in zip(("alice", "bob"), public):
            checks.write(clients / f"{name}.auth", line)
        processes = [subprocess.Popen([os.path.abspath(checks.OBPUB), "client", "remove", name, "--folder", service],
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for name in ("alice", "bob")]
        said = [process.communicate(timeout=60) for process in processes]
        checks.check(f"two at once, {number}: one is removed, the other one stays",
                     sorted(process.returncode for process in processes) == [0, 2] and len(os.listdir(clients)) == 1, said)
    descriptor = os.open(clients, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    result = client(folder, "remove", os.listdir(clients)[0].removesuffix(".auth"), "--folder", service, "--force")
    checks.check("who keeps all others away is not waited for without end", is_refused(result, "another obpub is changing it")
                 and len(os.listdir(clients)) == 1, result.stderr)
    os.close(descriptor)


def check_too_many(folder):
    """More than obpub takes."""
    service, clients, _ = make_folder(folder, "many")
    for number in range(CLIENTS_MAX - 1):
        checks.write(clients / f"client{number}.auth", public_line())
    said = [client(folder, "new", name, "--folder", service).stderr for name in ("last", "more")]
    checks.check("for as many as there may be there is no warning", "warning" not in said[0], said[0])
    checks.check("of one more it is said that there is no room for it",
                 f"warning: these are {CLIENTS_MAX + 1} clients" in said[1]
                 and f"room for {CLIENTS_MAX} beside 20 introduction points with the usual 50,000 bytes" in said[1], said[1])


def check_owner(folder):
    """Root makes files for who owns the folder: that one is to read them."""
    if os.geteuid() != 0:
        return
    service, clients, _ = make_folder(folder, "owned")
    os.chown(clients, 12345, 23456)
    result = client(folder, "new", "alice", "--folder", service, "-o", "roots.auth_private")
    made = (clients / "alice.auth").stat()
    listed = client(folder, "list", "--folder", service)
    checks.check("root sees what is in another user's folder", listed.returncode == 0 and listed.stdout.startswith("alice "),
                 listed.stderr)
    os.chown(clients / "alice.auth", 12346, 0)
    listed = client(folder, "list", "--folder", service)
    checks.check("but not what a third one has put there", listed.returncode == 2
                 and "alice.auth: belongs to another user (uid 12346)" in listed.stderr, listed.stderr)
    checks.check("the folder's owner gets the file, and only that one", result.returncode == 0
                 and (made.st_uid, made.st_gid, stat.S_IMODE(made.st_mode)) == (12345, 23456, 0o600)
                 and (folder / "roots.auth_private").stat().st_uid == 0, result.stderr)


class LoneTor:
    """A tor that is on no network. It says what it reads in its log, and over its control socket."""

    def __init__(self, folder, name, *torrc):
        self.folder = folder / name
        self.folder.mkdir(mode=0o700)
        lines = [f"DataDirectory {self.folder}/data", "DisableNetwork 1", "SocksPort 0", f"Log info file {self.folder}/log",
                 f"ControlSocket {self.folder}/control", "CookieAuthentication 0", *torrc]
        checks.write(self.folder / "torrc", "\n".join(lines) + "\n")
        checks.write(self.folder / "defaults", "")
        self.process = spawn(["tor", "-f", self.folder / "torrc", "--defaults-torrc", self.folder / "defaults",
                              "--quiet"])

    def __enter__(self):
        checks.wait_for(lambda: checks.listens(self.folder / "control") or self.process.poll() is not None)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def log(self):
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    def ask(self, command):
        with stem.control.Controller.from_socket_file(str(self.folder / "control")) as controller:
            controller.authenticate()
            return str(controller.msg(command))


def check_tor(folder):
    """A real tor takes both files: as the service, and as the client."""
    with tempfile.TemporaryDirectory(prefix="obpub-test-", dir=open_place()) as name:  # tor wants paths without a space
        check_both_tors(folder, checks.pathlib.Path(name))


def check_both_tors(folder, lone):
    service = lone / "service"
    with LoneTor(lone, "first", f"HiddenServiceDir {service}", "HiddenServicePort 80"):
        checks.check("tor makes a service", checks.wait_for(lambda: (service / "hostname").exists()
                                                            and (service / "authorized_clients").exists()))
    address = (service / "hostname").read_text().strip().removesuffix(".onion")
    keys = lone / "keys"  # a tor takes one key for a service
    keys.mkdir(mode=0o700)
    results = [client(folder, "new", "a", "--folder", service),
               client(folder, "new", "b", "--folder", service, "-o", keys / "b.auth_private")]
    checks.check("clients are made for it", all(result.returncode == 0 for result in results), results[0].stderr)
    with LoneTor(lone, "second", f"HiddenServiceDir {service}", "HiddenServicePort 80",
                 f"ClientOnionAuthDir {keys}") as tor:
        for name in ("a", "b"):
            checks.check(f"the service's tor reads {name}.auth", checks.wait_for(
                lambda: f"Loaded a client authorization key file {name}.auth." in tor.log()), tor.log()[-2000:])
        view = tor.ask("ONION_CLIENT_AUTH_VIEW")
        secret = (keys / "b.auth_private").read_text().strip().split(":")[3]
        checks.check("a client's tor has the private key for the address", f"CLIENT {address} x25519:"
                     + base64.b64encode(decode(secret)).decode() in view, view)
        checks.check("tor complains of nothing", "authorization" not in "".join(
            line for line in tor.log().splitlines() if "[warn]" in line or "[err]" in line), tor.log()[-2000:])
    listed = client(folder, "list", "--folder", service)
    checks.check("obpub reads the folder that tor has made", listed.returncode == 0 and len(listed.stdout.splitlines()) == 2,
                 listed.stderr)
    check_tors_faults(lone, service)


def check_tors_faults(lone, service):
    """What "client remove" takes for another client is one for tor, and what it does not is none."""
    clients = service / "authorized_clients"
    checks.write(clients / "c.auth", public_line())
    (clients / "c.auth").chmod(0o666)
    checks.write(clients / "d.auth", "descriptor:x25519:typo\n")
    clients.chmod(0o777)
    with LoneTor(lone, "third", f"HiddenServiceDir {service}", "HiddenServicePort 80") as tor:
        tor.ask("GETINFO version")
        log = tor.log()
        checks.check("a tor minds no file and no folder that others can change", all(
            f"Loaded a client authorization key file {name}.auth." in log for name in "abc"), log[-2000:])
        checks.check("and passes over a file without a key", "Loading a client authorization key file d.auth" in log
                     and "Loaded a client authorization key file d.auth" not in log, log[-2000:])


def main():
    with checks.temporary_folder() as name:
        folder = checks.pathlib.Path(name)
        service, clients, key = check_new(folder)
        check_refused(folder, service, key)
        check_list_and_remove(folder, service, clients)
        check_faults(folder)
        check_at_once(folder)
        check_too_many(folder)
        check_owner(folder)
        check_tor(folder)
    checks.finish()


sys.exit(main())
