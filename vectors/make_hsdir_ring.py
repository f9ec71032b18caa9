#!/usr/bin/python3
"""Makes ring-*: consensuses and microdescriptors of made-up relays, what stem reads in them, and which HSDirs
Onionbalance computes from them, by which obpub's are judged. Writes the same files every time. Needs onionbalance and
python3-stem."""

import base64
import hashlib
import itertools
import logging
import os
import types

import stem.util
from onionbalance.hs_v3 import consensus as onionbalance_consensus
from onionbalance.hs_v3 import hashring, onionbalance, tor_node
from stem.descriptor.microdescriptor import Microdescriptor
from stem.descriptor.networkstatus import NetworkStatusDocumentV3

RELAYS = 60
BLINDED_KEYS = 6

# Name of the folder, valid-after, fresh-until, valid-until, shared random values.
MOMENTS = [
    ('ring-first-half', '2026-03-15 02:00:00', '2026-03-15 03:00:00', '2026-03-15 05:00:00', ('previous', 'current')),
    ('ring-second-half', '2026-03-15 12:00:00', '2026-03-15 13:00:00', '2026-03-15 15:00:00', ('previous', 'current')),
    ('ring-no-previous-value', '2026-03-15 23:00:00', '2026-03-16 00:00:00', '2026-03-16 02:00:00', ('current',)),
    ('ring-no-value', '2026-03-16 00:00:00', '2026-03-16 01:00:00', '2026-03-16 03:00:00', ()),
]

# Each relay gets the next of these; some of them make it no HSDir for v3 descriptors.
FLAGS = ['Exit Fast HSDir Running V2Dir Valid', 'Fast Guard HSDir Running Stable V2Dir Valid', 'HSDir Running Valid',
         'Fast Running V2Dir Valid', 'Fast Guard HSDir Running V2Dir Valid']
PROTOCOLS = ['Cons=1-2 Desc=1-2 HSDir=2 Link=1-5', 'Cons=1-2 HSDir=1-2 Relay=1-4', 'HSDir=1,2 Link=5',
             'Cons=2 HSDir=2', 'Cons=2 HSDir=2 HSIntro=4-5', 'Cons=1 HSDir=1 Link=1-3', 'Cons=1 HSDir=2-3']


def digest(*words):
    return hashlib.sha256(' '.join(str(word) for word in words).encode()).digest()


def base64_of(data, padded=False):
    text = base64.b64encode(data).decode()
    return text if padded else text.rstrip('=')


class Relay:
    def __init__(self, number):
        self.number = number
        self.fingerprint = digest('fingerprint', number)[:20]
        lines = ['onion-key']
        if number % 3 == 0:
            lines += ['-----BEGIN RSA PUBLIC KEY-----', base64_of(digest('rsa', number)),
                      '-----END RSA PUBLIC KEY-----']
        lines += [f'ntor-onion-key {base64_of(digest("ntor", number), number % 2 == 0)}']
        if number % 4 == 1:
            lines += ['a [2001:db8::1]:9001', f'family ${digest("family", number)[:20].hex().upper()}']
        if number % 5 == 2:
            lines += ['p accept 80,443']
        if number != 7:
            lines += [f'id ed25519 {base64_of(digest("ed25519", number))}']
        self.microdescriptor = '\n'.join(lines) + '\n'

    def entry(self):
        return '\n'.join([
            f'r relay{self.number} {base64_of(self.fingerprint)} 2038-01-01 00:00:00 192.0.2.{self.number} 9001 0',
            f'm {base64_of(hashlib.sha256(self.microdescriptor.encode()).digest())}',
            f's {FLAGS[self.number % len(FLAGS)]}',
            'v Tor 0.4.9.11',
            f'pr {PROTOCOLS[self.number % len(PROTOCOLS)]}',
            'w Bandwidth=1000',
        ]) + '\n'


