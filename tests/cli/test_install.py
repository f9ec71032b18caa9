"""What "cmake --install" puts in place: all that is for users and nothing else, with documents that lead to each other."""
import os
import pathlib
import re
import subprocess
import sys

import checks
from links import find_broken_links

DOCUMENTS = "share/doc/obpub"
BUILD = pathlib.Path(os.environ.get("OBPUB_BUILD", "build")).resolve()
VERSION = re.search(r"project\(obpub VERSION (\S+)", (checks.SOURCE / "CMakeLists.txt").read_text())[1]


def run(*command, **keywords):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120, **keywords)


def read_cache():
    """CMake's variables for the build."""
    text = (BUILD / "CMakeCache.txt").read_text()
    return dict(re.findall(r"^([A-Za-z_][\w-]*):\w+=(.*)$", text, re.M))


def check_files(root, prefix, cache):
    expected = ["bin/obpub", "share/man/man8/obpub.8", "share/man/man8/obpub-agent.8", "share/man/man5/obpub.yaml.5",
                *(f"{DOCUMENTS}/{name}" for name in ("README.md", "SECURITY.md", "NEWS.md", "COPYING")),
                *(cache["OBPUB_SYSTEMD_FOLDER"] + f"/{name}.service" for name in ("obpub", "obpub-agent", "obpub-agent@")),
                cache["OBPUB_SYSUSERS_FOLDER"] + "/obpub.conf",
                cache["OBPUB_TMPFILES_FOLDER"] + "/obpub.conf"]
    for folder in ("contrib", "doc"):
        expected += [f"{DOCUMENTS}/{path.relative_to(checks.SOURCE)}"
                     for path in sorted((checks.SOURCE / folder).rglob("*")) if path.is_file()]
    found = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file()}
    for name in expected:
        checks.check(f"installed: {name}", name in found)
    checks.check("nothing else is installed", found <= set(expected), found - set(expected))
    outside = [path for path in root.rglob("*") if path.is_file() and not path.is_relative_to(prefix)]
    checks.check("nothing is installed outside the prefix", not outside, outside)
    for path in prefix.rglob("*"):
        mode = path.stat().st_mode & 0o7777
        wanted = 0o755 if path.is_dir() or path == prefix / "bin" / "obpub" else 0o644
        if mode != wanted:
            checks.check(f"mode of {path.relative_to(prefix)}", False, oct(mode))
    for path in prefix.rglob("*"):
        if path.is_file() and path.suffix in (".service", ".conf"):
            checks.check(f"no place-holder is left in {path.name}", not re.search(r"@\w+@", path.read_text()))
    result = run(prefix / "bin" / "obpub", "--version")
    checks.check("the installed program runs", result.stdout.startswith(f"obpub {VERSION}\ncurve: "),
                 result.stdout + result.stderr)


def check_links(prefix):
    """Whoever has only what is installed can follow the documents' links."""
    documents = sorted((prefix / DOCUMENTS).rglob("*.md"))
    checks.check("there are documents", len(documents) > 3, documents)
    for document in documents:
        broken = find_broken_links(document)
        checks.check(f"the links of {document.relative_to(prefix)} lead to installed files", not broken, broken)


def main():
    cache = read_cache()
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        root = folder / "root"
        result = run("cmake", "--install", BUILD, env={**os.environ, "DESTDIR": str(root)}, umask=0o022)
        checks.check("cmake --install", result.returncode == 0, result.stderr)
        prefix = root / cache["CMAKE_INSTALL_PREFIX"].lstrip("/")
        check_files(root, prefix, cache)
        check_links(prefix)
    checks.finish()


if __name__ == "__main__":
    sys.exit(main())
