# Does what README.md, the operator's guide and the manuals say, block by block, as a newcomer would: on machines of a new
# Debian 12 that has the packages which the README names, and obpub from the source, built there by its lines. First "Setting
# it up from nothing", with a machine for the publisher and one for each of two backends; then, on the same, the guide: the
# service, agents, a tunnel, clients, drains, bundles. On a fourth machine Debian's Onionbalance runs, and is moved from.
#
# What is not as on a reader's machines: the private network's lines are in the defaults that Debian's tor reads before its
# torrc; each backend has so many introduction points that hardly ever all are at relays where others were first; "apt-get
# install" sees that the packages are there; and the guide's folder /var/lib/tor/shop is called service1, as
# "obpub init" calls it. By hand, with "--system FOLDER", it takes a Debian that an earlier run has left there, or leaves it.

import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from harness.blocks import Reader
from harness.client import FetchFailed, fetch, fetch_descriptor, who_answers
from harness.island import Ferry
from harness.machine import Machine, find_obstacle
from harness.page import fill_in
from harness.process import HarnessError, wait_for
from harness.walk import APT_GET, machine_files, run_commands, write_files
from testnet import OnionKey, main, run, step

SOURCE = pathlib.Path(os.environ.get('OBPUB_SOURCE', pathlib.Path(__file__).resolve().parents[2]))
README, GUIDE, ONIONBALANCE = 'README.md', 'doc/operators-guide.md', 'doc/onionbalance.md'
AGENT_MANUAL, MANUAL = 'man/obpub-agent.8', 'man/obpub.8'
SKIPPED = 77
MAKING = 600     # seconds for the new Debian, beside all else
PATIENCE = 240   # seconds for what needs the network
MANY = 'HiddenServiceNumIntroductionPoints 6'
NAMES = ('publisher', 'node1', 'node2', 'old')
# What a machine has besides what the README has installed: an init, what the pages take for granted, and for the tunnel ssh.
PACKAGES = ('systemd', 'systemd-sysv', 'tor', 'openssl', 'onionbalance', 'openssh-server', 'openssh-client', 'python3')
OPTIONS = dict(zip(sys.argv[1::2], sys.argv[2::2]))
reader = Reader(__file__)


def run_well(*command, **keywords):
    result = run([str(word) for word in command], timeout=MAKING, **keywords)
    assert result.returncode == 0, f'{command}: {result.stdout[-2000:]}{result.stderr[-4000:]}'
    return result.stdout


def make_system(folder, install):
    """
    A new Debian in a folder, with the packages that the README names, and obpub built and installed by its lines: at the lowest
    priority, for tests that run beside this and judge by time.
    """
    packages, _, build = install.replace('\\\n', ' ').partition('\n')
    assert packages.startswith('apt-get install ') and build.startswith('cmake '), install
    if not folder.exists():
        run_well('nice', '-n', '19', 'sh', SOURCE / 'tests' / 'debian.sh', folder, *packages.split()[2:], *PACKAGES)
        place = folder / 'root' / 'obpub'
        place.mkdir()
        for path in SOURCE.iterdir():
            if path.is_file():
                shutil.copy(path, place)
            elif path.name in ('src', 'cmake', 'man', 'doc', 'packaging', 'contrib'):
                shutil.copytree(path, place / path.name)
        run_well('nice', '-n', '19', 'chroot', folder, 'sh', '-e', '-c', f'cd /root/obpub\n{build}')


