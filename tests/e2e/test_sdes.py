# SPDX-License-Identifier: BSD-3-Clause
"""A browser calls a telephone that encrypts with keys from the SDP (RFC 4568)."""

import pytest

import api
import media
import sdp
from calls import CALL, browser_to_phone


@pytest.mark.parametrize("suite", sdp.SUITES)
def test_tone_both_ways(relay, page, phone, captures, suite):
    browser, telephone = page(frequency=440, codec="PCMU"), phone(1000, suites=[suite])
    for_phone, _ = browser_to_phone(relay, browser, telephone, profile=api.SAVP)
    offered = sdp.parse(for_phone)[0]
    assert offered.profile == "RTP/SAVP"
    assert {crypto.suite for crypto in offered.cryptos} == set(sdp.SUITES)
    assert not offered.has("fingerprint") and not offered.has("ice-ufrag")

    telephone.wait_tone(440)
    browser.wait_tone(1000)
    assert relay.api.leg(CALL, "callee").suite == suite

    trunk = media.phone_link(captures)
    assert media.looks_random(trunk.sent) and media.looks_random(trunk.heard)


def test_only_the_suites_that_were_asked_for(relay, page, phone):
    wanted = ["AEAD_AES_256_GCM", "AES_CM_128_HMAC_SHA1_80"]
    browser, telephone = page(frequency=440, codec="PCMU"), phone(1000, suites=wanted[1:])
    for_phone, _ = browser_to_phone(relay, browser, telephone, profile=api.SAVP, suites=wanted)
    assert [crypto.suite for crypto in sdp.parse(for_phone)[0].cryptos] == wanted
    telephone.wait_tone(440)
    browser.wait_tone(1000)


def test_a_phone_with_the_wrong_key_is_heard_by_nobody(relay, page, phone):
    suite = "AES_CM_128_HMAC_SHA1_80"
    browser, telephone = page(frequency=440, codec="PCMU"), phone(1000, suites=[suite])
    telephone.lies = True
    browser_to_phone(relay, browser, telephone, profile=api.SAVP)
    telephone.wait_tone(440)
    flow = relay.wait_flow(CALL, "callee", lambda flow: flow.auth_failures >= 50)
    assert flow.packets == flow.sent_packets == 0
    assert not browser.heard().clear
