# SPDX-License-Identifier: BSD-3-Clause
"""Floods, at the highest rate that the links have where no other is given, while a browser talks to
a telephone: the call loses nothing, another one is set up in the meantime, the control plane does
not notice, and what is dropped is counted under what it was.

Judged is what the relay did with what came to it. Where a link, a socket or a port overflowed, the
machine was at fault, and the attack is played again at half the rate; at the same rate where
somebody hardly ran.
"""

import contextlib
import dataclasses
import shutil
import time

import pytest

import dtls
import flood
import net
import rtp
import wait
from flood import Flood
from phone import Phone
from relay import BUILD, Relay
from victim import BROWSER_HZ, PHONE_HZ, Victim

pytestmark = pytest.mark.shipped

SECONDS = 2
BOTH, PUBLIC, TRUNK = ("browser", "phone"), ("browser",), ("phone",)
# What a machine with two cores plays beside a browser is some hundred thousand packets a second.
LEAST_PACKETS = 20000
TRIES = 5
ON_THE_WAY = 5  # packets of one direction of the call
DTLS_PPS = 50  # the default of what a participant may send
SERVICE_PPS = 2000  # the default of what a media address answers of one kind, and its burst
HANDSHAKES = 100  # datagrams, at most, of setting up another call
HALF_OPEN = 20


@dataclasses.dataclass(frozen=True)
class Attack:
    """kind is one of tests/flood, reasons those under which it is counted.

    share: of its packets that are dropped as that; others pass inside of a rate, or are not for a
    media address.
    """
    kind: str
    reasons: str
    links: tuple = BOTH
    share: float = 0.95
    options: dict = dataclasses.field(default_factory=dict)

    def __str__(self):
        return "-".join([self.kind or "all", *(f"{name}-{value}" for name, value
                                                in self.options.items() if value is not True)])

    def passes(self, played, seconds):
        """How many of its packets may have passed."""
        service = SERVICE_PPS * len(self.links) * (seconds + 1) if "service" in self.reasons else 0
        return (1 - self.share) * played + service

    def counted(self, dropped):
        """How many of these drops are its own."""
        reasons = [f"shed_{reason}" for reason in self.reasons.split()]
        return sum(count for name, count in dropped.items()
                   if name in reasons or not reasons and name.startswith("shed_"))


ANY = ""
GARBAGE = "not_media stranger_media stranger_dtls stun_malformed"
ATTACKS = [
    Attack("garbage", GARBAGE),
    Attack("closed", "closed_port"),
    Attack("rtp", "stranger_media"),
    Attack("rtp", "stranger_media", TRUNK, options={"sources": 1000000}),
    Attack("rtcp", "stranger_media"),
    Attack("stun", "stun_ufrag", PUBLIC),
    Attack("stun", "stun_unhandled", TRUNK),
    Attack("stun-password", "source_rate stranger_rate", PUBLIC),
    Attack("stun-password", "source_rate stranger_rate", PUBLIC, options={"sources": 100000}),
    Attack("dtls", "stranger_dtls"),
    Attack("dtls-port", "stranger_dtls", PUBLIC),
    Attack("dtls-race", "dtls_rate", PUBLIC),
    Attack("srtp-replay", "replay unknown_rate rtcp_rate", PUBLIC),
    # From five million on, one packet of the call in a hundred does not fit beside the guesses that
    # meet its next few sequence numbers.
    Attack("srtp-forge", "unknown_rate replay media_rate", PUBLIC, options={"rate": 2000000}),
    Attack("srtcp-forge", "rtcp_rate", PUBLIC),
    Attack("fragments", "fragment"),
    # A quarter ends before it could tell where it goes, and is the kernel's.
    Attack("runt", "runt", share=0.7),
    Attack("arp", "service_rate"),
    Attack("ndp", "service_rate"),
    Attack("icmp", "service_rate"),
    Attack("icmp6", "service_rate"),
    Attack("", ANY, share=0.9, options={"mixed": True, "sources": 100000}),
]
# What an AF_XDP socket of a veth carries to a worker without losing any, the call's packets among
# them, with room to spare.
WORKER_PPS = 150000
TWIN = [dataclasses.replace(attack, options={**attack.options, "rate": WORKER_PPS})
        for attack in ATTACKS if "sources" not in attack.options and attack.kind in (
            "garbage", "closed", "rtp", "stun", "stun-password", "dtls", "dtls-race", "srtp-replay",
            "srtp-forge", "fragments", "runt", "arp", "ndp", "icmp")]
