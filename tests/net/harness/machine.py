# A machine of namespaces with a systemd of its own, on a copy of this machine's files that is gone afterwards. Needs root.

import os
import pathlib
import re
import signal
import subprocess
import time

from .process import children, process_runs, spawn

NAMESPACES = ('--mount', '--pid', '--uts', '--ipc', '--net')
BOOT = pathlib.Path(__file__).resolve().with_name('boot_systemd.sh')


def find_cgroups():
    """Where the cgroups of version 2 are mounted, or None."""
    found = re.search(r'^cgroup2 (\S+) cgroup2 rw', pathlib.Path('/proc/mounts').read_text(), re.M)
    return pathlib.Path(found[1]) if found else None


def find_obstacle():
    """Why no systemd can be booted here, or None."""
    if os.geteuid() != 0:
        return 'only root can make namespaces'
    if not pathlib.Path('/usr/lib/systemd/systemd').exists():
        return 'there is no systemd here'
    if find_cgroups() is None:
        return 'there are no cgroups of version 2'
    for namespaces in (NAMESPACES, ['--user']):  # a unit's own is a user namespace, which a chroot does not allow
        result = subprocess.run(['unshare', *namespaces, '--fork', 'true'], capture_output=True, timeout=60)
        if result.returncode != 0:
            return 'namespaces are not allowed here'
    return None


class Machine:
    """A machine with systemd as its first process, in a folder of its own, with further files (a folder) on top of this
    machine's, or of those of the system in another folder. What it is to start is in the unit trial.target of these files."""

    def __init__(self, folder, files, name='test', system='/'):
        _remove_old_cgroups()
        self.cgroup = find_cgroups() / f'obpub-{name}-{os.getpid()}'
        self.cgroup.mkdir()
        place = pathlib.Path(folder) / 'machine'
        place.mkdir()
        self.process = spawn(['unshare', *NAMESPACES, '--fork', '--kill-child', 'sh', BOOT, place, self.cgroup, files,
                              system],
                             stderr=subprocess.PIPE)
        self.first = None

    def is_up(self):
        """Whether systemd has come so far that it takes commands."""
        self.first = next(map(str, children(self.process.pid)), None) if self.process.poll() is None else None
        return self.first is not None and self.path('/run/systemd/private').exists()

    def path(self, inside):
        """Where a file of the machine, with its whole path there, is seen from here."""
        return pathlib.Path(f'/proc/{self.first}/root{inside}')

    def inside(self, *command):
        """The command that runs a command inside."""
        flags = ['--mount', '--root', '--pid', '--uts', '--ipc', '--net', '--cgroup']  # --root: we may be in a chroot
        return ['nsenter', '--target', self.first, *flags, *command]

    def run(self, *command, timeout=30):
        """Run a command inside. Returns what it printed."""
        result = subprocess.run(self.inside(*command), capture_output=True, text=True, timeout=timeout,
                                stdin=subprocess.DEVNULL)
        return (result.stdout + result.stderr).strip()

    def show(self, name, unit='obpub'):
        """What systemd says of a unit under a name."""
        return self.run('systemctl', 'show', '-P', name, unit)

    def log(self, unit='obpub'):
        """What the journal has of a unit."""
        return self.run('journalctl', '-u', unit, '--no-pager', '-o', 'cat')

    def end(self):
        """End it with all its processes (--kill-child). Returns what the script complained of."""
        if self.process.stderr.closed:
            return ''
        self.process.send_signal(signal.SIGKILL)
        return self.process.communicate()[1].decode(errors='replace')

    def close(self):
        """End it, and remove its cgroups."""
        self.end()
        for _ in range(50):
            if _try_to_remove(self.cgroup):
                break
            time.sleep(0.1)


def _remove_old_cgroups():
    # Of tests that were killed: of those that have processes the kernel lets nobody remove any.
    for group in find_cgroups().glob('obpub-*-*'):
        if not process_runs(int(re.sub(r'.*\D', '', group.name) or 0)):
            _try_to_remove(group)


def _try_to_remove(cgroup):
    # A cgroup, and those in it.
    for group in (*sorted(cgroup.rglob('*/'), reverse=True), cgroup):
        if group.is_dir():
            try:
                group.rmdir()
            except OSError:
                pass
    return not cgroup.exists()
