# SPDX-License-Identifier: BSD-3-Clause
"""What an orchestrator does: carry offers and answers between two participants and the relay."""

import api
import net
import wait

CALL = "call-1"
TAGS = ("caller", "callee")


def family(version):
    return {4: api.relay.FAMILY_IPV4, 6: api.relay.FAMILY_IPV6}[version]


def phone_side(version=4, profile=api.AVP, **more):
    return {"network": "trunk", "profile": profile, "family": family(version), **more}


def webrtc_side(version=4, **more):
    return {"network": "public", "profile": api.WEBRTC, "family": family(version), **more}


def exchange(relay, caller, callee, call=CALL, tags=TAGS, to=None, offer=None, answer=None,
             **side):
    """One offer/answer through the relay: a new call, or a re-offer in one that runs.

    to: the members of OfferRequest.to; side: its `keys`, and the members of OfferRequest.from;
    offer and answer: what the participants' own offer() and answer() take. Returns the SDPs that the relay made: the
    offer for the callee and the answer for the caller.
    """
    offered = relay.api.offer(call, tags[0], caller.offer(**offer or {}), to=to, **side)
    answered = relay.api.answer(call, *tags, callee.answer(offered, **answer or {}))
    caller.accept(answered)
    return offered, answered


def browser_to_phone(relay, page, phone, version=4, profile=api.AVP, **more):
    """A browser on the public network calls a phone on the trunk, both by one IP version."""
    sdps = exchange(relay, page, phone, to=phone_side(version, profile, **more),
                    network="public", family=family(version))
    page.wait_state("connected")
    relay.wait_state(CALL, "CALL_UP")
    return sdps


def browser_to_browser(relay, caller, callee, version=4):
    sdps = exchange(relay, caller, callee, to=webrtc_side(version),
                    network="public", family=family(version))
    for page in (caller, callee):
        page.wait_state("connected")
    relay.wait_state(CALL, "CALL_UP")
    return sdps


def agent_to_phone(relay, agent, phone, profile=api.AVP):
    """A synthetic WebRTC endpoint offers; connecting it is left to the test."""
    return exchange(relay, agent, phone, network="public", family=family(4),
                    to=phone_side(4, profile, rtcp_mux=api.relay.TOGGLE_ON))


def phone_to_phone(relay, caller, callee, profile, call=CALL, version=4, **more):
    """Both on the trunk: synthetic streams go this way. profile: what the callee speaks."""
    sdps = exchange(relay, caller, callee, call=call, network="trunk", family=family(version),
                    to=phone_side(version, profile, rtcp_mux=api.relay.TOGGLE_ON), **more)
    relay.wait_state(call, "CALL_UP")
    for sender, receiver in ((caller, callee), (callee, caller)):
        open_path(sender, receiver)
    return sdps


def hang_up(relay, page, phone, call=CALL):
    """Both fall silent, then the call is deleted: its legs by tag, counted to the last packet."""
    page.hang_up()
    phone.hang_up()
    for tag in TAGS:
        relay.wait_flow(call, tag, lambda flow: flow.silence_ms > 200)
    return {leg.tag: leg for leg in relay.api.delete(call).legs}


def open_path(sender, receiver):
    """The relay asks for the next hop when the call begins, and has it with the first arrival.

    RTCP, so that the counts of RTP are the test's own.
    """
    report = bytes.fromhex("80c90001") + bytes(4)

    def arrived():
        sender.send_rtcp(report)
        return receiver.drain()
    wait.until(arrived, 5, f"a path from {sender.address} to {receiver.address}")
    # The answers to the attempts before the one that was seen.
    while receiver.datagram(0.01):
        pass


def addresses_in(sdp, of=(net.BROWSER, net.BROWSER_OTHER, net.PHONE, net.PHONE_OTHER)):
    """The participants' own addresses that an SDP names: there should be none."""
    words = sdp.replace("\r\n", " ").split()
    return sorted(address for host in of for address in host.values() if address in words)
