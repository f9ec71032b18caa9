"""obpub inspect: descriptors of stock tor, of stem, of obpub and of Onionbalance are taken apart and have nothing wrong with
them; of each forgery it is said what is; and no bytes, whatever they are, do more than that."""
import base64
import concurrent.futures
import contextlib
import datetime
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import time

import checks
import standin_tor
from checks import check

sys.path.insert(0, str(checks.SOURCE / "tests/attack"))
import curve  # noqa: E402
from descriptor import Keypair, Maker, Point  # noqa: E402
from forgeries import FORGERIES  # noqa: E402
from harness.judge import Judged  # noqa: E402

BUILD = pathlib.Path(os.environ["OBPUB_BUILD"])
IS_SANITIZED = b"__asan_init" in pathlib.Path(checks.OBPUB).read_bytes()
PERIOD_LENGTH = 1440
# What may not be printed: all that could steer a terminal.
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")

# What a second adds to a revision counter, on the average, and at most: tor adds 1 to 65536.
SECOND = 32768.5

# The check of obpub that each of the independent verifier's is.
SAME = {
    "size": {"size"}, "version": {"version"}, "lifetime": {"lifetime"}, "document-signature": {"signature"},
    "blinded-key": {"blinded-key", "time-period"}, "middle-mac": {"middle-encryption"},
    "middle-padding": {"middle-encryption"}, "inner-mac": {"inner-encryption"}, "inner-padding": {"inner-encryption"},
    "create2-formats": {"handshake"}, "number-of-points": {"point-count"},
    "point-twice": {"points-differ"}, "auth-key": {"auth-key"}, "enc-key-order": {"enc-key"},
    "onion-key-order": {"onion-key"}, "enc-key-canonical": {"enc-key"}, "onion-key-canonical": {"onion-key"},
    "enc-key-certified": {"enc-key-certified"}, "link-length": {"link-specifiers"}, "links-end": {"link-specifiers"},
    "form": set(),
}
for _short, _long in (("outer", "signing-key"), ("auth", "auth-key"), ("enc", "enc-key")):
    for _name in ("type", "version", "key-type", "names-signer", "extension", "end"):
        SAME[f"{_short}-{_name}"] = {f"{_long}-certificate"}
    SAME[f"{_short}-expired"] = SAME[f"{_short}-lifetime"] = {f"{_long}-times"}
    SAME[f"{_short}-signature"] = {f"{_long}-signature"}
SAME["auth-type"].add("client-authorization")  # the verifier calls both so


class Inspected:
    """What obpub says of a file."""

    def __init__(self, path, *arguments):
        tor = () if "-s" in arguments else ("-s", "/nonexistent/control")
        self.result = checks.run("inspect", path, *tor, "--json", *arguments)
        self.json = json.loads(self.result.stdout) if self.result.stdout else None
        self.status = self.result.returncode

    @property
    def points(self):
        return self.json.get("introductionPoints", [])

    def names(self, result):
        """The checks with this result, those of points, too."""
        return {check["name"] for part in (self.json, *self.points) for check in part["checks"] if check["result"] == result}

    @property
    def failed(self):
        return self.names("failed")

    def failed_by(self, name):
        """By whose rules a check failed, of the descriptor or of a point: "" for none."""
        return " ".join(sorted({maker for part in (self.json, *self.points) for check in part["checks"]
                                if check["name"] == name for maker in check["failedBy"]}))

    @property
    def is_good(self):
        return self.status == 0 and not self.failed and self.json["failedChecks"] == 0


def is_clean(text):
    return CONTROL.search(text) is None


@contextlib.contextmanager
def clock_at(moment, folder):
    """What is started meanwhile has a clock at that moment."""
    compiler = re.search(r"^CMAKE_C_COMPILER:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.M)[1]
    library = folder / "shift_clock.so"
    if not library.exists():
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library, checks.SOURCE / "tests/attack/shift_clock.c"],
                       check=True, timeout=60)
    (folder / "shift").write_bytes(struct.pack("=q", moment - int(time.time())))
    before = dict(os.environ)
    # Its loader takes no path with a space in it.
    with open(library, "rb") as file:
        os.environ.update(LD_PRELOAD=f"/proc/{os.getpid()}/fd/{file.fileno()}", SHIFT_CLOCK=str(folder / "shift"))
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


# -- what others have made -----------------------------------------------------------------------------------------------

class Vector:
    """A recorded descriptor, and what python3-stem found in it."""

    def __init__(self, name):
        head, _, self.text = (checks.SOURCE / "vectors" / name).read_text().partition("\n\n")
        self.lines = {}
        for line in head.splitlines():
            if not line.startswith("#"):
                key, _, value = line.partition(" ")
                self.lines.setdefault(key, []).append(value)
        self.now, self.period_length = int(self.lines["now"][0]), self.lines["period-length"][0]
        self.address = checks.address_of(bytes.fromhex(self.lines["identity-key"][0]))

    def options(self):
        return "--address", self.address + ".onion", "--period-minutes", self.period_length


