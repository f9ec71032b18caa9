"""obpub --check on configs with services whose tors have the frontend's key: what is printed, whole, and what stock tor
makes of it."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

import checks

TWIN_LINES = (("torrc", "HiddenServiceOnionBalanceInstance 1"), ("torrcSeveral", "PublishHidServDescriptors 0"),
              ("torrcAlone", "PublishHidServDescriptors 1"))
PROOF_OF_WORK = "HiddenServicePoWDefensesEnabled 1"

TWO_TWINS = """\
services:
- key: own.key
  mode: hardmap
  instances:
  - {name: node1, control: unix:/run/node1/control}
  - {name: "n\\e[2J", control: '127.0.0.1:9151', control-password-file: password}
"""

NOTES = """
With mode hardmap every tor has the frontend's key: who takes over one of them has the address for good.
PublishHidServDescriptors 0 switches publishing off for all services of that tor. With it and one obpub
alone, the frontend is gone three hours after that obpub; with 1, which is tor's default, the tors then
publish it themselves.

The order of steps that leaves no gap (doc/hardmap.md has how long to wait, and why):
"""

STEPS = """\
  from one tor alone, or from tors that publish it themselves
    1. start the other tors with the key and these lines, but with publishing on and proof of work off
    2. wait, then restart each tor that lacks a line, one after the other
    3. start obpub with this config, until "obpub status" shows all tors live
    4. last, restart one tor after the other with HiddenServicePoWDefensesEnabled 1 and publishing on
  from mode softmap
    1. with that mode still, write "lead: 45" in the config, reload obpub, and wait until all has been
       uploaded anew
    2. start the tors with the key and these lines, but with proof of work off
    3. change mode and instances to this config's, and reload obpub: do not restart it
    4. wait, then stop the backends that have keys of their own
    5. last, proof of work as above
  back to mode softmap
    1. start backends with keys of their own, until each has uploaded its own descriptors
    2. change mode and instances in the config, with "lead: 45", and reload obpub: do not restart it, since
       HSDirs refuse lower counters for up to the lead
    3. wait, then stop the tors with the key, and remove that there
    4. three hours later remove the lead, and reload obpub
  back to one tor alone
    1. take all other tors out of the config, and reload obpub
    2. wait, then stop these tors
    3. stop obpub: the tor's own uploads get through within the lead and two hours
"""
# Of several obpubs, and without proof of work.
OTHER_STEPS = """\
  from one tor alone, or from tors that publish it themselves
    1. start the other tors with the key and these lines, but with publishing on and proof of work off
    2. wait, then restart each tor that lacks a line, one after the other
    3. start obpub with this config, until "obpub status" shows all tors live
    4. start the other obpubs; unless proof of work comes next, restart one tor after the other with
       PublishHidServDescriptors 0
  from mode softmap
"""


def lines_of_twin(name, address, place, has_proof_of_work=True):
    text = f"""\
tor {name} of {address}.onion
    the key of that frontend, as hs_ed25519_secret_key in its HiddenServiceDir
    torrc, below its HiddenServiceDir line:
        HiddenServiceOnionBalanceInstance 1
    ob_config, a file in its HiddenServiceDir:
        MasterOnionAddress {address}.onion
    torrc, a ControlSocket or ControlPort, which obpub reaches as {place}
    torrc, when several obpubs publish this frontend, without proof of work:
        PublishHidServDescriptors 0
    torrc, when one obpub alone does, or for proof of work (so in this config):
        PublishHidServDescriptors 1
"""
    return text + (f"""\
    torrc, below its HiddenServiceDir line, for proof of work (at all tors of the frontend, with publishing on):
        {PROOF_OF_WORK}
""" if has_proof_of_work else "")


def lines_of_backend(name, address, frontend):
    return f"""\
backend {address}.onion ({name})
    torrc, below its HiddenServiceDir line:
        HiddenServiceOnionBalanceInstance 1
    ob_config, a file in its HiddenServiceDir:
        MasterOnionAddress {frontend}.onion
