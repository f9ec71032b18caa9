"""Backends that lie, each behind a real agent: what an agent lets through is found out as what comes without one, and what it
does not let through is out, too. And what a publisher makes of an agent's last words."""
import contextlib
import os
import pathlib
import sys

import checks
import standin_tor
from agents import Agent
from checks import check
from hostile_scene import IS_SANITIZED, OFFSET, PATIENCE, check_undisturbed, is_published, scene
from publisher import instance

from harness.judge import Judged
from harness.process import family, memory_of

sys.path.insert(0, str(checks.SOURCE / "tests/attack"))
import hostile  # noqa: E402
import siege  # noqa: E402

# What is passed on as it is, and is found out as without an agent;
PASSED_ON = ("another-service", "foreign-blinded-key", "foreign-certificate", "foreign-signature", "foreign-points", "expired",
             "past", "replayed", "wolf", "many-points", "same-point", "low-order", "not-canonical", "small-order-auth-key",
             "lasting", "lasting-points", "two-identities", "rude", "twenty-points", "one-relay")
# and what the agent itself does not take from a tor, or what takes too long, so that the publisher hears that it leaves.
KEPT = ("ten-thousand-points", "gigabyte", "long-line", "endless", "byte-a-second", "silent", "flood", "unasked", "garbage",
        "cut-short")
# Of these two answer as a tor would before they show what they are. As the agent leaves then, and says no more, such a one has
# the grace that a backend has whose agent leaves; without an agent it is out at once.
GOOD_AT_FIRST = {"flood", "unasked"}
# KiB that a process of an agent may grow by: ASan keeps what was freed.
AGENT_GROWTH_MAX = (512 if IS_SANITIZED else 8) * 1024


def with_agent(name, key, agent):
    """The config's lines of a backend behind an agent."""
    return instance(name, key, agent.socket) + [f"        control-password-file: {agent.secret}"]


class Address:
    """What instance() wants of a key."""

    def __init__(self, address):
        self.address = address


def check_liars(folder):
    lies = PASSED_ON + KEPT
    check("all lies that there are", set(lies) == set(hostile.LIES), set(lies) ^ set(hostile.LIES))
    with contextlib.ExitStack() as stack:
        besiegers = stack.enter_context(siege.Siege(folder, standin_tor.PERIOD_LENGTH, OFFSET,
                                                    {lie: hostile.LIES[lie] for lie in lies}))
        agents = {}
        for lie in lies:
            place = folder / f"agent-{lie}"
            place.mkdir()
            agents[lie] = stack.enter_context(Agent(place, f"unix:{besiegers.path(lie)}", [besiegers.addresses[lie]]))
        tor, publisher, honest, points = stack.enter_context(scene(folder))
        check("two honest backends are published", publisher.wait(is_published, 60))
        before = {pid: memory_of(pid, "VmRSS") for pid in family(publisher.process.pid)}
        agents_before = {pid: memory_of(pid, "VmRSS") for agent in agents.values() for pid in family(agent.process.pid)}
        publisher.write_config(honest + [with_agent(lie, Address(besiegers.addresses[lie] + ".onion"), agents[lie])
                                         for lie in lies])
        publisher.process.send_signal(1)
        disturbed = []

        def all_known(service):
            besiegers.look(service)
            disturbed.extend(each for each in service["instances"] if each["name"].startswith("good") and
                             (each["state"] != "live" or each["introPointsPublished"] != 3))
            tried = all(besiegers.moments(lie, "asked") for lie in KEPT)
            return tried and all(besiegers.is_known(lie) for lie in PASSED_ON) and is_published(service)
        publisher.wait(all_known, PATIENCE)
        for lie in PASSED_ON:
            check(f"{lie}: {'let in, as one of many' if hostile.LIES[lie].words is None else 'found out'}",
                  besiegers.is_known(lie), f"{besiegers.states[lie]} {besiegers.reasons[lie]}")
        for lie in KEPT:
            asked = besiegers.moments(lie, "asked")
            check(f"{lie}: it was asked, and no faster for what it did", 0 < len(asked) < PATIENCE, len(asked))
            check(f"{lie}: it is out, for a reason", "out" in besiegers.states[lie] and besiegers.reasons[lie],
                  f"{besiegers.states[lie]} {besiegers.reasons[lie]}")
        let_in = {lie for lie in KEPT if besiegers.states[lie] & {"live", "grace"}}
        check("none was in but those that are good at first", let_in <= GOOD_AT_FIRST, let_in)
        check("their points are not published after they are out", not set(besiegers.shares(publisher.service())) &
              (set(KEPT) - GOOD_AT_FIRST), besiegers.shares(publisher.service()))
        check("the honest backends were live, with all their points, at all times", not disturbed, disturbed[:1])
        judged = Judged(tor.posted[-1][1], checks.address_of(publisher.key.public) + ".onion")
        check("the superdescriptor is good, and has the honest backends' points", set(points) <= set(judged.points),
              judged.points)
        check("no reason has a control character in it", not besiegers.rude_reasons(), besiegers.rude_reasons())
        ended = [lie for lie, agent in agents.items() if agent.process.poll() is not None]
        check("all agents are there", not ended, ended)
        grown = max(memory_of(pid, "VmHWM") - size for pid, size in agents_before.items())
        check(f"no process of theirs has grown by more than {grown} KiB", grown < AGENT_GROWTH_MAX)
        check_undisturbed("liars behind agents", publisher, before)
        for lie, agent in agents.items():
            log = agent.log_text()
            if "ERROR: " in log or "runtime error" in log:
                check(f"no sanitizer has anything to say of the agent of {lie}", False, log[-3000:])


