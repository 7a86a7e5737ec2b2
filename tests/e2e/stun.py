# SPDX-License-Identifier: BSD-3-Clause
"""STUN connectivity checks (RFC 8489, RFC 8445) as a full ICE agent sends them."""

import hashlib
import hmac
import os
import struct
import zlib

COOKIE = 0x2112A442
BINDING_REQUEST, BINDING_SUCCESS, BINDING_ERROR = 0x0001, 0x0101, 0x0111
USERNAME, INTEGRITY, ERROR_CODE, PRIORITY, USE_CANDIDATE, FINGERPRINT, ICE_CONTROLLING = \
    0x0006, 0x0008, 0x0009, 0x0024, 0x0025, 0x8028, 0x802a


def check(username, password, nominate=True, transaction=None):
    """A Binding request: username is "theirs:ours", password is theirs."""
    attributes = _attribute(USERNAME, username.encode())
    attributes += _attribute(PRIORITY, struct.pack("!I", 0x6e0001ff))
    attributes += _attribute(ICE_CONTROLLING, os.urandom(8))
    if nominate:
        attributes += _attribute(USE_CANDIDATE, b"")
    head = (BINDING_REQUEST, COOKIE, transaction or os.urandom(12))
    mac = hmac.new(password.encode(), _message(head, attributes, 24), hashlib.sha1).digest()
    attributes += _attribute(INTEGRITY, mac)
    crc = zlib.crc32(_message(head, attributes, 8)) ^ 0x5354554e
    return _message(head, attributes + _attribute(FINGERPRINT, struct.pack("!I", crc)))


def kind(message):
    return struct.unpack("!H", message[:2])[0]


def error_code(message):
    """The number of an error response, e.g. 401; None when there is none."""
    at = 20
    while at + 4 <= len(message):
        name, length = struct.unpack("!HH", message[at:at + 4])
        if name == ERROR_CODE:
            return (message[at + 6] & 7) * 100 + message[at + 7]
        at += 4 + (length + 3) // 4 * 4
    return None


def _attribute(name, value):
    return struct.pack("!HH", name, len(value)) + value + bytes(-len(value) % 4)


def _message(head, attributes, more=0):
    """more: the octets that the length field already counts and that do not follow yet."""
    name, cookie, transaction = head
    return struct.pack("!HHI", name, len(attributes) + more, cookie) + transaction + attributes