# Of a browser behind TURN: to where it is served.
SERVER = f"{net.RELAY_PUBLIC[4]}:3478"
SERVED = f"[turn]\nlisten = {SERVER}\nuser = agent:words"
STRANGERS = "source_rate stranger_rate"
TURN = [
    Attack("turn-allocate", STRANGERS, PUBLIC),
    Attack("turn-allocate", STRANGERS, PUBLIC, options={"sources": 100000}),
    Attack("turn-channel", "turn_stranger", PUBLIC),
    Attack("turn-send", "turn_stranger", PUBLIC),
    Attack("stun", STRANGERS, PUBLIC),
    Attack("garbage", "turn_stranger stun_malformed", PUBLIC),
]
CASES = [("xdp", attack) for attack in ATTACKS] + [("worker", attack) for attack in TWIN] + \
    [("turn", attack) for attack in TURN]


@pytest.fixture(scope="module")
def victim(request, machine, chromium):
    """One call for all attacks on one judge."""
    judge = request.param
    directory = BUILD / "e2e" / f"attacks-{judge}"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    failed = request.session.testsfailed
    lines = "shed=worker" if judge == "worker" else ""
    turn = judge == "turn"
    relay = Relay(directory, public=lines, trunk=lines, controlplane=SERVED if turn else "")
    server = {"urls": f"turn:{SERVER}?transport=udp", "username": "agent", "credential": "words"}
    with contextlib.ExitStack() as after:
        after.callback(lambda: codes.update(relay.stop()))
        codes = set()
        relay.start()
        flood.prepare()
        after.callback(flood.undo)
        page = after.enter_context(contextlib.closing(
            chromium.page(frequency=BROWSER_HZ, codec="PCMU", turn=server if turn else None)))
        phone = after.enter_context(contextlib.closing(
            Phone(net.PHONES, net.PHONE[6], PHONE_HZ, 4000)))
        yield Victim(relay, directory, page, phone, SERVER if turn else None)
    assert codes == {0}
    if request.session.testsfailed == failed:
        shutil.rmtree(directory)


def fair(play, rate=None):
    """Plays until the machine carried everything. play(rate) returns how fast that was in packets
    a second, who hardly ran, and what was lost outside of the relay, if either spoils the judgement;
    it judges all else itself.
    """
    for _ in range(TRIES):
        pps, starved, overflown = play(rate)
        if not starved and not overflown:
            return
        print(f"played again after {pps:.0f} packets a second: {starved or overflown}")
        if not starved:
            rate = pps / 2
    pytest.fail(f"the machine never carried it, {TRIES} times: {starved or overflown}")


def lost_elsewhere(harm):
    return {where: lost for where, lost in harm.elsewhere.items() if lost > 0}


def complaints(harm, datagrams=HANDSHAKES):
    """What became of the call and of the control plane that should not."""
    told = [f"{who} missed {lost} packets" for who, lost in harm.lost.items() if lost > 0]
    way = [harm.sent, harm.taken, harm.given, harm.heard]
    for who in harm.sent:
        counts = [step[who] for step in way]
        if any(later + ON_THE_WAY < earlier for earlier, later in zip(counts, counts[1:])):
            told.append(f"of the {who}: sent, taken, given and heard were {counts}")
    if harm.punts > datagrams + DTLS_PPS * harm.seconds:
        told.append(f"{harm.punts} datagrams reached the control plane")
    if harm.memory > 1 << 20:
        told.append(f"the control plane grew by {harm.memory} octets")
    return told


def idle(harm, played):
    """Who hardly ran: a participant sends 50 packets a second."""
    return [who for who, sent in harm.sent.items() if sent < 25 * harm.seconds] + \
        ["the attacker"] * (played < LEAST_PACKETS)


def judge(victim, attack):
    def play(rate):
        options = attack.options | ({"rate": rate} if rate else {})
        with victim.watched() as harm:
            running = victim.flood(*attack.kind.split(), links=attack.links, seconds=SECONDS,
                                   **options)
            victim.make_another_call()
            results = [one.result() for one in running]
        played = sum(result.packets for result in results)
        wrong = complaints(harm)
        missed = harm.dropped["port_missed"]
        came = played - missed
        if attack.counted(harm.dropped) < came - attack.passes(came, harm.seconds):
            wrong.append(f"of {played} packets, {missed} of them missed, were dropped: "
                         f"{ {name: count for name, count in harm.dropped.items() if count} }")
        starved, overflown = idle(harm, played), wrong and lost_elsewhere(harm)
        assert starved or overflown or not wrong, wrong
        return max(result.pps for result in results), starved, overflown
    fair(play, attack.options.get("rate"))
    victim.wait_tones()


@pytest.mark.parametrize("victim, attack", CASES, indirect=["victim"], scope="module",
                         ids=lambda value: str(value))
def test_unharmed(victim, attack):
    judge(victim, attack)


@pytest.mark.parametrize("victim, rate", [("xdp", None), ("worker", WORKER_PPS)],
                         indirect=["victim"], scope="module", ids=["xdp", "worker"])
