"""Onionbalance takes the descriptor apart that bench_decode does."""
import peer


def decode():
    """One descriptor."""
    assert len(peer.received("descriptor").get_intro_points()) == 3


peer.report("decode", peer.seconds_of(decode))
peer.note("decode", "Onionbalance checks neither signature nor certificate, obpub all of them; no target is set against it")
