# SPDX-License-Identifier: BSD-3-Clause
"""Debian's Kamailio drives calls between agents (JsSIP in Chromium) and telephones."""

import time

import pytest

import api
import endpoint as endpoints
import kamailio
import net
import rtp
import sipp
import tone
import wait
from agent import Agent
from authority import Authority
from lossy import Lossy
from phone import Phone
from sip import Telephone

AGENT_HZ, PHONE_HZ, SECOND_HZ = 440, 1000, 700
PHONE = kamailio.ADDRESSES[net.PHONES]


@pytest.fixture(scope="module", autouse=True)
def network(machine):
    kamailio.connect()
    yield
    kamailio.disconnect()


@pytest.fixture
def relay(start_relay):
    # What is deleted goes on for as long as a proxy needs that offers again.
    return start_relay(controlplane=kamailio.LISTEN + "delete_delay=1\n")


@pytest.fixture
def start_proxy(relay, directory):
    """Starts Kamailio with other settings than `proxy` has."""
    started = []

    def start(**settings):
        started.append(kamailio.Kamailio(directory, **settings))
        return started[-1]
    yield start
    assert [proxy.stop() for proxy in started] == [0] * len(started)


@pytest.fixture
def proxy(start_proxy):
    return start_proxy()


@pytest.fixture
def agent(chromium):
    """The agent, once it is registered."""
    made = []

    def register():
        made.append(chromium.open(Agent, user="agent", proxy=kamailio.WEBSOCKET,
                                  frequency=AGENT_HZ))
        return made[-1]
    yield register
    for one in made:
        one.close()


@pytest.fixture
def telephone(phone):
    """Makes a telephone that is registered: telephone(user, frequency, port=, suites=, q=, ...)."""
    made = []

    def make(user="phone", frequency=PHONE_HZ, port=4000, suites=(), q="1.0", ca=None,
             believes=None):
        media = phone(frequency, port=port, suites=suites)
        media.address = believes or media.address
        made.append(Telephone(net.PHONES, PHONE, kamailio.SIPS if ca else kamailio.SIP, user,
                              media, ca=ca, believes=believes))
        return made[-1].register(q)
    yield make
    for one in made:
        one.close()


def hear_each_other(one, other, one_hz=AGENT_HZ, other_hz=PHONE_HZ):
    """From now on: what was heard before does not count."""
    forget(one, other)
    one.wait_tone(other_hz)
    other.wait_tone(one_hz)


def forget(*ends):
    """A browser has no memory but that of its last judgement, which this outlasts."""
    for end in ends:
        if isinstance(end, Phone):
            end.forget()
    time.sleep(0.8)


def hears_nothing(end):
    """Nothing comes, or silence does."""
    def quiet():
        forget(end)
        return end.heard().level < tone.QUIET_DBFS
    wait.until(quiet, 10, "silence", end.heard)


def all_gone(relay):
    """Every call is deleted, and with it its legs in the dataplane."""
    wait.until(lambda: not relay.api.list(), 10, "the end of all calls", relay.api.list)
    assert relay.ctl("calls").splitlines()[1:] == []
    assert relay.api.status().legs == 0
    assert all(network.ports_used == 0 for network in relay.api.status().networks)


def test_an_agent_calls_a_telephone(relay, proxy, agent, telephone):
    """183 and 200 with one tag; hold and resume from each side; BYE."""
    agent, phone = agent(), telephone()
    agent.call("phone")
    call = phone.called().ring()
    hear_each_other(agent, phone.media)
    call.accept()
    agent.wait_told("confirmed")
    hear_each_other(agent, phone.media)
    assert "ng" in relay.ctl("calls").splitlines()[1].split()

    agent.hold()
    call.reoffered(direction="recvonly")
    hears_nothing(agent)
    hears_nothing(phone.media)
    agent.unhold()
    call.reoffered()
    hear_each_other(agent, phone.media)

    call.reoffer(direction="sendonly")  # with music
    hears_nothing(phone.media)
    agent.wait_tone(PHONE_HZ)
    call.reoffer()
    hear_each_other(agent, phone.media)

    agent.end()
    call.ended()
    all_gone(relay)


def test_a_telephone_calls_an_agent(relay, proxy, agent, telephone):
    """The control plane is killed in the middle of it."""
    agent, phone = agent(), telephone()
    call = phone.call("agent")
    agent.pick_up()
    call.progress("180")
    call.accepted()
    hear_each_other(agent, phone.media)

    relay.controlplane.kill()
    hear_each_other(agent, phone.media)
    relay.start_controlplane()
    wait.until(relay.api.list, 10, "the new control plane to list the call")
    agent.hold()
    call.reoffered(direction="recvonly")
    hears_nothing(agent)
    agent.unhold()
    call.reoffered()
    hear_each_other(agent, phone.media)
    call.bye()
    agent.wait_told("ended remote")
    all_gone(relay)


