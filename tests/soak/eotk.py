# EOTK's own scripts with obpub as their `onionbalance`, from `genkey` to `shutdown`, on a private network: a softmap project
# with three worker tors, whose nginx is real. EOTK is not part of obpub: fetch it from https://github.com/alecmuffett/eotk,
# and name its folder, of which this makes a copy. The README of the tests says what has to be installed.
#
#     OBPUB=build/obpub /usr/bin/python3 tests/soak/eotk.py EOTK_FOLDER

import collections
import glob
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time

import stem.control

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'net'))

from harness.process import HarnessError, family, process_runs, run, spawn, tail, wait_for, write_file  # noqa: E402
from harness.runner import main_in_own_network, obpub_path, run_obpub, step  # noqa: E402

WORKERS = 3
PROJECT = 'obpubsoak'
PAGE = '/hello-onion'
TEXT = 'Hello, Onion User!'  # EOTK's
SOCKS_PORT = 9055  # EOTK has no other

# What is to be installed besides the tests' own packages.
PROGRAMS = ('tor', 'nginx', 'socat', 'perl', 'openssl', 'curl')

TORRC_LINE = 'HiddenServiceOnionBalanceInstance 1'

PUBLISHED = 150  # seconds
VISITED = 120
OUT_SEEN = 10  # of a killed worker: obpub follows its control port
OUT_UNSEEN = 1200  # ... and where it does not, on a network with days of four minutes
ENDED = 10

# As EOTK starts a tor with `-f FILE` and no more, the lines of the private network come from here.
TOR = '''#!/bin/sh
exec {tor} --defaults-torrc {defaults} "$@"
'''
PROJECT_CONFIG = '''set project {project}
set softmap_tor_workers {workers}
set nginx_modules_dirs /etc/nginx/modules-enabled
set nginx_workers 1
set softmap_nginx_workers 1
set nginx_cache_seconds 0
softmap {frontend} example.com
'''


class Eotk:
    """A copy of EOTK in a folder of the test's, whose `onionbalance` is obpub, and whose tors are of the private network."""

    def __init__(self, net, source):
        self.folder = net.path('eotk')
        shutil.copytree(source, self.folder, ignore=shutil.ignore_patterns('.git', '*.d.old', 'projects.d', 'onionbalance.d',
                                                                           'secrets.d', 'eotk-workers.conf'))
        programs = net.path('bin')
        os.mkdir(programs, 0o700)
        defaults = net.path('defaults')
        write_file(defaults, '\n'.join(net.torrc) + '\n')
        write_file(os.path.join(programs, 'tor'), TOR.format(tor=shutil.which('tor'), defaults=defaults), 0o700)
        os.symlink(os.path.abspath(shutil.which(obpub_path())), self.path('opt.d', 'onionbalance'))
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(('ONIONBALANCE_', 'EOTK_'))}
        self.environment['PATH'] = f'{programs}:/usr/sbin:/sbin:{os.environ["PATH"]}'

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def do(self, *words, status=0, timeout=120):
        """An EOTK command; returns what it said."""
        # What it starts in the background keeps what it has open: so its output goes to a file.
        log = self.path('said')
        with open(log, 'wb') as file:
            ended = spawn([self.path('eotk'), *words], stdout=file, stderr=file, env=self.environment).wait(timeout)
        said = read(log)
        assert status in (None, ended), f'eotk {" ".join(words)}: {ended}\n{said}'
        return said

    # What its scripts leave.

    @property
    def workers(self):
        """The folders of the worker tors."""
        return sorted(glob.glob(self.path('projects.d', f'{PROJECT}.d', 'hs-*.d')))

    @property
    def config(self):
        return self.path('onionbalance.d', 'config.yaml')

    def log(self):
        """What obpub has said since it was started last."""
        return read(self.path('onionbalance.d', 'onionbalance.log'))

    def pids(self):
        """The process ids that its pid files have, by the files' names."""
        found = {}
        for path in glob.glob(self.path('**', '*.pid'), recursive=True):
            try:
                found[os.path.relpath(path, self.folder)] = int(read(path))
            except (FileNotFoundError, ValueError):
                pass  # it is just being removed, or written
        return found

    def status(self):
        """What `ob-status` prints of the status socket, or None while it prints nothing of it."""
        said = self.do('ob-status')
        start = said.find('{')
        return json.loads(said[start:]) if start >= 0 else None

    def wait_status(self, match, timeout, what):
        """Wait until match(status of the frontend) is true of what the status socket says; returns the seconds it took."""
        began = time.monotonic()

        def look():
            status = ask_status(self.path('onionbalance.d', 'ob-status.sock'))
            return status and status['services'] and match(status['services'][0])
        try:
            wait_for(look, timeout, what)
        except HarnessError as error:
            raise HarnessError(f'{error}\n{self.log()}') from None
        return time.monotonic() - began


