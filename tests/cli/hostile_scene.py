"""Two honest backends and obpub, beside which tests have others that are not."""
import contextlib
import pathlib
import re

import checks
import standin_tor
from checks import check
from publisher import Publisher, instance

from harness.judge import Judged
from harness.process import family, memory_of

IS_SANITIZED = b"__asan_init" in pathlib.Path(checks.OBPUB).read_bytes()
# KiB that it may take more at its most than before they came: ASan keeps what was freed.
MEMORY_MAX = 512 * 1024 if IS_SANITIZED else 8 * 1024
PATIENCE = 150  # seconds until all must have been found out
OFFSET = 720    # minutes by which time periods begin later than days
# All that a backend is sent, as obpub.yaml(5) says: filters before control ports are made from that.
COMMANDS = re.compile(r"PROTOCOLINFO 1|AUTHENTICATE|SETEVENTS HS_DESC HS_DESC_CONTENT|GETINFO uptime"
                      r"|GETINFO hs/service/desc/id/[a-z2-7]{56}|HSFETCH [a-z2-7]{56}( SERVER=\$[0-9A-Fa-f]{40})*")


@contextlib.contextmanager
def scene(folder, others=()):
    """A local tor and two honest backends, all stand-ins, and obpub with them and others. Gives the local tor, obpub,
    the config of the two, and what they have published as independent eyes see it."""
    keys = {name: checks.Key() for name in ("good1", "good2")}
    commands = set()
    with contextlib.ExitStack() as stack:
        tor = stack.enter_context(standin_tor.Tor(folder / "tor", standin_tor.network_answers(uptime="100")))
        judged = []
        for name, key in keys.items():
            descriptor = standin_tor.make_descriptor(key)
            judged.append(Judged(descriptor, key.address + ".onion"))
            answers = standin_tor.own_answers(key, descriptor)
            stack.enter_context(standin_tor.Tor(folder / name, {**answers, "uptime": "1"},
                                                hook=lambda connection, command: commands.add(command)))
        honest = [instance(name, key, folder / name) for name, key in keys.items()]
        publisher = Publisher(folder, honest + list(others))
        stack.callback(publisher.end)
        yield tor, publisher, honest, [point for each in judged for point in each.points]
        strange = sorted(command for command in commands if not COMMANDS.fullmatch(command))
        check("the honest backends were sent only what a filter has to let through", len(commands) >= 4 and not strange,
              strange or commands)


def is_published(service):
    return service["isPublished"] and all(
        each["state"] == "live" for each in service["instances"] if each["name"].startswith("good"))


def grown_since(before):
    """By how many KiB all processes have grown at their most. before: what each had then, {pid: KiB}."""
    return sum(memory_of(pid, "VmHWM") - size for pid, size in before.items())


def check_undisturbed(what, publisher, before, memory_max=MEMORY_MAX):
    """The processes are those of before, whose memory is given, and have not grown beyond bounds; it ends well."""
    pid = publisher.process.pid
    check(f"{what}: all processes are those of before", list(family(pid)) == list(before), family(pid))
    grown = grown_since(before)
    check(f"{what}: the memory of all has grown by {grown} KiB at most", grown < memory_max)
    status, log = publisher.end()
    check(f"{what}: it ends well", status == 0, log[-3000:])
    check(f"{what}: no sanitizer has anything to say", "ERROR: " not in log and "runtime error" not in log, log[-3000:])
