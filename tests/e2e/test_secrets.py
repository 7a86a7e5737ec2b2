# SPDX-License-Identifier: BSD-3-Clause
"""No key of a call is ever told: in no log line, no reply of the API, no command line."""

import base64
import os

import pytest

import api
import endpoint as endpoints
import net
import rtp
import sdp
from calls import CALL, agent_to_phone
from relay import DATAPLANE_SOCKET

SUITE = "AES_CM_128_HMAC_SHA1_80"


def forms(secret):
    """How a key could be written."""
    return {secret.hex(), secret.hex().upper(), base64.b64encode(secret).decode().rstrip("="),
            " ".join(f"{octet:02x}" for octet in secret),
            ":".join(f"{octet:02x}" for octet in secret)}


@pytest.fixture
def call(start_relay, endpoint):
    """An agent with DTLS and a phone with SDES have talked; the keys of both are known here."""
    relay = start_relay(log="debug")
    agent = endpoint(endpoints.Agent, net.BROWSERS, net.BROWSER[4], SUITE)
    phone = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4], suite=SUITE)
    for_phone, for_agent = agent_to_phone(relay, agent, phone, api.SAVP)
    agent.connect()
    relay.wait_state(CALL, "CALL_UP")
    agent.send(rtp.Packet(1, 160, 1, bytes(160)))
    phone.receive()
    offered = [crypto.key for crypto in sdp.parse(for_phone)[0].cryptos]
    keys = [*offered, phone.crypto.key, *agent.dtls.keys()]
    # The master key alone, without its salt, and the passwords of ICE.
    texts = set().union(*map(forms, keys), *(forms(key[:16]) for key in keys))
    return relay, texts | {agent.password, sdp.parse(for_agent)[0].value("ice-pwd")}


def told(texts, haystack):
    return [text for text in texts if text in haystack]


def test_not_in_the_logs(call):
    relay, texts = call
    relay.api.delete(CALL)
    relay.stop()
    log = relay.log()
    assert CALL in log, "the logs tell of no call at all: this test would see nothing"
    assert told(texts, log) == []


def test_not_in_the_api(call):
    relay, texts = call
    shown = [str(relay.api.query(CALL)), str(relay.api.status()), str(relay.api.list()),
             relay.ctl("call", CALL), relay.ctl("--json", "call", CALL),
             str(relay.api.delete(CALL))]
    assert told(texts, "\n".join(shown)) == []


def test_not_on_a_command_line_or_in_the_environment(call):
    relay, texts = call
    for process in (relay.dataplane, relay.controlplane):
        for name in ("cmdline", "environ"):
            with open(f"/proc/{process.pid}/{name}", "rb") as file:
                assert told(texts, file.read().decode(errors="replace")) == []


def test_the_dataplane_socket_is_for_its_owner_alone(call):
    assert os.stat(DATAPLANE_SOCKET).st_mode & 0o777 == 0o600
