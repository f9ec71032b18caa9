# Starts child processes that cannot outlive this one, and picks free ports for them.

import os
import random
import re
import shutil
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

# The kernel sends a child its "parent died" signal when the *thread* that started it ends. So one thread,
# which lives as long as this process does, starts every child.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix='starter')

# Ports the kernel never hands out by itself (Linux gives outgoing connections 32768 and up).
_PORTS = range(15000, 32000)
_ports_given = set()
_ports_lock = threading.Lock()

# One of root's powers, by its number in linux/capability.h.
CAP_SYS_PTRACE = 19


class HarnessError(Exception):
    """Something the private network or a helper was asked for did not happen."""


class TimedOut(HarnessError):
    """It did not happen in time."""


def spawn(args, death_signal='KILL', **options):
    """Start a program which gets death_signal if this process ends first; returns its Popen."""
    args = [str(word) for word in args]
    if shutil.which(args[0]) is None:
        raise HarnessError(f'{args[0]}: not installed, or not on PATH')
    options.setdefault('stdin', subprocess.DEVNULL)
    command = ['setpriv', '--pdeathsig', death_signal, *args]
    return _starter.submit(subprocess.Popen, command, **options).result()


def run(args, timeout=60, **options):
    """Run a program to its end; returns its CompletedProcess with text output."""
    process = spawn(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise HarnessError(f'{args[0]} did not end within {timeout} s; it said:\n{out}{err}') from None
    except BaseException:
        process.kill()
        process.wait()
        raise
    return subprocess.CompletedProcess(args, process.returncode, out, err)


def free_port():
    """A TCP port of 127.0.0.1 that nothing listens on, never the same one twice."""
    with _ports_lock:
        while True:
            port = random.choice(_PORTS)
            if port in _ports_given:
                continue
            with socket.socket() as attempt:
                try:
                    attempt.bind(('127.0.0.1', port))
                except OSError:
                    continue
            _ports_given.add(port)
            return port


def process_runs(pid):
    """Whether there is a process of that id which has not ended (a zombie has)."""
    try:
        with open(f'/proc/{pid}/stat') as stat:
            return stat.read().rpartition(')')[2].split()[0] not in 'ZX'
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid):
    """The ids of the processes whose parent is this one."""
    found = []
    for entry in os.listdir('/proc'):
        if not entry.isdigit():
            continue
        try:
            with open(f'/proc/{entry}/stat') as stat:
                if int(stat.read().rpartition(')')[2].split()[1]) == pid:
                    found.append(int(entry))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def family(pid):
    """The names of a process and its children by their ids, of those that are there."""
    found = {}
    for number in (pid, *children(pid)):
        try:
            with open(f'/proc/{number}/comm') as file:
                found[number] = file.read().strip()
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def cpu_seconds(pid):
    """The processor time that the threads of a process have used, to the nanosecond."""
    total = 0
    for thread in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{thread}/schedstat') as file:
            total += int(file.read().split()[0])
    return total / 1e9


def family_cpu_seconds(pid):
    """The processor time that a process and its children have used."""
    return sum(map(cpu_seconds, family(pid)))


def field_of(pid, name):
    """What the kernel says of a process under a name of /proc/PID/status."""
    with open(f'/proc/{pid}/status') as file:
        return re.search(rf'^{name}:\t(.*)$', file.read(), re.M)[1]


def memory_of(pid, name):
    """KiB of a process by a name of /proc/PID/status: VmRSS now, VmHWM at most."""
    return int(field_of(pid, name).split()[0])


def has_capability(number):
    """Whether this process has one of root's powers, some of which root itself may lack in a container."""
    return int(field_of('self', 'CapEff'), 16) >> number & 1 == 1


def wait_for(predicate, timeout, what, every=0.2):
    """Wait until predicate() is true and return what it returned; `what` completes "waited for"."""
    deadline = time.monotonic() + timeout
    while True:
        result = predicate()
        if result:
            return result
        if time.monotonic() > deadline:
            raise TimedOut(f'waited {timeout:g} s for {what}, in vain')
        time.sleep(every)


def tail(path, lines=20):
    """The last lines of a text file, for an error message."""
    try:
        with open(path, errors='replace') as file:
            return ''.join(file.readlines()[-lines:])
    except FileNotFoundError:
        return '(no such file)\n'


def private_folder(path):
    """Make a folder, and those it lies in, readable by its owner only: tor insists on that."""
    if not os.path.isdir(path):
        private_folder(os.path.dirname(path))
        os.mkdir(path, 0o700)


def write_file(path, text, mode=0o600):
    """Write a file so that a reader sees all of it or nothing."""
    data = text if isinstance(text, bytes) else text.encode()
    unfinished = f'{path}.new{os.getpid()}'
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), 'wb') as file:
        file.write(data)
    os.rename(unfinished, path)
