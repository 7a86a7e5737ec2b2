# SPDX-License-Identifier: BSD-3-Clause
"""Packets that should not be: each is counted under its reason, none is forwarded, and the call
goes on as if nothing had been.

The forger sits on the participant's own link, sees everything, and sends COPIES of each lie.
"""

import struct

import pytest

import media
import net
import rtp
import sdp
import srtp
from calls import CALL, browser_to_phone, hang_up

COPIES = 10


class Link:
    """The forger's view of one direction: a good packet that was seen, and how to send lies."""

    def __init__(self, forge, source, destination):
        self._forge = forge
        self._genuine = lambda datagram: (datagram.source[0], datagram.destination[0]) == (
            source, destination) and rtp.is_rtp(datagram.payload)

    def genuine(self):
        return self._forge.catch(self._genuine)[0]

    def send(self, like, payload, source=None, destination=None, copies=COPIES):
        frame = self._forge.frame(source or like.source, destination or like.destination, payload)
        self._forge.send(*[frame] * copies)

    def send_frames(self, *sent):
        self._forge.send(*sent * COPIES)

    def fragments(self, like, size):
        return self._forge.fragments(like.source, like.destination, like.payload, size)


@pytest.fixture
def call(relay, page, phone):
    """A browser and a phone that hear each other."""
    browser, telephone = page(frequency=440, codec="PCMU"), phone(1000)
    browser_to_phone(relay, browser, telephone)
    telephone.wait_tone(440)
    browser.wait_tone(1000)
    return browser, telephone


@pytest.fixture
def from_browser(call, forge):
    return Link(forge(net.BROWSERS), net.BROWSER[4], net.RELAY_PUBLIC[4])


@pytest.fixture
def from_phone(call, forge):
    return Link(forge(net.PHONES), net.PHONE[4], net.RELAY_TRUNK[4])


@pytest.fixture(autouse=True)
def unharmed(relay, call, captures):
    """After the lies: the call talks on, and exactly what its participants said was forwarded."""
    yield
    browser, telephone = call
    telephone.forget()
    telephone.wait_tone(440)
    browser.wait_tone(1000)
    final = hang_up(relay, browser, telephone)
    public, trunk = media.browser_link(captures), media.phone_link(captures)
    for tag, near, far in (("caller", public, trunk), ("callee", trunk, public)):
        said, passed_on = media.identities(near.sent), media.identities(far.heard)
        assert far.forwarded == final[tag].flow.sent_packets
        assert len(passed_on) == len(set(passed_on))
        assert set(passed_on) <= set(said)
        assert media.gaps(far.heard) == {}


def test_tampered(relay, from_browser):
    """Good ciphertext under another sequence number: one that was not heard yet."""
    before, packet = relay.api.drops(), from_browser.genuine()
    number = rtp.parse(packet.payload).sequence + 1000 & 0xffff
    from_browser.send(packet, packet.payload[:2] + struct.pack("!H", number) + packet.payload[4:])
    relay.wait_drops("auth_failed", COPIES, before)
    assert relay.api.leg(CALL, "caller").flow.auth_failures == COPIES


def test_replayed(relay, from_browser):
    before, packet = relay.api.drops(), from_browser.genuine()
    from_browser.send(packet, packet.payload)
    relay.wait_drops("replay", COPIES, before)
    leg = relay.api.leg(CALL, "caller")
    assert leg.flow.replays + leg.shed_packets == COPIES


def test_wrong_key(relay, from_browser):
    before, packet = relay.api.drops(), from_browser.genuine()
    seen = rtp.parse(packet.payload)
    suite = relay.api.leg(CALL, "caller").suite
    stranger = srtp.Session(suite, sdp.Crypto.new(suite).key, inbound=False)
    for ahead in range(100, 100 + COPIES):
        lie = stranger.rtp(bytes(rtp.Packet(seen.sequence + ahead, seen.timestamp + 160 * ahead,
                                            seen.ssrc, bytes(160))))
        from_browser.send(packet, lie, copies=1)
    relay.wait_drops("auth_failed", COPIES, before)


