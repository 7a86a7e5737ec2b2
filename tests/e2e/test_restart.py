# SPDX-License-Identifier: BSD-3-Clause
"""Either program goes away in the middle of a call, and comes back."""

import signal

import grpc
import pytest

import api
import endpoint as endpoints
import host
import media
import net
import rtp
import wait
from calls import CALL, browser_to_phone, exchange, phone_to_phone


def test_a_killed_control_plane_costs_no_packet(relay, page, phone, forge, captures):
    browser, telephone = page(frequency=440, codec="PCMU"), phone(1000)
    browser_to_phone(relay, browser, telephone)
    telephone.wait_tone(440)
    browser.wait_tone(1000)
    before = relay.api.query(CALL)

    relay.controlplane.kill()
    # Consent goes on without it: the dataplane answers the browser's checks (RFC 7675).
    forge(net.BROWSERS).catch(lambda datagram: datagram.source[0] == net.RELAY_PUBLIC[4]
                              and rtp.is_stun(datagram.payload), count=3, seconds=30)
    assert browser.state() == "connected"
    relay.start_controlplane()

    wait.until(lambda: [call.call_id for call in relay.api.list()] == [CALL], 10,
               "the new control plane to list the call", lambda: relay.api.list())
    after = relay.wait_state(CALL, "CALL_UP")
    assert identity(after) == identity(before)
    telephone.forget()
    telephone.wait_tone(440)
    browser.wait_tone(1000)

    relay.api.delete(CALL)
    assert relay.api.list() == []
    telephone.wait_silence()
    public, trunk = media.browser_link(captures), media.phone_link(captures)
    assert media.gaps(trunk.heard) == media.gaps(public.heard) == {}


def identity(call):
    """What a call keeps over the control plane's life."""
    return sorted((leg.tag, leg.id, leg.local, leg.remote, leg.suite, leg.profile, leg.ice,
                   leg.dtls, leg.media, leg.network) for leg in call.legs)


def test_a_resumed_call_takes_a_reoffer(relay, page, phone):
    """The new control plane knows enough of the call to change it."""
    browser, telephone = page(frequency=440, codec="PCMU"), phone(1000)
    browser_to_phone(relay, browser, telephone)
    telephone.wait_tone(440)
    relay.controlplane.kill()
    relay.start_controlplane()
    wait.until(relay.api.list, 10, "the new control plane to list the call")
    exchange(relay, browser, telephone, offer={"restart": True})
    telephone.forget()
    telephone.wait_tone(440)
    browser.wait_tone(1000)


def test_many_calls_are_listed_again(relay, endpoint):
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
    names = [f"call-{number}" for number in range(100)]
    for name in names:
        phone_to_phone(relay, caller, callee, api.AVP, call=name)
    relay.controlplane.kill()
    relay.start_controlplane()
    wait.until(lambda: len(relay.api.list()) == len(names), 10,
               "the new control plane to list 100 calls", lambda: len(relay.api.list()))
    assert sorted(call.call_id for call in relay.api.list()) == sorted(names)
    for name in names:
        relay.api.delete(name)
    assert relay.api.status().legs == 0
    assert all(network.ports_used == 0 for network in relay.api.status().networks)


def test_the_dataplane_stops_clean_with_a_call_up(relay, endpoint, machine):
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4], suite="AEAD_AES_128_GCM")
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
    phone_to_phone(relay, caller, callee, api.AVP)
    caller.send(rtp.Packet(1, 160, 1, bytes(160)))
    callee.receive()
    assert host.pins() and host.attached(net.RELAY)

    assert relay.dataplane.stop() == 0
    assert host.pins() == []
    assert host.attached(net.RELAY) == []
    wait.until(lambda: host.free_pages() >= machine.free_pages, 5,
               f"{machine.free_pages} free huge pages, as before", host.free_pages)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_relay_takes_calls_again_after_the_dataplane(relay, endpoint, number):
    """However the old one ended. What it left behind does not stop the new one."""
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
    phone_to_phone(relay, caller, callee, api.AVP)

    relay.dataplane.signal(number)
    assert relay.dataplane.wait_exit() == (0 if number == signal.SIGTERM else -number)
    wait.until(lambda: not relay.api.status().dataplane_connected, 10,
               "the control plane to miss the dataplane")
    assert not relay.api.serving()
    with pytest.raises(grpc.RpcError) as refused:
        phone_to_phone(relay, caller, callee, api.AVP, call="too-early")
    assert refused.value.code() == grpc.StatusCode.UNAVAILABLE

    relay.start_dataplane()
    wait.until(relay.api.serving, 10, "the relay to serve again")
    phone_to_phone(relay, caller, callee, api.AVP, call="again")
    caller.send(rtp.Packet(1, 160, 1, b"again" * 32))
    assert callee.receive()[0].payload == b"again" * 32


@pytest.mark.parametrize("program", ["dataplane", "controlplane"])
def test_no_core_is_dumped(relay, program):
    """A core would hold the keys of every call."""
    process = getattr(relay, program)
    process.signal(signal.SIGABRT)
    assert not process.dumped_core()
    assert process.wait_exit() == -signal.SIGABRT
