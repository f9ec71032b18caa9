"""Onionbalance builds a descriptor of the introduction points that bench_build has, at the same time of the run."""
import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import peer
from onionbalance.hs_v3 import consensus, descriptor
from onionbalance.hs_v3.onionbalance import my_onionbalance

HOURS_OF_RUN = 36
PERIOD_NUMBER = int(peer.figures_of("points")["period-number"])

points = peer.received("points").get_intro_points()
assert len(points) == 20
identity = Ed25519PrivateKey.from_private_bytes(bytes([1]) + bytes(31))
public_key = descriptor.stem.util._pubkey_bytes(identity)
my_onionbalance.consensus = consensus.Consensus(do_refresh_consensus=False)
run_start = datetime.datetime.utcnow() - datetime.timedelta(hours=HOURS_OF_RUN)
my_onionbalance.consensus.get_start_time_of_previous_srv_run = lambda: descriptor.stem.util.datetime_to_unix(run_start)


def build():
    """One descriptor, as OnionbalanceService has it made."""
    nonce = my_onionbalance.consensus.get_blinding_param(public_key, PERIOD_NUMBER)
    made = descriptor.OBDescriptor("frontend.onion", identity, nonce, points, is_first_desc=True)
    str(made.v3_desc)


seconds = peer.seconds_of(build)
peer.report("build", seconds)
peer.report("refresh", seconds)
peer.note("refresh", "Onionbalance keeps nothing, so that it builds from nothing each time")
