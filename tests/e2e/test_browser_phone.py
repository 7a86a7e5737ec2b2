# SPDX-License-Identifier: BSD-3-Clause
"""A browser calls a plain telephone: a tone each way, nothing readable on its link."""

import pytest

import media
import sdp
from api import LINK
from calls import (CALL, TAGS, addresses_in, browser_to_phone, exchange, hang_up,
                   webrtc_side)


@pytest.mark.parametrize("version, workers", [(4, 1), (4, 2), (6, 2)])
def test_tone_both_ways(start_relay, page, phone, captures, version, workers):
    relay = start_relay(workers=workers)
    browser, telephone = page(frequency=440, codec="PCMU"), phone(1000, version)
    for_phone, for_browser = browser_to_phone(relay, browser, telephone, version)

    telephone.wait_tone(440)
    browser.wait_tone(1000)

    assert addresses_in(for_phone) == addresses_in(for_browser) == []
    assert sdp.parse(for_phone)[0].profile == "RTP/AVP"
    for tag in TAGS:
        relay.wait_flow(CALL, tag, lambda flow: flow.packets > 100)
    assert relay.api.status().workers == workers
    leg = relay.api.leg(CALL, "caller")
    assert (LINK(leg.ice), LINK(leg.dtls), leg.why) == ("LINK_UP", "LINK_UP", "")
    assert leg.suite
    assert leg.handshake_ms > 0

    final = hang_up(relay, browser, telephone)
    public = media.browser_link(captures, version)
    trunk = media.phone_link(captures, version)
    assert trunk.forwarded == final["caller"].flow.sent_packets
    assert public.forwarded == final["callee"].flow.sent_packets
    assert media.gaps(trunk.heard) == media.gaps(public.heard) == {}
    assert media.looks_random(public.sent) and media.looks_random(public.heard)
    assert not media.looks_random(trunk.sent) and not media.looks_random(trunk.heard)
    assert media.readable(trunk.heard, public.sent) == []
    assert media.readable(trunk.sent, public.heard) == []


def test_statistics_agree_with_what_the_ends_count(relay, page, phone):
    browser, telephone = page(frequency=440, codec="PCMU"), phone(1000)
    browser_to_phone(relay, browser, telephone)
    telephone.wait_tone(440)
    browser.wait_tone(1000)
    browser.wait_report()

    for tag, ssrc in (("caller", browser.stats("outbound-rtp")[0]["ssrc"]),
                      ("callee", browser.received()["ssrc"])):
        flow = relay.wait_flow(CALL, tag, lambda flow: flow.rtcp_packets > 0)
        assert [stream.ssrc for stream in flow.streams] == [ssrc]
        assert flow.streams[0].lost == 0
        assert flow.streams[0].payload_type == 0
        assert 0 <= flow.streams[0].jitter_ms < 50
        assert flow.auth_failures == flow.replays == 0
        assert flow.silence_ms < 1000


def test_what_is_dropped_is_what_came_before_the_call_was_up(relay, page, phone):
    """A phone talks as soon as it has answered; once the browser is there, nothing is lost."""
    browser, telephone = page(frequency=440, codec="PCMU"), phone(1000)
    browser_to_phone(relay, browser, telephone)
    telephone.wait_tone(440)
    browser.wait_tone(1000)
    before = {tag: relay.api.leg(CALL, tag).flow for tag in TAGS}
    for tag in TAGS:
        flow = relay.wait_flow(CALL, tag, lambda flow: flow.packets > before[tag].packets + 100)
        for member in ("auth_failures", "replays", "wrong_source", "other_drops"):
            assert getattr(flow, member) == getattr(before[tag], member), member


def test_a_phone_calls_a_browser(relay, page, phone):
    browser, telephone = page(frequency=440, codec="PCMU"), phone(1000)
    for_browser, for_phone = exchange(relay, telephone, browser, to=webrtc_side(),
                                      network="trunk")
    assert sdp.parse(for_browser)[0].profile == "UDP/TLS/RTP/SAVPF"
    assert sdp.parse(for_phone)[0].profile == "RTP/AVP"
    browser.wait_state("connected")
    telephone.wait_tone(440)
    browser.wait_tone(1000)
