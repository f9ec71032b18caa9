"""Every way to get the config or a key wrong, through the program: what is said, and where."""
import base64
import json
import os
import pathlib
import re
import subprocess
import sys

from cryptography.hazmat.primitives import serialization

import checks

FRONTEND, OTHER, BACKEND, BACKEND2 = checks.Key(), checks.Key(), checks.Key(), checks.Key()
WRONG_CHECKSUM = BACKEND.address[:20] + ("b" if BACKEND.address[20] == "a" else "a") + BACKEND.address[21:]


def service(key="frontend.key", address=BACKEND.address, more=""):
    """A config with one service and one backend: the key is on line 2, the address on line 4."""
    return f"services:\n- key: {key}\n  instances:\n  - address: {address}\n{more}"


GOOD = service()

# What is wrong, the config, its line, words of what is wrong, words of what to do.
CONFIGS = (
    ("empty", "", None, "is empty", "it needs \"services:\""),
    ("only comments", "# services\n", None, "is empty", "it needs \"services:\""),
    ("not YAML", "services:\n- key: a\n\tb: c\n", 3, "not valid YAML", "spaces, never tabs"),
    ("a text instead of YAML", "hello\n", 1, "has to be a mapping", "\"services: ...\""),
    ("control characters", "services: \x1b[2J\n", 1, "control characters", "UTF-8 text"),
    ("not UTF-8", b"services: \xff\n", 1, "not valid YAML", "UTF-8 text"),
    ("two documents", GOOD + "---\n" + GOOD, 6, "a second YAML document", "keep all in one"),
    ("nested too deep", "[" * 100000, 1, "nested more than 32 deep", "no config needs that"),
    ("unknown key", "sevices: []\n" + GOOD, 1, "no key \"sevices\"", "write \"services\""),
    ("unknown key in a service", GOOD + "  keys: a\n", 5, "no key \"keys\"", "write \"key\""),
    ("unknown key in an instance", GOOD + "    adress: a\n", 5, "no key \"adress\"", "write \"address\""),
    ("unknown key of a health check", GOOD + "    health: {port: 80, zzzzzzzzzzz: a}\n", 5, "no key \"zzzzzzzzzzz\"",
     "remove it"),
    ("key of another place", "weight: 5\n" + GOOD, 1, "no key \"weight\", which is one of an instance", "write it there"),
    ("instances not in their service", f"services:\n- key: frontend.key\ninstances:\n  - address: {BACKEND.address}\n", 3,
     "\"instances\" stands in the config itself and is missing in a service, the one on line 2", "put as many blanks"),
    ("address as a link", service(address=f"http://{BACKEND.address}.onion"), 4, "like a link", "leave out \"http://\" and"),
    ("address with a path", service(address=f"{BACKEND.address}.onion/"), 4, "like a link", "leave out \"/\" and write"),
    ("address with a port", service(address=f"{BACKEND.address}.onion:80"), 4, "like a link", "leave out \":80\" and"),
    ("address of a website", service(address=f"www.{BACKEND.address}.onion"), 4, "website's name", "leave out \"www.\""),
    ("address of a host", service(address="web1.example.com"), 4, "is a host's", "hostname file"),
    ("address of a machine", service(address="10.0.0.5"), 4, "is a host's", "hostname file"),
    ("address with 16 characters that is none", service(address="my-backend-01234"), 4, "has 16 characters instead of 56",
     ""),
    ("address with a blank behind it", service(address=f"'{BACKEND.address}.onion '"), 4, "a blank before or behind",
     "remove it"),
    ("address with a blank before it", service(address=f"' {BACKEND.address}'"), 4, "a blank before or behind", "remove it"),
    ("blanks that are none", GOOD.replace("  instances", "\u00a0 instances"), 3, "a no-break space",
     "type blanks in its place"),
    ("the key itself, as PEM", service(key='"' + FRONTEND.pem().decode().replace("\n", "\\n") + '"'), 2,
     "\"key\" is the key itself", "write it into a file"),
    ("the key itself, as PEM in one line", service(key=FRONTEND.pem().decode().splitlines()[1]), 2,
     "\"key\" is the key itself", "write it into a file"),
    ("the key itself, as tor's control port takes it",
     service(key="ED25519-V3:" + base64.b64encode(FRONTEND.expanded()).decode()), 2, "\"key\" is the key itself",
     "write it into a file"),
    ("a client's key itself", GOOD + f"    client-key: {BACKEND.address}:descriptor:x25519:{'A' * 52}\n", 5,
     "\"client-key\" is the key itself", "write it into a file"),
    ("key there twice", GOOD + "    address: a\n", 5, "is there twice, first on line 4", "remove one"),
    ("no services", "tor-control: 127.0.0.1:9051\n", 1, "needs \"services:\"", "add it"),
    ("services empty", "services: []\n", 1, "is an empty list", "at least one entry is needed"),
    ("services a text", "services: a\n", 1, "has to be a list", "\"- \""),
    ("service a text", "services:\n- a\n", 2, "a service has to be a mapping", "\"key: ...\""),
    ("no key", f"services:\n- instances:\n  - address: {BACKEND.address}\n", 2, "needs \"key:\"", "add it"),
    ("no instances", "services:\n- key: frontend.key\n", 2, "needs \"instances:\"", "add it"),
    ("instances empty", "services:\n- key: frontend.key\n  instances: []\n", 3, "is an empty list", "at least one"),
    ("instances a text", "services:\n- key: frontend.key\n  instances: a\n", 3, "has to be a list", "\"- \""),
    ("instance a text", f"services:\n- key: frontend.key\n  instances:\n  - {BACKEND.address}\n", 4,
     "an instance has to be a mapping", "\"address: ...\""),
    ("address a list", service(address="[a]"), 4, "has to be one text", "not a list"),
    ("name a list", GOOD + "    name: [a]\n", 5, "has to be one text", "not a list"),
    ("bad checksum", service(address=WRONG_CHECKSUM), 4, "checksum", ""),
    ("v2 address", service(address="7s4hxwwifcslrus2.onion"), 4, "version 2", "56 characters"),
    ("placeholder", service(address="<Enter the instance onion address here>"), 4, "placeholder",
     "put a backend's onion address here"),
    ("duplicate backend", GOOD + f"  - address: {BACKEND.address.upper()}.onion\n", 5, "is there twice in this service",
     "remove one of them"),
    ("duplicate frontend", GOOD + GOOD.removeprefix("services:\n"), 5, "is there twice, first in the service on line 2",
     "put all its instances under one"),
    ("duplicate frontend from another file", GOOD + service(key="frontend.tor").removeprefix("services:\n"), 5,
     "is there twice", "put all its instances under one"),
    ("frontend as its own backend", service(address=FRONTEND.address), 4, "this service's own address",
     "never the frontend's"),
    ("control without port", GOOD + "    control: localhost\n", 5, "\"control\"", "host:port"),
    ("control with bad port", GOOD + "    control: localhost:0\n", 5, "\"control\"", "1 to 65535"),
    ("control with relative socket", GOOD + "    control: unix:a\n", 5, "\"control\"", "whole path"),
    ("control is a path", GOOD + "    control: /run/tor/control\n", 5, "\"control\"", "write 'unix:/run/tor/control'"),
    ("tor-control malformed", GOOD + "tor-control: 9051\n", 5, "\"tor-control\"", "host:port"),
    ("password file without control", GOOD + "    control-password-file: password\n", 5, "without \"control:\"",
     "say where"),
    ("cookie file without control", GOOD + "    control-cookie-file: cookie\n", 5, "without \"control:\"", "say where"),
    ("two ways to authenticate", GOOD + "    control: a:1\n    control-cookie-file: c\n    control-password-file: "
     "password\n", 6, "can't both be used", "remove one"),
    ("password file missing", GOOD + "    control: a:1\n    control-password-file: nope\n", 6, "there is no such file",
     "check the path"),
)

