"""What the compiler and the linker are asked to do for a program that reads what strangers send has left its marks in it."""
import os
import pathlib
import re
import subprocess
import sys

import checks

BUILD = pathlib.Path(os.environ.get("OBPUB_BUILD", "build"))
CACHE = (BUILD / "CMakeCache.txt").read_text()
COMMANDS = (BUILD / "compile_commands.json").read_text()
# Flags that all of the program's files are compiled with where the compiler has them, by their names in cmake's cache.
FLAGS = {"has_ftrivial_auto_var_init_zero": "-ftrivial-auto-var-init=zero",
         "has_fstack_clash_protection": "-fstack-clash-protection",
         "has_fcf_protection_return": "-fcf-protection=return"}


def has(variable):
    """Whether something was found, or turned on, when the build was configured."""
    return re.search(rf"^{variable}:\w+=(1|ON|TRUE)$", CACHE, re.M) is not None


def read(program, *arguments):
    result = subprocess.run(["readelf", "--wide", *arguments, program], capture_output=True, text=True, timeout=60,
                            env={**os.environ, "LC_ALL": "C"})
    return result.stdout


def find_faults(program, is_sanitized=False, is_fortified=True, has_shadow_stacks=True):
    """Which marks a program lacks, or has and should not."""
    segments, dynamic = read(program, "--segments"), read(program, "--dynamic")
    symbols = read(program, "--dyn-syms")
    flags = re.findall(r"^ +(?:LOAD|GNU_STACK) .* 0x\w+ ([R ][W ][E ]) 0x", segments, re.M)
    marks = {
        "position-independent": "DYN (" in read(program, "--file-header") and " PIE" in dynamic,
        "relocations made read-only": "GNU_RELRO" in segments,
        "and all of them made at the start": re.search(r"FLAGS_1\).* NOW\b", dynamic) is not None,
        "no memory that can be written and executed": len(flags) > 2 and not any("W" in f and "E" in f for f in flags),
        "a stack that can't be executed": re.search(r"GNU_STACK .* RW  0x", segments) is not None,
        "no folder to look for libraries in": re.search(r"\((RPATH|RUNPATH)\)", dynamic) is None,
        "guarded stack frames": "__stack_chk_fail" in symbols,
    }
    if is_fortified and not is_sanitized:
        marks["calls that check their buffers' sizes"] = re.search(r"__(mem|str|v?s?n?printf|read|recv)\w*_chk@", symbols)
    if has_shadow_stacks:
        marks["the mark for shadow stacks"] = re.search(r"x86 feature:.*\bSHSTK\b", read(program, "--notes"))
    return [mark for mark, is_there in marks.items() if not is_there]


def check_that_it_can_fail():
    """A program with none of it lacks all of it."""
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        checks.write(folder / "bare.c", "int main(void)\n{\n    return 0;\n}\n")
        compiler = re.search(r"^CMAKE_C_COMPILER:\w+=(.*)$", CACHE, re.M)[1]
        options = ["-no-pie", "-fno-pie", "-fno-stack-protector", "-U_FORTIFY_SOURCE", "-Wl,-z,norelro,-z,lazy,-z,execstack",
                   "-Wl,-rpath,/nowhere"]
        subprocess.run([compiler, *options, "-o", folder / "bare", folder / "bare.c"], check=True, timeout=60,
                       capture_output=True)
        faults = find_faults(folder / "bare")
    checks.check("a program with none of the marks is found out", len(faults) == 9, faults)


def main():
    check_that_it_can_fail()
    is_sanitized = has("OBPUB_SANITIZE")
    is_debug = re.search(r"^CMAKE_BUILD_TYPE:\w+=Debug$", CACHE, re.M) is not None
    faults = find_faults(os.path.abspath(checks.OBPUB), is_sanitized, not is_debug, has("has_shstk"))
    checks.check("the program lacks none of the marks", not faults, faults)
    files = re.findall(r'"command": "([^"]*)"', COMMANDS.replace('\\"', "'"))
    ours = [command for command in files if re.search(r"-o CMakeFiles/obpub\w*\.dir/", command)]
    checks.check("there are the program's files", len(ours) > 100, len(ours))
    for variable, flag in FLAGS.items():
        without = [command for command in ours if flag not in command.split()]
        checks.check(f"all are compiled with {flag}, if the compiler has that", not has(variable) or not without, without[:1])
    checks.finish()


sys.exit(main())
