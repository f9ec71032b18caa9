"""obpub drain and undrain, and the weights of the config: with stand-ins for the local tor and the backends. Who gets no
visitors, who keeps them all the same, what a reload keeps and a new start forgets, and who may ask for it."""
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading

import checks
import standin_tor
from checks import check
from publisher import Publisher, instance

OTHER_USER = 54321


class Drained(Publisher):
    """With a socket for commands."""

    service_line = "descriptors: same"
    sockets = ("status", "command")  # names of the files

    def write_config(self, instances):
        super().write_config(instances)
        path = self.folder / "config.yaml"
        status, command = (f"{self.folder}/{name}\n" for name in self.sockets)
        lines = path.read_text().replace(f"status-socket-location: {self.folder}/status\n", f"status-socket-location: {status}")
        checks.write(path, f"command-socket-location: {command}{lines}")

    def command(self, *arguments):
        """Runs obpub with a command and this config."""
        return checks.run(*arguments, "-c", self.folder / "config.yaml")

    def reload(self, instances):
        """Has it read a config with other instances; whether it did."""
        self.write_config(instances)
        before = self.log_text().count("config read again")
        self.process.send_signal(signal.SIGHUP)
        return checks.wait_for(lambda: self.log_text().count("config read again") > before)

    def log_text(self):
        return (self.folder / "log").read_text(errors="replace")

    def points(self):
        """How many introduction points of each instance are to be published."""
        service = self.service() or {"instances": []}
        return {each["name"]: each["introPointsPublished"] for each in service["instances"]}

    def has_points(self, **points):
        """Waits until so many points of each of these instances are to be published: an answer may be half a second old."""
        return checks.wait_for(lambda: {name: self.points().get(name) for name in points} == points)

    def instance(self, name):
        return next(each for each in self.service()["instances"] if each["name"] == name)


def weighted(name, key, path, weight):
    return [*instance(name, key, path), f"        weight: {weight}"]


def is_live(service):
    return service["isPublished"] and sum(each["state"] == "live" for each in service["instances"]) >= 2


def has_no_visitors(name):
    """That HSDirs have nothing of an instance any more, and have all else."""
    return lambda service: service["isPublished"] and all(
        each["share"] == 0 and each["state"] == "live" for each in service["instances"] if each["name"] == name)


def check_refusals(publisher, folder):
    for arguments, words in (
            (("drain", "good3"), "there is no instance \"good3\": there are good1, good2, twice, twice"),
            (("drain", "twice"), "\"twice\" can be more than one instance, twice ("),
            (("undrain", "twice"), "can be more than one instance"),
            (("drain", "good1", "--frontend", checks.Key().address), "is no frontend of the config"),
            (("drain", "good1", "--frontend", "nonsense"), "the frontend's address"),
            (("drain", "good\n1"), "control characters"),
            (("drain", ""), "is empty"),
            (("drain",), "\"obpub drain\" needs NAME"),
            (("drain", "good1", "good2"), "\"good2\" is not an option"),
            (("status", "good1"), "\"good1\" is not an option"),
            (("undrain", "good1", "--json"), "there is no option --json of \"obpub undrain\"")):
        result = publisher.command(*arguments)
        check(f"refused: {arguments!a}", result.returncode == 2 and words in result.stderr and not result.stdout and
              result.stderr.startswith("obpub: "), result)
    checks.write(folder / "none.yaml", "services: []\n")
    result = checks.run("drain", "good1", "-c", folder / "none.yaml")
    check("no command socket in the config: 2", result.returncode == 2 and
          "has no \"command-socket-location\"" in result.stderr, result)
    result = checks.run("drain", "good1", "--socket-path", folder / "absent")
    check("nobody there: 3", result.returncode == 3 and "is obpub running" in result.stderr, result)


