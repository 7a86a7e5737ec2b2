# SPDX-License-Identifier: BSD-3-Clause
"""Certificates for the tests that speak TLS with the relay."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """Signs certificates and writes them with their keys as PEM files."""

    def __init__(self, directory, name, address):
        self._directory = directory
        self._address = address
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.path = self._write(f"{name}.pem", self._sign(self._name, self._key, ca=True))

    def issue(self, name):
        """The paths of a certificate for the address and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        pem = key.private_bytes(serialization.Encoding.PEM,
                                serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return (self._write(f"{name}.pem", self._sign(subject, key)),
                self._write(f"{name}.key", pem))

    def _sign(self, subject, key, ca=False):
        now = datetime.datetime.utcnow()
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(self._address))])
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
