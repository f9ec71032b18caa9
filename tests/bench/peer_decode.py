"""Onionbalance takes the descriptor apart that bench_decode does."""
import hashlib
import base64

from onionbalance.hs_v3.descriptor import ReceivedDescriptor

import peer

text = peer.text_of("descriptor").encode()
public_key = bytes.fromhex(peer.figures_of("descriptor")["identity-key"])
checksum = hashlib.sha3_256(b".onion checksum" + public_key + b"\x03").digest()[:2]
address = base64.b32encode(public_key + checksum + b"\x03").decode().lower()


def decode():
    """One descriptor."""
    assert len(ReceivedDescriptor(text, address).get_intro_points()) == 3


peer.report("decode", peer.seconds_of(decode))
peer.note("decode", "Onionbalance does not check the certificates of the introduction points")