def check_vector(folder, path):
    vector = Vector(path.name)
    file = checks.write(folder / path.name, vector.text)
    options = vector.options()
    is_restricted = "authorised-clients" in vector.lines and vector.lines["authorised-clients"][0] != "0"
    with clock_at(vector.now, folder):
        found = Inspected(file, *options)
        outer = found.json["outerLayer"]
        check(f"{path.name}: nothing is wrong with it", found.is_good, found.failed)
        check(f"{path.name}: the outer layer is as stem says", outer["blindedKey"].lower() == vector.lines["blinded-key"][0]
              and outer["descriptorSigningKey"].lower() == vector.lines["signing-key"][0]
              and outer["timePeriod"] == int(vector.lines["descriptor-period"][0]), outer)
        if is_restricted or "restricted" in path.name:
            check(f"{path.name}: closed without a client key", found.json["isClosed"] and "innerLayer" not in found.json
                  and "middleLayer" in found.json)
        for key in vector.lines.get("client-key", ())[:1]:
            key_file = checks.write(folder / "client.auth_private", f"descriptor:x25519:{base32(bytes.fromhex(key))}\n")
            found = Inspected(file, *options, "--client-key", key_file)
            check(f"{path.name}: open with the key", found.is_good and found.json["innerLayer"]["isRestricted"], found.failed)
            options += ("--client-key", key_file)
        text = checks.run("inspect", file, "-s", "/nonexistent/control", *options).stdout
        check_outer(path.name, vector, found, text)
        if not found.json["isClosed"]:
            check_inner(path.name, vector, found, text)
            check_points(path.name, vector, found, text)
        alone = Inspected(file)
        check(f"{path.name}: without an address what HSDirs see is good", alone.is_good and alone.names("passed") ==
              {item["name"] for item in alone.json["checks"] if "hsdir" in item["madeBy"]} and
              "middleLayer" not in alone.json, alone.names("not made"))
        fast = Inspected(file, "--period-minutes", vector.period_length)
        check(f"{path.name}: without an address nobody knows from when its counter counts, unless runs are long",
              not any("madeAbout" in other.json["outerLayer"] for other in (alone, fast)), fast.json["outerLayer"])


def moment(seconds):
    """A moment as obpub prints it."""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def hour(hours):
    return moment(hours * 3600)


def seconds_of(printed):
    return datetime.datetime.fromisoformat(printed + "+00:00").timestamp()


def values_of(text, label):
    """What stands behind a label, once for each line that has it; of a moment, without how far away it is."""
    return [re.sub(r" UTC \(.*", "", value) for value in re.findall(rf"^ +{label}  +(.*)$", text, re.M)]


def check_outer(name, vector, found, text):
    """What is printed of the outer layer is what stem found in it; and when it was made follows from its counter."""
    outer, counter = found.json["outerLayer"], vector.lines["revision-counter"][0]
    until = hour(int(vector.lines["expiration-hour"][0]))
    check(f"{name}: certificate, counter and lifetime are as stem says", (
        outer["certifiedUntil"], outer["revisionCounter"], outer["lifetimeMinutes"]) == (
        until, counter, int(vector.lines["lifetime"][0])), outer)
    lines = [values_of(text, label) for label in ("certified until", "revision counter", "lifetime")]
    check(f"{name}: the text has them, too", lines[0][0] == until and lines[1][0].partition(":")[0] == counter
          and lines[2] == [vector.lines["lifetime"][0] + " minutes"], lines)
    clock_notes = [note for note in found.json["notes"] if "revision counter" in note]
    if "stem" in name:
        check(f"{name}: its counter is none of a clock's", "madeAbout" not in outer and outer["isAheadOfClock"] and
              "ahead of the clock" in clock_notes[0] and lines[1][0] == counter, (outer, clock_notes))
        return
    # Half a period before one begins its shared random run does, from which its counters count.
    start = seconds_of(outer["timePeriodStart"]) - int(vector.period_length) * 30
    expected = moment(start + int(int(counter) / SECOND) - 1)
    check(f"{name}: it was made some seconds before it was recorded", outer["madeAbout"] == expected and
          -60 <= vector.now - seconds_of(expected) <= 60 and not outer["isAheadOfClock"] and not clock_notes,
          (vector.now, outer, clock_notes))
    check(f"{name}: the text says so", lines[1][0] == f"{counter}: made at about {expected}", lines[1])


def base32(key):
    return base64.b32encode(key).decode().rstrip("=").lower()


def check_inner(name, vector, found, text):
    inner = found.json["innerLayer"]
    points = [line.split() for line in vector.lines.get("point", ())]
    flow = inner["flowControl"]
    words = f"{flow['versions']} {flow['sendmeIncrement']}" if flow else "-"
    check(f"{name}: {len(points)} points, as stem says", [point["authKey"].lower() for point in found.points] ==
          [point[2] for point in points], found.points[:1])
    check(f"{name}: flow control as stem says", words == vector.lines["flow-control"][0], words)
    work, printed = vector.lines.get("pow-params", ["-"])[0].split(), inner["proofOfWork"]
    check(f"{name}: proof of work as stem says", printed is None if work == ["-"] else printed == {
        "type": "v1", "seed": work[0].upper(), "suggestedEffort": int(work[1]), "expires": moment(int(work[2]))}, printed)
    words = ["none"] if work == ["-"] else [f"v1, suggested effort {work[1]}, until {moment(int(work[2]))}"]
    check(f"{name}: the text says so, too", values_of(text, "proof of work") == words and (
        work == ["-"] or values_of(text, "its seed") == [work[0].upper()]), values_of(text, "proof of work"))
    is_single = vector.lines.get("single-onion-service", ["0"])[0]
    check(f"{name}: single onion service as stem says", inner["isSingleOnionService"] == (is_single == "1"), is_single)


def relay_of(links):
    """A relay by its link specifiers: how many there are, and the type, length and content of each."""
    links, relay = links[1:], {"nickname": None}
    while links:
        kind, content, links = links[0], links[2:2 + links[1]], links[2 + links[1]:]
        if kind in (0, 1):
            family, form = (socket.AF_INET6, "[{}]:{}") if kind else (socket.AF_INET, "{}:{}")
            place = form.format(socket.inet_ntop(family, content[:-2]), int.from_bytes(content[-2:], "big"))
            relay["ipv6" if kind else "ipv4"] = place
        else:
            relay[{2: "fingerprint", 3: "ed25519Identity"}[kind]] = content.hex().upper()
    return relay


