"""A frontend that is restricted to authorised clients, with stand-ins for the local tor and the backends: what is sent while
clients come and go, and each mistake in the folder of clients, at the start and at a reload. What was sent python3-stem
reads with a client's key, and must not without."""
import contextlib
import json
import os
import pathlib
import re
import secrets
import signal
import time

import checks
import standin_tor
from checks import check
from daemon import secret_flags
from harness.clients import base32, public_client_key
from harness.judge import Judged, is_read
from harness.memory import can_read_memory, mappings_with
from harness.process import family, field_of
from publisher import Publisher, instance

PROMPT = 15  # seconds within which all HSDirs of both descriptors have what is for other clients
CLIENTS_MAX = 112
IN_A_RUSH = 60  # frontends, of which so many wait that HSDirs share a text


class Folder:
    """Of authorised clients."""

    def __init__(self, path):
        self.path, self.keys = path, {}
        path.mkdir(mode=0o700)

    def add(self, *names):
        for name in names:
            self.keys[name] = secrets.token_bytes(32)
            checks.write(self.path / f"{name}.auth", f"descriptor:x25519:{base32(public_client_key(self.keys[name]))}\n")

    def remove(self, name):
        (self.path / f"{name}.auth").unlink()
        return self.keys.pop(name)


class Restricted(Publisher):
    """With a folder of clients."""

    service_line = "authorized-clients: clients"

    def __init__(self, folder, instances, tor):
        self.tor = tor
        super().__init__(folder, instances)

    def log_text(self):
        return (self.folder / "log").read_text(errors="replace")

    def reload(self):
        """Has it read the config anew. Returns whether it did, and what has been sent by then."""
        words = ("config read again", "the config was not read again")
        before = sum(map(self.log_text().count, words))
        self.process.send_signal(signal.SIGHUP)
        is_read = checks.wait_for(lambda: sum(map(self.log_text().count, words)) > before)
        return is_read and self.log_text().rfind(words[0]) > self.log_text().rfind(words[1])

    def is_read(self, text, client_key):
        """Whether somebody with this key can read a text, or everybody for None."""
        return is_read(text, f"{self.key.address}.onion", client_key)

    def sent(self, since):
        """The texts that were handed to the tor since so many were."""
        return [text for _, text in self.tor.posted[since:]]

    def is_published_since(self, since):
        """Waits until both descriptors went to all of their HSDirs since so many texts were handed over."""
        def is_done():
            service = self.service() or {"descriptors": []}
            hsdirs = [(descriptor["name"], each["fingerprint"]) for descriptor in service["descriptors"]
                      for each in descriptor["hsdirs"]]
            reached = sum(len(servers) for servers, _ in self.tor.posted[since:])
            return hsdirs and reached >= len(hsdirs) and service["isPublished"]
        return checks.wait_for(is_done, seconds=PROMPT)


def check_sent(publisher, what, since, readers, others):
    """What was sent since then can be read by each of the readers, and by none of the others, nor by everybody."""
    texts = publisher.sent(since)
    bad = [(key is not None, should) for should, keys in ((True, readers), (False, [None, *others])) for key in keys
           for text in texts if publisher.is_read(text, key) != should]
    check(what, texts and not bad, (len(texts), bad))


def check_status(publisher, count):
    service = publisher.service()
    check("the status says how many clients there are", service["authorizedClients"] == count, service["authorizedClients"])
    text = checks.run("status", "--socket-path", publisher.folder / "status").stdout
    plural = "" if count == 1 else "s"
    words = f"published, restricted to {count} client{plural}" if count else "published\n"
    check("so does its text", words in text, text)


def check_memory(publisher, client_key, since):
    """The engine alone has the cookies of what was sent since then, in pages that are locked and left out of dumps; and no
    others."""
    if checks.is_sanitized() or not can_read_memory():
        print("NOT CHECKED here, for want of root's CAP_SYS_PTRACE, or because the sanitizers lock nothing: who has cookies")
        return
    address = f"{publisher.key.address}.onion"
    texts = [text for _, text in publisher.tor.posted if publisher.is_read(text, client_key)]
    cookies = {Judged(text, address, client_key).cookie for text in publisher.sent(since)}
    others = {Judged(text, address, client_key).cookie for text in texts} - cookies
    check("each of the two descriptors has a cookie of its own", len(cookies) == 2, len(cookies))
    for pid in family(publisher.process.pid):
        name, found = field_of(pid, "Name"), mappings_with(pid, list(cookies))
        if name in ("obpub-signer", "obpub-reader"):
            check(f"{name} has no cookie in its memory", not found, found)
        else:
            check(f"{name} has cookies in pages alone that are locked, where that may be, and left out of dumps",
                  found and all(secret_flags() <= set(flags) for _, flags in found), found)
        if others:
            check(f"{name} has no cookie of before, once nothing is read with it any more",
                  checks.wait_for(lambda: not mappings_with(pid, list(others))), mappings_with(pid, list(others)))


