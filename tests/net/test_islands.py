# Tors in network namespaces of their own, with no route but Tor's: their onion services are visited, while nothing else gets
# in or out. And what a visitor of a frontend reaches: every port of a backend's service, not only the web server's.

import ast
import socket
import subprocess
import sys

from harness.client import connect_through
from harness.obpub import instance, publish, write_config
from testnet import FetchFailed, free_port, main, make_frontend_key, run, spawn, step

# Tries to connect to each of these addresses, and says what became of it.
TRY = '''
import socket, sys
def outcome(family, address):
    try:
        with socket.socket(family) as attempt:
            attempt.settimeout(3)
            attempt.connect(address)
            return 'connected'
    except OSError as error:
        return type(error).__name__ + ' ' + str(error.errno)
print([outcome(*target) for target in eval(sys.argv[1])])
'''
REFUSED = 'ConnectionRefusedError 111'
UNREACHABLE = 'OSError 101'


def connect_inside(island, targets):
    """What becomes of connections to (family, address) from inside an island."""
    result = run(island.inside([sys.executable, '-c', TRY, repr([(int(family), address) for family, address in targets])]))
    assert result.returncode == 0, result.stderr
    return ast.literal_eval(result.stdout)


def listen_in(island, port):
    """A process of an island that listens at a port of it."""
    code = (f'import socket; listener = socket.create_server(("127.0.0.1", {port})); print("up", flush=True); '
            'listener.accept(); input()')
    process = spawn(island.inside([sys.executable, '-c', code]), 'TERM',
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b'up\n'
    return process


def check_ways(net, island, other):
    """From an island there are ways to the relays, and nowhere else."""
    port_outside, port_there = free_port(), free_port()
    listener_there = listen_in(other, port_there)
    with socket.create_server(('127.0.0.1', port_outside)), socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind(f'\0{net.folder}')
        abstract.listen()
        relay_port = int(net.relays[0].info('net/listeners/or').strip('"').rpartition(':')[2])
        found = connect_inside(island, [
            (socket.AF_INET, ('127.0.0.1', relay_port)), (socket.AF_INET, ('127.0.0.1', port_outside)),
            (socket.AF_INET, ('127.0.0.1', port_there)), (socket.AF_INET, ('192.0.2.1', 80)),
            (socket.AF_INET6, ('2001:db8::1', 80)), (socket.AF_UNIX, f'\0{net.folder}')])
        assert found == ['connected', REFUSED, REFUSED, UNREACHABLE, UNREACHABLE, REFUSED], found
        # So that a refusal says something: these can be reached from where they are.
        assert connect_inside(other, [(socket.AF_INET, ('127.0.0.1', port_there))]) == ['connected']
        with socket.create_connection(('127.0.0.1', port_outside)), socket.socket(socket.AF_UNIX) as attempt:
            attempt.connect(f'\0{net.folder}')
    listener_there.communicate(b'\n')
    step('from an island a relay is reached, and neither another port of this machine, nor another island, nor a network')


def check_every_port(net, client, frontend, backend):
    """A control port that is a port of the backend's service is there for whoever visits the frontend."""
    def ask():
        try:
            with connect_through(client, frontend.onion, 9151) as connection:
                connection.sendall(b'PROTOCOLINFO 1\r\n')
                return connection.recv(1000)
        except FetchFailed as error:
            step(str(error))
    answer = net.wait_for(ask, 60, 'an answer at the port 9151 of the frontend')
    assert answer.startswith(b'250-PROTOCOLINFO 1\r\n'), answer
    step(f'a visitor of the frontend reaches the control port of {backend.name}, which is a port of its service')


def test(net):
    island, other = net.make_island(), net.make_island()
    check_ways(net, island, other)
    key_path = net.path('frontend.key')
    frontend = make_frontend_key(key_path)
    publisher = net.start_tor('publisher', wait=False)
    client = net.start_client()
    backend = net.start_service('backend', [frontend.onion], island=island,
                                service_lines=[f'HiddenServicePort 9151 unix:{net.path("backend/control")}'])
    publisher.wait_bootstrapped()
    publish(write_config(net.path('config.yaml'), publisher.control_socket, [(key_path, [instance(backend)])]))
    net.who_answers(client, frontend.onion, ['backend'])
    step('a backend of an island answers visitors of the frontend')
    check_every_port(net, client, frontend, backend)


main(test)
