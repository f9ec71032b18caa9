# A page of the documents that is followed line by line (page.py), with its machines: each is one of namespaces, with a systemd
# and a network that has no route but Tor's.

import pathlib
import re
import subprocess
import time

import stem.connection
import stem.socket

from .client import FetchFailed
from .machine import Machine
from .page import PageError, fill_in, match_output, read_steps
from .process import wait_for

BLOCK = 300      # seconds that one block of commands may take
MORE = 2         # so many times as long as the page says may something take here, where much else is going on
VISITED = 240    # seconds until each backend has had a visitor: one that is stopped and started at once has to wait for minutes
ASK_ANEW = 15    # seconds until visitors ask HSDirs once more, as what they have may be older than some backend's points
DEFAULTS = '/usr/share/tor/tor-service-defaults-torrc'
APT_GET = '''#!/bin/sh
# Stands for apt-get: sees that what is to be installed is there.
for word; do
    case $word in
    -* | install | update) ;;
    *) dpkg-query -W -f '${Package} is there.\\n' "$word" || exit ;;
    esac
done
'''


def machine_files(net, name, system='/'):
    """What is to be in the files of every machine, by path: its name, nothing to start, and the private network's lines where
    the system's tor reads defaults."""
    network = ''.join(f'{line}\n' for line in net.torrc if not line.startswith('Log '))
    texts = {'etc/hostname': f'{name}\n', 'etc/hosts': f'127.0.0.1 localhost {name}\n',
             'etc/systemd/system/trial.target': '[Unit]\nWants=systemd-journald.service\n'}
    for path in (DEFAULTS, f'{DEFAULTS}-instances'):
        texts[path[1:]] = (pathlib.Path(system) / path[1:]).read_text() + network
    return texts


def write_files(files, texts):
    """Write these to a folder, with modes for all that is in it as those of a system's files."""
    for path, text in texts.items():
        (files / path).parent.mkdir(parents=True, exist_ok=True)
        (files / path).write_text(text)
    for path in (files, *files.rglob('*')):
        path.chmod(0o755 if path.is_dir() or path.parts[-2] in ('bin', 'sbin') else 0o644)


def run_commands(machine, commands):
    """Run commands as root of a machine would, in his home, until one fails. Returns the CompletedProcess; its output has all
    that was printed."""
    environment = ['env', '-i', 'HOME=/root', 'LANG=C.UTF-8', 'TERM=dumb',
                   'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin']
    return subprocess.run(machine.inside(*environment, 'bash', '-e', '-c', f'cd\n{commands}'), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=BLOCK)


