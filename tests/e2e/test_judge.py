# SPDX-License-Identifier: BSD-3-Clause
"""Who sheds floods on a port: XDP in either mode, the workers where it cannot, or nobody."""

import subprocess

import pytest

import api
import endpoint as endpoints
import host
import net
import rtp
import wait
from calls import phone_to_phone
from relay import Relay

# Whose packet ends where, the verifier wants to know.
REFUSED = """\
#include <linux/bpf.h>
__attribute__((section("xdp"), used)) int refused(struct xdp_md *ctx)
{
	return *(unsigned char *)(long)ctx->data;
}
"""


@pytest.fixture
def refused(directory):
    """An XDP program that no kernel takes."""
    path = directory / "refused.bpf.o"
    triplet = net.run("gcc", "-print-multiarch").strip()
    subprocess.run(["clang", "-target", "bpf", "-O2", f"-I/usr/include/{triplet}", "-x", "c", "-",
                    "-c", "-o", path], input=REFUSED, text=True, check=True, timeout=60)
    return path


def carries_a_call(relay, endpoint):
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
    phone_to_phone(relay, caller, callee, api.AVP)
    packet = rtp.Packet(1, 160, 1, b"judged" * 20)
    caller.send(packet)
    assert callee.receive() == [packet]


def test_a_refused_program_leaves_it_to_the_workers(start_relay, endpoint, refused):
    relay = start_relay(xdp=refused)
    for port in ("public", "trunk"):
        relay.dataplane.wait_line(rf"\[port {port}\] shed: .*workers shed")
    carries_a_call(relay, endpoint)
    assert sorted(host.attached(net.RELAY)) == ["public0", "trunk0"]
    assert set(relay.stop()) == {0}
    assert host.attached(net.RELAY) == []
    assert host.pins() == []


def test_after_a_killed_run_without_a_program(machine, directory):
    """What it leaves attached is libxdp's, and no more in the way than ours."""
    killed = Relay(directory, public="shed=worker")
    killed.start_dataplane()
    killed.dataplane.kill()
    assert "public0" in host.attached(net.RELAY)
    relay = Relay(directory)
    relay.start_dataplane()
    assert relay.stop() == (None, 0)
    assert host.attached(net.RELAY) == []


def test_a_refused_program_may_be_an_error(machine, directory, refused):
    relay = Relay(directory, xdp=refused, trunk="shed=xdp")
    with pytest.raises(wait.Timeout, match=r"\[port trunk\] devargs: .* does not start"):
        relay.start_dataplane()
    assert host.attached(net.RELAY) == []
    assert host.pins() == []


@pytest.mark.parametrize("judge", ["worker", "off"])
def test_without_a_program_nothing_is_pinned(start_relay, endpoint, judge):
    relay = start_relay(xdp="/nonexistent", public=f"shed={judge}", trunk=f"shed={judge}")
    assert "warn" not in relay.dataplane.text()
    assert host.pins() == []
    carries_a_call(relay, endpoint)