def test_a_stream_beside_the_telephones_own(victim, rate):
    """Nothing tells a plain telephone from who sends in its name; but its stream stays whole."""
    def play(rate):
        limit = {"rate": rate} if rate else {}
        packets = [rtp.Packet(2 + number, 160 * number, 1, bytes(160))
                   for number in range(50 * (SECONDS + 2))]
        with victim.watched() as harm, victim.another_call() as (agent, phone):
            agent.connect()
            victim.carry(agent, phone)
            phone.send(packets[0])
            assert agent.receive() == packets[:1]
            forger = Flood(victim.directory, net.PHONES, ["rtp-stream"],
                           ["{}:{}".format(*phone.remote)], peer=f"{phone.address}:{phone.port}",
                           ssrc=packets[0].ssrc, pool=1 << 16, seconds=SECONDS,
                           **limit).wait_sending()
            heard = []
            for packet in packets[1:]:
                phone.send(packet)
                heard += listen(agent, 0.02)
            result = forger.result()
            heard += listen(agent, 0.5)
        others = {packet.ssrc for packet in heard} - {1}
        missed = [packet for packet in packets[1:] if packet not in heard]
        starved, overflown = idle(harm, result.packets), missed and lost_elsewhere(harm)
        if not starved and not overflown:
            assert others, "the forger was not heard"
            assert [packet for packet in heard if packet.ssrc == 1] == packets[1:]
        return result.pps, starved, overflown
    fair(play, rate)


def listen(agent, seconds):
    """The RTP that comes in that time."""
    heard, deadline = [], time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        datagram = agent.datagram(left)
        if datagram and rtp.is_rtp(datagram):
            heard.append(rtp.parse(agent.inbound.rtp(datagram)))
    return heard


on_xdp = pytest.mark.parametrize("victim", ["xdp"], indirect=True, scope="module")


@on_xdp
@pytest.mark.parametrize("kind, rate", [
    ("dtls", 10000000), ("dtls-port", 10000000),
    # From the participant's very address and port. With more than dtls_pps its own flights would
    # be lost among the others.
    ("dtls-race", 20)])
def test_a_racing_hello(victim, kind, rate):
    """Nobody shakes hands in a participant's place, nor keeps it from doing so."""
    with victim.another_call() as (agent, phone):
        assert agent.check()[1] is None
        for record in agent.dtls.give():
            agent.send_raw(record)
        before = handshakes(victim.relay)
        race = Flood(victim.directory, net.BROWSERS, [kind], ["{}:{}".format(*agent.remote)],
                     peer=f"{agent.address}:{agent.port}", rate=rate, seconds=20).wait_sending()
        try:
            wait.until(lambda: handshakes(victim.relay) > before + 3, 10,
                       "the others' first flights", lambda: handshakes(victim.relay))
            assert agent.handshake()
            victim.carry(agent, phone)
        finally:
            race.stop()


@pytest.fixture
def wide_links():
    """They carry frames that are longer than the relay has room for."""
    ends = [(net.RELAY, "public0"), (net.BROWSERS, "eth0"), (net.RELAY, "trunk0"),
            (net.PHONES, "eth0")]
    for namespace, interface in ends:
        namespace.run("ip", "link", "set", interface, "mtu", "3000")
    yield
    for namespace, interface in ends:
        namespace.run("ip", "link", "set", interface, "mtu", "1500")


@on_xdp
@pytest.mark.parametrize("attack", [
    Attack("jumbo", "stranger_media"),
    # Some are within a rate, and too long for the socket.
    Attack("jumbo", "unknown_rate", PUBLIC, options={"from": "peer"})], ids=str)
def test_jumbo_frames(victim, wide_links, attack):
    judge(victim, attack)


def handshakes(relay):
    """DTLS that reached the control plane or that was shed."""
    status = relay.api.status()
    return sum(counter.value for counter in [*status.counters, *status.drops]
               if counter.name in ("punt", "shed_stranger_dtls"))


@on_xdp
def test_handshakes_that_stop_half_way(victim):
    """From addresses that ICE has checked: each leg has one association, however many begin."""
    with contextlib.ExitStack() as calls:
        agents = [calls.enter_context(victim.another_call(f"half-{number}"))[0]
                  for number in range(HALF_OPEN)]
        begin_handshakes(agents)
        with victim.watched() as harm:
            sent = sum(begin_handshakes(agents) for _ in range(10))
            victim.make_another_call()
    assert not complaints(harm, HANDSHAKES + sent)


def begin_handshakes(agents):
    """How many datagrams that took."""
    sent = 0
    for agent in agents:
        assert agent.check()[1] is None
        for record in dtls.Dtls(agent.identity, agent.suite).give():
            agent.send_raw(record)
            sent += 1
    return sent
