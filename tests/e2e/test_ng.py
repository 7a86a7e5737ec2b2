# SPDX-License-Identifier: BSD-3-Clause
"""A proxy drives calls by the ng protocol, with the flags that proxies' documentation tells."""

import pytest

import endpoint as endpoints
import ng
import net
import rtp
import sdp
import wait
from calls import open_path

# From a browser to a telephone, and back.
TO_PHONE = {"flags": ["trust-address"], "replace": ["origin", "session-connection"],
            "ICE": "remove", "rtcp-mux": ["demux"], "transport-protocol": "RTP/AVP",
            "DTLS": "off", "direction": ["public", "trunk"]}
TO_BROWSER = {"flags": ["trust-address"], "replace": ["origin", "session-connection"],
              "ICE": "force", "transport-protocol": "UDP/TLS/RTP/SAVPF",
              "direction": ["trunk", "public"]}


@pytest.fixture
def relay(start_relay):
    return start_relay(controlplane=ng.CONFIGURATION)


@pytest.fixture
def proxy(relay):
    made = ng.Proxy()
    yield made
    made.close()


def words(flags):
    """As keyword arguments: a hyphen is no part of a name in Python."""
    return {key.replace("-", "_"): value for key, value in flags.items()}


def test_a_browser_calls_a_telephone(relay, proxy, page, phone):
    browser, telephone = page(frequency=440, codec="PCMU"), phone(1000)
    offered = proxy.sdp("offer", from_tag="a", sdp=browser.offer(), **words(TO_PHONE))
    assert sdp.parse(offered)[0].profile == "RTP/AVP" and "ice-ufrag" not in offered
    browser.accept(proxy.sdp("answer", from_tag="a", to_tag="b", sdp=telephone.answer(offered),
                             **words(TO_BROWSER)))
    browser.wait_tone(1000)
    telephone.wait_tone(440)

    relay.controlplane.kill()
    relay.start_controlplane()
    wait.until(relay.api.list, 10, "the new control plane to list the call")
    telephone.forget()
    telephone.wait_tone(440)
    assert "ng" in relay.ctl("calls").splitlines()[1].split()
    wait.until(lambda: proxy.ask("query")["totals"]["RTP"]["packets"] > 100, 10,
               "a hundred packets to be counted")
    found = proxy.ask("query")
    assert found["tags"]["a"]["in dialogue with"] == "b"
    assert found["SSRC"] and all(ssrc["average MOS"]["MOS"] > 35
                                 for ssrc in found["SSRC"].values())

    # BYE, by the callee's tag: the statistics come at once, and a second one finds nothing new.
    assert proxy.ask("delete", from_tag="b", to_tag="a")["totals"]["RTP"]["packets"] > 100
    assert proxy.ask("delete", from_tag="b", delete_delay=0)["result"] == "ok"
    assert not relay.api.list()
    assert "warning" in proxy.ask("delete", from_tag="b")


def test_a_telephone_calls_a_browser(proxy, page, phone):
    browser, telephone = page(frequency=440, codec="PCMU"), phone(1000)
    offered = proxy.sdp("offer", from_tag="a", sdp=telephone.offer(), **words(TO_BROWSER))
    answer = browser.answer(offered)
    telephone.accept(proxy.sdp("answer", from_tag="a", to_tag="b", sdp=answer,
                               **words(TO_PHONE)))
    browser.wait_tone(1000)
    telephone.wait_tone(440)


@pytest.mark.parametrize("branches", [(None, None), ("one", "two")])
def test_one_rings_with_early_media_and_another_answers(proxy, page, phone, branches):
    """183 of one tag, 200 of another: the browser's port, credentials and fingerprint stay."""
    browser = page(frequency=440, codec="PCMU")
    first, second = phone(1000), phone(700, port=5000)
    text = browser.offer()

    def on(branch):
        return {"via_branch": branch} if branch else {}

    offers = [proxy.sdp("offer", from_tag="a", sdp=text, **words(TO_PHONE), **on(branch))
              for branch in branches]
    assert (sdp.parse(offers[0])[0].port == sdp.parse(offers[1])[0].port) == (branches[0] is None)
    browser.accept(proxy.sdp("answer", from_tag="a", to_tag="b", sdp=first.answer(offers[0]),
                             **words(TO_BROWSER), **on(branches[0])), early=True)
    browser.wait_tone(1000)
    browser.accept(proxy.sdp("answer", from_tag="a", to_tag="c", sdp=second.answer(offers[1]),
                             **words(TO_BROWSER), **on(branches[1])))
    browser.wait_tone(700)
    second.wait_tone(440)


