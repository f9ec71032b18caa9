"""What tor says to the signatures at which verifiers of Ed25519 differ (tests/attack/hard_signatures.py), so that obpub
accepts none that tor does not, and it is known which it refuses though tor takes them. A tor that is alone in the world
judges descriptors that are good in everything but that: it decodes what it is to post, as an HSDir would."""
import os
import pathlib
import shutil
import subprocess
import sys
import time

import checks

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "attack"))
import descriptor  # noqa: E402
import hard_signatures as hard  # noqa: E402

from stem.control import Controller  # noqa: E402

SKIP = 77
PERIOD, LENGTH = 20000, 1440
PLACE = b"\nrevision-counter "
# All kinds that obpub refuses and tor takes; the documents name them, too.
STRICTER = {"unreduced-s", "small-order-key", "non-canonical-key", "small-order-r"}


class Tor:
    """A tor without a network, and a connection to its control port."""

    def __init__(self, folder):
        self.folder = folder

    def __enter__(self):
        (self.folder / "data").mkdir(mode=0o700)
        socket = self.folder / "control"
        checks.write(self.folder / "torrc", f"DataDirectory {self.folder}/data\nDisableNetwork 1\nSocksPort 0\n"
                                            f'ControlSocket unix:"{socket}"\nLog notice stdout\n')
        checks.write(self.folder / "defaults", "")
        self.process = subprocess.Popen(["tor", "--defaults-torrc", self.folder / "defaults", "-f", self.folder / "torrc",
                                         "__OwningControllerProcess", str(os.getpid())],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert checks.wait_for(lambda: checks.listens(socket)), "tor does not start"
        self.controller = Controller.from_socket_file(str(socket))
        self.controller.authenticate()
        return self

    def __exit__(self, *exception):
        self.controller.close()
        self.process.terminate()
        self.process.wait()

    def takes(self, address, text):
        """Whether it would post a descriptor; it has nobody to post it to."""
        return self.controller.msg(f"HSPOST HSADDRESS={address}\n{text.rstrip()}").is_ok()


class Documents:
    """A service's descriptors, under any descriptor signing key, which the blinded key certifies."""

    def __init__(self):
        self.master = descriptor.Keypair.new()
        self.now = int(time.time())
        self.blinded = self.master.blinded(PERIOD, LENGTH)
        self.halves = {}

    def message(self, public, number):
        """What a descriptor's signature is made of; the number goes into its revision counter."""
        if public not in self.halves:
            maker = descriptor.Maker(self.master, PERIOD, LENGTH, self.now, blinded=self.blinded, points=1)
            maker.certificate.certified = public
            signed = maker.text().encode().rpartition(b"signature ")[0]
            head, _, rest = signed.partition(PLACE)
            self.halves[public] = descriptor.SIGNATURE_PREFIX + head + PLACE, b"\n" + rest.partition(b"\n")[2]
        head, rest = self.halves[public]
        return head + str(number + 1).encode() + rest

    def text(self, case):
        signature = descriptor.encode(case.signature).rstrip("=")
        return case.message[len(descriptor.SIGNATURE_PREFIX):].decode() + f"signature {signature}\n"


def check_that_it_can_fail(tor, documents, case):
    spoilt = hard.Case("spoilt", case.public, case.message, case.signature[:40] + bytes([case.signature[40] ^ 1])
                       + case.signature[41:])
    address = checks.address_of(documents.master.public)
    checks.check("tor refuses a descriptor with one bit changed", not tor.takes(address, documents.text(spoilt)))


def main():
    if shutil.which("tor") is None:
        print("there is no tor here")
        sys.exit(SKIP)
    documents = Documents()
    address = checks.address_of(documents.master.public)
    cases = hard.cases(documents.message)
    with checks.temporary_folder() as name, Tor(pathlib.Path(os.path.realpath(name))) as tor:
        check_that_it_can_fail(tor, documents, cases[0])
        verdicts = [(case, tor.takes(address, documents.text(case))) for case in cases]
    for kind in sorted({case.kind for case in cases}):
        of_kind = [(case, taken) for case, taken in verdicts if case.kind == kind]
        wrong = [case.signature.hex() for case, taken in of_kind if taken != case.is_good_for_tor()]
        checks.check(f"tor says to {len(of_kind)} of the kind {kind} what it is known to say: it takes "
                     f"{sum(taken for _, taken in of_kind)}", not wrong, wrong[:3])
    checks.check("obpub takes nothing that tor refuses",
                 not [case.kind for case, taken in verdicts if case.is_good_for_obpub() and not taken])
    stricter = {case.kind for case, taken in verdicts if taken and not case.is_good_for_obpub()}
    checks.check("what obpub refuses though tor takes it is known", stricter == STRICTER, stricter)
    checks.finish()


main()
