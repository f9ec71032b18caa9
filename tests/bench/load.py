"""Many frontends at once: load.py [FRONTENDS...], 10, 100 and 1,000 unless given, each with 10 backends, each of these with
a control connection of its own. Runs obpub against the stand-in and prints as JSON lines what the largest number takes: CPU
and memory of the first full publication; CPU until every HSPOST is handed over after 500 backends (or a tenth of those
there are) have changed at the same moment: 500 of 50 frontends, and one each of 500; and the share of a core
in ordinary running. Where there are several numbers, also the exponents with which CPU and memory grow. The bare limit is
what bench_decode and bench_build print, as often as it is needed. The stand-in takes an upload at once: what a tor would
need is not in these figures.

An hour of ordinary running is played on a testing network, where all that obpub does by the consensus' clock comes so much
more often, and so does what the stand-in does for tors: a new consensus each hour, a descriptor again after 60 to 120
minutes, and another introduction point after 18 to 24 hours. What does not come more often there is added."""
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "net"))
from harness.consensus import with_times  # noqa: E402
from harness.process import family, family_cpu_seconds  # noqa: E402

BUILD = pathlib.Path(os.environ["OBPUB_BUILD"])
INPUT = pathlib.Path(os.environ["BENCH_INPUT"])
EACH = 10       # backends of a frontend
MANY_BACKENDS = 120  # of the one frontend that has so many
DESCRIPTORS = 2  # of a frontend
UPLOADS = 16    # of one frontend: eight HSDirs for each descriptor
ASKED = 6       # of these eight
PATIENCE = 300  # seconds
CHANGED = 500
HOURS = 2       # of ordinary running that are measured
# Seconds that an hour may take where it is played faster than it is; a day of a testing network has 24 of them.
HOUR_LENGTHS = (60, 50, 45, 40)
REFRESHED_AFTER = 1.5  # hours, on average
START = 90      # seconds that a first publication takes at the most
# From so many seconds after the start on backends are asked as often as ever whether they live: of 10,000 each every
# 75 to 125 seconds.
AS_OFTEN_AS_EVER = 180
REST = 20       # seconds


def memory_bytes(pid):
    """Resident memory of all its processes; what they share counts once."""
    total = 0
    for one in family(pid):
        with open(f"/proc/{one}/smaps_rollup") as file:
            total += sum(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))
    return total