def test_one_after_the_other_under_the_same_tags(proxy, phone):
    """The first does not answer: the proxy deletes, and offers again at once."""
    caller, callee = phone(440), phone(1000, port=5000)
    text = caller.offer()
    flags = words({"direction": ["trunk", "trunk"]})
    port = sdp.parse(proxy.sdp("offer", from_tag="a", sdp=text, **flags))[0].port
    assert proxy.ask("delete", from_tag="a")["result"] == "ok"
    offered = proxy.sdp("offer", from_tag="a", sdp=text, **flags)
    assert sdp.parse(offered)[0].port == port
    caller.accept(proxy.sdp("answer", from_tag="a", to_tag="b", sdp=callee.answer(offered)))
    caller.wait_tone(1000)
    callee.wait_tone(440)


def test_an_offer_in_the_200(proxy, phone):
    """The callee offers, the ACK answers; then the telephone's re-INVITE swaps the tags."""
    caller, callee = phone(440), phone(1000, port=5000)
    flags = words({"direction": ["trunk", "trunk"]})
    offered = proxy.sdp("offer", from_tag="callee", to_tag="caller", sdp=callee.offer(), **flags)
    callee.accept(proxy.sdp("answer", from_tag="callee", to_tag="caller",
                            sdp=caller.answer(offered)))
    caller.wait_tone(1000)
    callee.wait_tone(440)
    offered = proxy.sdp("offer", from_tag="caller", to_tag="callee", sdp=caller.offer(), **flags)
    caller.accept(proxy.sdp("answer", from_tag="caller", to_tag="callee",
                            sdp=callee.answer(offered)))
    caller.wait_tone(1000)


def test_the_relay_offers_to_both(proxy, phone):
    """As for a call that neither of them began."""
    agent, customer = phone(440), phone(1000, port=5000)
    for tag, telephone in (("agent", agent), ("customer", customer)):
        offered = proxy.sdp("create", from_tag=tag, interface="trunk")
        proxy.ask("create answer", from_tag=tag, sdp=telephone.answer(offered))
    assert proxy.ask("connect", from_tag="agent", to_tag="customer")["result"] == "ok"
    agent.wait_tone(1000)
    customer.wait_tone(440)


def test_an_sdes_telephone(proxy, endpoint):
    plain = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    secure = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4],
                      suite="AES_CM_128_HMAC_SHA1_32")
    offered = proxy.sdp("offer", from_tag="a", sdp=plain.offer(), transport_protocol="RTP/SAVP",
                        SDES=["only-AES_CM_128_HMAC_SHA1_32"], rtcp_mux=["offer"],
                        direction=["trunk", "trunk"])
    assert offered.count("a=crypto:") == 1
    plain.accept(proxy.sdp("answer", from_tag="a", to_tag="b", sdp=secure.answer(offered)))
    open_path(plain, secure)
    sent = [rtp.Packet(sequence, 160 * sequence, 7, b"\x42" * 160) for sequence in range(20)]
    plain.send(*sent)
    assert secure.receive(len(sent)) == sent


def test_packets_are_marked_as_the_proxy_says(proxy, phone, forge):
    """And once it says nothing any more, as the port has it."""
    caller, callee, link = phone(440), phone(1000, port=5000), forge(net.PHONES)

    def marks(**flags):
        offered = proxy.sdp("offer", from_tag="a", sdp=caller.offer(),
                            **words({"direction": ["trunk", "trunk"], **flags}))
        caller.accept(proxy.sdp("answer", from_tag="a", to_tag="b", sdp=callee.answer(offered)))
        caller.forget()
        caller.wait_tone(1000)
        return {datagram.frame[15] for datagram in link.catch(is_from_the_relay, 20)}

    assert marks(TOS=131) == {128}
    assert marks() == {46 << 2}


def is_from_the_relay(datagram):
    return datagram.source[0] == net.RELAY_TRUNK[4] and rtp.is_rtp(datagram.payload)


def test_what_cannot_be_done_is_said(proxy):
    assert proxy.ask("ping") == {"result": "pong"}
    assert proxy.ask("start recording")["error-reason"].startswith("start recording: ")
    assert proxy.ask("offer", from_tag="a", sdp="v=0\r\n")["result"] == "error"
    assert proxy.ask("query")["error-reason"] == "Unknown call-id"
    assert proxy.send(b"cookie d3:") == \
        b"cookie d6:result5:error12:error-reason27:Could not decode dictionarye"
