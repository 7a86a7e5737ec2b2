# SPDX-License-Identifier: BSD-3-Clause
"""Who sheds floods on a port: XDP in either mode, the workers where it cannot, or nobody."""

import os
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


@pytest.fixture
def generic():
    """An interface of the trunk whose driver has no XDP: the kernel runs the program for it."""
    net.RELAY.run("ip", "link", "add", "generic0", "link", "trunk0", "type", "macvlan",
                  "mode", "bridge")
    net.RELAY.run("ip", "link", "set", "generic0", "up")
    yield "generic0"
    net.RELAY.run("ip", "link", "del", "generic0")


def judges(relay):
    return {judge.network: judge.where for judge in relay.api.shed().judges}


def sheds(relay):
    """What no leg has asked for is dropped, told, and blocked when the operator says so."""
    before = relay.api.drops()
    with net.PHONES.udp(net.PHONE[4]) as flood:
        for _ in range(100):
            flood.sendto(b"flood", (net.RELAY_TRUNK[4], 25000))
        relay.wait_drops("closed_port", 100, before)
        assert relay.api.drops()["shed_closed_port"] - before["shed_closed_port"] == 100
        assert wait.until(relay.api.shed_samples, 5, "a sample")[0].source.startswith(net.PHONE[4])
        relay.ctl("shed", "block", f"{net.PHONE[4]}/32", "--for", "1s")
        before = relay.api.drops()
        flood.sendto(b"flood", (net.RELAY_TRUNK[4], 25000))
        # A worker hears of the block a moment later.
        wait.until(lambda: flood.sendto(b"flood", (net.RELAY_TRUNK[4], 25000)) and
                   relay.api.drops()["shed_blocked"] > before["shed_blocked"], 1, "the block")
    wait.until(lambda: not relay.api.shed().blocks, 3, "the block to end")


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
    assert judges(relay) == {"public": "worker", "trunk": "worker"}
    carries_a_call(relay, endpoint)
    sheds(relay)
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
    before = os.listdir(host.BPFFS)
    relay = start_relay(xdp="/nonexistent", public=f"shed={judge}", trunk=f"shed={judge}")
    assert "warn" not in relay.dataplane.text()
    assert host.pins() == []
    assert judges(relay) == {"public": judge, "trunk": judge}
    carries_a_call(relay, endpoint)
    assert set(relay.stop()) == {0}
    assert os.listdir(host.BPFFS) == before


def test_in_the_driver(relay, endpoint):
    assert judges(relay) == {"public": "xdp native", "trunk": "xdp native"}
    carries_a_call(relay, endpoint)
    sheds(relay)


def test_a_driver_without_xdp(machine, directory, generic, endpoint):
    """The program and the workers' stage side by side, over the same tables."""
    relay = Relay(directory, public="shed=worker")
    path = relay.dataplane_ini
    path.write_text(path.read_text().replace("iface=trunk0", f"iface={generic}"))
    relay.start()
    try:
        assert judges(relay) == {"public": "worker", "trunk": "xdp generic"}
        carries_a_call(relay, endpoint)
        sheds(relay)
    finally:
        assert set(relay.stop()) == {0}
    assert host.attached(net.RELAY) == []