def check_cookies(publisher, client_key, before, after):
    """With a cookie of before, which who has been removed knows, nothing opens that was sent after."""
    address = f"{publisher.key.address}.onion"
    old, new = ({Judged(text, address, client_key).cookie for text in texts} for texts in (before, after))

    def opened(texts):
        return [text for text in texts for cookie in old if is_read(text, address, None, cookie)]
    check("each descriptor has another cookie than before", len(old) == 2 and len(new) == 2 and not old & new,
          (len(old), len(new), len(old & new)))
    check("the cookies of before open what they were for, and nothing of what was sent since",
          len(opened(before)) == len(before) > 0 and after and not opened(after), (len(before), len(after), opened(after)[:1]))


def check_changes(publisher, clients, tor):
    since = len(tor.posted)
    clients.add("carol")
    check("a reload with a client more", publisher.reload(), publisher.log_text())
    check("has both descriptors go out within seconds", publisher.is_published_since(since), publisher.service())
    check_sent(publisher, "which the new client can read, and the others", since, clients.keys.values(), [])
    check_status(publisher, 3)
    before = publisher.sent(since)
    since = len(tor.posted)
    removed = clients.remove("alice")
    check("a reload with one less", publisher.reload(), publisher.log_text())
    after = len(tor.posted)
    check("has both descriptors go out within seconds, too", publisher.is_published_since(since), publisher.service())
    check_sent(publisher, "which the one that was removed can't read, and the others can", after, clients.keys.values(),
               [removed])
    check_cookies(publisher, clients.keys["bob"], before, publisher.sent(after))
    check_memory(publisher, clients.keys["bob"], after)
    check_status(publisher, 2)
    check("the log says that others are authorised", "has other authorised clients: 3 now, 2 before" in publisher.log_text()
          and "2 now, 3 before" in publisher.log_text(), publisher.log_text())
    check("and never who", re.search(r"\b(alice|bob|carol)\b", publisher.log_text()) is None,
          publisher.log_text())
    since = len(tor.posted)
    check("a reload that changes nothing", publisher.reload())
    time.sleep(3)
    check("sends nothing", len(tor.posted) == since, len(tor.posted) - since)


def faults(folder, clients):
    """Mistakes, each with the words that say what it is, and what undoes it."""
    bob = clients / "bob.auth"
    good = bob.read_text()

    def write(path, text, mode=0o600):
        checks.write(path, text)
        path.chmod(mode)

    yield "a missing folder", lambda: clients.rename(folder / "elsewhere"), (f"{clients}: there is no such folder",), \
        lambda: (folder / "elsewhere").rename(clients)
    yield "a bad line", lambda: write(bob, "\ndescriptor:x25519:abc\n"), (f"{bob}:2: ",), lambda: write(bob, good)
    yield "another type of key", lambda: write(bob, good.replace("x25519", "x448")), (f"{bob}:1: ",), \
        lambda: write(bob, good)
    yield "the key of all zeros", lambda: write(bob, f"descriptor:x25519:{'a' * 52}\n"), (f"{bob}:1: ", "all zeros"), \
        lambda: write(bob, good)
    yield "an empty file", lambda: write(bob, ""), (f"{bob}: is empty",), lambda: write(bob, good)
    yield "a file that others can change", lambda: bob.chmod(0o666), (f"{bob}: can be changed by others",), \
        lambda: bob.chmod(0o600)
    yield "a folder that others can change", lambda: clients.chmod(0o777), (f"{clients}: can be changed by others",), \
        lambda: clients.chmod(0o700)
    yield "the same key twice", lambda: write(clients / "double.auth", good), ("double.auth: has the same key as bob",), \
        lambda: (clients / "double.auth").unlink()
    yield "a file that is no client's", lambda: write(clients / "note.txt", "x"), ("note.txt: is no client's",), \
        lambda: (clients / "note.txt").unlink()
    yield "a file in the place of the folder", \
        lambda: (clients.rename(folder / "elsewhere"), write(clients, "x")), (f"{clients}: is no folder",), \
        lambda: (clients.unlink(), (folder / "elsewhere").rename(clients))


