"""Each header can be included first and alone, by a source that is strict."""
import os
import pathlib
import re
import subprocess
import sys

import checks

BUILD = pathlib.Path(os.environ.get("OBPUB_BUILD", "build")).resolve()


def find_fault(compiler, header):
    """What the compiler says of a source that includes just this header, given as in an #include; "" if nothing."""
    result = subprocess.run([compiler, "-std=c11", "-pedantic", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
                             "-fsyntax-only", "-I", checks.SOURCE / "src", "-x", "c", "-"],
                            input=f"#include \"{header}\"\nint main(void) {{ return 0; }}\n", capture_output=True,
                            text=True, timeout=60)
    return "" if result.returncode == 0 else result.stderr or "it failed"


def main():
    compiler = re.search(r"^CMAKE_C_COMPILER:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.M)[1]
    with checks.temporary_folder() as name:
        lacking = checks.write(pathlib.Path(name) / "lacking.h", "uint8_t first_byte(const struct error *error);\n")
        checks.check("a header that lacks an #include is noticed", "uint8_t" in find_fault(compiler, lacking))
    headers = [path.relative_to(checks.SOURCE / "src") for path in sorted((checks.SOURCE / "src").rglob("*.h"))]
    checks.check("there are headers", len(headers) > 100, len(headers))
    for header in headers:
        fault = find_fault(compiler, header)
        checks.check(f"{header} stands alone", not fault, fault)
    checks.finish()


sys.exit(main())