# What is wrong, a function that makes it (given the folder, returning what to write for "key:"), words of what is
# wrong, words of what to do.
KEYS = (
    ("missing", lambda folder: "nope.key", "there is no such file", "check the path"),
    ("missing, from home on", lambda folder: "~/x.key", "there is no such file", "\"~\" stands for no folder here"),
    ("missing, beside EOTK's", lambda folder: checks.write(folder / "x.v3sec.key", FRONTEND.tor()) and "x.key",
     "there is no such file, but \"x.v3sec.key\" lies in its folder",
     "name that file, or, as EOTK writes its config anew each time, make a link to it under this name"),
    ("empty", lambda folder: checks.write(folder / "x.key", b""), "is empty", "restore"),
    ("tor's, truncated", lambda folder: checks.write(folder / "x.key", FRONTEND.tor()[:95]), "is truncated",
     "restore it from a backup"),
    ("tor's, too long", lambda folder: checks.write(folder / "x.key", FRONTEND.tor() + b"\n"), "is too long",
     "copy it again"),
    ("tor's, nonce prefix all zero", lambda folder: checks.write(folder / "x.key", FRONTEND.tor()[:64] + bytes(32)),
     "every signature would give the key away", "restore it from a backup"),
    ("tor's, scalar damaged", lambda folder: checks.write(folder / "x.key", FRONTEND.tor()[:32] + b"\xff" * 64),
     "damaged", "restore it from a backup"),
    ("PEM, truncated", lambda folder: checks.write(folder / "x.key", FRONTEND.pem()[:70]), "truncated",
     "restore it from a backup"),
    ("PEM, damaged", lambda folder: checks.write(folder / "x.key", FRONTEND.pem().replace(b"MC4CAQ", b"MC4CAg")),
     "damaged", "restore it from a backup"),
    ("readable by all", lambda folder: checks.write(folder / "x.key", FRONTEND.pem(), 0o644), "mode 0644", "chmod 600"),
    ("readable by the group", lambda folder: checks.write(folder / "x.key", FRONTEND.pem(), 0o640), "mode 0640",
     "chmod 600"),
    ("writable by others", lambda folder: checks.write(folder / "x.key", FRONTEND.pem(), 0o602), "mode 0602",
     "chmod 600"),
    ("encrypted PEM", lambda folder: checks.write(folder / "x.key", FRONTEND.pem(b"swordfish")), "encrypted PEM",
     "decrypt it first"),
    ("RSA PEM", lambda folder: make_with_openssl(folder / "x.key", "genrsa", "-traditional", "2048"), "RSA key",
     "Ed25519"),
    ("RSA PEM in PKCS #8", lambda folder: make_with_openssl(folder / "x.key", "genrsa", "2048"), "RSA key", "Ed25519"),
    ("X25519 PEM", lambda folder: make_with_openssl(folder / "x.key", "genpkey", "-algorithm", "x25519"),
     "no Ed25519 private key", ""),
    ("public PEM", lambda folder: checks.write(folder / "x.key", make_public_pem()), "is a public key", "name the file"),
    ("OpenSSH key", lambda folder: make_openssh(folder / "x.key"), "OpenSSH key", "PEM"),
    ("rubbish", lambda folder: checks.write(folder / "x.key", os.urandom(96)), "is no key", "PEM file"),
    ("a text", lambda folder: checks.write(folder / "x.key", "hello\n"), "is no key", "PEM file"),
    ("too long", lambda folder: checks.write(folder / "x.key", b"x" * 100000), "too long to be a key", "name the key"),
    ("a device", lambda folder: "/dev/zero", "is not a plain file", "name the key file"),
    ("a FIFO", lambda folder: os.mkfifo(folder / "x.key", 0o600) or "x.key", "is not a plain file", "name the key file"),
    ("a folder without key", lambda folder: (folder / "empty").mkdir() or "empty",
     "is a folder without a hs_ed25519_secret_key", "HiddenServiceDir"),
    ("a v2 HiddenServiceDir", lambda folder: make_service(folder, {"private_key": b"x"}), "v2 onion service", "v3"),
    ("HiddenServiceDir, key readable by all", lambda folder: make_service(folder, {}, 0o644), "mode 0644", "chmod 600"),
    ("HiddenServiceDir with another's hostname",
     lambda folder: make_service(folder, {"hostname": (OTHER.address + ".onion\n").encode()}, 0o600),
     "does not go with the address", "put the right key there"),
    ("HiddenServiceDir with another's public key",
     lambda folder: make_service(folder, {"hs_ed25519_public_key": b"== ed25519v1-public: type0 ==\0\0\0"
                                          + OTHER.public}, 0o600),
     "does not go with the hs_ed25519_public_key", "put the right two there"),
)


