"""What "cmake --install" puts in place: everything there, headers that stand alone, a library one can build with."""
import os
import pathlib
import re
import shlex
import subprocess
import sys

import checks

BUILD = pathlib.Path(os.environ.get("OBPUB_BUILD", "build")).resolve()
VERSION = re.search(r"project\(obpub VERSION (\S+)", (checks.SOURCE / "CMakeLists.txt").read_text())[1]

PROGRAM = r"""
#include <stdio.h>
#include <string.h>
#include <obpub/crypto/ed25519.h>
#include <obpub/onion/onion_address.h>

int main(int argc, char **argv)
{
    struct error error = {""};
    uint8_t key[ED25519_PUBLIC_KEY_SIZE];
    char address[ONION_ADDRESS_SIZE];
    if (argc != 2 || onion_address_decode(key, argv[1], &error) != 0) {
        puts(error.text);
        return 1;
    }
    onion_address_encode(address, key);
    puts(address);
    return 0;
}
"""


def run(*command, **keywords):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120, **keywords)


def read_cache():
    """CMake's variables for the build."""
    text = (BUILD / "CMakeCache.txt").read_text()
    return dict(re.findall(r"^([A-Za-z_][\w-]*):\w+=(.*)$", text, re.M))


def check_files(root, prefix, cache):
    library_folder = cache.get("CMAKE_INSTALL_LIBDIR", "lib")
    expected = ["bin/obpub", f"{library_folder}/libobpub.a", f"{library_folder}/pkgconfig/obpub.pc",
                "share/man/man8/obpub.8", "share/man/man5/obpub.yaml.5", "share/doc/obpub/COPYING",
                cache["OBPUB_SYSTEMD_FOLDER"] + "/obpub.service", cache["OBPUB_SYSUSERS_FOLDER"] + "/obpub.conf",
                cache["OBPUB_TMPFILES_FOLDER"] + "/obpub.conf"]
    for folder, below in (("include/obpub", "include"), ("contrib", "share/doc/obpub")):
        for path in sorted((checks.SOURCE / folder).rglob("*")):
            if path.is_file():
                relative = path.relative_to(checks.SOURCE)
                expected.append(str(relative if below == "include" else pathlib.Path(below) / relative))
    if (checks.SOURCE / "README.md").exists():
        expected += ["share/doc/obpub/README.md", "share/doc/obpub/SECURITY.md"]
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
        if path.is_file() and path.suffix in (".service", ".conf", ".pc"):
            checks.check(f"no place-holder is left in {path.name}", not re.search(r"@\w+@", path.read_text()))
    result = run(prefix / "bin" / "obpub", "--version")
    checks.check("the installed program runs", result.stdout == f"obpub {VERSION}\n", result.stdout + result.stderr)


def check_headers(prefix, compiler):
    """Each public header can be included first and alone, by a program that is strict."""
    headers = sorted((prefix / "include").rglob("*.h"))
    checks.check("there are headers", len(headers) > 10, headers)
    for header in headers:
        result = run(compiler, "-std=c11", "-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                     "-I", prefix / "include", "-x", "c", "-",
                     input=f"#include <{header.relative_to(prefix / 'include')}>\nint main(void) {{ return 0; }}\n")
        checks.check(f"{header.relative_to(prefix / 'include')} stands alone", result.returncode == 0, result.stderr)


def check_library(prefix, cache, folder):
    """A program of somebody else's builds with what pkg-config says, and works."""
    pc_folder = prefix / cache.get("CMAKE_INSTALL_LIBDIR", "lib") / "pkgconfig"
    # The system's own path stays behind ours for the libraries that libobpub needs.
    environment = {**os.environ, "PKG_CONFIG_PATH": str(pc_folder)}
    result = run("pkg-config", f"--define-variable=prefix={prefix}", "--cflags", "--libs", "obpub", env=environment)
    checks.check("pkg-config knows obpub", result.returncode == 0, result.stderr)
    version = run("pkg-config", "--modversion", "obpub", env=environment).stdout.strip()
    checks.check("pkg-config says its version", version == VERSION, version)
    flags = shlex.split(result.stdout)
    checks.check("pkg-config's paths move with the prefix", f"-L{pc_folder.parent}" in flags
                 and f"-I{prefix}/include" in flags, flags)
    source = checks.write(folder / "program.c", PROGRAM)
    sanitizers = ["-fsanitize=address,undefined"] if cache.get("OBPUB_SANITIZE") == "ON" else []
    result = run(cache["CMAKE_C_COMPILER"], "-std=c11", "-Wall", "-Wextra", "-Werror", source, "-o",
                 folder / "program", *sanitizers, *flags)
    checks.check("a program builds with the library", result.returncode == 0, result.stderr)
    address = checks.Key().address
    result = run(folder / "program", address)
    checks.check("it works", (result.returncode, result.stdout) == (0, address + "\n"), result)
    result = run(folder / "program", address[:-1] + "x")
    checks.check("it fails as it should", result.returncode == 1 and len(result.stdout) > 10, result)


def main():
    cache = read_cache()
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        root = folder / "root"
        result = run("cmake", "--install", BUILD, env={**os.environ, "DESTDIR": str(root)}, umask=0o022)
        checks.check("cmake --install", result.returncode == 0, result.stderr)
        prefix = root / cache["CMAKE_INSTALL_PREFIX"].lstrip("/")
        check_files(root, prefix, cache)
        check_headers(prefix, cache["CMAKE_C_COMPILER"])
        check_library(prefix, cache, folder)
    checks.finish()


if __name__ == "__main__":
    sys.exit(main())
