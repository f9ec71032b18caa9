"""obpub --check on good configs: Onionbalance's own, EOTK's, and everything that obpub adds."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import checks


def run_json(folder, *arguments, environment=None):
    result = checks.run("--check", "--json", *arguments, folder=folder, environment=environment)
    return json.loads(result.stdout) if result.returncode == 0 else {"failed": result.stderr}


def make_onionbalance_config(folder, *arguments):
    """Has onionbalance-config write a config, and returns its path and text with good addresses put in."""
    subprocess.run(["onionbalance-config", "--no-interactive", "--output", folder / "made", *arguments], check=True,
                   capture_output=True, env={"HOME": str(folder), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    path = folder / "made" / "config.yaml"
    text = path.read_text()
    while "<Enter the instance onion address here>" in text:
        text = text.replace("<Enter the instance onion address here>", checks.Key().address + ".onion", 1)
    return path, text


def check_onionbalance_config():
    """What onionbalance-config writes is taken as it is, but for the addresses it leaves to be filled in."""
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        path, text = make_onionbalance_config(folder, "-n", "3", "-s", "2")
        result = checks.run("--check", "-c", path)
        checks.check("onionbalance-config's placeholders are pointed out",
                     result.returncode == 2 and len(result.stderr.splitlines()) == 6
                     and "placeholder" in result.stderr, result.stderr)
        path.write_text(text)
        named = sorted(key.stem + ".onion" for key in (folder / "made").glob("*.key"))
        found = run_json(folder, "-c", path)
        checks.check("onionbalance-config's config: the frontends are those it names its keys for",
                     sorted(frontend["onionAddress"] for frontend in found.get("services", [])) == named
                     and len(named) == 2, found)
        backends = [backend for frontend in found.get("services", []) for backend in frontend["instances"]]
        checks.check("onionbalance-config's config: the backends' names and addresses",
                     [backend["name"] for backend in backends] == ["node1", "node2", "node3"] * 2
                     and [backend["onionAddress"] for backend in backends] == re.findall(r"address: (\S+)", text), found)
        checks.check("onionbalance-config's config: no warnings", found.get("warnings") == [], found)


def check_onionbalance_config_with_tor_key():
    """onionbalance-config --key copies tor's key file under another name."""
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        key = checks.Key()
        checks.write(folder / "hs_ed25519_secret_key", key.tor())
        path, text = make_onionbalance_config(folder, "--key", folder / "hs_ed25519_secret_key")
        path.write_text(text)
        found = run_json(folder, "-c", path)
        checks.check("onionbalance-config --key: tor's key under its own name",
                     [(frontend["onionAddress"], frontend["keyFormat"]) for frontend in found.get("services", [])]
                     == [(key.address + ".onion", "tor")], found)


def check_eotk_config():
    """EOTK's configs have comments, absolute paths, and quoted addresses without ".onion" or names."""
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        frontend, workers = checks.Key(), [checks.Key() for _ in range(2)]
        (folder / "secrets.d").mkdir()
        key = checks.write(folder / "secrets.d" / f"{frontend.address}.key", frontend.tor())
        checks.write(folder / "config.yaml",
                     f"services:\n# PROJECT example\n  # example.com => {frontend.address}.onion\n  - key: {key}\n"
                     "    instances:\n" + "".join(f"      - address: '{worker.address}'\n" for worker in workers))
        found = run_json(folder)
        checks.check("EOTK's config", found.get("services") == [
            {"onionAddress": frontend.address + ".onion", "key": str(key), "keyFormat": "tor", "bundle": None,
             "mode": "softmap", "lead": None, "ownUploads": None, "proofOfWork": None,
             "authorizedClients": None, "maxIntroductionPoints": 20, "descriptorLength": 41201,
             "instances": [{"name": worker.address[:16], "onionAddress": worker.address + ".onion",
                            "hasControl": False, "control": None, "weight": 10, "health": None,
                            "shareWanted": 0.5, "shareGiven": 0.5}
                           for worker in workers]}], found)