def make_with_openssl(path, *arguments):
    content = subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout
    return checks.write(path, content)


def make_public_pem():
    return FRONTEND.private.public_key().public_bytes(serialization.Encoding.PEM,
                                                      serialization.PublicFormat.SubjectPublicKeyInfo)


def make_openssh(path):
    return checks.write(path, FRONTEND.private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()))


def make_service(folder, files, key_mode=None):
    """A HiddenServiceDir with these files, and the frontend's key when there is a mode for it."""
    service_folder = folder / "service"
    service_folder.mkdir(mode=0o700)
    for name, content in files.items():
        checks.write(service_folder / name, content)
    if key_mode is not None:
        checks.write(service_folder / "hs_ed25519_secret_key", FRONTEND.tor(), key_mode)
    return "service"


def secrets_of(key):
    """Pieces of a key that may show up nowhere: any run of them in hexadecimal, base64 or as they are."""
    pieces = []
    for secret in (key.seed, key.expanded()):
        pieces += [secret[:8].hex(), base64.b64encode(secret).decode()[:12]]
    pieces.append(key.pem().decode().splitlines()[1][-20:])
    return pieces


def leaks(output):
    return any(piece.lower() in output.lower() for key in (FRONTEND, OTHER) for piece in secrets_of(key))


def check_refused(folder, name, line, problem, remedy):
    """Both commands have to refuse config.yaml in the same words, and end with 2."""
    place = "config.yaml:" if line is None else f"config.yaml:{line}:"
    for command in ("--check", "--once"):
        result = checks.run(command, "-c", "config.yaml", folder=folder)
        error = result.stderr
        good = (result.returncode == 2 and error.startswith(f"obpub: {place} ") and problem in error
                and remedy in error and error.count("\n") == 1 and not result.stdout
                and not leaks(error) and not re.search(r"[^ -~\n]", error))
        checks.check(f"{command}: {name}", good, f"exit {result.returncode}: {error}{result.stdout}")