def read(path):
    with open(path, errors='replace') as file:
        return file.read()


def ask_status(path):
    """What the status socket answers, or None while nobody listens there."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(path)
            return json.loads(b''.join(iter(lambda: connection.recv(65536), b'')))
    except (FileNotFoundError, ConnectionRefusedError, ConnectionResetError):
        return None


class Visits:
    """Which worker a visitor comes to: EOTK's pages don't say, but the worker's tor has a circuit to the visitor's."""

    def __init__(self, workers):
        self._circuits = set()
        self._controllers = []
        for worker in workers:
            controller = stem.control.Controller.from_socket_file(os.path.join(worker, 'tor-control.sock'))
            controller.authenticate()
            controller.add_event_listener(lambda event, worker=worker: self._take(worker, event), 'CIRC', 'CIRC_MINOR')
            self._controllers.append(controller)

    def _take(self, worker, event):
        if event.hs_state == 'HSSR_JOINED':
            self._circuits.add((os.path.basename(worker), event.id))

    @property
    def seen(self):
        """How many visits each worker had that had any."""
        return collections.Counter(worker for worker, _ in list(self._circuits))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for controller in self._controllers:
            controller.close()


def fetch(client, address):
    """EOTK's page at an onion address, over a circuit of its own, or None."""
    result = run(['curl', '--disable', '--silent', '--insecure', '--noproxy', '', '--max-time', 30,
                  '--proxy', f'socks5h://{secrets.token_hex(6)}:x@127.0.0.1:{client.socks_port}',
                  f'https://{address}{PAGE}'])
    return result.stdout if result.returncode == 0 else None


def visit(net, eotk, address, workers):
    """Have a new client ask for the page until each of these workers has been visited."""
    client = net.start_client(f'visitor{len(net.tors)}')
    deadline = time.monotonic() + VISITED
    failures = 0
    with Visits(workers) as visits:
        while len(visits.seen) < len(workers):
            assert time.monotonic() < deadline, f'only {dict(visits.seen)} were visited; {failures} failures'
            page = fetch(client, address)
            assert page in (TEXT, None), page
            failures += page is None
            if sum(visits.seen.values()) % 8 == 7:
                client.forget_descriptors()
        step(f'visitors come to {dict(sorted(visits.seen.items()))}; {failures} failed')
    client.close()


# The parts of the test, in their order, with the commands that doc/onionbalance.md has.

def configure(eotk):
    """A key, a project, and its three workers, by EOTK alone; returns the frontend's address."""
    said = eotk.do('version')
    versions = re.findall(r'^onionbalance (\S+)$', said, re.M)
    assert len(versions) == 1 and versions[0].split('.') >= ['0', '2', '2'], said
    step(f'`eotk version` takes it for onionbalance {versions[0]}')
    onion = eotk.do('genkey').split()[-1]
    assert os.path.exists(eotk.path('secrets.d', f'{onion}.v3sec.key')), os.listdir(eotk.path('secrets.d'))
    write_file(eotk.path(f'{PROJECT}.conf'), PROJECT_CONFIG.format(project=PROJECT, workers=WORKERS, frontend=onion))
    eotk.do('configure', f'{PROJECT}.conf')
    assert len(eotk.workers) == WORKERS, eotk.workers
    said = eotk.do('start', PROJECT)
    assert f'projects.d/{PROJECT}.d/nginx.pid' in eotk.pids(), f'there is no nginx:\n{said}'
    wait_for(lambda: all(os.path.exists(os.path.join(worker, 'hostname')) for worker in eotk.workers), 60,
             'the workers to have addresses')
    step(f'EOTK has {WORKERS} workers for {onion[:16]}..., and nginx')
    return onion


def find_key(eotk, onion):
    """EOTK's config names another file than `genkey` makes; obpub says so, and takes a link."""
    eotk.do('ob-start', '-a')
    wait_for(lambda: '.v3sec.key' in eotk.log(), ENDED, 'obpub to name the key\'s file')
    assert f'{onion}.v3sec.key' in eotk.log(), eotk.log()
    step('without the link, obpub says: ' + eotk.log().strip().splitlines()[-1])
    eotk.do('ob-stop')
    wait_ended(eotk)
    os.symlink(f'{onion}.v3sec.key', eotk.path('secrets.d', f'{onion}.key'))


