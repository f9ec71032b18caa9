"""A stand-in for tor's control port, for faults that a real tor can't be made to show: it says what a test tells it.

What it answers when nothing is wrong is recorded: a consensus and microdescriptors of a private network, with the
consensus' times made those of now, on a network that is no testing one. Descriptors are made by python3-stem.
"""
import base64
import contextlib
import datetime
import os
import re
import socket
import threading
import time

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from stem.client.datatype import CertType, LinkByFingerprint, LinkByIPv4
from stem.descriptor.certificate import Ed25519CertificateV1, Ed25519Extension, ExtensionType
from stem.descriptor.hidden_service import (HiddenServiceDescriptorV3, InnerLayer, IntroductionPointV3, OuterLayer,
                                            _blinded_pubkey, _blinded_sign)

import checks

from harness.consensus import with_times
from harness.judge import blinding_parameter, edwards_form

CONSENSUS_KEY = "dir/status-vote/current/consensus-microdesc"
HOUR = 3600
PERIOD_LENGTH = 1440  # minutes


def recorded(name):
    """A recorded document, without the comments at its beginning."""
    lines = (checks.SOURCE / "vectors/network-second-half" / name).read_text().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("#"))


def consensus(now=None):
    """The recorded consensus as if it were of this hour."""
    return with_times(recorded("consensus"), int(time.time() if now is None else now) // HOUR * HOUR, HOUR)


def period_number(now=None):
    """The number of the time period that is now, on a network with the public network's times."""
    began = int(time.time() if now is None else now) // HOUR * HOUR
    return (began // 60 - 12 * 60) // PERIOD_LENGTH


def raw(private):
    """The bytes of a private key's public half."""
    return private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def make_point(signing_key, expires):
    """An introduction point with keys of its own."""
    def certify(kind, key):
        extensions = [Ed25519Extension(ExtensionType.HAS_SIGNING_KEY, None, raw(signing_key))]
        return Ed25519CertificateV1(kind, expires, 1, key, extensions, signing_key=signing_key)

    encryption = raw(X25519PrivateKey.generate())
    return IntroductionPointV3(
        [LinkByIPv4("192.0.2.1", 9001), LinkByFingerprint(os.urandom(20))],
        base64.b64encode(raw(X25519PrivateKey.generate())).decode(),
        certify(CertType.HS_V3_INTRO_AUTH, raw(Ed25519PrivateKey.generate())),
        base64.b64encode(encryption).decode(), certify(CertType.HS_V3_NTOR_ENC, edwards_form(encryption)), None, None)


def make_descriptor(key, signer=None, lifetime=54, features=()):
    """A descriptor of the service with this key (of checks.Key) for the time period that is now. With a signer,
    another key, all is as it should be, but under the blinded key that belongs to the signer. Its certificates are
    good for so many hours; features are pairs of a keyword and its arguments that are in the inner layer, too."""
    master = (signer or key).private
    nonce = blinding_parameter((signer or key).public, period_number(), PERIOD_LENGTH)
    blinded = _blinded_pubkey(master, nonce)
    expires = datetime.datetime.utcnow() + datetime.timedelta(hours=lifetime)
    signing_key = Ed25519PrivateKey.generate()
    certificate = Ed25519CertificateV1(CertType.HS_V3_DESC_SIGNING, expires, 1, raw(signing_key),
                                       [Ed25519Extension(ExtensionType.HAS_SIGNING_KEY, None, blinded)])
    certificate.signature = _blinded_sign(certificate.pack(), master, blinded, nonce)
    points = [make_point(signing_key, expires) for _ in range(3)]
    revision = int(time.time())
    inner = InnerLayer(InnerLayer.content(attr={"flow-control": "1-2 31", **dict(features)}, introduction_points=points))
    outer = OuterLayer.create(inner_layer=inner, revision_counter=revision, blinded_key=blinded,
                              subcredential=HiddenServiceDescriptorV3._subcredential(key.private, blinded))
    return HiddenServiceDescriptorV3.content(
        inner_layer=inner, outer_layer=outer, identity_key=key.private, signing_key=signing_key,
        signing_cert=certificate, revision_counter=revision, blinding_nonce=nonce).decode().rstrip("\n") + "\n"


class Peer:
    """Something that listens on a unix socket; serve(connection) talks to whoever connects. A context manager."""

    def __init__(self, path):
        self.path = str(path)

    def __enter__(self):
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(socket.SOMAXCONN)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        os.unlink(self.path)

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with connection:
            try:
                self.serve(connection)
            except OSError:
                pass

    def serve(self, connection):
        """Does nothing until the other side closes."""
        while connection.recv(4096):
            pass


class Scripted(Peer):
    """Waits for the first bytes from the other side, then sends what it was given, then says nothing more. endless:
    the last piece again and again."""

    def __init__(self, path, *pieces, endless=False, close=False):
        super().__init__(path)
        self.pieces, self.endless, self.close = pieces, endless, close

    def serve(self, connection):
        connection.recv(4096)
        for piece in self.pieces:
            connection.sendall(piece)
        while self.endless:
            connection.sendall(self.pieces[-1])
        if not self.close:
            super().serve(connection)


class Tor(Peer):
    """Speaks as much of the control protocol as obpub needs. `answers` are the answers to GETINFO, `fetched` the
    descriptors that HSDirs hand out, by address; `posted` collects the (HSDirs, descriptor) of HSPOST. hook, where
    given, is called with (connection, command) before each command and may answer it itself (True)."""

    def __init__(self, path, answers=None, fetched=None, hook=None):
        super().__init__(path)
        self.answers, self.fetched, self.hook = answers or {}, fetched or {}, hook
        self.posted = []

    def serve(self, connection):
        lines = connection.makefile("r", newline="\r\n")
        for line in lines:
            command = line.rstrip("\r\n")
            if self.hook and self.hook(connection, command):
                continue
            word, _, rest = command.partition(" ")
            reply = getattr(self, "answer_" + word.lstrip("+").lower(), self.answer_unknown)(rest, lines)
            connection.sendall(reply.replace("\n", "\r\n").encode())

    def answer_unknown(self, rest, lines):
        return "510 Unrecognized command\n"

    def answer_protocolinfo(self, rest, lines):
        return '250-PROTOCOLINFO 1\n250-AUTH METHODS=NULL\n250-VERSION Tor="0.4.9.11"\n250 OK\n'

    def answer_authenticate(self, rest, lines):
        return "250 OK\n"

    answer_setevents = answer_authenticate

    def answer_getconf(self, rest, lines):
        return f"250 {rest}=0\n"

    def answer_getinfo(self, rest, lines):
        if rest not in self.answers:
            return f'552 Unrecognized key "{rest}"\n'
        answer = self.answers[rest]
        if "\n" in answer:
            return f"250+{rest}=\n{answer}.\n250 OK\n"
        return f"250-{rest}={answer}\n250 OK\n"

    def answer_hsfetch(self, rest, lines):
        address, *servers = rest.split()
        reply = "250 OK\n"
        for server in servers:
            hsdir = server.removeprefix("SERVER=").upper() + "~hsdir"
            content = self.fetched.get(address, "\n")  # what tor says when an HSDir has nothing
            outcome, reason = ("FAILED", " REASON=NOT_FOUND") if content == "\n" else ("RECEIVED", "")
            reply += f"650 HS_DESC {outcome} {address} NO_AUTH {hsdir} descriptor-id{reason}\n"
            reply += f"650+HS_DESC_CONTENT {address} descriptor-id {hsdir}\n{content}.\n650 OK\n"
        return reply

    def answer_hspost(self, rest, lines):
        hsdirs = re.findall(r"SERVER=\$?(\w+)", rest)
        address = re.search(r"HSADDRESS=(\w+)", rest).group(1)
        data = []
        for line in lines:
            if line == ".\r\n":
                break
            data.append(line.rstrip("\r\n"))
        self.posted.append((hsdirs, "\n".join(data) + "\n"))
        reply = "250 OK\n"
        for hsdir in hsdirs:
            reply += f"650 HS_DESC UPLOAD {address} UNKNOWN ${hsdir.upper()}~hsdir blinded HSDIR_INDEX=00\n"
            reply += f"650 HS_DESC UPLOADED {address} UNKNOWN ${hsdir.upper()}~hsdir\n"
        return reply


def network_answers(**changes):
    """What a local tor answers to GETINFO, with some answers changed."""
    answers = {"status/enough-dir-info": "1", CONSENSUS_KEY: consensus(), "md/all": recorded("microdescriptors")}
    return {**answers, **{key.replace("_", "/"): value for key, value in changes.items()}}


def own_answers(key, descriptor):
    """What a backend's tor answers to GETINFO."""
    return {f"hs/service/desc/id/{key.address}": descriptor}


class MortalTor(Tor):
    """A backend's tor whose connections end with it."""

    def __enter__(self):
        self._connections = []
        return super().__enter__()

    def __exit__(self, *exception):
        super().__exit__(*exception)
        for connection in self._connections:
            with contextlib.suppress(OSError):  # it may be closed already
                connection.shutdown(socket.SHUT_RDWR)

    def serve(self, connection):
        self._connections.append(connection)
        super().serve(connection)
