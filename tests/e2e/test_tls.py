# SPDX-License-Identifier: BSD-3-Clause
"""The public API beyond loopback: mutual TLS or nothing."""

import datetime
import ipaddress
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import net
from relay import PROGRAMS

# An address of the relay's kernel, not one of the media addresses.
ADDRESS, PORT = "198.51.100.2", 50051


class Authority:
    """Signs certificates and writes them with their keys as PEM files."""

    def __init__(self, directory, name):
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.path = self._write(f"{name}.pem", self._sign(self._name, self._key, ca=True))

    def issue(self, name):
        """The paths of a certificate for ADDRESS and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        pem = key.private_bytes(serialization.Encoding.PEM,
                                serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return (self._write(f"{name}.pem", self._sign(subject, key)),
                self._write(f"{name}.key", pem))

    def _sign(self, subject, key, ca=False):
        now = datetime.datetime.utcnow()
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(ADDRESS))])
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(self._name)
                .public_key(key.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(now - datetime.timedelta(days=1))
                .not_valid_after(now + datetime.timedelta(days=1))
                .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
                .add_extension(address, critical=False)
                .sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _write(self, name, pem):
        path = self._directory / name
        path.write_bytes(pem)
        path.chmod(0o600)
        return path


@pytest.fixture
def authority(directory):
    return Authority(directory, "authority")


@pytest.fixture
def relay(start_relay, authority):
    net.RELAY.run("ip", "addr", "add", f"{ADDRESS}/24", "dev", "public0")
    certificate, key = authority.issue("relay")
    yield start_relay(controlplane=f"listen={ADDRESS}:{PORT}\nca={authority.path}\n"
                                   f"cert={certificate}\nkey={key}")
    net.RELAY.run("ip", "addr", "del", f"{ADDRESS}/24", "dev", "public0")


def ctl(*options):
    """tandemctl on the browser's host, over its network."""
    return subprocess.run(
        net.BROWSERS.command(str(PROGRAMS / "tandemctl"), "--server", f"{ADDRESS}:{PORT}",
                             *map(str, options), "health"),
        capture_output=True, text=True, timeout=30, check=False)


def test_a_client_with_a_certificate_is_served(relay, authority):
    certificate, key = authority.issue("operator")
    told = ctl("--ca", authority.path, "--cert", certificate, "--key", key)
    assert told.returncode == 0, told.stderr
    assert told.stdout


def test_a_client_of_another_authority_is_not(relay, authority, directory):
    certificate, key = Authority(directory, "stranger").issue("intruder")
    told = ctl("--ca", authority.path, "--cert", certificate, "--key", key)
    assert told.returncode == 3
    assert told.stderr


def test_a_client_without_tls_is_not(relay):
    told = ctl()
    assert told.returncode == 3
    assert told.stderr


def test_the_unix_socket_still_serves(relay):
    assert relay.api.serving()
