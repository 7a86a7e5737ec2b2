# SPDX-License-Identifier: BSD-3-Clause
"""Ethernet frames with a UDP datagram in them, taken apart."""

import dataclasses
import socket
import struct

IPV4, IPV6, UDP = 0x0800, 0x86dd, 17


@dataclasses.dataclass(frozen=True)
class Datagram:
    source: tuple       # (address, port)
    destination: tuple
    payload: bytes
    frame: bytes


def datagram(frame):
    """The Datagram in a frame, or None when it carries none (or only a fragment of one)."""
    kind = struct.unpack("!H", frame[12:14])[0]
    packet = frame[14:]
    if kind == IPV4 and packet[9] == UDP and not struct.unpack("!H", packet[6:8])[0] & 0x3fff:
        start, family, addresses = 4 * (packet[0] & 15), socket.AF_INET, packet[12:20]
    elif kind == IPV6 and packet[6] == UDP:
        start, family, addresses = 40, socket.AF_INET6, packet[8:40]
    else:
        return None
    half = len(addresses) // 2
    source_port, port, length = struct.unpack("!HHH", packet[start:start + 6])
    return Datagram((socket.inet_ntop(family, addresses[:half]), source_port),
                    (socket.inet_ntop(family, addresses[half:]), port),
                    packet[start + 8:start + length], frame)


def captured(path):
    """Every frame in a pcap file of the classic format that tcpdump writes: (time, frame)."""
    with open(path, "rb") as file:
        order = {b"\xd4\xc3\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">"}[file.read(24)[:4]]
        while len(head := file.read(16)) == 16:
            seconds, micros, length, _ = struct.unpack(f"{order}IIII", head)
            frame = file.read(length)
            if len(frame) == length:
                yield seconds + micros / 1e6, frame
