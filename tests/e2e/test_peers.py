# SPDX-License-Identifier: BSD-3-Clause
"""The peers without a relay between them: what fails here is not Tandem's."""

import pytest

import endpoint as endpoints
import net
import phone as phones
import rtp
import sdp

pytestmark = pytest.mark.shipped


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("suite", [None, *sdp.SUITES])
def test_phone_to_phone(phone, machine, version, suite):
    suites = [suite] if suite else []
    caller = phone(440, version, 4000, suites)
    callee = phones.Phone(net.PHONES, net.PHONE_OTHER[version], 1000, 5000, suites)
    try:
        caller.accept(callee.answer(caller.offer()))
        callee.wait_tone(440)
        caller.wait_tone(1000)
    finally:
        callee.close()


def test_phones_that_disagree_on_the_key_hear_nothing(phone):
    caller = phone(440, 4, 4000, ["AEAD_AES_128_GCM"])
    callee = phone(1000, 4, 5000, ["AEAD_AES_128_GCM"])
    answer = callee.answer(caller.offer())
    wrong = sdp.Crypto.new("AEAD_AES_128_GCM")
    caller.accept(answer.replace(sdp.parse(answer)[0].cryptos[0].inline, wrong.inline))
    callee.wait_tone(440)
    assert not caller.heard().clear


def test_browser_to_browser(page):
    caller, callee = page(frequency=440, video=True), page(frequency=1000, video=True)
    caller.accept(callee.answer(caller.offer()))
    for participant, frequency in ((caller, 1000), (callee, 440)):
        participant.wait_state("connected")
        participant.wait_tone(frequency)
        participant.wait_frames(10)
    asked = caller.stats("outbound-rtp", kind="video")[0].get("pliCount", 0)
    callee.ask_key_frame()
    caller.wait_stat("outbound-rtp", "pliCount", asked + 1, kind="video")
    callee.wait_frames(10)


def test_browser_holds_and_restarts_ice(page):
    caller, callee = page(frequency=440), page(frequency=1000)
    for offer in ({}, {"direction": "inactive"}, {"direction": "sendrecv"}, {"restart": True}):
        caller.accept(callee.answer(caller.offer(**offer)))
        caller.wait_state("connected")
        if offer.get("direction") == "inactive":
            callee.wait_silence()
        else:
            callee.wait_tone(440)
            caller.wait_tone(1000)


@pytest.mark.parametrize("suite", sdp.SUITES)
def test_single_packets(endpoint, suite):
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4], suite=suite)
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4], suite=suite)
    caller.accept(callee.answer(caller.offer()))
    packet = rtp.Packet(1, 160, 0x1234, b"a payload")
    caller.send(packet)
    assert callee.receive() == [packet]
