# SPDX-License-Identifier: BSD-3-Clause
"""Two browsers, audio and video in one bundle: every stream crosses the relay re-encrypted."""

import pytest

import sdp
from api import LINK
from calls import CALL, addresses_in, browser_to_browser


@pytest.mark.parametrize("version", [4, 6])
def test_audio_and_video(relay, page, version):
    caller, callee = page(frequency=440, video=True), page(frequency=1000, video=True)
    for sdp_made in browser_to_browser(relay, caller, callee, version):
        audio, video = sdp.parse(sdp_made)
        assert addresses_in(sdp_made) == []
        assert audio.port == video.port
        assert audio.address == video.address

    callee.wait_tone(440)
    caller.wait_tone(1000)
    caller.wait_frames(10)
    callee.wait_frames(10)

    legs = relay.api.query(CALL).legs
    assert sorted(leg.tag for leg in legs) == ["callee", "caller"]
    for leg in legs:
        assert leg.media == "audio+video"
        assert (LINK(leg.ice), LINK(leg.dtls), leg.why) == ("LINK_UP", "LINK_UP", "")
        assert len(leg.flow.streams) >= 2
        assert leg.flow.auth_failures == leg.flow.replays == 0


def test_a_key_frame_is_asked_for_through_the_relay(relay, page):
    """Feedback is RTCP: it has to find its way back to the sender, re-encrypted."""
    caller, callee = page(frequency=440, video=True), page(frequency=1000, video=True)
    browser_to_browser(relay, caller, callee)
    callee.wait_frames(10)
    before = caller.stats("outbound-rtp", kind="video")[0].get("pliCount", 0)
    callee.ask_key_frame()
    caller.wait_stat("outbound-rtp", "pliCount", before + 1, kind="video")
    callee.wait_frames(10)
