# The processes of the daemon from outside: what the kernel says of them, and that no part of a master key, nor of a
# blinded one, is in the memory of the engine or the reader after they have published, whichever kind of file the keys
# were in; and that the signer's are in memory that is locked and left out of dumps. Reading memory needs root; without
# root it has to fail, and the test counts as left out.

import os
import pathlib
import pwd
import sys

from harness.daemon import Daemon
from harness.judge import blinding_parameter
from harness.memory import (blinded_nonce_prefix, blinded_scalar, can_read_memory, dump_memory, find_secrets,
                            mapped_bytes, mappings_with, secrets_of)
from harness.obpub import instance
from harness.process import HarnessError, family
from testnet import main, make_frontend_key, step

FORMATS = ('pem', 'tor', 'dir')
USER = 'nobody'
CAP_DAC_READ_SEARCH = 1 << 2
SKIPPED = 77
OPEN_FILES = {'signer': '16', 'reader': '64'}  # limits; the engine has a socket for every tor


def processes_of(daemon):
    """The daemon's processes by what they are."""
    found = {name.removeprefix('obpub-'): pid for pid, name in family(daemon.pid).items() if pid != daemon.pid}
    assert set(found) == {'signer', 'reader'}, found
    return {'engine': daemon.pid, **found}


def status_of(pid):
    """What the kernel says of a process, as a dictionary."""
    lines = pathlib.Path(f'/proc/{pid}/status').read_text().splitlines()
    return dict(line.split(':\t', 1) for line in lines if ':\t' in line)


def own_capabilities():
    """What this process may do: in a container, root may lack some."""
    return int(status_of('self')['CapPrm'], 16)


def check_kernels_view(daemon, uid=None):
    for name, pid in processes_of(daemon).items():
        status = status_of(pid)
        kept = CAP_DAC_READ_SEARCH & own_capabilities() if name == 'reader' else 0
        assert status['Seccomp'] == '2', f'the {name}: Seccomp {status["Seccomp"]}\n{daemon.log()}'
        assert status['NoNewPrivs'] == '1', (name, status)
        assert int(status['CapEff'], 16) == int(status['CapPrm'], 16) == kept, (name, status)
        assert int(status['CapInh'], 16) == int(status['CapAmb'], 16) == 0, (name, status)
        if uid is not None:
            assert set(status['Uid'].split()) == {str(uid)}, (name, status['Uid'])
        limits = {'Max core file size': '0', 'Max processes': '0'}
        if name in OPEN_FILES:
            limits['Max open files'] = OPEN_FILES[name]
        for resource, limit in limits.items():
            line = next(line for line in pathlib.Path(f'/proc/{pid}/limits').read_text().splitlines()
                        if line.startswith(resource))
            assert line[len(resource):].split()[:2] == [limit, limit], f'the {name}: {line}'
    step('seccomp, no new privileges and no capabilities' + (f', as uid {uid}' if uid is not None else ''))


def period_secrets(net, key):
    """The blinded secret keys of the time periods that the key may have published for: a scalar for each, which signs
    for its period, and the nonce prefix of them all. With either, and what is published, one has the master key."""
    times = net.consensus_times()
    periods = range(times.first_period - 1, times.first_period + 2)
    return {'blinded nonce prefix': blinded_nonce_prefix(key), **{
        f'blinded scalar of period {period}':
        blinded_scalar(key, blinding_parameter(key.public, period, times.period_length)) for period in periods}}


def check_locked(signer, secrets, onion):
    """Every page with a secret of a key in it is locked into memory, and left out of dumps."""
    found = mappings_with(signer, [value[:16] for value in secrets.values()])
    assert found, f'nothing of the key of {onion} was found with the signer'
    for line, flags in found:
        assert 'lo' in flags and 'dd' in flags, f'a part of the key of {onion} is at {line}: {" ".join(flags)}'


