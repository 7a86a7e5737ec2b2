# SPDX-License-Identifier: BSD-3-Clause
"""A port of two links that are one by LACP."""

import subprocess
import threading
import time

import pytest

import api
import endpoint as endpoints
import net
import wait
from calls import phone_to_phone
from lag import LINKS, OFFICE, Lag
from test_streams import packet

CALLS = 8
ANNOUNCING = 4  # seconds for which the relay tells of its addresses once a bond has a link


@pytest.fixture
def lag(machine, directory):
    switch = Lag(directory)
    yield switch
    switch.close()


@pytest.fixture
def relay(lag, start_relay):
    return start_relay(devargs=lag.devargs(), controlplane="headroom=0")


@pytest.fixture
def pairs(relay, endpoint):
    """Calls between telephones of the office, once both links are in use."""
    wait_members(relay, len(LINKS))
    made = []
    for number in range(CALLS):
        caller = endpoint(endpoints.Phone, OFFICE, net.PHONE[4], suite="AEAD_AES_128_GCM")
        callee = endpoint(endpoints.Phone, OFFICE, net.PHONE_OTHER[4])
        phone_to_phone(relay, caller, callee, api.AVP, call=f"call-{number}")
        made.append((caller, callee))
    return made


def trunk(relay):
    link, = [link for link in relay.api.status().links if link.name == "trunk"]
    return link


def wait_members(relay, count):
    wait.until(lambda: trunk(relay).members_used == count, 60,
               f"{count} links to carry traffic", lambda: trunk(relay))


def wait_path(relay, version=4):
    """A first link that the relay sends by is one that the switch sends by a moment later."""
    ping = OFFICE.command("ping", "-c1", "-W1", net.RELAY_TRUNK[version])
    wait.until(lambda: subprocess.run(ping, capture_output=True, check=False).returncode == 0, 30,
               "an echo by way of the switch", lambda: trunk(relay))


def carry(sender, receiver, indices):
    """In any order: a flow may go over to another link meanwhile."""
    packets = [packet(index) for index in indices]
    sender.send(*packets)
    assert sorted(receiver.receive(len(packets)), key=lambda one: one.sequence) == packets


def talk(pairs, first):
    for caller, callee in pairs:
        carry(caller, callee, range(first, first + 50))
        carry(callee, caller, range(first, first + 50))


class Voices:
    """Each callee speaks a packet every 10 ms, for three seconds."""
    PACKETS = 300

    def __init__(self, pairs):
        self._pairs = pairs
        self._thread = threading.Thread(target=self._speak)

    def _speak(self):
        for number in range(2000, 2000 + self.PACKETS):
            for _, callee in self._pairs:
                callee.send(packet(number))
            time.sleep(0.01)

    def __enter__(self):
        self._thread.start()
        wait.until(lambda: all(caller.datagram() for caller, _ in self._pairs), 10, "the voices")

    def __exit__(self, *_):
        self._thread.join()


def hear(caller):
    """All that comes until it is quiet."""
    heard = []
    while (datagram := caller.datagram(0.5)) is not None:
        heard.append(datagram)
    return heard


def test_a_stranger_asks_for_the_relay(relay):
    """By broadcast and multicast, as who was never spoken to."""
    wait_members(relay, len(LINKS))
    time.sleep(ANNOUNCING)
    OFFICE.run("ip", "neigh", "flush", "nud", "all")
    wait_path(relay)
    wait_path(relay, 6)


def test_a_link_goes_down_during_calls(lag, relay, pairs):
    before = [lag.carried(name) for name in LINKS]
    talk(pairs, 1000)
    assert all(lag.carried(name) - count > 40 for name, count in zip(LINKS, before))

    with Voices(pairs):
        lag.unplug(LINKS[1])
        wait_members(relay, 1)
    # What was on its way is lost, and no call falls silent.
    assert all(len(hear(caller)) > Voices.PACKETS * 2 / 3 for caller, _ in pairs)
    wait_path(relay)
    talk(pairs, 3000)
    assert trunk(relay).up

    lag.plug(LINKS[1])
    wait_members(relay, 2)
    talk(pairs, 4000)


def test_a_link_goes_down_again_and_again(lag, relay, pairs):
    """Nothing is lost of the relay's own each time: buffers, sockets."""
    for turn in range(5):
        lag.unplug(LINKS[turn % 2])
        wait_members(relay, 1)
        wait_path(relay)
        talk(pairs, 1000 * turn)
        lag.plug(LINKS[turn % 2])
        wait_members(relay, 2)


def test_both_links_go_down(lag, relay, pairs):
    """The port is down, says so, and calls go on when one is back."""
    for name in LINKS:
        lag.unplug(name)
    wait_members(relay, 0)
    wait.until(lambda: not trunk(relay).up, 10, "the port to be down", lambda: trunk(relay))
    assert "down, 0 of 2" in relay.ctl("ports")
    lag.plug(LINKS[0])
    wait_members(relay, 1)
    wait_path(relay)
    talk(pairs, 1000)