def check_drain(publisher, keys):
    result = publisher.command("drain", "good1")
    check("drain: 0", result.returncode == 0 and "\"good1\" is drained" in result.stdout and not result.stderr, result)
    check("its points are in nothing that goes out from now on", publisher.has_points(good1=0, good2=3),
          publisher.points())
    result = publisher.command("drain", "good1")
    check("once more: 0", result.returncode == 0 and "was drained before" in result.stdout, result)
    for name in ("good2", keys["good2"].address, keys["good2"].address.upper() + ".ONION"):
        result = publisher.command("drain", name)
        check(f"the last one ({name}) is refused: 1", result.returncode == 1 and not result.stdout and
              "no other instance of " in result.stderr and "\"good2\"" in result.stderr, result)
    check("and keeps its points", publisher.points()["good2"] == 3)
    check("the log says both", "obpub drain: \"good1\" is drained" in publisher.log_text() and
          "obpub drain: no other instance of" in publisher.log_text(), publisher.log_text()[-2000:])
    check("HSDirs have nothing of it within a minute", publisher.wait(has_no_visitors("good1"), 120),
          publisher.service())
    drained, other = publisher.instance("good1"), publisher.instance("good2")
    check("the status says who is drained, and since when", drained["isDrained"] and drained["drainedSince"] and
          not other["isDrained"] and other["drainedSince"] is None, drained)
    check("and the shares", (drained["share"], drained["shareWanted"], other["share"], other["shareWanted"]) ==
          (0, 0, 1, 1), (drained, other))
    text = checks.run("status", "--socket-path", publisher.folder / "status").stdout
    check("so does its text", "drained for " in text and "100 % of the clients that come now" in text, text)


def check_reload(publisher, instances, keys, folder):
    check("a reload keeps that", publisher.reload(instances[:2]) and
          checks.wait_for(lambda: publisher.points() == {"good1": 0, "good2": 3}),
          publisher.points())
    result = publisher.command("undrain", keys["good1"].address + ".onion", "--frontend", publisher.key.address)
    check("undrain: 0", result.returncode == 0 and "is not drained any more" in result.stdout, result)
    check("its points are back", publisher.has_points(good1=3, good2=3), publisher.points())
    result = publisher.command("undrain", "good1")
    check("once more: 0", result.returncode == 0 and "was not drained" in result.stdout, result)
    light = [weighted("good1", keys["good1"], folder / "good1", 0), instances[1]]
    check("so does the weight 0", publisher.reload(light) and publisher.has_points(good1=0, good2=3),
          publisher.points())
    result = publisher.command("undrain", "good1")
    check("which undrain does not change: 1", result.returncode == 1 and "has the weight 0" in result.stderr, result)
    heavy = [weighted("good1", keys["good1"], folder / "good1", 20), weighted("good2", keys["good2"], folder / "good2", 10)]
    check("other weights", publisher.reload(heavy) and publisher.has_points(good1=2, good2=1),
          publisher.points())
    publisher.reload(instances)


def check_sockets(publisher, instances, folder):
    """Sockets that change places at a reload, and one that can't be made before the next."""
    publisher.sockets = ("command", "status")
    publisher.reload(instances)
    result = publisher.command("drain", "nobody")
    check("commands are taken where the status was", result.returncode == 2 and "no instance" in result.stderr, result)
    result = checks.run("status", "--socket-path", folder / "command")
    check("and the status is where they were", result.returncode != 3 and "good1" in result.stdout, result)
    checks.write(folder / "blocked", "")
    publisher.sockets = ("status", "blocked")
    publisher.reload(instances)
    check("a file in the way: the log says so", "is there already and is no socket" in publisher.log_text())
    (folder / "blocked").unlink()
    publisher.reload(instances)
    result = publisher.command("drain", "nobody")
    check("the next reload makes the socket", result.returncode == 2 and "no instance" in result.stderr, result)
    publisher.sockets = ("status", "command")
    publisher.reload(instances)


