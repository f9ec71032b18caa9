"""Whatever a secret key is, the same instructions run and the same memory is read: valgrind's memcheck finds no jump and
no address that depends on one where keys are derived, sign, are blinded or agree (tests/tools/constant_time.c). Of
lib25519, where that does the arithmetic, each implementation for some processor is looked at."""
import re
import shutil
import subprocess
import sys

import checks

SKIP = 77
PROGRAM = checks.BUILD / "tests/constant_time"
SILENT = ("derive", "sign", "blind", "agree", "compare", "authorize")
LEAKY = ("jump", "address", "verify")


def run(operation):
    return subprocess.run(["valgrind", "-q", PROGRAM, operation], capture_output=True, text=True, timeout=300)


def check_implementations():
    """Where this valgrind lacks the instructions of one, that can't be looked at, but those that obpub takes here must."""
    lines = run("implementations").stdout.splitlines()
    checks.check(f"none of {len(lines)} implementations leaks", lines and not [each for each in lines if "leaks" in each],
                 lines)
    taken = dict(re.findall(r"(nG|nP) ([^ ,()]+)", checks.run("--version").stdout))
    for kind, name in sorted(taken.items()):
        if f"{kind} {name}: not run" in lines:
            print(f"this valgrind can't run {kind} {name}, which obpub takes here")
        else:
            checks.check(f"{kind} {name}, which obpub takes here, is among them", f"{kind} {name}: good" in lines, lines)


def main():
    if shutil.which("valgrind") is None or checks.is_sanitized():
        print("there is no valgrind here, or it can't run what has sanitizers")
        sys.exit(SKIP)
    if run("derive").returncode == SKIP:
        print("the tools were built without valgrind's headers")
        sys.exit(SKIP)
    for operation in LEAKY:
        result = run(operation)
        checks.check(f"found: {operation}", result.returncode == 1 and "uninitialised value" in result.stderr, result)
    for operation in SILENT:
        result = run(operation)
        checks.check(f"depends on no secret: {operation}", result.returncode == 0, result.stderr)
    if "lib25519" in checks.run("--version").stdout:
        check_implementations()
    checks.finish()


main()
