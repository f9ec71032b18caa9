"""Makes what the benchmarks read, the same each time: make_input.py FOLDER.

FOLDER/consensus and FOLDER/microdescriptors are as the control port would give them on a network like the public one:
8,000 relays, half of them HSDirs. The consensus is of the hour now running or BENCH_VALID_AFTER; all else is drawn from a
fixed seed. FOLDER/descriptor is one of a stock tor with 3 introduction points, and FOLDER/points one with 20 (from
vectors/, without their comments); FOLDER/descriptor.json and FOLDER/points.json say what else has to be known of them.
"""
import base64
import hashlib
import json
import os
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "net"))
from harness.consensus import with_times  # noqa: E402

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "vectors"
RELAYS = 8000
HOUR = 3600

PREAMBLE = """network-status-version 3 microdesc
vote-status consensus
consensus-method 34
valid-after ...
fresh-until ...
valid-until ...
voting-delay 300 300
client-versions 0.4.8.10,0.4.8.11,0.4.8.12,0.4.8.13,0.4.8.14,0.4.8.15,0.4.8.16,0.4.9.5,0.4.9.11
server-versions 0.4.8.10,0.4.8.11,0.4.8.12,0.4.8.13,0.4.8.14,0.4.8.15,0.4.8.16,0.4.9.5,0.4.9.11
known-flags Authority BadExit Exit Fast Guard HSDir MiddleOnly NoEdConsensus Running Stable StaleDesc Sybil V2Dir Valid
recommended-client-protocols Cons=2 Desc=2 DirCache=2 HSDir=2 HSIntro=4 HSRend=2 Link=4-5 Microdesc=2 Relay=2
recommended-relay-protocols Cons=2 Desc=2 DirCache=2 HSDir=2 HSIntro=4 HSRend=2 Link=4-5 LinkAuth=3 Microdesc=2 Relay=2
required-client-protocols Cons=2 Desc=2 Link=4 Microdesc=2 Relay=2
required-relay-protocols Cons=2 Desc=2 DirCache=2 HSDir=2 HSIntro=4 HSRend=2 Link=4-5 LinkAuth=3 Microdesc=2 Relay=2
params CircuitPriorityHalflifeMsec=30000 DoSCircuitCreationEnabled=1 DoSConnectionEnabled=1 bwauthpid=1 hsdir_spread_store=4
shared-rand-previous-value 9 {previous_value}
shared-rand-current-value 9 {current_value}
"""
PROTOCOLS = ("Conflux=1 Cons=1-2 Desc=1-2 DirCache=2 FlowCtrl=1-2 HSDir=2 HSIntro=4-5 HSRend=1-2 Link=1-5 LinkAuth=1,3 "
             "Microdesc=1-2 Padding=2 Relay=1-4")
PORTS = "20-21,22,43,53,80,110,143,194,220,443,531,543-544,554,563,587,636,706,749,873,993-995,5222-5223,8080,8443"


def encoded(data):
    """Base64 as directory documents have it, without padding."""
    return base64.b64encode(data).decode().rstrip("=")


def make_microdescriptor(draw, number):
    """A relay's microdescriptor: some with a family, some with an exit policy, as on the public network."""
    lines = ["onion-key", f"ntor-onion-key {encoded(draw.randbytes(32))}"]
    if number % 4 == 0:
        lines.append("family " + " ".join(f"${draw.randbytes(20).hex().upper()}" for _ in range(draw.randint(2, 40))))
    if number % 4 == 1:
        lines.append("p accept " + PORTS)
    lines.append(f"id ed25519 {encoded(draw.randbytes(32))}")
    return "\n".join(lines) + "\n"


def make_relay(draw, number, fingerprint, digest):
    """A relay's lines in the consensus."""
    flags = "Fast Guard HSDir Running Stable V2Dir Valid" if number % 2 == 0 else "Fast Running V2Dir Valid"
    host = ".".join(str(draw.randint(1, 254)) for _ in range(4))
    lines = [f"r relay{number} {encoded(fingerprint)} 2038-01-01 00:00:00 {host} {draw.randint(1024, 65535)} 0"]
    if number % 3 == 0:
        lines.append(f"a [2001:db8:{number:x}::1]:9001")
    lines += [f"m {encoded(digest)}", f"s {flags}", "v Tor 0.4.8.16", f"pr {PROTOCOLS}",
              f"w Bandwidth={draw.randint(20, 100000)}"]
    return "\n".join(lines) + "\n"


def make_footer(draw):
    """The end of a consensus with nine signatures."""
    signatures = []
    for _ in range(9):
        lines = base64.encodebytes(draw.randbytes(256)).decode().replace("\n", "")
        wrapped = "\n".join(lines[i:i + 64] for i in range(0, len(lines), 64))
        signatures.append(f"directory-signature sha256 {draw.randbytes(20).hex().upper()} {draw.randbytes(20).hex().upper()}\n"
                          f"-----BEGIN SIGNATURE-----\n{wrapped}\n-----END SIGNATURE-----\n")
    return "directory-footer\nbandwidth-weights Wbd=0 Wbe=0 Wbg=4203 Wbm=10000 Wdb=10000\n" + "".join(signatures)


def make_network(valid_after):
    """The text of a consensus and of its microdescriptors."""
    draw = random.Random("8,000 relays")
    preamble = with_times(PREAMBLE, valid_after, HOUR).format(
        previous_value=base64.b64encode(draw.randbytes(32)).decode(),
        current_value=base64.b64encode(draw.randbytes(32)).decode())
    microdescriptors = [make_microdescriptor(draw, number) for number in range(RELAYS)]
    fingerprints = sorted(draw.randbytes(20) for _ in range(RELAYS))
    relays = [make_relay(draw, number, fingerprint, hashlib.sha256(text.encode()).digest())
              for number, (fingerprint, text) in enumerate(zip(fingerprints, microdescriptors))]
    draw.shuffle(microdescriptors)  # tor gives them in no order
    return preamble + "".join(relays) + make_footer(draw), "".join(microdescriptors)


def read_vector(name):
    """A descriptor of vectors/, and the figures that stand before it."""
    head, text = (VECTORS / name).read_text().split("\n\n", 1)
    figures = dict(line.split(" ", 1) for line in head.splitlines() if line[0] != "#" and not line.startswith("point "))
    return text, figures


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: make_input.py FOLDER")
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    valid_after = int(os.environ.get("BENCH_VALID_AFTER", time.time() // HOUR * HOUR))
    consensus, microdescriptors = make_network(valid_after)
    (folder / "consensus").write_text(consensus)
    (folder / "microdescriptors").write_text(microdescriptors)
    for vector, name in (("descriptor_tor_plain.txt", "descriptor"), ("descriptor_stem_twenty.txt", "points")):
        text, figures = read_vector(vector)
        (folder / name).write_text(text)
        (folder / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n")


main()