class Book:
    """The machines, and what was seen on them that a reader puts in elsewhere."""

    def __init__(self, net, system):
        self.net, self.system = net, system
        self.machines, self.values = {}, {}
        self.done = []
        self.old = OnionKey()  # of the machine "old"
        self.visitor = net.start_client('handbook')
        self.status = self.way = None

    def boot(self):
        for name in NAMES:
            folder = pathlib.Path(self.net.path(name))
            folder.mkdir()
            files = folder / 'files'
            files.mkdir()
            # Nothing of obpub is there before a page has it made: what is installed takes effect with a boot, too.
            write_files(files, {**machine_files(self.net, name, self.system), 'usr/local/sbin/apt-get': APT_GET,
                                'etc/sysusers.d/obpub.conf': '', 'etc/tmpfiles.d/obpub.conf': ''})
            self.machines[name] = Machine(folder, files, f'handbook-{name}', self.system)
        for name, machine in self.machines.items():
            wait_for(machine.is_up, 60, f'the machine {name} to boot')
            self.net.start_ferry(machine.first)
            self.do(name, 'systemctl start tor\nrm /etc/sysusers.d/obpub.conf /etc/tmpfiles.d/obpub.conf')
            self.do(name, 'id obpub', status=1)

    def close(self):
        if self.way:
            self.way.close()
        for machine in self.machines.values():
            machine.close()

    def do(self, name, commands, until=None, status=0, seconds=0):
        """Run commands on a machine, again and again for so many seconds until they end with that status and until(what they
        print); returns what they have printed."""
        commands = fill_in(commands, self.values, name)
        deadline = time.monotonic() + seconds
        while True:
            result = run_commands(self.machines[name], commands)
            self.done.append(f'{name}# {commands}{result.stdout}')
            if result.returncode == status and (until is None or until(result.stdout)):
                return result.stdout
            if time.monotonic() > deadline:
                raise HarnessError(f'on {name}, exit status {result.returncode}:\n{commands}\n{result.stdout}')
            time.sleep(1)

    def write(self, name, path, text, is_added=False):
        with open(self.machines[name].path(path), 'a' if is_added else 'w') as file:
            file.write(fill_in(text, self.values, name))

    def read(self, name, path):
        return self.machines[name].path(path).read_text()

    def copy(self, source, target, path, place=None):
        """Bring a file or folder to another machine, and to the same place unless another is named."""
        subprocess.run(['cp', '-a', str(self.machines[source].path(path)), str(self.machines[target].path(place or path))],
                       check=True)

    def visit(self, address):
        """Have a visitor come to both backends."""
        who_answers(self.visitor, address, ('node1', 'node2'), timeout=PATIENCE)

    def logs(self):
        journals = [f'--- the journal of {name}\n' + machine.run('journalctl', '--no-pager', '-n', '10')
                    for name, machine in self.machines.items() if machine.first]
        return '\n'.join(['--- what was done last', *self.done[-10:], *journals])


def serve_page(book, name):
    """A web server where "obpub init" proposes one, with the machine's name as its page."""
    book.do(name, f'mkdir -p /srv/web && printf {name} > /srv/web/index.html\n'
            'systemd-run --unit=web python3 -m http.server --directory /srv/web --bind 127.0.0.1 80')


def set_up_backend(book, name):
    """Do what stands in the file torrc of a tor's folder."""
    book.copy('publisher', name, f'/root/{name}')
    torrc = book.read(name, f'/root/{name}/torrc')
    for words in ('- Copy the folders beside this file into /var/lib/tor', 'chown -R debian-tor: FOLDER',
                  '- Add the lines below to the torrc.', '- Start that tor anew'):
        assert words in torrc, torrc
    book.do(name, f'cp -r {name}/service1 /var/lib/tor\nchown -R debian-tor: /var/lib/tor/service1\n'
            f'cat {name}/torrc >> /etc/tor/torrc\necho {MANY} >> /etc/tor/torrc\nsystemctl restart tor@default')
    book.values[f'{name}\'s address'] = book.read(name, '/var/lib/tor/service1/hostname').strip().removesuffix('.onion')


def set_up_from_nothing(book):
    """README, "Setting it up from nothing". The backends serve the frontend of the machine "old", too."""
    book.do('publisher', reader.take(README, 'adduser'))
    said = book.do('publisher', reader.take(README, 'obpub init'))
    book.values["the frontend's address"], = re.findall(r'^frontend (\S+)\.onion$', said, re.M)
    # One more line for each tor, before its folder goes to its machine.
    book.do('publisher', 'cp -r shop/node1 shop/node2 . && rm -r shop/node1 shop/node2\n'
            f'for node in node1 node2; do echo MasterOnionAddress {book.old.onion} >> $node/service1/ob_config; done')
    said = book.do('publisher', reader.take(README, 'install -d'))
    assert 'lacking' not in said and 'warning' not in said, said
    for name in ('node1', 'node2'):
        serve_page(book, name)
        set_up_backend(book, name)
    said = book.do('publisher', reader.take(README, 'runuser -u obpub -- obpub --once'), lambda text: 'left out' not in text,
                   seconds=PATIENCE)
    assert 'published everything' in said, said
    book.visit(book.values["the frontend's address"])
    step('README, from nothing: published, and both backends were visited')


