# SPDX-License-Identifier: BSD-3-Clause
"""Calls through the relay of a guest, and the secrets that they had."""

import base64
import socket

import api
import endpoint
import net
import rtp
import sdp
from browser import Browser
from calls import (CALL, agent_to_phone, browser_to_phone, hang_up, open_path, phone_to_phone)
from phone import Phone

SUITE = "AES_CM_128_HMAC_SHA1_80"
COUNT = 20
UDP_SEGMENT = 103  # linux/udp.h: one send of many datagrams
LONGEST = 1472     # of a UDP datagram over IPv4 and Ethernet


def both_ways(one, other):
    """Packets of each arrive at the other one, unharmed and in their order."""
    for ssrc, sender, receiver in ((1, one, other), (2, other, one)):
        packets = [rtp.Packet(number, 160 * number, ssrc, bytes([number]) * 160)
                   for number in range(COUNT)]
        sender.send(*packets)
        assert receiver.receive(COUNT, seconds=30) == packets


def sdes_call(relay):
    """Two telephones on the trunk, with keys of their own."""
    phones = [endpoint.Phone(net.PHONES, address[4], suite=SUITE)
              for address in (net.PHONE, net.PHONE_OTHER)]
    try:
        offered, _ = phone_to_phone(relay, *phones, api.SAVP)
        both_ways(*phones)
        keys = [crypto.key for crypto in sdp.parse(offered)[0].cryptos]
        relay.api.delete(CALL)
        return forms(*keys, *(phone.crypto.key for phone in phones))
    finally:
        for phone in phones:
            phone.close()


def plain_call(relay, summed):
    """Packets as a host's kernel hands them to virtio: many at once, of all sizes, and without checksums
    unless the guest has said that it wants them summed."""
    phones = [endpoint.Phone(net.PHONES, address[4]) for address in (net.PHONE, net.PHONE_OTHER)]
    try:
        assert ("tx-checksumming: off" in net.PHONES.run("ethtool", "-k", "eth0")) == summed
        phone_to_phone(relay, *phones, api.AVP)
        both_ways(*phones)
        many_at_once(*phones)
        every_size(*phones)
        relay.api.delete(CALL)
    finally:
        for phone in phones:
            phone.close()


def many_at_once(sender, receiver):
    """Datagrams that the kernel, or the NIC that it trusts, makes of one."""
    packets = [rtp.Packet(number, 160 * number, 3, bytes([number]) * 160) for number in range(COUNT)]
    sender.socket.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, len(bytes(packets[0])))
    sender.send_raw(b"".join(map(bytes, packets)))
    sender.socket.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 0)
    assert receiver.receive(COUNT, seconds=30) == packets


def every_size(sender, receiver):
    """A frame that fills several of a NIC's buffers is still one packet."""
    for length in (*range(0, LONGEST - 12, 97), LONGEST - 12):
        packet = rtp.Packet(length, length, 4, bytes(number % 251 for number in range(length)))
        sender.send(packet)
        assert receiver.receive(1, seconds=30) == [packet]


def browser_call(relay, directory):
    """Chromium on the public side, a telephone of GStreamer's on the trunk, a tone each way."""
    browser = Browser(net.BROWSERS, directory)
    try:
        page, phone = browser.page(frequency=440, codec="PCMU"), \
            Phone(net.PHONES, net.PHONE[4], 1000, 4000, ())
        browser_to_phone(relay, page, phone)
        phone.wait_tone(440)
        page.wait_tone(1000)
        hang_up(relay, page, phone)
        phone.close()
        page.close()
    finally:
        browser.close()


def webrtc_call(relay):
    """An agent with ICE and DTLS-SRTP on the public side, a telephone with SDES on the trunk."""
    agent = endpoint.Agent(net.BROWSERS, net.BROWSER[4], SUITE)
    phone = endpoint.Phone(net.PHONES, net.PHONE[4], suite=SUITE)
    try:
        agent_to_phone(relay, agent, phone, api.SAVP)
        agent.connect()
        relay.wait_state(CALL, "CALL_UP", 30)
        for sender, receiver in ((agent, phone), (phone, agent)):
            open_path(sender, receiver)
        both_ways(agent, phone)
        relay.api.delete(CALL)
        return forms(phone.crypto.key, *agent.dtls.keys()) | {agent.password}
    finally:
        agent.close()
        phone.close()


def forms(*secrets):
    """How keys, and what is without their salts, could be written."""
    return {text for secret in secrets for key in (secret, secret[:16])
            for text in (key.hex(), key.hex().upper(), base64.b64encode(key).decode().rstrip("="))}
