# Most backends change without end, validly signed, and two do not: what that costs, and whom. obpub with stand-ins for the
# local tor and the backends; the simulator plays the same for hours (sim --history siege).

import pathlib
import sys
import time

import checks
import standin_tor
from checks import check
from publisher import Publisher, instance

sys.path.insert(0, str(checks.SOURCE / "tests/attack"))
import churn  # noqa: E402

OFFSET = 720  # minutes by which time periods begin later than days
HOSTILE = 10
SECONDS = 60
# What is kept for the other descriptor is spent after six rounds of both; churn has no round beyond that then.
UPLOADS_MAX = 6 * 16


def make_honest(key, path):
    """An honest backend, which can be killed."""
    answers = standin_tor.own_answers(key, standin_tor.make_descriptor(key))
    return standin_tor.MortalTor(path, {**answers, "uptime": "1"})


def is_live(service):
    return service["isPublished"] and all(each["state"] == "live" for each in service["instances"])


def has_restless(service):
    return [each["name"] for each in service["instances"] if each["isRestless"]]


def check_churn(folder):
    keys = {name: checks.Key() for name in ("good1", "good2")}
    backends = {}
    with churn.Churners(folder, HOSTILE, standin_tor.PERIOD_LENGTH, OFFSET) as churners, \
            standin_tor.Tor(folder / "tor", standin_tor.network_answers(uptime="100")) as tor:
        for name, key in keys.items():
            backends[name] = make_honest(key, folder / name).__enter__()
        publisher = Publisher(folder, [instance(name, key, folder / name) for name, key in keys.items()] +
                              churners.instances())
        check("all are live and published", publisher.wait(is_live, 90), publisher.service())
        before = len(tor.posted)
        restless = set()
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            restless |= set(has_restless(publisher.service() or {"instances": []}))
            time.sleep(1)
        uploads = len(tor.posted) - before
        check(f"{HOSTILE} of {HOSTILE + 2} backends that change every second cause {uploads} uploads in {SECONDS} s",
              8 <= uploads <= UPLOADS_MAX, uploads)
        check("they are known, and nobody else is", restless == set(churners.names), restless)
        backends["good1"].__exit__()
        killed = time.monotonic()
        gone = publisher.wait(lambda service: service["isPublished"] and all(
            each["introPointsPublished"] == 0 for each in service["instances"] if each["name"] == "good1"), 30)
        check(f"the death of another one is published meanwhile, within {time.monotonic() - killed:.1f} s", gone,
              publisher.service())
        status, log = publisher.end()
        backends["good2"].__exit__()
    check("the log names each once", status == 0 and all(
        log.count(f"backend {name} keeps changing its introduction points") == 1 for name in churners.names),
        log[-3000:])


with checks.temporary_folder() as name:
    check_churn(pathlib.Path(name))
checks.finish()
