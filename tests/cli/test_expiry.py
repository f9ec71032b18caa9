# What HSDirs took counts for as long as they keep it. A frontend is published; then nothing gets through any more, for
# three hours and twenty minutes by a clock that runs fast; then all is well again. And HSDirs that lose what they took are
# seen to. A stand-in for the local tor is the network.

import http.client
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time

import checks
import standin_tor
from checks import check
from daemon import UnixConnection
from publisher import instance

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
SKIPPED = 77
SPEED = 100
DARK_SECONDS = 200 * 60
PATIENCE = 60
STARTS = 5
TOO_SLOW = "reading files takes more than 30 seconds"  # which are 0.3 by the clock of a machine that may be busy


class Network(standin_tor.Tor):
    """A local tor and the HSDirs behind it, which keep what they took. While it is dark, nothing is answered that has to
    come from an HSDir."""

    def __init__(self, path):
        super().__init__(path, standin_tor.network_answers())
        self.is_dark, self.kept, self.signals = False, {}, []

    def answer_signal(self, rest, lines):
        self.signals.append(rest)
        return "250 OK\n"

    def answer_hspost(self, rest, lines):
        reply = super().answer_hspost(rest, lines)
        if self.is_dark:
            return "250 OK\n"
        hsdirs, text = self.posted[-1]
        self.kept.update({hsdir.upper(): text for hsdir in hsdirs})
        return reply

    def answer_hsfetch(self, rest, lines):
        address, *servers = rest.split()
        if self.is_dark or not servers:
            return "250 OK\n"
        self.fetched = {address: self.kept.get(servers[0].removeprefix("SERVER=$").upper(), "\n")}
        return super().answer_hsfetch(rest, lines)


class Fast:
    """A running obpub whose clocks run fast."""

    def __init__(self, folder, lines):
        self.folder, key = folder, checks.Key()
        checks.write(folder / "frontend.key", key.pem())
        checks.write(folder / "config.yaml", "\n".join(
            [f"tor-control: unix:{folder}/tor", f"status-socket-location: {folder}/status",
             f"metrics-listen: unix:{folder}/metrics", "services:", "  - key: frontend.key", "    instances:", *lines, ""]))
        self.log_path = folder / "log"
        environment = dict(os.environ, LD_PRELOAD=FAKETIME, FAKETIME=f"+0 x{SPEED}")
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([os.path.abspath(checks.OBPUB), "-c", folder / "config.yaml"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)

    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def wait_log(self, text, since=0):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            if text in self.log()[since:]:
                return True
            time.sleep(0.05)
        return False

    def status(self):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.folder / "status"))
            return json.loads(b"".join(iter(lambda: connection.recv(65536), b"")))

    def metrics(self):
        connection = UnixConnection(self.folder / "metrics", 30)
        connection.request("GET", "/metrics")
        try:
            return connection.getresponse().read().decode()
        except http.client.HTTPException as error:
            return str(error)

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(30)


def start(folder, lines):
    """An obpub that is published; or that is not, but had the time to be."""
    for _ in range(STARTS):
        obpub = Fast(folder, lines)
        if obpub.wait_log("is published") or TOO_SLOW not in obpub.log():
            return obpub
        obpub.end()
        print("the machine did not read files in 0.3 seconds")
    check(f"it starts, the {STARTS}th time at last", False)
    checks.finish()


def check_dark(obpub):
    """What is said once nothing has got through for so long."""
    status = obpub.status()
    service = status["services"][0]
    check("the status does not call it published",
          not service["isPublished"] and service.get("publication") == "expired", service)
    current = [hsdir for descriptor in service["descriptors"] for hsdir in descriptor["hsdirs"] if hsdir["isCurrent"]]
    check("no HSDir counts as having it", not current, current)
    result = checks.run("status", "--socket-path", obpub.folder / "status")
    check("exit status 1, and what is wrong",
          result.returncode == 1 and "NO LONGER PUBLISHED" in result.stdout and "expired" in result.stdout, result)
    metrics = obpub.metrics()
    check("the metrics say so", re.search(r"^obpub_frontend_published\{.*\} 0$", metrics, re.M) and
          re.search(r"^obpub_descriptor_hsdirs_current\{.*\} 0$", metrics, re.M), metrics)
    log = obpub.log()
    check("a warning came before", 0 < log.find("two and a half hours") < log.find("NO LONGER PUBLISHED"), log)
    check("each once", log.count("two and a half hours") == 1 and log.count("NO LONGER PUBLISHED") == 1, log)
    failing = [line for line in log.splitlines() if "taken its descriptors" in line or "taken a descriptor" in line]
    check("that all uploads fail is said as that, and not again and again",
          any("not one HSDir" in line for line in failing) and len(failing) <= 6, failing)
    check("nothing is called well meanwhile", "all HSDirs have its descriptors" not in log, log)


def wait_until(predicate):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if predicate():
            return True
        time.sleep(0.1)
    return False


def check_lost(obpub, network):
    """HSDirs lose what they took: a look shows it, and they are given it once more."""
    def seen():
        return [hsdir["seen"] for descriptor in obpub.status()["services"][0]["descriptors"]
                for hsdir in descriptor["hsdirs"]]

    check("HSDirs are seen to hand it out", wait_until(lambda: "current" in seen()), seen())

    def is_seen_without():
        network.kept.clear()  # what a refresh has put there meanwhile, too
        return "none" in seen()

    check("one that has lost it is seen", wait_until(is_seen_without), seen())
    check("and all get it once more", wait_until(lambda: len(network.kept) >= 8), network.kept.keys())


def main():
    if not os.path.exists(FAKETIME):
        print("libfaketime is not installed")
        sys.exit(SKIPPED)
    with checks.temporary_folder() as name:
        folder, backend = pathlib.Path(name), checks.Key()
        answers = standin_tor.own_answers(backend, standin_tor.make_descriptor(backend))
        with Network(folder / "tor") as network, \
                standin_tor.Tor(folder / "backend", {**answers, "uptime": "100000"}):
            obpub = start(folder, instance("backend", backend, folder / "backend"))
            try:
                check("it is published", "is published" in obpub.log(), obpub.log())
                network.is_dark = True
                time.sleep(DARK_SECONDS / SPEED)
                check("it still runs", obpub.process.poll() is None, obpub.log())
                check_dark(obpub)
                check("the tor, which sleeps after a day without a user, is told each hour that it has one",
                      len(network.signals) >= DARK_SECONDS // 3600 and set(network.signals) == {"ACTIVE"}, network.signals)
                network.is_dark, since = False, len(obpub.log())
                check("it is published again", obpub.wait_log("is published", since), obpub.log())
                service = obpub.status()["services"][0]
                check("and the status says so", service["isPublished"] and service["publication"] == "full", service)
                check_lost(obpub, network)
            finally:
                status = obpub.end()
        check("it ends well", status == 0, status)


main()
checks.finish()
