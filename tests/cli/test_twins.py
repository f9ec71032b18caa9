"""Tors that share the frontend's key, with proof of work: what status, metrics and log say of them. obpub with stand-ins
for the local tor and for two of these."""
import base64
import os
import pathlib
import re
import subprocess
import time

import checks
import daemon
import standin_tor
from checks import check
from publisher import Publisher


class Twins(Publisher):
    """An obpub whose frontend is served by tors that have its key."""

    def write_config(self, instances):
        checks.write(self.folder / "config.yaml", "\n".join([
            f"tor-control: unix:{self.folder}/tor", f"status-socket-location: {self.folder}/status",
            f"metrics-listen: unix:{self.folder}/metrics", "services:",
            "  - key: frontend.key", "    mode: hardmap", "    instances:", *instances, ""]))

    def instance(self, name):
        return next(each for each in self.service()["instances"] if each["name"] == name)

    def metrics(self):
        connection = daemon.UnixConnection(self.folder / "metrics", 10)
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()

    def text(self):
        return subprocess.run([os.path.abspath(checks.OBPUB), "status", "-c", self.folder / "config.yaml"],
                              capture_output=True, text=True, timeout=30).stdout

    def wait_log(self, words):
        return checks.wait_for(lambda: words in (self.folder / "log").read_text(errors="replace"), 30)


class Twin(standin_tor.Tor):
    """A tor with the frontend's key, which uploads itself or not."""

    def __init__(self, path, is_uploading):
        super().__init__(path, {"uptime": "100000"})
        self.is_uploading = is_uploading

    def answer_getconf(self, rest, lines):
        return f"250 {rest}={int(self.is_uploading)}\n"

    def set(self, key, seed=None, effort=0):
        """Has it answer with other introduction points; with a seed it has proof of work on, for another hour."""
        features = []
        if seed is not None:
            text = base64.b64encode(bytes([seed]) * 32).decode().rstrip("=")
            ends = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 3600))
            features.append(("pow-params", f"v1 {text} {effort} {ends}"))
        self.answers.update(standin_tor.own_answers(key, standin_tor.make_descriptor(key, features=features)))


def check_split(publisher):
    service = publisher.service()
    check("the mode, and what comes with it", (service["mode"], service["lead"], service["leadInUse"], service["isSplit"])
          == ("hardmap", 2700, 2700, True), service)
    for name, seed, effort, uploads in (("node1", "A1A1A1A1", 5, "on"), ("node2", "B2B2B2B2", 7, "off")):
        each = publisher.instance(name)
        check(f"{name}: its proof of work, its share and its uploads",
              (each["seed"], each["effort"], each["share"], each["ownUploads"]) == (seed, effort, 0.5, uploads), each)
    for descriptor in service["descriptors"]:
        owners = [hsdir["instance"] for hsdir in descriptor["hsdirs"] if hsdir["isAsked"]]
        check(f"{descriptor['name']} descriptor: half of the HSDirs that clients ask have the points of each",
              len(owners) == len(descriptor["hsdirs"]) and owners.count("node1") == owners.count("node2") > 0, owners)
    text = publisher.text()
    check("the same for people", "mode hardmap, split" in text and re.search(
        "node2 .*, 50 % of the clients that come now; proof of work: seed B2B2B2B2, effort 7, for 5[0-9] min; "
        "own uploads: off", text), text)


def check_metrics(publisher):
    text = publisher.metrics()
    series = [line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")]
    check("no series is there twice", len(set(series)) == len(series), text)
    labels = f'{{backend="{publisher.key.address}.onion",name="node2"}}'
    check("the metrics of one", f"\nobpub_twin_share{labels} 0.500\n" in text
          and f"\nobpub_twin_effort{labels} 7\n" in text, text)


def check_twins(folder):
    with Twin(folder / "node1", True) as one, Twin(folder / "node2", False) as two, \
            standin_tor.Tor(folder / "tor", standin_tor.network_answers(uptime="100000")):
        publisher = Twins(folder, [f"      - {{name: {name}, control: 'unix:{folder}/{name}'}}"
                                   for name in ("node1", "node2")])
        one.set(publisher.key, 0xA1, 5)
        two.set(publisher.key, 0xB2, 7)
        check("it is split and published", publisher.wait(
            lambda service: service["isSplit"] and service["isPublished"], 90), publisher.service())
        check_split(publisher)
        check_metrics(publisher)
        title = f"node2 of {publisher.key.address}.onion"
        check("proof of work without own uploads is warned of", publisher.wait_log(
            f"tor {title} has proof of work on and PublishHidServDescriptors 0"))
        two.set(publisher.key, 0xC3)
        check("a seed that ends before its time is warned of",
              publisher.wait_log(f"tor {title} has thrown away its proof of work"))
        two.set(publisher.key)
        check("one that has none any more is warned of", publisher.wait_log(
            f"{publisher.key.address}.onion: NO VISITOR COMES TO node2, where proof of work is off"))
        check("and has no share", publisher.wait(lambda service: publisher.instance("node2")["share"] == 0, 30)
              and "proof of work off" in publisher.instance("node2")["introPointsLack"], publisher.service())
        status, log = publisher.end()
    check("each is named with its frontend", status == 0 and f"backend {title} is in" in log
          and "backend node2 " not in log.replace(title, ""), log)


with checks.temporary_folder() as name:
    check_twins(pathlib.Path(name))
checks.finish()
