"""What systemd's own tools say of the units, the user and the folders that come with obpub."""
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys

import checks

EXPOSURE_MAX = 1.5
TOOLS = ("systemd-analyze", "systemd-sysusers", "systemd-tmpfiles")


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120)


def configure(folder, *options):
    """Has CMake write the packaging files as for a Debian package. Returns the folder they are in."""
    result = run("cmake", "-S", checks.SOURCE, "-B", folder, "-DCMAKE_INSTALL_PREFIX=/usr", *options)
    checks.check(" ".join(("cmake writes them", *options)), result.returncode == 0, result.stderr)
    return folder / "packaging"


def settings_of(unit):
    """The unit's settings as a dictionary from name to all values."""
    settings = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", unit.read_text(), re.M):
        settings.setdefault(name, []).append(value)
    return settings


def measure_exposure(unit):
    """What "systemd-analyze security" makes of a unit, or None, and all it had to say."""
    result = run("systemd-analyze", "security", "--offline=true", "--no-pager", unit)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", result.stdout)
    return float(found[1]) if found else None, result.stdout + result.stderr


def check_exposure(unit, folder):
    exposure, text = measure_exposure(unit)
    problems = "\n".join(line for line in text.splitlines() if not line.startswith("✓"))
    checks.check(f"exposure of {exposure} is at most {EXPOSURE_MAX}",
                 exposure is not None and exposure <= EXPOSURE_MAX, problems)
    bare = checks.write(folder / "bare.service", "[Service]\nExecStart=/bin/true\n", 0o644)
    exposure, text = measure_exposure(bare)
    checks.check(f"a bare unit has {exposure}: the measure measures", exposure is not None and exposure > 9, text)


def quoted(path):
    """A path as a word of a unit."""
    return '"' + re.sub(r'(["\\])', r"\\\1", path).replace("%", "%%") + '"'


def check_verify(unit, folder):
    """systemd knows every setting; the program is the one that was built."""
    program = quoted(os.path.abspath(checks.OBPUB))
    text = re.sub(r"/usr/bin/obpub\b", lambda _: program, unit.read_text())
    copy = checks.write(folder / unit.name, text, 0o644)
    result = run("systemd-analyze", "verify", "--man=no", copy)
    complaints = [line for line in (result.stdout + result.stderr).splitlines() if "obpub" in line]
    checks.check("systemd-analyze verify has no complaint", result.returncode == 0 and not complaints, complaints)
    copy.write_text(text.replace("ProtectSystem=strict", "ProtectSystem=maybe\nProtectNonsense=yes"))
    result = run("systemd-analyze", "verify", "--man=no", copy)
    complaints = result.stdout + result.stderr
    checks.check("it has complaints about a bad one",
                 re.search("protect system|ProtectSystem=maybe", complaints) and "ProtectNonsense" in complaints, complaints)


def check_agent_settings(unit, name, places, group):
    """The same for an agent."""
    check_promises(unit, {
        "Type": "notify",
        "ExecStart": f"/usr/bin/obpub agent --password-file credential:secret {places}$OBPUB_AGENT_OPTIONS",
        "EnvironmentFile": f"/etc/default/{name}", "Restart": "always", "RestartPreventExitStatus": "2",
        "KillMode": "mixed", "User": "obpub", "SupplementaryGroups": group, "RuntimeDirectory": name,
        "RuntimeDirectoryMode": "0755", "LoadCredential": "secret:/etc/obpub/agent.secret", "LimitCORE": "0",
        "MemoryDenyWriteExecute": "yes", "IPAddressDeny": "any", "IPAddressAllow": "localhost",
        "WantedBy": "multi-user.target",
    })


def systemd_waits():
    """Whether this machine's systemd has a type of service whose reloads it waits for."""
    return int(re.match(r"systemd (\d+)", run("systemd-analyze", "--version").stdout)[1]) >= 253


def check_settings(unit, waits):
    """What the manual promises of the unit, with a systemd that waits for the end of a reload or one that does not."""
    check_promises(unit, {
        "Type": "notify-reload" if waits else "notify", "ExecStart": "/usr/bin/obpub -c /etc/obpub/config.yaml",
        "ExecReload": None if waits else "/bin/kill -HUP $MAINPID", "Restart": "always", "RestartPreventExitStatus": "2",
        "KillMode": "mixed", "StartLimitIntervalSec": "0", "User": "obpub", "SupplementaryGroups": "debian-tor",
        "RuntimeDirectory": "obpub",
        "LoadCredential": "keys:/etc/obpub/keys", "LimitCORE": "0", "MemoryDenyWriteExecute": "yes",
        "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6", "WantedBy": "multi-user.target",
    })


