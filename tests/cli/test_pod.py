"""obpub as it runs in a pod of Kubernetes: a user without powers, keys that are root's and a group's, and a config that
has no backends yet."""
import os
import pathlib
import signal
import socket
import subprocess
import sys

import checks

USER, GROUP = 1500, 2000  # runAsUser and fsGroup
FRONTEND, BACKEND, BACKEND2 = checks.Key(), checks.Key(), checks.Key()
PLACE = ["-s", "/nowhere/tor"]


def make_secret(folder, name, content, mode=0o440, owner=0, group=GROUP):
    """A file of a Secret, as the kubelet makes it: a link to a file in a folder of its own, which changes as a whole."""
    data = folder / "..data"
    data.mkdir(exist_ok=True)
    data.chmod(0o755)
    path = checks.write(data / name, content, mode)
    os.chown(path, owner, group)
    if not (folder / name).is_symlink():
        (folder / name).symlink_to(f"..data/{name}")


def config(*lines, key="keys/frontend.key", instances="[]"):
    return "\n".join([*lines, "services:", f"- key: {key}", f"  instances: {instances}", ""])


def command(pod, *arguments, groups=(GROUP,)):
    chosen = ["--groups", ",".join(map(str, groups))] if groups else ["--clear-groups"]
    return ["setpriv", "--reuid", str(USER), "--regid", str(USER), *chosen, "--no-new-privs", pod / "obpub", *arguments]


