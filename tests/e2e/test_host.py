# SPDX-License-Identifier: BSD-3-Clause
"""The relay as a host on its links: its own addresses answer, everybody else's are left alone."""

import socket

import pytest

import api
import endpoint as endpoints
import net
import rtp
from calls import phone_to_phone

LINKS = [(net.BROWSERS, net.RELAY_PUBLIC), (net.PHONES, net.RELAY_TRUNK)]


def ping(namespace, address, *options):
    return namespace.run("ping", "-c", "3", "-i", "0.1", "-W", "2", *options, address)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("link", LINKS, ids=["public", "trunk"])
def test_a_media_address_answers(relay, link, version):
    """ARP or neighbour discovery, then ICMP echo, small and large; the kernel has neither."""
    namespace, addresses = link
    assert addresses[version] not in net.RELAY.run("ip", "addr")
    ping(namespace, addresses[version])
    ping(namespace, addresses[version], "-s", "1400")


def test_the_kernel_keeps_its_own_addresses(relay):
    """What is not for a media address goes to the kernel untouched: the host stays reachable."""
    net.RELAY.run("ip", "addr", "add", "198.51.100.2/24", "dev", "public0")
    try:
        ping(net.BROWSERS, "198.51.100.2")
        with net.RELAY.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
            server.bind(("198.51.100.2", 22))
            server.listen()
            server.settimeout(5)
            with net.BROWSERS.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
                client.settimeout(5)
                client.connect(("198.51.100.2", 22))
                accepted, _ = server.accept()
                with accepted:
                    client.sendall(b"ssh")
                    assert accepted.recv(3) == b"ssh"
    finally:
        net.RELAY.run("ip", "addr", "del", "198.51.100.2/24", "dev", "public0")


def carry_one(caller, callee):
    packet = rtp.Packet(1, 160, 1, b"one" * 50)
    caller.send(packet)
    assert callee.receive() == [packet]
    callee.send(packet)
    assert caller.receive() == [packet]


@pytest.fixture
def far_away():
    """Addresses of the phone's host that are not on its link."""
    addresses = {4: "198.51.100.200", 6: "2001:db8:99::20"}
    for address in addresses.values():
        net.PHONES.run("ip", "addr", "add", address, "dev", "lo")
    net.PHONES.run("ip", "route", "add", net.RELAY_TRUNK[4], "dev", "eth0")
    yield addresses
    for address in addresses.values():
        net.PHONES.run("ip", "addr", "del", address, "dev", "lo")
    net.PHONES.run("ip", "route", "del", net.RELAY_TRUNK[4], "dev", "eth0")


@pytest.mark.parametrize("version", [4, 6])
def test_behind_a_gateway(start_relay, endpoint, far_away, version):
    relay = start_relay(trunk=f"gateway={net.PHONE[4]}\ngateway={net.PHONE[6]}")
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[version])
    callee = endpoint(endpoints.Phone, net.PHONES, far_away[version])
    phone_to_phone(relay, caller, callee, api.AVP, version=version)
    carry_one(caller, callee)


def test_in_a_vlan(start_relay, endpoint):
    """Tagged frames both ways; the untagged ones on the same link are not the relay's."""
    net.PHONES.run("ip", "link", "add", "link", "eth0", "name", "eth0.7", "type", "vlan", "id", "7")
    try:
        net.PHONES.run("ip", "link", "set", "eth0.7", "up")
        for address, prefix in (("203.0.113.30", 24), ("203.0.113.31", 24)):
            net.PHONES.run("ip", "addr", "add", f"{address}/{prefix}", "dev", "eth0.7")
        net.PHONES.run("ip", "route", "add", net.RELAY_TRUNK[4], "dev", "eth0.7",
                       "src", "203.0.113.30")
        relay = start_relay(trunk="vlan=7")
        caller = endpoint(endpoints.Phone, net.PHONES, "203.0.113.30")
        callee = endpoint(endpoints.Phone, net.PHONES, "203.0.113.31")
        phone_to_phone(relay, caller, callee, api.AVP)
        carry_one(caller, callee)
    finally:
        net.PHONES.run("ip", "link", "del", "eth0.7")