def check_faults(publisher, clients, tor):
    """At a reload, and by --check."""
    for what, make, words, mend in faults(publisher.folder, clients.path):
        since, length = len(tor.posted), len(publisher.log_text())
        make()
        result = checks.run("--check", "-c", publisher.folder / "config.yaml")
        check(f"{what}: --check fails and says what it is", result.returncode == 2 and
              all(word in result.stderr for word in words), result.stderr)
        check(f"{what}: a reload is refused", not publisher.reload(), publisher.log_text()[length:])
        log = publisher.log_text()[length:]
        check(f"{what}: and the log says it", all(word in log for word in words), log)
        service = publisher.service()
        check(f"{what}: nothing is lost", service["authorizedClients"] == 2 and service["isPublished"] and
              len(tor.posted) == since, service)
        mend()
    check("a reload with all mended", publisher.reload())


def check_openness(publisher, clients, tor):
    """All clients are gone, and come back."""
    saved = {name: clients.path / f"{name}.auth" for name in clients.keys}
    for path in saved.values():
        path.rename(publisher.folder / path.name)
    since = len(tor.posted)
    check("a reload with an empty folder", publisher.reload(), publisher.log_text())
    check("has it go out within seconds", publisher.is_published_since(since), publisher.service())
    check("open to everybody", all(publisher.is_read(text, None) for text in publisher.sent(since)))
    check("and the log says so", "has no clients, so that the service is open to everybody" in publisher.log_text() and
          "is OPEN from now on" in publisher.log_text(), publisher.log_text())
    check_status(publisher, None)
    result = checks.run("--check", "-c", publisher.folder / "config.yaml")
    check("--check warns", result.returncode == 0 and "warning" in result.stderr and "open to everybody" in result.stderr
          and "open to everybody: no authorised clients" in result.stdout, result)
    for path in saved.values():
        (publisher.folder / path.name).rename(path)
    check("a reload with clients again", publisher.reload(), publisher.log_text())
    after = len(tor.posted)
    check("has it go out within seconds, too", publisher.is_published_since(after), publisher.service())
    check_sent(publisher, "restricted as before", after, clients.keys.values(), [])
    check("and the log says so", "is restricted from now on" in publisher.log_text(), publisher.log_text())


def check_beside_key(publisher, clients):
    """The clients are those beside the key, in tor's folder, and that is lost."""
    path, lost = publisher.folder / "service", publisher.folder / "lost"
    config = publisher.folder / "config.yaml"
    before = config.read_text()
    path.mkdir(mode=0o700)
    clients.path.rename(path / "authorized_clients")
    checks.write(path / "hs_ed25519_secret_key", publisher.key.tor())
    checks.write(config, before.replace("key: frontend.key", "key: service").replace("    authorized-clients: clients\n", ""))
    check("a reload with clients beside the key", publisher.reload(), publisher.log_text())
    check_status(publisher, 2)
    length = len(publisher.log_text())
    (path / "authorized_clients").rename(lost)
    check("a reload without that folder is refused", not publisher.reload(), publisher.log_text()[length:])
    log = publisher.log_text()[length:]
    check("and the log says why", f"would be open to everybody: its authorised clients were in {path}/authorized_clients"
          in log, log)
    checks.write(config, before.replace("    authorized-clients: clients\n", ""))
    check("likewise with the key at another place", not publisher.reload(), publisher.log_text()[length:])
    check("it is never open", "is OPEN from now on" not in publisher.log_text()[length:], publisher.log_text()[length:])
    lost.rename(clients.path)
    checks.write(config, before)
    check("a reload with the folder named", publisher.reload(), publisher.log_text()[length:])


