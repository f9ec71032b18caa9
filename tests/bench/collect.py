"""Runs the benchmarks that rows.json names, in rounds, and makes one table and one JSON file of what they print."""
import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SIDES = ("obpub", "peer", "bare")
UNITS = {
    "s": ((1, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")),
    "bytes": ((1 << 20, "MB"), (1 << 10, "kB"), (1, "B")),
    "%": ((1, "%"),),
    "": ((1, ""),),
}
HEADINGS = ("", "obpub", "peer", "bare limit", "peer/obpub", "obpub/bare", "target", "")


class BenchmarkFailed(Exception):
    """A program that did not give its figures."""


def processor():
    """What the machine computes with."""
    names = [line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    return names[0] if names else platform.machine()


def version_of(package):
    """The version of a Debian package."""
    return subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True,
                          check=True).stdout


def command_of(program, build):
    """How a benchmark is started: a script of this folder, or a program of the build."""
    return ["/usr/bin/python3", HERE / program] if program.endswith(".py") else [build / "tests/bench" / program]


def run(program, build, environment):
    """Runs a benchmark once; gives the objects that it printed."""
    done = subprocess.run(command_of(program, build), capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        raise BenchmarkFailed(f"{program} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    try:
        return [json.loads(line) for line in done.stdout.splitlines()]
    except ValueError as error:
        raise BenchmarkFailed(f"{program} printed no JSON: {error}\n{done.stdout}") from error


class Measurements:
    """The samples and notes of all rows."""

    def __init__(self, rows):
        self.samples = {row["row"]: {side: [] for side in SIDES} for row in rows}
        self.notes = {row["row"]: [] for row in rows}

    def add(self, printed):
        """Takes over one object that a benchmark printed."""
        if printed["row"] not in self.samples:
            raise BenchmarkFailed(f"there is no row {printed['row']} in rows.json")
        if "note" in printed:
            if printed["note"] not in self.notes[printed["row"]]:
                self.notes[printed["row"]].append(printed["note"])
        else:
            self.samples[printed["row"]][printed["side"]].append(float(printed["value"]))

    def median(self, row, side):
        """The figure of one side, None if there is none."""
        samples = self.samples[row][side]
        return statistics.median(samples) if samples else None


def ratio(one, other):
    """one / other, where both are there."""
    return one / other if one is not None and other else None


def judge(targets, ours, peer_ratio, bare_ratio, measurements):
    """Each target with its figure and whether it was reached."""
    figures = {"at_most": ours, "peer_ratio": peer_ratio, "bare_ratio": bare_ratio}
    judged = []
    for kind, wanted in targets.items():
        if kind == "row_ratio":
            other, wanted = wanted
            kind = f"obpub/{other}"
            figures[kind] = ratio(ours, measurements.median(other, "obpub"))
        figure = figures[kind]
        reached = figure is not None and (figure >= wanted if kind == "peer_ratio" else figure <= wanted)
        judged.append({"kind": kind, "wanted": wanted, "figure": figure, "reached": reached})
    return judged


def result_of(row, measurements):
    """What is known of a row."""
    ours, peer, bare = (measurements.median(row["row"], side) for side in SIDES)
    peer_ratio, bare_ratio = ratio(peer, ours), ratio(ours, bare)
    return {
        "row": row["row"], "what": row["what"], "unit": row["unit"], "obpub": ours, "peer": peer, "bare": bare,
        "peer_ratio": peer_ratio, "bare_ratio": bare_ratio, "samples": measurements.samples[row["row"]],
        "targets": judge(row["targets"], ours, peer_ratio, bare_ratio, measurements), "notes": measurements.notes[row["row"]],
    }


def shown(value, unit):
    """A figure with three digits and a unit that suits it."""
    if value is None:
        return ""
    factor, name = next(((f, n) for f, n in UNITS[unit] if abs(value) >= f), UNITS[unit][-1])
    return f"{value / factor:.3g} {name}".strip() if value / factor < 1000 else f"{value / factor:.0f} {name}".strip()


def target_shown(target, unit):
    """A target as the table has it."""
    if target["kind"] == "at_most":
        return f"under {shown(target['wanted'], unit)}"
    if target["kind"] == "peer_ratio":
        return f"peer/obpub >= {target['wanted']:g}"
    if target["kind"] == "bare_ratio":
        return f"obpub/bare <= {target['wanted']:g}"
    return f"{target['kind']} {times(target['figure'])} <= {target['wanted']:g}"


def times(value):
    """A ratio as the table has it."""
    if value is None:
        return ""
    return f"{value:.0f}x" if value >= 20 else f"{value:.2f}x"


def cells_of(result):
    """The lines of a row: one, and one more for each further target."""
    figures = [shown(result[side], result["unit"]) for side in SIDES]
    targets = [(target_shown(target, result["unit"]), "reached" if target["reached"] else "MISSED")
               for target in result["targets"]] or [("", "")]
    first = (result["what"], *figures, times(result["peer_ratio"]), times(result["bare_ratio"]), *targets[0])
    return [first] + [("",) * 6 + target for target in targets[1:]]


def print_table(results):
    """Prints all rows in columns, and the notes below."""
    lines = [HEADINGS] + [cells for result in results for cells in cells_of(result)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADINGS))]
    for line in lines:
        padded = [line[0].ljust(widths[0])] + [line[i].rjust(widths[i]) for i in range(1, 6)]
        print("  ".join(padded + [line[6].ljust(widths[6]), line[7]]).rstrip())
    for result in results:
        for note in result["notes"]:
            print(f"\n{result['row']}: {note}", end="")
    print()


def measure(benchmark, options, build, measurements):
    """Runs all programs of a benchmark in rounds. Returns False, and says why, when one did not work."""
    rounds = min(options.rounds, benchmark.get("rounds", options.rounds))
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}: {', '.join(benchmark['programs'])}", file=sys.stderr)
        environment = {**os.environ, "OBPUB": str(build / "obpub"), "OBPUB_BUILD": str(build),
                       "OBPUB_SOURCE": str(HERE.parents[1]), "BENCH_INPUT": str(build / "bench-input"),
                       "BENCH_ROUND": str(number)}
        try:
            for program in benchmark["programs"]:
                for printed in run(program, build, environment):
                    measurements.add(printed)
        except BenchmarkFailed as error:
            print(error, file=sys.stderr)
            return False
    return True


def main():
    parser = argparse.ArgumentParser(description="Measures obpub beside Onionbalance and bare cryptography.")
    parser.add_argument("build", type=pathlib.Path, help="the release build")
    parser.add_argument("--rounds", type=int, default=9, help="samples of each figure (9)")
    parser.add_argument("--only", action="append", metavar="ROW", help="measure no other rows")
    parser.add_argument("--json", type=pathlib.Path, help="where the JSON goes (BUILD/bench.json)")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds takes a number from 1 on")
    build = options.build.resolve()

    benchmarks = json.loads((HERE / "rows.json").read_text())["benchmarks"]
    known = [row["row"] for benchmark in benchmarks for row in benchmark["rows"]]
    wanted = options.only or known
    if set(wanted) - set(known):
        parser.error(f"no such row: {', '.join(sorted(set(wanted) - set(known)))}; there are {', '.join(known)}")
    benchmarks = [benchmark for benchmark in benchmarks if any(row["row"] in wanted for row in benchmark["rows"])]
    rows = [row for benchmark in benchmarks for row in benchmark["rows"]]

    subprocess.run(["/usr/bin/python3", HERE / "make_input.py", build / "bench-input"], check=True)
    measurements = Measurements(rows)
    all_worked = all([measure(benchmark, options, build, measurements) for benchmark in benchmarks])
    results = [result_of(row, measurements) for row in rows]
    print(f"Processor: {processor()}. Medians of up to {options.rounds} rounds.\n")
    print_table(results)
    report = {
        "processor": processor(), "rounds": options.rounds, "rows": results,
        "versions": {package: version_of(package) for package in ("onionbalance", "python3-stem", "libsodium23",
                                                                  "libssl3", "tor")},
    }
    path = options.json or build / "bench.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    print(f"As JSON: {path}")
    sys.exit(0 if all_worked else 1)


main()
