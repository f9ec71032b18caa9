# The processes of the daemon from outside: what the kernel says of them, and that no part of a master key is in the
# memory of the engine or the reader after they have published, whichever kind of file the keys were in. Reading memory
# needs root; without root it has to fail.

import os
import pathlib
import pwd

from harness.daemon import Daemon
from harness.judge import blinding_parameter
from harness.memory import blinded_scalar, dump_memory, find_secrets, mapped_bytes, secrets_of
from harness.obpub import instance
from harness.process import HarnessError
from testnet import main, make_frontend_key, step

FORMATS = ('pem', 'tor', 'dir')
USER = 'nobody'
CAP_DAC_READ_SEARCH = 1 << 2


def processes_of(daemon):
    """The daemon's processes by what they are."""
    children = pathlib.Path(f'/proc/{daemon.pid}/task/{daemon.pid}/children').read_text().split()
    found = {pathlib.Path(f'/proc/{pid}/comm').read_text().strip().removeprefix('obpub-'): int(pid)
             for pid in children}
    assert set(found) == {'signer', 'reader'}, found
    return {'engine': daemon.pid, **found}


def status_of(pid):
    """What the kernel says of a process, as a dictionary."""
    lines = pathlib.Path(f'/proc/{pid}/status').read_text().splitlines()
    return dict(line.split(':\t', 1) for line in lines if ':\t' in line)


def check_kernels_view(daemon, uid=None):
    for name, pid in processes_of(daemon).items():
        status = status_of(pid)
        kept = CAP_DAC_READ_SEARCH if name == 'reader' and os.geteuid() == 0 else 0
        assert status['Seccomp'] == '2', f'the {name}: Seccomp {status["Seccomp"]}\n{daemon.log()}'
        assert status['NoNewPrivs'] == '1', (name, status)
        assert int(status['CapEff'], 16) == int(status['CapPrm'], 16) == kept, (name, status)
        assert int(status['CapInh'], 16) == int(status['CapAmb'], 16) == 0, (name, status)
        if uid is not None:
            assert set(status['Uid'].split()) == {str(uid)}, (name, status['Uid'])
        for resource in ('Max core file size', 'Max processes'):
            line = next(line for line in pathlib.Path(f'/proc/{pid}/limits').read_text().splitlines()
                        if line.startswith(resource))
            assert line[len(resource):].split()[:2] == ['0', '0'], f'the {name}: {line}'
    step('seccomp, no new privileges and no capabilities' + (f', as uid {uid}' if uid is not None else ''))


def period_secrets(net, key):
    """The blinded scalars of the time periods that the key may publish for now: each signs for its period."""
    times = net.consensus_times()
    periods = range(times.first_period - 1, times.first_period + 2)
    return {f'blinded scalar of period {period}':
            blinded_scalar(key, blinding_parameter(key.public, period, times.period_length)) for period in periods}


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
        for name in ('engine', 'reader'):
            found = find_secrets(memories[name], {**secrets, **period_secrets(net, key)}, pem)
            assert not found, f'the {name} has parts of the key of {key.onion} in its memory: {found}'
        # The search finds what is there.
        assert key.public in memories['engine'], 'the engine\'s memory does not have the identity key'
        assert key.onion.removesuffix('.onion').encode() in memories['engine'], 'nor the address'
        found = find_secrets(memories['signer'], secrets)
        assert {'prefix: first half', 'prefix: second half'} <= set(found), f'of the signer\'s key only {found} was found'
    step(f'no part of the {len(keys)} keys is with engine or reader; the signer has them all')


def check_memory_is_closed(daemon):
    """Not even the user that runs obpub can read its memory."""
    for name, pid in processes_of(daemon).items():
        try:
            dump_memory(pid)
        except HarnessError:
            continue
        raise AssertionError(f'the memory of the {name} can be read by its user')
    step('without root, gdb can read the memory of none')


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
    if os.geteuid() == 0:
        pem_of = {path: pathlib.Path(path).read_text() for path in (frontends[0][0], late)}
        check_memory(net, daemon, [(key, pem_of.get(path)) for path, key in [*frontends, (late, late_key)]])
        daemon.wait_published(frontends=len(entries))
        daemon.end()
        check_user(net, publisher, entries)
    else:
        check_memory_is_closed(daemon)
        daemon.end()


main(test)
