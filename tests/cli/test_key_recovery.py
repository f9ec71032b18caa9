# The attack that took onion services over in 2026: a master key worked out from published signatures whose nonces had
# no secret in them. Everything that is known to have worked is tried (attack/recovery.py), with public material alone.
# It has to find the keys of broken signers, which are built here or made from obpub's own source by the change of one
# line, and none of obpub's.

import hashlib
import os
import pathlib
import subprocess
import sys
import time

import bundle_reader
import checks
import standin_tor
from checks import check

sys.path.insert(0, str(checks.SOURCE / "tests/attack"))
import curve  # noqa: E402
import mutation  # noqa: E402
import recovery  # noqa: E402
from descriptor import Keypair, Maker, Public, blinding_factor, subcredential_of  # noqa: E402

PERIOD_LENGTH = 1440
PERIOD = standin_tor.period_number()
NOW = int(time.time())


# -- signers that are broken on purpose ----------------------------------------------------------------------------

def prefix_of(make):
    """A signer whose blinded prefix is made of public values: make(identity, blinded key, period)."""
    def blind(master, period):
        sound = master.blinded(period, PERIOD_LENGTH)
        return Keypair(sound.scalar, make(master.public, sound.public, period))
    return blind


def nonce_of(make):
    """A signer whose nonces are made by make(prefix, public, message) in place of SHA-512(prefix, message)."""
    return lambda master, period: master.blinded(period, PERIOD_LENGTH, nonce=make)


def blinded_prefix_of(half):
    return hashlib.sha512(b"Derive temporary signing key hash input" + half).digest()[:32]


def factor_bytes(identity, period):
    return blinding_factor(identity, period, PERIOD_LENGTH).to_bytes(32, "little")


counted = iter(range(10 ** 30, 10 ** 31))

BROKEN = {
    "no prefix at all": prefix_of(lambda identity, blinded, period: b""),
    "a prefix of zeros": prefix_of(lambda identity, blinded, period: bytes(32)),
    "a prefix of ones": prefix_of(lambda identity, blinded, period: b"\xff" * 32),
    "the second half of the key left out": prefix_of(lambda identity, blinded, period: blinded_prefix_of(b"")),
    "a second half of zeros": prefix_of(lambda identity, blinded, period: blinded_prefix_of(bytes(32))),
    "the identity key for second half": prefix_of(lambda identity, blinded, period: blinded_prefix_of(identity)),
    "the identity key as prefix": prefix_of(lambda identity, blinded, period: identity),
    "the blinded key as prefix": prefix_of(lambda identity, blinded, period: blinded),
    "the identity key's hash as prefix": prefix_of(
        lambda identity, blinded, period: hashlib.sha512(identity).digest()[32:]),
    "the blinding factor as prefix": prefix_of(lambda identity, blinded, period: factor_bytes(identity, period)),
    "the subcredential as prefix": prefix_of(lambda identity, blinded, period: subcredential_of(identity, blinded)),
    "the credential as prefix": prefix_of(
        lambda identity, blinded, period: hashlib.sha3_256(b"credential" + identity).digest()),
    "a string of the spec as prefix": prefix_of(
        lambda identity, blinded, period: b"Derive temporary signing key hash input"),
    "the time period as prefix": prefix_of(lambda identity, blinded, period: period.to_bytes(8, "big")),
    "the message's hash alone": nonce_of(lambda prefix, public, message: curve.hash_to_scalar(message)),
    "the key's and the message's hash": nonce_of(lambda prefix, public, message: curve.hash_to_scalar(public, message)),
    "a nonce of one": nonce_of(lambda prefix, public, message: 1),
    "a small nonce": nonce_of(lambda prefix, public, message: 2 + message[-1]),
    "one nonce for all messages of a time period": nonce_of(
        lambda prefix, public, message: curve.hash_to_scalar(prefix)),
    "one secret nonce for everything": nonce_of(lambda prefix, public, message: 2 ** 200 + 12345),
    "a secret nonce that does not depend on the key that is certified": nonce_of(
        lambda prefix, public, message: curve.hash_to_scalar(b"secret", message[:7])),
    "secret nonces that count up": nonce_of(lambda prefix, public, message: next(counted)),
}

SOUND = {
    "the key's own prefix": lambda master, period: master.blinded(period, PERIOD_LENGTH),
    "random nonces": nonce_of(lambda prefix, public, message: int.from_bytes(os.urandom(64), "little") % curve.ORDER),
}