def states_until(publisher, name, state):
    """The states that a backend has been in until it was in this one."""
    seen = []

    def look(service):
        now = next(each["state"] for each in service["instances"] if each["name"] == name)
        if now not in seen:
            seen.append(now)
        return now == state
    check(f"{name} becomes {state}", publisher.wait(look, 60), seen)
    return seen


def check_last_words(folder):
    """TOR_GONE is the end of the backend; an agent that leaves says nothing of the tor. One that is killed does not say
    that it leaves: nobody listens at its socket then, as if the tor had ended."""
    keys = {name: checks.Key() for name in ("dies", "leaves", "killed")}
    with contextlib.ExitStack() as stack:
        tors, agents = {}, {}
        for name, key in keys.items():
            place = folder / name
            place.mkdir()
            answers = standin_tor.own_answers(key, standin_tor.make_descriptor(key))
            tors[name] = standin_tor.MortalTor(place / "tor", {**answers, "uptime": "1", "version": "0.4.9.11"})
            tors[name].__enter__()
            agents[name] = stack.enter_context(Agent(place, f"unix:{place}/tor", [key.address]))
        others = [with_agent(name, key, agents[name]) for name, key in keys.items()]
        _, publisher, _, _ = stack.enter_context(scene(folder, others))
        for name in keys:
            states_until(publisher, name, "live")
        tors["dies"].__exit__()
        seen = states_until(publisher, "dies", "out")
        check("a tor that dies is out without grace, though its agent lives", "grace" not in seen, seen)
        agents["leaves"].end()
        agents["killed"].process.kill()
        seen = states_until(publisher, "leaves", "grace")
        states_until(publisher, "killed", "out")
        check("an agent that comes back", agents["leaves"].start(), agents["leaves"].log_text())
        seen += states_until(publisher, "leaves", "live")
        check("has its backend in again, which was never out", "out" not in seen, seen)
        for name in ("leaves", "killed"):
            tors[name].__exit__()


def main():
    for test in (check_last_words, check_liars):
        with checks.temporary_folder() as name:
            test(pathlib.Path(name))
    checks.finish()


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
