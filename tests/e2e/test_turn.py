# SPDX-License-Identifier: BSD-3-Clause
"""STUN and TURN (RFC 8489, RFC 8656), with coturn's clients as the other end."""

import re

import pytest

import net

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


def uclient(*arguments, version=4):
    """What turnutils_uclient tells: two clients by one allocation each, or one and its peer."""
    return client("turnutils_uclient", "-u", "agent", "-w", "secret words", "-n", "50", "-m", "2", "-c",
                  *arguments, SERVER[version])


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("how", [[], ["-s"], ["-g"], ["-D"], ["-G"]])
def test_clients_reach_one_another(turn, how, version):
    """By channels; by Send and Data; with DONT-FRAGMENT; with padding; with more requests than it takes."""
    told = uclient("-y", *(["-x"] if version == 6 else []), *how, version=version)
    assert "Total lost packets 0 " in told, told
