# SPDX-License-Identifier: BSD-3-Clause
"""What an operator sees of a flood, and does about it; and from whom a leg learns its address."""

import collections
import ipaddress
import threading

import grpc
import pytest

import api
import endpoint as endpoints
import net
import rtp
import wait
from calls import CALL, agent_to_phone, exchange, family, open_path, phone_side, phone_to_phone
from flood import Flood

SPOOFED = ipaddress.ip_network("198.18.0.0/15")
PHONES = "203.0.113.16/28"  # both telephones, and not the relay
REPORT = bytes.fromhex("80c90001") + bytes(4)


class Events:
    """What the stream of attacks has brought, by what became of them."""

    def __init__(self, relay):
        self._stream = relay.api.watch_attacks()
        self._seen = collections.deque()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self):
        try:
            self._seen.extend(self._stream)
        except grpc.RpcError:
            pass  # cancelled, or the relay stopped

    def wait(self, change, kind, seconds=10):
        """The first such event."""
        def came():
            return next((event.attack for event in list(self._seen)
                         if api.CHANGE(event.change) == change
                         and api.KIND(event.attack.kind) == kind), None)
        return wait.until(came, seconds, f"{change} of {kind}", lambda: list(self._seen))

    def close(self):
        self._stream.cancel()
        self._thread.join()


@pytest.fixture
def pair(endpoint):
    return (endpoint(endpoints.Phone, net.PHONES, net.PHONE[4]),
            endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4]))


def test_a_flood_is_told_from_its_beginning_to_its_end(start_relay, pair, directory):
    relay = start_relay(controlplane="[shed]\nattack_pps=1000\n")
    phone_to_phone(relay, *pair, api.AVP)
    events = Events(relay)
    try:
        local = relay.api.leg(CALL, "caller").local
        flood = Flood(directory, net.PHONES, ["rtp"], [local], rate=5000, seconds=20)
        flood.wait_sending()
        began = events.wait("CHANGE_BEGAN", "KIND_SPOOFED_MEDIA")
        top = relay.ctl("shed", "top")
        samples = relay.ctl("shed", "sample", "--count", "5")
        flood.stop()
        ended = events.wait("CHANGE_ENDED", "KIND_SPOOFED_MEDIA", 15)
    finally:
        events.close()

    attacker = began.sources[0].address
    assert ipaddress.ip_address(attacker) in SPOOFED
    assert list(began.call_ids) == [CALL]
    assert began.pps > 2500
    assert ended.id == began.id
    assert ended.packets > 5000
    worst = next(line for line in top.splitlines() if attacker in line.split())
    assert "stranger_media" in worst
    met = next(line for line in top.splitlines() if local in line.split())
    assert met.split()[-2:] == [CALL, "caller"]
    assert "spoofed media" in top
    lines = [line for line in samples.splitlines() if "stranger_media" in line]
    assert lines and all("UDP, RTP type" in line and CALL in line for line in lines)
    leg = relay.api.leg(CALL, "caller")
    assert leg.shed_packets > 5000
    assert leg.shed_reason == "stranger_media"
    assert not relay.api.leg(CALL, "callee").shed_packets


def test_who_watches_late_is_told_what_runs(relay, pair, directory):
    phone_to_phone(relay, *pair, api.AVP)
    flood = Flood(directory, net.PHONES, ["closed"], [relay.api.leg(CALL, "caller").local],
                  rate=5000, seconds=20).wait_sending()
    try:
        wait.until(lambda: relay.api.shed().attacks, 10, "an attack", relay.api.shed)
        late = Events(relay)
        try:
            late.wait("CHANGE_BEGAN", "KIND_SCAN")
        finally:
            late.close()
    finally:
        flood.stop()


def carries(sender, receiver):
    """A report of the one reaches the other; RTCP is counted and changes nothing."""
    receiver.drain()
    sender.send_rtcp(REPORT)
    return receiver.datagram(0.3) is not None


def test_a_block_cuts_off_until_it_is_taken_back(relay, pair):
    phone_to_phone(relay, *pair, api.AVP)
    assert "cuts off media of 1 running call" in relay.ctl("shed", "block", PHONES)
    before = relay.api.drops()
    assert not carries(*pair)
    relay.wait_drops("blocked", 1, before)
    relay.controlplane.kill()
    relay.start_controlplane()
    block, = relay.api.shed().blocks
    assert (block.prefix, block.left_ms, block.automatic) == (PHONES, 0, False)
    assert not carries(*pair)
    relay.ctl("shed", "unblock", PHONES)
    assert not relay.api.shed().blocks
    assert carries(*pair)