def move_from_onionbalance(book):
    """README, "Moving from Onionbalance", with Debian's package and its unit."""
    config = 'services:\n  - key: old.key\n    instances:\n' + ''.join(
        f'      - address: <{name}\'s address>.onion\n        name: {name}\n' for name in ('node1', 'node2'))
    book.write('old', '/etc/onionbalance/config.yaml', config)
    book.old.write_pem(str(book.machines['old'].path('/etc/onionbalance/old.key')))
    # As whoever begins with Onionbalance has it: readable for all.
    book.do('old', 'chmod 644 /etc/onionbalance/*\nsystemctl enable --now onionbalance')
    check = reader.take(README, 'runuser -u onionbalance -- obpub --check')
    said = book.do('old', check, status=2)
    assert '/etc/onionbalance/config.yaml:2: ' in said and '/etc/onionbalance/old.key' in said, said
    book.do('old', reader.take(README, 'chown onionbalance'))
    said = book.do('old', check)
    assert f'frontend {book.old.onion}\n' in said and 'warning' not in said, said
    assert book.do('old', 'systemctl is-active onionbalance') == 'active\n'
    # HSDirs may refuse for a while, after Onionbalance.
    switch = reader.take(README, 'systemctl disable --now onionbalance')
    book.do('old', switch, lambda text: 'published everything' in text, seconds=PATIENCE)
    book.do('old', 'systemctl is-active onionbalance', status=3)
    step('README, from Onionbalance: obpub has published')
    folder = '/etc/systemd/system/onionbalance.service.d'
    book.do('old', f'mkdir {folder}')
    book.write('old', f'{folder}/override.conf', reader.take(ONIONBALANCE, '[Service]'))
    book.do('old', 'systemctl daemon-reload\nsystemctl enable --now onionbalance')
    said = book.do('old', 'journalctl -u onionbalance -o cat', lambda text: 'published' in text, seconds=PATIENCE)
    assert book.do('old', 'ps -o comm= -u onionbalance').split().count('obpub') > 0, said
    book.do('old', 'systemctl reload onionbalance\nsystemctl is-active onionbalance', lambda text: text == 'active\n')
    examples = reader.take(MANUAL, 'obpub --once -c /etc/onionbalance')
    book.do('old', f'systemctl stop onionbalance\nrunuser -u onionbalance -- {examples}grep -q {book.old.onion} result.json',
            seconds=PATIENCE)
    book.visit(book.old.address)
    step('obpub runs in Debian\'s onionbalance.service, and the backends were visited by way of that address')


SERVICE = """status-socket-location: /run/obpub/status
command-socket-location: /run/obpub/command
services:
  - key: {key}
    instances:
"""


def configure(book, *instances, key='credential:frontend.key', more=''):
    """Write the publisher's config with these instances, each as a document has it, and have it read."""
    text = SERVICE.format(key=key)
    for instance in instances:
        text += '\n'.join(' ' * 6 + line for line in instance.rstrip().split('\n')) + '\n'
    book.write('publisher', '/etc/obpub/config.yaml', text + more)


def wait_live(book, *names, **places):
    """
    Wait until the frontend is published, and the backends of these names are live, and so are those for which a place is
    given, which are asked there. Debian 12's systemd does not wait for a reload to be done.
    """
    places = {**dict.fromkeys(names, ''), **places}
    lines = [r'^frontend \S+  published$', *(rf'^ +{name}  live for .*{re.escape(place)}' for name, place in places.items())]
    book.do('publisher', book.status, lambda text: all(re.search(line, text, re.M) for line in lines), seconds=PATIENCE)


