# SPDX-License-Identifier: BSD-3-Clause
"""SDP and media as they are met in the field: odd, old, behind translators, and yet a call."""

import itertools
import time

import pytest

import api
import endpoint as endpoints
import net
import rtp
import sdp
import stun
import wait
from calls import CALL, TAGS, exchange, family, open_path, phone_side, phone_to_phone, webrtc_side

PRIVATE = "10.0.0.5"
SUITE = "AES_CM_128_HMAC_SHA1_80"
RTCP = bytes.fromhex("80c90001") + bytes(4)
MUX = phone_side(rtcp_mux=api.relay.TOGGLE_ON)


@pytest.fixture
def phones(endpoint):
    return (endpoint(endpoints.Phone, net.PHONES, net.PHONE[4]),
            endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4]))


def packets(count, first=0, ssrc=0xf1e1d):
    return [rtp.Packet(number & 0xffff, 160 * number, ssrc, number.to_bytes(4, "big") * 40)
            for number in range(first, first + count)]


def passes(sender, receiver, sent):
    sender.send(*sent)
    assert receiver.receive(len(sent)) == sent


def talk(one, other):
    """Media flows both ways."""
    for sender, receiver in ((one, other), (other, one)):
        open_path(sender, receiver)
        passes(sender, receiver, packets(5))


# --- behind a translator

@pytest.mark.parametrize("host", [PRIVATE, net.PHONE[4]], ids=["private", "another port"])
def test_first_heard_long_after_the_offer(start_relay, phones, host):
    """B rings for longer than a leg learns: that time begins when media may flow."""
    relay = start_relay(controlplane="latch_ms=500")
    caller, callee = phones
    offer = caller.offer().replace(net.PHONE[4], host).replace(f"m=audio {caller.port}",
                                                                "m=audio 4000")
    offered = relay.api.offer(CALL, TAGS[0], offer, to=MUX, network="trunk", family=family(4))
    time.sleep(1)
    caller.accept(relay.api.answer(CALL, *TAGS, callee.answer(offered)))
    talk(caller, callee)
    assert relay.api.leg(CALL, "caller").remote == f"{net.PHONE[4]}:{caller.port}"


def test_a_re_offer_lets_a_new_mapping_be_learnt(start_relay, phones, endpoint):
    """The same SDP again: the translator forgot the telephone, and has another port for it."""
    relay = start_relay(controlplane="latch_ms=500")
    caller, callee = phones
    phone_to_phone(relay, caller, callee, api.AVP)
    time.sleep(1)
    mapped = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    mapped.remote = caller.remote
    before = relay.api.drops()
    mapped.send(*packets(3))
    relay.wait_drops("wrong_source", 3, before)
    exchange(relay, caller, callee)
    passes(mapped, callee, packets(10, first=3))
    open_path(callee, mapped)
    passes(callee, mapped, packets(10))


def test_a_call_that_begins_on_hold(start_relay, phones):
    relay = start_relay(controlplane="latch_ms=500")
    caller, callee = phones
    caller.direction = callee.direction = "inactive"
    offer = caller.offer().replace(net.PHONE[4], PRIVATE)
    offered = relay.api.offer(CALL, TAGS[0], offer, to=MUX, network="trunk", family=family(4))
    caller.accept(relay.api.answer(CALL, *TAGS, callee.answer(offered)))
    time.sleep(1)
    caller.direction = callee.direction = "sendrecv"
    offer = caller.offer().replace(net.PHONE[4], PRIVATE)
    caller.accept(relay.api.answer(CALL, *TAGS, callee.answer(
        relay.api.offer(CALL, TAGS[0], offer))))
    talk(caller, callee)


@pytest.mark.parametrize("host", [PRIVATE, net.BROWSER[4]], ids=["private", "another port"])
def test_dtls_without_ice_from_elsewhere(relay, endpoint, host):
    """The certificate decides who it is."""
    agent = endpoint(endpoints.Agent, net.BROWSERS, net.BROWSER[4], setup="active")
    phone = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])

    def offer():
        lines = endpoints.Agent.offer(agent).replace("SAVPF", "SAVP").splitlines()
        return "\r\n".join(
            {"c=IN IP4 0.0.0.0": f"c=IN IP4 {host}",
             "m=audio 9 UDP/TLS/RTP/SAVP 0": "m=audio 4000 UDP/TLS/RTP/SAVP 0"}.get(line, line)
            for line in lines if not line.startswith("a=ice")) + "\r\n"
    agent.offer = offer
    exchange(relay, agent, phone, network="public", family=family(4), to=MUX)
    assert agent.handshake()
    relay.wait_state(CALL, "CALL_UP")
    talk(agent, phone)


# --- m-lines

