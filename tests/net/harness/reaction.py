# How long obpub takes to bring a change at a backend to all HSDirs: one of a backend's introduction points dies, and is
# replaced.

import time

from stem.client.datatype import LinkByFingerprint

from .hsdirs import clients_points
from .judge import Judged
from .process import wait_for

BREAKS = 12  # times that a circuit is broken, a second apart
LIVES = 4    # times that tor takes as the point's end


def published_points(scene):
    """For each backend of a scene the relays that are its introduction points in the superdescriptor, with those points; None
    while that has points which clients of the backends are not given (any more). A scene has `net`, `frontend`, `backends`,
    an `observer` (a tor), a `recorder` in front of the local tor, that one's `events`, and the `daemon`."""
    published = Judged(scene.recorder.posts[-1].descriptor, scene.frontend.onion)
    relays = {}
    for point, parsed in zip(published.points, published.inner_layer.introduction_points):
        identity = next(link.value for link in parsed.link_specifiers if isinstance(link, LinkByFingerprint))
        relays[point] = scene.net.relay_by_fingerprint(identity.hex())
    found = {}
    for backend in scene.backends:
        mine = clients_points(scene.observer, backend)
        found[backend] = {relays.pop(point): point for point in mine if point in relays}
    return None if relays else found


def wait_published_points(scene, timeout=60):
    """Wait until obpub has published what clients of the backends are given; returns published_points()."""
    return wait_for(lambda: published_points(scene), timeout, 'obpub to publish what clients of the backends are given', 0.5)


def break_point(scene, backend, relay, point):
    """Close a backend's introduction circuits at a relay until its tor uploads, as a relay does that can't keep them. A tor
    that has made one anew three times gives the point up for another one. Returns the Change since, or None without an
    upload."""
    change = None
    broken = 0
    for _ in range(BREAKS):
        lines = backend.info('circuit-status').splitlines()
        numbers = [line.split()[0] for line in lines
                   if f'REND_QUERY={backend.address}' in line and 'PURPOSE=HS_SERVICE_INTRO' in line
                   and relay.fingerprint in line.split()[2].split(',')[-1]]
        broken += bool(numbers)
        # What a tor uploads before has the point still: its time had come.
        if broken == LIVES and change is None:
            change = Change(scene, backend, point)
        for number in numbers:
            backend.ask(f'CLOSECIRCUIT {number}')
        end = time.monotonic() + 1
        while time.monotonic() < end:
            if change and change.first_upload():
                return change
            time.sleep(0.05)
    return None


class Change:
    """What happens in a scene from now on, as a point of a backend dies; `dead` is the fingerprint of an HSDir that can't have
    it."""

    def __init__(self, scene, backend, point, dead=None):
        self.scene, self.backend, self.point, self.dead = scene, backend, point, dead
        self._uploads, self._posts = len(backend.uploads), len(scene.recorder.posts)
        self._new = {}

    def first_upload(self):
        """When an HSDir first took a descriptor of the backend, or None."""
        return next((event.time for event in self.backend.uploads[self._uploads:] if event.action == 'UPLOADED'), None)

    def _new_key(self, post):
        # The blinded key of a superdescriptor without the dead point, else None. A tor does not upload before it has
        # another one in its place; that one is published too, unless it is at a relay where there is one already.
        if post not in self._new:
            judged = Judged(post.descriptor, self.scene.frontend.onion)
            self._new[post] = None if self.point in judged.points else judged.blinded_key
        return self._new[post]

    def answers(self):
        """When each HSDir first took a new superdescriptor, for every (blinded key, HSDir) to which one has gone."""
        found = {}
        for post in self.scene.recorder.posts[self._posts:]:
            blinded_key = self._new_key(post)
            for hsdir in post.hsdirs if blinded_key else ():
                moment = next((event.time for event in list(self.scene.events.events)
                               if event.action == 'UPLOADED' and event.fingerprint == hsdir.upper()
                               and event.time >= post.time), None)
                if moment:
                    found.setdefault((blinded_key, hsdir.upper()), moment)
        return found

    def is_complete(self):
        """Whether all HSDirs of both descriptors have it, but the dead one."""
        wanted = sum(hsdir != self.dead for slot in ('first', 'second')
                     for hsdir in self.scene.daemon.hsdirs(self.scene.frontend.address, slot))
        answers = [hsdir for _, hsdir in self.answers() if hsdir != self.dead]
        return self.first_upload() is not None and len(answers) >= wanted

    def wait_complete(self, timeout):
        """Wait for that; returns the seconds from the backend's first UPLOADED to the last HSDir's."""
        wait_for(self.is_complete, timeout, 'all HSDirs to have the new superdescriptor', 0.5)
        return max(self.answers().values()) - self.first_upload()