def run(pod, *arguments, groups=(GROUP,), environment=None):
    """Runs obpub as the pod's user."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ONIONBALANCE_")}
    return subprocess.run(list(map(str, command(pod, *arguments, groups=groups))), cwd=pod, capture_output=True, text=True,
                          timeout=60, env={**clean, **(environment or {})}, stdin=subprocess.DEVNULL)


def check_keys(pod):
    one = f"[{{address: {BACKEND.address}}}]"
    for title, mode, owner, group, lines, groups, expected in (
            ("root's and a group's, where the config says so", 0o440, 0, GROUP, ["group-readable: true"], (GROUP,), None),
            ("... that root may write", 0o640, 0, GROUP, ["group-readable: true"], (GROUP,), None),
            ("... unless it says nothing", 0o440, 0, GROUP, [], (GROUP,), "\"group-readable: true\""),
            ("... unless others can read it", 0o444, 0, GROUP, ["group-readable: true"], (GROUP,), "mode 0444"),
            ("... unless the group can write it", 0o460, 0, GROUP, ["group-readable: true"], (GROUP,), "mode 0460"),
            ("... unless the group is another one", 0o440, 0, GROUP, ["group-readable: true"], (), "may not open it"),
            ("... unless it is not root's", 0o440, 1501, GROUP, ["group-readable: true"], (GROUP,), "another user"),
            ("its own", 0o400, USER, USER, ["group-readable: true"], (GROUP,), None)):
        make_secret(pod / "keys", "frontend.key", FRONTEND.pem(), mode, owner, group)
        checks.write(pod / "config.yaml", config(*lines, instances=one), 0o644)
        for key, environment in (("keys/frontend.key", {}),
                                 ("credential:frontend.key", {"CREDENTIALS_DIRECTORY": str(pod / "keys")})):
            checks.write(pod / "config.yaml", config(*lines, instances=one, key=key), 0o644)
            result = run(pod, "--check", groups=groups, environment=environment)
            good = result.returncode == 0 and "(PEM)" in result.stdout if expected is None else (
                result.returncode == 2 and expected in result.stderr)
            checks.check(f"key {title}: {key}", good, result.stdout + result.stderr)
        # The reader of the program that publishes is confined, and sees the same.
        result = run(pod, "--once", "--timeout", "1", *PLACE, groups=groups,
                     environment={"CREDENTIALS_DIRECTORY": str(pod / "keys")})
        checks.check(f"... with --once, key {title}", result.returncode == (3 if expected is None else 2), result.stderr)
    make_secret(pod / "keys", "frontend.key", FRONTEND.pem())
    make_secret(pod / "keys", "password", "x" * 40 + "\n")
    instance = f"[{{address: {BACKEND.address}, control: 'unix:/nowhere/b', control-password-file: keys/password}}]"
    checks.write(pod / "config.yaml", config("group-readable: true", instances=instance), 0o644)
    result = run(pod, "--check")
    checks.check("a password file of the same kind", result.returncode == 0, result.stderr)


def check_no_backends(pod):
    checks.write(pod / "config.yaml", config("group-readable: true"), 0o644)
    result = run(pod, "--check")
    checks.check("no backends: an error unless the config says to wait", result.returncode == 2
                 and "\"instances\" is an empty list" in result.stderr, result.stderr)
    checks.write(pod / "config.yaml", config("group-readable: true", "wait-for-backends: true"), 0o644)
    result = run(pod, "--check")
    checks.check("... with wait-for-backends --check says what is so", result.returncode == 0
                 and "0 backends" in result.stdout and "none yet" in result.stdout, result.stdout + result.stderr)
    result = run(pod, "--once", "--timeout", "1", *PLACE)
    checks.check("... and --once that nothing was published", result.returncode == 3
                 and "the config has no backends for it yet" in result.stderr and "none yet" in result.stdout, result.stderr)


def read_status(pod):
    result = checks.run("status", "--socket-path", pod / "run" / "status")
    return result.returncode, result.stdout


def check_waiting(pod):
    lines = ["group-readable: true", "wait-for-backends: true", f"status-socket-location: {pod}/run/status"]
    checks.write(pod / "config.yaml", config(*lines), 0o644)
    with open(pod / "log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(list(map(str, command(pod, "-c", "config.yaml", *PLACE))), cwd=pod, stdout=log, stderr=log,
                                   stdin=subprocess.DEVNULL)

    def is_answering():
        with socket.socket(socket.AF_UNIX) as probe:
            return process.poll() is not None or probe.connect_ex(str(pod / "run" / "status")) == 0

    def text():
        return (pod / "log").read_text(encoding="utf-8")
    try:
        checks.wait_for(is_answering)
        code, status = read_status(pod)
        checks.check("the daemon waits for backends", process.poll() is None, text())
        checks.check("... its status says so, and exit status 1", code == 1 and "no backends yet" in status, status)
        checks.check("... and its log, once", text().count("has no backends yet") == 1, text())
        instances = f"[{{address: {BACKEND.address}}}, {{address: {BACKEND2.address}}}]"
        for title, given, count, words in (("brings backends", instances, 2, "is new"), ("takes them away", "[]", 0, "is gone"),
                                           ("brings one again", f"[{{address: {BACKEND.address}}}]", 1, "is new"),
                                           ("says the same", f"[{{address: {BACKEND.address}}}]", 1, "what it said before")):
            before = len(text())
            checks.write(pod / "config.yaml", config(*lines, instances=given), 0o644)
            process.send_signal(signal.SIGHUP)
            checks.wait_for(lambda before=before: "config read again" in text()[before:])
            said = [line for line in text()[before:].splitlines() if "config read again: " in line]
            checks.check(f"a reload {title}", len(said) == 1 and said[0].count(words) == max(count, 2 if not count else 1)
                         and checks.wait_for(lambda count=count: read_status(pod)[1].count("waiting for") == count),
                         read_status(pod)[1] + text())
        process.send_signal(signal.SIGTERM)
        checks.check("it ends well", process.wait(20) == 0, text())
    finally:
        process.kill()
        process.wait()


def main():
    if os.geteuid() != 0:
        print("only root can make files of root's")
        sys.exit(77)
    with checks.temporary_folder() as name:
        pod = pathlib.Path(name)
        pod.chmod(0o755)
        (pod / "keys").mkdir(mode=0o755)
        (pod / "run").mkdir()
        os.chown(pod / "run", USER, USER)
        checks.copy_program(pod)
        check_keys(pod)
        check_no_backends(pod)
        check_waiting(pod)
    checks.finish()


sys.exit(main())
