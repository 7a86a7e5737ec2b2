# SPDX-License-Identifier: BSD-3-Clause
"""RTP packets (RFC 3550), made and taken apart."""

import dataclasses
import struct


@dataclasses.dataclass(frozen=True)
class Packet:
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    payload_type: int = 0
    marker: bool = False

    def __bytes__(self):
        return struct.pack("!BBHII", 0x80, self.marker << 7 | self.payload_type,
                           self.sequence & 0xffff, self.timestamp & 0xffffffff,
                           self.ssrc) + self.payload


def parse(octets):
    first, second, sequence, timestamp, ssrc = struct.unpack("!BBHII", octets[:12])
    start = 12 + 4 * (first & 15)
    if first & 0x10:
        start += 4 + 4 * struct.unpack("!H", octets[start + 2:start + 4])[0]
    return Packet(sequence, timestamp, ssrc, octets[start:], second & 127, bool(second & 128))


def is_rtp(octets):
    """RTP by RFC 7983 and RFC 5761: not STUN, DTLS or RTCP."""
    return len(octets) >= 12 and 128 <= octets[0] < 192 and not 64 <= octets[1] & 127 < 96


def is_rtcp(octets):
    return len(octets) >= 8 and 128 <= octets[0] < 192 and 64 <= octets[1] & 127 < 96


def is_dtls(octets):
    return bool(octets) and 20 <= octets[0] < 64


def is_stun(octets):
    return bool(octets) and octets[0] < 4
