# SPDX-License-Identifier: BSD-3-Clause
"""A TURN client (RFC 8656) that says what a test wants it to, right or wrong."""

import hashlib
import hmac
import os
import socket
import struct

import net

COOKIE = 0x2112A442
BINDING, ALLOCATE, REFRESH, SEND, DATA, CREATE_PERMISSION, CHANNEL_BIND = \
    1, 3, 4, 0x16, 0x17, 8, 9
SUCCESS, ERROR = 0x100, 0x110
USERNAME, INTEGRITY, ERROR_CODE, CHANNEL, LIFETIME, PEER, PAYLOAD, REALM, NONCE, RELAYED, TRANSPORT, MAPPED = \
    0x06, 0x08, 0x09, 0x0c, 0x0d, 0x12, 0x13, 0x14, 0x15, 0x16, 0x19, 0x20
UDP = struct.pack("!I", 17 << 24)


class Refused(Exception):
    """code: that of the error response."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Client:
    """One 5-tuple; over IPv4. sock: its UDP socket, if it is not a browser's."""

    def __init__(self, server, user, password, sock=None):
        self._server, self.user, self.password = server, user, password
        self.socket = sock or net.BROWSERS.udp(net.BROWSER[4])
        self.socket.settimeout(1)
        self.realm = self.nonce = self.relayed = self.mapped = None

    def close(self):
        self.socket.close()

    def allocate(self, *more):
        reply = self.ask(ALLOCATE, (TRANSPORT, UDP), *more)
        self.relayed, self.mapped = _address(reply[RELAYED]), _address(reply[MAPPED])
        return struct.unpack("!I", reply[LIFETIME])[0]

    def binding(self):
        """Where the server says that the client is."""
        self.mapped = _address(self._ask(BINDING, [])[1][MAPPED])
        return self.mapped

    def refresh(self, seconds):
        return struct.unpack("!I", self.ask(REFRESH, (LIFETIME, struct.pack("!I", seconds)))
                             [LIFETIME])[0]

    def permit(self, *peers):
        self.ask(CREATE_PERMISSION, *[(PEER, _xor(peer)) for peer in peers])

    def bind(self, number, peer):
        self.ask(CHANNEL_BIND, (CHANNEL, struct.pack("!HH", number, 0)), (PEER, _xor(peer)))

    def send(self, number, octets):
        """ChannelData."""
        self.socket.sendto(struct.pack("!HH", number, len(octets)) + octets, self._server)

    def indicate(self, peer, octets):
        """A Send indication."""
        self.socket.sendto(_message(SEND, os.urandom(12), [(PEER, _xor(peer)), (PAYLOAD, octets)]),
                           self._server)

    def receive(self, seconds=1.0):
        """(channel or peer, octets) of the next packet, None if there is none."""
        self.socket.settimeout(seconds)
        try:
            datagram = self.socket.recv(2048)
        except socket.timeout:
            return None
        if datagram[0] >> 6 == 1:
            number, length = struct.unpack("!HH", datagram[:4])
            return number, datagram[4:4 + length]
        attributes = _read(datagram)[1]
        return _address(attributes[PEER]), attributes[PAYLOAD]

    def ask(self, kind, *attributes):
        """The attributes of a success; Refused. With the nonce that the server wants."""
        for _ in range(3):
            answer, reply = self._ask(kind, attributes)
            if answer == kind | SUCCESS:
                return reply
            code = reply[ERROR_CODE][2] * 100 + reply[ERROR_CODE][3]
            if code not in (401, 438) or reply[NONCE] == self.nonce:
                break
            self.realm, self.nonce = reply[REALM], reply[NONCE]
        raise Refused(code)

    def _ask(self, kind, attributes):
        attributes, transaction = list(attributes), os.urandom(12)
        if self.nonce:
            attributes += [(USERNAME, self.user.encode()), (REALM, self.realm), (NONCE, self.nonce)]
            signed = _message(kind, transaction, attributes, 24)
            key = hashlib.md5(b":".join([self.user.encode(), self.realm,
                                         self.password.encode()])).digest()
            attributes.append((INTEGRITY, hmac.new(key, signed, hashlib.sha1).digest()))
        self.socket.settimeout(1)
        for _ in range(5):
            self.socket.sendto(_message(kind, transaction, attributes), self._server)
            try:
                datagram = self.socket.recv(2048)
            except socket.timeout:
                continue
            if datagram[8:20] == transaction:
                return _read(datagram)
        raise AssertionError(f"no answer to a request of type {kind}")


class Stream:
    """A connection to tandem-turngate, as the UDP socket of a Client."""

    def __init__(self, stream):
        self._stream = stream
        self.settimeout, self.close = stream.settimeout, stream.close
        self.getsockname = stream.getsockname

    def sendto(self, octets, _):
        channel = octets[0] >> 6 == 1
        self._stream.sendall(octets + bytes(-len(octets) % 4 if channel else 0))

    def recv(self, _):
        head = self._take(4)
        length = struct.unpack("!H", head[2:])[0]
        channel = head[0] >> 6 == 1
        return head + self._take((length + 3) // 4 * 4 if channel else length + 16)

    def _take(self, size):
        octets = b""
        while len(octets) < size:
            more = self._stream.recv(size - len(octets))
            if not more:
                raise ConnectionError("the other end closed it")
            octets += more
        return octets


def _message(kind, transaction, attributes, more=0):
    """more: octets that the length field counts already."""
    body = b"".join(struct.pack("!HH", name, len(value)) + value + bytes(-len(value) % 4)
                    for name, value in attributes)
    return struct.pack("!HHI", kind, len(body) + more, COOKIE) + transaction + body


def _read(message):
    attributes, at = {}, 20
    while at + 4 <= len(message):
        name, length = struct.unpack("!HH", message[at:at + 4])
        attributes.setdefault(name, message[at + 4:at + 4 + length])
        at += 4 + (length + 3) // 4 * 4
    return struct.unpack("!H", message[:2])[0], attributes


def _xor(peer):
    host, port = peer
    octets = struct.unpack("!I", socket.inet_aton(host))[0] ^ COOKIE
    return struct.pack("!BBHI", 0, 1, port ^ COOKIE >> 16, octets)


def _address(value):
    _, _, port, octets = struct.unpack("!BBHI", value[:8])
    return socket.inet_ntoa(struct.pack("!I", octets ^ COOKIE)), port ^ COOKIE >> 16


def mapped(message):
    """The XOR-MAPPED-ADDRESS of an answer."""
    return _address(_read(message)[1][MAPPED])
