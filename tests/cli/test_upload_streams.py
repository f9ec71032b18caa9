# What obpub makes of the streams that carry its uploads. A stand-in for the local tor ends some without an answer, leaves
# some hanging, and passes late answers on: a real tor can't be made to do that to one upload and not to the next.

import json
import pathlib
import time

import checks
import standin_tor
from checks import check
from publisher import Publisher, instance


class StreamingTor(standin_tor.Tor):
    """A local tor with STREAM events. fates: for the first uploads to each HSDir what becomes of them; all further ones
    are taken. `tries` counts the uploads by HSDir, `closed` has the streams that obpub has ended."""

    def __init__(self, path, fates, **options):
        super().__init__(path, standin_tor.network_answers(), **options)
        self.fates, self.tries, self.closed = fates, {}, []
        self._streams = {}  # those that hang, with their HSDir and address

    def answer_setevents(self, rest, lines):
        return "250 OK\n"

    def answer_hspost(self, rest, lines):
        super().answer_hspost(rest, lines)
        hsdir, address = rest.split()[0].removeprefix("SERVER=").upper(), rest.split("HSADDRESS=")[1]
        tries = self.tries.get(hsdir, 0)
        fate = self.fates[tries] if tries < len(self.fates) else "taken"
        self.tries[hsdir] = tries + 1
        stream = sum(self.tries.values())
        target = f"127.0.0.1.${hsdir}.exit:9001"
        reply = f"250 OK\n650 STREAM {stream} NEW 0 {target} PURPOSE=DIR_UPLOAD\n"
        if fate == "another's":
            reply += (f"650 STREAM {10000 + stream} NEW 0 {target} PURPOSE=DIR_UPLOAD\n"
                      f"650 HS_DESC UPLOAD {'a' * 55}d UNKNOWN ${hsdir}~hsdir {'A' * 43} HSDIR_INDEX={'0' * 64}\n"
                      f"650 HS_DESC FAILED {address} UNKNOWN ${hsdir}~hsdir REASON=NOT_FOUND\n")
            fate = "taken"
        if fate == "reached":
            return (reply + f"650 STREAM {stream} SUCCEEDED 7 {target}\n"
                    f"650 STREAM {stream} CLOSED 7 {target} REASON=DESTROY\n")
        if fate == "hangs":
            self._streams[stream] = hsdir, address
            return reply
        reply += f"650 STREAM {stream} CLOSED 7 {target} REASON={'END' if fate == 'taken' else 'DESTROY'}\n"
        if fate == "taken":
            reply += f"650 HS_DESC UPLOADED {address} UNKNOWN ${hsdir}~hsdir\n"
        return reply

    def answer_closestream(self, rest, lines):
        stream = int(rest.split()[0])
        hsdir, address = self._streams.pop(stream, (None, None))
        if hsdir is None:
            return "552 Unknown stream\n"
        self.closed.append(stream)
        return (f"250 OK\n650 STREAM {stream} CLOSED 7 127.0.0.1.${hsdir}.exit:9001 REASON=MISC\n"
                f"650 HS_DESC UPLOADED {address} UNKNOWN ${hsdir}~hsdir\n")  # too late: it has been given up


class BlindTor(StreamingTor):
    """One that never comes back with what HSDirs hand out."""

    def answer_hsfetch(self, rest, lines):
        return "250 OK\n"


class LateTor(StreamingTor):
    """One through which the first uploads to a few HSDirs hang, of which some are HSDirs of one descriptor alone, until
    they are let go."""

    def __init__(self, path):
        super().__init__(path, ["hangs"])

    def answer_hspost(self, rest, lines):
        if len(self.tries) == 7:
            self.fates = []
        return super().answer_hspost(rest, lines)

    def serve(self, connection):
        self._connection = connection
        super().serve(connection)

    def let_go(self):
        """Has the HSDirs of all streams that hang answer well."""
        for stream in list(self._streams):
            hsdir, address = self._streams.pop(stream, (None, None))
            if hsdir is not None:
                self._connection.sendall(f"650 STREAM {stream} CLOSED 7 127.0.0.1.${hsdir}.exit:9001 REASON=END\r\n"
                                         f"650 HS_DESC UPLOADED {address} UNKNOWN ${hsdir}~hsdir\r\n".encode())


class SilentTor(StreamingTor):
    """One that keeps its STREAM events to itself, as behind a filter."""

    def answer_setevents(self, rest, lines):
        return "552 Unrecognized event \"STREAM\"\n" if "STREAM" in rest.split() else "250 OK\n"

    def answer_hspost(self, rest, lines):
        reply = super().answer_hspost(rest, lines)
        return "".join(line for line in reply.splitlines(True) if "STREAM" not in line)


