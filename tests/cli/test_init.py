"""obpub init: every kind of set-up, by flags and asked on a terminal; read by obpub --check and by a real tor; every wrong
answer; nothing overwritten, and nothing half made."""
import base64
import hashlib
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
import stem
import stem.control
import yaml

import checks
from harness.folder import open_place
from harness.process import spawn

PATIENCE = 20   # seconds for a prompt, or the end
ADDRESS = re.compile(r"[a-z2-7]{56}")


def init(folder, *arguments):
    return checks.run("init", *arguments, folder=folder)


def refused(result, words):
    return result.returncode == 2 and words in result.stderr and result.stderr.startswith("obpub: ") and not result.stdout


class Terminal:
    """obpub init on a terminal of its own. What it prints there and on standard error is in `text`, the rest in `output`."""

    def __init__(self, folder, *arguments):
        self.leader, follower = pty.openpty()
        self.process = subprocess.Popen([os.path.abspath(checks.OBPUB), "init", *map(str, arguments)], stdin=follower,
                                        stdout=subprocess.PIPE, stderr=follower, cwd=folder, start_new_session=True)
        os.close(follower)
        self.text, self.seen = "", 0

    def wait_prompt(self):
        """What came since the last one, up to the next prompt; or up to the end."""
        end = time.monotonic() + PATIENCE
        while not self.text[self.seen:].endswith("]: ") and time.monotonic() < end:
            if not select.select([self.leader], [], [], 0.1)[0]:
                if self.process.poll() is not None:
                    break
                continue
            try:
                self.text += os.read(self.leader, 4096).decode()
            except OSError:
                break
        since, self.seen = self.text[self.seen:], len(self.text)
        return since

    def type(self, bytes_):
        os.write(self.leader, bytes_)

    def finish(self):
        output, _ = self.process.communicate(timeout=PATIENCE)
        self.wait_prompt()
        os.close(self.leader)
        return self.process.returncode, output.decode()


def talk(folder, answers, *arguments):
    """Types the answers, each at a prompt. Returns the exit status, what was printed, and what each answer led to."""
    terminal = Terminal(folder, *arguments)
    said = [terminal.wait_prompt()]
    for answer in answers:
        terminal.type(answer if isinstance(answer, bytes) else answer.encode() + b"\n")
        said.append(terminal.wait_prompt())
    status, output = terminal.finish()
    return status, output, said


def load(path):
    return yaml.safe_load((path / "config.yaml").read_text())


def files_of(path):
    return {str(file.relative_to(path)): file for file in sorted(path.rglob("*"))}


def is_closed(path):
    return all(stat.S_IMODE(file.stat().st_mode) == (0o700 if file.is_dir() else 0o600)
               for file in [path, *files_of(path).values()])


def is_good(path):
    """Whether obpub --check finds no fault in it."""
    return checks.run("--check", "-c", path / "config.yaml").returncode == 0


# -- a real tor


class LoneTor:
    """A tor that is on no network and reads a torrc of obpub's beside lines of its own."""

    def __init__(self, folder, torrc):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tor-", dir=folder))
        checks.write(self.folder / "defaults", "")
        # What the machine of this test has not, or others of it use.
        command = ["tor", "-f", torrc, "--defaults-torrc", self.folder / "defaults", "--DataDirectory", self.folder / "data",
                   "--DisableNetwork", "1", "--SocksPort", "0", "--ControlPort", "0", "--ControlSocket",
                   self.folder / "control", "--CookieAuthFile", self.folder / "cookie", "--Log",
                   f"notice file {self.folder / 'log'}"]
        self.verified = subprocess.run([*map(str, command), "--verify-config"], capture_output=True, text=True, timeout=60)
        self.process = spawn([*command, "--quiet"])

    def __enter__(self):
        checks.wait_for(lambda: checks.listens(self.folder / "control") or self.process.poll() is not None)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def warnings(self):
        text = (self.folder / "log").read_text() if (self.folder / "log").exists() else "no log"
        return [line for line in text.splitlines() if ("[warn]" in line or "[err]" in line or line == "no log")
                and "running Tor as root" not in line]

    def ask(self, key, password=None):
        with stem.control.Controller.from_socket_file(str(self.folder / "control")) as controller:
            controller.authenticate(password=password)
            return controller.get_conf_map("HiddenServiceOptions")[key]


