# Builds test tools against the documents' library with one line of its source changed: what a test that can fail has to
# notice.

import json
import os
import pathlib
import re
import shlex
import subprocess

SOURCE = pathlib.Path(os.environ.get('OBPUB_SOURCE', pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get('OBPUB_BUILD', SOURCE / 'build'))


def _compiler_of(source):
    """The compiler and flags that the build has for a source file, without what names files."""
    for entry in json.loads((BUILD / 'compile_commands.json').read_text()):
        if pathlib.Path(entry['file']) == source:
            words = shlex.split(entry['command'])
            break
    else:
        raise AssertionError(f'{BUILD}/compile_commands.json does not know {source}')
    words = words[:words.index('-o')]
    return [word for word in words if word not in ('-Werror', '-c') and not word.startswith('-O')]


def mutate(text, pattern, replacement):
    """A source text in which the one place that matches the pattern is replaced."""
    mutated, count = re.subn(pattern, replacement, text, flags=re.S)
    if count != 1:
        raise AssertionError(f'{count} places match {pattern!r}: say here what that check looks like now')
    return mutated


def build(tool, folder, file, pattern, replacement):
    """Build tests/tools/TOOL.c with a library in which one place of src/FILE is replaced; returns the program."""
    original = SOURCE / 'src' / file
    mutated = pathlib.Path(folder) / original.name
    mutated.write_text(mutate(original.read_text(), pattern, replacement))
    program = pathlib.Path(folder) / tool
    libraries = subprocess.run(['pkg-config', '--libs', 'libsodium', 'libcrypto'], check=True, capture_output=True,
                               text=True).stdout.split()
    libraries += re.findall(r'^LIB25519_ARCHIVE:FILEPATH=(/.*)$', (BUILD / 'CMakeCache.txt').read_text(), re.M)
    command = [*_compiler_of(original), '-w', '-O1', f'-I{original.parent}', str(SOURCE / f'tests/tools/{tool}.c'),
               str(mutated), '-o', str(program), str(BUILD / 'libobpub_documents.a'), *libraries]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise AssertionError(f'with {replacement!r} in {file}: {result.stderr}')
    return program