def check_running(folder):
    keys = [checks.Key(), checks.Key()]
    instances = [instance(f"good{number}", key, folder / f"good{number}") for number, key in enumerate(keys)]
    clients = Folder(folder / "clients")
    clients.add("alice", "bob")
    with standin_tor.Tor(folder / "tor", standin_tor.network_answers(uptime="100")) as tor, contextlib.ExitStack() as stack:
        for number, key in enumerate(keys):
            answers = standin_tor.own_answers(key, standin_tor.make_descriptor(key))
            stack.enter_context(standin_tor.MortalTor(folder / f"good{number}", {**answers, "uptime": "1"}))
        publisher = stack.enter_context(Restricted(folder, instances, tor))
        check("a restricted frontend is published", publisher.wait(lambda service: service["isPublished"], 90),
              publisher.service())
        check_sent(publisher, "its clients can read it, and nobody else", 0, clients.keys.values(), [secrets.token_bytes(32)])
        check_status(publisher, 2)
        check("the log says that it is restricted", "is restricted: 2 authorised clients" in publisher.log_text() and
              "is published, restricted to 2 clients" in publisher.log_text(), publisher.log_text())
        check_changes(publisher, clients, tor)
        check_faults(publisher, clients, tor)
        check_openness(publisher, clients, tor)
        check_beside_key(publisher, clients)
        status, log = publisher.end()
        check("it ends well", status == 0 and "ERROR: " not in log, (status, log[-2000:]))
        (folder / "clients").rename(folder / "gone")
        publisher = stack.enter_context(Restricted(folder, instances, tor))
        status = publisher.process.wait(30)
        check("without the folder it does not start", status == 2 and
              "clients: there is no such folder" in publisher.log_text(), publisher.log_text())
        (folder / "gone").rename(folder / "clients")


def service_folder(folder, name):
    """A HiddenServiceDir as a tor that has run has left it; with its key."""
    key = checks.Key()
    path = folder / name
    (path / "authorized_clients").mkdir(parents=True, mode=0o700)
    path.chmod(0o700)
    (path / "hs_ed25519_secret_key").write_bytes(key.tor())
    (path / "hs_ed25519_secret_key").chmod(0o600)
    return path


def check_config(folder, lines):
    """What --check --json says of a config with one service."""
    checks.write(folder / "config.yaml", "\n".join([
        "services:", *(f"  {'-' if number == 0 else ' '} {line}" for number, line in enumerate(lines)),
        "    instances:", f"      - address: {checks.Key().address}", ""]))
    result = checks.run("--check", "--json", "-c", folder / "config.yaml")
    document = json.loads(result.stdout)
    return result, (document["services"][0]["authorizedClients"] if result.returncode == 0 else document["errors"])


def check_configs(folder):
    path = service_folder(folder, "service")
    result, found = check_config(folder, ["key: service"])
    check("a HiddenServiceDir as tor makes it is open, without a warning", found is None and "warning" not in result.stderr,
          result)
    result = checks.run("--check", "-c", folder / "config.yaml")
    check("but --check says so, and which folder is empty", result.returncode == 0 and
          f"    open to everybody: no authorised clients in {path}/authorized_clients\n" in result.stdout, result)
    clients = Folder(folder / "named")
    clients.add("one", "two")
    for client in ("one", "two", "three"):
        checks.write(path / "authorized_clients" / f"{client}.auth",
                     f"descriptor:x25519:{base32(public_client_key(secrets.token_bytes(32)))}\n")
    result, found = check_config(folder, ["key: service"])
    check("with clients it is restricted, as it is for tor", found == 3, result)
    result, found = check_config(folder, ["key: service/hs_ed25519_secret_key"])
    check("likewise by its key file", found == 3, result)
    result, found = check_config(folder, ["key: service", "authorized-clients: named"])
    check("a folder that is named counts", found == 2, result)
    named = "    authorized-clients: named\n"
    for what, lines, is_warned in (("that are beside the key", "", True), ("whose folder is named", named, False)):
        checks.write(folder / "config.yaml", f"services:\n  - key: service\n{lines}    instances: "
                     f"[{{address: {checks.Key().address}}}]\n")
        result = checks.run("presign", "-c", folder / "config.yaml", "--days", 2, "-o", folder / "bundle", "--force")
        check(f"presigning warns that a bundle has no clients, of those {what}: {is_warned}", result.returncode == 0 and
              (f"has authorised clients in {path}/authorized_clients, and a bundle has none" in result.stderr) == is_warned,
              result.stderr)
    os.replace(path / "hs_ed25519_secret_key", folder / "moved.key")
    result, found = check_config(folder, ["key: moved.key"])
    check("a key elsewhere has none", found is None, result)
    clients.add(*(f"more{number}" for number in range(CLIENTS_MAX - 2)))
    result, found = check_config(folder, ["key: moved.key", "authorized-clients: named"])
    check("there may be as many as there is room for", found == CLIENTS_MAX, result)
    result = checks.run("--check", "-c", folder / "config.yaml")
    check("and --check says how many", f"restricted to the {CLIENTS_MAX} authorised clients in {folder}/named; "
          f"{CLIENTS_MAX} at most beside 20 introduction points with the usual 50,000 bytes\n" in result.stdout, result.stdout)
    clients.add("surplus")
    result, found = check_config(folder, ["key: moved.key", "authorized-clients: named"])
    check("and not one more", result.returncode == 2 and "has 113 clients" in found[0], found)
    many = Folder(folder / "many")
    for number in range(10000):
        (many.path / f"{number}.auth").touch()
    began = time.monotonic()
    result, found = check_config(folder, ["key: moved.key", "authorized-clients: many"])
    check("10,000 files are refused, and soon", result.returncode == 2 and "more than 2000 files" in found[0] and
          time.monotonic() - began < 10, (found[:3], time.monotonic() - began))


