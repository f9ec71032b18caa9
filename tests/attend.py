# Runs a command and clears up after it: attend.py COMMAND... Its temporary files lie in one folder. However this ends,
# unless by SIGKILL, whatever the command started has ended, too, and the folder is gone. The exit status is the command's.

import os
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / 'net'))
from harness.descendants import adopt_orphans, end_descendants  # noqa: E402
from harness.folder import make_folder  # noqa: E402
from harness.process import spawn  # noqa: E402
from harness.runner import exit_on_signals  # noqa: E402


def attend(words):
    """Run the command; returns its exit status."""
    exit_on_signals()
    adopt_orphans()
    folder = make_folder(longest=20)  # others are made in it
    os.chmod(folder, 0o711)  # tests run programs as other users, which have to get at what is open to them in it
    try:
        environment = dict(os.environ, TMPDIR=folder, OBPUB_ATTENDED_BY=str(os.getpid()))
        status = spawn(words, 'TERM', env=environment, stdin=None).wait()
        return status if status >= 0 else 128 - status
    finally:
        end_descendants()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == '__main__':
    sys.exit(attend(sys.argv[1:]))
