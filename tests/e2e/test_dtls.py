# SPDX-License-Identifier: BSD-3-Clause
"""Handshakes with the relay, by an agent that does what a browser would not."""

import threading
import time

import pytest

import dtls
import endpoint as endpoints
import net
import rtp
import stun
import wait
from api import LINK
from calls import CALL, agent_to_phone, open_path

SSRC = 0xd715


@pytest.fixture
def more():
    """Lines for the control plane."""
    return ""


@pytest.fixture
def relay(start_relay, more):
    return start_relay(controlplane=more)


@pytest.fixture
def call(relay, endpoint):
    """An agent that has the answer but has sent nothing yet, and a phone."""
    def make(**how):
        prepare = how.pop("prepare", None)
        agent = endpoint(endpoints.Agent, net.BROWSERS, net.BROWSER[4], **how)
        telephone = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
        if prepare:
            prepare(agent)
        agent_to_phone(relay, agent, telephone)
        return agent, telephone
    return make


def talk(relay, agent, telephone):
    """Media flows both ways."""
    relay.wait_state(CALL, "CALL_UP")
    for sender, receiver in ((agent, telephone), (telephone, agent)):
        open_path(sender, receiver)
        packets = [rtp.Packet(number, 160 * number, SSRC, bytes([number]) * 160)
                   for number in range(20)]
        sender.send(*packets)
        assert receiver.receive(len(packets)) == packets


@pytest.mark.parametrize("suite", dtls.PROFILES)
@pytest.mark.parametrize("setup", ["active", "passive"])
def test_both_roles_and_every_suite(relay, call, suite, setup):
    agent, telephone = call(suite=suite, setup=setup)
    agent.connect()
    talk(relay, agent, telephone)
    leg = relay.api.leg(CALL, "caller")
    assert (leg.suite, LINK(leg.dtls)) == (suite, "LINK_UP")


def test_the_certificate_is_the_one_in_the_answer(relay, call):
    agent, _ = call()
    agent.connect()
    assert agent.dtls.peer_fingerprint() == agent.announced_fingerprint()


def test_a_fingerprint_that_does_not_match_gets_no_key(relay, call):
    def lie(agent):
        agent.fingerprint = dtls.Identity().fingerprint
    agent, telephone = call(prepare=lie)
    agent.check()
    agent.try_handshake()

    failed = relay.wait_state(CALL, "CALL_FAILED")
    leg = next(leg for leg in failed.legs if leg.tag == "caller")
    assert "fingerprint" in leg.why
    assert (LINK(leg.dtls), leg.suite) == ("LINK_FAILED", "")
    before = relay.api.drops()
    agent.send_raw(bytes(rtp.Packet(1, 160, SSRC, bytes(170))))
    relay.wait_drops("no_key", 1, before)
    telephone.send(rtp.Packet(1, 160, SSRC, bytes(160)))
    relay.wait_drops("no_key", 2, before)
    assert telephone.drain() == []
    assert not any(rtp.is_rtp(datagram) for datagram in agent.drain())


def test_no_answer_without_an_ice_check(relay, call):
    """A handshake is work: only who has shown that it is where it says gets one."""
    agent, telephone = call()
    before = relay.api.drops()
    hello = agent.dtls.give()
    for _ in range(5):
        agent.send_raw(hello[0])
    relay.wait_drops("not_validated", 5, before)
    assert agent.drain() == []
    assert LINK(relay.api.leg(CALL, "caller").dtls) == "LINK_WAITING"

    agent.connect()
    talk(relay, agent, telephone)


def test_no_answer_to_another_address_than_the_checked_one(relay, call, endpoint):
    agent, telephone = call()
    agent.check()
    before = relay.api.drops()
    stranger = endpoint(endpoints.Agent, net.BROWSERS, net.BROWSER_OTHER[4])
    stranger.remote = agent.remote
    stranger.send_raw(agent.dtls.give()[0])
    relay.wait_drops("not_validated", 1, before)
    assert stranger.drain() == []


def test_a_call_that_is_up_carries_the_very_next_packet(relay, call):
    """CALL_UP promises it (relay.proto): the keys are where the packets are."""
    for number in range(20):
        agent, telephone = call()
        agent.connect()
        relay.wait_state(CALL, "CALL_UP")
        packet = rtp.Packet(number, 160, SSRC, bytes(160))
        agent.send(packet)
        assert telephone.receive() == [packet]
        relay.api.delete(CALL)


