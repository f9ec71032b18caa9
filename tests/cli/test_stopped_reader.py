# A reader that hangs, as with a mount whose server does not answer: what is published goes on, what is asked is answered,
# and a reload comes when it can.

import os
import pathlib
import signal

import checks
import standin_tor
from checks import check, wait_for
from publisher import Publisher, instance

from harness.process import children, field_of

WANTS_PASSWORD = b"250-PROTOCOLINFO 1\r\n250-AUTH METHODS=HASHEDPASSWORD\r\n250 OK\r\n"


def find_reader(publisher):
    return next(pid for pid in children(publisher.process.pid) if field_of(pid, "Name") == "obpub-reader")


def log_of(folder):
    return (folder / "log").read_text(encoding="utf-8", errors="replace")


def check_stopped(folder):
    keys = {name: checks.Key() for name in ("stays", "dies", "locked", "named")}
    answers = {name: {**standin_tor.own_answers(key, standin_tor.make_descriptor(key)), "uptime": "1000"}
               for name, key in keys.items()}
    checks.write(folder / "password", "secret\n")
    with standin_tor.Tor(folder / "tor", standin_tor.network_answers(uptime="100")) as tor, \
            standin_tor.Tor(folder / "stays", answers["stays"]), \
            standin_tor.MortalTor(folder / "dies", answers["dies"]) as dies:
        stays_and_dies = [instance(name, keys[name], folder / name) for name in ("stays", "dies")]
        publisher = Publisher(folder, stays_and_dies)
        try:
            check("both backends are published", publisher.wait(lambda service: service["isPublished"], 60))
            # From now on there are a backend that wants a password, and one whose host has a name.
            others = [instance("locked", keys["locked"], folder / "locked") + ["        control-password-file: password"],
                      instance("named", keys["named"], "")[:2] + ["        control: no-such-host.invalid:9051"]]
            publisher.write_config(stays_and_dies + others)
            publisher.process.send_signal(signal.SIGHUP)
            check("the config is read again", wait_for(lambda: log_of(folder).count(" is new") == 2), log_of(folder))
            reader = find_reader(publisher)
            os.kill(reader, signal.SIGSTOP)
            with standin_tor.Scripted(folder / "locked", WANTS_PASSWORD):
                publisher.process.send_signal(signal.SIGHUP)
                before = len(tor.posted)
                dies.__exit__()
                check("with the reader stopped, what a dying backend changes is published",
                      wait_for(lambda: len(tor.posted) > before, 60))
                check("and the status is answered", publisher.wait(
                    lambda service: [each["state"] for each in service["instances"]][:2] == ["live", "out"], 60))
                check("while the reload is still waited for", "was not read again" not in log_of(folder), log_of(folder))
                check("a reload that takes too long is given up on, and that is said",
                      wait_for(lambda: "reading files takes more than 30 seconds" in log_of(folder), 60), log_of(folder))
                check("so is a password that can't be read",
                      wait_for(lambda: "was not read within" in str(publisher.service()), 60), publisher.service())
                os.kill(reader, signal.SIGCONT)
                publisher.process.send_signal(signal.SIGHUP)
                check("when it goes on, so do reloads", wait_for(
                    lambda: log_of(folder).count("config read again") == 2, 60), log_of(folder))
            dies.__enter__()
        finally:
            status, log = publisher.end()
        check("it ends well", status == 0, log[-2000:])


with checks.temporary_folder() as name:
    check_stopped(pathlib.Path(name))
checks.finish()