def test_unknown_ssrcs_with_a_wrong_key_take_no_memory(relay, from_browser):
    """State for an SSRC is made only after its first tag was right."""
    before, packet = relay.api.drops(), from_browser.genuine()
    for ssrc in range(1000):
        lie = packet.payload[:8] + struct.pack("!I", 0xdead0000 + ssrc) + packet.payload[12:]
        from_browser.send(packet, lie, copies=1)
    relay.wait_drops("auth_failed", 1000, before)
    assert len(relay.api.leg(CALL, "caller").flow.streams) == 1


@pytest.mark.parametrize("left, reason", [(3, "rtp_header"), (11, "rtp_header"),
                                          (14, "srtp_length")])
def test_truncated(relay, from_browser, left, reason):
    before, packet = relay.api.drops(), from_browser.genuine()
    number = rtp.parse(packet.payload).sequence + 1000 & 0xffff
    lie = packet.payload[:2] + struct.pack("!H", number) + packet.payload[4:]
    from_browser.send(packet, lie[:left])
    relay.wait_drops(reason, COPIES, before)


def test_an_address_without_an_ice_check(relay, from_browser):
    """Neither another host nor another port of the same host is heard."""
    before, packet = relay.api.drops(), from_browser.genuine()
    from_browser.send(packet, packet.payload, source=(net.BROWSER_OTHER[4], packet.source[1]))
    from_browser.send(packet, packet.payload, source=(net.BROWSER[4], packet.source[1] ^ 1))
    relay.wait_drops("not_validated", 2 * COPIES, before)
    assert unheard(relay.api.leg(CALL, "caller")) == 2 * COPIES


def test_wrong_source_of_plain_rtp(relay, from_phone):
    """A phone's media is not authenticated: after it latched, its address is the only one."""
    before, packet = relay.api.drops(), from_phone.genuine()
    # The phone talks from its answer on, and is a stranger until the relay has read that.
    early = unheard(relay.api.leg(CALL, "callee"))
    seen = rtp.parse(packet.payload)
    lie = bytes(rtp.Packet(seen.sequence + 1, seen.timestamp + 160, seen.ssrc, b"LIE!" * 40))
    from_phone.send(packet, lie, source=(net.PHONE_OTHER[4], packet.source[1]))
    from_phone.send(packet, lie, source=(net.PHONE[4], packet.source[1] + 10))
    relay.wait_drops("wrong_source", 2 * COPIES, before)
    assert unheard(relay.api.leg(CALL, "callee")) - early == 2 * COPIES


def unheard(leg):
    """What came to its ports from elsewhere."""
    return leg.flow.wrong_source + leg.shed_packets


def test_fragments(relay, from_browser):
    before, packet = relay.api.drops(), from_browser.genuine()
    pieces = from_browser.fragments(packet, 64)
    from_browser.send_frames(*pieces)
    relay.wait_drops("fragment", COPIES * len(pieces), before)


def test_closed_port(relay, from_browser):
    before, packet = relay.api.drops(), from_browser.genuine()
    from_browser.send(packet, packet.payload, destination=(packet.destination[0], 9))
    relay.wait_drops("closed_port", COPIES, before)


def test_lengths_that_lie(relay, from_browser):
    before, packet = relay.api.drops(), from_browser.genuine()
    frame = bytearray(packet.frame)
    frame[38:40] = struct.pack("!H", len(packet.payload) + 8 + 100)
    from_browser.send_frames(bytes(frame))
    relay.wait_drops("udp_length", COPIES, before)


def test_neither_stun_nor_dtls_nor_rtp(relay, from_browser):
    before, packet = relay.api.drops(), from_browser.genuine()
    from_browser.send(packet, b"\x50" + packet.payload[1:])
    relay.wait_drops("not_media", COPIES, before)
