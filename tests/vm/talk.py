# SPDX-License-Identifier: BSD-3-Clause
"""Calls through the relay of a guest, and the secrets that they had."""

import base64

import api
import endpoint
import net
import rtp
import sdp
from calls import CALL, agent_to_phone, open_path, phone_to_phone

SUITE = "AES_CM_128_HMAC_SHA1_80"
COUNT = 20


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