def check_points(name, vector, found, text):
    """Of each point what is printed is what stem found in it, and of the layers how long they are."""
    client_key = bytes.fromhex(vector.lines["client-key"][0]) if "client-key" in vector.lines else None
    judged = Judged(vector.text, f"{vector.address}.onion", client_key)
    for layer, data in (("middleLayer", judged.middle), ("innerLayer", judged.inner)):
        sizes = found.json[layer]["bytes"], found.json[layer]["paddingBytes"]
        check(f"{name}: the {layer} is as long as stem finds it", sizes == (
            len(data), len(data) - len(data.rstrip("\0"))), sizes)
    check(f"{name}: lines for clients as stem says", found.json["middleLayer"]["clientLines"] ==
          len(judged.middle_layer.clients), found.json["middleLayer"])
    until = hour(next(iter(judged.point_expiration_hours), 0))
    expected = []
    for line in vector.lines.get("point", ()):
        links, onion, auth, enc, _ = (bytes.fromhex(part) for part in line.split())
        expected.append((relay_of(links), onion.hex().upper(), auth.hex().upper(), enc.hex().upper(), until, until))
    printed = [tuple(point[key] for key in ("relay", "onionKey", "authKey", "encKey", "authKeyCertifiedUntil",
                                            "encKeyCertifiedUntil")) for point in found.points]
    check(f"{name}: relays, keys and certificates of points are as stem says", printed == expected and
          len(judged.point_expiration_hours) <= 1, (printed[:1], expected[:1]))
    check(f"{name}: the text has them, too", printed == points_of(text), points_of(text)[:1])


def points_of(text):
    """What the text says of each point, as JSON says it."""
    points = []
    for part in re.split(r"(?m)^  [ \d]\d  ", text.partition("\nintroduction points: ")[2].partition("\n\n")[0])[1:]:
        relay = {"nickname": None, "fingerprint": part.partition("\n")[0].removeprefix("$")}
        relay.update(zip(("ipv4", "ipv6"), values_of(part, "address")[0].split(", ")))
        relay.update((("ed25519Identity", value) for value in values_of(part, "Ed25519 identity")))
        keys = (values_of(part, label)[0] for label in ("onion-key", "auth-key", "enc-key"))
        points.append((relay, *keys, *values_of(part, "certified until")))
    return points


# -- made to have each value of its own ------------------------------------------------------------------------------------

