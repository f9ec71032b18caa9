"""What the tests of the program alone share: running it, writing its files, waiting, and one line for each check. After
this one, modules of tests/net/harness can be imported."""
import base64
import hashlib
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "net"))
from harness.folder import open_place  # noqa: E402

OBPUB = os.environ.get("OBPUB", "build/obpub")
BUILD = pathlib.Path(os.environ.get("OBPUB_BUILD", "build"))
SOURCE = pathlib.Path(os.environ.get("OBPUB_SOURCE", pathlib.Path(__file__).resolve().parents[2]))

failures = 0


def check(name, good, detail=""):
    """Prints one line for a check; what was seen instead follows when it fails."""
    global failures
    print(f"{'ok' if good else 'FAILED'}: {name}")
    if not good:
        failures += 1
        if detail:
            print(f"    {detail}")


def wait_for(condition, seconds=20):
    """Waits until condition() is true; whether it came to be."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return bool(condition())


def listens(path):
    """Whether a program listens at a unix socket, whose file is there a moment before."""
    with socket.socket(socket.AF_UNIX) as connection:
        return connection.connect_ex(str(path)) == 0


def is_sanitized():
    """Whether the program is built with sanitizers."""
    return re.search(r"^OBPUB_SANITIZE:BOOL=ON$", (BUILD / "CMakeCache.txt").read_text(), re.M) is not None


def finish():
    """Ends the test program."""
    sys.exit(1 if failures else 0)


def run(*arguments, environment=None, folder=None, prepare=None):
    """Runs obpub without any of Onionbalance's variables, but with those of environment. prepare is called in the new process
    before it becomes obpub."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ONIONBALANCE_")}
    return subprocess.run([os.path.abspath(OBPUB), *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          env={**clean, **(environment or {})}, cwd=folder, stdin=subprocess.DEVNULL, preexec_fn=prepare)


def address_of(public_key):
    """The onion address of a public key, worked out here, without ".onion"."""
    checksum = hashlib.sha3_256(b".onion checksum" + public_key + b"\x03").digest()[:2]
    return base64.b32encode(public_key + checksum + b"\x03").decode().lower()


class Key:
    """A fresh Ed25519 key."""

    def __init__(self):
        self.private = Ed25519PrivateKey.generate()
        self.public = self.private.public_key().public_bytes(serialization.Encoding.Raw,
                                                             serialization.PublicFormat.Raw)
        self.seed = self.private.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw,
                                               serialization.NoEncryption())
        self.address = address_of(self.public)

    def pem(self, password=None):
        encryption = (serialization.BestAvailableEncryption(password) if password
                      else serialization.NoEncryption())
        return self.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)

    def expanded(self):
        digest = bytearray(hashlib.sha512(self.seed).digest())
        digest[0] &= 248
        digest[31] &= 63
        digest[31] |= 64
        return bytes(digest)

    def tor(self):
        return b"== ed25519v1-secret: type0 ==".ljust(32, b"\0") + self.expanded()


def write(path, content, mode=0o600):
    """Writes a file with just this mode."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


def temporary_folder():
    """With a space in its name, as anybody's folder may have."""
    return tempfile.TemporaryDirectory(prefix="obpub test-", dir=open_place())


def copy_program(folder):
    """A copy of obpub in a folder, for another user: the folders it was built in may be closed to others."""
    return write(folder / "obpub", pathlib.Path(OBPUB).read_bytes(), 0o755)
