# SPDX-License-Identifier: BSD-3-Clause
"""Two telephones share their SDES keys: the relay checks packets, and leaves them as they are."""

import grpc
import pytest

import api
import endpoint as endpoints
import net
import rtp
import sdp
import wait
from calls import CALL, TAGS, exchange, family, phone_side, phone_to_phone

SSRC = 0x5eed
REPORT = bytes.fromhex("80c90001") + SSRC.to_bytes(4, "big")


def packets(*numbers):
    return [rtp.Packet(number, 160 * number, SSRC, number.to_bytes(4, "big") * 40)
            for number in range(*numbers)]


@pytest.fixture
def pair(relay, endpoint):
    """Two phones in a call whose keys are theirs alone."""
    def make(suite):
        caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4], suite=suite)
        callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4], suite=suite)
        sdps = phone_to_phone(relay, caller, callee, api.SAVP, keys=api.SHARED)
        for text, sender in zip(sdps, (caller, callee)):
            assert sdp.parse(text)[0].cryptos == [sender.crypto]
        return caller, callee
    return make


def modes(relay):
    return [api.MODE(path.mode) for path in relay.api.query(CALL).paths]


def pass_unchanged(sender, receiver, datagrams):
    for datagram in datagrams:
        sender.send_raw(datagram)
        assert receiver.datagram() == datagram


def test_tone_both_ways(relay, phone):
    caller = phone(440, suites=["AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80"])
    callee = phone(1000, port=5000, suites=["AES_CM_128_HMAC_SHA1_80"])
    for_callee, for_caller = exchange(relay, caller, callee, to=phone_side(profile=api.SAVP),
                                      network="trunk", family=family(4), keys=api.SHARED)
    assert sdp.parse(for_callee)[0].cryptos == caller.cryptos
    assert sdp.parse(for_caller)[0].cryptos == [callee.crypto]
    callee.wait_tone(440)
    caller.wait_tone(1000)
    assert modes(relay) == ["MODE_VERIFY"] * 2
    assert relay.ctl("call", CALL).count(" verify ") == 2

    exchange(relay, callee, caller, tags=TAGS[::-1], offer={"direction": "inactive"},
             answer={"direction": "inactive"})
    callee.wait_silence()
    exchange(relay, caller, callee)
    callee.wait_tone(440)
    caller.wait_tone(1000)
    assert modes(relay) == ["MODE_VERIFY"] * 2
    assert all(relay.api.leg(CALL, tag).flow.auth_failures == 0 for tag in TAGS)


@pytest.mark.parametrize("suite", sdp.SUITES)
def test_every_octet_stays(relay, pair, suite):
    """Of SRTP across a wrap of the sequence number, and of SRTCP, whose index is in the packet."""
    caller, callee = pair(suite)
    for sender, receiver in ((caller, callee), (callee, caller)):
        for first in (40000, 65500):
            pass_unchanged(sender, receiver, [sender.protect(packet)
                                              for packet in packets(first, first + 60)])
        pass_unchanged(sender, receiver, [sender.outbound.rtcp(REPORT) for _ in range(5)])
    assert modes(relay) == ["MODE_VERIFY"] * 2
    for tag in TAGS:
        flow = relay.api.leg(CALL, tag).flow
        assert (flow.packets, flow.auth_failures, flow.replays) == (120, 0, 0)
        assert [(stream.ssrc, stream.packets) for stream in relay.api.streams(CALL, tag)] == [
            (SSRC, 120)]


@pytest.mark.parametrize("suite", sdp.SUITES)
def test_what_is_wrong_goes_no_further(relay, pair, suite):
    caller, callee = pair(suite)
    good = [caller.protect(packet) for packet in packets(100, 120)] + [caller.outbound.rtcp(REPORT)]
    for number, datagram in enumerate(good):
        before = relay.api.drops()
        tampered = bytearray(datagram)
        tampered[number % 8 + 12 if rtp.is_rtp(datagram) else -1] ^= 1
        caller.send_raw(bytes(tampered))
        relay.wait_drops("auth_failed", 1, before)
        pass_unchanged(caller, callee, [datagram])
        caller.send_raw(datagram)
        relay.wait_drops("replay", 1, before)
    assert callee.drain() == []


def test_new_keys_lose_nothing(relay, pair):
    """Of both at once. What was on its way under the old ones passes as well, and as it was."""
    caller, callee = pair("AES_CM_128_HMAC_SHA1_80")
    sent = [(caller, callee, caller.protect(packet)) for packet in packets(20)]
    sent += [(callee, caller, callee.protect(packet)) for packet in packets(20)]
    for sender, receiver, datagram in sent[::2]:
        pass_unchanged(sender, receiver, [datagram])
    for phone in (caller, callee):
        phone.crypto = sdp.Crypto.new("AEAD_AES_256_GCM")
    exchange(relay, callee, caller, tags=TAGS[::-1])
    for sender, receiver, datagram in sent[1::2]:
        pass_unchanged(sender, receiver, [datagram])
    for sender, receiver in ((caller, callee), (callee, caller)):
        pass_unchanged(sender, receiver, [sender.protect(packet) for packet in packets(20, 40)])
    assert modes(relay) == ["MODE_VERIFY"] * 2
    assert all(relay.api.leg(CALL, tag).flow.auth_failures == 0 for tag in TAGS)


def test_a_new_control_plane_knows_that_they_are_shared(relay, pair):
    """And the dataplane that the keys of the next offer are those that it has: no replay passes."""
    caller, callee = pair("AEAD_AES_128_GCM")
    before = [caller.protect(packet) for packet in packets(20)]
    pass_unchanged(caller, callee, before)
    relay.controlplane.kill()
    relay.start_controlplane()
    wait.until(relay.api.list, 10, "the new control plane to list the call")
    assert modes(relay) == ["MODE_VERIFY"] * 2
    sdps = exchange(relay, caller, callee)
    assert [sdp.parse(text)[0].cryptos for text in sdps] == [[caller.crypto], [callee.crypto]]
    drops = relay.api.drops()
    for datagram in before:
        caller.send_raw(datagram)
    relay.wait_drops("replay", len(before), drops)
    pass_unchanged(caller, callee, [caller.protect(packet) for packet in packets(20, 40)])
    assert modes(relay) == ["MODE_VERIFY"] * 2


def test_sharing_ends_when_it_is_asked_to(relay, pair):
    caller, callee = pair("AES_CM_128_HMAC_SHA1_80")
    pass_unchanged(caller, callee, [caller.protect(packet) for packet in packets(20)])
    sdps = exchange(relay, caller, callee, keys=api.relay.KEYS_OWN)
    shown = [crypto.key for text in sdps for crypto in sdp.parse(text)[0].cryptos]
    assert caller.crypto.key not in shown and callee.crypto.key not in shown
    sent = packets(20, 40)
    caller.send(*sent)
    assert callee.receive(len(sent)) == sent
    assert modes(relay) == ["MODE_TRANSCRYPT"] * 2


@pytest.mark.parametrize("near, far", [("AES_CM_128_HMAC_SHA1_80", api.AVP), (None, api.SAVP)])
def test_keys_that_one_side_does_not_have_are_not_shared(relay, endpoint, near, far):
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4], suite=near)
    with pytest.raises(grpc.RpcError) as refused:
        relay.api.offer(CALL, "caller", caller.offer(), to=phone_side(profile=far),
                        keys=api.SHARED)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "KEYS_SHARED needs RTP/SAVP" in refused.value.details()
    assert relay.api.list() == []
