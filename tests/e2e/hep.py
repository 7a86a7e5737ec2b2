# SPDX-License-Identifier: BSD-3-Clause
"""A Homer server: who receives HEP version 3 in the relay's namespace, and reads every chunk of it."""

import json
import select
import socket
import struct
import time

import net

ADDRESS = "127.0.0.1"
RTCP, STATS = 5, 34
HEADER = 6
# Chunks of the vendor 0, by what they hold.
FORMS = {1: ("family", "!B"), 2: ("protocol", "!B"), 3: ("from", 4), 4: ("to", 4), 5: ("from", 16),
         6: ("to", 16), 7: ("from_port", "!H"), 8: ("to_port", "!H"), 9: ("seconds", "!I"),
         10: ("microseconds", "!I"), 11: ("type", "!B"), 12: ("capture_id", "!I"),
         14: ("password", str), 15: ("payload", str), 17: ("call", str)}


def chunk(kind, octets):
    name, form = FORMS[kind]
    if form is str:
        return name, octets.decode()
    if isinstance(form, int):
        assert len(octets) == form, (kind, octets)
        return name, socket.inet_ntop(socket.AF_INET if form == 4 else socket.AF_INET6, octets)
    value, = struct.unpack(form, octets)
    return name, value


def read(frame):
    """A frame's chunks by name, its payload as an object; each is there once."""
    assert frame[:4] == b"HEP3" and len(frame) == struct.unpack("!H", frame[4:6])[0]
    found, at = {}, HEADER
    while at < len(frame):
        vendor, kind, length = struct.unpack("!HHH", frame[at:at + HEADER])
        assert vendor == 0 and HEADER < length <= len(frame) - at
        name, value = chunk(kind, frame[at + HEADER:at + length])
        assert name not in found
        found[name] = value
        at += length
    found["payload"] = json.loads(found["payload"])
    return found


class Server:
    """tcp: one connection, which may end and come again."""

    def __init__(self, tcp=False):
        self._tcp = tcp
        self._peer, self._octets = None, b""
        self.frames = []
        kind = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
        self._socket = net.RELAY.socket(socket.AF_INET, kind)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((ADDRESS, 0))
        if tcp:
            self._socket.listen()
        self.port = self._socket.getsockname()[1]

    def section(self, more=""):
        """Of the relay's configuration."""
        how = "tcp" if self._tcp else "udp"
        return f"[hep]\nserver = {how}:{ADDRESS}:{self.port}\n{more}\n"

    def _take(self):
        if not self._tcp:
            self.frames.append(read(self._socket.recv(65536)))
            return
        if not self._peer:
            self._peer, _ = self._socket.accept()
            return
        self._octets += self._peer.recv(65536)
        while len(self._octets) >= HEADER:
            length, = struct.unpack("!H", self._octets[4:6])
            if len(self._octets) < length:
                break
            self.frames.append(read(self._octets[:length]))
            self._octets = self._octets[length:]

    def wait(self, is_it, seconds=15):
        """The first frame that is_it(frame) says is the one, of all that have come or will."""
        end, seen = time.monotonic() + seconds, 0
        while True:
            for frame in self.frames[seen:]:
                if is_it(frame):
                    return frame
            seen = len(self.frames)
            ready, _, _ = select.select([self._peer or self._socket], [], [],
                                        max(0.0, end - time.monotonic()))
            assert ready, f"nothing of that kind, of {self.frames}"
            self._take()

    def hang_up(self):
        self._peer.close()
        self._peer, self._octets = None, b""

    def close(self):
        if self._peer:
            self._peer.close()
        self._socket.close()
