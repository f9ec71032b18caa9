"""Many backends at once: load.py [FRONTENDS [BACKENDS_EACH]], 1,000 and 10 unless given. Runs obpub against the stand-in
and prints as JSON lines: CPU and memory of the first full publication, and how long it takes until every HSPOST is handed
over after 500 backends (or a tenth of those there are) have changed at the same moment: 500 of 50 frontends, and 500 of
500. The stand-in takes an upload at once: what a tor would need is not in these figures."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(os.environ["OBPUB_BUILD"])
INPUT = pathlib.Path(os.environ["BENCH_INPUT"])
UPLOADS = 16    # of one frontend: two descriptors, eight HSDirs each
PATIENCE = 300  # seconds
CHANGED = 500


def processes(pid):
    """A process and those it has started."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [pid, *map(int, file.read().split())]


def cpu_seconds(pid):
    """The processor time of a process and its children together."""
    total = 0
    for one in processes(pid):
        with open(f"/proc/{one}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def memory_bytes(pid):
    """Resident memory of all its processes; what they share counts once."""
    total = 0
    for one in processes(pid):
        with open(f"/proc/{one}/smaps_rollup") as file:
            total += sum(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))
    return total


class Standin:
    """The stand-in for all tors."""

    def __init__(self, folder, frontends, each):
        self.process = subprocess.Popen([BUILD / "tests" / "bench" / "standin", folder, str(frontends), str(each),
                                         INPUT / "consensus", INPUT / "microdescriptors"],
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

    def wait_posts(self, count):
        """Wait until so many HSPOSTs have come, and no more do for a moment."""
        end = time.monotonic() + PATIENCE
        last = self.report()
        while time.monotonic() < end:
            time.sleep(0.5)
            report = self.report()
            if report["posts"] >= count and report["posts"] == last["posts"]:
                return report
            last = report
        raise SystemExit(f"load.py: {last['posts']} of {count} HSPOSTs came in {PATIENCE} s")


def emit(row, value, **more):
    """One figure."""
    print(json.dumps({"row": row, "side": "obpub", "value": value, **more}), flush=True)


def main():
    frontends = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    each = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    folder = tempfile.mkdtemp(prefix="obpub-load-")
    standin = obpub = None
    try:
        standin = Standin(folder, frontends, each)
        with open(f"{folder}/log", "wb") as log:
            obpub = subprocess.Popen([os.environ["OBPUB"], "-c", f"{folder}/config.yaml"], stderr=log)
        standin.wait_posts(frontends * UPLOADS)
        emit(f"first_publication_cpu_{frontends}", cpu_seconds(obpub.pid))
        emit(f"first_publication_memory_{frontends}", memory_bytes(obpub.pid))
        time.sleep(2)
        changed = min(CHANGED, frontends * each // 10)
        for name, step in (("few", 1), ("many", max(1, min(each, frontends * each // changed)))):
            changed_frontends = len({number * step // each for number in range(changed)})
            cpu = cpu_seconds(obpub.pid)
            standin.send(f"change {changed} {step}")
            report = standin.wait_posts(changed_frontends * UPLOADS)
            emit(f"burst_{name}_{frontends}", report["seconds_to_last"], backends=changed, frontends=changed_frontends,
                 posts=report["posts"], cpu=round(cpu_seconds(obpub.pid) - cpu, 2))
            time.sleep(2)
    finally:
        for process in (obpub, standin and standin.process):
            if process:
                process.terminate()
                process.wait()
        with open(f"{folder}/log", errors="replace") as log:
            lines = [line for line in log if "warning" in line or "error" in line or "critical" in line]
        sys.stderr.write("".join(lines[:10]))
        shutil.rmtree(folder)


main()
