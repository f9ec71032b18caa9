"""The command line through the program: what it refuses, and with which exit status."""
import os
import pathlib
import re
import subprocess
import sys

import checks

# The command line, and words of what is said about it.
REFUSED = (
    (("--conifg", "x"), "is --config meant?"),
    (("--once", "--check"), "can't be used together"),
    (("--once", "extra"), "\"extra\" is not an option"),
    (("--once", "-c"), "--config needs an argument"),
    (("--once", "--port", "0"), "from 1 to 65535"),
    (("--once", "--port", "65536"), "from 1 to 65535"),
    (("--once", "--timeout", "0"), "from 1 to 86400"),
    (("--once", "--timeout", "86401"), "from 1 to 86400"),
    (("--once", "-s", "/tmp/" + "x" * 120), "has 125 bytes and may have 107"),
    (("--once", "-s", "unix:"), "the path of the socket is empty"),
    (("--once", "-v", "loud"), "debug, info, warning, error or critical"),
    (("--once", "--hs-version", "v2"), "only v3"),
    (("--once", "--json=yes"), "takes no argument"),
    (("--once", "\x1b[2J"), "?[2J"),
    (("--json",), "--json goes only with --once, --check, status and inspect"),
    (("presign", "--json"), "there is no option --json of \"obpub presign\": it goes with --once, --check, status and "
     "inspect"),
    (("--once", "--days", "3"), "there is no option --days: it goes with presign"),
    (("--zzzzzzzz",), "there is no option --zzzzzzzz\n"),
)


def check_other_name():
    """Under Onionbalance's name the version is what scripts that start Onionbalance look for, and the rest is as ever."""
    with checks.temporary_folder() as folder:
        other = pathlib.Path(folder) / "onionbalance"
        other.symlink_to(os.path.abspath(checks.OBPUB))
        for path in (other, "./onionbalance"):
            result = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, cwd=folder)
            checks.check(f"--version of {os.path.basename(path)}", result.returncode == 0
                         and re.fullmatch(r"onionbalance \d+\.\d+\.\d+\n", result.stdout) and not result.stderr, result)
        result = subprocess.run([other, "--help"], capture_output=True, text=True, timeout=60)
        checks.check("--help under that name", result.stdout == checks.run("--help").stdout, result)
        result = subprocess.run([other, "--check", "-c", "nowhere.yaml"], capture_output=True, text=True, timeout=60)
        checks.check("an error under that name", result.returncode == 2 and result.stderr.startswith("obpub: "), result)


def check_generator_name():
    """Under the name of Onionbalance's generator obpub is "obpub init", whose flags those of the generator are."""
    with checks.temporary_folder() as folder:
        other = pathlib.Path(folder) / "onionbalance-config"
        other.symlink_to(os.path.abspath(checks.OBPUB))

        def run(*arguments):
            return subprocess.run([other, *arguments], capture_output=True, text=True, timeout=60, cwd=folder)

        result = run("--hs-version", "v3", "--no-interactive", "-n", "3", "-s", "2", "-t", "web", "--output", "made",
                     "--service-virtual-port", "81", "--service-target", "127.0.0.1:8080", "-v", "warning")
        made = sorted(path.name for path in (pathlib.Path(folder) / "made").iterdir() if not path.name.endswith(".key"))
        checks.check("onionbalance-config makes what obpub init does", result.returncode == 0
                     and made == ["config.yaml", "web1", "web2", "web3"], (made, result))
        for number, words in enumerate((("-p", "sesame"), ("--password", "sesame"))):
            result = run("--no-interactive", "--output", f"locked{number}", *words)
            checks.check(f"{words[0]} of onionbalance-config does nothing, and that is said", result.returncode == 0
                         and result.stderr.count("\n") == 1 and "obpub: warning: --password does nothing: " in result.stderr
                         and "sesame" not in result.stderr + result.stdout, result)
        result = run("--no-interactive", "--output", "made")
        checks.check("... and replaces nothing", result.returncode == 2 and "is there already" in result.stderr, result)
        for arguments, words in ((("status",), "\"status\" is not an option"), (("init",), "\"init\" is not an option"),
                                 (("--once",), "there is no option --once")):
            result = run(*arguments)
            checks.check(f"refused: onionbalance-config {arguments[0]}", result.returncode == 2 and words in result.stderr,
                         result)
        result = run("--version")
        checks.check("--version of onionbalance-config", result.returncode == 0
                     and re.fullmatch(r"onionbalance \d+\.\d+\.\d+\n", result.stdout), result)


def main():
    check_generator_name()
    for arguments, words in REFUSED:
        result = checks.run(*arguments)
        checks.check(f"refused: obpub {' '.join(arguments)!a}",
                     result.returncode == 2 and words in result.stderr and result.stderr.startswith("obpub: ")
                     and "\x1b" not in result.stderr and not result.stdout, f"{result.returncode}: {result.stderr}")
    for arguments in ((), ("-c", "x.yaml")):
        result = checks.run(*arguments)
        checks.check(f"refused: obpub {' '.join(arguments)!a}",
                     result.returncode == 2 and "there is no such file" in result.stderr and not result.stdout,
                     f"{result.returncode}: {result.stderr}")
    result = checks.run("--check", environment={"ONIONBALANCE_LOG_LEVEL": "loud"})
    checks.check("refused: a bad ONIONBALANCE_LOG_LEVEL",
                 result.returncode == 2 and "ONIONBALANCE_LOG_LEVEL" in result.stderr, result.stderr)
    for arguments in (("--help",), ("-h",), ("--help", "--once")):
        result = checks.run(*arguments)
        checks.check(f"obpub {' '.join(arguments)}", result.returncode == 0 and result.stdout.startswith("Usage: obpub ")
                     and not result.stderr, result.stderr)
    for line in checks.run("--help").stdout.splitlines():
        if len(line) > 100:
            checks.check("--help fits a terminal", False, line)
    result = checks.run("--version")
    checks.check("--version", result.returncode == 0 and re.fullmatch(
        r"obpub \S+\ncurve: (lib25519 [^,()]+ \([^()]+\), )?libsodium [0-9.]+\n", result.stdout), result.stdout)
    check_other_name()
    checks.finish()


sys.exit(main())