def check_tor(name, folder, node, at, password=None):
    """Has a tor serve what is in a node's folder, which an operator has copied to the place that the torrc names."""
    services = sorted(path.name for path in node.iterdir() if path.is_dir())
    at.mkdir(mode=0o700, parents=True, exist_ok=True)
    for service in services:
        shutil.copytree(node / service, at / service)
        os.chmod(at / service, 0o700)
    before = {path: path.read_bytes() for path in at.rglob("*") if path.is_file()}
    with LoneTor(folder, node / "torrc") as tor:
        checks.check(f"{name}: tor finds nothing wrong with the torrc of {node.name}", tor.verified.returncode == 0
                     and "Configuration was valid" in tor.verified.stdout, tor.verified.stdout)
        try:
            served = tor.ask("HiddenServiceDir", password)
        except (stem.ControllerError, AttributeError) as error:
            served = error
        checks.check(f"{name}: a tor serves its {len(services)} folders", sorted(map(str, served)) ==
                     sorted(str(at / service) for service in services) if isinstance(served, list) else False,
                     f"{served}; {tor.warnings()}")
        # With another key than the address a tor writes the file anew.
        after = {path: path.read_bytes() for path in at.rglob("*") if path.is_file()}
        checks.check(f"{name}: the keys are those of the addresses, and tor takes them as they are",
                     before == {path: after.get(path) for path in before} and not tor.warnings(), tor.warnings())
    shutil.rmtree(at)


# -- each kind


def check_services(name, path, plan):
    """That config and folders belong together, for each service and each node."""
    config = load(path)
    checks.check(f"{name}: as many services and instances as asked for", len(config["services"]) == plan.get("services", 1) and
                 all(len(service["instances"]) == plan.get("nodes", 2) for service in config["services"]), config)
    good = True
    for number, service in enumerate(config["services"], 1):
        frontend = service["key"].removesuffix(".key")
        good &= (service.get("mode") == "hardmap") == plan.get("hardmap", False)
        for instance in service["instances"]:
            lies = path / instance["name"] / f"service{number}"
            good &= (lies / "ob_config").read_text() == f"MasterOnionAddress {frontend}.onion\n"
            if plan.get("hardmap"):
                good &= "address" not in instance and (lies / "hostname").read_text() == f"{frontend}.onion\n"
                good &= (lies / "hs_ed25519_secret_key").read_bytes() == (path / service["key"]).read_bytes()
            elif not plan.get("given"):
                good &= (lies / "hostname").read_text() == f"{instance['address']}\n"
                good &= instance["address"] != f"{frontend}.onion"
    checks.check(f"{name}: config and folders belong together", good, config)
    names = [instance["name"] for service in config["services"] for instance in service["instances"]]
    addresses = [instance.get("address") for service in config["services"] for instance in service["instances"]]
    checks.check(f"{name}: no key is there twice", plan.get("hardmap") or len(set(addresses)) == len(addresses), addresses)
    return config, names


def check_kind(folder, name, arguments, plan):
    out = folder / name
    tors = folder / "tors"
    result = init(folder, "--no-interactive", "-o", name, "--tor-folder", tors, *arguments)
    if not checks_made(name, result, out):
        return
    config, names = check_services(name, out, plan)
    checks.check(f"{name}: the check is of this config", all(f"frontend {service['key'].removesuffix('.key')}.onion" in
                                                             result.stdout for service in config["services"]), result.stdout)
    for node in sorted(set(names)):
        password = None
        if plan.get("control") == "password":
            password = (out / f"{node}.password").read_text().strip()
        at = tors / node if plan.get("control") == "unix" else tors
        if not plan.get("given"):
            check_tor(name, folder, out / node, at, password)
    return config


def checks_made(name, result, out):
    good = result.returncode == 0 and out.is_dir()
    checks.check(f"{name}: it is made", good, f"{result.returncode}: {result.stderr}")
    if good:
        checks.check(f"{name}: nobody else can read any of it", is_closed(out))
        checks.check(f"{name}: obpub --check has nothing against it", is_good(out))
        checks.check(f"{name}: nothing else is left", not list(out.parent.glob(f".{out.name}*")))
    return good


