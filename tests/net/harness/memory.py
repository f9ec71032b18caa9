# The memory of a running process, as a debugger sees it, and what is in it of a secret.

import base64
import hashlib
import os
import re
import tempfile

from .debugger import run_gdb
from .process import CAP_SYS_PTRACE, HarnessError, has_capability

GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493

# Run by gdb's own Python: every mapping as it is, but for the few pages that the kernel lets nobody read.
_DUMP = r'''
import gdb, os, re
process, path = gdb.selected_inferior(), os.environ["OBPUB_DUMP"]
with open(path, "wb") as dump, open(f"/proc/{process.pid}/maps") as maps:
    for start, end in re.findall(r"^([0-9a-f]+)-([0-9a-f]+) ", maps.read(), re.M):
        start, end = int(start, 16), int(end, 16)
        if start >= 1 << 63:
            continue
        try:
            dump.write(process.read_memory(start, end - start))
        except (gdb.error, MemoryError):
            for page in range(start, end, 4096):
                try:
                    dump.write(process.read_memory(page, 4096))
                except gdb.error:
                    pass
'''


def dump_memory(pid):
    """All the memory of a process as bytes, read by gdb from its mappings; the process goes on after it."""
    with tempfile.TemporaryDirectory() as folder:
        script, dump = os.path.join(folder, 'dump.py'), os.path.join(folder, 'dump')
        with open(script, 'w') as file:
            file.write(_DUMP)
        result = run_gdb(pid, '-x', script, timeout=120, OBPUB_DUMP=dump)
        if not os.path.exists(dump) or os.path.getsize(dump) == 0:
            raise HarnessError(f'gdb could not read the memory of process {pid}:\n{result.stdout}{result.stderr}')
        with open(dump, 'rb') as file:
            return file.read()


def can_read_memory():
    """Whether this process may read that of others which are not dumpable (CAP_SYS_PTRACE)."""
    return has_capability(CAP_SYS_PTRACE)


def mappings_with(pid, values):
    """The mappings of a process that have one of these bytes in them: (first line, VmFlags) of /proc/PID/smaps."""
    found = []
    with open(f'/proc/{pid}/smaps') as smaps:
        mappings = re.findall(r'^(([0-9a-f]+)-([0-9a-f]+) r.*)\n(?:[A-Z].*\n)*?VmFlags: (.*)$', smaps.read(), re.M)
    with open(f'/proc/{pid}/mem', 'rb') as memory:
        for line, start, end, flags in mappings:
            try:
                memory.seek(int(start, 16))
                content = memory.read(int(end, 16) - int(start, 16))
            except (OSError, ValueError, OverflowError):
                continue  # the kernel's own
            if any(value in content for value in values):
                found.append((line, flags.split()))
    return found


def mapped_bytes(pid):
    """How many bytes of memory a process has mapped and can read."""
    with open(f'/proc/{pid}/maps') as maps:
        return sum(int(end, 16) - int(start, 16) for start, end in
                   re.findall(r'^([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \S+ +(?!\[v)', maps.read(), re.M))


def forms_of(value, pem=None):
    """Every form that 32 secret bytes could lie in memory in, as a dictionary from its name to the bytes: both halves
    of the bytes themselves (a buffer that was used again may have overwritten one), hexadecimal, base64 at each of the
    three places it may begin at in a longer text; and the text of the PEM file that holds it."""
    forms = {'first half': value[:16], 'second half': value[16:], 'hexadecimal': value.hex().encode()[:40],
             'hexadecimal, upper case': value.hex().upper().encode()[:40]}
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + value)
        # Without the characters that are made of neighbouring bytes too.
        forms[f'base64 after {shift} bytes'] = text[4 if shift else 0:40]
    if pem:
        forms['PEM'] = re.search(r'-\n([^-]+)\n-', pem)[1].encode()
    return forms


def secrets_of(key):
    """The secret parts of an OnionKey: the seed, the scalar as it is and modulo the order of the group, the prefix."""
    expanded = key.expanded()
    scalar = int.from_bytes(expanded[:32], 'little') % GROUP_ORDER
    return {'seed': key.seed, 'scalar': expanded[:32], 'reduced scalar': scalar.to_bytes(32, 'little'),
            'prefix': expanded[32:]}


def blinded_scalar(key, parameter):
    """The secret scalar of a time period, whose blinding parameter is given as bytes: it signs for that period."""
    factor = bytearray(parameter)
    factor[0] &= 248
    factor[31] = factor[31] & 63 | 64
    scalar = int.from_bytes(key.expanded()[:32], 'little') * int.from_bytes(factor, 'little') % GROUP_ORDER
    return scalar.to_bytes(32, 'little')


def blinded_nonce_prefix(key):
    """What a key's signatures of every time period take their nonces from (rend-spec-v3 A.2): with it, one published
    signature gives the blinded scalar away, and that the master key."""
    return hashlib.sha512(b'Derive temporary signing key hash input' + key.expanded()[32:]).digest()[:32]


def find_secrets(memory, secrets, pem=None):
    """Which of the named secrets are in a memory in which form: a list of "seed: hexadecimal" and the like."""
    return [f'{name}: {form}' for name, value in secrets.items()
            for form, text in forms_of(value, pem if name == 'seed' else None).items() if text in memory]
