# SPDX-License-Identifier: BSD-3-Clause
"""What is relayed: calls of two participants, and the streams of packets between them."""

import dataclasses
import os

import sdp
from network import CALLEE, CALLER

SUITE = "AES_CM_128_HMAC_SHA1_80"
FIRST_PORT = 10000
TCP_PORT, TLS_PORT = 3478, 5349  # where TURN clients come by a connection


@dataclasses.dataclass(frozen=True)
class Call:
    """A caller who speaks RTP, or SRTP with this key, and a callee who speaks RTP."""
    index: int
    crypto: sdp.Crypto = None

    @property
    def name(self):
        return f"call-{self.index}"

    @property
    def caller(self):
        return CALLER, FIRST_PORT + 2 * self.index

    @property
    def callee(self):
        return CALLEE, FIRST_PORT + 2 * self.index

    def offer(self):
        return sdp.phone(*self.caller, *(["RTP/SAVP"] if self.crypto else []),
                         cryptos=[self.crypto] if self.crypto else [])

    def answer(self):
        return sdp.phone(*self.callee)


def make(count, secure):
    return [Call(index, sdp.Crypto(1, SUITE, os.urandom(sdp.SUITES[SUITE])) if secure else None)
            for index in range(count)]


@dataclasses.dataclass(frozen=True)
class Stream:
    """One participant's packets: from its address to the relay's, which sends them to `arrives`."""
    source: tuple
    to: tuple
    arrives: tuple
    kind: str = "rtp"
    key: bytes = b""

    def line(self, number):
        words = ["stream", number, *self.source, *self.to, *self.arrives, self.kind]
        return " ".join(map(str, words + ([self.key.hex()] if self.key else [])))


def streams(call, towards_caller, towards_callee):
    """The streams of a call, given where the relay listens for each of the two."""
    if call.crypto:  # the side that is decrypted
        return [Stream(call.caller, towards_caller, call.callee, "srtp", call.crypto.key)]
    return [Stream(call.caller, towards_caller, call.callee),
            Stream(call.callee, towards_callee, call.caller)]