def make_consensus(relays, valid_after, fresh_until, valid_until, values):
    lines = ['network-status-version 3 microdesc', 'vote-status consensus', 'consensus-method 35',
             f'valid-after {valid_after}', f'fresh-until {fresh_until}', f'valid-until {valid_until}',
             'voting-delay 300 300', 'client-versions 0.4.9.11', 'server-versions 0.4.9.11',
             'known-flags Exit Fast Guard HSDir Running Stable V2Dir Valid',
             'params CircuitPriorityHalflifeMsec=30000 DoSCircuitCreationEnabled=1 circwindow=1000']
    lines += [f'shared-rand-{name}-value 9 {base64_of(digest(name), True)}' for name in values]
    lines += [f'dir-source authority {digest("authority")[:20].hex().upper()} 192.0.2.250 192.0.2.250 80 443',
              'contact nobody', f'vote-digest {digest("vote")[:20].hex().upper()}']
    footer = ['directory-footer', 'bandwidth-weights Wbd=0 Wbe=0',
              f'directory-signature sha256 {digest("a")[:20].hex().upper()} {digest("b")[:20].hex().upper()}',
              '-----BEGIN SIGNATURE-----', base64_of(digest('signature')), '-----END SIGNATURE-----']
    return '\n'.join(lines) + '\n' + ''.join(relay.entry() for relay in relays) + '\n'.join(footer) + '\n'


def load_into_onionbalance(text, microdescriptors):
    """Have Onionbalance take these documents for those of its tor; returns its Consensus."""
    class Consensus(onionbalance_consensus.Consensus):
        def is_live(self):
            return True

    loaded = Consensus(do_refresh_consensus=False)
    loaded.consensus = NetworkStatusDocumentV3(text.encode())
    by_digest = {found.digest(): found for found in (Microdescriptor(entry.encode()) for entry in microdescriptors)}
    loaded.nodes = [tor_node.Node(by_digest[router.microdescriptor_digest], router)
                    for router in loaded.consensus.routers.values() if router.microdescriptor_digest in by_digest]
    onionbalance.my_onionbalance = types.SimpleNamespace(consensus=loaded, is_testnet=False)
    return loaded


def write(folder, name, comment, lines):
    with open(os.path.join(folder, name), 'w', encoding='ascii') as output:
        output.write(f'# {comment}\n# Source: made-up relays, see make_hsdir_ring.py.\n' + ''.join(lines))


def hsdir_rows(document):
    """What stem says about the times and the HSDirs of a consensus."""
    for router in document.routers.values():
        if 'HSDir' in router.flags and 2 in router.protocols.get('HSDir', []):
            found = base64.b64decode(router.microdescriptor_digest + '=')
            yield f'{router.fingerprint.lower()} {found.hex()}\n'


def responsible_rows(slot):
    """What Onionbalance computes. It gives up on a key when two or more of a replica's HSDirs lie past the end of the
    ring, where it stays at the first one (seen with 0.2.2): such keys are left out."""
    _, period = hashring.get_srv_and_time_period(slot == 'first')
    for number in itertools.count():
        blinded = digest('blinded', number)
        try:
            found = hashring.get_responsible_hsdirs(blinded, slot == 'first')
        except hashring.EmptyHashRing:
            continue
        yield f'{slot} {period} {blinded.hex()} {",".join(found).lower()}\n'


def main():
    logging.disable()
    relays = sorted((Relay(number) for number in range(RELAYS)), key=lambda relay: relay.fingerprint)
    known = [relay.microdescriptor for relay in sorted(relays, key=lambda relay: digest('order', relay.number))
             if relay.number not in (11, 22)]
    for folder, *times, values in MOMENTS:
        os.makedirs(folder, exist_ok=True)
        text = make_consensus(relays, *times, values)
        loaded = load_into_onionbalance(text, known)
        times = [int(stem.util.datetime_to_unix(time)) for time in (
            loaded.consensus.valid_after, loaded.consensus.fresh_until, loaded.consensus.valid_until)]
        write(folder, 'consensus', 'A consensus.', [text])
        write(folder, 'microdescriptors', 'All microdescriptors but those of two HSDirs.', known)
        write(folder, 'hsdirs', 'What stem reads: valid-after, fresh-until and valid-until; then of each HSDir its '
              'fingerprint\n# and its microdescriptor\'s digest.',
              [f'times {times[0]},{times[1]},{times[2]}\n', *hsdir_rows(loaded.consensus)])
        rows = [row for slot in ('first', 'second') for row in itertools.islice(responsible_rows(slot), BLINDED_KEYS)]
        write(folder, 'responsible', 'The HSDirs that Onionbalance computes (rend-spec-v3 [WHERE-HSDESC]).\n'
              '# Columns: descriptor, time period, blinded key, fingerprints.', rows)


if __name__ == '__main__':
    main()