def check_kinds(folder):
    check_kind(folder, "softmap", (), {})
    check_kind(folder, "three", ("--hs-version", "v3", "-n", 3, "-s", 2, "-t", "web-", "-v", "info",
                                 "--service-virtual-port", 8080, "--service-target", "[::1]:81"), {"nodes": 3, "services": 2})
    torrc = (folder / "three" / "web-2" / "torrc").read_text()
    checks.check("who follows the torrc replaces no other service's key", "is there already, copy nothing" in torrc, torrc)
    checks.check("port and place are as given", torrc.count("\nHiddenServicePort 8080 [::1]:81\n") == 2, torrc)
    config = check_kind(folder, "unix", ("--backend-control", "unix", "-n", 1), {"nodes": 1, "control": "unix"})
    result = init(folder, "-o", "told")
    checks.check("so is what the publisher needs", "systemd-sysusers && systemd-tmpfiles --create" in result.stdout, result)
    checks.check("control sockets are those of Debian's instances", config["services"][0]["instances"][0]["control"]
                 == "unix:/run/tor-instances/node1/control", config)
    torrc = (folder / "unix" / "node1" / "torrc").read_text()
    lines = ("- tor-instance-create node1\n", "chown -R _tor-node1: FOLDER\n", "torrc /etc/tor/instances/node1/torrc.\n",
             "systemctl enable --now tor@node1\n")
    checks.check("its tor is made, and started, as Debian's instances are", all(line in torrc for line in lines)
                 and "tor@default" not in torrc and "anew:" not in torrc, torrc)
    config = check_kind(folder, "password", ("--backend-control", "password"), {"control": "password"})
    torrc = (folder / "password" / "node1" / "torrc").read_text()
    checks.check("another one is started anew", "systemctl restart tor@default; a reload is not enough\n" in torrc.replace(
        ".\n", "\n") and "tor-instance-create" not in torrc and "obpub-agent" not in torrc, torrc)
    instances = config["services"][0]["instances"]
    checks.check("each control port is another one, with its password", [
        (instance["control"], instance["control-password-file"]) for instance in instances]
        == [("127.0.0.1:9061", "node1.password"), ("127.0.0.1:9062", "node2.password")]
        and (folder / "password" / "node1.password").read_bytes() != (folder / "password" / "node2.password").read_bytes(),
        instances)
    config = check_kind(folder, "agent", ("--backend-control", "agent"), {"control": "agent"})
    check_agents(folder / "agent", config["services"][0]["instances"])
    torrc = (folder / "agent" / "node1" / "torrc").read_text()
    checks.check("what an agent from the source needs is said", "systemd-sysusers && systemd-tmpfiles --create" in torrc
                 and torrc.index("systemd-sysusers") < torrc.index("/etc/obpub/agent.secret"), torrc)
    check_kind(folder, "hardmap", ("--mode", "hardmap", "--backend-control", "password"),
               {"hardmap": True, "control": "password"})
    config = check_kind(folder, "hardmap agents", ("--mode", "hardmap", "-s", 2), {"hardmap": True, "services": 2})
    checks.check("with hardmap control ports are asked over Tor where nothing else is said", all(
        re.fullmatch(r"[a-z2-7]{56}\.onion:9151", instance["control"]) for service in config["services"]
        for instance in service["instances"]), config)


def public_line(private):
    """What a service has in authorized_clients of a client with this key."""
    public = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return f"descriptor:x25519:{base64.b32encode(public).decode().rstrip('=').lower()}\n"


def check_agents(out, instances):
    """What publisher and agents know of each other fits."""
    secret = (out / "agents.key").read_text().strip().split(":")
    line = public_line(X25519PrivateKey.from_private_bytes(base64.b32decode(secret[2].upper() + "====")))
    for instance in instances:
        node = out / instance["name"]
        checks.check(f"{node.name}: its agent is where the config says", instance["control"]
                     == (node / "obpub-agent" / "hostname").read_text().strip() + ":9151")
        checks.check(f"{node.name}: both sides have the same secret", (out / instance["control-password-file"]).read_text()
                     == (node / "agent.secret").read_text() and len((node / "agent.secret").read_text()) == 65)
        checks.check(f"{node.name}: only the publisher finds the agent", (
            node / "obpub-agent" / "authorized_clients" / "publisher.auth").read_text() == line)
        checks.check(f"{node.name}: the agent knows its service", (node / "obpub-agent.default").read_text()
                     == f"OBPUB_AGENT_OPTIONS=\"--address {instance['address']}\"\n")


