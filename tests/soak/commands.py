# The commands that the documents have for developers, given as they stand there, in the source's folder: the demo, the
# packages, single tests, one of them on the private network. Those for whole stages are left to run.sh. "sh tests/anywhere.sh
# pages" has them given on a new Debian, where they install what they need; it takes ten minutes or so.
#
#     /usr/bin/python3 tests/soak/commands.py

import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / 'tests' / 'net'))
from harness.blocks import Reader  # noqa: E402

README, HACKING, DEBIAN, TESTS = 'README.md', 'doc/HACKING.md', 'doc/debian.md', 'tests/README.md'
STAGES = {'style', 'unit', 'cli', 'sim', 'clang', 'sanitize', 'fuzz', 'package', 'net'}
LIMIT = 3600  # seconds for one command


def is_for_stages(command):
    """Whether it runs whole stages, or all."""
    words = shlex.split(command, comments=True)
    return words[:2] == ['sh', 'tests/run.sh'] and set(words[2:]) <= STAGES


def give(commands, environment, expected):
    """Give commands in the source's folder; what they print goes on to the standard output."""
    print(f'\n$ {commands}', flush=True)
    result = subprocess.run(['bash', '-e', '-c', commands], cwd=SOURCE, env=environment, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT)
    print(result.stdout[-40000:], flush=True)
    if result.returncode != 0 or expected not in result.stdout:
        sys.exit(f'commands.py: exit status {result.returncode} of {commands}')


def main():
    reader = Reader(__file__)
    demo, packages = reader.take(README, 'sh tests/demo.sh'), reader.take(DEBIAN, 'apt-get install build-essential')
    tests = {' '.join(shlex.split(line, comments=True)) for block in (
        reader.take(HACKING, 'sh tests/run.sh'), reader.take(TESTS, 'sh tests/run.sh'))
        for line in block.strip().split('\n') if not is_for_stages(line)}
    with tempfile.TemporaryDirectory() as folder:
        # Who types says yes.
        settings = pathlib.Path(folder) / 'apt.conf'
        settings.write_text('APT::Get::Assume-Yes "true";\n')
        environment = {**os.environ, 'APT_CONFIG': str(settings), 'DEBIAN_FRONTEND': 'noninteractive'}
        give(packages, environment, '')
        if not list((SOURCE / 'build' / 'deb').glob('obpub_*.deb')):
            sys.exit('commands.py: there are no packages in build/deb')
        give(demo, environment, 'Done: nothing is left running')
        for command in sorted(tests):
            give(command, environment, 'usage: ' if '--help' in command else '1 passed, 0 failed')
    reader.finish()
    print('commands.py: all was done as the documents say')


main()
