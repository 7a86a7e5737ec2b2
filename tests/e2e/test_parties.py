# SPDX-License-Identifier: BSD-3-Clause
"""Calls of more than two: forks, glare, withdrawals, listeners, muting, and bundles that are split."""

import time

import grpc
import pytest

import api
import endpoint as endpoints
import media
import net
import rtp
import sdp
import wait
from calls import CALL, TAGS, browser_to_phone, exchange, family, phone_side, phone_to_phone

SIDE = {"network": "trunk", "family": family(4)}


def restart(relay):
    """The control plane dies, and another one takes over what it finds."""
    before = relay.api.query(CALL)
    relay.controlplane.kill()
    relay.start_controlplane()
    wait.until(relay.api.list, 10, "the new control plane to list the call")
    after = relay.api.query(CALL)
    assert [leg.id for leg in after.legs] == [leg.id for leg in before.legs]
    assert list(after.parties) == list(before.parties)


def refused(code, verb, *arguments, **more):
    with pytest.raises(grpc.RpcError) as error:
        verb(*arguments, **more)
    assert error.value.code() == code
    return error.value.details()


# --- forks

@pytest.mark.parametrize("killed", [False, True])
def test_one_rings_and_another_answers(relay, page, phone, killed):
    """183 of the first, with early media, then 200 of the second, to one offer of a browser."""
    browser = page(frequency=440, codec="PCMU")
    first, second = phone(1000), phone(700, port=5000)
    offered = relay.api.offer(CALL, "caller", browser.offer(), to=phone_side(),
                              network="public", family=family(4))
    browser.accept(relay.api.answer(CALL, "caller", "first", first.answer(offered)), early=True)
    browser.wait_tone(1000)
    first.wait_tone(440)
    if killed:
        restart(relay)
    browser.accept(relay.api.answer(CALL, "caller", "second", second.answer(offered)))
    browser.wait_tone(700)
    second.wait_tone(440)
    first.wait_silence()
    assert [party.tag for party in relay.api.query(CALL).parties] == ["caller", "second"]


@pytest.mark.parametrize("killed", [False, True])
def test_two_branches(relay, phone, killed):
    """A proxy forks: each branch has an offer of its own, both ring, and one is cancelled."""
    caller = phone(440)
    first, second = phone(1000, port=5000), phone(700, port=6000)
    text = caller.offer()
    offers = [relay.api.offer(CALL, "caller", text, branch=branch, to=phone_side(), **SIDE)
              for branch in ("one", "two")]
    assert sdp.parse(offers[0])[0].port != sdp.parse(offers[1])[0].port
    if killed:
        restart(relay)
    caller.accept(relay.api.answer(CALL, "caller", "first", first.answer(offers[0]),
                                   branch="one"))
    caller.wait_tone(1000)
    first.wait_tone(440)
    if killed:
        restart(relay)
    caller.accept(relay.api.answer(CALL, "caller", "second", second.answer(offers[1]),
                                   branch="two"))
    caller.wait_tone(700)
    second.wait_tone(440)
    first.wait_silence()
    assert [leg.tag for leg in relay.api.delete(CALL, branch="one").legs] == ["first"]
    second.forget()
    second.wait_tone(440)
    assert relay.api.status().legs == 2


def test_the_index_goes_on_with_another_sender(relay, endpoint):
    """One SDES key towards the caller, two who are heard under it: its receiver loses neither."""
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4], suite="AES_CM_128_HMAC_SHA1_80")
    callees = [endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4]) for _ in range(2)]
    text = caller.offer()
    offers = [relay.api.offer(CALL, "caller", text, branch=branch, to=phone_side(
        rtcp_mux=api.relay.TOGGLE_ON), **SIDE) for branch in ("one", "two")]
    heard = []
    for turn, (callee, offer, branch) in enumerate(zip(callees, offers, ("one", "two"))):
        answer = relay.api.answer(CALL, "caller", branch, callee.answer(offer), branch=branch)
        if not turn:
            caller.accept(answer)  # the same key and port in the second
        callee.remote = (sdp.parse(offer)[0].address, sdp.parse(offer)[0].port)
        for sequence in range(100):
            callee.send(rtp.Packet(sequence, 160 * sequence, 7, bytes(160)))
            time.sleep(0.002)
        heard += [packet.sequence for packet in caller.receive(95)]
        caller.drain()
    assert len(set(heard)) == len(heard) == 190


# --- without an answer

