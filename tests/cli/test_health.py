"""Health checks, with stand-ins for the local tor, its SOCKS port and the web servers behind it: how a server that fails in
each of many ways is found sick, what is no fault of a server, and that hostile answers cost nothing."""
import contextlib
import pathlib
import signal
import sys
import time

import checks
import standin_tor
from checks import check
from publisher import Publisher, instance

INTERVAL = 5
HEALTH = f"health: {{port: 80, path: /up, interval: {INTERVAL}, timeout: 3, fall: 1, rise: 1}}"
GOOD = b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n"


class SocksPort(standin_tor.Peer):
    """A stand-in for a tor's SOCKS port. behaviours: what happens at each onion address, a function that is given the
    connection, or a number that the request is answered with."""

    def __init__(self, path, behaviours):
        super().__init__(path)
        self.behaviours, self.users, self.requests, self.open = behaviours, [], {}, {}
        self.most = 0  # bytes that a server without end could send

    def serve(self, connection):
        connection.settimeout(30)
        stream = connection.makefile("rwb", buffering=0)

        def read(size):
            data = b""
            while len(data) < size:
                piece = stream.read(size - len(data))
                if not piece:
                    raise OSError("closed")
                data += piece
            return data

        assert read(3) == b"\5\1\2", "offers other methods"
        stream.write(b"\5\2")
        user = read(read(2)[1])
        read(read(1)[0])
        stream.write(b"\1\0")
        assert read(4) == b"\5\1\0\3", "asks for something else than a name"
        host = read(read(1)[0]).decode()
        port = int.from_bytes(read(2), "big")
        self.users.append(user)
        behaviour = self.behaviours.get(host.removesuffix(".onion"))
        if behaviour is None or isinstance(behaviour, int):
            stream.write(bytes([5, 4 if behaviour is None else behaviour, 0, 1, 0, 0, 0, 0, 0, 0]))
            return
        if behaviour is hang:
            return hang(connection)
        stream.write(b"\5\0\0\1\0\0\0\0\0\0")
        self.open[host] = connection
        try:
            request = b""
            while behaviour not in (silent, listen) and b"\r\n\r\n" not in request:
                piece = connection.recv(4096)
                if not piece:
                    return
                request += piece
            self.requests[host] = (port, request)
            behaviour(connection)
        finally:
            self.open.pop(host, None)


def hang(connection):
    connection.recv(1)


silent = standin_tor.Peer("").serve


def listen(connection):
    """Takes the connection; what it is told is in heard."""
    while piece := connection.recv(4096):
        listen.heard += piece


listen.heard = b""


def saying(*pieces, pause=0):
    def behave(connection):
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause)
        connection.recv(1)
    return behave


def closing(data):
    return lambda connection: connection.sendall(data)


