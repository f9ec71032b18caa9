"""obpub --check on configs with keys of clients: the line that a restricted backend's tor needs is the one that "obpub client
new" has put there, and what can't be used is an error with file and line."""
import json
import os
import pathlib
import sys

import checks
from checks import check


def write_config(folder, *instances, mode=""):
    """A config of one frontend and these backends, each its lines. Returns the frontend."""
    frontend = checks.Key()
    checks.write(folder / "frontend.key", frontend.pem())
    lines = ["services:", "- key: frontend.key", *([f"  mode: {mode}"] if mode else []), "  instances:"]
    for instance in instances:
        lines += [("  - " if number == 0 else "    ") + line for number, line in enumerate(instance)]
    checks.write(folder / "config.yaml", "\n".join(lines) + "\n")
    return frontend


def run_check(folder, *options):
    return checks.run("--check", "-c", "config.yaml", *options, folder=folder)


def make_pair(folder, key, name):
    """A pair as an operator makes it, for a service with this key. Returns the line in the .auth file."""
    clients = folder / name / "authorized_clients"
    clients.mkdir(parents=True, mode=0o700)
    result = checks.run("client", "new", "publisher", "--folder", str(clients), "--frontend", f"{key.address}.onion",
                        "-o", f"{name}.auth_private", folder=folder)
    assert result.returncode == 0, result.stderr
    return (clients / "publisher.auth").read_text().strip()


def instances_of(folder):
    return {each["name"]: each for each in json.loads(run_check(folder, "--json").stdout)["instances"]}


def check_lines(folder):
    closed, plain = checks.Key(), checks.Key()
    line = make_pair(folder, closed, "closed")
    write_config(folder, [f"address: {closed.address}.onion", "name: closed", "client-key: closed.auth_private"],
                 [f"address: {plain.address}.onion", "name: plain"])
    result = run_check(folder)
    block = result.stdout.partition(f"backend {closed.address}.onion (closed)\n")[2].partition("backend ")[0]
    check("the file for its tor is named, with its line",
          "authorized_clients/publisher.auth" in block and f"        {line}\n" in block, result.stdout + result.stderr)
    check("another backend needs none", result.stdout.count("authorized_clients") == 1, result.stdout)
    instances = instances_of(folder)
    check("the JSON has it, too", instances["closed"]["authorizedClients"] == [line], instances["closed"])
    check("and nothing where there is none", "authorizedClients" not in instances["plain"], instances["plain"])
    secret = (folder / "closed.auth_private").read_text().rsplit(":", 1)[1].strip()
    printed = result.stdout + result.stderr + run_check(folder, "--json").stdout
    check("the secret half is nowhere", secret.lower() not in printed.lower())


def check_errors(folder):
    closed, other = checks.Key(), checks.Key()
    make_pair(folder, other, "other")
    for path, words in (("none.auth_private", "there is no such file"),
                        ("other.auth_private", f"is a key for {other.address}.onion, which is another onion service"),
                        ("other/authorized_clients", "is not a plain file"),
                        ("frontend.key", "client key file frontend.key: ")):
        write_config(folder, [f"address: {closed.address}.onion", f"client-key: {path}"])
        result = run_check(folder)
        check(f"an error with its line: {words}",
              result.returncode == 2 and "config.yaml:5: client key file " in result.stderr and words in result.stderr,
              (result.returncode, result.stderr))
    write_config(folder, [f"address: {other.address}.onion", "client-key: other.auth_private"])
    os.chmod(folder / "other.auth_private", 0o644)
    result = run_check(folder)
    check("a key that others can read is one", result.returncode == 2 and "chmod o-rwx other.auth_private" in result.stderr,
          result.stderr)


def main():
    for test in (check_lines, check_errors):
        with checks.temporary_folder() as name:
            test(pathlib.Path(name))
    checks.finish()


if __name__ == "__main__":
    sys.exit(main())
