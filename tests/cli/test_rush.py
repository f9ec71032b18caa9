# Which HSDirs get the same text of a descriptor: while many frontends wait those that are served together, otherwise no
# two of them, as with tor. Those that share a text are named by one HSPOST, and where the tor lacks one of them each has
# an HSPOST of its own. The stand-in for the local tor keeps what it is given, byte for byte.

import collections
import json
import pathlib

import checks
import standin_tor
from checks import check

RUSH = 50  # frontends that may wait before texts are shared


class KeepingTor(standin_tor.Tor):
    """A local tor; `given` has the (address, HSDir, text) of each upload, in their order, `commands` the HSDirs of each
    HSPOST. It lacks the first HSDir that it hears of where it is to lack one, and says so as tor does: `lacked` has those
    HSPOSTs' HSDirs, which get nothing."""

    def __init__(self, path, lacks_one):
        super().__init__(path, standin_tor.network_answers())
        self.given, self.commands, self.lacked = [], [], []
        self.lacks_one, self.missing = lacks_one, None

    def answer_hspost(self, rest, lines):
        reply = super().answer_hspost(rest, lines)
        hsdirs, text = self.posted[-1]
        if self.lacks_one and self.missing is None:
            self.missing = hsdirs[0]
        if self.missing in hsdirs:
            self.posted.pop()
            self.lacked.append(hsdirs)
            return f'552 Server "{self.missing}" not found\n'
        self.commands.append(hsdirs)
        self.given += [(rest.split("HSADDRESS=")[1], hsdir, text) for hsdir in hsdirs]
        return reply


def publish(folder, count, lacks_one=False):
    """Runs a round of so many frontends, all with the same backend; returns its report and the tor."""
    backend, lines = checks.Key(), [f"tor-control: unix:{folder}/tor", "services:"]
    for number in range(count):
        checks.write(folder / f"{number}.key", checks.Key().pem())
        lines += [f"  - key: {number}.key", "    instances:",
                  f"      - {{address: {backend.address}, control: 'unix:{folder}/backend'}}"]
    checks.write(folder / "config.yaml", "\n".join(lines) + "\n")
    answers = standin_tor.own_answers(backend, standin_tor.make_descriptor(backend))
    with KeepingTor(folder / "tor", lacks_one) as tor, standin_tor.Tor(folder / "backend", {**answers, "uptime": "1"}):
        result = checks.run("--once", "--json", "-c", folder / "config.yaml")
    return json.loads(result.stdout), tor


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
    report, tor = publish(folder, RUSH + 10)
    given = tor.given
    check("all are published", report["result"] == "complete", report)
    shared = find_shared(given)
    each = len(given) // (RUSH + 10)
    check("a text goes to the tor once, with all HSDirs that share it",
          len(tor.commands) == len({text for _, _, text in given}), len(tor.commands))
    check("HSDirs share texts while too many frontends wait", shared[0] and sum(shared) > len(shared) / 3, sum(shared))
    check("and none of the last frontends' do", not any(shared[-each:]), shared[-each:])


def check_others(folder):
    """As many as may wait."""
    report, tor = publish(folder, RUSH)
    check("as many as may wait are published, too", report["result"] == "complete", report)
    check("and no two HSDirs get the same text", not any(find_shared(tor.given)), sum(find_shared(tor.given)))


def check_lacking(folder):
    """A rush, and a local tor that lacks one of the HSDirs."""
    report, tor = publish(folder, RUSH + 10, lacks_one=True)
    find_shared(tor.given)
    together = [hsdirs for hsdirs in tor.lacked if len(hsdirs) > 1]
    check("the tor was asked for several HSDirs one of which it lacks", together)
    check("then for each of them alone, and for the one that it lacks, too",
          all([hsdir] in tor.commands for hsdirs in together for hsdir in hsdirs if hsdir != tor.missing) and
          [tor.missing] in tor.lacked, tor.lacked)
    hsdirs = [hsdir for service in report["services"] for descriptor in service["descriptors"]
              for hsdir in descriptor["hsdirs"]]
    lacked = [hsdir for hsdir in hsdirs if hsdir["fingerprint"] == tor.missing.upper()]
    check("all other HSDirs have what they are to have",
          all(hsdir["state"] == "done" for hsdir in hsdirs if hsdir not in lacked), report)
    check("the upload to that one has failed, with the tor's words",
          lacked and all(hsdir["taken"] is None and "552" in hsdir["error"] for hsdir in lacked), lacked)


for scene in (check_rush, check_others, check_lacking):
    with checks.temporary_folder() as name:
        scene(pathlib.Path(name))
checks.finish()
