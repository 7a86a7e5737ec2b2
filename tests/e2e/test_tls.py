# SPDX-License-Identifier: BSD-3-Clause
"""The public API beyond loopback: TLS, and a certificate of the right authority, or nothing."""

import subprocess

import pytest

import net
from authority import Authority
from relay import PROGRAMS

# An address of the relay's kernel, not one of the media addresses.
ADDRESS, PORT = "198.51.100.2", 50051


@pytest.fixture
def authority(directory):
    return Authority(directory, "authority", ADDRESS)


@pytest.fixture
def relay(start_relay, authority):
    net.RELAY.run("ip", "addr", "add", f"{ADDRESS}/24", "dev", "public0")
    certificate, key = authority.issue("relay")
    yield start_relay(controlplane=f"listen={ADDRESS}:{PORT}\nca={authority.path}\n"
                                   f"cert={certificate}\nkey={key}")
    net.RELAY.run("ip", "addr", "del", f"{ADDRESS}/24", "dev", "public0")


def ctl(*options):
    """tandemctl on the browser's host, over its network."""
    return subprocess.run(
        net.BROWSERS.command(str(PROGRAMS / "tandemctl"), "--server", f"{ADDRESS}:{PORT}",
                             *map(str, options), "health"),
        capture_output=True, text=True, timeout=30, check=False)


def test_a_client_with_a_certificate_is_served(relay, authority):
    certificate, key = authority.issue("operator")
    told = ctl("--ca", authority.path, "--cert", certificate, "--key", key)
    assert told.returncode == 0, told.stderr
    assert told.stdout


def test_a_client_of_another_authority_is_not(relay, authority, directory):
    certificate, key = Authority(directory, "stranger", ADDRESS).issue("intruder")
    told = ctl("--ca", authority.path, "--cert", certificate, "--key", key)
    assert told.returncode == 3
    assert told.stderr


def test_a_client_without_tls_is_not(relay):
    told = ctl()
    assert told.returncode == 3
    assert told.stderr


def test_the_unix_socket_still_serves(relay):
    assert relay.api.serving()
