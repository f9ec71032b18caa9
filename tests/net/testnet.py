# A private Tor network on loopback: a command that runs another one with such a network, and the library for
# tests, which import what they need from here (`from testnet import main, step, make_frontend_key`).

import argparse
import os
import shutil
import sys
import traceback

from harness.bootstrap import RELAYS, Bootstrap
from harness.descendants import adopt_orphans, end_descendants
from harness.folder import make_folder
from harness.keys import OnionKey, address_of, make_frontend_key
from harness.network import ENVIRONMENT, Network
from harness.process import HarnessError, free_port, run, spawn, tail, wait_for, write_file
from harness.client import FetchFailed
from harness.runner import exit_on_signals, main, main_in_own_network, obpub_path, run_obpub, start_obpub, step

__all__ = ['FetchFailed', 'HarnessError', 'Network', 'OnionKey', 'address_of', 'exit_on_signals', 'free_port', 'main',
           'main_in_own_network', 'make_frontend_key', 'obpub_path', 'run', 'run_obpub', 'spawn', 'start_obpub', 'step', 'tail',
           'wait_for']


def command_line():
    """Read the command line and do what it says; returns the exit status."""
    parser = argparse.ArgumentParser(description='A private Tor network on loopback.')
    commands = parser.add_subparsers(dest='command', required=True, metavar='run')
    running = commands.add_parser(
        'run', help='run COMMAND with a network',
        description='Start a network in the background and at once run COMMAND, which can join the network with '
        f'Network.attach() ({ENVIRONMENT} says where it is). When COMMAND ends, so does the network.')
    running.add_argument('--keep', action='store_true', help='keep the folder with all logs')
    running.add_argument('--interval', type=int, default=10, metavar='SECONDS',
                         help='voting interval (10); a day is 24 of them')
    running.add_argument('--authority', action='append', default=[], metavar='LINE',
                         help='a line for the torrc of the directory authorities')
    running.add_argument('--relays', type=int, default=RELAYS, metavar='N',
                         help=f'how many relays there are besides the authorities ({RELAYS})')
    running.add_argument('--equal', action='store_true',
                         help='have all relays weigh the same, but for the authorities: these weigh next to nothing '
                         'then, and more than all others without it')
    running.add_argument('--speed', type=int, default=1, metavar='N',
                         help='a clock that is so many times as fast as the machine\'s (1); it begins on another day')
    running.add_argument('words', nargs='+', metavar='COMMAND')
    serving = commands.add_parser('serve')  # what `run` starts in the background; of no use by itself
    serving.add_argument('folder')
    serving.add_argument('interval', type=int)
    serving.add_argument('relays', type=int)
    serving.add_argument('--speed', type=int, default=1)
    serving.add_argument('--equal', action='store_true')
    serving.add_argument('--keep', action='store_true')
    serving.add_argument('--authority', action='append', default=[])
    options = parser.parse_args()
    exit_on_signals()
    if options.command == 'serve':
        return serve(options)
    return run_with_network(options)


def run_with_network(options):
    """Run a command while a network starts and runs; returns the command's exit status."""
    adopt_orphans()
    folder = make_folder()
    try:
        flags = [f'--{name}' for name in ('keep', 'equal') if getattr(options, name)]
        flags += [f'--speed={options.speed}', *(f'--authority={line}' for line in options.authority)]
        spawn([sys.executable, os.path.abspath(__file__), 'serve', folder, options.interval, options.relays, *flags],
              'TERM')
        environment = dict(os.environ, **{ENVIRONMENT: os.path.join(folder, 'network.json')})
        command = spawn(options.words, 'TERM', env=environment, stdin=None)
        status = command.wait()
        return status if status >= 0 else 128 - status
    except HarnessError as error:
        print(f'testnet: {error}', file=sys.stderr)
        return 127
    finally:
        end_descendants()
        if options.keep:
            print(f'testnet: everything of the network is still in {folder}', file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def serve(options):
    """Keep a network in a folder until told to stop; on failure say why there and on standard error."""
    parent, folder = os.getppid(), options.folder
    try:
        with Bootstrap(folder, options.interval, options.keep, options.authority, options.relays,
                       options.equal, options.speed) as network:
            network.bring_up()
            network.keep_up()
    except Exception as error:
        text = str(error) if isinstance(error, HarnessError) else traceback.format_exc()
        print(f'testnet: {text}', file=sys.stderr, flush=True)
        write_file(os.path.join(folder, 'failed'), text)
        return 1
    finally:
        if os.getppid() != parent and not options.keep:  # `run` was killed and cannot clean up any more
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == '__main__':
    sys.exit(command_line())