def run_service(book):
    """The guide, "Running it as a service", and the manual's own words of it."""
    plain = [f'- address: <{name}\'s address>.onion\n  name: {name}\n' for name in ('node1', 'node2')]
    book.do('publisher', reader.take(GUIDE, 'adduser obpub'))
    book.do('publisher', reader.take(MANUAL, 'adduser'))
    book.do('publisher', 'cp shop/*.key frontend.key\n' + reader.take(GUIDE, 'systemd-sysusers'))
    book.do('publisher', reader.take(MANUAL, 'install -m 600').splitlines()[0])
    configure(book, *plain)
    assert reader.quote(GUIDE, 'key: credential:frontend.key') in book.read('publisher', '/etc/obpub/config.yaml')
    book.do('publisher', reader.take(GUIDE, 'systemctl daemon-reload'))
    watch, book.status, journal = reader.take(GUIDE, 'systemctl reload').splitlines()
    wait_live(book, 'node1', 'node2')
    assert 'node1' in book.do('publisher', journal)
    book.do('publisher', '\n'.join(reader.take(MANUAL, 'install -m 600').splitlines()[1:]))
    book.do('publisher', watch)
    drain, undrain = reader.take(GUIDE, 'obpub drain').splitlines()
    for each in (drain, undrain, *reader.take(MANUAL, 'obpub drain').splitlines()):
        book.do('publisher', each)
        book.do('publisher', book.status, lambda text: (', drained for ' in text) == (' drain ' in each), seconds=PATIENCE)
    said = book.do('publisher', 'timeout 3 ' + reader.take(MANUAL, 'obpub status'), status=124)
    assert 'frontend ' in said, said
    step('the guide: the service runs, and drains and takes back a backend')


def use_control_ports(book):
    """The guide, "Giving obpub a backend's control port": of a tor on the same machine, and of one at the end of a tunnel."""
    book.do('publisher', f'{reader.quote(GUIDE, "tor-instance-create node1")}\n'
            + ''.join(f'echo {line} >> /etc/tor/instances/node1/torrc\n' for line in (
                'HiddenServiceDir /var/lib/tor-instances/node1/shop', 'HiddenServicePort 80 127.0.0.1:80', MANY))
            + f'systemctl enable --now tor@node1\n{reader.quote(GUIDE, "adduser obpub _tor-node1")}')
    first = book.do('publisher', 'cat /var/lib/tor-instances/node1/shop/hostname', seconds=60)
    book.values["the first backend's address"] = first.strip().removesuffix('.onion')
    book.values["the second backend's address"] = book.values["node2's address"]
    book.values['password'] = 'open sesame'
    hashed = book.do('node2', reader.quote(GUIDE, "tor --hash-password '<password>'")).split()[-1]
    book.do('node2', f'echo HashedControlPassword {hashed} >> /etc/tor/torrc\nsystemctl reload tor@default\n'
            'systemctl start systemd-user-sessions ssh')
    # The machines' way to each other, for ssh alone.
    book.do('publisher', 'echo 127.0.0.1 node2 >> /etc/hosts\necho "<password>" > /etc/obpub/node2.password\n'
            'chown root:obpub /etc/obpub/node2.password\nchmod 640 /etc/obpub/node2.password')
    book.way = Ferry([22], book.machines['publisher'].first, book.machines['node2'].first)
    said = book.do('publisher', reader.take(GUIDE, 'ssh-keygen'))
    book.values['the line that was printed'] = said.strip().split('\n')[-1]
    book.do('node2', reader.take(GUIDE, 'adduser --system'))
    book.write('publisher', '/etc/systemd/system/obpub-tunnel@.service', reader.take(GUIDE, '[Service]'))
    book.do('publisher', 'systemd-analyze verify obpub-tunnel@node2.service')
    book.do('publisher', reader.quote(GUIDE, 'systemctl enable --now obpub-tunnel@node2'))
    configure(book, reader.take(GUIDE, "- address: <the first backend's address>"))
    book.do('publisher', 'systemctl restart obpub')  # which has come into a group
    wait_live(book, node1='asked at unix:/run/tor-instances/node1/control',
              node2='asked at unix:/run/obpub-tunnel/node2/control')
    step('the guide: control ports on the same machine, and through a tunnel')


