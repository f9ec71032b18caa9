# Why uploads fail: whatever tor says of it is shown whole, counted by its kind, and explained where that is of use. A
# stand-in for the local tor makes them fail.

import collections
import http.client
import pathlib
import re

import checks
import standin_tor
from checks import check
from daemon import UnixConnection
from publisher import Publisher, instance

LONG = "Server not found, " + "for a reason that takes a whole sentence to tell, " * 4 + "and that ends here"
REFUSED = f"tor refuses the upload: 552 {LONG}"
KINDS = {"UPLOAD_REJECTED": "rejected", "UNEXPECTED": "unexpected", "SOMETHING_NEW": "other",
         "refused": "refused_by_tor"}  # of each way to fail, as the metrics call it


class FailingTor(standin_tor.Tor):
    """A local tor that has the uploads to each HSDir fail in one way, the HSDirs one after the other in that of `fates`
    which is next; in those of `once` only the first time. `failed` counts the failures."""

    def __init__(self, path, fates, once=()):
        super().__init__(path, standin_tor.network_answers())
        self.fates, self.once, self.failed, self._of = fates, once, collections.Counter(), {}

    def answer_hspost(self, rest, lines):
        reply = super().answer_hspost(rest, lines)
        hsdir, address = rest.split()[0].removeprefix("SERVER=").upper(), rest.split("HSADDRESS=")[1]
        is_first = hsdir not in self._of
        fate = self._of.setdefault(hsdir, self.fates[len(self._of) % len(self.fates)])
        if fate in self.once and not is_first:
            return reply
        self.failed[fate] += 1
        if fate == "refused":
            return f"552 {LONG}\n"
        return f"250 OK\n650 HS_DESC FAILED {address} UNKNOWN ${hsdir}~hsdir REASON={fate}\n"


class Counted(Publisher):
    """One with metrics."""

    def write_config(self, instances):
        super().write_config(instances)
        path = self.folder / "config.yaml"
        checks.write(path, f"metrics-listen: unix:{self.folder}/metrics\n{path.read_text()}")

    def failures(self):
        """How many uploads have failed, by kind."""
        connection = UnixConnection(self.folder / "metrics", 30)
        connection.request("GET", "/metrics")
        try:
            text = connection.getresponse().read().decode()
        except http.client.HTTPException as error:
            return {"": str(error)}
        return {kind: int(count) for kind, count in
                re.findall(r'^obpub_upload_failures_total\{reason="(\w+)"\} (\d+)$', text, re.M)}


def make_backend(folder):
    backend = checks.Key()
    answers = standin_tor.own_answers(backend, standin_tor.make_descriptor(backend))
    tor = standin_tor.Tor(folder / "backend", {**answers, "uptime": "1"})
    return instance("backend", backend, folder / "backend"), tor


def publish_once(folder, fates):
    """A round of which nothing comes; returns what it prints and what it says besides."""
    lines, backend = make_backend(folder)
    checks.write(folder / "frontend.key", checks.Key().pem())
    checks.write(folder / "config.yaml", "\n".join(
        [f"tor-control: unix:{folder}/tor", "services:", "  - key: frontend.key", "    instances:", *lines, ""]))
    with FailingTor(folder / "tor", fates), backend:
        result = checks.run("--once", "-c", folder / "config.yaml")
    return result.stdout, result.stderr


def check_table(folder):
    """All kinds at once."""
    table, errors = publish_once(folder, list(KINDS))
    check("the table has tor's own words", all(f" ({reason})\n" in table for reason in list(KINDS)[:3]), table)
    check("a long reason is there whole", f" ({REFUSED})\n" in table, table)
    # which one is chance
    check("and one of the reasons in what is said besides", any(f"were not taken: {reason}\n" in errors
                                                                for reason in (*list(KINDS)[:3], REFUSED)), errors)
    check("a refusal is explained", "an HSDir that refuses (UPLOAD_REJECTED) may have a newer" in errors, errors)


def check_unexplained(folder):
    """Where no HSDir refuses anything."""
    table, errors = publish_once(folder, ["UNEXPECTED", "SOMETHING_NEW", "refused"])
    check("nothing was published", "published nothing" in table, (table, errors))
    check("another failure is not explained as a refusal", "UPLOAD_REJECTED" not in errors, errors)


def check_counts(folder):
    """Those that tor refuses go on failing, the others fail once; where it was the HSDir that answered so, nothing more is
    sent in this round."""
    states = {None: "done", REFUSED: "due", "UPLOAD_REJECTED": "refused", "UNEXPECTED": "refused"}

    def is_waiting(service):
        hsdirs = [hsdir for descriptor in service["descriptors"] for hsdir in descriptor["hsdirs"]]
        return {hsdir["error"] for hsdir in hsdirs} == set(states) and all(
            hsdir["state"] == states[hsdir["error"]] for hsdir in hsdirs)

    lines, backend = make_backend(folder)
    with FailingTor(folder / "tor", list(KINDS), once=list(KINDS)[:3]) as tor, backend:
        publisher = Counted(folder, [lines])
        check("the status has the whole reason", publisher.wait(is_waiting, 30), publisher.service())
        failures = publisher.failures()
        for fate, kind in list(KINDS.items())[:3]:
            check(f"{fate} is counted as {kind}", 0 < failures.get(kind, 0) == tor.failed[fate], (failures, tor.failed))
        check("a refusal of tor's is counted as such", 0 < failures.get("refused_by_tor", 0) <= tor.failed["refused"],
              (failures, tor.failed))
        check("no failure is of another kind", sum(failures.get(kind, 0) for kind in KINDS.values()) ==
              sum(failures.values()), failures)
        status, log = publisher.end()
    check("the log has the whole reason", status == 0 and REFUSED in log, (status, log))


for scene in (check_table, check_unexplained, check_counts):
    with checks.temporary_folder() as name:
        scene(pathlib.Path(name))
checks.finish()
