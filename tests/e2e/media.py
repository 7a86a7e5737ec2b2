# SPDX-License-Identifier: BSD-3-Clause
"""What the captures of a call prove: what was forwarded, and that none of it was readable."""

import collections

import net
import rtp


def between(capture, peer, relay):
    """Two lists of RTP or SRTP datagrams: to the relay, and from it."""
    there, back = [], []
    for datagram in capture.datagrams():
        if not rtp.is_rtp(datagram.payload):
            continue
        if (datagram.source[0], datagram.destination[0]) == (peer, relay):
            there.append(datagram)
        elif (datagram.source[0], datagram.destination[0]) == (relay, peer):
            back.append(datagram)
    return there, back


def browser_link(captures, version=4):
    return between(captures["browser"], net.BROWSER[version], net.RELAY_PUBLIC[version])


def phone_link(captures, version=4):
    return between(captures["phone"], net.PHONE[version], net.RELAY_TRUNK[version])


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
