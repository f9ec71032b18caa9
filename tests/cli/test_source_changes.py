# What the log says of each backend at its most talkative: from which state to which, and why.

import pathlib
import re
import signal

import checks
import standin_tor
from checks import check
from killed_backend import lose_backend
from publisher import Publisher, instance

CHANGE = re.compile(r"debug: backend (\S+): (life|inquiry|trust) from (.+) to (.+?): (.+)$", re.M)


def changes_of(log, name, machine):
    """The states that a backend's machine went through, and why."""
    lines = [found[2:] for found in CHANGE.findall(log) if found[:2] == (name, machine)]
    check(f"{name}: each change of its {machine} begins where the last one ended",
          all(one[1] == other[0] for one, other in zip(lines, lines[1:])), lines)
    return lines


def follow(folder, *options):
    """Lets one of two backends be published and die; gives the log."""
    with lose_backend(folder, *options) as publisher:
        status, log = publisher.end()
    check("it ends well", status == 0, log[-2000:])
    return log


def check_debug(folder):
    log = follow(folder, "-v", "debug")
    lives = {name: changes_of(log, name, "life") for name in ("stays", "dies")}
    check("the one that stays came to life", lives["stays"] == [("waiting", "live", "a good descriptor came")],
          lives["stays"])
    check("the other one as well, and then died", [line[:2] for line in lives["dies"]][0] == ("waiting", "live") and
          lives["dies"][-1][1] == "out" and len(lives["dies"][-1][2]) > 5, lives["dies"])
    inquiries = changes_of(log, "dies", "inquiry")
    check("it was asked, and can't be any more", inquiries[0][:2] == ("closed", "idle") and
          any(line[:2] == ("hinted", "following") and line[2].endswith(" asked") for line in inquiries) and
          inquiries[-1][1] == "closed", inquiries)
    check("HSDirs were believed, as its process was old", changes_of(log, "dies", "trust")[0] ==
          ("young", "HSDirs too", "its process has been running for long"), log[-2000:])


def check_quiet(folder):
    check("nothing of this is said otherwise", not CHANGE.search(follow(folder)))


def check_reloads(folder):
    """Backends without a control port, which come and go: what they begin and end as is no change."""
    keys = [checks.Key() for _ in range(3)]
    unseen = [[f"      - address: {key.address}"] for key in keys]
    with standin_tor.Tor(folder / "tor", standin_tor.network_answers(uptime="100")):
        publisher = Publisher(folder, unseen[:2], "-v", "debug")
        check("backends are there", publisher.wait(lambda service: len(service["instances"]) == 2, 20))
        for count, instances in enumerate((unseen[1:], unseen[:1], [instance("seen", keys[0], folder / "absent")], unseen)):
            publisher.write_config(instances)
            publisher.process.send_signal(signal.SIGHUP)
            check("they come and go", checks.wait_for(lambda count=count: (folder / "log").read_text().count(
                "config read again: ") == count + 1))
        status, log = publisher.end()
    check("it ends well", status == 0 and ": it is new" not in log, log[-2000:])


for scene in (check_debug, check_quiet, check_reloads):
    with checks.temporary_folder() as name:
        scene(pathlib.Path(name))
checks.finish()
