"""Starts the program with 8,000 relays, one frontend and three backends, and takes its processor time and its memory.

The local tor and the backends are stand-ins that answer at once (tests/cli/standin_tor.py): they give the consensus and
microdescriptors of make_input.py, descriptors made by stem, and take every HSPOST.
"""
import json
import mmap
import os
import pathlib
import struct
import sys
import tempfile
import threading
import time
import subprocess

SOURCE = pathlib.Path(os.environ["OBPUB_SOURCE"])
sys.path.insert(0, str(SOURCE / "tests/cli"))
import checks  # noqa: E402
import standin_tor  # noqa: E402
from harness.process import cpu_seconds, family, memory_of  # noqa: E402

INPUT = pathlib.Path(os.environ["BENCH_INPUT"])
BUILD = pathlib.Path(os.environ["OBPUB_BUILD"])
PATIENCE = 30  # seconds
BACKENDS = 3
UPLOADS = 16  # two descriptors, eight HSDirs for each


def frames_of(number):
    """The physical pages that are mapped into a process; only root is told which they are."""
    frames = set()
    with open(f"/proc/{number}/pagemap", "rb", buffering=0) as pagemap:
        for line in pathlib.Path(f"/proc/{number}/maps").read_text().splitlines():
            if line.endswith("[vsyscall]"):
                continue
            start, end = (int(address, 16) // mmap.PAGESIZE for address in line.split()[0].split("-"))
            pagemap.seek(8 * start)
            entries = pagemap.read(8 * (end - start))
            frames.update(entry & ((1 << 55) - 1) for (entry,) in struct.iter_unpack("<Q", entries) if entry >> 63)
    return frames - {0}


def resident(process):
    """What is resident of all processes, in bytes, each page counted once; without the right to see that, the sum."""
    processes = family(process.pid)
    frames = set().union(*map(frames_of, processes)) if os.geteuid() == 0 else set()
    return len(frames) * mmap.PAGESIZE or sum(memory_of(number, "VmRSS") * 1024 for number in processes)


def config_of(folder, backends):
    """The text of the config."""
    lines = ["services:", "  - key: frontend.key", "    instances:"]
    lines += [f"      - {{address: {key.address}, name: node{i}, control: 'unix:{folder}/backend{i}'}}"
              for i, key in enumerate(backends)]
    return "\n".join(lines) + "\n"


class LocalTor(standin_tor.Tor):
    """Notes when the first HSPOST came, and tells of a new consensus when it is asked to."""

    def __init__(self, path):
        super().__init__(path, {
            **standin_tor.network_answers(), "md/all": (INPUT / "microdescriptors").read_text(),
            standin_tor.CONSENSUS_KEY: (INPUT / "consensus").read_text()})
        self.process = None
        self.processes = None  # its and its children's ids, which take a while to find
        self.seconds_to_first = None
        self.readings = 0
        self.connection = None
        self.changed = threading.Condition()

    def serve(self, connection):
        self.connection = connection
        self.processes = list(family(self.process.pid))
        super().serve(connection)

    def answer_hspost(self, rest, lines):
        if self.seconds_to_first is None:
            self.seconds_to_first = sum(map(cpu_seconds, self.processes))
        reply = super().answer_hspost(rest, lines)
        with self.changed:
            self.changed.notify()
        return reply

    def answer_getinfo(self, rest, lines):
        with self.changed:
            self.readings += rest == "md/all"
            self.changed.notify()
        return super().answer_getinfo(rest, lines)

    def wait_for(self, condition, what):
        """Waits until it holds."""
        with self.changed:
            if not self.changed.wait_for(condition, PATIENCE):
                sys.exit(f"{what} did not come within {PATIENCE} seconds")


def seconds_of_parts():
    """What its consensus, its decodings and the building of the first descriptor take, each by itself."""
    alone = {}
    for program in ("bench_consensus", "bench_decode", "bench_build"):
        done = subprocess.run([BUILD / "tests/bench" / program], capture_output=True, text=True, check=True)
        lines = map(json.loads, done.stdout.splitlines())
        alone.update({line["row"]: line["value"] for line in lines if line.get("side") == "obpub"})
    return alone["consensus"] + BACKENDS * alone["decode"] + alone["build"]


def report(row, value):
    """Prints our sample of a row."""
    print(json.dumps({"row": row, "side": "obpub", "value": value}))


def measure(process, tor):
    """Prints the figures of a running program."""
    tor.process = process
    tor.wait_for(lambda: len(tor.posted) >= UPLOADS, "all uploads")
    report("start", tor.seconds_to_first)
    report("start-parts", seconds_of_parts())
    # A new consensus, as comes every hour; then it has nothing to do.
    tor.connection.sendall(b"650+NEWCONSENSUS\r\n.\r\n650 OK\r\n")
    tor.wait_for(lambda: tor.readings >= 2, "the reading of a new consensus")
    time.sleep(1)
    report("memory", resident(process))
    if os.environ["BENCH_ROUND"] != "0":
        return
    alone = [f"{memory_of(number, 'VmRSS') / 1024:.1f} MB (at most {memory_of(number, 'VmHWM') / 1024:.1f})"
             for number in family(process.pid)]
    print(json.dumps({"row": "memory", "note": "each process by itself, with the pages that all share: " + ", ".join(alone)}))


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        frontend, backends = checks.Key(), [checks.Key() for _ in range(BACKENDS)]
        checks.write(folder / "frontend.key", frontend.pem())
        checks.write(folder / "config.yaml", config_of(folder, backends))
        peers = [standin_tor.Tor(folder / f"backend{i}", standin_tor.own_answers(key, standin_tor.make_descriptor(key)))
                 for i, key in enumerate(backends)]
        with LocalTor(folder / "tor") as tor, peers[0], peers[1], peers[2], open(folder / "log", "w") as log:
            with subprocess.Popen([checks.OBPUB, "-c", str(folder / "config.yaml"), "-s", str(folder / "tor")],
                                  stdin=subprocess.DEVNULL, stdout=log, stderr=log) as process:
                tor.process = process
                try:
                    measure(process, tor)
                except SystemExit:
                    print((folder / "log").read_text(), file=sys.stderr)
                    raise
                finally:
                    process.terminate()


main()