def check_point_hours(folder):
    """Each certificate of a point has its own hour."""
    victim, now = Keypair.new(), int(time.time())

    def shorten(auth, enc):
        auth.expires, enc.expires = auth.expires - 7, enc.expires - 11

    maker = Maker(victim, standin_tor.period_number(), PERIOD_LENGTH, now, points=2)
    maker.points[1].change = shorten
    file, options = checks.write(folder / "hours", maker.text()), ("--address", checks.address_of(victim.public))
    found, text = Inspected(file, *options), checks.run("inspect", file, "-s", "/nonexistent/control", *options).stdout
    hours = [hour(now // 3600 + hours) for hours in (54, 54, 54 - 7, 54 - 11)]
    printed = [point[key] for point in found.points for key in ("authKeyCertifiedUntil", "encKeyCertifiedUntil")]
    check("each certificate of a point has its hour", found.is_good and printed == hours, (printed, hours))
    check("and in the text", [moment for point in points_of(text) for moment in point[-2:]] == hours, points_of(text))


def check_making(folder):
    """When one was made is what its counter says, also where the address is not known; and if its certificate is of another
    time, or the counter of one to come, this is said."""
    victim, period, now = Keypair.new(), standin_tor.period_number(), int(time.time())
    address = checks.address_of(victim.public)
    start = period * PERIOD_LENGTH * 60  # of the run that its counters count from

    def inspect(made_at, until, *options):
        maker = Maker(victim, period, PERIOD_LENGTH, now)
        maker.counter, maker.certificate.expires = int((made_at - start + 1) * SECOND), until
        found = Inspected(checks.write(folder / "making", maker.text()), *options)
        return found.json["outerLayer"], [note for note in found.json["notes"] if "revision counter" in note]

    def is_near(outer, made_at):
        return abs(seconds_of(outer["madeAbout"]) - made_at) <= 2

    # The two descriptors of that period are made in two runs: in the first hours, at the end, and where both say the same.
    for made_at in (start + 1, start + 43199, start + 86399, start + 86401, start + 172799):
        # tor rounds the certificate's hour up, stem cuts it off.
        for until, how in ((-(-made_at // 3600) + 54, "up"), (made_at // 3600 + 54, "down")):
            title = f"made {made_at - start} s after its run began, its certificate's hour rounded {how}"
            for options in ((), ("--address", address)):
                outer, notes = inspect(made_at, until, *options)
                is_ahead = made_at > now + 2 * 3600
                check(f"{title}, {'with' if options else 'without'} address", is_near(outer, made_at) and
                      (outer["isAheadOfClock"] and "ahead of the clock" in notes[0] if is_ahead else
                       made_at > now or not notes and not outer["isAheadOfClock"]), (outer, notes))
    made_at = now - 600
    for hours, fits in ((-4, False), (-1, True), (0, True), (1, True), (4, False)):
        outer, notes = inspect(made_at, -(-made_at // 3600) + 54 + hours, "--address", address)
        check(f"a certificate of {hours} h later is of the time of its counter: {fits}", is_near(outer, made_at) and
              bool(notes) != fits and (fits or "not of the same time" in notes[0]), (outer, notes))
    outer, notes = inspect(now + 7200 + 3600, now // 3600 + 54, "--address", address)
    check("a counter of three hours later is ahead", outer["isAheadOfClock"] and "ahead of the clock" in notes[0],
          (outer, notes))


# -- what obpub and Onionbalance make -------------------------------------------------------------------------------------

def check_ours(folder):
    """Superdescriptors of what stock tors have: open, with proof of work, single, for clients alone."""
    keys = [os.urandom(32).hex() for _ in range(17)]
    for name, clients in (("plain", ()), ("pow", ()), ("single", ()), ("ten", ()), ("plain", keys[:1]), ("ten", keys)):
        vector, seed = Vector(f"descriptor_tor_{name}.txt"), os.urandom(32)
        own = checks.write(folder / "own", vector.text)
        frontend = Keypair(*curve.expand(seed))
        made = subprocess.run([BUILD / "tests/encode_descriptor", vector.address, vector.lines["period-number"][0],
                               vector.period_length, str(vector.now), own, seed.hex(), *clients], capture_output=True,
                              text=True, check=True, timeout=60).stdout.partition("\n")[2]
        file = checks.write(folder / "ours", made)
        options = ["--address", checks.address_of(frontend.public), "--period-minutes", vector.period_length]
        title = f"a superdescriptor of {name} for {len(clients) or 'all'}"
        with clock_at(vector.now, folder):
            found = Inspected(file, *options)
            check(f"{title} is good", found.is_good and found.json["isClosed"] == bool(clients), found.failed)
            if clients:
                last = base32(bytes.fromhex(clients[-1]))
                key_file = checks.write(folder / "client.auth_private", f"descriptor:x25519:{last}")
                found = Inspected(file, *options, "--client-key", key_file)
            check(f"{title} has the points", found.is_good and len(found.points) == len(vector.lines["point"]) and
                  not [note for note in found.json["notes"] if "tell it from tor" in note or "lifetime" in note],
                  found.json["notes"])


def check_onionbalance(folder):
    """Onionbalance's is good, and it is said by what HSDirs know it."""
    try:
        from onionbalance.hs_v3 import consensus, descriptor
        from onionbalance.hs_v3.onionbalance import my_onionbalance
    except ImportError as error:
        check("Onionbalance is there to compare with", False, error)
        return
    key = checks.Key()
    signing = standin_tor.Ed25519PrivateKey.generate()
    points = [standin_tor.make_point(signing, datetime.datetime.utcnow() + datetime.timedelta(hours=54)) for _ in range(4)]
    start = standin_tor.period_number() * PERIOD_LENGTH * 60  # of the run before the time period
    my_onionbalance.consensus = consensus.Consensus(do_refresh_consensus=False)
    my_onionbalance.consensus.get_start_time_of_previous_srv_run = lambda: start
    nonce = standin_tor.blinding_parameter(key.public, standin_tor.period_number(), PERIOD_LENGTH)
    made = descriptor.OBDescriptor(f"{key.address}.onion", key.private, nonce, points, is_first_desc=True)
    found = Inspected(checks.write(folder / "onionbalance", str(made.v3_desc)), "--address", key.address)
    check("Onionbalance's descriptor is good", found.is_good and len(found.points) == 4, (found.failed, found.result.stderr))
    check("and HSDirs know it by its length", any("its middle layer is not padded" in note for note in found.json["notes"]),
          found.json["notes"])
    check("and it has no flow control", found.json["innerLayer"]["flowControl"] is None and any(
        "no flow control" in note for note in found.json["notes"]))


# -- what is wrong --------------------------------------------------------------------------------------------------------

def check_forgeries(folder):
    """Of each forgery it is said what is wrong, and of nothing else; the rest is looked at all the same."""
    victim = Keypair.new()
    address = checks.address_of(victim.public)
    honest = Maker(victim, standin_tor.period_number(), PERIOD_LENGTH, int(time.time()))
    honest = Inspected(checks.write(folder / "honest", honest.text()), "--address", address)
    made = honest.names("passed")
    check("an honest one is good", honest.is_good and len(made) >= 30, honest.failed)

    def inspect(number):
        maker = Maker(victim, standin_tor.period_number(), PERIOD_LENGTH, int(time.time()))
        FORGERIES[number].change(maker, victim)
        return Inspected(checks.write(folder / f"forgery{number}", maker.text()), "--address", address)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for forgery, found in zip(FORGERIES, pool.map(inspect, range(len(FORGERIES)))):
            wanted = set().union(*(SAME[name] for name in forgery.checks))
            if forgery.checks == ("inner-mac",):
                reasons = {item["name"]: item["reason"] for item in found.json["checks"] if item["result"] == "not made"}
                check(f"{forgery.name}: it may be restricted as well", found.is_good and found.json["isClosed"] and
                      "damaged" in reasons["inner-encryption"], reasons)
                continue
            check(f"{forgery.name}: {', '.join(sorted(found.failed))}", found.status == 1 and found.failed and
                  found.failed <= wanted and len(found.names("passed")) >= 5, (wanted, found.names("not made")))


LEGACY_KEY = "legacy-key\n-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n"
CLIENTS, HSDIRS, OBPUB = "client obpub", "client hsdir obpub", "obpub"


def replace(layer, old, new):
    """Makes a layer have something else."""
    def change(maker):
        maker.edit[layer] = lambda text: text.replace(old, new, 1)
    return change


def swap_first_lines(maker):
    """Has the first two lines behind the version in the other order."""
    maker.edit["outer"] = lambda text: re.sub(r"(descriptor-lifetime .*\n)((?s:.*?))(?=revision)", r"\2\1", text, count=1)


def live_long(maker):
    maker.certificate.expires += 200


def pad(maker):
    maker.padding = b"\0?"


def spoil_points(count, spoilt):
    def change(maker):
        maker.points = [Point() for _ in range(count)]
        for point in maker.points[:spoilt]:
            point.links = b"\1\2\x13" + os.urandom(19)
    return change


def weaken_key(maker):
    maker.points[1].enc_key = bytes(32)


def take_ipv4_out(maker):
    maker.points[1].links = bytes([1, 2, 20]) + os.urandom(20)


# What is changed, the check that fails, by whose rules: those of tor's own source.
RULES = (
    ("lines in another order", swap_first_lines, "outer-form", OBPUB),
    ("an empty line", replace("outer", "revision", "\nrevision"), "outer-form", OBPUB),
    ("an indented line", replace("outer", "revision", "unknown\n unknown\nrevision"), "outer-form", OBPUB),
    ("an annotation", replace("outer", "revision", "@purpose x\nrevision"), "outer-form", HSDIRS),
    ("too many unknown lines", replace("outer", "revision", 17 * "x\n" + "revision"), "outer-form", OBPUB),
    ("something behind the end", replace("signed", "signature", "unknown\nsignature"), "signature", HSDIRS),
    ("a layer that is not base64", replace("outer", "MESSAGE-----\n", "MESSAGE-----\n?"), "outer-form", HSDIRS),
    ("a layer that is too short", lambda maker: maker.edit.update(outer=lambda text: re.sub(
        r"(BEGIN MESSAGE-----\n)(?s:.*)(\n-----END)", rf"\g<1>{64 * 'A'}\2", text)), "outer-form", HSDIRS),
    ("something behind the end of the middle layer", lambda maker: maker.edit.update(middle=lambda text: text + "\nunknown\n"),
     "middle-form", OBPUB),
    ("a certificate for ten days", live_long, "signing-key-times", OBPUB),
    ("something behind the padding", pad, "middle-encryption", OBPUB),
    ("something behind the padding", pad, "inner-encryption", OBPUB),
    ("a long unknown line", replace("inner", "flow-control", "x" + 5000 * "y" + "\nflow-control"), "inner-form", OBPUB),
    ("a layer in the middle one that is too short", replace("middle", "MESSAGE-----\n", f"MESSAGE-----\n{64 * 'A'}\n"
                                                            "-----END MESSAGE-----\nx\n-----BEGIN MESSAGE-----\n"),
     "middle-form", CLIENTS),
    ("authentication of a type that nobody knows", replace("inner", "flow-control", "intro-auth-required rsa\nflow-control"),
     "inner-form", CLIENTS),
    ("authentication of a type that clients know", replace("inner", "flow-control",
                                                           "intro-auth-required ed25519 x\nflow-control"), "inner-form", ""),
    ("a seed of proof of work that is too short", replace("inner", "flow-control",
                                                          "pow-params v1 AAAA 1 2030-01-01T00:00:00\nflow-control"),
     "proof-of-work", CLIENTS),
    ("a point without an address", take_ipv4_out, "link-specifiers-of-tor", OBPUB),
    ("21 points", spoil_points(21, 0), "point-count", CLIENTS),
    ("22 points, of which clients take 20", spoil_points(22, 2), "point-count", OBPUB),
    ("a spoilt point", spoil_points(3, 1), "link-specifiers", CLIENTS),
    ("a key that is none", weaken_key, "enc-key", OBPUB),
    ("two onion keys", replace("inner", "onion-key ntor ", f"onion-key ntor {43 * 'A'}\nonion-key ntor "), "onion-key", OBPUB),
    ("an enc-key of another kind beside", replace("inner", "enc-key ntor", "enc-key other AAAA\nenc-key ntor"), "enc-key-alone",
     CLIENTS),
    ("a legacy key without its certificate", replace("inner", "enc-key-cert", LEGACY_KEY + "enc-key-cert"), "legacy-key",
     CLIENTS),
)


def check_rules(folder):
    """What tor would take, and obpub does not, is said to be so; and what tor refuses fails."""
    victim = Keypair.new()
    for title, change, name, makers in RULES:
        maker = Maker(victim, standin_tor.period_number(), PERIOD_LENGTH, int(time.time()))
        change(maker)
        file = checks.write(folder / "rules", maker.text())
        options = ["--address", checks.address_of(victim.public)]
        found = Inspected(file, *options)
        check(f"{title}: {name} fails by the rules of {makers or 'nobody'}", found.failed_by(name) == makers
              and found.status == (makers != ""), (found.failed, found.failed_by(name)))
        text = checks.run("inspect", file, "-s", "/nonexistent/control", *options).stdout
        is_own = all(found.failed_by(failed) == OBPUB for failed in found.failed) and makers
        check(f"{title}: the text says so, too", ("by obpub's rules alone" in text) == bool(is_own) and
              len(re.findall("^  FAILED +obpub ", text, re.M)) >= (makers == OBPUB), text)
        if name in ("outer-form", "signing-key-times"):
            check(f"{title}: and without the address", Inspected(file).failed_by(name) == makers)
    maker = Maker(victim, standin_tor.period_number(), PERIOD_LENGTH, int(time.time()))
    spoil_points(3, 2)(maker)
    found = Inspected(checks.write(folder / "rules", maker.text()), *options)
    check("nothing is said of the time period that is running", not any("not for now" in note
                                                                        for note in found.json["notes"]), found.json["notes"])
    for step in (-1, 1):
        other = Maker(victim, standin_tor.period_number() + step, PERIOD_LENGTH, int(time.time()))
        notes = Inspected(checks.write(folder / "rules", other.text()), *options)
        check(f"a descriptor of the time period {step:+} is good, and not for now", notes.is_good and any(
            "it is not for now" in note for note in notes.json["notes"]), notes.json["notes"])
    check("it is said how many points clients leave out", any("clients leave out 2 of its 3" in note
                                                              for note in found.json["notes"]), found.json["notes"])


def check_relay(folder):
    """A point of an unknown relay with the identity of a relay of the consensus is found by a local tor that has it; one whose
    identity nobody else has is not."""
    found = re.findall(r"(?m)^id ed25519 (\S+)$", standin_tor.recorded("microdescriptors"))
    identities = [base64.b64decode(identity + "=") for identity in found]
    victim = Keypair.new()
    for title, relays in (("of two relays", identities), ("of one relay", [os.urandom(32)])):
        maker = Maker(victim, standin_tor.period_number(), PERIOD_LENGTH, int(time.time()))
        links = maker.points[1].links
        maker.points[1].links = bytes([3]) + links[1:] + b"\3\x20" + relays[0]
        file = checks.write(folder / "relay", maker.text())
        options = ["--address", checks.address_of(victim.public)]
        with standin_tor.Tor(folder / "control", standin_tor.network_answers()) as tor:
            found = Inspected(file, *options, "-s", tor.path)
        text = [item["result"] for item in found.points[1]["checks"] if item["name"] == "relay"]
        check(f"a point with identities {title}: relay", found.failed_by("relay") == (OBPUB if relays is identities else "")
              and text == ["failed" if relays is identities else "passed"], (found.failed, text))


def check_colours(folder):
    """A terminal has colours, unless its user wants none."""
    file = checks.write(folder / "colours", standin_tor.make_descriptor(checks.Key()))
    for changed, has_colours in (({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        environment = {**os.environ, "TERM": "xterm", **changed}
        if "NO_COLOR" not in changed:
            environment.pop("NO_COLOR", None)
        own, other = os.openpty()
        with open(own, "rb", buffering=0) as terminal:
            process = subprocess.Popen([os.path.abspath(checks.OBPUB), "inspect", file, "-s", "/nonexistent/control"],
                                       stdout=other, stderr=subprocess.DEVNULL, env=environment)
            os.close(other)
            seen = b""
            with contextlib.suppress(OSError):  # that is how a terminal ends
                while data := terminal.read(4096):
                    seen += data
            process.wait(timeout=60)
        check(f"colours with {changed}: {has_colours}", b"all is well" in seen and
              (b"\x1b[" in seen) == has_colours, seen[-300:])


def check_wrapped(folder):
    """A descriptor is found in what a control port has said, and in what an editor has made of it."""
    key = checks.Key()
    text = standin_tor.make_descriptor(key)
    returns = text.replace("\n", "\r\n")
    reply = f"250 OK\r\n250+hs/service/desc/id/{key.address}=\r\n{returns}.\r\n250 OK\r\n250 closing connection\r\n"
    for title, wrapped in (
            ("a reply", reply), ("a reply without returns", reply.replace("\r", "")), ("a reply alone", reply[8:]),
            ("an event", f"650 HS_DESC RECEIVED x\r\n650+HS_DESC_CONTENT x y z\r\n{returns}.\r\n650 OK\r\n"),
            ("returns at the ends of lines", returns), ("empty lines behind", text + "\n\n"), ("no last newline", text[:-1])):
        found = Inspected(checks.write(folder / "wrapped", wrapped), "--address", key.address)
        check(f"{title}: it is good", found.is_good and found.json["bytes"] in (len(text), len(text) - 1), found.failed)
    for title, wrapped in (("a return in the midst", text.replace("\n", "\r\n", 3)), ("an empty reply", "250+x=\r\n.\r\n"),
                           ("no more than a beginning", "250+"), ("empty lines", "\n\n\n"), ("nothing", "")):
        found = Inspected(checks.write(folder / "wrapped", wrapped), "--address", key.address)
        check(f"{title}: it is not", found.status == 1 and "outer-form" in found.failed, found.failed)


def check_corpora(folder):
    """What fuzzing has found reaches everything: a failure is named, and nothing else comes of it."""
    corpus = checks.SOURCE / "tests/fuzz/corpus"
    inputs = []
    for path in sorted((corpus / "descriptor").iterdir()):
        data = path.read_bytes()
        if len(data) > 56:
            inputs.append((data[56:], ["--address", checks.address_of(data[:32])]))
    inputs += [(path.read_bytes(), []) for path in sorted((corpus / "descriptor_outer").iterdir())]
    inputs += [(b"", []), (b"\0" * 1000, []), (b"\n" * 5000, []), (os.urandom(3000), [])]

    def inspect(item):
        number, (data, options) = item
        file = folder / f"input{number}"
        file.write_bytes(data)
        kind = ["--json"] if number % 2 else []
        result = checks.run("inspect", file, "-s", "/nonexistent/control", *options, *kind)
        file.unlink()
        return result

    wrong = []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for number, result in enumerate(pool.map(inspect, enumerate(inputs))):
            is_refused = result.returncode == 2 and "address" in result.stderr  # the key in it is none
            says_why = '"failed"' in result.stdout or "FAILED" in result.stdout
            if not is_refused and not (result.returncode in (0, 1) and says_why == (result.returncode == 1)
                                       and is_clean(result.stdout)):
                wrong.append((number, result.returncode, result.stderr[-300:]))
    check(f"of {len(inputs)} inputs each is said what is wrong with it", not wrong, wrong[:3])


def check_hostile_text(folder):
    """What could steer a terminal is shown, and does not."""
    victim = Keypair.new()
    maker = Maker(victim, standin_tor.period_number(), PERIOD_LENGTH, int(time.time()))
    maker.edit["inner"] = lambda text: text.replace(
        "flow-control", "odd \u009b31m\u202e\u2028 \u00e9\nflow-control", 1) + "onion-key \x1b[2J\n"
    file = checks.write(folder / "hostile", maker.text())
    address = checks.address_of(victim.public)
    found = Inspected(file, "--address", address)
    text = checks.run("inspect", file, "-s", "/nonexistent/control", "--address", address)
    check("a control character is a fault of the point that has it", found.failed == {"form"}, found.failed)
    check("the text has none", is_clean(text.stdout) and "\u202e" not in text.stdout and "odd" in text.stdout, text.stdout)
    check("JSON is ASCII", found.result.stdout.isascii())


# -- the command -----------------------------------------------------------------------------------------------------------

def refused(title, words, *arguments, status=2):
    result = checks.run("inspect", *arguments)
    check(title, result.returncode == status and words in result.stderr and not result.stdout, result.stderr)


def check_usage(folder):
    key, other = checks.Key(), checks.Key()
    file = checks.write(folder / "file", standin_tor.make_descriptor(key))
    key_file = checks.write(folder / "x.auth_private", f"{other.address}:descriptor:x25519:{base32(os.urandom(32))}\n")
    refused("nothing given", "FILE or ADDRESS")
    refused("no such file", "can't be opened", folder / "none")
    refused("a folder", "can't be read", folder)
    long = folder / "long"
    long.write_bytes(b"x" * (1 << 20))
    refused("a file that is far too long", "far too long", long)
    refused("no config where one is named", "none.yaml: there is no such file", file, "-c", folder / "none.yaml")
    refused("what is neither file nor address", "is no onion address", "example.com")
    refused("an address that is none", "address", "x" * 56 + ".onion")
    for slip, words in ((f"http://{key.address}.onion/", "leave out \"http://\""),
                        (f"www.{key.address}.onion", "leave out \"www.\""),
                        (f"{key.address}.onion:80", "leave out \":80\""), (f"{key.address}.onion/a", "leave out \"/a\""),
                        (key.address + "x", "has 57 characters"), (key.address[:-1], "has 55 characters"),
                        (key.address[:-1] + "a", "typing mistake")):
        refused(f"an address in another form: {slip}", words, slip)
    refused("two addresses", "is given 2 times", file, "--address", key.address, "--address", other.address)
    refused("an address with an address", "is there already", key.address, "--address", key.address)
    refused("a client key without an address", "give --address", file, "--client-key", key_file)
    refused("a client key of another service", "x.auth_private", file, "--address", key.address, "--client-key", key_file)
    refused("a length that no network has", "no network", file, "--period-minutes", "7")
    refused("no local tor", "/nonexistent/control", key.address, "-s", "/nonexistent/control")
    good = checks.run("inspect", file, "-s", "/nonexistent/control", "--address", key.address)
    check("a good one, for a person", good.returncode == 0 and "all is well" in good.stdout and
          "warning: relays have no names" in good.stderr, good.stdout + good.stderr)
    with open(file, "rb") as stream:
        piped = subprocess.run([os.path.abspath(checks.OBPUB), "inspect", "/dev/stdin", "--json", "-s", "/nonexistent/control"],
                               input=stream.read(), capture_output=True, timeout=60)
    check("through a pipe", piped.returncode == 0, piped.stderr)
    with open(file, "rb") as stream:
        piped = subprocess.run([os.path.abspath(checks.OBPUB), "inspect", "-", "--json", "-s", "/nonexistent/control"],
                               stdin=stream, capture_output=True, timeout=60)
    check("from standard input", piped.returncode == 0 and json.loads(piped.stdout)["failedChecks"] == 0, piped.stderr)


def hsdir_rows(found):
    return [row for row in found["hsdirs"] if row["finding"] != "not asked"]


def check_hsdirs(folder):
    """By way of a tor that says what the test has it say."""
    key = checks.Key()
    names = {}

    def name_relays(connection, command):
        """Answers for the nicknames: each relay's is its place among those asked for, but the fifth one's is none."""
        if not command.startswith("GETINFO ns/id/"):
            return False
        relay = command.rpartition("/")[2]
        number = names.setdefault(relay, len(names))
        nickname = "bad\x1b[31m" if number == 4 else f"relay{number}"
        connection.sendall(f"250+ns/id/{relay}=\r\nr {nickname} AAAA BBBB 2026-01-01 00:00:00 127.0.0.1 1 0\r\n.\r\n250 OK\r\n"
                           .encode())
        return True

    tor = standin_tor.Tor(folder / "control", standin_tor.network_answers(),
                          {key.address: standin_tor.make_descriptor(key)}, name_relays)
    with tor:
        result = checks.run("inspect", key.address.upper(), "-s", tor.path, "--json")
        found = json.loads(result.stdout)
        rows = hsdir_rows(found)
        check("every HSDir is asked", result.returncode == 0 and len(rows) == 8 and
              sum(row["isAskedByClients"] for row in rows) == 6, result.stderr)
        check("none is older than others", {row["isOlderThanOthers"] for row in rows} == {False})
        outer = rows[0]["descriptor"]["outerLayer"]
        check("its time period is of a day", outer["timePeriodStart"][11:] == outer["timePeriodEnd"][11:] != "" and
              outer["timePeriodStart"] < outer["timePeriodEnd"], outer)
        check("all have one descriptor", {(row["finding"], row["maker"], row["set"]) for row in rows} == {("found", 1, 1)})
        nicknames = [row["nickname"] for row in found["hsdirs"]]
        check("nicknames are shown, but not what is none", None in nicknames and
              all(name is None or re.fullmatch(r"relay\d+", name) for name in nicknames), nicknames)
        table = checks.run("inspect", key.address, "-s", tor.path)
        good = re.findall(r"^  \S+ .* good$", table.stdout, re.M)
        check("the table is for a person", table.returncode == 0 and len(good) == 8 and is_clean(table.stdout), table.stdout)
        unknown = checks.run("inspect", checks.Key().address, "-s", tor.path, "--json")
        check("of an unknown service there is none", unknown.returncode == 3 and
              {row["finding"] for row in hsdir_rows(json.loads(unknown.stdout))} == {"none"}, unknown.stderr)
        config = checks.write(folder / "config.yaml", f"tor-control: unix:{tor.path}\nservices:\n  - key: none\n")
        by_config = checks.run("inspect", key.address, "-c", config)
        check("the config says where the tor is; nothing else of it counts", by_config.returncode == 0, by_config.stderr)
    check_verdicts(folder, key)
    forged = standin_tor.make_descriptor(key, signer=checks.Key())
    with standin_tor.Tor(folder / "control", standin_tor.network_answers(), {key.address: forged}) as tor:
        result = checks.run("inspect", key.address, "-s", tor.path)
        check("a forged one is bad", result.returncode == 1 and result.stdout.count("bad: ") == 8, result.stdout)


def check_verdicts(folder, key):
    """What clients of this network refuse is bad; what they take and obpub does not is odd; the newest is told."""
    odd = standin_tor.make_descriptor(key, lifetime=200)
    bad = standin_tor.make_descriptor(key).replace("hs-descriptor 3", "hs-descriptor 4")
    for title, text, words in (("odd", odd, "odd: "), ("bad", bad, "bad: ")):
        with standin_tor.Tor(folder / "control", standin_tor.network_answers(), {key.address: text}) as tor:
            result = checks.run("inspect", key.address, "-s", tor.path)
        check(f"{title}: so the table says", result.returncode == 1 and result.stdout.count(words) == 8, result.stdout[:3000])
    answers = iter([standin_tor.make_descriptor(key)] * 7)

    def cut_one_off(connection, command):
        """The last one that is asked has no more than a first line."""
        if command.startswith("HSFETCH"):
            tor.fetched[key.address] = next(answers, "hs-descriptor 3\n")
        return False

    with standin_tor.Tor(folder / "control", standin_tor.network_answers(), {}, cut_one_off) as tor:
        result = checks.run("inspect", key.address, "-s", tor.path)
    # After noon UTC the descriptor that can be asked for is the second.
    row = re.findall(r"^  \S+ +(?:first|second) +no +(?!.*not asked$)(.*)$", result.stdout, re.M)[-1]
    check("a counter that can't be read is no counter, and not an old one", re.fullmatch(
        r"\? +- +\? +\? +\? +bad: the outer layer has no .*", row) and "older" not in row, row)
    victim = Keypair.new()
    for increment, is_good in ((30, True), (31, True), (32, True), (33, False), (29, False)):
        maker = Maker(victim, standin_tor.period_number(), PERIOD_LENGTH, int(time.time()))
        replace("inner", "1-2 31", f"1-2 {increment}")(maker)
        file = checks.write(folder / "increment", maker.text())
        with standin_tor.Tor(folder / "control", standin_tor.network_answers()) as tor:
            result = checks.run("inspect", file, "--address", checks.address_of(victim.public), "-s", tor.path)
        check(f"clients take the sendme increment {increment}: {is_good}", result.returncode == (not is_good) and
              ("cc_sendme_inc" in result.stdout) != is_good, result.stdout[-3000:])


def check_lies(folder):
    """A local tor that says more than it was asked for: of other services, of other HSDirs, without end."""
    key, other = checks.Key(), checks.Key()
    text = standin_tor.make_descriptor(key)
    foreign = standin_tor.make_descriptor(other)

    def lie(connection, command):
        if not command.startswith("HSFETCH"):
            return False
        hsdir = re.search(r"SERVER=(\S+)", command)[1]
        for address, where, content in ((other.address, hsdir, foreign), (key.address, "$" + 40 * "0", foreign),
                                        (key.address, "UNKNOWN", foreign), ("nonsense", hsdir, "x\n")):
            lines = f"650+HS_DESC_CONTENT {address} id {where}~x\n{content}.\n650 OK\n"
            connection.sendall(20 * lines.replace("\n", "\r\n").encode())
        return False

    with standin_tor.Tor(folder / "control", standin_tor.network_answers(), {key.address: text}, lie) as tor:
        result = checks.run("inspect", key.address, "-s", tor.path, "--json", "--timeout", "30")
        rows = hsdir_rows(json.loads(result.stdout)) if result.stdout else []
        check("what is said of others is passed over", result.returncode == 0 and len(rows) == 8 and
              all(row["descriptor"]["failedChecks"] == 0 for row in rows), result.stderr)
        process = subprocess.Popen([os.path.abspath(checks.OBPUB), "inspect", checks.Key().address, "-s", tor.path],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        check("it can be interrupted", process.returncode == -signal.SIGINT, process.returncode)


def check_silence(folder):
    """A tor that answers nothing more is waited for no longer than was said; and meanwhile the process is confined."""
    key = checks.Key()
    tor = standin_tor.Tor(folder / "control", standin_tor.network_answers(),
                          hook=lambda connection, command: command.startswith("HSFETCH"))
    with tor:
        process = subprocess.Popen([os.path.abspath(checks.OBPUB), "inspect", key.address, "-s", tor.path, "--timeout", "6"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        status = pathlib.Path(f"/proc/{process.pid}/status")
        confined = checks.wait_for(lambda: re.search(r"^Seccomp:\t2$", status.read_text(), re.M), 5)
        privileges = re.search(r"^CapEff:\t(\w+)$", status.read_text(), re.M)[1]
        check("it is confined while HSDirs are asked", IS_SANITIZED or confined and int(privileges, 16) == 0, privileges)
        out, error = process.communicate(timeout=60)
        check("nobody has answered", process.returncode == 2 and out.count("no answer") == 8 and "HSDirs have answered" in error
              and "no HSDir has answered" in error, (process.returncode, error, out))
    with standin_tor.Tor(folder / "control", {**standin_tor.network_answers(), "status/enough-dir-info": "0"}) as tor:
        refused("a tor without a network", "waiting", key.address, "-s", tor.path, "--timeout", "1")
        file = checks.write(folder / "file", standin_tor.make_descriptor(key))
        result = checks.run("inspect", file, "-s", tor.path, "--address", key.address)
        check("a file needs no tor with a network", result.returncode == 0 and "all is well" in result.stdout and
              "takes too long" in result.stderr, result.stderr)
    with standin_tor.Peer(folder / "control") as peer:
        refused("a tor that says nothing", "control", key.address, "-s", peer.path, "--timeout", "1")


def main():
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        if IS_SANITIZED:
            print("recorded descriptors are left out: no library may be before the sanitizers'")
        else:
            for path in sorted((checks.SOURCE / "vectors").glob("descriptor_tor_*.txt")) + \
                    sorted((checks.SOURCE / "vectors").glob("descriptor_stem_*.txt")):
                check_vector(folder, path)
            check_ours(folder)
        check_point_hours(folder)
        check_making(folder)
        check_onionbalance(folder)
        check_forgeries(folder)
        check_rules(folder)
        check_relay(folder)
        check_colours(folder)
        check_wrapped(folder)
        check_hostile_text(folder)
        check_usage(folder)
        check_hsdirs(folder)
        check_lies(folder)
        check_silence(folder)
        check_corpora(folder)


main()
checks.finish()