def check_given(folder):
    """Keys and addresses that there are already."""
    frontend, backends = checks.Key(), [checks.Key() for _ in range(3)]
    checks.write(folder / "own.pem", frontend.pem())
    result = init(folder, "-o", "given", "--key", "own.pem", *(word for key in backends
                                                               for word in ("--address", f"{key.address.upper()}.onion")))
    if checks_made("given", result, folder / "given"):
        config, _ = check_services("given", folder / "given", {"nodes": 3, "given": True})
        checks.check("the given key is the frontend's, as tor keeps it", config["services"][0]["key"]
                     == f"{frontend.address}.key" and (folder / "given" / f"{frontend.address}.key").read_bytes()
                     == frontend.tor(), config)
        checks.check("the given addresses are the backends'", [instance["address"] for instance in
                                                               config["services"][0]["instances"]]
                     == [f"{key.address}.onion" for key in backends], config)
        checks.check("no key is made for these", not list((folder / "given").rglob("hs_ed25519_secret_key")))
        check_given_tor(folder, "given", "none", 1, backends[0])
    for control in ("password", "agent"):
        out = folder / f"given {control}"
        result = init(folder, "-o", out.name, "--key", "own.pem", "--backend-control", control, "--tor-folder",
                      folder / "tors", *(word for key in backends for word in ("--address", key.address)))
        if checks_made(out.name, result, out):
            config, _ = check_services(out.name, out, {"nodes": 3, "given": True})
            if control == "agent":
                check_agents(out, config["services"][0]["instances"])
            for number, key in enumerate(backends, 1):
                check_given_tor(folder, out.name, control, number, key)
            check_shared_tor(folder, out, control, backends[:2])
    result = init(folder, "-o", "again", "--key", folder / "given" / f"{frontend.address}.key", "--mode", "hardmap")
    if checks_made("again", result, folder / "again"):
        checks.check("a given key goes to each tor with hardmap", (folder / "again" / "node2" / "service1" / "hostname")
                     .read_text() == f"{frontend.address}.onion\n")
    check_taken_over(folder)
    bundle = checks.run("presign", "-c", folder / "given" / "config.yaml", "--days", 1, "-o", folder / "own.bundle")
    checks.check("a bundle is made", bundle.returncode == 0, bundle.stderr)
    checks.write(folder / "open.pem", frontend.pem(), 0o644)
    checks.write(folder / "locked.pem", frontend.pem(b"password"))
    return frontend, backends


def has_steps(torrc, key, control):
    """What an operator is told who has a tor with that service already."""
    words = [f"# {key.address}.onion\n", "Copy service1/ob_config into the HiddenServiceDir of that service",
             "add the line of this one to it", "below the HiddenServiceDir line of that service", "_tor-NAME"]
    if control == "agent":
        words += ["Copy the folder obpub-agent into ", "systemd-sysusers && systemd-tmpfiles --create", "obpub-agent@NAME"]
    return all(word in torrc for word in words) and "tor-instance-create" not in torrc and "/etc/tor/instances" not in torrc


def follow(folder, out, numbers, keys, more=""):
    """The torrc and the folders of a tor that has had these services, once its operator has done what the nodes' torrcs say.
    Returns the torrc's path and what tor is to serve."""
    at = folder / "tors"
    lines, rest = [], []
    for number, key in zip(numbers, keys):
        node, own = out / f"node{number}", at / f"own{number}"
        own.mkdir(mode=0o700, parents=True)
        checks.write(own / "hs_ed25519_secret_key", key.tor())
        shutil.copy(node / "service1" / "ob_config", own)
        text = (node / "torrc").read_text()
        first, = re.findall(r"^#(HiddenService.*)$", text, re.M)
        lines += [f"HiddenServiceDir {own}", first, "HiddenServicePort 80 127.0.0.1:80"]
        # One agent does for all services of a tor.
        if not (at / "obpub-agent").exists() or not (node / "obpub-agent").exists():
            rest += [line for line in text.splitlines() if line and line[0] != "#"]
        if (node / "obpub-agent").exists() and not (at / "obpub-agent").exists():
            shutil.copytree(node / "obpub-agent", at / "obpub-agent")
            os.chmod(at / "obpub-agent", 0o700)
    checks.write(folder / "torrc", "\n".join([more, *lines, *rest, ""]))
    return folder / "torrc", sorted(path for path in at.iterdir())


def check_served(name, folder, torrc, services, password):
    before = {path: path.read_bytes() for path in (folder / "tors").rglob("*") if path.is_file()}
    with LoneTor(folder, torrc) as tor:
        try:
            served = sorted(map(str, tor.ask("HiddenServiceDir", password)))
        except (stem.ControllerError, AttributeError) as error:
            served = error
        # By now it has its log, which it opens after the control socket.
        checks.check(f"{name}: tor finds nothing wrong with the torrc", tor.verified.returncode == 0
                     and "Configuration was valid" in tor.verified.stdout and not tor.warnings(),
                     [tor.verified.stdout, tor.warnings()])
        checks.check(f"{name}: it serves what it has had, and its agent", served == [str(path) for path in services], served)
    log = tor.verified.stdout
    masters = re.findall(r"MasterOnionAddress (\S+) registered", log)
    checks.check(f"{name}: the services that it has had know the frontend, each", len(masters) == len(
        [path for path in services if path.name.startswith("own")]), log)
    checks.check(f"{name}: no key has changed", all(path.read_bytes() == text for path, text in before.items()))
    shutil.rmtree(folder / "tors")


def read_password(out, number, control):
    return (out / f"node{number}.password").read_text().strip() if control == "password" else None


