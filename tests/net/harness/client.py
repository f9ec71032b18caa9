# What a user and an onion service directory see: pages through a client tor, descriptors from the HSDirs.

import collections
import secrets
import socket
import struct
import time

from .process import HarnessError, TimedOut, run

# A client avoids an introduction point that failed it once for two minutes, which on a busy machine may be all those
# of a backend. After so many seconds without a new page it is made to forget that.
NEW_PAGE_PATIENCE = 15


class FetchFailed(HarnessError):
    """A page could not be had; the text is curl's."""


def fetch(client, address, path='/', timeout=30):
    """The page at an onion address, over a circuit of its own, or FetchFailed."""
    user = secrets.token_hex(6)  # tor never shares a circuit between different SOCKS users
    result = run(['curl', '--disable', '--silent', '--show-error', '--fail', '--noproxy', '', '--max-time', timeout,
                  '--proxy', f'socks5h://{user}:x@127.0.0.1:{client.socks_port}',
                  f'http://{address.removesuffix(".onion")}.onion{path}'], timeout=timeout + 10)
    if result.returncode != 0:
        raise FetchFailed(f'no page from {address[:16]}... through {client.name}: {result.stderr.strip()}')
    return result.stdout


def connect_through(client, address, port, timeout=30):
    """A connection to a port of an onion address, over a circuit of its own, or FetchFailed. The caller closes it."""
    user, host = secrets.token_hex(6).encode(), address.encode()
    connection = socket.create_connection(('127.0.0.1', client.socks_port), timeout)
    answers = connection.makefile('rb')

    def ask(request, length):
        connection.sendall(request)
        return answers.read(length)
    try:
        ask(b'\5\1\2', 2)
        ask(bytes([1, len(user)]) + user + b'\1x', 2)
        answer = ask(b'\5\1\0\3' + bytes([len(host)]) + host + struct.pack('>H', port), 10)
        if answer[:2] != b'\5\0':
            raise FetchFailed(f'no connection to port {port} of {address[:16]}... through {client.name}: {answer.hex()}')
    except BaseException as error:
        connection.close()
        if isinstance(error, OSError):
            raise FetchFailed(f'no connection to port {port} of {address[:16]}... through {client.name}: {error}') from None
        raise
    return connection


def who_answers(client, address, wanted, timeout=90, report=None):
    """Fetch again and again until each of the wanted pages has come; returns a Counter of all pages that came.
    report(page) is called for each, report(None) for a failure. The client is one of the test's own: it may have to forget."""
    if client.is_shared:
        raise HarnessError(f'{client.name} is everybody\'s, and can\'t be made to forget')
    deadline = time.monotonic() + timeout
    patience = time.monotonic() + NEW_PAGE_PATIENCE
    seen = collections.Counter()
    failure = 'no failure'
    while not set(wanted) <= set(seen):
        if time.monotonic() > patience:
            client.forget_descriptors()
            patience = time.monotonic() + NEW_PAGE_PATIENCE
        if time.monotonic() > deadline:
            raise TimedOut(f'waited {timeout:g} s for {sorted(wanted)} to answer; {dict(seen)} did; '
                           f'last failure: {failure}')
        try:
            page = fetch(client, address, timeout=20)
            if page not in seen:
                patience = time.monotonic() + NEW_PAGE_PATIENCE
            seen[page] += 1
        except FetchFailed as error:
            page, failure = None, error
            time.sleep(0.5)
        if report:
            report(page)
    return seen


def fetch_descriptor(tor, address, hsdir=None, timeout=30, raw=False):
    """The descriptor of an address as text, which this tor fetches from an HSDir: from the one with that
    fingerprint, or from those where a client looks; without newlines around it unless raw. None if they have
    none."""
    address = address.removesuffix('.onion')

    def is_answer(event):
        if event.kind == 'HS_DESC_CONTENT':
            return event.words[0] == address and (event.content.strip() or hsdir)
        return event.address == address and event.reason in ('QUERY_NO_HSDIR', 'QUERY_RATE_LIMITED')

    with tor.events('HS_DESC', 'HS_DESC_CONTENT') as stream:
        stream.ask(f'HSFETCH {address}' + (f' SERVER=${hsdir.lstrip("$")}' if hsdir else ''))
        answer = stream.wait(is_answer, timeout, f'a descriptor of {address[:16]}...')
    content = answer.content if raw else answer.content.strip('\n')
    return content if content.strip('\n') else None


def ask_hsdirs(tor, address, hsdirs, patience=8, tries=4):
    """What each of these HSDirs hands out for an address, all asked at the same time: {fingerprint: text or None}.
    One that has not answered after so many seconds is asked again."""
    address = address.removesuffix('.onion')
    answers = {}

    def take(event):
        if event.kind == 'HS_DESC_CONTENT' and event.words[0] == address:
            hsdir = event.words[2].lstrip('$').replace('=', '~').split('~')[0]
            answers[hsdir] = event.content.strip('\n') or None
        return all(hsdir in answers for hsdir in hsdirs)

    with tor.events('HS_DESC_CONTENT') as stream:
        for left in reversed(range(tries)):
            for hsdir in set(hsdirs) - set(answers):
                stream.ask(f'HSFETCH {address} SERVER=${hsdir}')
            try:
                stream.wait(take, patience, f'the answers of {len(hsdirs)} HSDirs about {address[:16]}...')
                break
            except TimedOut:
                if not left:
                    raise
    return {hsdir: answers[hsdir] for hsdir in hsdirs}
