# SPDX-License-Identifier: BSD-3-Clause
"""Synthetic streams through every crypto mode, judged packet by packet with libsrtp2."""

import pytest

import api
import endpoint as endpoints
import net
import rtp
import sdp
from calls import CALL, phone_to_phone

SSRC = 0x5eed
MODES = {  # what the caller and the callee speak: None is plain RTP
    "pass": (None, None),
    "decrypt": ("AES_CM_128_HMAC_SHA1_80", None),
    "encrypt": (None, "AES_CM_128_HMAC_SHA1_80"),
    "transcrypt to GCM": ("AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM"),
    "transcrypt to a short tag": ("AEAD_AES_256_GCM", "AES_CM_128_HMAC_SHA1_32"),
    "the same suite, another key": ("AEAD_AES_128_GCM", "AEAD_AES_128_GCM"),
}
# At most this many packets are on their way: no queue between the sockets ever overflows.
WINDOW = 64


@pytest.fixture
def judge():
    return "auto"


# For a test whose packets no filter would believe to be a participant's.
unfiltered = pytest.mark.parametrize("judge", ["off"])


@pytest.fixture
def relay(start_relay, judge):
    """Streams go by as fast as the sockets carry them, so their rate has no limit."""
    return start_relay(public=f"shed={judge}", trunk=f"shed={judge}", controlplane="headroom=0")


@pytest.fixture
def pair(relay, endpoint):
    """Two phones in a call: pair(suite of the caller, suite of the callee)."""
    def make(near, far):
        caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4], suite=near)
        callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4], suite=far)
        phone_to_phone(relay, caller, callee, api.SAVP if far else api.AVP)
        return caller, callee
    return make


def packet(index):
    return rtp.Packet(index & 0xffff, 160 * index & 0xffffffff, SSRC,
                      index.to_bytes(4, "big") * 40)


def carry(sender, receiver, indices):
    """Every packet of a stream, by its extended sequence number, arrives as it was."""
    indices = list(indices)
    for at in range(0, len(indices), WINDOW):
        packets = [packet(index) for index in indices[at:at + WINDOW]]
        sender.send(*packets)
        received = receiver.receive(len(packets))
        assert [one.sequence for one in received] == [one.sequence for one in packets]
        assert received == packets


@pytest.mark.parametrize("mode", MODES)
def test_both_ways(relay, pair, mode):
    caller, callee = pair(*MODES[mode])
    carry(caller, callee, range(1000, 1300))
    carry(callee, caller, range(2000, 2300))
    for tag, suite in zip(("caller", "callee"), MODES[mode]):
        leg = relay.api.leg(CALL, tag)
        assert leg.suite == (suite or "")
        assert leg.flow.packets == 300
        assert leg.flow.bytes == 300 * 172
        assert leg.flow.auth_failures == leg.flow.replays == 0
        assert [(s.ssrc, s.packets, s.lost) for s in relay.api.streams(CALL, tag)] == [
            (SSRC, 300, 0)]


# Leaps are what a filter takes for a forger's guesses, hundreds of them at once.
@unfiltered
@pytest.mark.parametrize("mode", ["decrypt", "encrypt", "transcrypt to GCM"])
def test_the_sequence_number_wraps_twenty_times(pair, mode):
    """Without the rollover counter (RFC 3711 3.3.1) no packet after the first wrap is right.

    The stream is dense around each wrap, and between them leaves out no more numbers than a stream
    may that goes on (RFC 3550 A.1).
    """
    caller, callee = pair(*MODES[mode])
    for wrap in range(1, 21):
        middle = wrap << 16
        carry(caller, callee, range(middle - 62900, middle - 100, 2500))
        carry(caller, callee, range(middle - 100, middle + 100))


def test_a_whole_cycle_of_sequence_numbers(relay, pair):
    caller, callee = pair("AEAD_AES_128_GCM", None)
    carry(caller, callee, range(65000, 65000 + 66000))
    flow = relay.api.leg(CALL, "caller").flow
    assert (flow.packets, flow.auth_failures) == (66000, 0)
    assert [stream.lost for stream in relay.api.streams(CALL, "caller")] == [0]


