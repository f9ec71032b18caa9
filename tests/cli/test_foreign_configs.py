"""Files and variables that others have written for Onionbalance: each does here what it did there."""
import os
import pathlib
import signal
import socket
import subprocess
import sys

import checks

FRONTEND, BACKEND, BACKEND2 = checks.Key(), checks.Key(), checks.Key()

# What has written it, the file, and words of the one warning there is of it.
FILES = (
    ("an entrypoint with the service's ports",
     f"services:\n- key: frontend.key\n  ports:\n  - 80: 80\n  instances:\n  - address: {BACKEND.address}.onion\n",
     "config.yaml:3: a service has no key \"ports\": it does nothing here"),
    ("somebody who needs a place for an anchor",
     f"x: &a\n- address: {BACKEND.address}.onion\nservices:\n- key: frontend.key\n  instances: *a\n",
     "config.yaml:1: the config has no key \"x\": it does nothing here"),
    ("somebody whose place for an anchor ends as a key",
     f"backends: &a\n- address: {BACKEND.address}.onion\nservices:\n- key: frontend.key\n  instances: *a\n",
     "config.yaml:1: the config has no key \"backends\": it does nothing here"),
    ("somebody whose place for an anchor is called as what it is for",
     f"instances: &a\n- address: {BACKEND.address}.onion\nservices:\n- key: frontend.key\n  instances: *a\n",
     "config.yaml:1: the config has no key \"instances\", which is one of a service: it does nothing here"),
    ("somebody who names services",
     f"services:\n- name: shop\n  key: frontend.key\n  instances:\n  - address: {BACKEND.address}\n",
     "config.yaml:2: a service has no key \"name\""),
    ("a script in Python 2, whose texts have tags",
     f"services:\n- !!python/unicode 'key': !!python/unicode 'frontend.key'\n  zone: a\n  instances:\n"
     f"  - address: !!python/str '{BACKEND.address}'\n", "config.yaml:3: a service has no key \"zone\""),
    ("an editor of Windows", f"\ufeffservices:\r\n- key: frontend.key\r\n  zone: a\r\n  instances:\r\n"
     f"  - address: {BACKEND.address}\r\n", "config.yaml:3: a service has no key \"zone\""),
    ("a controller that notes where instances are",
     f"services:\n- key: frontend.key\n  instances:\n  - address: {BACKEND.address}\n    zone: a\n"
     f"  - address: {BACKEND2.address}\n    zone: b\n", "config.yaml:5: an instance has no key \"zone\""),
)


def eotk(folder):
    """As EOTK writes it, in ob-gather."""
    return f"""LOG_LEVEL: warn
TOR_ADDRESS: 127.0.0.1
TOR_PORT: 9055
STATUS_SOCKET_LOCATION: {folder}/ob-status
REFRESH_INTERVAL: 600
INITIAL_DELAY: 100
PUBLISH_CHECK_INTERVAL: 300
DESCRIPTOR_OVERLAP_PERIOD: 2400
DESCRIPTOR_UPLOAD_PERIOD: 2400
DESCRIPTOR_VALIDITY_PERIOD: 86400
services:
# PROJECT shop
  # shop.example => {FRONTEND.address}.onion
  - key: {folder}/frontend.key
    instances:
      - address: '{BACKEND.address}'
"""


def check_files(folder):
    for who, text, warning in FILES:
        checks.write(folder / "config.yaml", text)
        result = checks.run("--check", folder=folder)
        checks.check(f"taken, with one warning: a file of {who}", result.returncode == 0
                     and warning in result.stderr and result.stderr.count("\n") == 1, result.stderr)


