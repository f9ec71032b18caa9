"""The peer as the benchmarks call it: Onionbalance's own classes, fed without a tor."""
import json
import os
import pathlib
import time

INPUT = pathlib.Path(os.environ["BENCH_INPUT"])
ENOUGH_SECONDS = 0.5


def text_of(name):
    """An input."""
    return (INPUT / name).read_text()


def figures_of(name):
    """What has to be known of an input."""
    return json.loads((INPUT / f"{name}.json").read_text())


def seconds_of(operation):
    """Processor seconds that one call takes, of as many as fit into half a second, after one that is not counted."""
    operation()
    start, calls = time.process_time(), 0
    while True:
        operation()
        calls += 1
        passed = time.process_time() - start
        if passed >= ENOUGH_SECONDS:
            return passed / calls


def report(row, value):
    """Prints the peer's sample of a row."""
    print(json.dumps({"row": row, "side": "peer", "value": value}))


def note(row, text):
    """Prints a note of a row."""
    print(json.dumps({"row": row, "note": text}))
