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
# The same of a build beside, which has libsodium for the curve where the first has lib25519.
BESIDE_SIDES = {"obpub": "libsodium", "bare": "libsodium-bare"}
UNITS = {
    "s": ((1, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")),
    "bytes": ((1 << 20, "MB"), (1 << 10, "kB"), (1, "B")),
    "%": ((1, "%"),),
    "": ((1, ""),),
}
HEADINGS = ("", "obpub", "peer", "bare limit", "peer/obpub", "obpub/bare", "target", "")
BESIDE_HEADINGS = ("for the curve:", "lib25519", "libsodium", "bare lib25519", "bare libsodium", "lib25519/libsodium", "target",
                   "")


class BenchmarkFailed(Exception):
    """A program that did not give its figures."""


def processor():
    """What the machine computes with."""
    names = [line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    return names[0] if names else platform.machine()


def version_of(package):
    """The version of a Debian package whose name begins like this; None if there is none."""
    lines = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}\n", f"{package}*"], capture_output=True,
                           text=True, check=False).stdout.splitlines()
    return next((line.split()[1] for line in lines if line.startswith("installed ")), None)


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
        self.samples = {row["row"]: {side: [] for side in (*SIDES, *BESIDE_SIDES.values())} for row in rows}
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

    def add_beside(self, printed):
        """Takes over one that a benchmark of the build beside printed, whose notes nobody needs."""
        if "note" not in printed:
            self.add({**printed, "side": BESIDE_SIDES[printed["side"]]})

    def median(self, row, side):
        """The figure of one side, None if there is none."""
        samples = self.samples[row][side]
        return statistics.median(samples) if samples else None


def ratio(one, other):
    """one / other, where both are there."""
    return one / other if one is not None and other else None


def judge(targets, figures, measurements):
    """Each target with its figure and whether it was reached."""
    figures, ours = dict(figures), figures["at_most"]
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
    beside, beside_bare = (measurements.median(row["row"], side) for side in BESIDE_SIDES.values())
    figures = {"at_most": ours, "peer_ratio": ratio(peer, ours), "bare_ratio": ratio(ours, bare),
               "libsodium_ratio": ratio(ours, beside)}
    return {
        "row": row["row"], "what": row["what"], "unit": row["unit"], "obpub": ours, "peer": peer, "bare": bare,
        "libsodium": beside, "libsodium-bare": beside_bare, "peer_ratio": figures["peer_ratio"],
        "bare_ratio": figures["bare_ratio"], "libsodium_ratio": figures["libsodium_ratio"],
        "samples": measurements.samples[row["row"]], "targets": judge(row["targets"], figures, measurements),
        "lib25519_targets": judge(row.get("lib25519_targets", {}), figures, measurements) if beside is not None else [],
        "notes": measurements.notes[row["row"]],
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
    if target["kind"] == "libsodium_ratio":
        return f"lib25519/libsodium <= {target['wanted']:g}"
    return f"{target['kind']} {times(target['figure'])} <= {target['wanted']:g}"


def times(value):
    """A ratio as the table has it."""
    if value is None:
        return ""
    return f"{value:.0f}x" if value >= 20 else f"{value:.2f}x"


def with_targets(cells, targets, unit):
    """The lines of a row: one, and one more for each further target."""
    ends = [(target_shown(target, unit), "reached" if target["reached"] else "MISSED") for target in targets] or [("", "")]
    return [cells + ends[0]] + [("",) * len(cells) + end for end in ends[1:]]


def cells_of(result):
    """The lines of a row in the first table."""
    figures = [shown(result[side], result["unit"]) for side in SIDES]
    cells = (result["what"], *figures, times(result["peer_ratio"]), times(result["bare_ratio"]))
    return with_targets(cells, result["targets"], result["unit"])


def beside_cells_of(result):
    """The lines of a row in the table of both libraries."""
    figures = [shown(result[side], result["unit"]) for side in ("obpub", "libsodium", "bare", "libsodium-bare")]
    cells = (result["what"], *figures, times(result["libsodium_ratio"]))
    return with_targets(cells, result["lib25519_targets"], result["unit"])


def print_columns(lines):
    """Prints lines of as many cells as the headings have."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADINGS))]
    for line in lines:
        padded = [line[0].ljust(widths[0])] + [line[i].rjust(widths[i]) for i in range(1, 6)]
        print("  ".join(padded + [line[6].ljust(widths[6]), line[7]]).rstrip())


def print_tables(results):
    """Prints all rows in columns, those that were measured with both libraries once more, and the notes below."""
    print_columns([HEADINGS] + [cells for result in results for cells in cells_of(result)])
    both = [result for result in results if result["libsodium"] is not None]
    if both:
        print()
        print_columns([BESIDE_HEADINGS] + [cells for result in both for cells in beside_cells_of(result)])
    for result in results:
        for note in result["notes"]:
            print(f"\n{result['row']}: {note}", end="")
    print()


def environment_of(build, options, number):
    """What a benchmark of a build finds in its environment."""
    return {**os.environ, "OBPUB": str(build / "obpub"), "OBPUB_BUILD": str(build), "OBPUB_SOURCE": str(HERE.parents[1]),
            "BENCH_INPUT": str(options.build / "bench-input"), "BENCH_ROUND": str(number)}


def measure(benchmark, options, measurements):
    """Runs all programs of a benchmark in rounds. Returns False, and says why, when one did not work."""
    rounds = min(options.rounds, benchmark.get("rounds", options.rounds))
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}: {', '.join(benchmark['programs'])}", file=sys.stderr)
        try:
            for program in benchmark["programs"]:
                for printed in run(program, options.build, environment_of(options.build, options, number)):
                    measurements.add(printed)
                if options.beside is None or not benchmark.get("has_curve") or program.startswith("peer_"):
                    continue
                # What is long enough to be measured in the first round alone is not measured with both.
                for printed in run(program, options.beside, environment_of(options.beside, options, number + 1)):
                    measurements.add_beside(printed)
        except BenchmarkFailed as error:
            print(error, file=sys.stderr)
            return False
    return True


def main():
    parser = argparse.ArgumentParser(description="Measures obpub beside Onionbalance and bare cryptography.")
    parser.add_argument("build", type=pathlib.Path, help="the release build")
    parser.add_argument("--beside", type=pathlib.Path, metavar="BUILD",
                        help="another release build, with libsodium for the curve where the first has lib25519")
    parser.add_argument("--rounds", type=int, default=9, help="samples of each figure (9)")
    parser.add_argument("--only", action="append", metavar="ROW", help="measure no other rows")
    parser.add_argument("--json", type=pathlib.Path, help="where the JSON goes (BUILD/bench.json)")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds takes a number from 1 on")
    options.build = options.build.resolve()
    options.beside = options.beside and options.beside.resolve()

    benchmarks = json.loads((HERE / "rows.json").read_text())["benchmarks"]
    known = [row["row"] for benchmark in benchmarks for row in benchmark["rows"]]
    wanted = options.only or known
    if set(wanted) - set(known):
        parser.error(f"no such row: {', '.join(sorted(set(wanted) - set(known)))}; there are {', '.join(known)}")
    benchmarks = [benchmark for benchmark in benchmarks if any(row["row"] in wanted for row in benchmark["rows"])]
    rows = [row for benchmark in benchmarks for row in benchmark["rows"]]

    subprocess.run(["/usr/bin/python3", HERE / "make_input.py", options.build / "bench-input"], check=True)
    measurements = Measurements(rows)
    all_worked = all([measure(benchmark, options, measurements) for benchmark in benchmarks])
    results = [result_of(row, measurements) for row in rows]
    print(f"Processor: {processor()}. Medians of up to {options.rounds} rounds.\n")
    print_tables(results)
    report = {
        "processor": processor(), "rounds": options.rounds, "rows": results,
        "versions": {package: version_of(package) for package in ("onionbalance", "python3-stem", "libsodium23",
                                                                  "lib25519-1", "libssl3", "tor")},
    }
    path = options.json or options.build / "bench.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    print(f"As JSON: {path}")
    sys.exit(0 if all_worked else 1)


main()
