"""The configs in the documents are good: each is taken by "obpub --check" as it stands there, with addresses, and keys and
secrets where it names them; tor takes its lines of a torrc; and commands that need no network do what the page says."""
import os
import pathlib
import re
import subprocess

import checks
import yaml
from harness.blocks import Reader

HARDMAP, KUBERNETES, GUIDE, MANUAL = "doc/hardmap.md", "doc/kubernetes.md", "doc/operators-guide.md", "man/obpub.yaml.5"
ONIONBALANCE, GOBALANCE, TESTS = "doc/onionbalance.md", "doc/gobalance.md", "tests/README.md"
ONIONPROBE, VANGUARDS = "doc/onionprobe.md", "doc/vanguards.md"

reader = Reader(__file__)


def run(folder, *command):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300, cwd=folder,
                          stdin=subprocess.DEVNULL)


def make_file(path, kind, service, is_group_readable):
    """What a config names under that key, for the onion service that it belongs to."""
    path.parent.mkdir(parents=True, exist_ok=True)
    key = checks.Key()
    if kind == "key" and path.parts[-2:] == ("tor", "shop"):  # a HiddenServiceDir
        path.mkdir(exist_ok=True, mode=0o700)
        checks.write(path / "hs_ed25519_secret_key", key.tor())
        checks.write(path / "hostname", f"{key.address}.onion\n")
    elif kind == "key":
        checks.write(path, key.pem(), 0o440 if is_group_readable and os.geteuid() == 0 else 0o400)
    elif kind.endswith("client-key"):
        (path.parent / "clients").mkdir(mode=0o700, exist_ok=True)
        result = checks.run("client", "new", "publisher", "--folder", path.parent / "clients", "--frontend", service,
                            "-o", path)
        assert result.returncode == 0, result.stderr
    else:
        checks.write(path, "a secret of no other use\n")


def fill_in(folder, text):
    """A config with addresses, and with its files in the folder."""
    text = re.sub(r"<56 characters[^>]*>|(?<=address: )\.\.\.", lambda _: checks.Key().address, text)
    text = re.sub(r"\bkey: /", f"key: {folder}/", text)
    text = text.replace("instances: ...", f"instances: [{{address: {checks.Key().address}}}]")
    config = yaml.safe_load(text)
    for each in config["services"]:
        for owner in (each, *each.get("instances", ())):
            for kind in ("key", "control-password-file", "control-client-key", "client-key"):
                if kind in owner:
                    service = owner["control" if kind == "control-client-key" else "address"] if "client" in kind else None
                    make_file(folder / owner[kind], kind, service and service.partition(":")[0], config.get("group-readable"))
    return text


def check_config(folder, name, text):
    folder.mkdir()
    text = fill_in(folder, text)
    result = checks.run("--check", "-c", checks.write(folder / "config.yaml", text))
    checks.check(f"the config is good: {name}", result.returncode == 0 and "frontend " in result.stdout
                 and not re.search(r"config\.yaml:\d+: ", result.stderr), result.stdout + result.stderr + text)
    return result.stdout


def check_tor(folder, printed):
    """hardmap.md's lines for a tor: tor takes them, and they are what --check prints."""
    ob_config, torrc = reader.take(HARDMAP, "MasterOnionAddress"), reader.take(HARDMAP, "HiddenServiceDir")
    frontend = re.search(r"^frontend (\S+)\.onion$", printed, re.M)[1]
    ob_config = ob_config.replace("<the frontend's address>", frontend)
    checks.check("--check prints the line of ob_config", ob_config.strip() in printed, printed)
    lines = [re.sub(" *#.*", "", line) for line in torrc.strip().split("\n")]
    for line in lines[2:]:
        checks.check(f"--check prints this, or names the option: {line}", line.split()[0] in printed, printed)
    service = folder / "shop"
    service.mkdir(mode=0o700)
    checks.write(service / "ob_config", ob_config)
    text = torrc.replace("/var/lib/tor/shop", f'"{service}"')
    checks.check("the folder is put in", text != torrc)
    checks.write(folder / "torrc", text + f'DataDirectory "{folder}/data"\nSocksPort 0\n')
    result = run(folder, "tor", "--verify-config", "--defaults-torrc", "/dev/null", "-f", folder / "torrc")
    checks.check("tor takes the lines", result.returncode == 0 and "[err]" not in result.stdout, result.stdout)