def test_disorder_across_a_wrap(pair):
    """Late packets from before the wrap still belong to the old rollover count."""
    caller, callee = pair("AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM")
    order = [index ^ 3 for index in range(0xffe0, 0x10020)]
    carry(caller, callee, order)


def test_a_thousand_packets_late_is_not_too_late(pair):
    caller, callee = pair("AES_CM_128_HMAC_SHA1_80", None)
    carry(caller, callee, [100, *range(102, 1100), 101])


def test_a_stray_packet_costs_itself_alone(relay, pair):
    """Damaged or forged, far ahead: the numbers towards the SRTP side go on where they were."""
    caller, callee = pair(None, "AES_CM_128_HMAC_SHA1_80")
    carry(caller, callee, range(1000, 1050))
    caller.send(packet(33000))
    carry(caller, callee, range(1050, 1100))
    assert [stream.renumbered for stream in relay.api.streams(CALL, "caller")] == [0]


def test_a_sender_that_counts_anew(relay, pair):
    """The same SSRC restarts its numbers: from the second packet on the other side hears it."""
    caller, callee = pair(None, "AES_CM_128_HMAC_SHA1_80")
    carry(caller, callee, range(40000, 40050))
    caller.send(*[packet(index) for index in range(500, 550)])
    heard = callee.receive(49)
    assert [one.payload for one in heard] == [packet(index).payload for index in range(501, 550)]
    numbers = [one.sequence for one in heard]
    assert numbers == list(range(numbers[0], numbers[0] + 49))
    assert 0 < numbers[0] - 40049 < 10
    assert [stream.renumbered for stream in relay.api.streams(CALL, "caller")] == [1]


def test_rtcp_is_carried_re_encrypted(relay, pair):
    caller, callee = pair("AES_CM_128_HMAC_SHA1_80", "AEAD_AES_256_GCM")
    carry(caller, callee, range(10))
    before = relay.api.leg(CALL, "caller").flow.rtcp_packets
    report = bytes.fromhex("80c90001") + SSRC.to_bytes(4, "big")
    caller.send_rtcp(report)
    assert callee.receive_rtcp() == report
    assert relay.api.leg(CALL, "caller").flow.rtcp_packets == before + 1


@pytest.mark.parametrize("suite", sdp.SUITES)
@pytest.mark.parametrize("octet", [1, 3, 7, 11, 12, 100, -1])
def test_a_tampered_packet_is_refused_and_the_original_accepted(relay, pair, suite, octet):
    """One bit differs: in the header, the payload or the tag. The window must not have moved."""
    caller, callee = pair(suite, None)
    carry(caller, callee, range(100, 110))
    before, sent = relay.api.drops(), relay.api.leg(CALL, "caller").flow.sent_packets
    original = caller.protect(packet(110))
    lie = bytearray(original)
    lie[octet] ^= 1
    caller.send_raw(bytes(lie))
    relay.wait_drops("auth_failed", 1, before)
    caller.send_raw(original)
    assert callee.receive() == [packet(110)]
    assert relay.api.leg(CALL, "caller").flow.sent_packets == sent + 1


def test_replays_are_refused_even_after_a_wrap(relay, pair):
    caller, callee = pair("AEAD_AES_128_GCM", None)
    carry(caller, callee, range(0xff00, 0xfff0))
    recorded = [caller.protect(packet(index)) for index in range(0xfff0, 0x10010)]
    for datagram in recorded:
        caller.send_raw(datagram)
    callee.receive(len(recorded))
    before = relay.api.drops()
    for datagram in recorded:
        caller.send_raw(datagram)
    relay.wait_drops("replay", len(recorded), before)
    carry(caller, callee, range(0x10010, 0x10020))
    assert callee.drain() == []


def test_streams_in_one_flow_are_capped(relay, pair):
    """A sender that invents SSRCs, with the right key, does not take all the memory there is."""
    caller, callee = pair("AEAD_AES_128_GCM", None)
    before = relay.api.drops()
    for ssrc in range(64):
        caller.send(rtp.Packet(1, 160, ssrc + 1, bytes(160)))
    relay.wait_drops("stream_limit", 64 - 32, before)
    assert len(relay.api.leg(CALL, "caller").flow.streams) == 32