def endless(piece):
    def behave(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 1 << 24:
                sent += connection.send(piece)
        behave.sent = max(behave.sent, sent)
    behave.sent = 0
    return behave


BYTE_A_SECOND = [bytes([byte]) for byte in GOOD]
# What each server does, and what is said of it.
FAULTS = {
    "fails": (saying(b"HTTP/1.1 500 Oh\r\n\r\n"), "answers with status 500 where one from 200 to 399 is"),
    "control": (saying(b"HTTP/1.1 200 \x1b[2JOh\r\n\r\n"), "headers have control characters"),
    "informs": (saying(b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD), "answers with status 100"),
    "slow": (saying(*BYTE_A_SECOND, pause=1), "no whole answer within 3 seconds"),
    "headers": (endless(b"A: b\r\n" * 1000), "has too many headers"),
    "line": (endless(b"a" * 60000), "its headers don't end"),
    "trickle": (saying(b"HTTP/1.1 200 OK\r\n", *[b"A: b\r\n"] * 60, pause=0.5), "no whole answer within 3 seconds"),
    "silent": (silent, "no whole answer within 3 seconds"),
    "garbage": (saying(b"\0\xff\x1b]0;x\7 SSH-2.0"), "does not begin as HTTP/1.1 does"),
    "early": (closing(b"HTTP/1.1 200 OK\r\nA"), "closes the connection before its headers end"),
    "nothing": (closing(b""), "closes the connection without an answer"),
    "refused": (5, "takes no connection at this port"),
    "failed": (1, "could not make the connection"),
    "unreached": (4, ""),
    "hung": (hang, "no connection within 3 seconds"),
}
GOODS = {"good": saying(GOOD), "moved": saying(b"HTTP/1.0 301\r\nLocation: /\r\n\r\n")}


class Checked(Publisher):
    """With health in its config."""

    def __init__(self, folder, health, instances):
        self.service_line = health
        super().__init__(folder, instances)

    def reload(self, instances, health):
        self.service_line = health
        self.write_config(instances)
        before = self.log_text().count("config read again")
        self.process.send_signal(signal.SIGHUP)
        return checks.wait_for(lambda: self.log_text().count("config read again") > before)

    def log_text(self):
        return (self.folder / "log").read_text(errors="replace")

    def health_of(self, service=None):
        return {each["name"]: each["health"] for each in (service or self.service())["instances"]}

    def points(self):
        return {each["name"]: each["introPointsPublished"] for each in self.service()["instances"]}

    def waits(self, seconds=3 * INTERVAL, **healths):
        """Whether these instances come to have these healths."""
        return self.wait(lambda service: all(self.health_of(service)[name] == health for name, health in healths.items()),
                         seconds)


def check_faults(publisher, socks):
    names = [*FAULTS, *GOODS]
    check("all are found out", publisher.wait(
        lambda service: "unknown" not in publisher.health_of(service).values() and
        all(publisher.health_of(service)[name] == "sick" for name in FAULTS), 8 * INTERVAL), publisher.health_of())
    service = publisher.service()
    for each in service["instances"]:
        words = FAULTS.get(each["name"], (None, None))[1]
        check(f"{each['name']}: {'healthy' if words is None else 'sick'}, and why", each["state"] == "live" and
              (each["health"] == "healthy" and each["healthError"] is None if words is None else
               each["health"] == "sick" and words in (each["healthError"] or "")), each)
    check("those that are sick have no points published, the others do", publisher.wait(
        lambda service: all((each["introPointsPublished"] > 0) == (each["name"] in GOODS)
                            for each in service["instances"]), 20), publisher.points())
    check("each check has a user name of its own", len(set(socks.users)) == len(socks.users) > len(names), socks.users)
    check("nothing of what they say is in the log", "\x1b" not in publisher.log_text() and
          "SSH-2.0" not in publisher.log_text())
    for name in ("headers", "line"):
        sent = FAULTS[name][0].sent
        check(f"{name}: it is not listened to for long", 0 < sent < 1 << 23, sent)
    text = checks.run("status", "--socket-path", publisher.folder / "status").stdout
    check("the status for people says so", ", sick for " in text and ", healthy, " in text and
          "(it answers with status 500 where one from 200 to 399 is expected)" in text, text)


def check_requests(socks, keys):
    port, request = socks.requests[keys["good"].address + ".onion"]
    lines = request.decode().split("\r\n")
    check("what is asked", port == 80 and lines[0] == "GET /up HTTP/1.1" and
          f"Host: {keys['good'].address}.onion" in lines and "Connection: close" in lines, (port, lines))


def check_recovery(publisher, socks, keys):
    for name in FAULTS:
        socks.behaviours[keys[name].address] = GOODS["good"]
    check("all are back", publisher.waits(6 * INTERVAL, **dict.fromkeys(FAULTS, "healthy")), publisher.health_of())
    check("and published", publisher.wait(
        lambda service: all(each["introPointsPublished"] > 0 for each in service["instances"]), 20), publisher.points())
    check("the log says so", "backend fails is healthy again" in publisher.log_text())


def check_all_sick(publisher, socks, keys):
    for name in keys:
        socks.behaviours[keys[name].address] = FAULTS["fails"][0]
    check("all fail: that is said", publisher.wait(
        lambda service: service["doubtsHealth"] and "healthy" not in publisher.health_of(service).values(), 6 * INTERVAL),
          publisher.health_of())
    check("and loudly", "ALL BACKENDS THAT ARE LIVE FAIL THEIR HEALTH CHECKS" in publisher.log_text())
    check("and all are published as before", all(publisher.points().values()), publisher.points())
    for name in keys:
        socks.behaviours[keys[name].address] = GOODS["good"]
    check("until they answer", publisher.wait(
        lambda service: not service["doubtsHealth"] and set(publisher.health_of(service).values()) == {"healthy"},
        6 * INTERVAL), publisher.health_of())


def check_reload(publisher, socks, keys, instances):
    """A hanging check ends with its backend, and what is known stays unless something else is asked."""
    socks.behaviours[keys["silent"].address] = silent
    socks.behaviours[keys["fails"].address] = FAULTS["fails"][0]
    check("two are sick again", publisher.waits(silent="sick", fails="sick"), publisher.health_of())
    host = keys["silent"].address + ".onion"
    check("one is being asked", checks.wait_for(lambda: host in socks.open))
    rest = [lines for name, lines in instances.items() if name != "silent"]
    check("a reload", publisher.reload(rest, HEALTH.replace("timeout: 3", "timeout: 4")))
    check("ends the check of a backend that is gone", checks.wait_for(lambda: host not in socks.open, 1.5))
    time.sleep(1)  # an answer may be half a second old
    check("and keeps what is known", publisher.health_of()["fails"] == "sick", publisher.health_of())
    other = HEALTH.replace("/up", "/other").replace("fall: 1", "fall: 10")
    check("a reload with another path", publisher.reload(rest, other))
    check("forgets it", publisher.waits(fails="unknown"), publisher.health_of())
    check("a reload without health", publisher.reload(rest, "descriptors: auto"))
    check("ends the checks", checks.wait_for(lambda: set(publisher.health_of().values()) == {None}), publisher.health_of())
    users = len(socks.users)
    time.sleep(INTERVAL + 1)
    check("really", len(socks.users) == users)


def check_no_network(publisher, socks, keys):
    """A local tor that has no network says nothing of the backends."""
    for name in keys:
        socks.behaviours[keys[name].address] = 3
    users = len(socks.users)
    check("no network: all are checked", checks.wait_for(lambda: len(socks.users) >= users + 2 * len(keys), 4 * INTERVAL))
    check("no network: no backend's fault", set(publisher.health_of().values()) == {"healthy"}, publisher.health_of())
    check("no network: it is said", "can't be checked, and what is known of it stays" in publisher.log_text() and
          "tor has no network" in publisher.log_text())
    for name in keys:
        socks.behaviours[keys[name].address] = GOODS["good"]


def check_no_way(publisher, folder, socks):
    """Without the SOCKS port nothing is known of the backends."""
    socks.__exit__()
    (folder / "socks").touch()  # which refuses
    said = "the health of backends can't be checked, and what is known of it stays"
    before = publisher.log_text().count(said)
    check("no SOCKS port: that is said", checks.wait_for(lambda: publisher.log_text().count(said) > before, 3 * INTERVAL))
    time.sleep(2 * INTERVAL)
    check("and no backend's fault", set(publisher.health_of().values()) == {"healthy"}, publisher.health_of())
    (folder / "socks").unlink()
    socks.users.clear()
    socks.__enter__()
    check("once there is one they are checked again", checks.wait_for(lambda: socks.users, 3 * INTERVAL))


def run_daemon(folder):
    keys = {name: checks.Key() for name in (*FAULTS, *GOODS)}
    behaviours = {keys[name].address: fault[0] for name, fault in FAULTS.items()}
    behaviours.update({keys[name].address: good for name, good in GOODS.items()})
    instances = {name: instance(name, keys[name], folder / name) for name in keys}
    with contextlib.ExitStack() as stack:
        stack.enter_context(standin_tor.Tor(folder / "tor", standin_tor.network_answers(
            net_listeners_socks=f'"unix:{folder}/socks"')))
        for name, key in keys.items():
            stack.enter_context(standin_tor.Tor(folder / name, standin_tor.own_answers(
                key, standin_tor.make_descriptor(key))))
        socks = stack.enter_context(SocksPort(folder / "socks", behaviours))
        publisher = stack.enter_context(Checked(folder, HEALTH, list(instances.values())))
        check("all are live", publisher.wait(
            lambda service: {each["state"] for each in service["instances"]} == {"live"}, 60), publisher.log_text())
        check_faults(publisher, socks)
        check_requests(socks, keys)
        check_recovery(publisher, socks, keys)
        check_all_sick(publisher, socks, keys)
        check_no_network(publisher, socks, keys)
        check_no_way(publisher, folder, socks)
        check_reload(publisher, socks, keys, instances)
        status, log = publisher.end()
        check("it ends well", status == 0, (status, log))


class TwoTors(Checked):
    """With a second local tor at FOLDER/other."""

    def write_config(self, instances):
        super().write_config(instances)
        path = self.folder / "config.yaml"
        checks.write(path, path.read_text().replace(f"tor-control: unix:{self.folder}/tor",
                                                    f"tor-control: ['unix:{self.folder}/tor', 'unix:{self.folder}/other']"))


def run_two_tors(folder):
    """One of two local tors gets nowhere: no backend is sick for that, however the checks fall to the tors."""
    keys = {name: checks.Key() for name in ("one", "two")}
    with contextlib.ExitStack() as stack:
        ports = {}
        for tor, behaviour in (("tor", GOODS["good"]), ("other", 4)):
            stack.enter_context(standin_tor.Tor(folder / tor, standin_tor.network_answers(
                net_listeners_socks=f'"unix:{folder}/socks-{tor}"')))
            ports[tor] = stack.enter_context(SocksPort(
                folder / f"socks-{tor}", {key.address: behaviour for key in keys.values()}))
        for name, key in keys.items():
            stack.enter_context(standin_tor.Tor(folder / name, standin_tor.own_answers(
                key, standin_tor.make_descriptor(key))))
        publisher = stack.enter_context(TwoTors(
            folder, HEALTH.replace("fall: 1", "fall: 2"), [instance(name, key, folder / name) for name, key in keys.items()]))
        check("two tors: both are asked through", checks.wait_for(
            lambda: ports["other"].users and len(ports["tor"].users) >= 5, 8 * INTERVAL))
        check("two tors: no backend is sick, since one tor gets nowhere", " is sick" not in publisher.log_text() and
              set(publisher.health_of().values()) == {"healthy"}, publisher.log_text())


# What instances ask for besides a port: the rest of "health", what happens there, and what is said; None for well.
OWN_WAYS = {
    "open": ("", listen, None),
    "closed": ("", 5, "takes no connection at this port"),
    "missing": ("path: /gone, expect: 404", saying(b"HTTP/1.1 404 Not Found\r\n\r\n"), None),
    "found": ("path: /gone, expect: 404", saying(GOOD), "answers with status 200 where 404 is expected"),
    "named": ("path: /up, host: www.example.com", saying(GOOD), None),
}


def run_own_ways(folder):
    """Instances with a health of their own: a port alone, another status that is good, and another Host."""
    keys = {name: checks.Key() for name in OWN_WAYS}
    instances = []
    with contextlib.ExitStack() as stack:
        stack.enter_context(standin_tor.Tor(folder / "tor", standin_tor.network_answers(
            net_listeners_socks=f'"unix:{folder}/socks"')))
        socks = stack.enter_context(SocksPort(folder / "socks", {keys[name].address: way[1] for name, way in OWN_WAYS.items()}))
        for name, key in keys.items():
            stack.enter_context(standin_tor.Tor(folder / name, standin_tor.own_answers(key, standin_tor.make_descriptor(key))))
            words = ", ".join(filter(None, ("port: 80", OWN_WAYS[name][0])))
            instances.append([*instance(name, key, folder / name), f"        health: {{{words}}}"])
        publisher = stack.enter_context(Checked(
            folder, f"health: {{interval: {INTERVAL}, timeout: 3, fall: 1, rise: 1}}", instances))
        healths = {name: "healthy" if words is None else "sick" for name, (_, _, words) in OWN_WAYS.items()}
        check("own ways: all are found out", publisher.waits(8 * INTERVAL, **healths), publisher.log_text())
        for each in publisher.service()["instances"]:
            words = OWN_WAYS[each["name"]][2]
            check(f"own ways: {each['name']}: {healths[each['name']]}, and why",
                  each["healthError"] is None if words is None else words in (each["healthError"] or ""), each)
        requests = {name: socks.requests.get(f"{key.address}.onion") for name, key in keys.items()}
        check("own ways: a port alone is connected to, and told nothing", requests["open"] == (80, b"")
              and listen.heard == b"", (requests["open"], listen.heard))
        lines = {name: requests[name][1].decode().split("\r\n") for name in ("missing", "named")}
        check("own ways: the host is that of the config", "Host: www.example.com" in lines["named"] and keys["named"].address
              not in requests["named"][1].decode(), lines)
        check("own ways: and the address where there is none", f"Host: {keys['missing'].address}.onion" in lines["missing"]
              and lines["missing"][0] == "GET /gone HTTP/1.1", lines)
        text = checks.run("--check", "-c", folder / "config.yaml").stdout
        check("own ways: --check says that a port alone is asked",
              f"asked for {keys['open'].address}.onion:80 every" in text, text)
        status, log = publisher.end()
        check("own ways: it ends well", status == 0, (status, log))


def check_other_commands(folder):
    """--check says what is asked, and --once that nothing is."""
    frontend, backend = checks.Key(), checks.Key()
    checks.write(folder / "frontend.key", frontend.pem())
    checks.write(folder / "config.yaml", f"tor-control: unix:{folder}/absent\nservices:\n  - key: frontend.key\n"
                 f"    {HEALTH}\n    instances:\n      - address: {backend.address}\n")
    result = checks.run("--check", "-c", folder / "config.yaml")
    check("--check says what is asked", f"asked for http://{backend.address}.onion:80/up every 5 seconds, sick after 1 "
          "failure\n" in result.stdout and "SocksPort" in result.stdout, result)
    result = checks.run("--once", "--timeout", "1", "-c", folder / "config.yaml")
    check("--once says that nothing is", "the health of backends is not checked with --once" in result.stderr, result)


def main():
    with checks.temporary_folder() as name:
        check_other_commands(pathlib.Path(name))
    with checks.temporary_folder() as name:
        run_two_tors(pathlib.Path(name))
    with checks.temporary_folder() as name:
        run_own_ways(pathlib.Path(name))
    with checks.temporary_folder() as name:
        run_daemon(pathlib.Path(name))
    checks.finish()


sys.exit(main())
