"""The peer as the benchmarks call it: Onionbalance's own classes, fed without a tor."""
import base64
import functools
import hashlib
import json
import os
import pathlib
import time

from onionbalance.hs_v3.descriptor import ReceivedDescriptor

INPUT = pathlib.Path(os.environ["BENCH_INPUT"])
ENOUGH_SECONDS = 0.5


@functools.lru_cache
def text_of(name):
    """An input."""
    return (INPUT / name).read_text()


@functools.lru_cache
def figures_of(name):
    """What has to be known of an input."""
    return json.loads((INPUT / f"{name}.json").read_text())


@functools.lru_cache
def address_of(name):
    """The onion address of an input that is a descriptor."""
    public_key = bytes.fromhex(figures_of(name)["identity-key"])
    checksum = hashlib.sha3_256(b".onion checksum" + public_key + b"\x03").digest()[:2]
    return base64.b32encode(public_key + checksum + b"\x03").decode().lower()


def received(name):
    """An input that is a descriptor, as Onionbalance takes it apart."""
    return ReceivedDescriptor(text_of(name).encode(), address_of(name))


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
