# Hostile backends, each a program of its own that listens on a unix socket in one folder.

import contextlib
import os
import subprocess
import sys
import time


class Besiegers:
    """So many of them, by their names, while this context lasts. command(name): the program and its arguments that make
    one of them."""

    def __init__(self, folder, names, command):
        self.folder, self.names, self.command = str(folder), list(names), command

    def __enter__(self):
        self.programs = [subprocess.Popen([sys.executable, *self.command(name)], stdin=subprocess.PIPE)
                         for name in self.names]
        deadline = time.monotonic() + 60
        while not all(os.path.exists(self.path(name)) for name in self.names):
            assert time.monotonic() < deadline, 'a hostile backend did not start'
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        for program in self.programs:
            program.kill()
            program.wait()
            with contextlib.suppress(OSError):
                program.stdin.close()

    def path(self, name):
        """Where one listens."""
        return f'{self.folder}/{name}'