def masters():
    """A key that comes from a seed, and an expanded one whose halves have nothing to do with each other."""
    return [Keypair.new(), Keypair(curve.clamp(os.urandom(32)), os.urandom(32))]


def publish(blind, keys):
    """Two descriptors of each of these frontends for each of two time periods: what the blinded keys have signed."""
    for master in keys:
        for period in (PERIOD, PERIOD + 1):
            blinded = blind(master, period)
            for step in (0, 1):
                maker = Maker(master, period, PERIOD_LENGTH, NOW + step, blinded=blinded, points=0)
                yield next(recovery.signatures_of(maker.text(), master.public, [period], PERIOD_LENGTH))


def check_broken_signers():
    for name, blind in BROKEN.items():
        keys = masters()
        found = recovery.recover(list(publish(blind, keys)))
        lost = [key for key in keys if found.get(key.public) and found[key.public].scalar == key.scalar]
        check(f"broken signer, {name}: both master keys are found", len(lost) == 2, f"{len(lost)} were")
    for name, blind in SOUND.items():
        found = recovery.recover(list(publish(blind, masters())))
        check(f"sound signer, {name}: nothing is found", not found, found)


# -- obpub itself ---------------------------------------------------------------------------------------------------

def signature_under(certificate, identity, period):
    """The signature under a certificate that an identity's blinded key has made in a time period."""
    factor = blinding_factor(identity, period, PERIOD_LENGTH)
    shown = Public.__new__(Public)
    shown.certificate, shown.certified, shown.blinded = certificate, certificate[7:39], certificate[44:76]
    shown.counter = 0
    assert curve.verify(shown.blinded, certificate[:-64], certificate[-64:])
    return recovery.Signature(shown.blinded, certificate[:-64], certificate[-64:-32],
                              int.from_bytes(certificate[-32:], "little"), identity, factor % curve.ORDER,
                              recovery.public_values(identity, shown, period, PERIOD_LENGTH, factor))


