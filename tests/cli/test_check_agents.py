"""obpub --check on configs whose control ports are reached over Tor: the lines for both ends, which stock tor understands, and
the key that the agent's service lets in; and a warning where an agent is at an address that visitors reach."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

import checks
from agents import SECRET
from checks import check

from harness.process import spawn

LINES = ["HiddenServiceDir /var/lib/tor/obpub-agent",
         "HiddenServicePort {port} unix:/run/obpub-agent/control.sock",
         "HiddenServiceMaxStreams 8", "HiddenServiceMaxStreamsCloseCircuit 1"]


def write_config(folder, *instances, top=(), of_agents=()):
    """A config of one frontend and these backends: (name, key, control), with these lines besides."""
    frontend = checks.Key()
    checks.write(folder / "frontend.key", frontend.pem())
    checks.write(folder / "secret", SECRET + "\n")
    lines = [*top, "services:", "- key: frontend.key", "  instances:"]
    for name, key, control in instances:
        lines += [f"  - address: {key.address}.onion", f"    name: {name}"]
        if control:
            lines += [f"    control: {control}", "    control-password-file: secret"]
            lines += [f"    {line}" for line in of_agents if ".onion" in control]
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
    check("nobody is named who may find the agent", "best with authorized_clients" in block
          and "descriptor:x25519:" not in result.stdout, block)
    document = json.loads(run_check(folder, "--json").stdout)
    check("and in the JSON neither", not any("authorizedClientsAgent" in each for each in document["instances"]), document)
    check_publisher(folder, result.stdout, document)
    backends = {each["name"]: each for each in json.loads(run_check(folder, "--json").stdout)["instances"]}
    check("the JSON has the lines, too", backends["far"]["torrcAgent"] == expected and backends["near"]["torrcAgent"] == [],
          backends)
    check("no warning", json.loads(run_check(folder, "--json").stdout)["warnings"] == [])
    check_with_tor(folder, expected)
    write_config(folder, ("near", near, "unix:/run/near"), ("bare", far, None))
    printed = run_check(folder).stdout
    check("without an agent there is no word of it", "agent" not in printed and "SOCKS" not in printed, printed)
    document = json.loads(run_check(folder, "--json").stdout)
    check("and its JSON has nothing of it", document["tor"]["torrc"] == []
          and not any("authorizedClientsAgent" in each for each in document["instances"]), document)


def check_publisher(folder, printed, document):
    """The publisher's own tor; its line is what a tor without a SOCKS port needs, so that obpub can ask where that is."""
    said, _, rest = printed.partition("local tor: agents are reached over its SOCKS port\n")[2].partition("\n")
    line = rest.split("\n")[0]
    check("the publisher's tor needs a SOCKS port", said.startswith("    torrc, unless it has a SOCKS port already, ")
          and line == "        SocksPort auto", printed)
    check("the JSON says so, too", document["tor"]["torrc"] == [line.strip()], document["tor"])
    check_with_tor(folder, [line.strip()])


def check_given_socks(folder):
    """With tor-socks obpub asks its tors for nothing, and they need nothing."""
    far, agent = checks.Key(), checks.Key()
    write_config(folder, ("far", far, f"{agent.address}.onion:9000"), top=["tor-socks: 127.0.0.1:9050"])
    printed = run_check(folder).stdout
    check("tor-socks: no line is needed", "local tor: agents are reached over tor-socks\n" in printed
          and "SocksPort" not in printed, printed)
    tor = json.loads(run_check(folder, "--json").stdout)["tor"]
    check("tor-socks: none is in the JSON", tor["torrc"] == [], tor)


def check_clients(folder):
    """The line for the agent's service is the one that obpub client new writes into it."""
    near, far, agent = checks.Key(), checks.Key(), checks.Key()
    clients = folder / "authorized_clients"
    clients.mkdir(mode=0o700)
    made = checks.run("client", "new", "publisher", "--folder", str(clients), "--frontend", f"{agent.address}.onion",
                      "-o", "agent.key", folder=folder)
    line = (clients / "publisher.auth").read_text().strip()
    check("a key for the agent is made", made.returncode == 0 and line.startswith("descriptor:x25519:"), made)
    write_config(folder, ("near", near, "unix:/run/near"), ("far", far, f"{agent.address}.onion:9000"),
                 of_agents=["control-client-key: agent.key"])
    result = run_check(folder)
    block = result.stdout.partition("obpub agent --address")[2]
    check("the file for the agent's service is named, with its line",
          "/var/lib/tor/obpub-agent/authorized_clients/publisher.auth" in block and f"        {line}\n" in block
          and "best with authorized_clients" not in block, result.stdout + result.stderr)
    check("that of another one is not", result.stdout.count("authorized_clients") == 1, result.stdout)
    backends = {each["name"]: each for each in json.loads(run_check(folder, "--json").stdout)["instances"]}
    check("the JSON has that line, too", backends["far"].get("authorizedClientsAgent") == [line], backends)
    check("for this backend alone, and for its agent alone", "authorizedClientsAgent" not in backends["near"]
          and "authorizedClients" not in backends["far"], backends)
    secret = (folder / "agent.key").read_text().rsplit(":", 1)[1].strip()
    printed = result.stdout + result.stderr + run_check(folder, "--json").stdout
    check("the secret half is nowhere", secret.lower() not in printed.lower())


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


def check_log(folder):
    """The log has that warning, too: of the config that obpub starts with, and of one that is read again."""
    one, other, agent = checks.Key(), checks.Key(), checks.Key()

    def write_agents(control):
        write_config(folder, ("one", one, f"{control.address}.onion:9151"), ("other", other, None),
                     top=[f"tor-control: unix:{folder}/absent", f"status-socket-location: {folder}/status"])

    def warned_of(address):
        return len(re.findall(rf"warning: .*config.yaml:\d+: the agent of \"one\" is at {address}.onion, which visitors reach",
                              read_log()))

    def read_log():
        return (folder / "log").read_text()
    write_agents(one)
    with open(folder / "log", "w", encoding="utf-8") as log:
        process = spawn([os.path.abspath(checks.OBPUB), "-c", folder / "config.yaml"], stdout=log, stderr=log)
        try:
            def reloads(count):
                return checks.wait_for(lambda: read_log().count("config read again") == count)
            check("obpub starts", checks.wait_for((folder / "status").exists), read_log())
            check("the log warns of an agent at a backend's address", warned_of(one.address) == 1, read_log())
            write_agents(agent)
            process.send_signal(signal.SIGHUP)
            check("and of none that has an address of its own", reloads(1) and warned_of(agent.address) == 0
                  and warned_of(one.address) == 1, read_log())
            write_agents(other)
            process.send_signal(signal.SIGHUP)
            check("the log warns after a reload, too", reloads(2) and warned_of(other.address) == 1, read_log())
        finally:
            process.terminate()
            check("it ends", process.wait(60) == 0, read_log())


def main():
    for test in (check_lines, check_given_socks, check_clients, check_warnings, check_log):
        with checks.temporary_folder() as name:
            test(pathlib.Path(name))
    checks.finish()


if __name__ == "__main__":
    sys.exit(main())
