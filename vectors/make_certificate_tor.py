#!/usr/bin/python3
"""Records a certificate made by the installed tor: `tor --keygen` makes a relay's keys, the certificate among them that
binds its signing key to its identity key, without any network. Prints certificate_tor.txt; the keys are new each time,
were never used for a relay, and are deleted."""

import pathlib
import subprocess
import tempfile


def read_tagged(path):
    """The content of one of tor's key files, behind its 32-byte tag."""
    return path.read_bytes()[32:]


with tempfile.TemporaryDirectory() as directory:
    version = subprocess.run(['tor', '--version'], check=True, capture_output=True, text=True).stdout.split()[2]
    subprocess.run(['tor', '--keygen', '--no-passphrase', '--DataDirectory', directory, '-f', '/dev/null',
                    '--defaults-torrc', '/dev/null', '--hush'], check=True, capture_output=True)
    keys = pathlib.Path(directory, 'keys')
    print(f'''\
# A certificate with the signing key extension, type 4 (identity key -> signing key; cert-spec section 2.1).
# Source: recorded from a stock tor {version.rstrip(".")}, tor --keygen, by make_certificate_tor.py.
# Columns: expanded secret key that signed it, its public key, certified public key, certificate.''')
    certificate = read_tagged(keys / 'ed25519_signing_cert')
    print(read_tagged(keys / 'ed25519_master_id_secret_key').hex(),
          read_tagged(keys / 'ed25519_master_id_public_key').hex(),
          certificate[7:39].hex(), certificate.hex())