def start(folder, *arguments, environment=None):
    """A daemon without a tor, and what it says until its status socket is there."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ONIONBALANCE_")}
    with open(folder / "log", "w", encoding="utf-8") as log:
        process = subprocess.Popen([os.path.abspath(checks.OBPUB), "-c", folder / "config.yaml", "-s", folder / "no-tor",
                                    *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   env={**clean, **(environment or {})})

    def is_ready():
        with socket.socket(socket.AF_UNIX) as probe:
            return process.poll() is not None or probe.connect_ex(str(folder / "ob-status")) == 0
    checks.wait_for(is_ready)
    return process


def run_daemon(folder, *arguments, environment=None):
    """Has it run for a moment; its exit status, what "obpub status" said, and its log."""
    process = start(folder, *arguments, environment=environment)
    try:
        status = checks.run("status", "-c", folder / "config.yaml")
        process.send_signal(signal.SIGTERM)
        return process.wait(20), status, (folder / "log").read_text(encoding="utf-8")
    finally:
        process.kill()
        process.wait()


def check_eotk(folder):
    checks.write(folder / "config.yaml", eotk(folder))
    code, status, log = run_daemon(folder)
    lines = log.splitlines()
    summaries = [line for line in lines if "keys of Onionbalance for v2 services" in line]
    checks.check("EOTK's file: the daemon runs", code == 0, log)
    checks.check("... and has its status where STATUS_SOCKET_LOCATION says", "frontend " in status.stdout, status.stderr)
    checks.check("... one line says all there is to say of its keys", len(summaries) == 1
                 and "TOR_PORT, REFRESH_INTERVAL" in summaries[0] and "LOG_LEVEL as \"log-level\"" in summaries[0]
                 and not any("config.yaml" in line for line in lines if line not in summaries), log)
    checks.check("... and LOG_LEVEL is the level", " info: " not in log and "warning: " in log, log)
    code, status, log = run_daemon(folder, "-v", "info")
    checks.check("... unless -v says another one", code == 0 and " info: " in log, log)
    checks.write(folder / "config.yaml", eotk(folder).replace("LOG_LEVEL: warn", "LOG_LEVEL: verbose"))
    code, status, log = run_daemon(folder)
    checks.check("... a level that is none is no reason not to run", code == 0
                 and "\"verbose\" is no level and does not count" in log and " info: " in log, log)


def check_environment(folder):
    """As /etc/default/onionbalance has it."""
    checks.write(folder / "config.yaml", eotk(folder).replace("LOG_LEVEL: warn\n", ""))
    for level, says_info, says_warnings in (("WARN", False, True), ("warning", False, True), ("FATAL", False, False),
                                            ("20", True, True), ("30", False, True), ("NOTSET", True, True)):
        code, _, log = run_daemon(folder, environment={"ONIONBALANCE_LOG_LEVEL": level})
        checks.check(f"ONIONBALANCE_LOG_LEVEL={level}", code == 0 and (" info: " in log) == says_info
                     and ("warning: " in log) == says_warnings, f"exit {code}: {log}")
    code, _, log = run_daemon(folder, environment={"ONIONBALANCE_LOG_LOCATION": str(folder / "file.log")})
    said = [line for line in log.splitlines() if "ONIONBALANCE_LOG_LOCATION" in line]
    checks.check("ONIONBALANCE_LOG_LOCATION is warned of, once", code == 0 and len(said) == 1 and "warning: " in said[0]
                 and "standard error" in said[0] and not (folder / "file.log").exists(), log)
    result = checks.run("--once", "--timeout", "1", "-c", folder / "config.yaml", "-p", "9",
                        environment={"ONIONBALANCE_LOG_LOCATION": "x", "ONIONBALANCE_LOG_LEVEL": "WARN"})
    checks.check("... by --once, too", result.returncode == 3 and "ONIONBALANCE_LOG_LOCATION" in result.stderr,
                 result.stderr)
    result = checks.run("--check", "-c", folder / "config.yaml", environment={"ONIONBALANCE_LOG_LOCATION": "x"})
    checks.check("... and by --check", result.returncode == 0 and result.stderr.count("ONIONBALANCE_LOG_LOCATION") == 1,
                 result.stderr)


def check_gobalance(folder):
    """As its generator (gobalance g) makes it: its YAML library indents lists; the key's file is as the umask lets it be."""
    text = ("services:\n    - key: gobalance.key\n      instances:\n"
            "        - address: <Enter the instance onion address here>\n")
    key = checks.write(folder / "gobalance.key", checks.Key().pem())
    os.chmod(key, 0o644)
    checks.write(folder / "config.yaml", text)
    result = checks.run("--check", folder=folder)
    checks.check("GoBalance's config as it is made: the placeholder and the open key are pointed out", result.returncode == 2
                 and "config.yaml:4: \"address\" is still" in result.stderr and "chmod 600" in result.stderr
                 and len(result.stderr.splitlines()) == 2, result.stderr)
    os.chmod(key, 0o600)
    checks.write(folder / "config.yaml", text.replace("<Enter the instance onion address here>", f"{BACKEND.address}.onion"))
    result = checks.run("--check", "--ip", "127.0.0.1", "--port", "9053", "--verbosity", "info", folder=folder)
    checks.check("... and filled in it is taken, with the options that are the same", result.returncode == 0
                 and not result.stderr and "127.0.0.1:9053" in result.stdout, result)


def main():
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        checks.write(folder / "frontend.key", FRONTEND.pem())
        check_files(folder)
        check_eotk(folder)
        check_environment(folder)
        check_gobalance(folder)
    checks.finish()


sys.exit(main())