def tell_workers(eotk, onion):
    """What `obpub --check` says of the workers' torrc and ob_config, done as it says."""
    result = run_obpub('--check', '-c', eotk.config)
    assert result.returncode == 0, result.stderr
    lines = [TORRC_LINE, f'MasterOnionAddress {onion}.onion']
    assert all(line in result.stdout for line in lines), result.stdout
    for worker in eotk.workers:
        write_file(os.path.join(worker, 'ob_config'), lines[1] + '\n')
        with open(os.path.join(worker, 'tor.conf'), 'a') as file:
            file.write(lines[0] + '\n')
    restart_workers(eotk)
    step('the workers have the two lines that --check prints')


def configure_again(eotk):
    """`configure` writes the workers' torrc anew: with the line in EOTK's template it stays."""
    path = eotk.path('templates.d', 'tor.conf.txt')
    template = read(path)
    changed = re.sub(r'^(HiddenServiceVersion .*)$', rf'\1\n{TORRC_LINE}', template, count=1, flags=re.M)  # of softmap
    assert changed != template and changed.index(TORRC_LINE) < changed.index('# hardmap'), changed
    write_file(path, changed)
    eotk.do('configure', f'{PROJECT}.conf')
    assert all(read(os.path.join(worker, 'tor.conf')).count(TORRC_LINE) == 1 for worker in eotk.workers)
    restart_workers(eotk)


def restart_workers(eotk):
    eotk.do('restart', PROJECT)
    for worker in eotk.workers:
        wait_for(lambda worker=worker: os.path.exists(os.path.join(worker, 'tor-control.sock')), 30, f'{worker} to run')


def wait_published(eotk):
    return eotk.wait_status(lambda service: service['isPublished'] and all(
        instance['state'] == 'live' for instance in service['instances']), PUBLISHED, 'the frontend to be published')


