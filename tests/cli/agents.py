"""A running "obpub agent", and somebody who talks to it, for the tests of agents."""
import contextlib
import hashlib
import hmac
import os
import pathlib
import socket

import checks
from checks import wait_for

from harness.process import spawn

SECRET = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
LABELS = {"agent": b"obpub agent authentication: agent to publisher",
          "publisher": b"obpub agent authentication: publisher to agent"}
TOR_GONE, LEAVING = "650 OBPUB_AGENT TOR_GONE\r\n", "650 OBPUB_AGENT LEAVING\r\n"
FILTERED = "510 Command filtered\r\n"


def prove(who, secret, nonces):
    key = hashlib.blake2b(secret.encode(), key=b"obpub shared secret", digest_size=32).digest()
    return hmac.new(LABELS[who], key + nonces, hashlib.sha256).hexdigest()


class Agent:
    """The process, beside a tor with its control port at a place. A context manager."""

    def __init__(self, folder, control, addresses, *options, listen=None):
        self.folder = pathlib.Path(folder)
        self.socket = self.folder / "agent"
        self.secret = checks.write(self.folder / "secret", SECRET + "\n")
        self.listen = listen or f"unix:{self.socket}"
        self.arguments = ["agent", "--control", control, "--listen", self.listen, "--password-file", str(self.secret),
                          *(word for address in addresses for word in ("--address", address)), *options]
        self.process = None

    def start(self):
        """Starts it, and waits until it listens; whether it does."""
        self.log = open(self.folder / "agent-log", "w", encoding="utf-8")
        self.process = spawn([os.path.abspath(checks.OBPUB), *self.arguments], stdout=self.log, stderr=self.log)
        wait_for(lambda: "publishers may ask" in self.log_text() or self.process.poll() is not None)
        return self.process.poll() is None

    def wait_for_tor(self):
        return wait_for(lambda: "connected to tor" in self.log_text())

    def end(self):
        """Ends it; returns its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        status = self.process.wait(timeout=20)
        self.log.close()
        return status

    def log_text(self):
        return (self.folder / "agent-log").read_text(encoding="utf-8")

    def __enter__(self):
        checks.check("the agent starts", self.start(), self.log_text())
        return self

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            self.end()


class Guest:
    """A connection to an agent. A context manager."""

    def __init__(self, path, timeout=20):
        self.socket = socket.socket(socket.AF_UNIX) if not isinstance(path, tuple) else socket.socket()
        self.socket.settimeout(timeout)
        self.socket.connect(path if isinstance(path, tuple) else str(path))
        self.lines = self.socket.makefile("r", newline="\r\n", encoding="latin-1")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.socket.close()

    def send(self, line):
        """Sends a line, or bytes as they are; to an agent that has closed, nothing."""
        with contextlib.suppress(ConnectionError):
            self.socket.sendall(line if isinstance(line, bytes) else line.encode("latin-1") + b"\r\n")

    def read(self):
        """One line with its end, or "" when the agent has closed."""
        try:
            return self.lines.readline()
        except (ConnectionError, TimeoutError) as error:
            return "" if isinstance(error, ConnectionError) else f"nothing comes: {error}"

    def reply(self):
        """A whole reply or event: its lines in one text."""
        text = ""
        while True:
            line = self.read()
            text += line
            if len(line) < 4 or line[3] == " ":
                return text
            while line[3:4] == "+" or (line and line != ".\r\n" and text.count("+") and line[3:4] not in " -"):
                line = self.read()
                text += line
                if line in (".\r\n", ""):
                    break

    def ask(self, line):
        self.send(line)
        return self.reply()

    def authenticate(self, secret=SECRET):
        """Proves the secret as a publisher does; returns the answer, having checked what the agent proves."""
        nonce = os.urandom(32)
        answer = self.ask(f"AUTHCHALLENGE OBPUB-SECRET {nonce.hex()}")
        fields = dict(word.split("=", 1) for word in answer.split() if "=" in word)
        if len(fields) != 2:
            return answer
        nonces = nonce + bytes.fromhex(fields["SERVERNONCE"])
        if secret == SECRET and fields["SERVERHASH"] != prove("agent", secret, nonces):
            return "the agent does not know the secret"
        return self.ask(f"AUTHENTICATE {prove('publisher', secret, nonces)}")