@pytest.mark.parametrize("tag", ["same", "other"])
def test_who_rings_is_not_who_answers(relay, proxy, agent, telephone, tag):
    """A gateway that puts another party in its place: 183 has one to-tag, 200 another."""
    agent, phone = agent(), telephone()
    agent.call("phone")
    call = phone.called().ring()
    agent.wait_told("progress")
    hear_each_other(agent, phone.media)
    if tag == "other":
        call.new_tag()
    call.accept()
    agent.wait_told("confirmed")
    hear_each_other(agent, phone.media)
    call.bye()
    all_gone(relay)


def test_one_after_the_other(relay, proxy, agent, telephone):
    """The first one plays music and is busy then."""
    agent = agent()
    first = telephone("team", q="1.0")
    second = telephone("team", SECOND_HZ, port=5000, q="0.5")
    agent.call("team")
    call = first.called().ring()
    hear_each_other(agent, first.media)
    call.refuse()
    call = second.called().accept()
    agent.wait_told("confirmed")
    hear_each_other(agent, second.media, other_hz=SECOND_HZ)
    agent.end()
    call.ended()
    all_gone(relay)


@pytest.mark.parametrize("via_branch, number", [("", 0), ("via-branch=auto", 1),
                                                ("via-branch=auto-next", 0),
                                                ("via-branch=auto-next", 1)])
def test_all_at_once(relay, start_proxy, agent, telephone, via_branch, number):
    """Both play music, one after the other; then one of them answers."""
    start_proxy(VIA_BRANCH=f'"{via_branch}"')
    agent = agent()
    tones = [PHONE_HZ, SECOND_HZ]
    phones = [telephone("team", tones[0]), telephone("team", tones[1], port=5000)]
    agent.call("team")
    calls = [phone.called() for phone in phones]
    for phone, call, frequency in zip(phones, calls, tones):
        call.ring()
        hear_each_other(agent, phone.media, other_hz=frequency)
    calls[number].accept()
    calls[1 - number].canceled()
    agent.wait_told("confirmed")
    if number == 1:
        hear_each_other(agent, phones[1].media, other_hz=tones[1])
    else:
        # In Chromium a track has the sound of the SSRC alone that was new last: what comes of one
        # that was there before is told by the browser's reports.
        phones[0].media.wait_report()
        forget(phones[0].media)
        phones[0].media.wait_tone(AGENT_HZ)
    agent.end()
    calls[number].ended()
    all_gone(relay)


def test_the_caller_gives_up(relay, proxy, agent, telephone):
    agent, phone = agent(), telephone()
    agent.call("phone")
    call = phone.called().ring()
    hear_each_other(agent, phone.media)
    agent.end()
    call.canceled()
    agent.wait_told("failed local Canceled")
    all_gone(relay)


def test_an_offer_in_the_200(relay, proxy, agent, telephone):
    """A telephone calls without SDP; then it re-offers."""
    agent, phone = agent(), telephone()
    call = phone.call("agent", offer=False)
    agent.pick_up()
    call.progress("180")
    call.accepted()
    hear_each_other(agent, phone.media)
    call.reoffer()
    hear_each_other(agent, phone.media)
    call.bye()
    all_gone(relay)


def test_a_telephone_that_encrypts(relay, start_proxy, directory, agent, telephone):
    """It comes by TLS, and has its keys in the SDP."""
    authority = Authority(directory, "authority", kamailio.ADDRESS)
    certificate, key = authority.issue("proxy")
    start_proxy(certificate=certificate, key=key)
    agent = agent()
    phone = telephone(suites=["AES_CM_128_HMAC_SHA1_80"], ca=authority.path)
    agent.call("phone")
    call = phone.called().accept()
    hear_each_other(agent, phone.media)
    agent.hold()
    call.reoffered(direction="recvonly")
    hears_nothing(agent)
    call.bye()
    all_gone(relay)

    call = phone.call("agent")
    agent.pick_up()
    call.progress("180")
    call.accepted()
    hear_each_other(agent, phone.media)
    agent.end()
    call.ended()
    all_gone(relay)