def check_memory(net, daemon, keys):
    """keys: (OnionKey, text of its PEM file or None) for each frontend."""
    processes = processes_of(daemon)
    memories = {}
    for name, pid in processes.items():
        memories[name] = dump_memory(pid)
        assert len(memories[name]) >= mapped_bytes(pid) * 0.9, f'most of the {name}\'s memory was not read'
    sizes = ', '.join(f'{name} {len(memory) / 1e6:.0f} MB' for name, memory in memories.items())
    step(f'gdb read the memory of all three processes: {sizes}')
    for key, pem in keys:
        secrets = secrets_of(key)
        blinded = period_secrets(net, key)
        for name in ('engine', 'reader'):
            found = find_secrets(memories[name], {**secrets, **blinded}, pem)
            assert not found, f'the {name} has parts of the key of {key.onion} in its memory: {found}'
        # The search finds what is there.
        assert key.public in memories['engine'], 'the engine\'s memory does not have the identity key'
        assert key.onion.removesuffix('.onion').encode() in memories['engine'], 'nor the address'
        found = find_secrets(memories['signer'], secrets)
        assert {'prefix: first half', 'prefix: second half'} <= set(found), f'of the signer\'s key only {found} was found'
        found = {name for name, value in blinded.items() if value in memories['signer']}
        assert 'blinded nonce prefix' in found and len(found) >= 3, f'of its blinded keys only {found} was found'
        check_locked(processes['signer'], {**secrets, **blinded}, key.onion)
    step(f'no part of the {len(keys)} keys, nor of the blinded ones, is with engine or reader; the signer has them all, '
         'in memory that is locked and left out of dumps')


def check_memory_is_closed(daemon):
    """Not even the user that runs obpub can read its memory."""
    for name, pid in processes_of(daemon).items():
        try:
            dump_memory(pid)
        except HarnessError:
            continue
        raise AssertionError(f'the memory of the {name} can be read by its user')
    step('without root, gdb can read the memory of none')
    step('NOT CHECKED, for want of root\'s CAP_SYS_PTRACE: that no part of a master key is in engine and reader')


def check_user(net, publisher, frontends):
    """Started as root: it becomes the user that the config names, and still reads what root alone may read, the
    tor's cookie and a key that comes with a reload."""
    uid = pwd.getpwnam(USER).pw_uid
    daemon = Daemon(net, f'127.0.0.1:{publisher.control_port}', frontends[:1], 'user', [f'user: {USER}']).start()
    daemon.wait_published()
    check_kernels_view(daemon, uid)
    daemon.configure(frontends[:2], [f'user: {USER}'])
    daemon.reload()
    daemon.wait_published(frontends=2)
    owner = os.stat(daemon.status_path).st_uid
    assert owner == uid, f'its status socket belongs to {owner}'
    step('a key of root\'s came with a reload')
    daemon.end()


def test(net):
    frontends = [(net.path(f'key.{kind}'), make_frontend_key(net.path(f'key.{kind}'), kind)) for kind in FORMATS]
    late = net.path('late.pem')
    late_key = make_frontend_key(late)
    backend = net.start_service('backend', [key.onion for _, key in frontends] + [late_key.onion], wait=False,
                                control_port=True)
    publisher = net.start_tor('publisher', wait=False, control_port=True)
    backend.wait_published()
    publisher.wait_bootstrapped()
    entries = [(path, [instance(backend, 'tcp')]) for path, _ in frontends]
    daemon = Daemon(net, publisher, entries).start()
    daemon.wait_published(frontends=len(entries))
    entries.append((late, [instance(backend, 'tcp')]))
    daemon.configure(entries)
    daemon.reload()
    daemon.wait_published(frontends=len(entries))
    step(f'it has published {len(entries)} frontends, one since a reload')
    check_kernels_view(daemon)
    if can_read_memory():
        pem_of = {path: pathlib.Path(path).read_text() for path in (frontends[0][0], late)}
        check_memory(net, daemon, [(key, pem_of.get(path)) for path, key in [*frontends, (late, late_key)]])
        daemon.wait_published(frontends=len(entries))
        daemon.end()
        check_user(net, publisher, entries)
    else:
        check_memory_is_closed(daemon)
        daemon.end()
        sys.exit(SKIPPED)


main(test)
