# SPDX-License-Identifier: BSD-3-Clause
"""A DTLS-SRTP endpoint (RFC 5764) on memory buffers: what goes on the wire is the test's choice."""

import datetime
import struct

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto

PROFILES = {
    "AES_CM_128_HMAC_SHA1_80": (b"SRTP_AES128_CM_SHA1_80", 16, 14),
    "AES_CM_128_HMAC_SHA1_32": (b"SRTP_AES128_CM_SHA1_32", 16, 14),
    "AEAD_AES_128_GCM": (b"SRTP_AEAD_AES_128_GCM", 16, 12),
    "AEAD_AES_256_GCM": (b"SRTP_AEAD_AES_256_GCM", 32, 12),
}


class Identity:
    """A self-signed certificate, as every WebRTC endpoint makes its own."""

    def __init__(self):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
        now = datetime.datetime.utcnow()
        certificate = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256()))
        self.key = crypto.PKey.from_cryptography_key(key)
        self.certificate = crypto.X509.from_cryptography(certificate)

    @property
    def fingerprint(self):
        return self.certificate.digest("sha256").decode()


class Dtls:
    """One association. Datagrams come in with take() and are handed out by give()."""

    def __init__(self, identity, suite, client=True, fragment=None):
        """fragment: the most octets of a handshake message in one record; None: all of it."""
        self._suite, self._client, self._fragment = suite, client, fragment
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_options(SSL.OP_NO_QUERY_MTU)
        context.use_certificate(identity.certificate)
        context.use_privatekey(identity.key)
        context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        context.set_tlsext_use_srtp(PROFILES[suite][0])
        self._connection = SSL.Connection(context, None)
        # A memory buffer holds a whole flight, which OpenSSL takes for one datagram.
        self._connection.set_ciphertext_mtu(16000)
        if client:
            self._connection.set_connect_state()
        else:
            self._connection.set_accept_state()
        self.done = False
        self._number = 0

    def give(self):
        """Go on with the handshake; the datagrams to send now, one record in each."""
        if not self.done:
            try:
                self._connection.do_handshake()
                self.done = True
            except SSL.WantReadError:
                pass
        try:
            records = list(_records(self._connection.bio_read(1 << 16)))
        except SSL.WantReadError:
            return []
        if not self._fragment:
            return records
        return [self._numbered(piece) for record in records
                for piece in _fragments(record, self._fragment)]

    def _numbered(self, record):
        """Fragments are records too: count them all, as far as records are in the clear."""
        if record[3:5] != bytes(2):
            return record
        self._number += 1
        return record[:5] + (self._number - 1).to_bytes(6, "big") + record[11:]

    def take(self, datagram):
        self._connection.bio_write(datagram)

    def peer_fingerprint(self):
        return self._connection.get_peer_certificate().digest("sha256").decode()

    def keys(self):
        """(ours, theirs): master key and salt of what we send and of what we receive."""
        _, key, salt = PROFILES[self._suite]
        material = self._connection.export_keying_material(
            b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
        client = material[:key] + material[2 * key:2 * key + salt]
        server = material[key:2 * key] + material[2 * key + salt:]
        return (client, server) if self._client else (server, client)


def _records(octets):
    while octets:
        length = 13 + struct.unpack("!H", octets[11:13])[0]
        yield octets[:length]
        octets = octets[length:]


def _fragments(record, size):
    """One plaintext handshake record as several, each with a part of the message (RFC 6347)."""
    handshake, first_epoch = record[0] == 22, record[3:5] == bytes(2)
    if not handshake or not first_epoch or len(record) <= 25 + size:
        yield record
        return
    message = record[25:]
    for at in range(0, len(message), size):
        part = message[at:at + size]
        yield (record[:11] + struct.pack("!H", 12 + len(part)) + record[13:19]
               + at.to_bytes(3, "big") + len(part).to_bytes(3, "big") + part)
