#!/usr/bin/python3
"""Makes key_files.txt: secret keys as stock tor, onionbalance-config and OpenSSL write them, and their addresses.

Run as: /usr/bin/python3 vectors/make_key_files.py > vectors/key_files.txt
Needs the Debian packages tor, onionbalance, openssl and python3-stem. Every run makes new keys."""
import pathlib
import subprocess
import sys
import tempfile
import time

from cryptography.hazmat.primitives import serialization
from stem.descriptor.hidden_service import HiddenServiceDescriptorV3

HEADER = """\
# Secret keys of onion services as files, and the addresses that belong to them.
# Source: made by make_key_files.py. "tor": hs_ed25519_secret_key and hostname as stock tor {tor} wrote them;
# "onionbalance": the PEM file and its name as Debian's onionbalance-config wrote them; "openssl": the PEM file of
# "openssl genpkey -algorithm ed25519", the address worked out by python3-stem.
# Columns: who made it, the file in hexadecimal, the address."""


def make_tor(folder):
    """Has tor, without a network, make one service, and returns its key file and address."""
    service = folder / "service"
    (folder / "defaults").touch()
    (folder / "torrc").write_text(
        f"DisableNetwork 1\nSocksPort 0\nDataDirectory {folder}/data\nHiddenServiceDir {service}\n"
        "HiddenServicePort 80\nLog err stderr\n")
    tor = subprocess.Popen(["tor", "--defaults-torrc", folder / "defaults", "-f", folder / "torrc", "--quiet"])
    try:
        for _ in range(200):
            if (service / "hostname").exists() and (service / "hostname").stat().st_size > 0:
                break
            time.sleep(0.1)
        return ((service / "hs_ed25519_secret_key").read_bytes(),
                (service / "hostname").read_text().strip().removesuffix(".onion"))
    finally:
        tor.terminate()
        tor.wait()


def make_onionbalance(folder):
    """Has onionbalance-config make one key, and returns the file and the address it is named for."""
    subprocess.run(["onionbalance-config", "--no-interactive", "--output", folder / "config"], check=True,
                   capture_output=True, env={"HOME": str(folder), "PATH": "/usr/sbin:/usr/bin:/bin"})
    key, = (folder / "config").glob("*.key")
    return key.read_bytes(), key.stem


def make_openssl(_folder):
    """Has openssl make a key, and stem work out the address."""
    pem = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], check=True, capture_output=True).stdout
    public = serialization.load_pem_private_key(pem, None).public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return pem, HiddenServiceDescriptorV3.address_from_identity_key(public).removesuffix(".onion")


def main():
    version = subprocess.run(["tor", "--version"], check=True, capture_output=True, text=True).stdout
    print(HEADER.format(tor=version.split()[2].rstrip(".")))
    for name, make in (("tor", make_tor), ("onionbalance", make_onionbalance), ("openssl", make_openssl)):
        for _ in range(3):
            with tempfile.TemporaryDirectory() as folder:
                content, address = make(pathlib.Path(folder))
            print(name, content.hex(), address)


sys.exit(main())
