"""Which library the curve is of can be chosen with cmake, and is said: OBPUB_CURVE=libsodium always can be had, lib25519 where
its archive is installed, or else the error names the package; auto takes what is there."""
import pathlib
import re
import subprocess
import sys

import checks


def configure(folder, curve):
    """What cmake says to a choice, and the library that it takes then."""
    result = subprocess.run(["cmake", "-S", checks.SOURCE, "-B", pathlib.Path(folder) / curve, f"-DOBPUB_CURVE={curve}"],
                            capture_output=True, text=True, timeout=300)
    taken = re.search(r"^-- Curve25519 is of (\w+)$", result.stdout, re.M)
    return result, taken[1] if taken and result.returncode == 0 else None


def main():
    with checks.temporary_folder() as folder:
        chosen, taken = configure(folder, "auto")
        checks.check("auto takes one", taken in ("libsodium", "lib25519"), chosen)
        has_lib25519 = taken == "lib25519"
        chosen, taken = configure(folder, "libsodium")
        checks.check("libsodium can be chosen", taken == "libsodium", chosen)
        chosen, taken = configure(folder, "lib25519")
        if has_lib25519:
            checks.check("lib25519 can be chosen", taken == "lib25519", chosen)
        else:
            checks.check("where lib25519 is missing the error names its package", taken is None
                         and "apt-get install lib25519-dev" in chosen.stderr, chosen)
        chosen, taken = configure(folder, "openssl")
        checks.check("nothing else can be chosen", taken is None and 'auto, libsodium or lib25519, not "openssl"'
                     in " ".join(chosen.stderr.split()), chosen)
    built = re.search(r"^OBPUB_CURVE:STRING=(\w+)$", (checks.BUILD / "CMakeCache.txt").read_text(), re.M)[1]
    line = checks.run("--version").stdout.splitlines()[1]
    is_lib25519 = built == "lib25519" or (built == "auto" and has_lib25519)
    checks.check("the program says what it was built with", line.startswith(
        "curve: lib25519 " if is_lib25519 else "curve: libsodium "), line)
    checks.finish()


sys.exit(main())
