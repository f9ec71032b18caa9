"""Restricted backends through obpub beside stand-ins for tors: with the key of a client each kind of backend is read, from its
control port and from the HSDirs; without one, or with another, it is said why not. The key is in the engine's memory alone,
in pages that are locked and left out of dumps."""
import base64
import json
import os
import pathlib
import secrets
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import checks
from daemon import secret_flags
from publisher import Publisher, instance
from standin_tor import PERIOD_LENGTH, Tor, make_descriptor, network_answers, own_answers, period_number

from harness.memory import can_read_memory, mappings_with
from harness.process import family, field_of

TIMEOUT = 20  # seconds that a run may take
NEEDS, OTHERS = "restricted: needs a client key (client-key)", "the client key is of none of its authorised clients"


def restrict(folder, key, client):
    """A descriptor of a service that only the client with this private key can read."""
    path = checks.write(folder / "open", make_descriptor(key))
    result = subprocess.run([checks.BUILD / "tests/encode_descriptor", key.address, str(period_number()), str(PERIOD_LENGTH),
                             str(int(time.time())), path, key.seed.hex(), client.hex()],
                            capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return result.stdout.partition("\n")[2].rstrip("\n") + "\n"


def write_key(folder, name, secret):
    line = base64.b32encode(secret).decode().rstrip("=")
    return checks.write(folder / name, f"descriptor:x25519:{line}\n")


class Case:
    """One frontend with one backend, which is a twin or has a key of its own."""

    def __init__(self, name, is_twin=False, has_control=True, given="right", is_open=False, words=None):
        self.name, self.is_twin, self.has_control = name, is_twin, has_control
        self.given, self.is_open, self.words = given, is_open, words

    def run(self, folder):
        """What obpub says of the backend, and how many points it has published."""
        frontend = checks.Key()
        backend = frontend if self.is_twin else checks.Key()
        client = secrets.token_bytes(32)
        checks.write(folder / "frontend.key", frontend.pem())
        write_key(folder, "right", client)
        write_key(folder, "other", secrets.token_bytes(32))
        descriptor = make_descriptor(backend) if self.is_open else restrict(folder, backend, client)
        lines = ["name: one"] + ([] if self.is_twin else [f"address: {backend.address}"])
        lines += [f"control: unix:{folder}/backend"] if self.has_control else []
        lines += [f"client-key: {self.given}"] if self.given else []
        config = checks.write(folder / "config.yaml", "\n".join([
            f"tor-control: unix:{folder}/tor", "services:", "- key: frontend.key",
            f"  mode: {'hardmap' if self.is_twin else 'softmap'}", "  instances:", "  - " + "\n    ".join(lines)]) + "\n")
        local = Tor(folder / "tor", network_answers(), {} if self.has_control else {backend.address: descriptor})
        with local, Tor(folder / "backend", own_answers(backend, descriptor)):
            result = subprocess.run([os.path.abspath(checks.OBPUB), "--once", "--json", "-c", config, "--timeout",
                                     str(TIMEOUT)], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                                    timeout=6 * TIMEOUT)
        return json.loads(result.stdout)["services"][0]["instances"][0], len(local.posted)

    def check(self):
        with checks.temporary_folder() as name:
            backend, posted = self.run(pathlib.Path(name))
        if self.words is None:
            checks.check(f"{self.name}: it is in, and published",
                         (backend["state"], backend["introPointsNum"], backend["error"]) == ("live", 3, None) and posted,
                         (backend, posted))
        else:
            checks.check(f"{self.name}: it is out, and published is nothing", backend["state"] == "out" and not posted,
                         (backend, posted))
            checks.check(f"{self.name}: it says \"{self.words}\"",
                         backend["error"] and backend["error"].startswith("restricted: ") and self.words in backend["error"],
                         backend["error"])


CASES = (
    Case("with its key, from its control port"),
    Case("with its key, from the HSDirs", has_control=False),
    Case("without a key, from its control port", given=None, words=NEEDS),
    Case("without a key, from the HSDirs", has_control=False, given=None, words=NEEDS),
    Case("with another key, from its control port", given="other", words=OTHERS),
    Case("with another key, from the HSDirs", has_control=False, given="other", words=OTHERS),
    Case("a twin with its key", is_twin=True),
    Case("a twin without a key", is_twin=True, given=None, words=NEEDS),
    Case("one that is for everybody, with a key", is_open=True),
    Case("one that is for everybody from the HSDirs, with a key", has_control=False, is_open=True),
)


def check_memory(process, client):
    """The engine alone has the key, and each page that has it is locked and left out of dumps."""
    if checks.is_sanitized() or not can_read_memory():
        print("NOT CHECKED here, for want of root's CAP_SYS_PTRACE, or because the sanitizers lock nothing: who has the key")
        return
    names = set()
    for pid in family(process.pid):
        name = field_of(pid, "Name")
        names.add(name)
        found = mappings_with(pid, [client, base64.b32encode(client)[:50], base64.b32encode(client)[:50].lower()])
        if name in ("obpub-signer", "obpub-reader"):
            checks.check(f"{name} has no client key in its memory", not found, found)
        else:
            checks.check(f"{name} has it", len(found) > 0)
            checks.check(f"{name} has it in pages alone that are locked, where that may be, and left out of dumps", all(
                secret_flags() <= set(flags) for _, flags in found), found)
    checks.check("there are three processes", len(names) == 3, names)


def check_daemon(folder):
    """A daemon goes over to a restricted backend, by a reload, and to another key."""
    key, clients = checks.Key(), [secrets.token_bytes(32) for _ in range(2)]
    write_key(folder, "client.key", clients[1])
    lines = instance("one", key, folder / "one") + ["        client-key: client.key"]
    with Tor(folder / "tor", network_answers()), \
            Tor(folder / "one", own_answers(key, restrict(folder, key, clients[0]))):
        publisher = Publisher(folder, [lines])
        checks.check("with a wrong key it says why", publisher.wait(
            lambda service: OTHERS in (service["instances"][0]["error"] or ""), 30), publisher.service())
        write_key(folder, "client.key", clients[0])
        publisher.process.send_signal(1)
        checks.check("the file's other content counts with a reload, at once", publisher.wait(
            lambda service: service["instances"][0]["state"] == "live", 10), publisher.service())
        check_memory(publisher.process, clients[0])
        _, log = publisher.end()
    checks.check("no key is in the log", not any(base64.b32encode(each).decode()[:50].lower() in log.lower() or
                                                 each.hex() in log.lower() for each in clients))


def main():
    with ThreadPoolExecutor(len(CASES)) as pool:
        for outcome in [pool.submit(case.check) for case in CASES]:
            outcome.result()
    with checks.temporary_folder() as name:
        check_daemon(pathlib.Path(name))
    checks.finish()


if __name__ == "__main__":
    sys.exit(main())