def check_stand_in(publisher, backend):
    """The last one that is not drained dies."""
    publisher.command("drain", "good1")
    check("it is drained again", publisher.has_points(good1=0, good2=3), publisher.points())
    backend.__exit__()

    def has_all(service):
        return service["isPublished"] and all(
            each["introPointsPublished"] == (3 if each["name"] == "good1" else 0) for each in service["instances"])
    check("it has the visitors of one that dies", publisher.wait(has_all, 60), publisher.points())
    service = publisher.service()
    check("the status and the log say so", service["usesDrained"] and service["instances"][0]["isDrained"] and
          "no other backend is live than such as are drained" in publisher.log_text(), service)


def try_as_other(path):
    """What another user gets of the socket: an error number, or what is answered."""
    program = ("import socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.settimeout(10)\n"
               "e = s.connect_ex(sys.argv[1])\n"
               "if e: sys.exit(str(e))\n"
               "try:\n    s.sendall(b'drain\\tgood2\\n')\n    print(repr(s.recv(100)))\n"
               "except OSError as x:\n    print(type(x).__name__)\n")

    def become_other():
        os.setgroups([])
        os.setgid(OTHER_USER)
        os.setuid(OTHER_USER)
    return subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, timeout=60,
                          preexec_fn=become_other, cwd="/")


def check_users(publisher, folder):
    path = folder / "command"
    mode = path.stat().st_mode & 0o7777
    check("nobody but its owner may open the socket", mode == 0o600, oct(mode))
    if os.geteuid() != 0:
        return
    folder.chmod(0o755)
    result = try_as_other(path)
    check("another user can't connect", result.returncode == 1 and result.stderr.strip() == "13", result)
    path.chmod(0o666)
    before = publisher.points()
    result = try_as_other(path)
    check("and gets no answer where the file lets it in",
          result.stdout.strip() in ("b''", "ConnectionResetError", "BrokenPipeError"), result)
    check("nor is anything done", publisher.points() == before, publisher.points())
    path.chmod(0o600)


def check_hostile_clients(publisher, folder):
    with contextlib.ExitStack() as stack:
        for number in range(100):
            connection = stack.enter_context(socket.socket(socket.AF_UNIX))
            connection.connect(str(folder / "command"))
            if number % 2:
                connection.sendall(b"drain\tgood" if number % 4 == 1 else b"\0\xff" * 100)
        result = publisher.command("drain", "nobody")
        check("a hundred idle connections keep nobody out", result.returncode == 2 and "no instance" in result.stderr, result)
    check("and obpub lives", publisher.process.poll() is None and publisher.service() is not None)


class Several(Drained):
    """A second frontend has the first backend alone, and two have tors of the same names with their keys."""

    def write_config(self, instances):
        super().write_config(instances)
        self.others = [checks.Key() for _ in range(3)]
        for number, key in enumerate(self.others):
            checks.write(self.folder / f"other{number}.key", key.pem())
        lines = [(self.folder / "config.yaml").read_text(), "  - key: other0.key\n    instances:\n",
                 "\n".join(instances[0]) + "\n"]
        for number in (1, 2):
            lines.append(f"  - key: other{number}.key\n    mode: hardmap\n    instances:\n" + "".join(
                f"      - {{name: {name}, control: 'unix:{self.folder}/absent-{number}-{name}'}}\n" for name in ("a", "b")))
        checks.write(self.folder / "config.yaml", "".join(lines))

    def is_drained(self, name):
        """For each frontend that has an instance of this name whether that is drained."""
        return [each["isDrained"] for service in self.status()["services"] for each in service["instances"]
                if each["name"] == name]

    def status(self):
        return json.loads(checks.run("status", "--json", "--socket-path", self.folder / "status").stdout)