FOREIGN = ["m=application 4004 UDP/BFCP *", "m=message 2855 TCP/MSRP *", "m=image 4002 udptl t38",
           "m=audio 4008 UNKNOWN 0", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel"]
REJECTED = ["m=video 0 RTP/AVP 255", "m=video 0 RTP/AVP", "m=image 0 udptl",
            "m=video 0 RTP/AVP (null)"]


@pytest.mark.parametrize("line", FOREIGN + REJECTED)
@pytest.mark.parametrize("first", [False, True], ids=["after audio", "before audio"])
def test_an_m_line_that_is_not_relayed(relay, phones, line, first):
    """It has port 0 towards both sides, and the rest goes on."""
    caller, callee = phones

    def with_line(text):
        head, mark, rest = text.partition("m=audio")
        return f"{head}{line}\r\n{mark}{rest}" if first else f"{text}{line}\r\n"

    offered = relay.api.offer(CALL, TAGS[0], with_line(caller.offer()), to=MUX, network="trunk",
                              family=family(4))
    place = 0 if first else 1
    answered = relay.api.answer(CALL, *TAGS, answer_with_the_other_line_rejected(
        callee, offered, place))
    caller.accept(sdp_without(answered, place))
    for text in (offered, answered):
        media = lines(text)
        assert len(media) == 2
        assert media[place].split()[:2] == [line.split()[0], "0"]
        assert media[1 - place].split()[1] != "0"
    talk(caller, callee)


def lines(text):
    return [line for line in text.splitlines() if line.startswith("m=")]


def sections(text):
    head, *media = text.replace("\r\n", "\n").split("\nm=")
    return head, ["m=" + one.rstrip("\n") for one in media]


def sdp_without(text, place):
    head, media = sections(text)
    del media[place]
    return "\r\n".join("\n".join([head, *media]).splitlines()) + "\r\n"


def answer_with_the_other_line_rejected(phone, offered, place):
    rejected = lines(offered)[place]
    answer = phone.answer(sdp_without(offered, place))
    head, mark, rest = answer.partition("m=audio")
    return f"{head}{rejected}\r\n{mark}{rest}" if place == 0 else f"{answer}{rejected}\r\n"


def test_ice_with_two_components(relay, endpoint, phones):
    """Without rtcp-mux RTCP has candidates, checks and a nomination of its own."""
    caller, callee = phones
    control = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    text = sdp.phone(caller.address, caller.port, rtcp_port=control.port) + (
        "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n"
        f"a=candidate:H1 1 UDP 2130706431 {caller.address} {caller.port} typ host\r\n"
        f"a=candidate:H1 2 UDP 2130706430 {caller.address} {control.port} typ host\r\n")
    offered = relay.api.offer(CALL, TAGS[0], text, to=MUX, network="trunk", family=family(4))
    theirs, = sdp.parse(relay.api.answer(CALL, *TAGS, callee.answer(offered)))
    caller.remote = (theirs.address, theirs.port)
    control.remote = (theirs.address, int(theirs.value("rtcp")))
    assert not theirs.has("rtcp-mux") and control.remote[1] == theirs.port + 1
    for component in (caller, control):
        component.send_raw(stun.check(f"{theirs.value('ice-ufrag')}:abcd",
                                      theirs.value("ice-pwd")))
        assert stun.kind(component.datagram()) == stun.BINDING_SUCCESS
    numbers = itertools.count(1)
    for sender, receiver in ((caller, callee), (callee, caller)):
        wait.until(lambda: sender.send(*packets(1, next(numbers))) or receiver.drain(), 5,
                   "a packet")
    wait.until(lambda: control.send_rtcp(RTCP) or any(map(rtp.is_rtcp, callee.drain())), 5,
               "RTCP of the caller's")
    wait.until(lambda: callee.send_rtcp(RTCP) or any(map(rtp.is_rtcp, control.drain())), 5,
               "RTCP of the callee's")
    assert not any(map(rtp.is_rtcp, caller.drain()))


# --- what a browser is particular about

def test_a_mid_lives_as_long_as_its_m_line(relay, endpoint):
    """The telephone re-offers, and knows of no mid; a browser refuses another one than it had."""
    agent = endpoint(endpoints.Agent, net.BROWSERS, net.BROWSER[4])
    phone = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    offer = agent.offer().replace("mid:0", "mid:audio").replace("BUNDLE 0", "BUNDLE audio")
    offered = relay.api.offer(CALL, TAGS[0], offer, to=MUX, network="public", family=family(4))
    answered = relay.api.answer(CALL, *TAGS, phone.answer(offered))
    again = relay.api.offer(CALL, TAGS[1], phone.offer())
    for text in (answered, again):
        media, = sdp.parse(text)
        assert (media.value("group"), media.value("mid")) == ("BUNDLE audio", "audio")


ODD = {
    "no s=": lambda text: text.replace("s=call\r\n", ""),
    "an empty s=": lambda text: text.replace("s=call", "s="),
    "no t=": lambda text: text.replace("t=0 0\r\n", ""),
    "t= before c=": lambda text: moved(text, "t=", "c="),
    "c= before s=": lambda text: moved(text, "c=", "s="),
    "a= before t=": lambda text: text.replace("t=0 0", "a=tool:x\r\nt=0 0"),
    "b= before c=": lambda text: text.replace("c=IN", "b=AS:64\r\nc=IN", 1),
    "a blank in the user's name": lambda text: text.replace("o=phone", "o=Phone System"),
    "v=0 and a blank": lambda text: text.replace("v=0", "v=0 "),
    "an empty line": lambda text: text.replace("t=0 0\r\n", "t=0 0\r\n\r\n"),
    "an odd rtpmap": lambda text: text.replace("PCMU/8000", "PCMU/8000\r\na=rtpmap:96 fast/2000000")
    .replace("RTP/AVP 0", "RTP/AVP 0 96"),
    "an unused candidate": lambda text: text + "a=candidate:x\r\n",
    "an empty mid": lambda text: text + "a=mid:\r\n",
    "setup without DTLS": lambda text: text + "a=setup:holdconn\r\n",
}


def moved(text, what, before):
    """A line of the session's to before another one."""
    head, mark, media = text.partition("m=audio")
    rows = head.splitlines()
    row = next(row for row in rows if row.startswith(what))
    rows.remove(row)
    rows.insert(next(k for k, other in enumerate(rows) if other.startswith(before)), row)
    return "\r\n".join(rows) + "\r\n" + mark + media


@pytest.mark.parametrize("odd", ODD)
def test_what_a_browser_would_refuse_is_put_right(relay, page, endpoint, odd):
    browser = page(frequency=440, codec="PCMU")
    telephone = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    offered = relay.api.offer(CALL, TAGS[0], ODD[odd](telephone.offer()), to=webrtc_side(),
                              network="trunk", family=family(4))
    telephone.accept(relay.api.answer(CALL, *TAGS, browser.answer(offered)))
    browser.wait_state("connected")
    assert telephone.receive()


# --- keys and streams

def test_the_rollover_counter_outlives_a_key(relay, endpoint):
    """A new key on the same address and port goes on in the count (RFC 3711 3.3.1)."""
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4], suite=SUITE)
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
    phone_to_phone(relay, caller, callee, api.AVP)
    for first in (65400, 65500):
        passes(caller, callee, packets(100, first))
    old = caller.crypto
    caller.crypto = sdp.Crypto.new(SUITE)
    exchange(relay, caller, callee)
    assert caller.crypto.key != old.key
    resume(caller.outbound, packets(1, 65599)[0])
    passes(caller, callee, packets(20, 65600))
    assert relay.api.leg(CALL, "caller").flow.auth_failures == 0


