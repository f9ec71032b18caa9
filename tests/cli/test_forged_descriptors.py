# Forged descriptors (attack/forgeries.py), each good in all but one check. That it is, an independent verifier with a
# switch for each check shows: it takes the forgery when that check is off, and only then. obpub has to refuse them all,
# and to take them when the line that makes the check is taken out of its source: so each of these tests can fail.

import concurrent.futures
import pathlib
import re
import subprocess
import sys
import time

import checks
import standin_tor
from checks import check

sys.path.insert(0, str(checks.SOURCE / "tests/attack"))
import mutation  # noqa: E402
from descriptor import Keypair, Maker  # noqa: E402
from forgeries import FORGERIES  # noqa: E402
from verifier import Refused, Verifier  # noqa: E402

PERIOD_LENGTH = 1440
PERIOD = standin_tor.period_number()
NOW = int(time.time())
VICTIM = Keypair.new()
TOOL = mutation.BUILD / "tests/judge_descriptor"
ADDRESS = checks.address_of(VICTIM.public)


def verdict(text, off=()):
    """What the independent verifier finds, with these checks off; None if nothing."""
    try:
        Verifier(VICTIM.public, PERIOD, PERIOD_LENGTH, NOW, off).verify(text)
        return None
    except Refused as refused:
        return str(refused)


def forge(forgery):
    maker = Maker(VICTIM, PERIOD, PERIOD_LENGTH, NOW)
    forgery.change(maker, VICTIM)
    return maker.text()


def is_as_said(forgery, text):
    """Whether a forgery fails at its checks, and at nothing else."""
    if verdict(text) not in forgery.checks:
        return f"with all checks: {verdict(text)}"
    if "form" in forgery.checks:  # what can't be read can't be taken with any checks off
        return ""
    if verdict(text, forgery.checks) is not None:
        return f"without {forgery.checks}: {verdict(text, forgery.checks)}"
    for name in forgery.checks:
        found = verdict(text, set(forgery.checks) - {name})
        if found != name:
            return f"with {name} alone: {found}"
    return ""


def judge(tool, paths):
    """What obpub says of descriptors, a line for each."""
    result = subprocess.run([tool, ADDRESS, str(PERIOD), str(PERIOD_LENGTH), str(NOW), *map(str, paths)],
                            capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def check_honest(folder):
    """Descriptors with no fault: of each possible period, and with as many points as there may be."""
    for step in (-1, 0, 1):
        for points in (1, 20):
            text = Maker(VICTIM, PERIOD + step, PERIOD_LENGTH, NOW, points=points).text()
            path = checks.write(folder / "honest", text)
            check(f"an honest descriptor (period {step:+d}, {points} points) is taken by both",
                  verdict(text) is None and judge(TOOL, [path]) == [f"good {points}"], verdict(text))


def check_forgeries(folder):
    """Both refuse each forgery, for the right reason; returns {name: path}."""
    paths = {}
    for number, forgery in enumerate(FORGERIES):
        text = forge(forgery)
        fault = is_as_said(forgery, text)
        check(f"{forgery.name}: good in all but {', '.join(forgery.checks)}", not fault, fault)
        paths[forgery.name] = checks.write(folder / f"forgery{number}", text)
    honest = checks.write(folder / "honest", Maker(VICTIM, PERIOD, PERIOD_LENGTH, NOW).text())
    first, *lines = judge(TOOL, [honest, *paths.values()])
    check("an honest descriptor goes before them", first.startswith("good "), first)
    for forgery, line in zip(FORGERIES, lines, strict=True):
        check(f"{forgery.name}: refused by obpub, whatever came before", line.startswith("bad ") and
              forgery.words in line and "remembered" not in line, line)
    return paths


def check_without(place, paths):
    """obpub without one of its checks takes the forgeries which that check is there for."""
    forgeries = [forgery for forgery in FORGERIES if forgery.place == place]
    with checks.temporary_folder() as folder:
        tool = mutation.build("judge_descriptor", folder, *place)
        return list(zip(forgeries, judge(tool, [paths[forgery.name] for forgery in forgeries])))


def check_mutations(paths):
    places = {forgery.place for forgery in FORGERIES} - {None}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for result in pool.map(lambda place: check_without(place, paths), sorted(places)):
            for forgery, line in result:
                check(f"{forgery.name}: taken without the check in {forgery.place[0]}", line.startswith("good"), line)


def check_all_covered():
    """Every check that the verifier knows has a forgery that it alone stands in the way of."""
    source = (checks.SOURCE / "tests/attack/verifier.py").read_text()
    names = set(re.findall(r"self\.need\('([\w-]+)'", source))
    for pattern in re.findall(r"self\.need\(f'\{name\}(-[\w-]+)'", source):
        users = {"-mac": ("middle", "inner"), "-padding": ("middle", "inner"), "-order": ("onion-key", "enc-key"),
                 "-canonical": ("onion-key", "enc-key")}.get(pattern, ("outer", "auth", "enc"))
        names |= {user + pattern for user in users}
    covered = {name for forgery in FORGERIES for name in forgery.checks}
    check(f"every one of the verifier's {len(names)} checks has a forgery", names <= covered, names - covered)


with checks.temporary_folder() as name:
    check_honest(pathlib.Path(name))
    forged = check_forgeries(pathlib.Path(name))
    check_mutations(forged)
    check_all_covered()
checks.finish()