def test_glare_and_what_is_refused(relay, phone):
    caller, callee = phone(440), phone(1000, port=5000)
    exchange(relay, caller, callee, to=phone_side(), **SIDE)
    callee.wait_tone(440)
    relay.api.offer(CALL, "caller", caller.offer())
    text = refused(grpc.StatusCode.ALREADY_EXISTS, relay.api.offer, CALL, "callee",
                   callee.offer())
    assert '"caller" waits for its answer' in text
    # The other way, and settled by who asks: the callee's offer counts.
    offered = relay.api.offer(CALL, "callee", callee.offer(), glare=api.relay.GLARE_REPLACE)
    callee.accept(relay.api.answer(CALL, "callee", "caller", caller.answer(offered)))
    restart(relay)
    # A re-INVITE with hold is refused with 488: nobody is on hold.
    relay.api.offer(CALL, "caller", caller.offer(direction="inactive"))
    restart(relay)
    relay.api.withdraw(CALL, "caller")
    refused(grpc.StatusCode.FAILED_PRECONDITION, relay.api.withdraw, CALL, "caller")
    caller.talk_anyway()
    callee.forget()
    callee.wait_tone(440)
    relay.wait_state(CALL, "CALL_UP")


def test_a_first_offer_leaves_nothing(relay, phone):
    caller = phone(440)
    relay.api.offer(CALL, "caller", caller.offer(), to=phone_side(), **SIDE)
    relay.api.withdraw(CALL, "caller")
    assert relay.api.list() == []
    wait.until(lambda: relay.api.status().dataplane_legs == 0, 5, "the dataplane to have no leg")
    assert all(network.ports_used == 0 for network in relay.api.status().networks)


# --- listeners

@pytest.mark.parametrize("suite", [None, "AES_CM_128_HMAC_SHA1_80"])
def test_a_supervisor_listens_in(relay, page, phone, captures, suite):
    """To each of the two, over links of their own; those who talk lose nothing by it."""
    browser, telephone = page(frequency=440, codec="PCMU"), phone(1000)
    ears = {tag: phone(50, port=port, suites=[suite] if suite else ())
            for tag, port in zip(TAGS, (6000, 7000))}
    profile = api.SAVP if suite else api.AVP
    browser_to_phone(relay, browser, telephone)
    telephone.wait_tone(440)
    for tag, ear in ears.items():
        offer = relay.api.subscribe(CALL, f"ear-{tag}", phone_side(profile=profile), [tag])
        assert sdp.parse(offer)[0].direction == "sendonly"
        relay.api.subscribe_answer(CALL, f"ear-{tag}", ear.answer(offer, direction="recvonly"))
    ears["caller"].wait_tone(440)
    ears["callee"].wait_tone(1000)
    restart(relay)
    for ear in ears.values():
        ear.forget()
    ears["caller"].wait_tone(440)
    ears["callee"].wait_tone(1000)
    assert relay.ctl("call", CALL).count("(listens)") == 2
    assert len(relay.api.unsubscribe(CALL, "ear-caller").legs) == 1
    ears["caller"].wait_silence()
    ears["callee"].forget()
    ears["callee"].wait_tone(1000)
    telephone.wait_tone(440)
    browser.wait_tone(1000)

    relay.api.delete(CALL)
    telephone.wait_silence()
    assert media.gaps(media.browser_link(captures).heard) == {}
    trunk = [datagram for datagram in media.phone_link(captures).heard
             if datagram.destination[1] == telephone.port]
    assert media.gaps(trunk) == {}


def test_twenty_listen(relay, endpoint):
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
    phone_to_phone(relay, caller, callee, api.AVP)
    ears = []
    for number in range(20):
        suite = "AEAD_AES_128_GCM" if number % 2 else None
        ear = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4], suite=suite)
        ear.direction = "recvonly"
        offer = relay.api.subscribe(CALL, f"ear-{number}", phone_side(
            profile=api.SAVP if suite else api.AVP, rtcp_mux=api.relay.TOGGLE_ON), ["caller"])
        relay.api.subscribe_answer(CALL, f"ear-{number}", ear.answer(offer))
        ears.append(ear)
    caller.send(rtp.Packet(0, 0, 9, bytes(160)))  # the next hops are asked for
    time.sleep(0.5)
    for ear in [*ears, callee]:
        ear.drain()
    restart(relay)
    for sequence in range(1, 51):
        caller.send(rtp.Packet(sequence, 160 * sequence, 9, bytes([sequence]) * 160))
        time.sleep(0.005)
    for ear in [*ears, callee]:
        assert [packet.payload[0] for packet in ear.receive(50)] == list(range(1, 51))
    paths = [path for path in relay.api.query(CALL).paths if path.sent_packets]
    assert len(paths) >= 21


