# The Debian packages: builds them, unless package/test_deb.py has just done so, makes a new Debian of the same sort, 12 or 13,
# and there follows doc/debian.md line by line, which has obpub installed, a frontend published and visited, Onionbalance
# replaced and purged, and both packages upgraded, removed and purged. On one more machine it does what the package's
# README.Debian says.
# By hand, with "--suite trixie --packages FOLDER", it does so on Debian 13, with packages that were built there.
#
# What is not as on a reader's machines: the private network's lines are in the defaults that Debian's tor reads before its
# torrc, and what the packages depend on is there before they are installed, since the machines reach Tor alone.

import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys

from harness.blocks import Reader
from harness.machine import Machine, find_obstacle
from harness.page import fill_in
from harness.process import wait_for
from harness.walk import Page, machine_files, run_commands, write_files
from testnet import main, run, step

SOURCE = pathlib.Path(os.environ.get('OBPUB_SOURCE', pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get('OBPUB_BUILD', SOURCE / 'build'))
SKIPPED = 77
PAGE, NOTES = 'doc/debian.md', 'packaging/debian/obpub.README.Debian'
PUBLISHED = 180
BUILDING = 900  # seconds for the packages, beside all else
# What a machine has besides what the packages depend on.
PACKAGES = ('systemd', 'systemd-sysv', 'tor', 'curl', 'openssl', 'onionbalance', 'python3', 'adduser')
OPTIONS = dict(zip(sys.argv[1::2], sys.argv[2::2]))
SUITE = OPTIONS.get('--suite', platform.freedesktop_os_release()['VERSION_CODENAME'])
reader = Reader(__file__)
OLD_CONFIG = '''services:
  - key: old.key
    instances:
      - address: 2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion
'''


def run_well(*command, **keywords):
    result = run([str(word) for word in command], timeout=BUILDING, **keywords)
    assert result.returncode == 0, f'{command}: {result.stdout[-2000:]}{result.stderr[-4000:]}'
    return result.stdout


def depends(package):
    """The first of each of the alternatives that a package depends on."""
    text = run_well('dpkg-deb', '-f', package, 'Depends')
    return [re.sub(r' .*', '', each.strip()) for each in re.sub(r'\|[^,]*', '', text).split(',')]


def make_newer(folder, package):
    """The same package with a higher version, in another folder."""
    content = folder / 'content'
    run_well('dpkg-deb', '-R', package, content)
    control = content / 'DEBIAN' / 'control'
    control.write_text(re.sub(r'^(Version: .*)$', r'\1+newer', control.read_text(), flags=re.M))
    (folder / 'newer').mkdir(exist_ok=True)
    run_well('dpkg-deb', '--root-owner-group', '-b', content, folder / 'newer')
    shutil.rmtree(content)


def find_built(folder):
    """Where packages are that were built from what is here, or None: package/test_deb.py leaves some."""
    if '--packages' in OPTIONS:
        return OPTIONS['--packages']
    archive = pathlib.Path(run_well('sh', SOURCE / 'packaging' / 'release.sh', '--as-is', folder).strip())
    for other in (BUILD / 'packages').glob('obpub_*.orig.tar.gz'):
        if other.read_bytes() == archive.read_bytes():
            return other.parent
    return None


def build(folder):
    """Build the packages, and make a Debian in which they can be installed."""
    built = find_built(folder)
    if built:
        step(f'the packages that are in {built}')
        shutil.copytree(built, folder / 'packages')
    else:
        step('building the packages')
        run_well('nice', 'sh', SOURCE / 'packaging' / 'deb.sh', folder / 'packages',
                 env={**os.environ, 'DEB_BUILD_OPTIONS': 'nocheck'})
    packages = sorted((folder / 'packages').glob('obpub*_*.deb'))
    assert len(packages) == 3, packages
    for package in packages:
        if 'dbgsym' not in package.name:
            make_newer(folder / 'packages', package)
        if package.name.startswith('obpub_'):
            needed = depends(package)
    run_well('sh', SOURCE / 'tests' / 'debian.sh', '--suite', SUITE, folder / 'system', *PACKAGES, *needed)


def make_files(built):
    def make(net, folder, name):
        files = pathlib.Path(folder) / 'files'
        (files / 'root' / 'newer').mkdir(parents=True)
        for place in ('.', 'newer'):
            for package in (built / 'packages' / place).glob('obpub*_*.deb'):
                if 'dbgsym' not in package.name:
                    shutil.copy(package, files / 'root' / place)
        texts = machine_files(net, name, built / 'system')
        if name == 'old':
            key = run_well('openssl', 'genpkey', '-algorithm', 'ed25519')
            texts.update({'etc/onionbalance/config.yaml': OLD_CONFIG, 'etc/onionbalance/old.key': key,
                          'etc/default/onionbalance': 'ONIONBALANCE_LOG_LEVEL=WARN\n'})
        write_files(files, texts)
        return files
    return make


def follow_package_readme(net, built):
    """What README.Debian has, on a machine with the package."""
    folder = pathlib.Path(net.path('plain'))
    folder.mkdir()
    machine = Machine(folder, make_files(built)(net, folder, 'plain'), 'package-plain', built / 'system')
    values = {"a backend's address": net.start_service('plainbackend').address,
              'the group that may use its control socket': 'debian-tor'}

    def do(commands):
        result = run_commands(machine, commands)
        assert result.returncode == 0, f'{commands}: {result.stdout}'
        return result.stdout
    try:
        wait_for(machine.is_up, 60, 'the machine to boot')
        net.start_ferry(machine.first)
        do('systemctl start tor\napt-get -y install ./obpub_*.deb')
        do(reader.take(NOTES, 'openssl'))
        config = fill_in(reader.take(NOTES, 'status-socket-location'), values, 'plain')
        machine.path('/etc/obpub/config.yaml').write_text(config)
        start, status = reader.take(NOTES, 'systemctl start').strip().split('\n')
        do(start)
        wait_for(lambda: re.search('^frontend .*  published$', run_commands(machine, status).stdout, re.M), PUBLISHED,
                 'the frontend of README.Debian to be published')
        unit = machine.path('/etc/systemd/system/obpub.service.d')
        unit.mkdir()
        (unit / 'override.conf').write_text(fill_in(reader.take(NOTES, '[Service]'), values, 'plain'))
        do('systemctl daemon-reload\nsystemctl restart obpub')
        groups = do('systemctl show -P SupplementaryGroups obpub')
        assert groups == 'debian-tor\n', groups
    except Exception as error:
        raise AssertionError(f'{NOTES}: {error}\n{machine.log()}')
    finally:
        machine.close()


def check_default(machine):
    """The level that /etc/default/onionbalance gives is that of the service which takes Onionbalance's place."""
    log = machine.run('journalctl', '--no-pager', '-o', 'cat', '-u', 'obpub-onionbalance')
    assert 'the local tor: ' in log and 'publishes 1 frontend' not in log, f'/etc/default/onionbalance does not count: {log}'


def test(net):
    built = pathlib.Path(net.path('built'))
    built.mkdir()
    page = None
    try:
        build(built)
        step('the packages are built, and a new Debian is made')
        follow_package_readme(net, built)
        step('all was done as README.Debian says')
        page = Page(net, SOURCE / PAGE, make_files(built), built / 'system', reader.take_rest(PAGE))
        page.boot()
        step('its machines are up')
        page.follow()
        step('all was done as the page says')
        check_default(page.machines['old'])
        reader.finish()
    except Exception as error:
        raise AssertionError(f'after {page and page.done}: {type(error).__name__}: {error}\n{page.logs() if page else ""}')
    finally:
        if page:
            page.close()
        subprocess.run(['rm', '-rf', '--one-file-system', built])


obstacle = find_obstacle()
if obstacle is not None:
    print(f'left out: {obstacle}')
    sys.exit(SKIPPED)
main(test)
