# Backends with introduction points that no tor makes, or with those of other backends, all at once beside honest ones:
# what goes out names relays as the consensus does, each honest backend keeps its points, and status and log say what is
# left out, and why.

import pathlib
import re
import sys

import checks
import standin_tor
from checks import check
from publisher import Publisher

from harness.judge import Judged, relay_of

sys.path.insert(0, str(checks.SOURCE / "tests/attack"))
import points  # noqa: E402

TIMES = (standin_tor.PERIOD_LENGTH, 720)
SINGLE = 4     # honest backends with one point each: one whose relay is taken from it has none
PATIENCE = 90  # seconds


def instance(folder, name, own):
    """Starts a backend with these points; its lines of the config."""
    address = points.serve(folder / name, own, TIMES)
    return [f"      - address: {address}.onion", f"        name: {name}", f"        control: unix:{folder}/{name}"]


def is_known(each):
    """Whether a backend is where it should be, and what is wrong with it is said."""
    lie = points.LIES.get(each["name"])
    if lie is None:
        return each["state"] == "live" and each["introPointsPublished"] > 0
    if lie.fault is not None and lie.taken == 0:
        return each["state"] == "out" and f"no tor makes: {lie.fault} (3)" in each["error"]
    return each["state"] == "live" and each["introPointsPublished"] == lie.taken and each["introPointsLack"] == lie.lack


def published(tor, publisher):
    """Each set of points that was uploaded, as [(links, auth key)], once."""
    found = []
    for _, text in tor.posted:
        own = [(links, auth_key) for links, _, auth_key, _ in
               Judged(text, checks.address_of(publisher.key.public) + ".onion").points]
        if own not in found:
            found.append(own)
    return found


def check_points(sets, relays, honest):
    """What has been published, ever since the liars came."""
    known = {relay.rsa: relay.links()[1:] for relay in relays}
    for own in sets:
        for links, auth_key in own:
            relay = relay_of((links,))
            # IPv4, RSA and at most Ed25519: none of these relays has IPv6.
            check("a point is such as tor makes", re.fullmatch(rb"\0\x06.{6}\x02\x14.{20}(\x03\x20.{32})?", links, re.S), links)
            check("a relay of the consensus is named as there", known.get(relay, links) == links, links)
        check("of each relay there is one", len({relay_of((links,)) for links, _ in own}) == len(own), own)
        lost = [name for name, point in honest if (point.links[1:], point.auth_key) not in own]
        check("each honest backend's point is there", not lost, lost)


with checks.temporary_folder() as name:
    folder = pathlib.Path(name)
    relays = points.read_relays(standin_tor.recorded("consensus"), standin_tor.recorded("microdescriptors"))
    check("the recorded consensus has relays enough", len(relays) >= SINGLE + 4, relays)
    honest = [(f"single{number}", points.at(relays[number].links())) for number in range(SINGLE)]
    lines = [instance(folder, name, [point]) for name, point in honest]
    with standin_tor.Tor(folder / "tor", standin_tor.network_answers(uptime="100")) as tor:
        publisher = Publisher(folder, lines)
        try:
            check("the honest backends are published", publisher.wait(
                lambda service: service["isPublished"] and service["introPointsNum"] == SINGLE, 60))
            liars = [instance(folder, name, lie.make(relays, [point for _, point in honest]))
                     for name, lie in points.LIES.items()]
            publisher.write_config(lines + liars)
            publisher.process.send_signal(1)
            publisher.wait(lambda service: len(service["instances"]) == len(lines + liars) and service["isPublished"] and
                           all(map(is_known, service["instances"])), PATIENCE)
            service = publisher.service()
            for each in service["instances"]:
                check(f"{each['name']}: known for what it is", is_known(each), each)
            one = next(each for each in service["instances"] if each["name"] == "one-of-three")
            check("what is left out of a live one is said", one["introPointsLeftOut"] == 2 and
                  one["introPointsFault"] == "offers points that no tor makes: two RSA identities (2)", one)
            asked = checks.run("status", "-c", folder / "config.yaml")
            text = asked.stdout
            check("and by obpub status", "; offers points that no tor makes: two RSA identities (2)\n" in text and
                  f"0 of {SINGLE} introduction points published; {points.FIRST}\n" in text, text + asked.stderr)
            sets = published(tor, publisher)
        finally:
            status, log = publisher.end()
    check_points(sets, relays, honest)
    check("all that may be published is", len(sets[-1]) == SINGLE + sum(lie.taken for lie in points.LIES.values()), sets[-1])
    check("the log names what is left out of a live one, once", log.count(
        "backend one-of-three offers introduction points that no tor makes, and are left out: two RSA identities") == 1, log)
    for name, lie in points.LIES.items():
        if lie.lack:
            check(f"and why {name} has no point", log.count(
                f"backend {name} is live and has no introduction point published: {lie.lack}") == 1, log)
    check("it ends well", status == 0 and "ERROR: " not in log and "runtime error" not in log, log[-3000:])
checks.finish()
