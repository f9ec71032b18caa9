# The demo: three backends, one frontend address, published by obpub on a private Tor network; told step by step.

import collections
import math
import os
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor

from harness.hsdirs import living_points
from harness.judge import Judged
from harness.obpub import wait_settled
from testnet import FetchFailed, HarnessError, Network, exit_on_signals, make_frontend_key, obpub_path, spawn

BACKENDS = ('alice', 'bob', 'carol')
VISITS = 60
VISITS_AT_ONCE = 10


def demo(net):
    began = time.monotonic()
    say(f'The private Tor network is up: {len(net.relays)} relays and a client, all stock tor, all on this machine. '
        'Nothing of what follows leaves it.')

    heading('1. A key for the frontend, the one address that users will know')
    frontend = make_frontend_key(net.path('frontend.key'))
    say(f'The frontend is {frontend.onion}. Its key lies in one file, and only obpub will read it.')

    heading('2. Three backends, the machines that do the work')
    backends = [net.start_service(name, frontends=[frontend.address], wait=False) for name in BACKENDS]
    say('Each is a stock tor with an onion key of its own and a small web server that tells its name. In its '
        'torrc and its ob_config each says that it works for the frontend:')
    show('HiddenServiceOnionBalanceInstance 1              (torrc)\n'
         f'MasterOnionAddress {frontend.onion[:20]}...   (ob_config)')
    for backend in backends:
        backend.wait_bootstrapped()
        backend.wait_published()
        say(f'  {backend.name} is up: {backend.onion}')
    wait_settled(net, backends)

    heading('3. A tor for obpub, and its configuration file')
    publisher = net.start_tor('publisher')
    config = write_config(net, publisher, backends)
    say('obpub talks to a local tor, and to the control port of each backend, through this config.yaml:')
    with open(config) as file:
        show(file.read())

    heading('4. obpub --check: does the configuration make sense?')
    obpub('--check', '-c', config)

    heading('5. obpub --once: merge the three descriptors into one and publish it')
    obpub('--once', '-c', config)

    heading(f'6. {VISITS} visits to the frontend')
    client = net.start_client()
    points = count_points(net, client, frontend, backends)
    answers = visit(net, client, frontend)
    show_shares(points, answers)
    say(f'All three backends answered under one address, {time.monotonic() - began:.0f} seconds after the network '
        'was up, and none of them has the key of that address.')


def write_config(net, publisher, backends):
    """Write the config.yaml of the demo; returns its path."""
    # Run as root, everything here is root's, and obpub has to stay root to use it.
    lines = ['user: root'] if os.geteuid() == 0 else []
    lines += [f'tor-control: unix:{publisher.control_socket}', 'services:', '  - key: frontend.key', '    descriptors: same',
              '    instances:']
    for backend in backends:
        lines += [f'      - address: {backend.onion}', f'        name: {backend.name}',
                  f'        control: unix:{backend.control_socket}']
    path = net.path('config.yaml')
    with open(path, 'w') as file:
        file.write('\n'.join(lines) + '\n')
    return path


def obpub(*args):
    """Run obpub before the user's eyes; it has to succeed."""
    print(f'   $ obpub {" ".join(args)}', flush=True)
    status = spawn([obpub_path(), *args], 'TERM').wait()
    print(flush=True)
    if status != 0:
        raise HarnessError(f'obpub {args[0]} ended with status {status}, not 0')


def count_points(net, client, frontend, backends):
    """How many of the introduction points in the superdescriptor that the client tor now has are those of each backend:
    {name: number}."""
    def count():
        descriptor = net.fetch_descriptor(client, frontend.address)
        points = set(Judged(descriptor, frontend.onion).points) if descriptor else set()
        if not points:
            return None
        return {backend.name: len(points & living_points(client, backend)) for backend in backends}

    # A client tor asks an HSDir for the same descriptor only every 5 seconds.
    return net.wait_for(count, 60, 'the superdescriptor at an HSDir', every=6)


def visit(net, client, frontend):
    """Fetch the page of the frontend VISITS times, and on until each backend has answered; returns a Counter of the
    backends that did."""
    say(f'curl asks a client tor for http://{frontend.onion}/, {VISITS_AT_ONCE} times at once, each time over new '
        'circuits, and we see who answers. For each visit the client picks one of the introduction points in the '
        'superdescriptor at random:')
    print(flush=True)

    def answer(_):
        try:
            return net.fetch(client, frontend.address, timeout=20)
        except FetchFailed:
            return 'nobody'

    answers = collections.Counter()
    with ThreadPoolExecutor(VISITS_AT_ONCE) as pool:
        for _ in range(VISITS // VISITS_AT_ONCE):
            names = list(pool.map(answer, range(VISITS_AT_ONCE)))
            say('  ' + ' '.join(names))
            answers.update(names)
    del answers['nobody']
    missing = set(BACKENDS) - set(answers)
    if missing:
        say(f'No answer yet from {" and ".join(sorted(missing))}; trying on:')
        answers += net.who_answers(client, frontend.address, missing, timeout=120,
                                   report=lambda page: say(f'  {page or "nobody"}'))
    print(flush=True)
    return answers


def show_shares(points, answers):
    """Print for each backend the share of the visits that its points let expect, and the share that it got."""
    all_points, visits = sum(points.values()), sum(answers.values())
    rows = ['backend   points   share expected   visits   share seen']
    for name in BACKENDS:
        share = points[name] / all_points
        scatter = math.sqrt(share * (1 - share) / visits)
        rows.append(f'{name:7}   {points[name]:6}   {share:6.0%} +/- {scatter:3.0%}   {answers[name]:6}   '
                    f'{answers[name] / visits:10.0%}')
    rows.append(f'{"all":7}   {all_points:6}                    {visits:6}')
    say('Each backend has some of the introduction points in the superdescriptor, and so a share of the visits that is '
        'to be expected for it. (A backend has three points of its own. Of those at the same relay, whichever backends '
        'they are of, the superdescriptor has one, since a client would use no other.)')
    show('\n'.join(rows))
    say(f'What stands behind +/- is the standard deviation, the scatter that chance alone gives to shares of {visits} '
        'visits: one share in three lies further from what is expected, one in twenty more than twice as far.')
    print(flush=True)


def heading(text):
    """The title of the next step."""
    print(f'\n\033[1m{text}\033[0m\n' if sys.stdout.isatty() else f'\n{text}\n', flush=True)


def say(text):
    """Tell the reader something, in lines of a readable length."""
    for paragraph in text.split('\n'):
        indent = '   ' + ' ' * (len(paragraph) - len(paragraph.lstrip()))
        print(textwrap.fill(paragraph.strip(), 100, initial_indent=indent, subsequent_indent=indent,
                            break_long_words=False, break_on_hyphens=False), flush=True)


def show(text):
    """Print the text of a file, set off from the story."""
    print('\n' + textwrap.indent(text.rstrip('\n'), '      | ') + '\n', flush=True)


def run_demo():
    """Wait for the network, tell the story, clean up; returns the exit status."""
    exit_on_signals()
    heading('Starting a private Tor network on this machine; this takes half a minute or less')
    try:
        with Network.attach(progress=lambda status: say(f'... {status}')) as net:
            demo(net)
            heading('Cleaning up: all these tors end, and their files are removed.')
    except HarnessError as error:
        print(f'\nThe demo failed: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(run_demo())
