# SPDX-License-Identifier: BSD-3-Clause
"""A running call changes: its ports and flows stay."""

import pytest

import api
import endpoint as endpoints
import net
import phone as phones
import rtp
import sdp
from calls import (CALL, TAGS, agent_to_phone, browser_to_phone, exchange, open_path,
                   phone_to_phone)


def places(sdps):
    """The relay's addresses in the offer to the callee and in the answer to the caller."""
    return [(media.address, media.port) for text in sdps for media in sdp.parse(text)]


@pytest.fixture
def call(relay, page, phone):
    """A browser and a phone that hear each other; reoffer() changes something."""
    browser, telephone = page(frequency=440, codec="PCMU"), phone(1000)
    at = places(browser_to_phone(relay, browser, telephone))

    def reoffer(**change):
        assert places(exchange(relay, browser, telephone, **change)) == at
        relay.wait_state(CALL, "CALL_UP")
    telephone.wait_tone(440)
    browser.wait_tone(1000)
    return browser, telephone, reoffer


def test_hold_and_resume(relay, call):
    browser, telephone, reoffer = call
    legs = {leg.tag: leg.id for leg in relay.api.query(CALL).legs}

    reoffer(offer={"direction": "inactive"}, answer={"direction": "inactive"})
    telephone.wait_silence()
    browser.wait_silence()
    held = relay.api.leg(CALL, "callee").flow.sent_packets

    reoffer(offer={"direction": "sendrecv"})
    telephone.wait_tone(440)
    browser.wait_tone(1000)
    assert relay.api.leg(CALL, "callee").flow.sent_packets > held
    assert {leg.tag: leg.id for leg in relay.api.query(CALL).legs} == legs


def test_a_phone_that_talks_into_a_hold_is_not_forwarded(relay, call):
    browser, telephone, reoffer = call
    before = relay.api.drops()
    reoffer(offer={"direction": "inactive"}, answer={"direction": "inactive"})
    telephone.talk_anyway()
    relay.wait_drops("held", 20, before)
    browser.wait_silence()


def test_one_way_hold(call):
    """The browser only sends, as with music on hold: the phone still hears it."""
    browser, telephone, reoffer = call
    reoffer(offer={"direction": "sendonly"}, answer={"direction": "recvonly"})
    browser.wait_silence()
    telephone.forget()
    telephone.wait_tone(440)


def test_ice_restart(relay, call):
    browser, telephone, reoffer = call
    before = browser.stats("transport")[0]["iceLocalUsernameFragment"]
    reoffer(offer={"restart": True})
    assert browser.stats("transport")[0]["iceLocalUsernameFragment"] != before
    browser.wait_state("connected")
    telephone.forget()
    telephone.wait_tone(440)
    browser.wait_tone(1000)
    assert relay.api.leg(CALL, "caller").flow.auth_failures == 0


def test_the_old_ice_password_lasts_until_the_new_one_is_used(relay, endpoint):
    """Media and consent go on with the old pair until a new one is nominated (RFC 8445 9)."""
    agent = endpoint(endpoints.Agent, net.BROWSERS, net.BROWSER[4])
    telephone = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    agent_to_phone(relay, agent, telephone)
    agent.connect()
    old = agent.credentials()
    agent.restart_ice()
    exchange(relay, agent, telephone)
    assert agent.credentials() != old
    assert agent.check(**old)[1] is None
    assert agent.check()[1] is None
    assert agent.check(**old)[1] == 401
    packet = rtp.Packet(1, 160, 0x1234, b"after the restart" * 8)
    agent.send(packet)
    assert telephone.receive() == [packet]


def test_the_phone_moves(relay, call):
    """The callee re-offers from another address and port."""
    browser, telephone, _ = call
    telephone.hang_up()
    moved = phones.Phone(net.PHONES, net.PHONE_OTHER[4], 2000, 6000)
    try:
        exchange(relay, moved, browser, tags=TAGS[::-1])
        moved.wait_tone(440)
        browser.wait_tone(2000)
        assert relay.api.leg(CALL, "callee").remote == f"{net.PHONE_OTHER[4]}:6000"
    finally:
        moved.close()


def test_the_old_address_does_not_win_the_leg_back(relay, endpoint):
    """After a re-offer names a new address, packets still on their way are not a latch."""
    before = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    after = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    phone_to_phone(relay, before, callee, api.AVP)
    packets = [rtp.Packet(number, 160 * number, 0x1111, bytes([number]) * 160)
               for number in range(30)]
    before.send(*packets[:10])
    assert callee.receive(10) == packets[:10]

    drops = relay.api.drops()
    exchange(relay, after, callee)
    before.send(*packets[10:20])
    relay.wait_drops("wrong_source", 10, drops)
    open_path(callee, after)
    callee.send(packets[0])
    assert after.receive() == packets[:1]
    after.send(*packets[20:])
    assert callee.receive(10) == packets[20:]


def test_a_new_ssrc_is_a_new_stream(relay, endpoint):
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4], suite="AEAD_AES_128_GCM")
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
    phone_to_phone(relay, caller, callee, api.AVP)
    for ssrc, first in ((0x1111, 0), (0x2222, 7000), (0x1111, 50)):
        packets = [rtp.Packet(number, 160 * number, ssrc, bytes(160))
                   for number in range(first, first + 50)]
        caller.send(*packets)
        assert callee.receive(len(packets)) == packets
    streams = relay.api.streams(CALL, "caller")
    assert {stream.ssrc: stream.packets for stream in streams} == {0x1111: 100, 0x2222: 50}


def test_a_new_key_loses_nothing(relay, endpoint):
    """What was on its way under the old key still arrives; the new key works at once."""
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4], suite="AEAD_AES_128_GCM")
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
    phone_to_phone(relay, caller, callee, api.AVP)
    packets = [rtp.Packet(number, 160 * number, 0x1111, bytes([number]) * 160)
               for number in range(60)]
    caller.send(*packets[:20])
    late = [caller.protect(packet) for packet in packets[20:40]]
    caller.crypto = sdp.Crypto.new("AEAD_AES_128_GCM")
    exchange(relay, caller, callee)
    for datagram in late:
        caller.send_raw(datagram)
    caller.send(*packets[40:])
    assert callee.receive(len(packets)) == packets
    assert relay.api.leg(CALL, "caller").flow.auth_failures == 0