def certified(tool, key, periods):
    """The signatures under certificates that tools/certify.c makes for a secret key of 64 bytes, or None if it refuses
    to sign."""
    result = subprocess.run([tool, key.hex(), str(PERIOD_LENGTH), str(PERIOD), str(periods), str(NOW // 3600 + 54)],
                            capture_output=True, text=True)
    if result.returncode == 3:
        return None
    assert result.returncode == 0, result.stderr
    identity = curve.public_of(int.from_bytes(key[:32], "little"))
    signatures = []
    for line in result.stdout.splitlines():
        signatures.append(signature_under(bytes.fromhex(line), identity, PERIOD + len(signatures) // 3))
    return signatures


NONCE = r"hash_to_scalar\(nonce, secret_key->nonce_prefix, NULL, abstract, abstract_count\)"
BLINDED_PREFIX = r"memcpy\(blinded_secret_key->nonce_prefix, digest, sizeof\(blinded_secret_key->nonce_prefix\)\);"
# obpub with one line changed: what the attack has to notice if somebody breaks that line one day.
CHANGES = [
    ("the public key for nonce prefix", "crypto/ed25519.c", NONCE,
     "hash_to_scalar(nonce, public_key, NULL, abstract, abstract_count)"),
    ("a nonce that ignores the message", "crypto/ed25519.c", NONCE,
     "hash_to_scalar(nonce, secret_key->nonce_prefix, NULL, abstract, 0)"),
    ("a nonce of the message's first bytes", "crypto/ed25519.c", NONCE,
     "hash_to_scalar(nonce, secret_key->nonce_prefix, NULL, &(struct span){abstract[0].data, 2}, 1)"),
    ("a blinded prefix of ones", "crypto/blinding.c", BLINDED_PREFIX,
     "memset(blinded_secret_key->nonce_prefix, 0xff, 32);"),
    ("the blinding parameter for prefix", "crypto/blinding.c", BLINDED_PREFIX,
     "memcpy(blinded_secret_key->nonce_prefix, clamped, 32);"),
    ("the prefix left out of the blinded one", "crypto/blinding.c",
     r"\{secret_key->nonce_prefix, sizeof\(secret_key->nonce_prefix\)\}", "{secret_key->nonce_prefix, 0}"),
]


def check_library(folder):
    """Many certificates of one key, made by obpub's code as it is and with single lines changed."""
    tool = mutation.BUILD / "tests/certify"
    for name, key in (("a seed's key", checks.Key().expanded()),
                      ("an expanded key", curve.clamp(os.urandom(32)).to_bytes(32, "little") + os.urandom(32))):
        signatures = certified(tool, key, 20)
        check(f"60 certificates of {name} in 20 time periods: nothing is found",
              len(signatures) == 60 and not recovery.recover(signatures))
        again = certified(tool, key, 2)
        check(f"{name}: the same message gets the same signature, and only the same",
              [signature.scalar for signature in again] == [signature.scalar for signature in signatures[:6]] and
              len({signature.commitment for signature in signatures}) == 60)
    check("a key whose second half is zeros does not sign",
          certified(tool, curve.clamp(os.urandom(32)).to_bytes(32, "little") + bytes(32), 1) is None)
    for name, file, pattern, replacement in CHANGES:
        key = checks.Key().expanded()
        broken = mutation.build("certify", folder, file, pattern, replacement)
        found = recovery.recover(certified(broken, key, 2))
        check(f"{name} ({file}): the key is found", checks_scalar(found, key))


def checks_scalar(found, key):
    scalar = int.from_bytes(key[:32], "little") % curve.ORDER
    return [finding.scalar for finding in found.values()] == [scalar]


def key_files(folder):
    """A key of each kind: (kind, its file, the public key)."""
    pem, expanded, kept = checks.Key(), checks.Key(), checks.Key()
    yield "PEM", checks.write(folder / "frontend.key", pem.pem()), pem.public
    yield "expanded", checks.write(folder / "hs_ed25519_secret_key", expanded.tor()), expanded.public
    service = folder / "service"
    service.mkdir(mode=0o700)
    checks.write(service / "hs_ed25519_secret_key", kept.tor())
    yield "HiddenServiceDir", service, kept.public


def check_program(folder):
    """What `obpub --once` gives a (stand-in) tor to publish, three times, for a key of each kind."""
    backend = checks.Key()
    kinds = list(key_files(folder))
    instances = f"[{{address: {backend.address}, control: 'unix:{folder}/backend'}}]"
    services = "".join(f"  - key: {path}\n    instances: {instances}\n" for _, path, _ in kinds)
    config = checks.write(folder / "config.yaml", f"tor-control: unix:{folder}/tor\nservices:\n{services}")
    answers = standin_tor.own_answers(backend, standin_tor.make_descriptor(backend))
    signatures = {identity: [] for _, _, identity in kinds}
    with standin_tor.Tor(folder / "tor", standin_tor.network_answers()) as tor, \
            standin_tor.Tor(folder / "backend", answers):
        for _ in range(3):
            result = checks.run("--once", "-c", config, "--timeout", "30")
            check("obpub --once publishes", result.returncode == 0, result.stderr)
    texts = {text for _, text in tor.posted}
    periods = range(PERIOD - 1, PERIOD + 2)
    for text in texts:
        for identity in signatures:
            try:
                signatures[identity] += recovery.signatures_of(text, identity, periods, PERIOD_LENGTH)
            except LookupError:  # another frontend's
                pass
    for kind, _, identity in kinds:
        certificates = [signature for signature in signatures[identity] if signature.owner == identity]
        blinded = {signature.public for signature in certificates}
        check(f"{kind} key: descriptors of two time periods in three runs were looked at",
              len(blinded) == 2 and len(certificates) >= 6, f"{len(blinded)} periods, {len(certificates)} certificates")
    everything = [signature for found in signatures.values() for signature in found]
    found = recovery.recover(everything)
    check(f"nothing is found in {len(everything)} published signatures of three kinds of key", not found, found)


def check_bundles(folder):
    """All that a stolen bundle has: its certificates, many of each period's blinded key for the same key."""
    for kind, path, identity in key_files(folder):
        config = checks.write(folder / "offline.yaml", f"services:\n  - key: {path}\n    instances:\n"
                              f"      - address: {checks.Key().address}\n")
        bundle = folder / f"{kind}.bundle"
        result = checks.run("presign", "-c", config, "--days", 4, "-o", bundle)
        check(f"a bundle of a {kind} key is made", result.returncode == 0, result.stderr)
        signatures = [signature_under(certificate, identity, period.number)
                      for period in bundle_reader.Bundle(bundle.read_bytes()).periods
                      for certificate in period.certificates()]
        check(f"nothing is found in the {len(signatures)} certificates of the bundle",
              len(signatures) >= 48 and not recovery.recover(signatures))


with checks.temporary_folder() as name:
    check_broken_signers()
    check_library(pathlib.Path(name))
    check_program(pathlib.Path(name))
with checks.temporary_folder() as name:
    check_bundles(pathlib.Path(name))
checks.finish()
