"""Holds the line: how many instructions of obpub's own code, and which calls of libsodium and for memory, it takes to
decode, build, refresh, build for eight HSDirs and read a consensus, counted by callgrind and compared with
instructions.json. So it shows, too, that a point which several HSDirs have is signed once.

Other than times these do not depend on the machine; what libsodium, OpenSSL and libc do inside does, as they look at the
processor, so that of them only the calls are counted. "--write" stores what was counted, to be looked at and committed.
"""
import collections
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ["OBPUB_BUILD"])
STORED = HERE / "instructions.json"
PROGRAMS = {"decode": "bench_decode", "build": "bench_build", "refresh": "bench_build", "eight_same": "bench_build",
            "eight_distinct": "bench_build", "consensus": "bench_consensus"}
# How much more may be counted than is stored: compilers differ a bit, kinds of processors more.
TOLERANCE = 0.15 if platform.machine() == "x86_64" else 1.0
ALLOCATIONS = ("malloc", "calloc", "realloc")
COUNTED_CALLS = re.compile(r"crypto_(sign|scalarmult|core_ed25519_is_valid|core_ed25519_add)\w*")


def read_profile(path, program):
    """The instructions of the program itself, and how often it calls which function elsewhere."""
    names = {}
    instructions, calls = 0, collections.Counter()
    current = called = ""
    skip = False

    def name_of(kind, text):
        number, _, name = text.partition(" ")
        return names.setdefault((kind, number), name) if name else names[(kind, number)]

    for line in path.read_text().splitlines():
        key, _, value = line.partition("=")
        if key == "ob":
            current = name_of("ob", value)
        elif key == "cob":
            name_of("ob", value)
        elif key in ("fn", "cfn"):
            called = name_of("fn", value)
        elif key == "calls":
            if current == program:
                calls[called] += int(value.split()[0])
            skip = True
        elif re.match(r"[+\-*0-9]", line):
            if not skip and current == program:
                instructions += int(line.split()[1])
            skip = False
    return instructions, calls


def count(row, folder):
    """Runs a benchmark under callgrind; gives what instructions.json has of its row."""
    program, profile = BUILD / "tests/bench" / PROGRAMS[row], folder / f"{row}.callgrind"
    subprocess.run(
        ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={profile}", f"--zero-before=measured_{row}",
         f"--dump-after=measured_{row}", program], check=True, stdout=subprocess.DEVNULL,
        env={**os.environ, "BENCH_INPUT": str(folder), "BENCH_COUNT": "1"})
    instructions, calls = read_profile(pathlib.Path(f"{profile}.1"), str(program))
    return {"instructions": instructions, "allocations": sum(calls[name] for name in ALLOCATIONS),
            "calls": {name: calls[name] for name in sorted(calls) if COUNTED_CALLS.fullmatch(name)}}


def differences(row, counted, stored):
    """What is worse than it was, as sentences."""
    limit = stored["instructions"] * (1 + TOLERANCE)
    if counted["instructions"] == 0 or counted["instructions"] > limit:
        yield f"{row}: {counted['instructions']:,} instructions, where {limit:,.0f} are allowed"
    if counted["allocations"] > stored["allocations"]:
        yield f"{row}: memory is asked for {counted['allocations']} times, not {stored['allocations']}"
    if counted["calls"] != stored["calls"]:
        yield f"{row}: calls {counted['calls']}, not {stored['calls']}"


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([sys.executable, HERE / "make_input.py", folder], check=True)
        counted = {row: count(row, folder) for row in PROGRAMS}
    if sys.argv[1:] == ["--write"]:
        STORED.write_text(json.dumps(counted, indent=1) + "\n")
        return
    stored = json.loads(STORED.read_text())
    worse = [sentence for row in PROGRAMS for sentence in differences(row, counted[row], stored[row])]
    for row, figures in counted.items():
        print(f"{row}: {figures['instructions']:,} instructions, {stored[row]['instructions']:,} stored")
    print("\n".join(worse))
    sys.exit(1 if worse else 0)


main()