# In single octets it takes more datagrams than dtls_pps lets through at once.
@pytest.mark.parametrize("size, more", [(1, "[shed]\ndtls_pps=0\n"), (20, ""), (60, "")],
                         ids=["1", "20", "60"])
def test_a_fragmented_client_hello(relay, call, size):
    agent, telephone = call(setup="active", fragment=size)
    agent.connect()
    talk(relay, agent, telephone)


def test_a_lost_flight_is_sent_again(relay, call):
    """The relay's first answer is lost, and the agent waits for it in silence."""
    agent, telephone = call(setup="active")
    agent.check()
    for _ in ("the hello, which is asked for a cookie", "the hello with it"):
        for record in agent.dtls.give():
            agent.send_raw(record)
        first = agent.datagram(5)
        assert first and rtp.is_dtls(first)
        if first[13] == 3:
            agent.dtls.take(first)
    agent.drain()
    again = agent.datagram(5)
    assert again and rtp.is_dtls(again), "the relay did not send its flight again"
    agent.dtls.take(again)
    assert agent.handshake()
    talk(relay, agent, telephone)


ALERT = bytes.fromhex("15fefd" "0000000000000001" "0002" "0228")
JUNK = b"\x16\xfe\xfd" + bytes(8) + b"\x00\x04" + b"junk"


@pytest.mark.parametrize("forged", ["hello", "alert", "junk", "all"])
@pytest.mark.parametrize("when", ["before", "between"])
def test_what_is_forged_ends_no_handshake(relay, call, forged, when):
    """From the participant's own address, before its hello or after it."""
    agent, telephone = call(setup="active")
    agent.check()
    hellos = dtls.Dtls(dtls.Identity(), agent.suite).give()
    forgery = {"hello": hellos, "alert": [ALERT], "junk": [JUNK], "all": [*hellos, ALERT, JUNK]}
    if when == "between":
        for record in agent.dtls.give():
            agent.send_raw(record)
    for datagram in forgery[forged]:
        agent.send_raw(datagram)
    assert agent.handshake()
    talk(relay, agent, telephone)


def test_deleted_as_its_handshake_ends(relay, call):
    """The last flight meets the Delete, at whatever moment: nothing of the call stays."""
    for number in range(40):
        agent, _ = call()
        agent.check()
        hello = threading.Thread(target=agent.try_handshake, args=(0.3,))
        hello.start()
        wait.until(lambda: agent.dtls.done or number % 2, 5, "the last flight")
        time.sleep(number * 0.0002)
        relay.api.delete(CALL)
        hello.join()
    wait.until(lambda: relay.api.status().dataplane_legs == 0, 5, "the end of every leg",
               relay.api.status)
    assert relay.api.status().orphans_deleted == 0
    assert relay.api.serving()


def test_a_captured_check_is_good_once(relay, call, endpoint):
    """Media does not go where it is sent again from."""
    agent, telephone = call()
    agent.connect()
    captured = stun.check(**agent.credentials())
    agent.send_raw(captured)
    relay.wait_state(CALL, "CALL_UP")
    open_path(telephone, agent)
    agent.drain()
    stranger = endpoint(endpoints.Agent, net.BROWSERS, net.BROWSER_OTHER[4])
    stranger.remote = agent.remote
    for _ in range(3):
        stranger.send_raw(captured)
    time.sleep(1.2)
    stranger.send_raw(captured)
    assert not any(stun.kind(datagram) == stun.BINDING_SUCCESS for datagram in stranger.drain())
    talk(relay, agent, telephone)
    assert relay.api.leg(CALL, "caller").remote == f"{agent.address}:{agent.port}"


def test_wrong_ice_passwords_open_nothing(relay, call):
    agent, _ = call()
    assert agent.check(password="not-the-password-at-all1")[1] == 401
    before = relay.api.drops()
    with pytest.raises(wait.Timeout):
        agent.check(username="nobody:agnt")
    relay.wait_drops("stun_ufrag", 1, before)
    assert LINK(relay.api.leg(CALL, "caller").ice) == "LINK_WAITING"


def test_garbage_in_the_handshake_does_not_end_it(relay, call):
    agent, telephone = call(setup="active")
    agent.check()
    agent.send_raw(b"\x16\xfe\xfd" + bytes(10))
    agent.send_raw(b"\x16\xfe\xfd" + b"\xff" * 200)
    assert agent.handshake()
    talk(relay, agent, telephone)
