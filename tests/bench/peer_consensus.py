"""stem reads the consensus and the microdescriptors that bench_consensus does, Onionbalance makes both rings of them."""
import io
import types

from stem.descriptor import microdescriptor

import peer
from onionbalance.hs_v3 import consensus, hashring
from onionbalance.hs_v3.onionbalance import my_onionbalance


def get_microdescriptors():
    """As stem's Controller has it, but for the control port."""
    yield from microdescriptor._parse_file(io.BytesIO(peer.text_of("microdescriptors").encode()))


my_onionbalance.controller = types.SimpleNamespace(
    get_md_consensus=lambda: peer.text_of("consensus"),
    controller=types.SimpleNamespace(get_microdescriptors=get_microdescriptors))
my_onionbalance.consensus = consensus.Consensus(do_refresh_consensus=False)


def build():
    """What happens at a new consensus."""
    my_onionbalance.consensus.refresh()
    for is_first_descriptor in (True, False):
        assert sorted(hashring._get_hash_ring_for_descriptor(is_first_descriptor))


peer.report("consensus", peer.seconds_of(build))