def resume(session, last):
    """The sender's counter is where it was: its session has seen the packets before."""
    for index in range(0, 65600, 20000):
        session.rtp(bytes(packets(1, index, last.ssrc)[0]))
    session.rtp(bytes(last))


@pytest.mark.parametrize("name", ["AES_256_CM_HMAC_SHA1_80", "AES_CM_256_HMAC_SHA1_80"])
def test_the_one_suite_of_an_offerer(relay, endpoint, name):
    """Both names of RFC 6188's suite: the registered one and the drafts'."""
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
    text = caller.offer().replace("RTP/AVP", "RTP/SAVP") + \
        f"a=crypto:1 {name} inline:{'A' * 62}==\r\n"
    offered = relay.api.offer(CALL, TAGS[0], text, to=MUX, network="trunk", family=family(4))
    answered = relay.api.answer(CALL, *TAGS, callee.answer(offered))
    assert f"a=crypto:1 {name} inline:" in answered
    assert relay.api.leg(CALL, "caller").suite == "AES_256_CM_HMAC_SHA1_80"


@pytest.mark.parametrize("near, far", [(None, None), (SUITE, None), (None, SUITE)],
                         ids=["plain", "decrypt", "encrypt"])
def test_sixty_prompts(relay, endpoint, near, far):
    """Each has an SSRC of its own: the one that is silent longest makes room."""
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4], suite=near)
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4], suite=far)
    phone_to_phone(relay, caller, callee, api.SAVP if far else api.AVP)
    for prompt in range(60):
        passes(caller, callee, packets(3, ssrc=1000 + prompt))
        time.sleep(0.05)
    assert relay.api.drops()["stream_limit"] == 0