"""


HEADLINE = "What each backend needs (write ob_config first: tor must find it when it reads its torrc):\n\n"


def check_text(folder, key, other, backend):
    """A service of each mode in one config; the text as a whole."""
    checks.write(folder / "config.yaml", "tor-control: unix:/run/tor/here\n" + TWO_TWINS + f"""\
- key: other.key
  instances: [{{address: {backend.address}, name: plain, control: 'unix:/run/node1/control'}}]
- key: tor
  mode: hardmap
  lead: 0
  proof-of-work: off
  instances: [{{name: node1, control: 'unix:/run/node1/control'}}]
""")
    result = checks.run("--check", folder=folder)
    third = TOR_KEY.address
    expected = f"""\
frontend {key.address}.onion
    key own.key (PEM)
    mode hardmap, lead 45 minutes, proof of work auto
    2 tors with the same key:
    node1
        control port unix:/run/node1/control
    n?[2J
        control port 127.0.0.1:9151

frontend {other.address}.onion
    key other.key (PEM)
    1 backend:
    plain  {backend.address}.onion
        control port unix:/run/node1/control

frontend {third}.onion
    key tor/hs_ed25519_secret_key (tor's hs_ed25519_secret_key)
    mode hardmap, lead 0 minutes, proof of work off
    1 tor with the same key:
    node1
        control port unix:/run/node1/control

local tor: control port expected at unix:/run/tor/here

""" + HEADLINE + (lines_of_twin("node1", key.address, "unix:/run/node1/control")
                  + lines_of_twin("n?[2J", key.address, "127.0.0.1:9151")
                  + lines_of_backend("plain", backend.address, other.address)
                  + lines_of_twin("node1", third, "unix:/run/node1/control", has_proof_of_work=False)) + NOTES + STEPS
    checks.check("both modes in one config: exit 0", result.returncode == 0, result.stderr)
    text, _, confinement = result.stdout.partition("\nConfinement, if uid ")
    checks.check("both modes in one config: the text", text == expected, result.stdout)
    checks.check("and how this machine has obpub confined", f"{os.geteuid()} starts obpub here: " in confinement,
                 confinement)
    checks.check("a password over loopback TCP gets a warning, as of other backends",
                 "config.yaml:7: the password for 127.0.0.1:9151 goes over loopback TCP" in result.stderr, result.stderr)


def check_several(folder):
    """Which of the two ways a config is for is marked; and it needs other steps."""
    checks.write(folder / "several.yaml", "other-publishers: true\n" + TWO_TWINS.replace(
        "mode: hardmap\n", "mode: hardmap\n  proof-of-work: off\n"))
    result = checks.run("--check", "-c", "several.yaml", folder=folder)
    checks.check("several obpubs: marked", """\
    torrc, when several obpubs publish this frontend, without proof of work (so in this config):
        PublishHidServDescriptors 0
    torrc, when one obpub alone does, or for proof of work:
        PublishHidServDescriptors 1
""" in result.stdout and result.stdout.count("(so in this config)") == 2, result.stdout)
    checks.check("several obpubs: the steps", NOTES + OTHER_STEPS in result.stdout
                 and "proof of work as above" not in result.stdout
                 and "    1. restart the tor that is to stay with PublishHidServDescriptors 1; stop all obpubs but one\n"
                 in result.stdout,
                 result.stdout)
    found = json.loads(checks.run("--check", "--json", "-c", "several.yaml", folder=folder).stdout)
    checks.check("several obpubs: JSON", [service["ownUploads"] for service in found["services"]] == ["off"], found)


def check_json(folder, key, other, backend):
    """The same config; the keys that go with the mode, and no secret in either."""
    result = checks.run("--check", "--json", folder=folder)
    found = json.loads(result.stdout)
    checks.check("JSON: the services' modes",
                 [(service["onionAddress"], service["mode"], service["lead"], service["proofOfWork"])
                  for service in found["services"]]
                 == [(f"{key.address}.onion", "hardmap", 2700, "auto"), (f"{other.address}.onion", "softmap", None, None),
                     (f"{TOR_KEY.address}.onion", "hardmap", 0, "off")], found["services"])
    checks.check("JSON: whether their tors upload themselves",
                 [service["ownUploads"] for service in found["services"]] == ["on", None, "on"], found["services"])
    checks.check("JSON: a twin has its frontend's address",
                 [(twin["name"], twin["onionAddress"], twin["hasControl"], twin["control"])
                  for twin in found["services"][0]["instances"]]
                 == [("node1", f"{key.address}.onion", True, "unix:/run/node1/control"),
                     ("n?[2J", f"{key.address}.onion", True, "127.0.0.1:9151")], found["services"])

    def twin(name, frontend, *proof_of_work):
        return {"onionAddress": f"{frontend.address}.onion", "name": name,
                "obConfig": [f"MasterOnionAddress {frontend.address}.onion"],
                "torrcProofOfWork": list(proof_of_work), "torrcAgent": [], **{where: [line] for where, line in TWIN_LINES}}

    checks.check("JSON: what the operators need", found["instances"] == [
        twin("node1", key, PROOF_OF_WORK), twin("n?[2J", key, PROOF_OF_WORK),
        {"onionAddress": f"{backend.address}.onion", "name": "plain", "torrc": ["HiddenServiceOnionBalanceInstance 1"],
         "obConfig": [f"MasterOnionAddress {other.address}.onion"], "torrcSeveral": [], "torrcAlone": [],
         "torrcProofOfWork": [], "torrcAgent": []},
        twin("node1", TOR_KEY)], found["instances"])
    checks.check("no secret is printed", not any(
        secret in result.stdout + result.stderr
        for secret in (key.seed.hex(), TOR_KEY.expanded().hex(), key.pem().decode().splitlines()[1][-20:])))


def check_softmap_has_no_notes(folder, backend):
    checks.write(folder / "config.yaml", f"services: [{{key: own.key, instances: [{{address: {backend.address}}}]}}]\n")
    result = checks.run("--check", folder=folder)
    checks.check("without such a service nothing is said of the mode", result.returncode == 0
                 and "hardmap" not in result.stdout and "PublishHidServDescriptors" not in result.stdout, result.stdout)
    checks.write(folder / "config.yaml",
                 f"services: [{{key: own.key, lead: 45, instances: [{{address: {backend.address}}}]}}]\n")
    result = checks.run("--check", folder=folder)
    checks.check("a lead of such a service is said", result.returncode == 0
                 and "    lead 45 minutes\n    1 backend:\n" in result.stdout, result.stdout)
    found = json.loads(checks.run("--check", "--json", folder=folder).stdout)
    checks.check("and is in JSON", found["services"][0]["lead"] == 2700, found)


def check_bundle(folder):
    """The publisher needs the key no more than with the other mode."""
    result = checks.run("presign", "-c", "twins.yaml", "--days", "3", "-o", "own.bundle", folder=folder)
    checks.check("a bundle is made with such a config", result.returncode == 0, result.stderr)
    checks.write(folder / "bundle.yaml", TWO_TWINS.replace("own.key", "own.bundle"))
    result = checks.run("--check", "--json", "-c", "bundle.yaml", folder=folder)
    found = json.loads(result.stdout)
    checks.check("and takes the key's place", result.returncode == 0 and
                 [(service["keyFormat"], service["mode"]) for service in found["services"]] == [("bundle", "hardmap")],
                 result.stdout)


def check_errors(folder, key, backend):
    """A bad one: exit 2, nothing on standard output, each error with its file and line."""
    checks.write(folder / "bad.yaml", f"""\
services:
- key: own.key
  mode: hardmap
  lead: 90
  instances:
  - {{name: a, control: unix:/a}}
  - {{name: b, control: unix:/b, address: {backend.address}}}
  - control: unix:/c
""")
    result = checks.run("--check", "-c", "bad.yaml", folder=folder)
    checks.check("errors: exit 2", result.returncode == 2 and result.stdout == "", result.stdout)
    checks.check("errors: what is said", result.stderr == f"""\
obpub: bad.yaml:4: "lead": "90" is no number of minutes from 0 to 60
obpub: bad.yaml:7: "address" is not {key.address}.onion, which the service's key makes and each of its tors has with \
"mode: hardmap": remove "address", or that mode if the tors have keys of their own
obpub: bad.yaml:8: an instance of a hardmap service needs "name:", which is missing: add it
""", result.stderr)


def check_without_control(folder, key):
    """An instance without a control port needs less: it has nothing to answer for but its own points, and has to upload."""
    checks.write(folder / "unseen.yaml", """\
services:
- key: own.key
  mode: hardmap
  instances: [{name: node1, control: 'unix:/run/node1/control'}, {name: arti}]
""")
    result = checks.run("--check", "-c", "unseen.yaml", folder=folder)
    checks.check("without a control port: how it is seen", result.returncode == 0 and """\
    arti
        no control port: seen by what it uploads to the HSDirs that no client asks
""" in result.stdout, result.stdout)
    checks.check("without a control port: what it needs", f"""\
tor arti of {key.address}.onion
    the key of that frontend, as hs_ed25519_secret_key in its HiddenServiceDir
    torrc, as it is by default:
        PublishHidServDescriptors 1
    torrc, below its HiddenServiceDir line, for proof of work (at all tors of the frontend, with publishing on):
        {PROOF_OF_WORK}

With mode hardmap""" in result.stdout, result.stdout)
    found = json.loads(checks.run("--check", "--json", "-c", "unseen.yaml", folder=folder).stdout)
    checks.check("JSON: without a control port",
                 [(lines["torrc"], lines["obConfig"], lines["torrcSeveral"], lines["torrcAlone"], lines["torrcProofOfWork"])
                  for lines in found["instances"][1:]]
                 == [([], [], [], ["PublishHidServDescriptors 1"], [PROOF_OF_WORK])]
                 and not found["services"][0]["instances"][1]["hasControl"], found)


def check_tor_takes_the_lines(folder, key):
    """Stock tor starts with what is printed, whether it publishes or not."""
    found = json.loads(checks.run("--check", "--json", "-c", "twins.yaml", folder=folder).stdout)
    lines = found["instances"][0]
    service = folder / "service"
    service.mkdir(mode=0o700)
    checks.write(service / "hs_ed25519_secret_key", key.tor())
    checks.write(service / "ob_config", "\n".join(lines["obConfig"]) + "\n")
    checks.write(folder / "defaults", "")
    for more in (lines["torrcSeveral"], lines["torrcAlone"], lines["torrcAlone"] + lines["torrcProofOfWork"]):
        checks.write(folder / "torrc", f"DataDirectory {folder}/data\nHiddenServiceDir {service}\nHiddenServicePort 80\n"
                     + "\n".join(lines["torrc"] + more) + "\nLog info stdout\n")
        result = subprocess.run(["tor", "--defaults-torrc", folder / "defaults", "-f", folder / "torrc",
                                 "--verify-config"], capture_output=True, text=True, timeout=60)
        checks.check(f"tor takes {' and '.join(more)}", result.returncode == 0, result.stdout)


TOR_KEY = checks.Key()


def main():
    checks.check("tor is installed", shutil.which("tor", path="/usr/sbin:/usr/bin:/sbin:/bin") is not None)
    key, other, backend = (checks.Key() for _ in range(3))
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        checks.write(folder / "own.key", key.pem())
        checks.write(folder / "other.key", other.pem())
        checks.write(folder / "password", "secret\n")
        (folder / "tor").mkdir(mode=0o700)
        checks.write(folder / "tor" / "hs_ed25519_secret_key", TOR_KEY.tor())
        checks.write(folder / "twins.yaml", TWO_TWINS)
        check_text(folder, key, other, backend)
        check_json(folder, key, other, backend)
        check_several(folder)
        check_softmap_has_no_notes(folder, backend)
        check_bundle(folder)
        check_errors(folder, key, backend)
        check_without_control(folder, key)
        check_tor_takes_the_lines(folder, key)
    checks.finish()


sys.exit(main())
