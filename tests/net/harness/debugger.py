# System calls made from inside a running process, whatever it would do by itself, with gdb's hand.

import os
import platform
import re

from .process import HarnessError, run

# The numbers of the calls that tests make, and a few arguments, by the kind of machine.
CALLS = {
    'x86_64': {'openat': 257, 'socket': 41, 'execve': 59, 'ptrace': 101, 'unshare': 272, 'bpf': 321,
               'unlinkat': 263},
    'aarch64': {'openat': 56, 'socket': 198, 'execve': 221, 'ptrace': 117, 'unshare': 97, 'bpf': 280,
                'unlinkat': 35},
}.get(platform.machine(), {})

KILLED = 'killed'  # by the filter of system calls


def run_gdb(pid, *arguments, timeout, **environment):
    """Runs gdb, without anybody's settings, with its hand on a process, which goes on after it."""
    return run(['gdb', '-nx', '-batch', '-iex', 'set auto-load off', '-iex', 'set debuginfod enabled off', '-p', str(pid),
                *arguments], timeout=timeout, env=dict(os.environ, **environment))


def call_inside(pid, name, *arguments):
    """Has a process make a system call; arguments are numbers, or texts that are put into its memory. Returns what the
    call returned, as (result, errno), or KILLED when the process was ended by SIGSYS. It goes on otherwise."""
    if name not in CALLS:
        raise HarnessError(f'the number of {name}() on {platform.machine()} is not known here')
    words = [f'(long)(char*)"{word}"' if isinstance(word, str) else f'{word}L' for word in (CALLS[name], *arguments)]
    words += ['0L'] * (7 - len(words))
    function = f'((long(*)({",".join(["long"] * 7)}))syscall)'
    result = run_gdb(pid, '-ex', f'printf "result %ld\\n", {function}({",".join(words)})',
                     '-ex', 'printf "errno %d\\n", *((int*(*)(void))__errno_location)()', timeout=60, LC_ALL='C')
    if re.search(r'^Program terminated with signal SIGSYS', result.stdout, re.M):
        return KILLED
    returned = re.search(r'^result (-?\d+)$', result.stdout, re.M)
    number = re.search(r'^errno (\d+)$', result.stdout, re.M)
    if not returned or not number:
        raise HarnessError(f'gdb could not have process {pid} call {name}():\n{result.stdout}{result.stderr}')
    return int(returned[1]), int(number[1])
