# SPDX-License-Identifier: BSD-3-Clause
"""Whole calls, driven by what OpenSIPS would send (opensips.py)."""

import re

import pytest

import endpoint as endpoints
import net
import opensips
import rtp
import sdp
from opensips import AGENT, PLAIN, TO_BROWSER, TO_PHONE, TO_SECURE, TRUNK


@pytest.fixture
def proxy(start_relay):
    start_relay(controlplane=opensips.CONFIGURATION)
    made = opensips.OpenSips()
    yield made
    made.close()


def check_statistics(reply):
    """What $rtpstat makes of a reply, whose call talked both ways."""
    assert reply["result"] == "ok", reply
    line = opensips.rtpstat(reply)
    octets, packets = map(int, re.match(r"RTP: (\d+) bytes, (\d+) packets, ", line).groups())
    assert packets and octets > 160 * packets, line
    for tag in ("a", "b"):
        assert 35 < opensips.mos(reply, tag) <= 50, (tag, reply)
        assert 0 <= opensips.mos_min_at(reply, tag) < 600, (tag, reply)


def end(proxy, received, by):
    check_statistics(proxy.send(opensips.statistics(received)))
    check_statistics(proxy.send({**opensips.bye(received, by), "delete-delay": 1}))
    # The BYE's own repetition, by another process.
    again = opensips.OpenSips(pid=4712)
    assert again.send(opensips.bye(received, by))["result"] == "ok"
    again.close()


def test_a_browser_calls_a_telephone(proxy, page, phone):
    browser, telephone = page(frequency=440, codec="PCMU"), phone(1000)
    assert proxy.send(opensips.PING) == {"result": "pong"}
    offered = proxy.sdp(opensips.invite(TO_PHONE, AGENT), browser.offer())
    assert sdp.parse(offered)[0].profile == "RTP/AVP"
    assert not re.search("ice-|candidate|fingerprint|rtcp-mux", offered)
    browser.accept(proxy.sdp(opensips.ok(TO_BROWSER, TRUNK), telephone.answer(offered)))
    browser.wait_tone(1000)
    telephone.wait_tone(440)

    # The telephone holds, and goes on: its re-INVITE has its own tag as from-tag.
    for direction in ("sendonly", "sendrecv"):
        offered = proxy.sdp(opensips.reinvite(TO_BROWSER, TRUNK, "b", "a"),
                            telephone.offer(direction=direction))
        telephone.accept(proxy.sdp(opensips.reinvite_ok(TO_PHONE, AGENT, "b", "a"),
                                   browser.answer(offered)))
        if direction == "sendonly":
            telephone.wait_silence()
    telephone.wait_tone(440)
    browser.wait_tone(1000)

    # The browser's own re-INVITE finds the same port.
    again = proxy.sdp(opensips.reinvite(TO_PHONE, AGENT, "a", "b"), browser.offer())
    browser.accept(proxy.sdp(opensips.reinvite_ok(TO_BROWSER, TRUNK, "a", "b"),
                             telephone.answer(again)))
    telephone.forget()
    telephone.wait_tone(440)
    end(proxy, AGENT, "a")


def test_a_telephone_calls_a_browser(proxy, page, phone):
    browser, telephone = page(frequency=440, codec="PCMU"), phone(1000)
    offered = proxy.sdp(opensips.invite(TO_BROWSER, TRUNK), telephone.offer())
    assert sdp.parse(offered)[0].profile == "UDP/TLS/RTP/SAVPF"
    assert "a=crypto" not in offered and "a=fingerprint" in offered and "a=mid" in offered
    telephone.accept(proxy.sdp(opensips.ok(TO_PHONE, AGENT), browser.answer(offered)))
    browser.wait_tone(1000)
    telephone.wait_tone(440)
    end(proxy, AGENT, "b")


def test_a_telephone_calls_one_with_sdes(proxy, endpoint):
    plain = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    secure = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4],
                      suite="AES_CM_128_HMAC_SHA1_32")
    offered = proxy.sdp(opensips.invite(TO_SECURE, TRUNK), plain.offer())
    assert [crypto.suite for crypto in sdp.parse(offered)[0].cryptos] == [secure.crypto.suite]
    plain.accept(proxy.sdp(opensips.ok(PLAIN, TRUNK), secure.answer(offered)))
    for sequence in range(60):
        for sender, ssrc in ((plain, 7), (secure, 8)):
            sender.send(rtp.Packet(sequence, 160 * sequence, ssrc, b"\x42" * 160))
    for receiver in (plain, secure):
        assert receiver.receive(15)[0].payload == b"\x42" * 160
    end(proxy, TRUNK, "a")


def test_the_second_callee_answers(proxy, phone):
    """The first one's INVITE is cancelled; the second's has another branch and the same tags."""
    caller, callee = phone(440), phone(1000, port=5000)
    proxy.sdp(opensips.invite(PLAIN, TRUNK), caller.offer())
    assert proxy.send(opensips.bye(TRUNK, "a"))["result"] == "ok"
    branch = {"via-branch": "z9hG4bK24d8.a5a5a5a4.1"}
    offered = proxy.sdp({**opensips.invite(PLAIN, TRUNK), **branch}, caller.offer())
    caller.accept(proxy.sdp({**opensips.ok(PLAIN, TRUNK), **branch}, callee.answer(offered)))
    caller.wait_tone(1000)
    callee.wait_tone(440)
    end(proxy, TRUNK, "b")