def check_several_frontends(stack, folder, keys, instances):
    publisher = stack.enter_context(Several(folder, instances))
    check("two backends are live again", publisher.wait(is_live, 90), publisher.service())
    result = publisher.command("drain", "good1")
    check("a backend that another frontend has no other one beside is refused: 1", result.returncode == 1 and
          f"no other instance of {publisher.others[0].address}.onion" in result.stderr, result)
    check("at both", publisher.is_drained("good1") == [False, False], publisher.is_drained("good1"))
    result = publisher.command("drain", "good1", "--frontend", publisher.key.address + ".onion")
    check("it is drained at the first alone: 0", result.returncode == 0 and checks.wait_for(
        lambda: publisher.is_drained("good1") == [True, False]), (result, publisher.is_drained("good1")))
    result = publisher.command("undrain", keys["good1"].address)
    check("and at neither any more: 0", result.returncode == 0 and checks.wait_for(
        lambda: publisher.is_drained("good1") == [False, False]), (result, publisher.is_drained("good1")))
    result = publisher.command("undrain", "a")
    check("tors of two frontends that have one name: 2", result.returncode == 2 and all(
        f"a ({key.address}.onion) of {key.address}.onion" in result.stderr for key in publisher.others[1:]), result)
    result = publisher.command("drain", "a", "--frontend", publisher.others[1].address)
    check("none of them is live: 1", result.returncode == 1 and
          f"no other instance of {publisher.others[1].address}.onion" in result.stderr, result)
    result = publisher.command("undrain", "a", "--frontend", publisher.others[2].address.upper())
    check("with --frontend one is meant: 0", result.returncode == 0 and "was not drained" in result.stdout, result)
    result = publisher.command("undrain", publisher.others[2].address)
    check("all tors of a frontend have its address: 2", result.returncode == 2 and "can be more than one" in result.stderr,
          result)
    publisher.end()


def check_stand_in_answers(folder):
    """What answers in the daemon's place steers nothing."""
    for answer, code in ((b"done\t\x1b[2J\n", 0), (b"done\tx", 3), (b"", 3), (b"{}\n", 3), (b"x" * 100000, 3)):
        path = folder / "stand-in"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()

            def serve():
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    connection.recv(1000)
                    connection.sendall(answer)
            threading.Thread(target=serve, daemon=True).start()
            result = checks.run("drain", "x", "--socket-path", path)
        path.unlink()
        check(f"an answer {answer[:20]!a}: {code}", result.returncode == code and "\x1b" not in result.stdout + result.stderr,
              result)


def check_all(folder):
    keys = {name: checks.Key() for name in ("good1", "good2", "twice", "other")}
    instances = [instance("good1", keys["good1"], folder / "good1"), instance("good2", keys["good2"], folder / "good2"),
                 instance("twice", keys["twice"], folder / "absent1"), instance("twice", keys["other"], folder / "absent2")]
    with standin_tor.Tor(folder / "tor", standin_tor.network_answers(uptime="100")), contextlib.ExitStack() as stack:
        backends = {}
        for name in ("good1", "good2"):
            answers = standin_tor.own_answers(keys[name], standin_tor.make_descriptor(keys[name]))
            backends[name] = standin_tor.MortalTor(folder / name, {**answers, "uptime": "1"}).__enter__()
        publisher = stack.enter_context(Drained(folder, instances))
        check("two backends are live and published", publisher.wait(is_live, 90), publisher.service())
        check_refusals(publisher, folder)
        check_hostile_clients(publisher, folder)
        check_users(publisher, folder)
        check_drain(publisher, keys)
        check_reload(publisher, instances, keys, folder)
        check_sockets(publisher, instances, folder)
        check_stand_in(publisher, backends["good2"])
        status, _ = publisher.end()
        check("it ends, and the socket with it", status == 0 and not (folder / "command").exists(), status)
        backends["good2"].__enter__()
        publisher = stack.enter_context(Drained(folder, instances))
        check("a new start forgets who was drained", publisher.wait(is_live, 90) and
              publisher.has_points(good1=3, good2=3), publisher.points())
        publisher.end()
        check_several_frontends(stack, folder, keys, instances[:2])
        for backend in backends.values():
            backend.__exit__()
    check_stand_in_answers(folder)


with checks.temporary_folder() as name:
    check_all(pathlib.Path(name))
checks.finish()
