# Runs a test program: says each step with the time it came at, cleans up, and gives the exit status.

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback

from .calm import wait_for_calm
from .network import Network
from .process import HarnessError, run, spawn

OWN_NETWORK = 'OBPUB_TESTNET_IS_OWN'

_began = time.monotonic()


def step(text):
    """Say what the test does now, in one line."""
    print(f'[{time.monotonic() - _began:6.1f} s] {text}', flush=True)


def main(test, network=True):
    """Run test(net), or test() without a network, and exit: 0 if it returns, 1 with a traceback if not."""
    exit_on_signals()
    _end_with_parent()
    net = None
    status = 1
    try:
        if network and OWN_NETWORK not in os.environ:
            wait_for_calm()
            step('its turn has come')
        if network:
            net = Network.attach(progress=step)
            step(f'joined the private network ({net.seconds_to_start} s to start)')
        test(*([net] if network else []))
        step('passed')
        status = 0
    except Exception:
        traceback.print_exc()
        _show_logs(net)
        step('failed')
    finally:
        if net:
            net.close()
    sys.exit(status)


def main_in_own_network(test, *options):
    """Like main(test), in a network started for this test alone, with these options of testnet.py: for one that takes down
    what others use."""
    if OWN_NETWORK in os.environ:
        main(test)
    exit_on_signals()
    _end_with_parent()
    wait_for_calm()
    step('starting a network of its own')
    testnet = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'testnet.py')
    sys.exit(spawn([sys.executable, testnet, 'run', *options, '--', sys.executable, *sys.argv], 'TERM',
                   env=dict(os.environ, **{OWN_NETWORK: '1'})).wait())


def exit_on_signals():
    """Make SIGTERM and SIGHUP end this program as an exception does, so that everything is cleaned up."""
    def leave(number, _):
        sys.exit(128 + number)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
            signal.signal(number, leave)


def _end_with_parent():
    # A test whose ctest was killed gets SIGTERM from the kernel (PR_SET_PDEATHSIG).
    parent = os.getppid()
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def _show_logs(net):
    for program in [*net.tors.values(), *net.daemons] if net else ():
        print(f'--- end of the log of {program.name}\n{program.log_tail(10)}', file=sys.stderr)


def obpub_path():
    """The obpub program to test, from the environment variable OBPUB."""
    path = os.environ.get('OBPUB')
    if not path or shutil.which(path) is None:
        raise HarnessError(f'OBPUB has to be the path of the obpub program to test; it is {path!r}')
    return path


def run_obpub(*args, timeout=180, **options):
    """Run obpub with these arguments to its end; returns its CompletedProcess (text)."""
    return run([obpub_path(), *args], timeout=timeout, **options)


def start_obpub(*args, log=subprocess.DEVNULL, **options):
    """Start obpub in the background, its output to `log`; it ends with this process. Returns its Popen."""
    return spawn([obpub_path(), *args], 'TERM', stdout=log, stderr=log, **options)