def check_given_tor(folder, name, control, number, key):
    """A tor that has the service already, and its operator, who does what the torrc says."""
    torrc = (folder / name / f"node{number}" / "torrc").read_text()
    checks.check(f"{name}: what is to be done is for the service that there is", has_steps(torrc, key, control)
                 and "\n#HiddenServiceOnionBalanceInstance 1\n" in torrc, torrc)
    path, services = follow(folder, folder / name, [number], [key])
    check_served(f"{name}, node{number}", folder, path, services, read_password(folder / name, number, control))


def check_shared_tor(folder, out, control, keys):
    """Two of the backends are in one tor, which has a control port with a password of its own already."""
    own = "ControlPort 9051\nHashedControlPassword " + subprocess.run(
        ["tor", "--hash-password", "its own"], capture_output=True, text=True, timeout=60).stdout.split()[-1]
    path, services = follow(folder, out, [1, 2], keys, own)
    for password in ("its own", read_password(out, 2, control)):
        if password is not None:
            check_served(f"{out.name}, two in one tor", folder, path, services, password)
            path, services = follow(folder, out, [1, 2], keys, own)
    shutil.rmtree(folder / "tors")
    if control != "agent":
        return
    config = out / "shared.yaml"
    text = (out / "config.yaml").read_text()
    first, second = (re.search(rf"- name: {name}\n.*\n((?: +control.*\n){{3}})", text)[1] for name in ("node1", "node2"))
    checks.write(config, text.replace(second, first))
    result = checks.run("--check", "-c", config)
    checks.check("two services may have one agent in the config", result.returncode == 0, result.stderr)
    config.unlink()


def check_taken_over(folder):
    """The HiddenServiceDir of a tor with authorised clients, which are the only ones also afterwards."""
    key, place = checks.Key(), folder / "hidden service"
    place.mkdir(mode=0o700)
    (place / "authorized_clients").mkdir(mode=0o700)
    checks.write(place / "hs_ed25519_secret_key", key.tor())
    checks.write(place / "hostname", f"{key.address}.onion\n")
    result = init(folder, "-o", "taken", "--key", place)
    if checks_made("taken", result, folder / "taken"):
        checks.check("without clients it is open", "authorized-clients" not in load(folder / "taken")["services"][0]
                     and not (folder / "taken" / "clients").exists())
        checks.check("it is said that the old tor is to stop", "take its service out of the torrc" in result.stdout)
    if os.geteuid() == 0:
        for path in (place, *place.iterdir()):
            os.chown(path, 65534, -1)
        result = init(folder, "-o", "taken by root", "--key", place)
        checks.check("root may copy a key of another user's", result.returncode == 0 and (
            folder / "taken by root" / f"{key.address}.key").read_bytes() == key.tor(), result.stderr)
    clients = {}
    for name in ("alice", "bob@home"):
        clients[name] = public_line(X25519PrivateKey.generate())
        checks.write(place / "authorized_clients" / f"{name}.auth", clients[name])
    for mode in ("softmap", "hardmap"):
        out = folder / f"taken {mode}"
        result = init(folder, "-o", out.name, "--key", place / "hs_ed25519_secret_key", "--mode", mode)
        if not checks_made(out.name, result, out):
            continue
        copied = {path.name.removesuffix(".auth"): path.read_text() for path in (out / "clients").iterdir()}
        checks.check(f"{mode}: the clients are those of before", copied == clients, copied)
        checks.check(f"{mode}: it is restricted to them", "restricted to the 2 authorised clients" in result.stdout
                     and "warning" not in result.stderr, result.stdout + result.stderr)
        own = out / "node2" / "service1" / "authorized_clients"
        if mode == "softmap":
            checks.check("the backends of their own addresses are open", not own.exists())
        else:
            twins = {path.name.removesuffix(".auth"): path.read_text() for path in own.iterdir()}
            publisher = twins.pop("publisher")
            checks.check("hardmap: each tor lets in the same, and the publisher", twins == clients, twins)
            secret = (out / "twins.key").read_text().strip().split(":")[2]
            own_line = public_line(X25519PrivateKey.from_private_bytes(base64.b32decode(secret.upper() + "====")))
            checks.check("hardmap: the publisher has its key", publisher == own_line and all(
                instance["client-key"] == "twins.key" for instance in load(out)["services"][0]["instances"]), own_line)
    (place / "authorized_clients" / "alice.auth").rename(place / "authorized_clients" / "publisher.auth")
    result = init(folder, "-o", "taken twice", "--key", place, "--mode", "hardmap")
    checks.check("a client of the publisher's name is named", refused(
        result, 'has an authorised client of the name "publisher"') and not (folder / "taken twice").exists(), result.stderr)
    shutil.copytree(place, folder / "hidden service twins")
    checks.write(place / "authorized_clients" / "eve.auth", "nonsense\n")
    result = init(folder, "-o", "taken wrong", "--key", place)
    checks.check("clients that can't be read are no reason to do without", refused(
        result, "its authorised clients can't be taken over: ") and not (folder / "taken wrong").exists(), result.stderr)


