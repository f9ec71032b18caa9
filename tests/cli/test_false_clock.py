"""A clock that is set forward by a year while obpub runs: it says so and what to do, goes on when the clock is right again,
and has a service manager start it anew."""
import contextlib
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys

import checks
import standin_tor
from checks import check, wait_for
from publisher import Publisher, instance

BUILD = pathlib.Path(os.environ.get("OBPUB_BUILD", "build"))
CACHE = (BUILD / "CMakeCache.txt").read_text()
YEAR, HOUR, SKIPPED, LOST = 365 * 24 * 3600, 3600, 77, 4
TEXT = r"this machine's clock was set forward by 87\d\d hours while obpub was running, so nothing is signed: start obpub anew"


def set_shift(folder, seconds):
    """In place, as it is mapped."""
    with open(folder / "shift", "r+b" if (folder / "shift").exists() else "w+b") as file:
        file.write(struct.pack("=q", seconds))


@contextlib.contextmanager
def false_clock(folder, **environment):
    """What is started meanwhile has a clock that set_shift() sets."""
    compiler = re.search(r"^CMAKE_C_COMPILER:\w+=(.*)$", CACHE, re.M)[1]
    source = checks.SOURCE / "tests" / "attack" / "shift_clock.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / "shift_clock.so", source], check=True, timeout=60)
    set_shift(folder, 0)
    before = dict(os.environ)
    # Its loader takes no path with a space in it.
    library = pathlib.Path(f"/proc/{os.getpid()}/fd/{os.open(folder / 'shift_clock.so', os.O_RDONLY)}")
    os.environ.update(environment, LD_PRELOAD=str(library), SHIFT_CLOCK=str(folder / "shift"))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def hsdirs_of(service):
    return [hsdir for descriptor in service["descriptors"] for hsdir in descriptor["hsdirs"]]


def has_all(service):
    hsdirs = hsdirs_of(service)
    return hsdirs and all(hsdir["state"] == "done" for hsdir in hsdirs)


def says_clock(service):
    return any(re.search(TEXT, hsdir["error"] or "") for hsdir in hsdirs_of(service))


@contextlib.contextmanager
def published(folder, **environment):
    """A publisher that has published."""
    backend = checks.Key()
    answers = standin_tor.own_answers(backend, standin_tor.make_descriptor(backend))
    with false_clock(folder, **environment):
        with standin_tor.Tor(folder / "tor", standin_tor.network_answers()), \
                standin_tor.Tor(folder / "backend", {**answers, "uptime": "1"}):
            publisher = Publisher(folder, [instance("backend", backend, folder / "backend")])
            check("it publishes", publisher.wait(has_all, 30), publisher.service())
            yield publisher


def check_by_hand(folder):
    """Nobody would start it again."""
    with published(folder) as publisher:
        log = publisher.folder / "log"
        set_shift(folder, HOUR)
        check("an hour is seen", wait_for(lambda: re.search(r"by 3\d{3} seconds", log.read_text()), 40), log.read_text())
        check("and does not matter", publisher.wait(has_all, 30), publisher.service())
        set_shift(folder, YEAR)
        check("a year is an error in the log", wait_for(lambda: re.search(f" error: {TEXT}", log.read_text()), 40),
              log.read_text())
        check("and in the status", publisher.wait(says_clock, 40), publisher.service())
        set_shift(folder, 0)
        check("when the clock is right again it publishes again", publisher.wait(has_all, 90), publisher.service())
        status, text = publisher.end()
        check("it ends well", status == 0, text)


def check_service(folder):
    """Under a service manager it ends, to be started anew."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(folder / "notify"))
        with published(folder, NOTIFY_SOCKET=str(folder / "notify")) as publisher:
            set_shift(folder, YEAR)
            check("it ends", wait_for(lambda: publisher.process.poll() is not None, 40))
            status, text = publisher.end()
            check("with the status for a start anew", status == LOST, status)
            check("and says why", re.search(f"ending, to be started anew: {TEXT}", text), text)


if re.search(r"^OBPUB_SANITIZE:BOOL=ON$", CACHE, re.M):
    print("left out: the sanitizers' library has to be the first")
    sys.exit(SKIPPED)
for scene in (check_by_hand, check_service):
    with checks.temporary_folder() as name:
        scene(pathlib.Path(name))
checks.finish()
