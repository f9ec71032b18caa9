# What tor says over its control port while things happen: events, recorded with the time they came.

import threading
import time

import stem
import stem.connection
import stem.socket

from .process import HarnessError, TimedOut


class Event:
    """One event: kind ('HS_DESC'), words after it, KEY=VALUE fields, the data of a multi-line one."""

    def __init__(self, message):
        self.time = time.time()
        first, _, self.content = message.content()[0][2].partition('\n')
        self.text = first
        self.kind, *words = first.split()
        self.words = [word for word in words if '=' not in word.rstrip('=')]
        self.fields = dict(word.split('=', 1) for word in words if '=' in word.rstrip('='))

    def __repr__(self):
        return f'<{self.time:.2f} {self.text}>'


class DescriptorEvent(Event):
    """An HS_DESC event: action (UPLOAD, UPLOADED, ...), address, fingerprint of the HSDir; the rest in
    fields (REASON, HSDIR_INDEX) and, where tor says it, blinded (base64 of the blinded public key)."""

    def __init__(self, message):
        super().__init__(message)
        self.action, self.address = self.words[0], self.words[1]
        self.fingerprint = self.words[3].lstrip('$').replace('=', '~').split('~')[0]
        self.blinded = self.words[4] if len(self.words) > 4 else None
        self.hsdir_index = self.fields.get('HSDIR_INDEX')
        self.reason = self.fields.get('REASON')


class EventStream:
    """A control connection that records the events of some kinds, from now until it is closed."""

    def __init__(self, tor, kinds):
        self.events = []
        self.ended = False
        self._changed = threading.Condition()
        self._replies = []
        self._socket = tor.control_connection()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.ask('SETEVENTS ' + ' '.join(kinds))

    def _read(self):
        # Sort what comes into events and replies until the connection ends.
        while True:
            try:
                message = self._socket.recv()
            except (stem.SocketClosed, stem.ProtocolError, OSError, ValueError):  # the last one: closed while it reads
                break
            with self._changed:
                if message.content()[0][0] == '650':
                    text = message.content()[0][2]
                    self.events.append((DescriptorEvent if text.startswith('HS_DESC ') else Event)(message))
                else:
                    self._replies.append(message)
                self._changed.notify_all()
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def ask(self, command, timeout=15):
        """Send a command; its reply has to be 250 OK."""
        with self._changed:
            self._socket.send(command)
            self._changed.wait_for(lambda: self._replies or self.ended, timeout)
            if not self._replies:
                raise HarnessError(f'no reply to {command.split()[0]}')
            reply = self._replies.pop(0)
        if not reply.is_ok():
            raise HarnessError(f'tor refused "{command[:60]}": {reply}')

    def wait(self, match, timeout, what, since=0):
        """The first event, from index `since` on, for which match(event) is true."""
        def look():
            return next((event for event in self.events[since:] if match(event)), None)
        with self._changed:
            self._changed.wait_for(lambda: look() or self.ended, timeout)
            found = look()
            if not found:
                raise TimedOut(f'waited {timeout:g} s for {what}; ' + self.describe(since))
            return found

    def describe(self, since=0):
        """The last events as text, for an error message."""
        lines = [event.text for event in self.events[since:]][-12:]
        return 'events seen: ' + ('\n  ' + '\n  '.join(lines) if lines else 'none')

    def close(self):
        """End the connection; what was recorded stays readable."""
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
