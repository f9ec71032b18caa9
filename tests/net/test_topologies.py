# Follows each page of doc/topologies line by line: its machines are machines of namespaces, each with a systemd, a network that
# has no route but Tor's, and this build of obpub; its commands are run and its files written there as the page has them, and
# what it says is printed has to be printed. Then visitors of the frontend are to reach each of its backends.
#
# What is not as on a reader's machines: the private network's lines are in the defaults that Debian's tor reads before its
# torrc; obpub is installed before, from the build; and "apt-get install" installs nothing but sees that the packages are
# there.

import os
import pathlib
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from harness.blocks import Reader
from harness.machine import find_obstacle
from harness.walk import APT_GET, Page, machine_files, write_files
from testnet import main, run, step

SOURCE = pathlib.Path(os.environ.get('OBPUB_SOURCE', pathlib.Path(__file__).resolve().parents[2]))
BUILD = os.environ.get('OBPUB_BUILD', 'build')
PAGES = ('doc/topologies/softmap-1.md', 'doc/topologies/softmap-2.md', 'doc/topologies/softmap-3.md',
         'doc/topologies/softmap-4.md')
SKIPPED = 77


def make_files(net, folder, name):
    """What is on top of this machine's files on a machine of that name."""
    files = pathlib.Path(folder) / 'files'
    result = run(['cmake', '--install', BUILD], env={**os.environ, 'DESTDIR': str(files)})
    assert result.returncode == 0, result.stdout + result.stderr
    write_files(files, {**machine_files(net, name), 'usr/local/sbin/apt-get': APT_GET})
    return files


def try_page(page):
    """Follow a page, and visit what has come of it; returns what is wrong, if something is."""
    began = time.monotonic()
    try:
        page.boot()
        step(f'{page.name}: the machines {", ".join(page.machines)} are up')
        page.follow()
        step(f'{page.name}: all was done as it says, in {time.monotonic() - began:.0f} s')
        backends = page.visit()
        step(f'{page.name}: visitors came to {", ".join(sorted(backends))}')
        return None
    except Exception as error:
        return f'{page.name}, after {page.done}: {type(error).__name__}: {error}\n{page.logs()}'


def test(net):
    pages = [name for name in PAGES if not ONLY or pathlib.Path(name).stem in ONLY]
    is_all = {SOURCE / name for name in PAGES} == set((SOURCE / 'doc' / 'topologies').glob('softmap-*.md'))
    assert pages and is_all, 'there are other pages'
    reader = Reader(__file__)
    pages = [Page(net, SOURCE / name, make_files, blocks=reader.take_rest(name)) for name in pages]
    pool = ThreadPoolExecutor(len(pages))
    try:
        problems = [problem for problem in pool.map(try_page, pages) if problem]
    finally:
        for page in pages:
            page.close()
        pool.shutdown()
    assert not problems, '\n'.join(problems)
    if not ONLY:
        reader.finish()


ONLY = sys.argv[1:]
obstacle = find_obstacle()
if obstacle is not None:
    print(f'left out: {obstacle}')
    sys.exit(SKIPPED)
main(test)