def use_agents(book):
    """The guide, "An agent beside a backend's tor", and obpub-agent(8), the latter on node1."""
    book.values['the address of the backend'] = book.values["node2's address"]
    agents = {'node1': (AGENT_MANUAL, reader.take(AGENT_MANUAL, 'openssl rand').replace('BACKEND', "<node1's address>")),
              'node2': (GUIDE, reader.take(GUIDE, 'openssl rand'))}
    enable = reader.quote(GUIDE, 'systemctl enable --now obpub-agent')
    reload = reader.quote(GUIDE, 'systemctl reload tor@default')
    for name, (document, commands) in agents.items():
        book.do(name, 'systemd-sysusers && systemd-tmpfiles --create')  # what the guide wants of a service from the source
        book.do(name, commands)
        book.write(name, '/etc/tor/torrc', reader.take(document, 'HiddenServiceDir'), is_added=True)
        book.do(name, f'{enable if document == GUIDE else ""}\n{reload}')
        book.values[f'agent of {name}'] = book.do(name, 'cat /var/lib/tor/obpub-agent/hostname', seconds=60).strip()[:56]
        book.do('publisher', f'install -o obpub -m 600 /dev/null /etc/obpub/{name}.secret')
        book.write('publisher', f'/etc/obpub/{name}.secret', book.read(name, '/etc/obpub/agent.secret'))
    book.values["the agent's address"] = book.values['agent of node2']
    manual = reader.take(AGENT_MANUAL, 'control: AGENT').replace('AGENT', '<agent of node1>')
    configure(book, "- address: <node1's address>.onion\n  name: node1\n  " + manual.replace('\n', '\n  '),
              reader.take(GUIDE, "- address: <the second backend's address>"))
    book.do('publisher', 'systemctl reload obpub')
    wait_live(book, **{name: f'asked over Tor at {book.values[f"agent of {name}"]}.onion:9151' for name in agents})
    step('the guide: agents on both backends\' machines are asked')


def hide_backend(book):
    """The guide, "Backends that nobody finds but obpub", and what obpub(8) has of clients of a tor's own service."""
    alice = reader.take(MANUAL, 'obpub client new alice --folder /var')
    publisher = reader.take(GUIDE, 'obpub client new publisher')
    for commands in (alice, publisher):
        book.do('node1', commands.replace('/var/lib/tor/shop', '/var/lib/tor/service1'))
    book.copy('node1', 'publisher', '/root/publisher.auth_private', '/etc/obpub')
    book.do('publisher', f'cd /etc/obpub\n{reader.quote(GUIDE, "chown root:obpub")} publisher.auth_private\n'
            f'{reader.quote(GUIDE, "chmod 640")} publisher.auth_private')
    book.values["the backend's address"] = book.values["node1's address"]
    node2 = "- address: <node2's address>.onion\n  name: node2\n"
    hidden = reader.take(GUIDE, "- address: <the backend's address>") + '  name: node1\n'
    configure(book, "- address: <node1's address>.onion\n  name: node1\n", node2)
    book.do('publisher', 'systemctl reload obpub')
    book.do('publisher', book.status, lambda text: 'restricted: ' in text, seconds=PATIENCE)
    configure(book, hidden, node2)
    book.do('publisher', 'systemctl reload obpub')
    wait_live(book, 'node1', 'node2')
    step('the guide: a backend that nobody finds but obpub')
    return hidden, node2


def presign(book, *instances):
    """The guide, "Keys that stay offline", and the same in obpub(8)."""
    commands = reader.take(GUIDE, 'obpub presign'), reader.take(MANUAL, 'obpub presign')
    for folder, command in zip(('offline', 'once-more'), commands):
        book.do('publisher', f'cp -r shop {folder} && cd {folder} && {command}')
    book.do('publisher', 'install -o obpub -m 600 offline/shop.bundle /etc/obpub/')
    configure(book, *instances, key=reader.quote(GUIDE, 'key: shop.bundle').split()[-1])
    book.do('publisher', 'systemctl reload obpub')
    said = book.do('publisher', book.status, lambda text: 'bundle' in text, seconds=PATIENCE)
    assert 'published' in said, said
    step('the guide: published with a bundle')


