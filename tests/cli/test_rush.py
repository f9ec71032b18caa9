# Which HSDirs get the same text of a descriptor: while many frontends wait those that are served together, otherwise no
# two of them, as with tor. The stand-in for the local tor keeps what it is given, byte for byte.

import collections
import json
import pathlib

import checks
import standin_tor
from checks import check

RUSH = 50  # frontends that may wait before texts are shared


class KeepingTor(standin_tor.Tor):
    """A local tor; `given` has the (address, HSDir, text) of each upload, in their order."""

    def __init__(self, path):
        super().__init__(path, standin_tor.network_answers())
        self.given = []

    def answer_hspost(self, rest, lines):
        reply = super().answer_hspost(rest, lines)
        (hsdir,), text = self.posted[-1]
        self.given.append((rest.split("HSADDRESS=")[1], hsdir, text))
        return reply


def publish(folder, count):
    """Runs a round of so many frontends, all with the same backend; returns its report and what the tor was given."""
    backend, lines = checks.Key(), [f"tor-control: unix:{folder}/tor", "services:"]
    for number in range(count):
        checks.write(folder / f"{number}.key", checks.Key().pem())
        lines += [f"  - key: {number}.key", "    instances:",
                  f"      - {{address: {backend.address}, control: 'unix:{folder}/backend'}}"]
    checks.write(folder / "config.yaml", "\n".join(lines) + "\n")
    answers = standin_tor.own_answers(backend, standin_tor.make_descriptor(backend))
    with KeepingTor(folder / "tor") as tor, standin_tor.Tor(folder / "backend", {**answers, "uptime": "1"}):
        result = checks.run("--once", "--json", "-c", folder / "config.yaml")
    return json.loads(result.stdout), tor.given


def find_shared(given):
    """Whether the text of each upload went to other HSDirs as well, upload by upload; no text may be of two frontends,
    nor come to an HSDir twice."""
    counts = collections.Counter(text for _, _, text in given)
    owners = collections.defaultdict(set)
    for address, _, text in given:
        owners[text].add(address)
    check("no text is given out as another frontend's", all(len(addresses) == 1 for addresses in owners.values()))
    check("no HSDir gets a text twice", len({(hsdir, text) for _, hsdir, text in given}) == len(given))
    return [counts[text] > 1 for _, _, text in given]


def check_rush(folder):
    """More frontends than that, all at once."""
    report, given = publish(folder, RUSH + 10)
    check("all are published", report["result"] == "complete", report)
    shared = find_shared(given)
    each = len(given) // (RUSH + 10)
    check("HSDirs share texts while too many frontends wait", shared[0] and sum(shared) > len(shared) / 3, sum(shared))
    check("and none of the last frontends' do", not any(shared[-each:]), shared[-each:])


def check_others(folder):
    """As many as may wait."""
    report, given = publish(folder, RUSH)
    check("as many as may wait are published, too", report["result"] == "complete", report)
    check("and no two HSDirs get the same text", not any(find_shared(given)), sum(find_shared(given)))


for scene in (check_rush, check_others):
    with checks.temporary_folder() as name:
        scene(pathlib.Path(name))
checks.finish()