def test_block_and_silence(relay, endpoint):
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4], suite="AEAD_AES_128_GCM")
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
    phone_to_phone(relay, caller, callee, api.AVP)
    numbers = iter(range(1, 100))

    def say():
        sequence = next(numbers)
        caller.send(rtp.Packet(sequence, 160 * sequence, 9, b"\x42" * 160))

    say()
    assert callee.receive()[0].payload == b"\x42" * 160
    relay.api.mute(CALL, api.relay.MUTING_SILENCE, tag="caller")
    say()
    assert callee.receive()[0].payload == b"\xff" * 160
    relay.api.mute(CALL, api.relay.MUTING_BLOCK, tag="caller")
    restart(relay)
    say()
    assert callee.datagram(0.5) is None
    assert "blocked" in relay.ctl("call", CALL)
    callee.send(rtp.Packet(1, 160, 8, b"\x43" * 160))
    assert caller.receive()[0].payload == b"\x43" * 160
    relay.api.mute(CALL, api.relay.MUTING_NONE)
    say()
    assert callee.receive()[0].payload == b"\x42" * 160


# --- bundles

ECHO = b"\x00\x00\x12\x34"  # an SSRC
PHONE_WITH_VIDEO = """m=video {port} RTP/AVP {types}\r
a=rtpmap:{type} VP8/90000\r
a=rtcp-fb:{type} nack pli\r
a=rtcp-mux\r
a=sendrecv\r
"""


def test_a_bundle_is_split(relay, page, phone, endpoint):
    """A browser's one transport is two ports to a telephone with video, which is an echo here."""
    browser, telephone = page(frequency=440, codec="PCMU", video=True), phone(1000)
    video = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    offered = relay.api.offer(CALL, "caller", browser.offer(), to=phone_side(
        rtcp_mux=api.relay.TOGGLE_ON), network="public", family=family(4))
    lines = sdp.parse(offered)
    assert len(lines) == 2 and lines[0].port != lines[1].port
    assert "BUNDLE" not in offered
    vp8 = next(value.split()[0] for value in lines[1].values("rtpmap") if "VP8" in value)
    video.remote = (lines[1].address, lines[1].port)
    answer = telephone.answer(offered) + PHONE_WITH_VIDEO.format(port=video.port, type=vp8,
                                                                 types=vp8)
    browser.accept(relay.api.answer(CALL, "caller", "callee", answer))
    browser.wait_state("connected")
    telephone.wait_tone(440)
    browser.wait_tone(1000)
    # What comes back is the browser's own picture, from another source. Of that source it asks for
    # a key frame when it missed the first one, and is asked for one in turn (RFC 4585 6.3.1).
    deadline, echoed = time.monotonic() + 20, 0
    while time.monotonic() < deadline and browser.received("video").get("framesDecoded", 0) < 5:
        for _ in range(200):
            datagram = video.datagram(0.1)
            if datagram and rtp.is_rtp(datagram):
                ours = datagram[8:12]
                video.send_raw(datagram[:8] + ECHO + datagram[12:])
                echoed += 1
            elif datagram and echoed:
                video.send_raw(b"\x80\xc9\x00\x01" + ECHO + b"\x81\xce\x00\x02" + ECHO + ours)
    assert browser.received("video").get("framesDecoded", 0) >= 5, f"{echoed} packets echoed"
    paths = relay.api.query(CALL).paths
    assert len(paths) == 4 and all(path.sent_packets for path in paths)
    restart(relay)
    assert [(path.to, path.mode) for path in relay.api.query(CALL).paths] == [
        (path.to, path.mode) for path in paths]
    telephone.forget()
    telephone.wait_tone(440)


# --- those who watch

def test_watch(relay, endpoint):
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4], suite="AEAD_AES_128_GCM")
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
    stream = relay.api.watch()
    kinds = []

    def told(*wanted):
        while kinds[-1:] != [wanted[-1]]:
            kinds.append(api.relay.WatchKind.Name(next(stream).kind).removeprefix("WATCH_"))
        assert all(kind in kinds for kind in wanted), kinds

    told("BEGUN")
    phone_to_phone(relay, caller, callee, api.AVP)
    told("OFFERED", "ANSWERED")
    caller.send(rtp.Packet(1, 160, 9, bytes(160)))
    told("KEYS", "FIRST_MEDIA")
    relay.api.offer(CALL, "callee", callee.offer())
    relay.api.withdraw(CALL, "callee")
    told("WITHDRAWN")
    relay.api.delete(CALL, tag="callee")
    told("PARTY_LEFT")
    relay.api.delete(CALL)
    told("ENDED")
    stream.cancel()