def check_all_key_kinds():
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        key, backend = checks.Key(), checks.Key()
        (folder / "service").mkdir(mode=0o700)
        checks.write(folder / "service" / "hs_ed25519_secret_key", key.tor())
        checks.write(folder / "service" / "hs_ed25519_public_key",
                     b"== ed25519v1-public: type0 ==\0\0\0" + key.public)
        checks.write(folder / "service" / "hostname", key.address + ".onion\n")
        checks.write(folder / "x.key", key.pem())
        (folder / "link.key").symlink_to("x.key")
        for path, key_format, loaded in (("x.key", "pem", "x.key"), ("link.key", "pem", "link.key"),
                                         ("service", "tor", "service/hs_ed25519_secret_key"),
                                         ("service/hs_ed25519_secret_key", "tor", "service/hs_ed25519_secret_key")):
            checks.write(folder / "config.yaml",
                         f"services: [{{key: {path}, instances: [{{address: {backend.address}}}]}}]\n")
            found = run_json(folder)
            frontend = found.get("services", [{}])[0]
            checks.check(f"key: {path}", (frontend.get("onionAddress"), frontend.get("keyFormat"), frontend.get("key"))
                         == (key.address + ".onion", key_format, loaded), found)


def check_relative_paths():
    """They start at the config's folder, whatever the current one is."""
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        checks.write(folder / "x.key", checks.Key().pem())
        checks.write(folder / "other.yaml",
                     f"services: [{{key: x.key, instances: [{{address: {checks.Key().address}}}]}}]\n")
        result = checks.run("--check", "-c", folder / "other.yaml", folder="/")
        checks.check("relative paths start at the config's folder", result.returncode == 0, result.stderr)
        result = checks.run("--check", folder="/", environment={"ONIONBALANCE_CONFIG": str(folder / "other.yaml")})
        checks.check("ONIONBALANCE_CONFIG", result.returncode == 0, result.stderr)
        result = checks.run("--check", "-c", folder / "other.yaml", "--is-testnet", "--hs-version", "v3", "-i", "::1",
                            "-p", "9", "-v", "debug")
        checks.check("Onionbalance's flags", result.returncode == 0 and "[::1]:9\n" in result.stdout, result.stderr)


def check_two_frontends_one_backend():
    """A backend of two frontends has to name both of them; this is the text for people."""
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        one, other, shared, own = (checks.Key() for _ in range(4))
        checks.write(folder / "one.key", one.pem())
        checks.write(folder / "other.key", other.tor())
        checks.write(folder / "config.yaml", f"""\
tor-control: unix:/run/tor/here
services:
- key: one.key
  instances:
  - address: {own.address}
    name: "bad\\e[2J"
  - address: {shared.address}.onion
    control: 127.0.0.1:9151
- key: other.key
  instances: [{{address: {shared.address}, name: second}}]
""")
        result = checks.run("--check", folder=folder)
        text = result.stdout
        checks.check("good config: exit 0", result.returncode == 0, result.stderr)
        checks.check("a name with an escape sequence: a warning with its line, and '?' instead of ESC",
                     "config.yaml:6: " in result.stderr and "\x1b" not in text + result.stderr
                     and "bad?[2J" in text, result.stderr + text)
        for wanted in (f"frontend {one.address}.onion", f"frontend {other.address}.onion", "one.key (PEM)",
                       "other.key (tor's hs_ed25519_secret_key)", "unix:/run/tor/here", "127.0.0.1:9151",
                       f"{own.address}.onion", "fetched from the HSDirs"):
            checks.check(f"the text says: {wanted}", wanted in text, text)
        sections = re.split(r"^backend ", text, flags=re.M)[1:]
        checks.check("one section a backend", [section[:56] for section in sections] == [own.address, shared.address],
                     text)
        for section, frontends in zip(sections, ([one], [one, other])):
            checks.check("the lines for its operator", "HiddenServiceOnionBalanceInstance 1\n" in section
                         and re.findall(r"^ +MasterOnionAddress (\S+)$", section, re.M)
                         == [frontend.address + ".onion" for frontend in frontends], section)
        found = run_json(folder)
        checks.check("the same in JSON", [(backend["onionAddress"][:56], backend["torrc"], backend["obConfig"])
                                          for backend in found.get("instances", [])] == [
            (key.address, ["HiddenServiceOnionBalanceInstance 1"],
             [f"MasterOnionAddress {frontend.address}.onion" for frontend in frontends])
            for key, frontends in ((own, [one]), (shared, [one, other]))], found)
        checks.check("JSON says where the control ports are", found["tor"]["tors"] == [{"place": "unix:/run/tor/here"}]
                     and [backend["control"] for service in found["services"] for backend in service["instances"]
                          if backend["hasControl"]] == ["127.0.0.1:9151"], found)
        for secret in (one.seed.hex(), other.expanded().hex(), one.pem().decode().splitlines()[1][-20:]):
            checks.check("no secret is printed", secret not in text + result.stderr + json.dumps(found))


