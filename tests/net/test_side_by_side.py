# Stock tor's onion services and obpub's frontends side by side, while the same things happen to both: what HSDirs are sent
# has to be alike. The clock of all programs is fast, so that some hours pass in minutes.
#
# What stock tor does (0.4.9, src/feature/hs/hs_service.c), all of which is looked at on its side as well:
# - run_upload_descriptor_event() looks once a second. A round of a descriptor is set_descriptor_revision_counter(), once,
#   then upload_descriptor_to_all(): one upload to each responsible HSDir. upload_descriptor_to_hsdir() encodes anew for
#   each, so each has another text under the same counter.
# - service_desc_hsdirs_changed(): when an HSDir has become responsible that the last round did not go to, there is a
#   round, to all HSDirs, of that descriptor alone. When one is responsible no more, another one has taken its place.
# - update_service_descriptor_intro_points(): a descriptor that gets other introduction points has a round as soon as their
#   circuits are there (should_service_upload_descriptor()).
# - handle_response_upload_hsdesc() in dirclient.c: the control port is told what an HSDir has answered, and nothing comes
#   of a refusal. connection_dir_client_request_failed(): nor of an upload that does not get through. What an HSDir lacks it
#   gets with the next round.
# - upload_descriptor_to_all() draws the time of the next round after each one, from 60 to 120 minutes
#   (HS_SERVICE_NEXT_UPLOAD_TIME_MIN and _MAX), whatever the network. On one with short days obpub's come sooner.
#
# obpub may try again what did not reach an HSDir, in the same round; and after a refusal, minutes later, it may have one
# round more, which is to an HSDir what a round for other points is.

import sys
import time
from collections import Counter

from harness.likeness import MINUTE, POINTS, RING, figures, find_unlike, spread, tell, without_lone
from harness.rounds import HAD, REFUSED, TAKEN
from harness.side_by_side import SideBySide
from testnet import main_in_own_network, step

INTERVAL = 1800  # between two consensuses, by the network's clock
# Of that clock; and how long to wait after the last event, to see some refreshes. With --soak, to see them all.
SPEED, REFRESHES = (20, 125 * MINUTE) if '--soak' in sys.argv else (40, 75 * MINUTE)
APART = 3  # seconds between the first and the last of all frontends' rounds for one event, at least

HSDIR_LEFT = 'an HSDir leaves'
POINTS_CHANGED = 'points change, and an HSDir does not answer'
HSDIR_JOINED = 'an HSDir joins, and refuses some'
CAUSED = {HSDIR_LEFT: RING, POINTS_CHANGED: POINTS, HSDIR_JOINED: RING}


def happen(both):
    """All that happens to both sides."""
    both.say('watching begins')
    with both.happening(HSDIR_LEFT):
        both.change_ring(is_in=False)
    both.silent.suspend()
    with both.happening(POINTS_CHANGED):
        both.change_points()
    both.silent.resume()
    both.forge()
    with both.happening(HSDIR_JOINED):
        both.change_ring(is_in=True)
    both.pass_time(REFRESHES)
    both.say('watching ends')


def show(one):
    """A line about a round."""
    of_round = one.round
    retries = len(of_round.uploads) - len(of_round.hsdirs)
    silent = of_round.hsdirs - of_round.answering(TAKEN, REFUSED, HAD)
    since = f', {one.since / MINUTE:.1f} min after the last' if one.since else ''
    print(f'    {time.strftime("%H:%M:%S", time.gmtime(of_round.began))} {one.cause}: {len(of_round.hsdirs)} HSDirs, '
          f'{retries} retries, {len(of_round.answering(REFUSED))} refused, {len(silent)} silent, '
          f'counter {of_round.counter}{since}')


def judge(both, side, ended):
    """Count what one side does that stock tor would not, in words."""
    unlike = Counter()
    told_of_each = []
    for descriptor, rounds in side.rounds().items():
        ring = side.rings[descriptor]
        told = tell(rounds, ring, side.scale)
        print(f'{side.name}: {descriptor[0][:8]}, {ring.slot} descriptor')
        for one in told:
            show(one)
        found = find_unlike(told, ring, side.scale, both.ring_changes, ended)
        for text in found:
            print(f'    NOT LIKE TOR: {text}')
        unlike.update(found)
        told_of_each.append(told)
    for what, cause in CAUSED.items():
        seconds, count = spread(told_of_each, cause, *both.happened[what])
        step(f'{side.name}: {what}: {count} rounds, which began within {seconds:.1f} s')
        if side is both.obpub and count > 1 and seconds < APART:
            unlike[f'all rounds of frontends that share a backend at the same moment, because {what}'] += 1
    summary = figures(told_of_each)
    step(f'{side.name}: {summary}')
    return without_lone(unlike, summary.uploads)


def test(net):
    with SideBySide(net) as both:
        happen(both)
        ended = both.now()
        for side in (both.tor, both.obpub):
            step(f'{both.look(side)} HSDirs have what {side.name} gave them, each another text')
        unlike = {side.name: judge(both, side, ended) for side in (both.tor, both.obpub)}
    for name, found in unlike.items():
        for text, count in found.items():
            step(f'{name}, {count} times: {text}')
    assert not unlike['tor'], 'stock tor itself is not as was believed'
    assert not unlike['obpub'], 'HSDirs can tell obpub from tor'


main_in_own_network(test, f'--interval={INTERVAL}', f'--speed={SPEED}')
