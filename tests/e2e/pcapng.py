# SPDX-License-Identifier: BSD-3-Clause
"""Reads a capture file block by block (draft-ietf-opsawg-pcapng), and has tshark say what is in it."""

import dataclasses
import json
import struct

import net

SECTION, INTERFACE, STATISTICS, PACKET = 0x0a0d0d0a, 1, 5, 6
COMMENT, FLAGS, RECEIVED, DROPPED = 1, 2, 4, 5
ETHERNET, RAW_IP = 1, 101


@dataclasses.dataclass(frozen=True)
class Block:
    kind: int
    fixed: bytes
    options: dict  # the value of each code


@dataclasses.dataclass(frozen=True)
class Packet:
    time_ns: int
    sent: bool
    octets: bytes
    length: int
    comment: str


def _options(octets):
    found = {}
    while octets:
        code, length = struct.unpack("<HH", octets[:4])
        if not code:
            break
        found[code] = octets[4:4 + length]
        octets = octets[4 + (length + 3) // 4 * 4:]
    return found


def blocks(path):
    """All blocks of a file; one that was cut off ends it."""
    sizes = {SECTION: 16, INTERFACE: 8, STATISTICS: 12}
    octets = path.read_bytes()
    while len(octets) >= 12:
        kind, length = struct.unpack("<II", octets[:8])
        if len(octets) < length:
            break
        assert length % 4 == 0 and octets[length - 4:length] == octets[4:8]
        body, octets = octets[8:length - 4], octets[length:]
        if kind == PACKET:
            size = 20 + (struct.unpack("<I", body[12:16])[0] + 3) // 4 * 4
        else:
            size = sizes[kind]
        yield Block(kind, body[:size], _options(body[size:]))


def link(path):
    return next(struct.unpack("<H", block.fixed[:2])[0] for block in blocks(path)
                if block.kind == INTERFACE)


def packets(path):
    found = []
    for block in blocks(path):
        if block.kind != PACKET:
            continue
        _, high, low, captured, length = struct.unpack("<IIIII", block.fixed[:20])
        found.append(Packet(high << 32 | low, struct.unpack("<I", block.options[FLAGS])[0] == 2,
                            block.fixed[20:20 + captured], length,
                            block.options[COMMENT].decode()))
    return found


def dropped(path):
    """What the interface's statistics say; there is one at the end of a file that is complete."""
    *_, last = blocks(path)
    assert last.kind == STATISTICS
    received, missed = (struct.unpack("<Q", last.options[code])[0]
                        for code in (RECEIVED, DROPPED))
    assert received == missed + len(packets(path))
    return missed


def tshark(path, *options):
    """tshark's dissection of each packet: {field: [values]}."""
    told = net.run("tshark", "-n", "-r", str(path), "-T", "json", "--no-duplicate-keys", *options)
    return [packet["_source"]["layers"] for packet in json.loads(told)]
