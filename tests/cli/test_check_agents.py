"""obpub --check on configs whose control ports are reached over Tor: the lines for both ends, which stock tor understands,
and a warning where an agent is at an address that visitors reach."""
import json
import pathlib
import re
import shutil
import subprocess
import sys

import checks
from agents import SECRET
from checks import check

LINES = ["HiddenServiceDir /var/lib/tor/obpub-agent",
         "HiddenServicePort {port} unix:/run/obpub-agent/control.sock",
         "HiddenServiceMaxStreams 8", "HiddenServiceMaxStreamsCloseCircuit 1"]


def write_config(folder, *instances):
    """A config of one frontend and these backends: (name, key, control)."""
    frontend = checks.Key()
    checks.write(folder / "frontend.key", frontend.pem())
    checks.write(folder / "secret", SECRET + "\n")
    lines = ["services:", "- key: frontend.key", "  instances:"]
    for name, key, control in instances:
        lines += [f"  - address: {key.address}.onion", f"    name: {name}"]
        if control:
            lines += [f"    control: {control}", "    control-password-file: secret"]
    checks.write(folder / "config.yaml", "\n".join(lines) + "\n")
    return frontend


def run_check(folder, *options):
    return checks.run("--check", "-c", "config.yaml", *options, folder=folder)


def check_lines(folder):
    near, far, agent = checks.Key(), checks.Key(), checks.Key()
    write_config(folder, ("near", near, "unix:/run/near"), ("far", far, f"{agent.address}.onion:9000"))
    result = run_check(folder)
    expected = [line.format(port=9000) for line in LINES]
    block = result.stdout.partition(f"backend {far.address}.onion (far)\n")[2]
    check("the backend's end has its lines",
          result.returncode == 0 and "".join(f"        {line}\n" for line in expected) in block, result.stdout + result.stderr)
    check("and the agent's command line", f"obpub agent --address {far.address}.onion --password-file FILE\n" in block, block)
    of_near = result.stdout.partition("(near)\n    torrc")[2].partition("(far)")[0]
    check("one with a socket has none", of_near and "obpub-agent" not in of_near, of_near)
    check("the publisher's tor needs a SOCKS port", "agents are reached over its SOCKS port" in result.stdout, result.stdout)
    backends = {each["name"]: each for each in json.loads(run_check(folder, "--json").stdout)["instances"]}
    check("the JSON has the lines, too", backends["far"]["torrcAgent"] == expected and backends["near"]["torrcAgent"] == [],
          backends)
    check("no warning", json.loads(run_check(folder, "--json").stdout)["warnings"] == [])
    check_with_tor(folder, expected)
    write_config(folder, ("near", near, "unix:/run/near"), ("bare", far, None))
    check("without an agent there is no word of it", "agent" not in run_check(folder).stdout)


def check_with_tor(folder, lines):
    """Stock tor takes them, and knows the options."""
    if shutil.which("tor") is None:
        check("tor is installed", False)
        return
    text = "\n".join(lines).replace("/var/lib/tor", str(folder / "data")) + f"\nDataDirectory \"{folder}/data\"\n"
    text = re.sub(r"^HiddenServiceDir (.*)$", r'HiddenServiceDir "\1"', text, flags=re.M)
    checks.write(folder / "torrc", text)
    checks.write(folder / "defaults", "")
    result = subprocess.run(["tor", "--verify-config", "--defaults-torrc", folder / "defaults", "-f", folder / "torrc"],
                            capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    check("tor takes the lines", result.returncode == 0 and "Configuration was valid" in result.stdout, result.stdout)


def check_warnings(folder):
    one, other = checks.Key(), checks.Key()
    frontend = write_config(folder, ("one", one, f"{one.address}.onion:9151"), ("other", other, None))
    for address, what in ((one.address, "its own backend's"), (other.address, "another backend's"),
                          (frontend.address, "the frontend's")):
        text = (folder / "config.yaml").read_text()
        checks.write(folder / "config.yaml", re.sub(r"control: \w+\.onion", f"control: {address}.onion", text))
        result = run_check(folder)
        words = f"config.yaml:4: the agent of \"one\" is at {address}.onion, which visitors reach"
        check(f"an agent at {what} address is warned of", result.returncode == 0 and words in result.stderr, result.stderr)
        warnings = json.loads(run_check(folder, "--json").stdout)["warnings"]
        check("in the JSON, too", len(warnings) == 1 and "which visitors reach" in warnings[0], warnings)


def main():
    for test in (check_lines, check_warnings):
        with checks.temporary_folder() as name:
            test(pathlib.Path(name))
    checks.finish()


if __name__ == "__main__":
    sys.exit(main())
