# SPDX-License-Identifier: BSD-3-Clause
"""What a call sounds like, and why: by what its packets went through, of which the test knows all."""

import random
import struct
import time

import pytest

import api
import endpoint as endpoints
import net
import rtp
import wait
from calls import CALL, TAGS, open_path, phone_to_phone

FRAME = 0.01
SSRC = 0x5eed


@pytest.fixture
def relay(start_relay):
    return start_relay(controlplane="[quality]\ninterval = 2")


@pytest.fixture
def phones(relay, endpoint):
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
    phone_to_phone(relay, caller, callee, api.AVP)
    for one, other in ((caller, callee), (callee, caller)):
        open_path(one, other)
    return caller, callee


def play(sender, count, arrives=lambda n: 0.0):
    """A telephone's packets, each at its time. arrives: how late number n is in seconds; None: it
    never comes."""
    begin = time.monotonic() + 0.05
    events = sorted((begin + n * FRAME + late, n) for n in range(count)
                    if (late := arrives(n)) is not None)
    for at, n in events:
        time.sleep(max(0.0, at - time.monotonic()))
        sender.send(rtp.Packet(n, 80 * n, SSRC, bytes(80)))


def stream_of(relay, tag=TAGS[0]):
    return next(stream for stream in relay.api.leg(CALL, tag).flow.streams if stream.ssrc == SSRC)


def every(nth, run=1):
    return lambda n: None if n % nth < run and n >= nth else 0.0


# What the model of ITU-T G.107 says of G.711 that conceals losses, 40 ms of packet and buffer.
@pytest.mark.parametrize("arrives, listening, faults, why", [
    (lambda n: 0.0, 4.41, {}, ""),
    (every(25), 4.03, {"lost": 12, "bursts": 0}, " % of what it sends is lost before the relay"),
    (every(10), 3.42, {"lost": 30, "bursts": 1}, " % of what it sends is lost before the relay"),
    (every(50, run=5), 3.02, {"lost": 30, "bursts": 6},
     " % of what it sends is lost before the relay"),
    (lambda n: 0.0 if n % 20 else 0.3, 3.93, {"reordered": 15},
     "% of what it sends comes too late to be played: jitter before the relay"),
], ids=["nothing", "4 %", "10 %", "10 % in bursts", "late"])
def test_what_a_listener_hears(relay, phones, arrives, listening, faults, why):
    caller, _ = phones
    play(caller, 310, arrives)
    stream = stream_of(relay)
    assert stream.codec == "PCMU"
    assert abs(stream.quality.listening_mos - listening) < 0.2, stream
    assert stream.quality.mos <= stream.quality.listening_mos
    assert {name: getattr(stream, name) for name in faults} == pytest.approx(faults, abs=1)
    told = relay.api.leg(CALL, TAGS[0]).why
    assert why in told if why else not told, told
    shown = relay.ctl("call", CALL)
    assert f"{stream.quality.mos:.2f}" in shown and "PCMU" in shown


def test_one_way(relay, phones):
    caller, _ = phones
    play(caller, 300)
    assert not relay.api.leg(CALL, TAGS[0]).why
    assert wait.until(lambda: relay.api.leg(CALL, TAGS[1]).why, 10, "a reason")


def test_loss_behind_the_relay_is_told_from_loss_before_it(relay, phones):
    """The one who hears says in RTCP that a tenth is missing; the relay got all of it."""
    caller, callee = phones
    play(caller, 200)
    block = struct.pack("!IIIIII", SSRC, 20, 199, 80, 0, 0)
    callee.send_rtcp(struct.pack("!BBHI", 0x81, 201, 7, 0xfa12) + block)
    wait.until(lambda: stream_of(relay).HasField("heard"), 5, "what the callee hears",
               lambda: relay.api.query(CALL))
    stream = stream_of(relay)
    assert (stream.heard.lost, stream.heard.jitter_ms) == (20, 10.0)
    assert stream.lost == 0
    assert relay.api.leg(CALL, TAGS[0]).why == \
        "10.0 % of what it sends is lost behind the relay, as who hears it says"


def test_intervals_are_kept(relay, phones):
    """Good, then bad, then good."""
    caller, _ = phones
    bad = random.Random(7)
    play(caller, 1400, lambda n: None if 500 < n < 900 and bad.random() < 0.15 else 0.0)
    quality = stream_of(relay).quality
    assert 5 <= len(quality.history) <= 7
    assert quality.lowest_mos < 3.6 < 4.2 < quality.highest_mos
    assert quality.lowest_mos < quality.mos < quality.highest_mos
    assert sum(interval.lost for interval in quality.history) > 40
    assert all(1900 < interval.ms < 2500 for interval in quality.history)


def test_the_last_word_of_a_call(relay, phones):
    """What a call sounded like is in the reply of who deletes it."""
    caller, _ = phones
    play(caller, 100)
    leg, = (leg for leg in relay.api.delete(CALL).legs if leg.tag == TAGS[0])
    stream, = (stream for stream in leg.flow.streams if stream.ssrc == SSRC)
    assert abs(stream.quality.mos - 4.38) < 0.05