class Standin:
    """The stand-in for all tors."""

    def __init__(self, folder, frontends, each, consensus, *options):
        self.process = subprocess.Popen([BUILD / "tests" / "bench" / "standin", folder, str(frontends), str(each),
                                         consensus, INPUT / "microdescriptors", *options],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def send(self, command):
        """Send a command."""
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def report(self):
        """What was handed over so far."""
        self.send("report")
        return json.loads(self.process.stdout.readline())

    def wait_uploads(self, count):
        """Wait until HSPOSTs to so many HSDirs have come, and no more do for a moment."""
        end = time.monotonic() + PATIENCE
        last = self.report()
        while time.monotonic() < end:
            time.sleep(0.5)
            report = self.report()
            if report["uploads"] >= count and report["uploads"] == last["uploads"]:
                return report
            last = report
        raise SystemExit(f"load.py: {last['uploads']} of {count} uploads came in {PATIENCE} s")


def emit(row, value, side="obpub"):
    """One figure."""
    print(json.dumps({"row": row, "side": side, "value": value}), flush=True)


def note(row, text):
    """A note for below the table."""
    print(json.dumps({"row": row, "note": text}), flush=True)


def choose_hour_length():
    """How many seconds an hour takes, so that no half of a day of the testing network ends meanwhile."""
    while True:
        for length in HOUR_LENGTHS:
            if 12 * length - time.time() % (12 * length) > START + (HOURS + 1) * length:
                return length
        time.sleep(1)


def write_consensus(path, interval):
    """The consensus of the input, as if one were made every so many seconds: the one of now."""
    text = with_times((INPUT / "consensus").read_text(), int(time.time()) // interval * interval, interval)
    pathlib.Path(path).write_text(text)


class Obpub:
    """obpub with so many frontends, and the stand-in that it talks to; with hour_length on a testing network, where an
    hour takes so many seconds."""

    def __init__(self, frontends, hour_length=None, each=EACH):
        self.frontends, self.each = frontends, each
        self.hour_length = hour_length
        self.folder = tempfile.mkdtemp(prefix="obpub-load-")
        self.standin = self.process = self.began = None

    def __enter__(self):
        if self.hour_length:
            write_consensus(f"{self.folder}/consensus", self.hour_length)
            self.standin = Standin(self.folder, self.frontends, self.each, f"{self.folder}/consensus", "testing")
        else:
            self.standin = Standin(self.folder, self.frontends, self.each, INPUT / "consensus")
        self.began = time.monotonic()
        with open(f"{self.folder}/log", "wb") as log:
            self.process = subprocess.Popen([os.environ["OBPUB"], "-c", f"{self.folder}/config.yaml"], stderr=log)
        return self

    def __exit__(self, *failure):
        for process in (self.process, self.standin and self.standin.process):
            if process:
                process.terminate()
                process.wait()
        with open(f"{self.folder}/log", errors="replace") as log:
            lines = [line for line in log if "warning" in line or "error" in line or "critical" in line]
        sys.stderr.write("".join(lines[:10]))
        shutil.rmtree(self.folder)

    def publish(self):
        """CPU seconds and bytes of the first full publication."""
        self.standin.wait_uploads(self.frontends * UPLOADS)
        return family_cpu_seconds(self.process.pid), memory_bytes(self.process.pid)

    def bare_publication(self, bare):
        """CPU seconds of what it can't do without: decodings, builds, and a text for each HSDir that shared none."""
        texts = self.standin.report()["posts"] - self.frontends * DESCRIPTORS
        return self.bare_shared_publication(bare) + texts * bare["refresh"]

    def bare_shared_publication(self, bare):
        """The same if all HSDirs of a descriptor shared a text."""
        return bare["consensus"] + self.frontends * (self.each * bare["decode"] + DESCRIPTORS * bare["build"])

    def describe_texts(self, bare):
        """How many texts there were, and the bare cryptography with fewer."""
        report = self.standin.report()
        return (f"{report['uploads']} uploads of {report['posts']} texts, {report['bytes'] / 1e6:.0f} MB; bare, if all HSDirs "
                f"of a descriptor shared a text: {self.bare_shared_publication(bare):.2f} s")

    def rest(self):
        """The share of a core that it takes while nothing happens."""
        time.sleep(max(2, self.began + AS_OFTEN_AS_EVER - time.monotonic()))
        cpu = family_cpu_seconds(self.process.pid)
        time.sleep(REST)
        return (family_cpu_seconds(self.process.pid) - cpu) / REST

    def live(self):
        """CPU seconds and uploads of an hour."""
        self.standin.send(f"live {self.hour_length}")
        for hour in range(HOURS + 1):
            if hour == 1:  # in the first one what was published at once begins to spread
                cpu, uploads = family_cpu_seconds(self.process.pid), self.standin.report()["uploads"]
            time.sleep(self.hour_length - time.time() % self.hour_length)
            write_consensus(f"{self.folder}/consensus", self.hour_length)
            self.standin.send("consensus")
        return (family_cpu_seconds(self.process.pid) - cpu) / HOURS, (self.standin.report()["uploads"] - uploads) / HOURS

    def burst(self, step):
        """Every STEP-th backend changes: how many, of how many frontends, what was handed over, and the CPU that took."""
        time.sleep(2)
        changed = min(CHANGED, self.frontends * EACH // 10)
        frontends = len({number * step // EACH for number in range(changed)})
        cpu = family_cpu_seconds(self.process.pid)
        self.standin.send(f"change {changed} {step}")
        report = self.standin.wait_uploads(frontends * UPLOADS)
        return changed, frontends, report, family_cpu_seconds(self.process.pid) - cpu


def measure_bare():
    """CPU seconds of the bare cryptography of one decoding, one build, one refresh and one consensus, on this machine
    now."""
    bare = {}
    for program in ("bench_decode", "bench_build", "bench_consensus"):
        done = subprocess.run([BUILD / "tests/bench" / program], capture_output=True, text=True, check=True)
        lines = map(json.loads, done.stdout.splitlines())
        bare.update({line["row"]: line["value"] for line in lines if line.get("side") == "bare"})
    return bare


def measure_one(bare):
    """What one frontend with many backends takes in whole: each HSDir has a text of its own, and each of those that
    clients ask points of its own, which are to be certified."""
    with Obpub(1, each=MANY_BACKENDS) as obpub:
        emit("one-cpu", obpub.publish()[0])
    certificates = bare["build"] - bare["refresh"]
    emit("one-cpu", bare["consensus"] + MANY_BACKENDS * bare["decode"] + UPLOADS * bare["refresh"] +
         DESCRIPTORS * ASKED * certificates, "bare")


def measure_bursts(obpub, bare):
    """What two bursts take. When the last HSPOST comes is for the rules to say, which spread rounds over seconds."""
    for row, step in (("burst-few", 1), ("burst-many", EACH)):
        changed, frontends, report, cpu = obpub.burst(step)
        emit(row, cpu)
        emit(row, changed * bare["decode-again"] + report["posts"] * bare["refresh"] +
             DESCRIPTORS * changed / EACH * (bare["build"] - bare["refresh"]), "bare")
        note(row, f"{changed} backends of {frontends} frontends, {report['uploads']} uploads of {report['posts']} texts, the "
                  f"last one after {report['seconds_to_last']:.1f} s; bare: as many decodings and texts, and the "
                  "certificates of the points that are new")


def measure_hour(frontends, publication, rest, bare):
    """What an hour of ordinary running takes: what happens in it, played faster; the certificates that are signed anew
    for each refresh, as the clock's hour is another one then; two publications a day, when clients turn to the other
    descriptors; and being there for all of the time."""
    with Obpub(frontends, choose_hour_length()) as obpub:
        obpub.publish()
        played, uploads = obpub.live()
        signing = frontends * DESCRIPTORS / REFRESHED_AFTER * (bare["build"] - bare["refresh"])
        # Not in a rush: each HSDir gets its own text.
        turns = (publication + frontends * (UPLOADS - DESCRIPTORS) * bare["refresh"]) * 2 / 24
        emit("many-hour", 100 * ((played + signing + turns) / 3600 + rest))
        note("many-hour", f"an hour played in {obpub.hour_length} s: {played:.1f} s of CPU, {uploads:.0f} uploads; "
                          f"certificates: {signing:.1f} s; turns: {turns:.1f} s; "
                          f"while nothing happens: {100 * rest:.2f} % of a core")


def main():
    sizes = [int(size) for size in sys.argv[1:]] or [10, 100, 1000]
    is_first = os.environ["BENCH_ROUND"] == "0"  # once is enough for what takes long
    bare = measure_bare()
    figures = {}
    measure_one(bare)
    for size in sizes:
        with Obpub(size) as obpub:
            figures[size] = obpub.publish()
            if size != sizes[-1]:
                continue
            emit("many-cpu", figures[size][0])
            emit("many-cpu", obpub.bare_publication(bare), "bare")
            note("many-cpu", obpub.describe_texts(bare))
            emit("many-memory", figures[size][1])
            measure_bursts(obpub, bare)
            rest = obpub.rest() if is_first else None
    if is_first:
        measure_hour(sizes[-1], figures[sizes[-1]][0], rest, bare)
    for row, figure in (("many-cpu", 0), ("many-memory", 1)):
        steps = [math.log(figures[more][figure] / figures[less][figure], more / less)
                 for less, more in zip(sizes, sizes[1:])]
        if steps:
            emit(f"{row}-exponent", max(steps))
        note(row, ", ".join(f"{size} frontends: {figures[size][0]:.2f} s, {figures[size][1] / (1 << 20):.0f} MB"
                            for size in sizes))


main()
