# SPDX-License-Identifier: BSD-3-Clause
"""A SIP proxy's side of the ng protocol: dictionaries in bencode, each with a cookie of its own."""

import itertools
import os
import socket

import host

SOCKET = f"{host.STATE}/ng.sock"
_numbers = itertools.count()
CONFIGURATION = f"[ng]\nlisten=unix:{SOCKET}\n"


def encode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, (list, tuple)):
        return b"l" + b"".join(map(encode, value)) + b"e"
    if isinstance(value, dict):
        return b"d" + b"".join(encode(key) + encode(item) for key, item in value.items()) + b"e"
    octets = value.encode()
    return b"%d:%s" % (len(octets), octets)


def _decode(octets, at):
    kind = octets[at:at + 1]
    if kind == b"i":
        end = octets.index(b"e", at)
        return int(octets[at + 1:end]), end + 1
    if kind in (b"l", b"d"):
        items, at = [], at + 1
        while octets[at:at + 1] != b"e":
            item, at = _decode(octets, at)
            items.append(item)
        return (dict(zip(items[::2], items[1::2])) if kind == b"d" else items), at + 1
    colon = octets.index(b":", at)
    end = colon + 1 + int(octets[at:colon])
    return octets[colon + 1:end].decode(), end


def decode(octets):
    value, end = _decode(octets, 0)
    assert end == len(octets), octets
    return value


class Proxy:
    """Kamailio's module sends this way: a cookie of its process and a number, keys in no order."""

    def __init__(self, call="call-1"):
        self.call = call
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        # By a path: the kernel's own names are another one's in another network namespace.
        self.path = f"{host.STATE}/proxy.{next(_numbers)}"
        self.socket.bind(self.path)
        self.socket.settimeout(10)
        self.cookies = (f"0_{os.getpid()}_{number}" for number in itertools.count(1))

    def send(self, message):
        """The reply's octets to a message's."""
        self.socket.sendto(message, SOCKET)
        return self.socket.recv(1 << 20)

    def ask(self, command, **keys):
        """The reply's dictionary; an underscore in a key's name stands for a hyphen."""
        cookie = next(self.cookies)
        request = {"supports": ["load limit"], "call-id": self.call,
                   **{key.replace("_", "-"): value for key, value in keys.items()},
                   "command": command}
        message = f"{cookie} ".encode() + encode(request)
        reply = self.send(message)
        assert self.send(message) == reply, "the same request got another reply"
        assert reply.startswith(f"{cookie} ".encode())
        return decode(reply[len(cookie) + 1:])

    def sdp(self, command, **keys):
        """The SDP of a reply that must be ok."""
        reply = self.ask(command, **keys)
        assert reply.get("result") == "ok", reply
        return reply["sdp"]

    def close(self):
        self.socket.close()
        os.unlink(self.path)