def test_a_telephone_behind_a_translator(relay, proxy, agent, telephone):
    """Neither its Contact nor its SDP says where it is."""
    agent, phone = agent(), telephone(believes="10.0.0.5")
    agent.call("phone")
    call = phone.called().accept()
    hear_each_other(agent, phone.media)
    agent.end()
    call.ended()
    call = phone.call("agent")
    agent.pick_up()
    call.progress("180")
    call.accepted()
    hear_each_other(agent, phone.media)
    agent.end()
    call.ended()
    all_gone(relay)


def test_the_agent_transfers_a_telephone(relay, proxy, agent, telephone):
    agent, phone, second = agent(), telephone(), telephone("second", SECOND_HZ, port=5000)
    first_call = phone.call("agent")
    agent.pick_up()
    first_call.progress("180")
    first_call.accepted()
    hear_each_other(agent, phone.media)

    agent.refer("second")
    call = phone.call(first_call.referred())
    theirs = second.called()
    theirs.pick_up()
    call.accepted()
    theirs.acknowledged()
    first_call.notify()
    agent.wait_told("referred")
    agent.end()
    first_call.left()
    hear_each_other(phone.media, second.media, PHONE_HZ, SECOND_HZ)
    call.request("BYE")
    theirs.ended()
    phone.expect("200")
    all_gone(relay)


def test_a_telephone_transfers_the_agent(relay, proxy, agent, telephone):
    agent, phone, second = agent(), telephone(), telephone("second", SECOND_HZ, port=5000)
    agent.call("phone")
    call = phone.called().accept()
    hear_each_other(agent, phone.media)

    call.refer("second")
    theirs = second.called().accept()
    call.notified()
    call.bye()
    hear_each_other(agent, second.media, other_hz=SECOND_HZ)
    hears_nothing(phone.media)
    agent.end()
    theirs.ended()
    all_gone(relay)


def test_a_bad_link_to_the_relay(relay, start_proxy, agent, telephone):
    """Kamailio asks again, byte for byte, and gets the reply that was lost."""
    at = (kamailio.ADDRESS, 2223)
    link = Lossy(kamailio.PROXY, at, before=kamailio.NG)
    try:
        start_proxy(ng=at)
        agent, phone = agent(), telephone()
        agent.call("phone")
        call = phone.called().ring()
        call.accept()
        hear_each_other(agent, phone.media)
        agent.hold()
        call.reoffered(direction="recvonly")
        hears_nothing(agent)
        agent.unhold()
        call.reoffered()
        hear_each_other(agent, phone.media)
        agent.end()
        call.ended()
        all_gone(relay)
        assert all(link.lost)
    finally:
        link.close()


def test_fifty_calls_at_a_time(relay, proxy, directory, endpoint):
    """SIPp calls SIPp, which returns the media of each: every caller hears itself alone."""
    line = Telephone(net.PHONES, PHONE, kamailio.SIP, "many", port=5090).register()
    line.close()  # SIPp takes its place.
    ends = [endpoint(endpoints.Phone, net.PHONES, net.PHONE[4]) for _ in range(50)]
    callee = sipp.callee(directory, len(ends), 5090, net.PHONE_OTHER[4])
    caller = sipp.caller(directory, 5070, net.PHONE[4], [end.port for end in ends])
    try:
        for call in wait_up(relay, len(ends)):
            leg = next(leg for leg in call.legs if leg.tag.startswith("caller"))
            end = next(end for end in ends if leg.remote == f"{end.address}:{end.port}")
            host, port = leg.local.rsplit(":", 1)
            end.remote = (host, int(port))
        for number, end in enumerate(ends):
            first, *rest = spoken(number)
            # The relay looks for the next hop when the first packet is there.
            wait.until(lambda: end.send(first) or end.datagram(0.1), 5, f"the media of {number}")
            end.send(*rest)
            while (heard := end.receive()[0]) == first:
                pass
            assert [heard, *end.receive(len(rest) - 1)] == rest
        sipp.hang_up([call.call_id for call in relay.api.list()], 5070)
        assert (caller.wait_exit(30), callee.wait_exit(30)) == (0, 0)
        all_gone(relay)
    finally:
        for process in (caller, callee):
            process.kill()


def wait_up(relay, count):
    def up():
        calls = [relay.api.query(call.call_id) for call in relay.api.list()]
        return calls if [api.STATE(call.state) for call in calls] == ["CALL_UP"] * count else None
    return wait.until(up, 30, f"{count} calls", relay.api.list)


def spoken(number):
    """What one of many says, and nobody else."""
    return [rtp.Packet(sequence, 160 * sequence, number, bytes([number]) * 160)
            for sequence in range(10)]
