"""The source archive and the Debian packages: made twice, in other folders, by another user's settings, and the second time
from the first one's archive without git, they are the same byte for byte; lintian finds no error and no warning in them; and
what belongs in them is there."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
import checks  # noqa: E402
from links import find_broken_links  # noqa: E402

VERSION = re.search(r"project\(obpub VERSION (\S+)", (checks.SOURCE / "CMakeLists.txt").read_text())[1]
BUILDING = 900


def run(*command, **keywords):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=BUILDING,
                          stdin=subprocess.DEVNULL, **keywords)


# Debian 12 has them in /lib, Debian 13 in /usr/lib.
UNITS = run("pkg-config", "--variable=systemdsystemunitdir", "systemd").stdout.strip().lstrip("/")
FILES = ("usr/bin/obpub", "usr/lib/sysusers.d/obpub.conf", "usr/lib/tmpfiles.d/obpub.conf", "usr/share/man/man8/obpub.8.gz",
         "usr/share/man/man8/obpub-agent.8.gz", "usr/share/man/man5/obpub.yaml.5.gz", "usr/share/doc/obpub/README.md",
         "usr/share/doc/obpub/README.Debian", f"{UNITS}/obpub.service", f"{UNITS}/obpub-agent.service",
         f"{UNITS}/obpub-agent@.service")
OTHER_FILES = ("usr/sbin/onionbalance", "usr/sbin/onionbalance-config", "usr/share/man/man8/onionbalance-config.8.gz",
               "usr/share/man/man8/onionbalance.8.gz", f"{UNITS}/obpub-onionbalance.service",
               "usr/lib/sysusers.d/obpub-onionbalance.conf", "usr/lib/tmpfiles.d/obpub-onionbalance.conf")


def build(script, folder, **environment):
    result = run("sh", script, folder, env={**os.environ, "DEB_BUILD_OPTIONS": "nocheck", **environment})
    checks.check(f"packages are made in {folder.name}", result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:])
    if result.returncode != 0:
        checks.finish()
    return {path.name: path for path in sorted(folder.iterdir())}


def check_same(first, second):
    checks.check("both have the same files", list(first) == list(second), f"{list(first)} {list(second)}")
    # These say where and with what they were built.
    compared = [name for name in first if not name.endswith((".buildinfo", ".changes"))]
    checks.check("packages, symbols, archive and source package are among them",
                 sorted(name.rsplit(".", 1)[1] for name in compared) == ["deb", "deb", "deb", "dsc", "gz", "xz"], compared)
    for name in compared:
        checks.check(f"the same both times: {name}", first[name].read_bytes() == second[name].read_bytes())


def find(made, beginning, end):
    return next(path for name, path in made.items() if name.startswith(beginning) and name.endswith(end))


def check_lintian(made):
    result = run("lintian", "--allow-root", "--fail-on", "error,warning", find(made, "obpub_", ".changes"))
    checks.check("lintian has nothing to say", result.returncode == 0 and not re.search("^[EW]:", result.stdout, re.M),
                 result.stdout + result.stderr)


def check_content(made, folder):
    package = find(made, "obpub_", ".deb")
    version = run("dpkg-deb", "-f", package, "Version").stdout.strip()
    checks.check("the package's version is the one of CMakeLists.txt", re.fullmatch(
        re.escape(VERSION) + r"(~\d{12})?-0obpub1", version), version)
    is_released = "not released" not in (checks.SOURCE / "NEWS.md").read_text().split("\n")[2]
    checks.check("a time follows as long as that is not released", ("~" not in version) == is_released, version)
    for name, files in (("obpub_", FILES), ("obpub-onionbalance_", OTHER_FILES)):
        root = folder / name
        run("dpkg-deb", "-x", find(made, name, ".deb"), root)
        for file in files:
            checks.check(f"{name[:-1]} has {file}", (root / file).exists() or (root / file).is_symlink())
    root = folder / "obpub_"
    depends = run("dpkg-deb", "-f", package, "Depends").stdout.strip().split(", ")
    reloads = re.findall("^ExecReload=(/bin/kill) |^(Type=notify-reload)$", (root / UNITS / "obpub.service").read_text(), re.M)
    checks.check("what the unit reloads with comes with the package", reloads == ([("/bin/kill", "")] if "procps" in depends
                 else [("", "Type=notify-reload")]), f"{reloads} {depends}")
    result = run(root / "usr/bin/obpub", "--version")
    checks.check("the program in it runs", result.stdout.startswith(f"obpub {VERSION}\ncurve: "), result.stdout + result.stderr)
    for name in ("onionbalance", "onionbalance-config"):
        program = folder / "obpub-onionbalance_" / "usr/sbin" / name
        checks.check(f"{name} is obpub", os.readlink(program) == "../bin/obpub", os.readlink(program))
    for document in sorted((root / "usr/share/doc/obpub").rglob("*.md")):
        broken = [link for link in find_broken_links(document) if "COPYING" not in str(link)]
        checks.check(f"the links of {document.name} lead to files in the package", not broken, broken)
    fields = run("dpkg-deb", "-f", find(made, "obpub-onionbalance_", ".deb")).stdout
    for line in ("Provides: onionbalance", "Conflicts: onionbalance", "Replaces: onionbalance"):
        checks.check(f"obpub-onionbalance: {line}", line in fields.split("\n"), fields)


def check_release(folder):
    """release.sh makes the same of each clone, and nothing of one with changes."""
    clones = folder / "one", folder / "another"
    archives = []
    for clone, umask in zip(clones, (0o022, 0o077)):
        result = run("git", "-c", "safe.directory=*", "clone", "-q", f"file://{checks.SOURCE}", clone, umask=umask)
        checks.check(f"a clone called {clone.name}", result.returncode == 0, result.stderr)
        result = run("sh", clone / "packaging/release.sh", clone / "build", umask=umask)
        checks.check(f"the archive of it is called by the version ({result.stderr.strip()})",
                     result.stdout.strip() == str(clone / "build" / f"obpub-{VERSION}.tar.gz"), result.stdout)
        archives.append(pathlib.Path(result.stdout.strip()))
    if all(archive.is_file() for archive in archives):
        checks.check("both archives are the same", archives[0].read_bytes() == archives[1].read_bytes())
        names = run("tar", "-tzf", archives[0]).stdout.split("\n")[:-1]
        tracked = run("git", "-C", clones[0], "ls-files").stdout.split("\n")[:-1]
        checks.check("what git has is in it, and nothing else", sorted(names) == sorted(
            f"obpub-{VERSION}/{name}" for name in tracked), len(names))
    (clones[0] / "NEWS.md").write_text("# News\n")
    result = run("sh", clones[0] / "packaging/release.sh")
    checks.check("none is made of what is not committed", result.returncode == 1 and "--as-is" in result.stderr, result.stderr)


def leave(made):
    """Leave them, if they are good, for net/test_package.py, which else builds them once more."""
    place, new = checks.BUILD / "packages", checks.BUILD / "packages.new"
    if checks.failures:
        return
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(made, new)
    shutil.rmtree(place, ignore_errors=True)
    new.rename(place)


def main():
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        if (checks.SOURCE / ".git").exists():
            check_release(folder)
        first = build(checks.SOURCE / "packaging/deb.sh", folder / "first")
        archive = find(first, "obpub_", ".orig.tar.gz")
        run("tar", "-C", folder, "-xzf", archive)
        second = build(folder / f"obpub-{VERSION}" / "packaging/deb.sh", folder / "the second", TZ="Pacific/Kiritimati",
                       LC_ALL="C.UTF-8", HOME=str(folder), USER="somebody",
                       TMPDIR=str(folder))
        check_same(first, second)
        check_lintian(first)
        check_content(first, folder)
        leave(folder / "first")
    checks.finish()


if __name__ == "__main__":
    sys.exit(main())