def check_files_that_are_no_config():
    """The config itself is not there, or can't be one."""
    with checks.temporary_folder() as folder:
        for path, problem, remedy in (("nope.yaml", "there is no such file", "-c FILE"),
                                      (folder, "is a folder", "name the config file"),
                                      ("/dev/zero", "is not a plain file", "name the config file")):
            for command in ("--check", "--once"):
                result = checks.run(command, "-c", path, folder=folder)
                checks.check(f"{command}: config {path}",
                             result.returncode == 2 and result.stderr.startswith(f"obpub: {path}: ")
                             and problem in result.stderr and remedy in result.stderr, result.stderr)
        result = checks.run("--check", folder=folder)
        checks.check("no -c: config.yaml of the current folder",
                     result.returncode == 2 and "config.yaml: there is no such file" in result.stderr, result.stderr)


def check_all_at_once():
    """One run names every mistake, and says so in JSON too."""
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        checks.write(folder / "config.yaml", "tor-control: a\nservices:\n- key: nope.key\n  instances:\n"
                     f"  - address: {WRONG_CHECKSUM}\n  - addres: a\n")
        result = checks.run("--check", folder=folder)
        lines = [int(found) for found in re.findall(r"^obpub: config\.yaml:(\d+): ", result.stderr, re.M)]
        checks.check("every error is named", result.returncode == 2 and lines == [1, 3, 5, 6, 6], result.stderr)
        as_json = checks.run("--check", "--json", folder=folder)
        errors = json.loads(as_json.stdout)["errors"]
        checks.check("every error is in the JSON", as_json.returncode == 2
                     and ["obpub: " + error for error in errors] == result.stderr.splitlines(), as_json.stdout)


def check_permission_denied():
    """A key of another user's; root, who may read anything, becomes nobody for it."""
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        checks.write(folder / "config.yaml", GOOD, 0o644)
        checks.write(folder / "frontend.key", FRONTEND.pem(), 0o600 if os.geteuid() == 0 else 0)
        command = [os.path.abspath(checks.OBPUB), "--check"]
        if os.geteuid() == 0:
            program = checks.copy_program(folder)
            command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", program, "--check"]
        result = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=60)
        checks.check("key: permission denied", result.returncode == 2 and "may not open it" in result.stderr
                     and "chown" in result.stderr, result.stderr)


def main():
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        checks.write(folder / "frontend.key", FRONTEND.pem())
        checks.write(folder / "frontend.tor", FRONTEND.tor())
        checks.write(folder / "password", "secret\n")
        checks.write(folder / "config.yaml", GOOD)
        result = checks.run("--check", folder=folder)
        checks.check("the config that all others are made from is good", result.returncode == 0, result.stderr)
        for title, text, line, problem, remedy in CONFIGS:
            checks.write(folder / "config.yaml", text)
            check_refused(folder, f"config: {title}", line, problem, remedy)
    for title, make, problem, remedy in KEYS:
        with checks.temporary_folder() as name:
            folder = pathlib.Path(name)
            key = make(folder)
            checks.write(folder / "config.yaml", service(key=key))
            check_refused(folder, f"key: {title}", 2, problem, remedy)
    check_files_that_are_no_config()
    check_all_at_once()
    check_permission_denied()
    checks.finish()


sys.exit(main())
