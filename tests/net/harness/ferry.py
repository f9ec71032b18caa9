# A program: the only way out of a network namespace that has nothing but its own loopback. Usage: ferry.py new|PID PORT...
# Whoever is inside and connects to one of these ports of 127.0.0.1 gets to the same port outside, and to nothing else.
#
# "new" makes the namespace, and, for who is not root, the user namespace that it takes; PID is a process whose namespace it is
# to be. When all is ready one line says the id of a process that is inside: of the one that keeps a new namespace, or PID
# again. It ends with the standard input.

import array
import asyncio
import ctypes
import fcntl
import os
import socket
import struct
import sys

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

CONNECTIONS = 500  # at once; more are turned away
AT_ONCE = 200      # sockets in one message; the kernel takes 253
PIECE = 65536

_libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    """Raise what errno says if a call of the C library has failed."""
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


def make_namespace():
    """Have this process be in a network namespace of its own."""
    user, group = os.geteuid(), os.getegid()
    if user == 0 and _libc.unshare(CLONE_NEWNET) == 0:
        return
    check(_libc.unshare(CLONE_NEWUSER | CLONE_NEWNET), 'unshare')
    for name, line in (('setgroups', 'deny'), ('uid_map', f'{user} {user} 1'), ('gid_map', f'{group} {group} 1')):
        with open(f'/proc/self/{name}', 'w') as file:
            file.write(line)


def enter_namespace(pid):
    """Have this process be in the network namespace of another one."""
    for kind in ('user', 'net'):
        path = f'/proc/{pid}/ns/{kind}'
        if os.readlink(path) != os.readlink(f'/proc/self/ns/{kind}'):
            with open(path) as namespace:
                check(_libc.setns(namespace.fileno(), 0), f'setns {kind}')


def raise_loopback():
    """Bring the interface "lo" up."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = bytearray(struct.pack('16sH14x', b'lo', 0))
        fcntl.ioctl(any_socket, SIOCGIFFLAGS, request)
        struct.pack_into('H', request, 16, struct.unpack_from('H', request, 16)[0] | IFF_UP)
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, request)


def listen_inside(where, ports, channel):
    """The part of the process that goes inside: it makes the sockets there, hands them out, and stays if it has to keep the
    namespace."""
    if where == 'new':
        make_namespace()
    else:
        enter_namespace(int(where))
    raise_loopback()
    sockets = []
    for port in ports:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(('127.0.0.1', port))
        listener.listen(100)
        sockets.append(listener)
    for first in range(0, len(sockets), AT_ONCE):
        numbers = array.array('i', (listener.fileno() for listener in sockets[first:first + AT_ONCE]))
        channel.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, numbers)])
    for listener in sockets:
        listener.close()
    if where == 'new':
        channel.recv(1)  # until the other process is gone


def take_sockets(channel, count):
    """The listening sockets, from the process inside."""
    found = []
    while len(found) < count:
        data, numbers, _, _ = socket.recv_fds(channel, 1, AT_ONCE)
        if not data:
            raise OSError('the process inside has ended')
        found += [socket.socket(fileno=number) for number in numbers]
    return found


async def carry(reader, writer):
    """Bring everything from one side to the other, the end, too."""
    try:
        while data := await reader.read(PIECE):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()


class Ferry:
    """What is open now, and the way of each connection."""

    def __init__(self):
        self.open = 0

    def landing(self, port):
        """What to do with who comes to a port inside."""
        async def come(reader, writer):
            if self.open >= CONNECTIONS:
                writer.close()
                return
            self.open += 1
            try:
                outer_reader, outer_writer = await asyncio.open_connection('127.0.0.1', port)
                try:
                    await asyncio.gather(carry(reader, outer_writer), carry(outer_reader, writer))
                finally:
                    outer_writer.close()
            except OSError:
                pass  # nobody listens outside: so it is inside
            finally:
                self.open -= 1
                writer.close()
        return come


async def serve(sockets, ports):
    """Serve until the standard input ends."""
    ferry = Ferry()
    for listener, port in zip(sockets, ports):
        await asyncio.start_server(ferry.landing(port), sock=listener)
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    loop.add_reader(0, lambda: os.read(0, 1) or ended.done() or ended.set_result(None))
    await ended


def main(where, ports):
    mine, other = socket.socketpair()
    child = os.fork()
    if child == 0:
        mine.close()
        os.close(0)
        try:
            listen_inside(where, ports, other)
        except OSError as error:
            print(f'ferry: {error}', file=sys.stderr)
            os._exit(1)
        os._exit(0)
    other.close()
    sockets = take_sockets(mine, len(ports))
    print(child if where == 'new' else where, flush=True)
    asyncio.run(serve(sockets, ports))


if __name__ == '__main__':
    main(sys.argv[1], [int(word) for word in sys.argv[2:]])
