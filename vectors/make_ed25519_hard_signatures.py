#!/usr/bin/python3
"""Makes ed25519_hard_signatures.txt with the integer arithmetic of tests/attack, which shares nothing with obpub. Run it in
vectors/; it writes the same file every time."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'tests' / 'attack'))
import hard_signatures as hard  # noqa: E402

VERDICT = {True: 'good', False: 'bad'}

with open('ed25519_hard_signatures.txt', 'w', encoding='ascii') as output:
    print('''\
# Signatures at which verifiers of Ed25519 are known to differ: S that is not reduced, points of small and of mixed order,
# encodings that are not canonical. The kinds are those of "Taming the many EdDSAs" (2020) and of ZIP 215.
# Columns: kind, what obpub has to say, what tor 0.4.9 says, public key, message, signature.
# Source: made by make_ed25519_hard_signatures.py; what tor says is checked with tor by tests/cli/test_hard_signatures.py.''',
          file=output)
    made = hard.cases(lambda public, number: b'obpub %d' % number) + hard.zip215_cases() + hard.edge_cases()
    for case in made:
        print(case.kind, VERDICT[case.is_good_for_obpub()], VERDICT[case.is_good_for_tor()], case.public.hex(),
              case.message.hex(), case.signature.hex(), file=output)