class KeepingTor(standin_tor.Tor):
    """A local tor that remembers of which address each text is."""

    def __init__(self, path):
        super().__init__(path, standin_tor.network_answers(uptime="100"))
        self.given = []

    def answer_hspost(self, rest, lines):
        reply = super().answer_hspost(rest, lines)
        self.given.append((rest.split("HSADDRESS=")[1][:56], *self.posted[-1]))
        return reply


def publish(folder, services):
    """Runs a round of services, each a list of lines, all with one backend; returns the result and what the tor was given."""
    backend = checks.Key()
    lines = [f"tor-control: unix:{folder}/tor", "services:"]
    for own in services:
        lines += [f"  {'- ' if number == 0 else '  '}{line}" for number, line in enumerate(own)]
        lines += ["    instances:", f"      - {{address: {backend.address}, control: 'unix:{folder}/backend'}}"]
    checks.write(folder / "config.yaml", "\n".join(lines) + "\n")
    answers = standin_tor.own_answers(backend, standin_tor.make_descriptor(backend))
    with KeepingTor(folder / "tor") as tor, standin_tor.Tor(folder / "backend", {**answers, "uptime": "1"}):
        result = checks.run("--once", "-c", folder / "config.yaml")
    return result, tor.given


def check_once(folder):
    """What else a restricted frontend can have: a bundle in the place of the key, points of its own for each HSDir, and
    others that wait, so that HSDirs share a text."""
    clients = Folder(folder / "clients")
    clients.add("one", "two")
    key = checks.Key()
    checks.write(folder / "offline.key", key.pem())
    checks.write(folder / "offline.yaml", "services:\n  - key: offline.key\n    authorized-clients: not-here\n    instances: "
                 f"[{{address: {checks.Key().address}}}]\n")
    result = checks.run("presign", "-c", folder / "offline.yaml", "--days", 2, "-o", folder / "bundle")
    check("presigning needs no clients", result.returncode == 0, result.stderr)
    for what, own in (("with a bundle", ["key: bundle"]),
                      ("with points of its own for each HSDir", ["key: offline.key", "descriptors: distinct"])):
        result, given = publish(folder, [[*own, "authorized-clients: clients"]])
        check(f"{what} it is published for its clients", result.returncode == 0 and
              ", restricted to 2 clients" in result.stdout, result)
        bad = [text for _, _, text in given if is_read(text, f"{key.address}.onion", None) or
               not all(is_read(text, f"{key.address}.onion", client) for client in clients.keys.values())]
        check(f"{what} they can read it, and nobody else", given and not bad, bad[:1])
    services = []
    for number in range(IN_A_RUSH):
        checks.write(folder / f"{number}.key", checks.Key().pem())
        services.append([f"key: {number}.key", *(["authorized-clients: clients"] if number % 2 == 0 else [])])
    services[0] = ["key: offline.key", "authorized-clients: clients"]
    result, given = publish(folder, services)
    ours = [(hsdirs, text) for address, hsdirs, text in given if address == key.address]
    check("in a rush, too, where HSDirs share a text", result.returncode == 0 and ours and not any(
        is_read(text, f"{key.address}.onion", None) for _, text in ours) and all(
            is_read(text, f"{key.address}.onion", clients.keys["two"]) for _, text in ours), result.stderr[-1000:])
    shared = sum(len(hsdirs) > 1 for _, hsdirs, _ in given)
    check("and some do", shared > 0, len(given))
    is_open = [is_read(text, f"{address}.onion", None) for address, _, text in given]
    check("half of the frontends stay open", abs(sum(is_open) - len(given) / 2) <= len(given) / 8, (sum(is_open), len(given)))


for part in (check_configs, check_running, check_once):
    with checks.temporary_folder() as place:
        part(pathlib.Path(place))
checks.finish()
