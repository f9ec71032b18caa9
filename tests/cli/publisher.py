"""A running obpub with one frontend, a local tor at FOLDER/tor and the status socket, for tests with stand-ins."""
import json
import os
import socket
import subprocess
import time

import checks


def instance(name, key, path):
    """The config's lines of a backend."""
    return [f"      - address: {key.address}", f"        name: {name}", f"        control: unix:{path}"]


class Publisher:
    """The process, its key and its log; it ends with the context. service_line is one more line of its service."""

    service_line = None

    def __init__(self, folder, instances, *options):
        self.folder, self.key = folder, checks.Key()
        checks.write(folder / "frontend.key", self.key.pem())
        self.write_config(instances)
        self.log = open(folder / "log", "w+", encoding="utf-8", errors="replace")
        self.process = subprocess.Popen([os.path.abspath(checks.OBPUB), "-c", folder / "config.yaml", *options],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def write_config(self, instances):
        lines = [f"tor-control: unix:{self.folder}/tor", f"status-socket-location: {self.folder}/status",
                 "backend-grace: 5", "services:", "  - key: frontend.key"]
        lines += [f"    {self.service_line}"] if self.service_line else []
        lines += ["    instances:", *(line for each in instances for line in each)]
        checks.write(self.folder / "config.yaml", "\n".join(lines) + "\n")

    def service(self):
        """The status of the frontend, or None."""
        with socket.socket(socket.AF_UNIX) as connection:
            if connection.connect_ex(str(self.folder / "status")):
                return None
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        return json.loads(answer)["services"][0] if answer else None

    def wait(self, predicate, seconds):
        """Waits until predicate(service) is true; whether it came to be."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            service = self.service()
            if service and predicate(service):
                return True
            time.sleep(0.2)
        return False

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        status = self.process.wait(30)
        self.log.seek(0)
        return status, self.log.read()