class Page:
    """A page, and its machines. make_files(net, folder, name) makes the folder of what is on top of the system's files on one
    of them, and returns it. blocks are those that are to be followed."""

    def __init__(self, net, path, make_files, system='/', blocks=()):
        self.net, self.path, self.name = net, path, path.stem
        self.make_files, self.system = make_files, system
        self.values = {}
        self.steps = read_steps(path.read_text())
        self._check_blocks(blocks)
        self.machines = {}
        self.done = 'nothing'
        self.transcript = []
        self.is_closed = False

    def _check_blocks(self, blocks):
        # Each of these blocks of the page (blocks.py) is something that it has done, or printed.
        followed = {text for each in self.steps for text in (each.text, each.expected)}
        missed = [f'line {block.line}' for block in blocks if block.text not in followed]
        if missed or not blocks:
            raise PageError(f'{self.path.name}: nobody follows the blocks at {missed}')

    def boot(self):
        """Start the machines, and have a ferry to the relays at each."""
        for name in dict.fromkeys(name for step in self.steps for name in step.machines):
            folder = pathlib.Path(self.net.path(f'{self.name}-{name}'))
            folder.mkdir()
            self.machines[name] = Machine(folder, self.make_files(self.net, folder, name), f'{self.name}-{name}',
                                          self.system)
        for name, machine in self.machines.items():
            wait_for(machine.is_up, 60, f'the machine {name} of {self.name} to boot')
            self.net.start_ferry(machine.first)

    def close(self):
        """End the machines, whatever is going on there."""
        self.is_closed = True
        for machine in self.machines.values():
            machine.close()

    def follow(self):
        """Do what it says, line by line."""
        for each in self.steps:
            self.done = f'line {each.line}'
            for name in each.machines:
                if each.path:
                    self._write(each, name)
                else:
                    self._run(each, name)

    def _write(self, each, name):
        path = self.machines[name].path(each.path)
        with open(path, 'a' if each.is_added else 'w') as file:
            file.write(fill_in(each.text, self.values, name))

    def _run(self, each, name):
        commands = fill_in(each.text, self.values, name)
        deadline = time.monotonic() + MORE * each.patience
        while True:
            result = run_commands(self.machines[name], commands)
            self.transcript.append(f'{name}# {commands}{result.stdout}')
            is_right = each.expected is None or match_output(each.expected, result.stdout, self.values, name)
            if result.returncode == 0 and is_right:
                return
            if time.monotonic() > deadline or self.is_closed:
                raise PageError(f'{self.path.name}, line {each.line}, on {name}: exit status {result.returncode}; it printed\n'
                                f'{result.stdout}' + (f'instead of\n{each.expected}' if each.expected else ''))
            time.sleep(1)

    def backends(self):
        """Each backend's tor: its name, its machine, the folder of its sockets, and its service's address."""
        found = []
        for name, machine in self.machines.items():
            places = {'': ('/var/lib/tor', '/run/tor')}
            if machine.path('/var/lib/tor-instances').exists():
                places.update({tor.name: (f'/var/lib/tor-instances/{tor.name}', f'/run/tor-instances/{tor.name}')
                               for tor in machine.path('/var/lib/tor-instances').iterdir()})
            for tor, (data, sockets) in places.items():
                for told in machine.path(data).glob('*/ob_config'):
                    found.append((f'{name}/{tor}', machine, sockets, (told.parent / 'hostname').read_text().strip()))
        return found

    def visited(self):
        """The names of those backends that have a circuit of a visitor."""
        return {name for name, machine, sockets, address in self.backends()
                if re.search(rf'PURPOSE=HS_SERVICE_REND HS_STATE=HSSR_JOINED REND_QUERY={address[:56]}\b',
                             _circuits(machine, sockets))}

    def visit(self):
        """Have visitors come until each backend has had one; returns the backends' names."""
        client = self.net.start_client(f'visitor{self.name[-1]}')
        frontend = self.values["the frontend's address"]
        backends = {name for name, *_ in self.backends()}
        failure = None
        deadline = time.monotonic() + VISITED
        asked_anew = time.monotonic()
        visited = set()
        while visited < backends:
            if time.monotonic() - asked_anew > ASK_ANEW:
                client.forget_descriptors()
                asked_anew = time.monotonic()
            try:
                self.net.fetch(client, frontend)
                visited |= self.visited()
            except FetchFailed as error:
                failure = error
            if time.monotonic() > deadline:
                raise PageError(f'of {backends} only {visited} had visitors of {frontend}; {failure}')
        return backends

    def logs(self):
        """What the machines' journals have, for who looks for what was wrong."""
        journals = [f'--- {self.name}: the journal of {name}\n'
                    + machine.run('journalctl', '--no-pager', '-o', 'short-monotonic', '-n', '40')
                    for name, machine in self.machines.items() if machine.first]
        return '\n'.join([f'--- {self.name}: what was done last', *self.transcript[-8:], *journals])


def _circuits(machine, sockets):
    with stem.socket.ControlSocketFile(str(machine.path(f'{sockets}/control'))) as connection:
        stem.connection.authenticate_cookie(connection, str(machine.path(f'{sockets}/control.authcookie')))
        connection.send('GETINFO circuit-status')
        return str(connection.recv())