# -- wrong answers


def check_refused(folder, frontend, backends):
    one, two = (f"{key.address}.onion" for key in backends[:2])
    there = sorted(os.listdir(folder))
    cases = (
        (("--mode", "mixed"), "--mode: \"mixed\" is no mode: give softmap or hardmap"),
        (("-s", "0"), "--services: \"0\" is no number from 1 to 16"),
        (("-s", "17"), "--services: \"17\" is no number"),
        (("-n", "0"), "--instances: \"0\" is no number from 1 to 64"),
        (("-n", "65"), "--instances: \"65\" is no number"),
        (("-n", "two"), "--instances: \"two\" is no number"),
        (("--key", "nowhere.pem"), "--key: there is no file or folder \"nowhere.pem\""),
        (("--key", "own.pem", "-s", "2"), "--key: there is one key, but 2 services"),
        (("--key", "open.pem"), "--key: open.pem: can be read or changed by others"),
        (("--key", "locked.pem"), "--key: locked.pem: "),
        (("--key", "own.bundle"), "--key: own.bundle: is a bundle"),
        (("--key", "given"), "--key: given: is a folder without a hs_ed25519_secret_key"),
        (("--address", "x.onion"), "--address: the onion address"),
        (("--address", one, "--address", one.upper()), "--address: " + one + " is there twice"),
        (("--address", one, "-n", "2"), "--instances: there are 1 addresses, but 2 backends"),
        (("--address", one, "--address", two, "-s", "2"), "--address: only of one service"),
        (("--address", one, "--mode", "hardmap"), "--address: with hardmap"),
        (("--address", frontend.address, "--key", "own.pem"), f"--address: {frontend.address}.onion is the frontend's own"),
        (("--service-virtual-port", "0"), "--service-virtual-port: \"0\" is no number from 1 to 65535"),
        (("--service-virtual-port", "65536"), "--service-virtual-port: \"65536\" is no number"),
        (("--service-target", "127.0.0.1"), "--service-target: \"127.0.0.1\" is no place of a web server"),
        (("--service-target", "localhost:80"), "is no place of a web server"),
        (("--service-target", one + ":80"), "is no place of a web server"),
        (("--service-target", "unix:/a path"), "is no place of a web server"),
        (("--service-target", "unix:/x\nControlPort 1"), "is no place of a web server"),
        (("--service-target", "127.0.0.1:80\nControlPort 1"), "is no place of a web server"),
        (("--backend-control", "tcp"), "--backend-control: \"tcp\" is no way to a control port"),
        (("--backend-control", "unix", "--address", one), "--backend-control: with unix new tors are made, but these "
         "backends are there already: give none, and write \"control: unix:\""),
        (("--backend-control", "none", "--mode", "hardmap"), "--backend-control: with hardmap"),
        (("-t", ""), "--tag: \"\" is no name"),
        (("-t", "1web"), "--tag: \"1web\" is no name"),
        (("-t", "web 1"), "--tag: \"web 1\" is no name"),
        (("-t", "../web"), "--tag: \"../web\" is no name"),
        (("-t", "w" * 25), "is no name"),
        (("-t", "web-", "--backend-control", "unix"), "--tag: \"web-\" is no name"),
        (("--tor-folder", "var/lib/tor"), "--tor-folder: \"var/lib/tor\" is no whole path"),
        (("--tor-folder", "/var/lib/my tor"), "is no whole path"),
        (("-o", ""), "--output: the name of the file is empty"),
        (("-o", "/"), "--output: \"/\" is no name of a folder"),
        (("-o", "nowhere/out"), "--output: nowhere/out: it can't be made (No such file"),
        (("-o", "own.pem/out"), "--output: own.pem/out: it can't be made (Not a directory)"),
        (("--hs-version", "v2"), "only v3"),
        (("-p",), "needs an argument"),
        (("extra",), "\"extra\" is not an option"),
    )
    for arguments, words in cases:
        output = () if "-o" in arguments else ("-o", "bad")
        result = init(folder, *output, *arguments)
        checks.check(f"refused: obpub init {' '.join(map(str, arguments))!a}", refused(result, words),
                     f"{result.returncode}: {result.stderr}")
    checks.check("none of these has left anything", sorted(os.listdir(folder)) == there,
                 set(os.listdir(folder)) - set(there))


