# SPDX-License-Identifier: BSD-3-Clause
"""The relay as a host on its links: its own addresses answer, everybody else's are left alone."""

import itertools
import socket
import struct

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw

import api
import endpoint as endpoints
import frames
import net
import rtp
import sdp
import wait
from calls import CALL, TAGS, exchange, family, phone_side, phone_to_phone

SOL_PACKET, PACKET_AUXDATA = 263, 8  # linux/if_packet.h
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


def test_the_next_hop_is_asked_for_when_the_call_begins(relay, endpoint):
    """Not with the first packet of media: nothing was sent when the ARP request was seen."""
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
    with net.PHONES.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x806)) as arp:
        arp.bind(("eth0", 0x806))
        arp.settimeout(5)
        exchange(relay, caller, callee, network="trunk", family=family(4), to=phone_side())
        wanted = {socket.inet_aton(net.PHONE[4]), socket.inet_aton(net.PHONE_OTHER[4])}
        while wanted:
            frame = arp.recv(64)
            wanted -= {frame[38:42]} if frame[20:22] == b"\0\1" else set()


VLAN, PLACE = 7, ("203.0.113.40", 4000)


def tagged(frame):
    """(VLAN, frame) as the wire had it: the kernel takes the tag out of what it hands over."""
    octets, ancillary, _, _ = frame
    for level, kind, data in ancillary:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            return struct.unpack_from("=H", data, 16)[0] & 0xfff, octets
    return 0, octets


CARRIER = "203.0.113.33"  # of a network of its own on the trunk's port
IN_A_VLAN = {
    "the port's": ("trunk", net.RELAY_TRUNK[4], f"vlan={VLAN}"),
    "one of two": ("carrier", CARRIER, "[network carrier]\nport=trunk\n"
                                       f"address={CARRIER}/28\nvlan={VLAN}"),
}


@pytest.mark.parametrize("network, address, lines", IN_A_VLAN.values(), ids=IN_A_VLAN)
def test_in_a_vlan(start_relay, machine, network, address, lines):
    """Tagged frames both ways, ARP too. The test is the host: this kernel may have no VLANs."""
    relay = start_relay(trunk=lines)
    ours, theirs = net.PHONES.mac("eth0"), net.RELAY.mac("trunk0")
    offer = sdp.phone(*PLACE)
    to = {**phone_side(), "network": network}
    for_callee = relay.api.offer(CALL, "caller", offer, to=to, network=network, family=family(4))
    place = sdp.parse(for_callee)[0]
    at_caller = sdp.parse(relay.api.answer(CALL, *TAGS, offer))[0].port
    with net.PHONES.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as link:
        link.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        link.bind(("eth0", 3))
        link.settimeout(5)
        answer = Ether(src=ours, dst=theirs) / Dot1Q(vlan=VLAN) / ARP(
            op="is-at", hwsrc=ours, psrc=PLACE[0], hwdst=theirs, pdst=address)
        headers = Ether(src=ours, dst=theirs) / Dot1Q(vlan=VLAN) / IP(
            src=PLACE[0], dst=place.address) / UDP(sport=PLACE[1], dport=at_caller)
        sequence = itertools.count(1)
        link.send(bytes(answer))
        heard = []

        def arrived():
            """Media is sent until it comes back from the other leg's port."""
            media = rtp.Packet(next(sequence), 160, 1, b"tagged" * 20)
            link.send(bytes(headers / Raw(bytes(media))))
            while True:
                vlan, frame = tagged(link.recvmsg(2048, 128))
                datagram = frames.datagram(frame)
                if datagram is None or datagram.source[0] != address:
                    if datagram is None and vlan == VLAN and frame[12:14] == b"\x08\x06":
                        link.send(bytes(answer))
                    return None
                heard.append((vlan, datagram))
                return True
        wait.until(arrived, 10, "tagged media from the relay")
    vlan, datagram = heard[0]
    assert vlan == VLAN
    assert (datagram.source[1], datagram.destination) == (place.port, PLACE)
    assert rtp.parse(datagram.payload).payload == b"tagged" * 20