def check_status(eotk, onion):
    """What its scripts read: pids, the status, the log."""
    said = eotk.do('ob-maps', '-a')
    assert f'{onion}.onion' in said, said
    pids = eotk.pids()
    obpub, tor = pids['onionbalance.d/ob.pid'], pids['onionbalance.d/tor.pid']
    names = collections.Counter(family(obpub).values())
    said = eotk.do('status', '-a')
    assert all(re.search(rf'^\s*{pid}\s', said, re.M) for pid in pids.values()), f'{pids}\n{said}'
    step(f'`eotk status` shows all {len(pids)} processes; obpub\'s are {dict(names)}')
    status = eotk.status()
    service, = status['services']
    workers = {read(os.path.join(worker, 'hostname')).strip().removesuffix('.onion') for worker in eotk.workers}
    assert service['onionAddress'].removesuffix('.onion') == onion, service
    assert {instance['onionAddress'].removesuffix('.onion') for instance in service['instances']} == workers, service
    # As a terminal that nobody types in.
    idle = subprocess.Popen([eotk.path('eotk'), 'ob-status'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            env=eotk.environment)
    said = idle.stdout.read()
    assert idle.wait(ENDED) == 0 and b'"services"' in said, said
    idle.stdin.close()
    step(f'`eotk ob-status` has the frontend and {len(workers)} workers')
    return obpub, tor


def check_log(eotk):
    """One line for all keys that only Onionbalance for v2 services knew, and nothing else to warn of."""
    warned = [line for line in eotk.log().splitlines() if ' warning: ' in line or ' error: ' in line]
    summaries = [line for line in warned if 'keys of Onionbalance for v2 services' in line]
    assert len(summaries) == 1, eotk.log()
    step('obpub\'s summary: ' + summaries[0])
    for line in warned:
        if line not in summaries:
            step('obpub also warns: ' + line)


def use_control_ports(eotk):
    """The workers' tors have control sockets anyway: name them in the config that runs, and have it read again."""
    sockets = {read(os.path.join(worker, 'hostname')).strip().removesuffix('.onion'):
               os.path.join(worker, 'tor-control.sock') for worker in eotk.workers}
    config = re.sub(r"^( *)- address: '(\w+)'$",
                    lambda match: f'{match[0]}\n{match[1]}  control: unix:{sockets[match[2]]}', read(eotk.config), flags=re.M)
    assert config.count('control:') == WORKERS, config
    write_file(eotk.config, config)
    os.kill(eotk.pids()['onionbalance.d/ob.pid'], signal.SIGHUP)
    eotk.wait_status(lambda service: all(instance['place'] and instance['state'] == 'live'
                                         for instance in service['instances']), PUBLISHED, 'the control ports to be used')
    step('the config names the workers\' control sockets now')


def kill_worker(eotk, worker, timeout):
    """SIGKILL, as a crash would be; returns how many seconds it is in."""
    os.kill(int(read(os.path.join(worker, 'tor.pid'))), signal.SIGKILL)
    address = read(os.path.join(worker, 'hostname')).strip().removesuffix('.onion')
    return eotk.wait_status(lambda service: any(
        instance['onionAddress'].startswith(address) and instance['state'] == 'out' for instance in service['instances']),
        timeout, 'the killed worker to be out')


def restart_obpub(eotk):
    """`ob-restart` does not wait for the end of what it stops: where that is still there it says so, and begins nothing."""
    before = set(eotk.pids().values())
    said = eotk.do('ob-restart', '-a', status=None)
    if 'Aborting' in said:
        step('`eotk ob-restart` was too fast for its own tor, and says that: ob-start once more')
        wait_for(lambda: not os.path.exists(eotk.path('onionbalance.d', 'tor.pid')), ENDED, 'the tor to end')
        eotk.do('ob-start', '-a')
    step(f'published {wait_published(eotk):.0f} s after `eotk ob-restart`')
    assert eotk.pids()['onionbalance.d/ob.pid'] not in before
    assert 'control:' not in read(eotk.config)


def wait_ended(eotk):
    """Wait until nothing is left of what ob-start starts."""
    wait_for(lambda: not glob.glob(eotk.path('onionbalance.d', '*.pid')), ENDED, 'the publisher\'s tor to end')


def stop(eotk, obpub, tor):
    pids = [tor, *family(obpub)]
    eotk.do('ob-stop')
    wait_for(lambda: not any(map(process_runs, pids)), ENDED, 'all that ob-start has started to end')
    left = [name for name in os.listdir(eotk.path('onionbalance.d')) if name.endswith(('.pid', '-status.sock'))]
    assert not left, left
    assert 'error: ' not in eotk.log(), eotk.log()
    step(f'`eotk ob-stop` has ended obpub\'s {len(pids) - 1} processes and the tor; no pid file and status socket is left')


def clear_up(eotk):
    """End whatever EOTK has started: its files know the process ids; and its nginx has folders of its own in /tmp.
    No signal interrupts this."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    subprocess.run([eotk.path('eotk'), 'shutdown'], env=eotk.environment, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=False)
    deadline = time.monotonic() + ENDED
    while any(map(process_runs, eotk.pids().values())) and time.monotonic() < deadline:
        time.sleep(0.1)
    for name in ('body', 'proxy', 'cache'):
        shutil.rmtree(f'/tmp/nginx-{name}-{PROJECT}', ignore_errors=True)


def test(net):
    eotk = Eotk(net, sys.argv[1])
    try:
        onion = configure(eotk)
        address = f'{onion}.onion'
        find_key(eotk, onion)
        tell_workers(eotk, onion)
        net.wait_srv()
        eotk.do('ob-start', '-a')
        step(f'published {wait_published(eotk):.0f} s after `eotk ob-start`')
        obpub, tor = check_status(eotk, onion)
        check_log(eotk)
        visit(net, eotk, address, eotk.workers)
        use_control_ports(eotk)
        seconds = kill_worker(eotk, eotk.workers[0], OUT_SEEN)
        step(f'a killed worker is out after {seconds:.1f} s where obpub has its control port')
        visit(net, eotk, address, eotk.workers[1:])
        configure_again(eotk)
        restart_obpub(eotk)
        visit(net, eotk, address, eotk.workers)
        seconds = kill_worker(eotk, eotk.workers[0], OUT_UNSEEN)
        step(f'a killed worker is out after {seconds:.0f} s where obpub has not, on a network with days of '
             f'{24 * net.interval} s')
        visit(net, eotk, address, eotk.workers[1:])
        obpub, tor = check_status(eotk, onion)
        stop(eotk, obpub, tor)
    except BaseException:
        for name in ('onionbalance.log', 'tor.log'):
            print(f'--- end of {name}\n{tail(eotk.path("onionbalance.d", name), 40)}', file=sys.stderr)
        raise
    finally:
        clear_up(eotk)


def check_needs():
    """Say what is missing before a network is started for it."""
    os.environ['PATH'] += ':/usr/sbin:/sbin'
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if len(sys.argv) != 2 or not os.path.exists(os.path.join(sys.argv[1], 'eotk')):
        sys.exit('eotk.py: name the folder with EOTK in it: eotk.py EOTK_FOLDER')
    if missing:
        sys.exit(f'eotk.py: not installed: {", ".join(missing)}')
    with socket.socket() as attempt:
        if attempt.connect_ex(('127.0.0.1', SOCKS_PORT)) == 0:
            sys.exit(f'eotk.py: something listens at 127.0.0.1:{SOCKS_PORT}, which EOTK needs')


check_needs()
sys.argv[1] = os.path.abspath(sys.argv[1])
# Of points at one relay just one is published: with so many relays each worker has one.
main_in_own_network(test, '--relays', '18')