def check_overwrites(folder):
    """Whatever is there stays as it is."""
    place = folder / "full"
    place.mkdir()
    checks.write(place / "file", "mine")
    (place / "folder").mkdir()
    (place / "link").symlink_to("nowhere")
    for name in ("file", "folder", "folder/", "link"):
        result = init(place, "-o", name)
        checks.check(f"what is there is not replaced: {name}", refused(result, "is there already, and is not replaced"),
                     result.stderr)
    checks.check("all of it is as it was", (place / "file").read_text() == "mine" and not os.listdir(place / "folder")
                 and os.readlink(place / "link") == "nowhere" and len(os.listdir(place)) == 3)


# -- on a terminal


def check_terminal(folder):
    status, output, said = talk(folder, [""] * 7 + ["asked"])
    checks.check("empty answers make what is proposed", status == 0 and len(said) == 9, said)
    checks.check("each prompt has a proposal", [re.findall(r"\[([^]]*)\]: $", text) for text in said[:8]]
                 == [["softmap"], ["none"], ["none"], ["2"], ["80"], ["127.0.0.1:80"], ["none"], ["config"]], said)
    result = init(folder, "-o", "flags")
    without = [ADDRESS.sub("", text) for text in (output.replace("asked/", "flags/"), result.stdout)]
    checks.check("what is said is the same as without a terminal", result.returncode == 0 and without[0] == without[1],
                 without)
    checks.check("as many files are made", len(files_of(folder / "asked")) == len(files_of(folder / "flags")))
    for node in ("node1", "node2"):
        checks.check(f"the torrc of {node} is the same", (folder / "asked" / node / "torrc").read_text()
                     == (folder / "flags" / node / "torrc").read_text())
    if checks_made("asked", subprocess.CompletedProcess([], status, output, ""), folder / "asked"):
        check_services("asked", folder / "asked", {})

    status, output, said = talk(folder, ["hardmap", "own.pem", "3", "443", "unix:/run/web", "unix", "asked hard"])
    if checks_made("hardmap asked", subprocess.CompletedProcess([], status, output, said[-1]), folder / "asked hard"):
        check_services("hardmap asked", folder / "asked hard", {"hardmap": True, "nodes": 3})
        checks.check("its proposal for control ports is agents", said[5].endswith("[agent]: "), said[5])
        checks.check("what that means is said", "who takes over one of them has the address for good" in output, output)

    keys = [checks.Key() for _ in range(2)]
    status, output, said = talk(folder, ["softmap", "", f"  {keys[0].address}\t{keys[1].address}.onion ", "", "", "agent",
                                         "asked given"])
    if checks_made("given asked", subprocess.CompletedProcess([], status, output, said[-1]), folder / "asked given"):
        config, _ = check_services("given asked", folder / "asked given", {"given": True})
        checks.check("how many there are is not asked then", not any("How many" in text for text in said))
    status, output, said = talk(folder, ["", "asked less"], "--mode", "softmap", "--key", "own.pem", "-n", "2",
                                "--service-virtual-port", "80", "--service-target", "127.0.0.1:80", "--backend-control", "none")
    checks.check("what the command line says is not asked", status == 0 and is_good(folder / "asked less"), said)
    result = Terminal(folder, "--no-interactive", "-o", "not asked")
    status, output = result.finish()
    checks.check("with --no-interactive nothing is asked on a terminal", status == 0 and "]: " not in result.text
                 and is_good(folder / "not asked"), result.text)
    status, _, said = talk(folder, [], "--mode", "mixed", "-o", "never")
    checks.check("a wrong flag is refused on a terminal, too", status == 2 and "--mode: \"mixed\" is no mode" in said[0], said)


def check_wrong_answers(folder, frontend):
    """Each is asked again, until it is good."""
    key = checks.Key()
    new = (("softmap", ["hard", "softmap hardmap", "x" * 5000]),
           ("", ["nowhere.pem", "open.pem", "locked.pem", "own.bundle", "given", "hidden service"]),
           ("", ["x.onion", f"{key.address} {key.address}", " ".join([key.address] * 65)]), ("2", ["0", "65", "-1", "2.5"]),
           ("80", ["0", "http"]), ("127.0.0.1:80", ["localhost:80", "80"]), ("none", ["tor", "None"]),
           ("corrected", ["own.pem", "/", "nowhere/out", "own.pem/out"]))
    there = (("", []), ("own.pem", []), (key.address, [frontend.address, f"{key.address} {frontend.address}.onion"]), ("", []),
             ("", []), ("agent", ["unix"]), ("corrected too", []))
    for wrong in (new, there):
        check_corrected(folder, wrong)
    status, _, said = talk(folder, ["hardmap", "hidden service twins", "own.pem", "", "", "", "", "corrected hard"])
    checks.check("so is the key of a service whose client has the publisher's name", status == 0 and
                 'has an authorised client of the name "publisher"' in said[2] and is_good(folder / "corrected hard"), said)