def check_promises(unit, promised):
    settings = settings_of(unit)
    for name, value in promised.items():
        checks.check(f"{unit.name}: {name}={value}", settings.get(name) == (value and [value]), settings.get(name))
    # Where a path without a dash is missing systemd doesn't start the service at all.
    paths = settings.get("ExecPaths", [""])[0].split()
    certain = [path for path in paths if not path.startswith("-")]
    checks.check(f"{unit.name}: it starts where there is no program but obpub, not even kill",
                 certain == ["/usr/bin/obpub", "/usr/lib"], paths)
    checks.check(f"{unit.name}: there is a watchdog",
                 re.fullmatch(r"[1-9]\d*s", settings.get("WatchdogSec", [""])[0]) is not None)


def check_versions(folder):
    """What the unit is like for other systemds; where it is not known which there is, any can use it."""
    for version, waits in (("252", False), ("253", True), ("257", True), ("", False)):
        unit = configure(folder / f"systemd{version}", f"-DOBPUB_SYSTEMD_VERSION={version}") / "obpub.service"
        check_settings(unit, waits)
        checks.check("what it does not start can't be started", ("/bin/kill" in settings_of(unit)["ExecPaths"][0]) != waits)


def check_overrides(folder):
    """A packager can put everything elsewhere, and leave the tor's group out."""
    made = configure(folder / "other", "-DOBPUB_CONFIG_FOLDER=/srv/onions", "-DOBPUB_TOR_GROUP=",
                     "-DCMAKE_INSTALL_BINDIR=/opt/bin")
    settings = settings_of(made / "obpub.service")
    checks.check("the config's folder can be elsewhere",
                 settings["ExecStart"] == ["/opt/bin/obpub -c /srv/onions/config.yaml"]
                 and settings["LoadCredential"] == ["keys:/srv/onions/keys"]
                 and "/srv/onions/keys" in (made / "tmpfiles.d/obpub.conf").read_text()
                 and "/etc" not in "".join("".join(values) for values in settings.values()), settings)
    checks.check("the tor's group can be left out", "SupplementaryGroups" not in settings)


def check_user_and_folders(made, folder):
    """systemd-sysusers and systemd-tmpfiles make them in a root of their own."""
    root = folder / "root"
    (root / "etc").mkdir(parents=True)
    result = run("systemd-sysusers", f"--root={root}", made / "sysusers.d" / "obpub.conf")
    users = (root / "etc" / "passwd").read_text() if (root / "etc" / "passwd").exists() else ""
    checks.check("systemd-sysusers makes the user", result.returncode == 0
                 and re.fullmatch(r"obpub:x:\d+:\d+:[^:]+:/nonexistent:/usr/sbin/nologin\n", users) is not None,
                 users + result.stderr)
    if os.geteuid() != 0:
        print("only root can make folders of other users: systemd-tmpfiles is left out")
        return
    group = re.search(r"^obpub:x:(\d+):", (root / "etc" / "group").read_text(), re.M)[1]
    for _ in range(2):  # the second time everything is there
        result = run("systemd-tmpfiles", f"--root={root}", "--create", made / "tmpfiles.d" / "obpub.conf")
        checks.check("systemd-tmpfiles runs", result.returncode == 0 and not result.stderr, result.stderr)
        for path, mode, owner in (("etc/obpub", 0o750, (0, int(group))), ("etc/obpub/keys", 0o700, (0, 0))):
            status = (root / path).stat()
            checks.check(f"systemd-tmpfiles makes /{path}", stat.S_IMODE(status.st_mode) == mode
                         and (status.st_uid, status.st_gid) == owner, status)


def main():
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        checks.check("systemd's tools are installed (Debian's package systemd)", False, missing)
        checks.finish()
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        made = configure(folder / "made")
        check_exposure(made / "obpub.service", folder)
        check_verify(made / "obpub.service", folder)
        check_settings(made / "obpub.service", systemd_waits())
        check_exposure(made / "obpub-agent.service", folder)
        check_verify(made / "obpub-agent.service", folder)
        check_agent_settings(made / "obpub-agent.service", "obpub-agent", "", "debian-tor")
        check_agent_settings(made / "obpub-agent@.service", "obpub-agent-%i",
                             "--control unix:/run/tor-instances/%i/control "
                             "--listen unix:/run/obpub-agent-%i/control.sock ", "_tor-%i")
        check_user_and_folders(made, folder)
        check_versions(folder)
        check_overrides(folder)
    checks.finish()


if __name__ == "__main__":
    sys.exit(main())
