"""The manuals: clean for mandoc, and they have every option of --help and every key of the config."""
import re
import shutil
import subprocess
import sys

import checks

PAGES = ("obpub.8", "obpub-agent.8", "obpub.yaml.5")
# What depends on the machine rather than the page: whether other manuals are installed.
ABOUT_THE_MACHINE = re.compile(r"outdated mandoc\.db|referenced manual not found")


def lint(page):
    result = subprocess.run(["mandoc", "-Tlint", checks.SOURCE / "man" / page], capture_output=True, text=True,
                            timeout=60)
    return [line for line in (result.stdout + result.stderr).splitlines() if not ABOUT_THE_MACHINE.search(line)]


def words_of(page):
    """The page as a reader sees it, without overstriking, as one line."""
    text = subprocess.run(["mandoc", "-Tascii", checks.SOURCE / "man" / page], check=True, capture_output=True,
                          text=True, timeout=60).stdout
    return " ".join(re.sub(".\b", "", text).split())


def has_word(text, word):
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None


def config_keys():
    """The keys in the tables of the config's sources: those in use and those of the past."""
    folder = checks.SOURCE / "src" / "config"
    source = "".join((folder / name).read_text() for name in ("config.c", "config_services.c", "config_instances.c"))
    return re.findall(r'\[[A-Z_]+\] = "([a-z-]+)",', source) + re.findall(r'\{"(\w+)",\s*"', source)


def main():
    if shutil.which("mandoc") is None:
        checks.check("mandoc is installed", False)
        checks.finish()
    for page in PAGES:
        found = lint(page)
        checks.check(f"mandoc -Tlint {page}", not found, "; ".join(found))

    manual = words_of("obpub.8")
    help_text = checks.run("--help").stdout
    options = re.findall(r"(?<![\w-])--?[a-z][a-z-]*", help_text)
    checks.check("--help has options", len(set(options)) > 15, options)
    for option in sorted(set(options)):
        checks.check(f"obpub(8) has {option}", has_word(manual, option))
    for option in sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", manual))):
        checks.check(f"--help has {option} of obpub(8)", has_word(help_text, option))
    for variable in set(re.findall(r'"(ONIONBALANCE_\w+)"',
                                   (checks.SOURCE / "src" / "command" / "command_line.c").read_text())):
        checks.check(f"obpub(8) has {variable}", has_word(manual, variable))
    for code in range(4):
        checks.check(f"obpub(8) has exit status {code}", re.search(rf"EXIT STATUS.* {code} [A-Z]", manual) is not None)

    manual = words_of("obpub-agent.8")
    agents = set(re.findall(r"(--[a-z-]+)(?: [A-Z]+)?\s+with (?:init, )?agent(?: and inspect)?: ", help_text))
    checks.check("--help has options of the agent", len(agents) == 6, agents)
    for option in sorted(agents):
        checks.check(f"obpub-agent(8) has {option}", has_word(manual, option))
    for option in sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", manual))):
        checks.check(f"--help has {option} of obpub-agent(8)", has_word(help_text, option))
    for words in ("510 Command filtered", "650 OBPUB_AGENT TOR_GONE", "650 OBPUB_AGENT LEAVING", "At most 512 of those",
                  "At most 16 publishers"):
        checks.check(f"obpub-agent(8) has \"{words}\"", words in manual)

    manual = words_of("obpub.yaml.5")
    keys = config_keys()
    checks.check("the sources have keys", {"services", "instances", "control", "auth", "REPLICAS"} <= set(keys), keys)
    for key in keys:
        checks.check(f"obpub.yaml(5) has {key}", has_word(manual, key))
    checks.finish()


sys.exit(main())