def check_corrected(folder, wrong):
    answers, expected = [], []
    for good, bad in wrong:
        for one in bad:
            answers.append(one)
            expected.append(True)
        answers.append(good)
        expected.append(False)
    status, output, said = talk(folder, answers)
    for answer, is_wrong, text in zip(answers, expected, said[1:]):
        heard = "obpub: " in text
        checks.check(f"the answer {answer[:70]!a} is {'asked again' if is_wrong else 'taken'}", heard == is_wrong, text)
    checks.check("all is made in the end", status == 0 and is_good(folder / wrong[-1][0]), said[-1])


def check_end_of_input(folder):
    there = sorted(os.listdir(folder))
    for count in range(8):
        for how, end in (("Ctrl-D", b"\x04"), ("Ctrl-D in a line", b"soft\x04\x04")):
            status, output, said = talk(folder, [""] * count + [end])
            checks.check(f"{how} after {count} answers: nothing is written", status == 2 and not output
                         and "the input has ended before the last answer, so nothing is written" in said[-1],
                         f"{status}: {said[-1]}")
    terminal = Terminal(folder)
    terminal.wait_prompt()
    terminal.process.send_signal(signal.SIGINT)
    status, output = terminal.finish()
    checks.check("so is an interrupted one", status == -signal.SIGINT and not output, status)
    checks.check("nothing is left", sorted(os.listdir(folder)) == there, set(os.listdir(folder)) - set(there))


# -- in the middle


def count_files(place):
    return sum(len(files) for hidden in place.glob(".out.*") for _, _, files in os.walk(hidden))


def interrupt(place, how, files):
    """Sends a signal as soon as so many files are there; returns its exit status, and whether it was in the middle."""
    process = subprocess.Popen([os.path.abspath(checks.OBPUB), "init", "-o", "out", "-n", "40", "--backend-control", "agent"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, cwd=place)
    end = time.monotonic() + PATIENCE
    while process.poll() is None and count_files(place) < files and time.monotonic() < end:
        pass
    process.send_signal(how)
    process.wait(PATIENCE)
    return process.returncode


def check_interrupted(folder):
    caught = 0
    for number, files in enumerate((1, 2, 10, 50, 100, 150)):
        place = folder / f"killed{number}"
        place.mkdir()
        interrupt(place, signal.SIGKILL, files)
        is_there = (place / "out").exists()
        caught += not is_there
        checks.check(f"killed with {files} files: nothing half has the name", not is_there or is_good(place / "out"))
        result = init(place, "-o", "out")
        checks.check("and the next one is made", result.returncode == (2 if is_there else 0), result.stderr)
    checks.check("some were killed in the middle", caught >= 1, caught)
    for how in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        place = folder / f"ended by {how.name}"
        place.mkdir()
        interrupt(place, how, 10)
        checks.check(f"{how.name} waits until all is made", os.listdir(place) == ["out"] and is_good(place / "out"),
                     os.listdir(place))


def check_full(folder):
    """Standard output that can't be written."""
    with open("/dev/full", "w") as full:
        process = subprocess.run([os.path.abspath(checks.OBPUB), "init", "-o", "unsaid"], stdout=full, stderr=subprocess.PIPE,
                                 stdin=subprocess.DEVNULL, text=True, timeout=60, cwd=folder)
    checks.check("it is said when the output can't be written", process.returncode == 1
                 and "can't be written" in process.stderr and is_good(folder / "unsaid"), process)


def check_randomness(folder):
    """No two runs make the same."""
    seen = set()
    for name in ("softmap", "flags", "asked", "agent", "password"):
        for path in (folder / name).rglob("*"):
            if path.is_file() and path.name in ("hs_ed25519_secret_key", "agent.secret", "agents.key") or path.suffix in (
                    ".key", ".password"):
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                checks.check(f"{path.relative_to(folder)} is another one than all before", digest not in seen)
                seen.add(digest)


def main():
    with tempfile.TemporaryDirectory(prefix="obpub-test-", dir=open_place()) as name:  # tor wants paths without a space
        folder = pathlib.Path(name)
        check_kinds(folder)
        frontend, backends = check_given(folder)
        check_refused(folder, frontend, backends)
        check_overwrites(folder)
        check_terminal(folder)
        check_wrong_answers(folder, frontend)
        check_end_of_input(folder)
        check_interrupted(folder)
        check_full(folder)
        check_randomness(folder)
    checks.finish()


sys.exit(main())