def publish(folder, tor, *arguments):
    """Runs a round; returns its report and what it said besides."""
    frontend, backend = checks.Key(), checks.Key()
    checks.write(folder / "frontend.key", frontend.pem())
    checks.write(folder / "config.yaml", "\n".join([
        f"tor-control: unix:{folder}/tor", "services:", "  - key: frontend.key", "    instances:",
        f"      - address: {backend.address}", f"        control: unix:{folder}/backend", ""]))
    answers = standin_tor.own_answers(backend, standin_tor.make_descriptor(backend))
    with tor, standin_tor.Tor(folder / "backend", {**answers, "uptime": "1"}):
        result = checks.run("--once", "--json", "-c", folder / "config.yaml", *arguments)
    return json.loads(result.stdout), result.stderr


def check_broken(folder):
    """Streams that end without an answer."""
    tor = StreamingTor(folder / "tor", ["breaks"])
    report, errors = publish(folder, tor)
    check("uploads whose streams break are sent again", report["result"] == "complete", (report, errors))
    check("once each", all(tries in (2, 3) for tries in tor.tries.values()), tor.tries)
    check("no stream of another upload is ended", not tor.closed, tor.closed)


def check_hanging(folder):
    """Streams that hang: given up, ended, and a late answer is nobody's."""
    tor = StreamingTor(folder / "tor", ["hangs", "breaks"])
    report, errors = publish(folder, tor)
    check("uploads whose streams hang are sent again", report["result"] == "complete", (report, errors))
    check("each that hung is ended", tor.closed and not tor._streams, (tor.closed, tor._streams))
    check("a late answer is not taken for one to the next upload, which broke",
          all(tries >= 3 for tries in tor.tries.values()), tor.tries)


def overdue(service):
    """The HSDirs of a frontend's status that are to be sent something again because they did not answer."""
    return {hsdir["fingerprint"] for descriptor in service["descriptors"] for hsdir in descriptor["hsdirs"]
            if hsdir["state"] == "due" and hsdir["error"] == "no answer"}


def check_late(folder):
    """Answers that are waited for no more, but come before anything else is sent."""
    backend = checks.Key()
    answers = standin_tor.own_answers(backend, standin_tor.make_descriptor(backend))
    with LateTor(folder / "tor") as tor, standin_tor.Tor(folder / "backend", {**answers, "uptime": "1"}):
        publisher = Publisher(folder, [instance("backend", backend, folder / "backend")])
        check("uploads whose streams hang are given up", publisher.wait(overdue, 40))
        given_up = overdue(publisher.service())
        tor.let_go()
        check("all is published in the end", publisher.wait(lambda service: service["isPublished"], 60))
        publisher.end()
    check("a late answer will do, and nothing is sent again",
          any(tor.tries[hsdir] == 1 for hsdir in given_up), (given_up, tor.tries))


def unanswered(service):
    """The HSDirs of a frontend's status that may have what they did not answer."""
    return {hsdir["fingerprint"] for descriptor in service["descriptors"] for hsdir in descriptor["hsdirs"]
            if hsdir["state"] == "unanswered"}


def check_reached(folder):
    """Uploads that reach their HSDirs, where the circuits break, while nobody can look what these have."""
    backend = checks.Key()
    answers = standin_tor.own_answers(backend, standin_tor.make_descriptor(backend))
    tor = BlindTor(folder / "tor", ["reached"] * 9)
    with tor, standin_tor.Tor(folder / "backend", {**answers, "uptime": "1"}):
        publisher = Publisher(folder, [instance("backend", backend, folder / "backend")])
        check("what has reached an HSDir may be there", publisher.wait(unanswered, 40))
        time.sleep(10)
        service = publisher.service()
        check("it is not called published", not service["isPublished"], service)
        check("and is not sent again so soon", tor.tries and set(tor.tries.values()) <= {1, 2}, tor.tries)
        publisher.end()


def check_others(folder):
    """An onion service of the same tor uploads to the same HSDir meanwhile, and a client asks it for the frontend."""
    tor = StreamingTor(folder / "tor", ["another's"] * 9)
    report, errors = publish(folder, tor)
    check("what others do with the same HSDirs is not ours", report["result"] == "complete", (report, errors))
    uploads = sum(len(descriptor["hsdirs"]) for descriptor in report["services"][0]["descriptors"])
    check("so nothing is sent again", sum(tor.tries.values()) == uploads, (tor.tries, uploads))


def check_untold(folder):
    """A tor that does not tell of its streams: all is as it was without."""
    report, errors = publish(folder, SilentTor(folder / "tor", []))
    check("a tor that does not tell of its streams will do", report["result"] == "complete", (report, errors))


for scene in (check_broken, check_hanging, check_late, check_reached, check_others, check_untold):
    with checks.temporary_folder() as name:
        scene(pathlib.Path(name))
checks.finish()
