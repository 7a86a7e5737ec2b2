# SPDX-License-Identifier: BSD-3-Clause
"""STUN and TURN (RFC 8489, RFC 8656), with coturn's clients as the other end."""

import re

import pytest

import net
from calls import browser_to_phone

SERVER = {4: net.RELAY_PUBLIC[4], 6: net.RELAY_PUBLIC[6]}
LISTEN = "\n".join(["[turn]", f"listen = {SERVER[4]}:3478", f"listen = [{SERVER[6]}]:3478",
                    "realm = example.com", "user = agent:secret words", "secret = one:a shared secret"])


@pytest.fixture
def turn(start_relay):
    return start_relay(controlplane=LISTEN)


def client(*arguments, namespace=net.BROWSERS):
    return namespace.run(*arguments)


@pytest.mark.parametrize("version", [4, 6])
def test_binding(turn, version):
    told = client("turnutils_stunclient", SERVER[version])
    assert re.search(rf"UDP reflexive addr: {net.BROWSER[version]}", told), told


@pytest.mark.parametrize("version, how", [(4, ["-g", "-D", "-G"]), (4, ["-s"]), (6, ["-x"])])
def test_clients_reach_one_another(turn, version, how):
    """By channels, with DONT-FRAGMENT, padding, and requests again; by Send and Data; over IPv6."""
    told = client("turnutils_uclient", "-u", "agent", "-w", "secret words", "-n", "30", "-m", "2",
                  "-c", "-y", *how, SERVER[version])
    assert "Total lost packets 0 " in told, told


def ice_server(version, scheme="turn", transport="udp"):
    host = SERVER[4] if version == 4 else f"[{SERVER[6]}]"
    return {"urls": f"{scheme}:{host}:3478?transport={transport}",
            "username": "agent", "credential": "secret words"}


@pytest.mark.parametrize("version", [4, 6])
def test_a_browser_behind_turn_calls_a_telephone(turn, page, phone, version):
    """Its media never leaves the relay between the allocation and the leg."""
    browser, telephone = page(frequency=440, turn=ice_server(version)), phone(1000)
    browser_to_phone(turn, browser, telephone)
    telephone.wait_tone(440)
    browser.wait_tone(1000)
    pair = browser.stats("candidate-pair", nominated=True)[0]
    local = next(entry for entry in browser.stats("local-candidate") if entry["id"] == pair["localCandidateId"])
    assert (local["candidateType"], local["relayProtocol"]) == ("relay", "udp")