def test_a_block_ends_by_itself(relay, pair):
    phone_to_phone(relay, *pair, api.AVP)
    relay.ctl("shed", "block", PHONES, "--for", "1s")
    assert not carries(*pair)
    wait.until(lambda: not relay.api.shed().blocks, 5, "the block to end")
    assert carries(*pair)


GUESSES = "[shed]\nauto_block=yes\nauto_block_pps=10\nauto_block_after=2\nauto_block_least=30\n"


def test_who_keeps_guessing_passwords_is_blocked(start_relay, endpoint, directory):
    """And nobody else: the call is set up in the meantime."""
    relay = start_relay(controlplane=GUESSES)
    agent = endpoint(endpoints.Agent, net.BROWSERS, net.BROWSER[4])
    phone = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    exchange(relay, agent, phone, network="public", family=family(4),
             to=phone_side(rtcp_mux=api.relay.TOGGLE_ON))
    flood = Flood(directory, net.BROWSERS, ["stun-password"], [relay.api.leg(CALL, "caller").local],
                  username=agent.credentials()["username"], rate=200, seconds=30).wait_sending()
    try:
        block = wait.until(lambda: relay.api.shed().blocks, 15, "a block", relay.api.shed)[0]
        agent.connect()
    finally:
        flood.stop()
    assert block.automatic
    assert ipaddress.ip_address(block.prefix) in SPOOFED
    assert 0 < block.left_ms <= 30000


def test_who_holds_a_call_is_not_blocked(start_relay, endpoint, directory):
    """A guess in its name costs it nothing: an address is easily spoofed."""
    relay = start_relay(controlplane=GUESSES)
    agent = endpoint(endpoints.Agent, net.BROWSERS, net.BROWSER[4])
    phone = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    agent_to_phone(relay, agent, phone)
    agent.connect()
    open_path(agent, phone)
    options = {"from": "host", "peer": f"{agent.address}:{agent.port}", "rate": 200,
               "username": agent.credentials()["username"], "seconds": 30}
    flood = Flood(directory, net.BROWSERS, ["stun-password"],
                  [relay.api.leg(CALL, "caller").local], **options).wait_sending()
    failures = failed_checks(relay)
    try:
        # Twice as long as who holds no call is given.
        for number in range(4 * 50):
            agent.datagram(0.02)
            packet = rtp.Packet(number, 160 * number, 7, bytes(160))
            agent.send(packet)
            assert phone.receive() == [packet]
            assert number % 50 or not relay.api.shed().blocks
    finally:
        flood.stop()
    assert failed_checks(relay) > failures + 4 * 50
    assert not relay.api.shed().blocks


def failed_checks(relay):
    return next(counter.value for counter in relay.api.status().counters
                if counter.name == "stun_401")


# --- whom a leg learns from

@pytest.mark.parametrize("latch, address, learns", [
    ("LATCH_DEFAULT", net.PHONE[4], True), ("LATCH_DEFAULT", net.PHONE_OTHER[4], False),
    ("LATCH_ADDRESS", net.PHONE_OTHER[4], False), ("LATCH_ONCE", net.PHONE_OTHER[4], True),
    ("LATCH_OFF", net.PHONE[4], False)])
@pytest.mark.parametrize("judge", ["auto", "worker", "off"])
def test_latching(start_relay, endpoint, judge, latch, address, learns):
    """The SDP names one port, media comes from another one, perhaps of another host."""
    relay = start_relay(trunk=f"shed={judge}")
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
    exchange(relay, caller, callee, network="trunk", family=family(4),
             latch=getattr(api.relay, latch),
             to=phone_side(latch=api.relay.LATCH_OFF, rtcp_mux=api.relay.TOGGLE_ON))
    sender = endpoint(endpoints.Phone, net.PHONES, address)
    sender.remote = caller.remote
    packets = [rtp.Packet(number, 160 * number, 0x1111, bytes(160)) for number in range(20)]
    if not learns:
        open_path(caller, callee)
        sender.send(*packets)
        assert callee.datagram(0.3) is None
        return
    open_path(sender, callee)
    sender.send(*packets)
    assert callee.receive(len(packets)) == packets
    assert relay.api.leg(CALL, "caller").remote == f"{address}:{sender.port}"
