# Where temporary files lie.

import os
import pathlib
import stat
import tempfile


def open_place():
    """The folder that temporary files are made in: the usual one, unless this is root, who runs programs as other users,
    and these could not enter it."""
    place = pathlib.Path(tempfile.gettempdir()).resolve()
    if os.geteuid() != 0 or all(folder.stat().st_mode & stat.S_IXOTH for folder in (place, *place.parents)):
        return str(place)
    return '/tmp'


def make_folder(longest=40):
    """A new folder for temporary files, in a place whose path is not longer: unix sockets lie in it, whose paths have
    107 bytes at most."""
    place = open_place()
    return tempfile.mkdtemp(prefix='obpub-', dir=place if len(place) <= longest else '/tmp')
