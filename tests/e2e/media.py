# SPDX-License-Identifier: BSD-3-Clause
"""What the captures of a call prove: what was forwarded, and that none of it was readable."""

import collections
import dataclasses

import net
import rtp


@dataclasses.dataclass
class Link:
    """One participant's link: RTP or SRTP to the relay and from it, and the relay's RTCP."""
    sent: list
    heard: list
    rtcp: list

    @property
    def forwarded(self):
        """How many packets the relay put on this link: a Flow's sent_packets."""
        return len(self.heard) + len(self.rtcp)


def _link(capture, peer, relay):
    link = Link([], [], [])
    for datagram in capture.datagrams():
        ends = datagram.source[0], datagram.destination[0]
        if ends == (peer, relay) and rtp.is_rtp(datagram.payload):
            link.sent.append(datagram)
        elif ends == (relay, peer) and rtp.is_rtp(datagram.payload):
            link.heard.append(datagram)
        elif ends == (relay, peer) and rtp.is_rtcp(datagram.payload):
            link.rtcp.append(datagram)
    return link


def browser_link(captures, version=4):
    return _link(captures["browser"], net.BROWSER[version], net.RELAY_PUBLIC[version])


def phone_link(captures, version=4):
    return _link(captures["phone"], net.PHONE[version], net.RELAY_TRUNK[version])


def payloads(datagrams):
    return [rtp.parse(datagram.payload).payload for datagram in datagrams]


def identities(datagrams):
    """Each packet's (SSRC, sequence number), in order."""
    packets = [rtp.parse(datagram.payload) for datagram in datagrams]
    return [(packet.ssrc, packet.sequence) for packet in packets]


def gaps(datagrams):
    """By SSRC, the sequence numbers that are missing between the first and the last."""
    streams = collections.defaultdict(list)
    for ssrc, sequence in identities(datagrams):
        streams[ssrc].append(sequence)
    return {ssrc: missing for ssrc, sequences in streams.items()
            if (missing := _missing(sequences))}


def _missing(sequences):
    # Unwrapped around the first: a test's stream is far shorter than 2^15 packets.
    first = sequences[0]
    offsets = {(sequence - first + 0x8000 & 0xffff) - 0x8000 for sequence in sequences}
    return [first + offset & 0xffff
            for offset in range(min(offsets), max(offsets) + 1) if offset not in offsets]


def looks_random(datagrams):
    """Ciphertext: 160 octets hold about 119 different values. A tone in PCMU holds few."""
    different = [len(set(payload[:160])) for payload in payloads(datagrams)
                 if len(payload) >= 160]
    return bool(different) and sum(different) / len(different) > 100


def readable(plain, hidden):
    """The payloads of `plain` datagrams that appear inside `hidden` ones."""
    wanted = set(payloads(plain))
    return [payload for payload in payloads(hidden)
            if payload in wanted or payload[:160] in wanted]
