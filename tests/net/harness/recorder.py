# A control socket that passes everything on to a tor's, and keeps the descriptors that went through it (HSPOST).

import os
import socket
import threading
import time


class Posted:
    """One HSPOST as obpub sent it: the time, the HSDirs it names, the address, the descriptor."""

    def __init__(self, command, data):
        self.time = time.time()
        words = command.split()[1:]
        self.hsdirs = [word.partition('=')[2] for word in words if word.startswith('SERVER=')]
        self.address = next(word.partition('=')[2] for word in words if word.startswith('HSADDRESS='))
        lines = data.replace('\r\n', '\n').split('\n')
        self.descriptor = '\n'.join(line[1:] if line.startswith('.') else line for line in lines)


class Recorder:
    """A socket in front of a tor's control socket. Use as a context manager; `path` is where obpub finds it,
    `posts` has what was posted, in order."""

    def __init__(self, tor, path):
        self.path = path
        self.posts = []
        self._tor = tor
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        os.chmod(path, 0o600)
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()
        os.unlink(self.path)

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._tor.control_socket)
            sent = bytearray()
            for source, target, copy in ((client, server, sent), (server, client, None)):
                threading.Thread(target=self._pass_on, args=(source, target, copy), daemon=True).start()

    def _pass_on(self, source, target, copy):
        # Everything from one side to the other, until one of them closes.
        try:
            while data := source.recv(65536):
                if copy is not None:
                    copy += data
                    self._take_posts(copy)
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _take_posts(self, sent):
        # Take the complete commands off the front of what obpub has sent; keep the HSPOSTs.
        while b'\r\n' in sent:
            line_end = sent.index(b'\r\n')
            command = sent[:line_end].decode()
            if not command.startswith('+'):
                del sent[:line_end + 2]
                continue
            end = sent.find(b'\r\n.\r\n', line_end)
            if end < 0:
                return
            if command.upper().startswith('+HSPOST'):
                self.posts.append(Posted(command, sent[line_end + 2:end + 2].decode()))
            del sent[:end + 5]