def check_init(folder):
    """onionbalance.md: what onionbalance-config's words make."""
    command = reader.take(ONIONBALANCE, "obpub init").split()
    result = checks.run(*command[1:], folder=folder)
    made = folder / "shop"
    checks.check("init makes a config and a key in the folder shop", result.returncode == 0
                 and (made / "config.yaml").is_file() and len(list(made.glob("*.key"))) == 1, result.stderr)
    config = yaml.safe_load((made / "config.yaml").read_text())
    checks.check("with three backends", len(config["services"][0]["instances"]) == 3, config)


def check_gobalance(folder):
    """gobalance.md: its generator's config and key are taken once the address is there and the page's commands are given."""
    key = checks.Key()
    text = reader.take(GOBALANCE, "services:").replace("<address>", key.address)
    checks.write(folder / f"{key.address}.key", key.pem(), 0o644)
    checks.write(folder / "config.yaml", re.sub("<Enter[^>]*>", f"{checks.Key().address}.onion", text))
    (folder / "bin").mkdir()
    (folder / "bin" / "obpub").symlink_to(pathlib.Path(checks.OBPUB).resolve())
    commands = f'PATH="$PWD/bin:$PATH"\n{reader.take(GOBALANCE, "chmod 600")}'
    for given, is_good in ((commands.replace("chmod", "#"), False), (commands, True)):
        result = run(folder, "sh", "-c", given)
        checks.check(f"GoBalance's config {'is taken' if is_good else 'has a key that others can read'}",
                     (result.returncode == 0) == is_good and (is_good or "chmod 600" in result.stderr),
                     result.stdout + result.stderr)


def check_tests_by_hand(folder):
    """tests/README.md: single tests, in a folder that has the source, and this build where the page has one."""
    for path in checks.SOURCE.iterdir():
        if not path.name.startswith(("build", ".")):
            (folder / path.name).symlink_to(path)
    (folder / "build").mkdir()
    (folder / "build" / "test-gcc").symlink_to(checks.BUILD.resolve())
    for command in reader.take(TESTS, "build/test-gcc").strip().split("\n"):
        result = run(folder, "sh", "-c", command)
        checks.check(f"a test by hand: {command}", result.returncode == 0, result.stdout + result.stderr)


def main():
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        hardmap = check_config(folder / "hardmap", HARDMAP, reader.take(HARDMAP, "services:"))
        (folder / "tor").mkdir(mode=0o700)
        check_tor(folder / "tor", hardmap)
        check_config(folder / "health", f"{GUIDE}, health", reader.take(GUIDE, "services:"))
        check_config(folder / "pod", KUBERNETES, reader.take(KUBERNETES, "group-readable: true"))
        waiting = reader.take(KUBERNETES, "wait-for-backends: true")
        printed = check_config(folder / "waiting", f"{KUBERNETES}, no backends", f"{waiting}services:\n  - key: frontend.key\n")
        checks.check("it waits for backends, and says of none what it needs", "none yet" in printed
                     and "What each backend needs" not in printed, printed)
        for number, block in enumerate(reader.take_rest(MANUAL)):
            check_config(folder / f"manual{number}", f"{MANUAL}, line {block.line}", block.text)
        check_config(folder / "few", VANGUARDS, reader.take(VANGUARDS, "services:"))
        scraped = checks.write(folder / "prometheus.yml", reader.take(ONIONPROBE, "scrape_configs:"))
        result = run(folder, "promtool", "check", "config", scraped)
        checks.check("Prometheus takes what scrapes onionprobe", result.returncode == 0, result.stdout + result.stderr)
        (folder / "gobalance").mkdir()
        check_gobalance(folder / "gobalance")
        check_init(folder)
        (folder / "by hand").mkdir()
        check_tests_by_hand(folder / "by hand")
    reader.finish()
    checks.finish()


main()