def restrict_frontend(book, *instances):
    """The guide, "A frontend that only some can find", and the same in obpub(8)."""
    other, client = reader.take(MANUAL, 'obpub client new alice --folder /etc'), reader.take(GUIDE, 'install -d')
    make, new = client.strip().split('\n')
    book.do('publisher', make)
    configure(book, *instances, more=f'    {reader.quote(GUIDE, "authorized-clients: clients")}\n')
    said = book.do('publisher', other.replace('ADDRESS', "<the frontend's address>"))
    assert ':descriptor:x25519:' in said, said
    book.do('publisher', f'{reader.quote(GUIDE, "obpub client remove")} alice --folder /etc/obpub/clients --force\n{new}\n'
            + reader.quote(GUIDE, 'systemctl reload obpub'))
    book.do('publisher', book.status, lambda text: 'restricted to 1 client' in text, seconds=PATIENCE)
    folder = pathlib.Path(book.net.path('alice.keys'))
    folder.mkdir(mode=0o700)
    shutil.copy(book.machines['publisher'].path('/root/alice.auth_private'), folder)
    alice = book.net.start_tor('alice', [f'ClientOnionAuthDir {folder}'], socks=True)
    who_answers(alice, book.values["the frontend's address"], ('node1', 'node2'), timeout=PATIENCE)
    book.visitor.forget_descriptors()
    try:
        fetch(book.visitor, book.values["the frontend's address"])
        raise HarnessError('who has no key gets in')
    except FetchFailed:
        step('the guide: alice finds the frontend, and others do not')


def use_examples(book):
    """The examples of obpub(8), and the guide's of "obpub inspect"."""
    as_obpub = 'runuser -u obpub -- '  # where the manual has a "$"
    book.do('publisher', 'rm -f /etc/obpub/obpub.yaml; cp -p /etc/obpub/config.yaml /etc/obpub/obpub.yaml\n'
            'sed -i s/credential:frontend.key/$(basename shop/*.key)/ /etc/obpub/obpub.yaml')
    book.do('publisher', 'mkdir elsewhere; cd elsewhere; ' + reader.take(MANUAL, 'obpub init'))
    said = book.do('publisher', as_obpub + reader.take(MANUAL, 'obpub --check'))
    assert said.startswith('frontend '), said
    published = book.do('publisher', as_obpub + reader.take(MANUAL, 'obpub --once -c /etc/obpub'), seconds=PATIENCE)
    assert 'published everything' in published, published
    address = book.values["node2's address"]
    descriptor = fetch_descriptor(book.visitor, address)
    for name in ('FILE', 'descriptor.txt'):
        book.write('publisher', f'/root/{name}', descriptor)
    online, offline = reader.take(GUIDE, 'obpub inspect').strip().split('\n')
    manual = reader.take(MANUAL, 'obpub inspect ADDRESS'), reader.take(MANUAL, 'obpub inspect descriptor.txt')
    for command in (online, offline, *manual):
        book.do('publisher', command.replace('ADDRESS', address), lambda text: 'all is well' in text, seconds=PATIENCE)
    step('obpub(8): its examples')


def test(net):
    book = Book(net, pathlib.Path(OPTIONS.get('--system', net.path('system'))))
    try:
        make_system(book.system, reader.take(README, 'apt-get install gcc'))
        step('a new Debian is made, with obpub from its source')
        book.boot()
        step('its machines are up')
        set_up_from_nothing(book)
        with ThreadPoolExecutor(2) as pool:
            moved = pool.submit(move_from_onionbalance, book)
            run_service(book)
            use_control_ports(book)
            use_agents(book)
            use_examples(book)
            instances = hide_backend(book)
            presign(book, *instances)
            restrict_frontend(book, *instances)
            moved.result()
        reader.finish()
    except Exception as error:
        raise AssertionError(f'{type(error).__name__}: {error}\n{book.logs()}')
    finally:
        book.close()
        if '--system' not in OPTIONS:
            subprocess.run(['rm', '-rf', '--one-file-system', book.system])


obstacle = find_obstacle()
if obstacle is not None:
    print(f'left out: {obstacle}')
    sys.exit(SKIPPED)
main(test)