def check_weights():
    """Which share is wanted for each backend, and which it gets with three introduction points."""
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        checks.write(folder / "x.key", checks.Key().pem())

        def shares(*weights, policy="same", more=()):
            lines = ["services:", "- key: x.key", f"  descriptors: {policy}", "  instances:"]
            lines += [f"  - {{address: {checks.Key().address}{each}}}"
                      for each in [f", weight: {weight}" for weight in weights] + ["" for _ in more]]
            checks.write(folder / "config.yaml", "\n".join(lines) + "\n")
            instances = run_json(folder)["services"][0]["instances"]
            return ([each["weight"] for each in instances], [round(each["shareWanted"], 3) for each in instances],
                    [round(each["shareGiven"], 3) for each in instances])
        for arguments, expected in (
                (dict(weights=(20, 10)), ([20, 10], [0.667, 0.333], [0.667, 0.333])),
                (dict(weights=(7, 5)), ([7, 5], [0.583, 0.417], [0.6, 0.4])),
                (dict(weights=(100, 1)), ([100, 1], [0.99, 0.01], [0.75, 0.25])),
                (dict(weights=(100, 1), policy="distinct"), ([100, 1], [0.99, 0.01], [0.99, 0.01])),
                (dict(weights=(100, 1), policy="auto"), ([100, 1], [0.99, 0.01], [0.99, 0.01])),
                (dict(weights=(0, 30), more=(1,)), ([0, 30, 10], [0, 0.75, 0.25], [0, 0.75, 0.25]))):
            found = shares(*arguments.pop("weights"), **arguments)
            checks.check(f"weights {expected[0]}: shares {expected[1]} wanted, {expected[2]} given", found == expected, found)
        text = checks.run("--check", folder=folder).stdout
        checks.check("the text says both", "weight 30: 75 % of the visitors wanted, 75 % given with 3 introduction points"
                     in text and "weight 0: 0 % of the visitors wanted\n" in text, text)
        shares(7, 7)
        checks.check("and nothing where weights are the same", "weight" not in checks.run("--check", folder=folder).stdout)


def check_tor_takes_the_lines():
    """Stock tor starts with the lines that are printed (tor --verify-config reads ob_config too)."""
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        backend, frontend = checks.Key(), checks.Key()
        checks.write(folder / "x.key", frontend.pem())
        checks.write(folder / "config.yaml",
                     f"services: [{{key: x.key, instances: [{{address: {backend.address}}}]}}]\n")
        lines = run_json(folder)["instances"][0]
        (folder / "service").mkdir(mode=0o700)
        checks.write(folder / "service" / "hs_ed25519_secret_key", backend.tor())
        checks.write(folder / "defaults", "")
        checks.write(folder / "torrc", f"DataDirectory {folder}/data\nHiddenServiceDir {folder}/service\n"
                     "HiddenServicePort 80\n" + "\n".join(lines["torrc"]) + "\nLog info stdout\n")
        for ob_config, good in ((lines["obConfig"], True), (["MasterOnionAddress nonsense.onion"], False)):
            checks.write(folder / "service" / "ob_config", "\n".join(ob_config) + "\n")
            result = subprocess.run(["tor", "--defaults-torrc", folder / "defaults", "-f", folder / "torrc",
                                     "--verify-config"], capture_output=True, text=True, timeout=60)
            checks.check(f"tor {'takes' if good else 'refuses'} {ob_config[0].split()[1]}",
                         (result.returncode == 0) == good, result.stdout)


def check_unwritable_output():
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        checks.write(folder / "x.key", checks.Key().pem())
        checks.write(folder / "config.yaml",
                     f"services: [{{key: x.key, instances: [{{address: {checks.Key().address}}}]}}]\n")
        for arguments in (["--check"], ["--check", "--json"], ["--help"], ["--version"]):
            with open("/dev/full", "w") as full:
                result = subprocess.run([os.path.abspath(checks.OBPUB), *arguments], cwd=folder, stdout=full,
                                        stderr=subprocess.PIPE, text=True, timeout=60)
            checks.check(f"{' '.join(arguments)} > /dev/full says so",
                         result.returncode == 2 and "can't be written" in result.stderr,
                         f"exit {result.returncode}: {result.stderr}")


def main():
    for tool in ("onionbalance-config", "tor"):
        checks.check(f"{tool} is installed", shutil.which(tool, path="/usr/sbin:/usr/bin:/sbin:/bin") is not None)
    check_onionbalance_config()
    check_onionbalance_config_with_tor_key()
    check_eotk_config()
    check_all_key_kinds()
    check_relative_paths()
    check_two_frontends_one_backend()
    check_weights()
    check_tor_takes_the_lines()
    check_unwritable_output()
    checks.finish()


sys.exit(main())
