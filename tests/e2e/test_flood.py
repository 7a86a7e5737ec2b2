# SPDX-License-Identifier: BSD-3-Clause
"""The generator of floods: its frames are what they are said to be, and go nowhere else."""

import ipaddress
import select
import socket
import subprocess
import time
import zlib

import pytest

import dtls
import frames
import net
import rtp
from flood import Flood
from forge import ETH_P_ALL, UDP as UDP_LAYER, Ether, Raw
from relay import BUILD

pytestmark = pytest.mark.shipped

PORT = 20000
ARP, IPV6 = b"\x08\x06", b"\x86\xdd"
COUNT = 40  # what the buffer of a socket holds, a page for each
SPOOFED = [ipaddress.ip_network(prefix) for prefix in ("198.18.0.0/15", "2001:db8:f000::/40")]
MALFORMED = ("fragments", "runt")
UDP = ["garbage", "closed", "rtp", "rtp-stream", "rtcp", "stun", "stun-password", "turn-allocate",
       "turn-channel", "turn-send", "dtls",
       "dtls-port", "dtls-race", "srtp-forge", "srtcp-forge", "jumbo"]


def program(*arguments, namespace=net.BROWSERS):
    argv = [str(BUILD / "tests/flood"), *arguments]
    return subprocess.run(namespace.command(*argv) if namespace else argv, capture_output=True,
                          text=True, timeout=20, check=False)


@pytest.fixture
def sent(machine, directory):
    """The frames of an attack as the relay's end of the link gets them; no relay is there."""
    # What receives in NAPI's turns takes frames without an skb.
    net.RELAY.run("ethtool", "-K", "public0", "gro", "on")
    with net.RELAY.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as sniffer:
        sniffer.bind(("public0", ETH_P_ALL))

        def play(kind, version, **options):
            address = net.RELAY_PUBLIC[version]
            target = f"[{address}]:{PORT}" if version == 6 else f"{address}:{PORT}"
            peer = f"[{net.BROWSER[6]}]:5000" if version == 6 else f"{net.BROWSER[4]}:5000"
            result = Flood(directory, net.BROWSERS, [kind], [target], peer=peer, ssrc=7,
                           username="abcd:efgh", count=COUNT, rate=10000, **options).result()
            assert (result.sent, result.packets) == (COUNT, COUNT)
            return list(taken(sniffer, COUNT))
        yield play
    net.RELAY.run("ethtool", "-K", "public0", "gro", "off")


def taken(sniffer, count):
    """Of the flood alone: the browser's kernel speaks too, whenever it likes."""
    own = bytes.fromhex(net.BROWSERS.mac("eth0").replace(":", ""))
    deadline = time.monotonic() + 2
    while count and time.monotonic() < deadline and select.select([sniffer], [], [], 0.2)[0]:
        frame, (_, _, kind, *_) = sniffer.recvfrom(65536)
        if kind != socket.PACKET_OUTGOING and not is_housekeeping(frame, own):
            count -= 1
            yield frame


def is_housekeeping(frame, mac):
    """Are neighbours and groups spoken of by this MAC? The flood's neighbours have their own."""
    if frame[6:12] != mac:
        return False
    ethertype = frame[12:14]
    options, icmp = frame[20:21] == b"\x00", frame[20:21] == b"\x3a"
    return ethertype == ARP or ethertype == IPV6 and (options or icmp and frame[54:55] >= b"\x82")


@pytest.mark.parametrize("kind, version", [
    ("arp", 4), ("icmp", 4), ("ndp", 6), ("icmp6", 6),
    *((kind, version) for kind in [*UDP, *MALFORMED] for version in (4, 6))])
def test_frames(sent, kind, version):
    got = sent(kind, version, sources=3)
    assert len(got) == COUNT
    assert len(set(got)) == COUNT
    for frame in got:
        packet = Ether(frame)
        if kind not in MALFORMED:
            assert bytes(rebuilt(packet)) == frame
        if kind == "runt":
            assert len(frame) < {4: 42, 6: 62}[version]
    if kind in UDP:
        datagrams = [frames.datagram(frame) for frame in got]
        judge_sources(kind, {datagram.source for datagram in datagrams}, net.BROWSER[version])
        assert {datagram.destination[0] for datagram in datagrams} == {net.RELAY_PUBLIC[version]}
        ports = {datagram.destination[1] for datagram in datagrams}
        assert (PORT not in ports) if kind == "closed" else (ports == {PORT})
        judge_payloads(kind, [datagram.payload for datagram in datagrams])


def rebuilt(packet):
    """With the lengths and checksums that scapy computes."""
    if UDP_LAYER in packet:  # Whatever scapy takes its payload for.
        payload = bytes(packet[UDP_LAYER].payload)
        packet[UDP_LAYER].remove_payload()
        packet = packet / Raw(payload)
    layer = packet
    while layer:
        for name in ("len", "plen", "chksum", "cksum"):
            if name in layer.fields and " in ICMP" not in layer.name:
                layer.delfieldval(name)
        layer = layer.payload
    return packet


def judge_sources(kind, sources, peer):
    addresses = {address for address, _ in sources}
    ports = {port for _, port in sources}
    if kind in ("rtp-stream", "dtls-race", "srtp-forge", "srtcp-forge"):
        assert sources == {(peer, 5000)}
    elif kind == "dtls-port":
        assert addresses == {peer} and len(ports) > COUNT / 2
    else:
        assert len(addresses) == 3
        assert all(any(ipaddress.ip_address(address) in network for network in SPOOFED)
                   for address in addresses)


def judge_payloads(kind, payloads):
    if kind.startswith("stun"):
        for payload in payloads:
            crc = zlib.crc32(payload[:-8]) ^ 0x5354554e
            assert payload[-4:] == crc.to_bytes(4, "big")
            assert (b"abcd:efgh" in payload) == (kind == "stun-password")
    elif kind.startswith("dtls"):
        server = dtls.Dtls(dtls.Identity(), "AES_CM_128_HMAC_SHA1_80", client=False)
        server.take(payloads[0])
        assert len(server.give()) > 3  # up to ServerHelloDone
    elif kind in ("rtp", "srtp-forge", "jumbo"):
        assert all(map(rtp.is_rtp, payloads))
    elif kind == "rtp-stream":
        packets = [rtp.parse(payload) for payload in payloads]
        assert [packet.sequence for packet in packets] == list(range(COUNT))
        assert len({packet.ssrc for packet in packets} | {7}) == 2
    elif kind in ("rtcp", "srtcp-forge"):
        assert all(map(rtp.is_rtcp, payloads))
    elif kind == "turn-channel":
        assert all(payload[0] >> 4 == 4 and payload[2:4] == len(payload[4:]).to_bytes(2, "big")
                   for payload in payloads)
    elif kind.startswith("turn"):
        assert {payload[:2] for payload in payloads} == {
            {"turn-allocate": b"\0\3", "turn-send": b"\0\x16"}[kind]}


def test_as_many_sources_as_are_asked_for(sent):
    assert len({frames.datagram(frame).source[0] for frame in sent("rtp", 6, sources=100000)}) \
        == COUNT


def test_ctrl_c_ends_it_at_once(sent, directory):
    flood = Flood(directory, net.BROWSERS, ["rtp"], [f"{net.RELAY_PUBLIC[4]}:{PORT}"],
                  rate=1000, seconds=60).wait_sending()
    before = time.monotonic()
    assert flood.stop().seconds < 5
    assert time.monotonic() - before < 2


@pytest.mark.parametrize("arguments, complaint", [
    (["--target", "192.0.2.1:20000"], "192.0.2.1:20000 is no documentation address"),
    (["--target", "8.8.8.8:53"], "8.8.8.8:53 is no documentation address"),
    (["--target", "[2001:db9::1]:53"], "is no documentation address"),
    (["--target", "198.51.100.1:x"], "a number from 1 to 65535 is wanted"),
    (["--seconds", "61"], "a number from 0 to 60 is wanted"),
    (["everything"], "everything is no attack"),
    (["rtp"], "--target is missing"),
    (["--target", "198.51.100.1:1", "rtp"], "--to-mac is missing"),
    (["--target", "198.51.100.1:1", "--to-mac", "02:00:00:00:00:01", "srtp-forge"],
     "srtp-forge: --peer is missing"),
    (["--target", "198.51.100.1:1", "--to-mac", "02:00:00:00:00:01", "ndp"],
     "ndp: no target is of its IP version"),
    (["--target", "198.51.100.1:1", "--to-mac", "02:00:00:00:00:01", "--sources", "1000000",
      "rtp"], "198.18.0.0/15 has 131072"),
])
def test_mistakes_are_named(machine, arguments, complaint):
    done = program(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr


def test_only_where_somebody_made_a_network(machine):
    attack = ["--target", "198.51.100.1:1", "--to-mac", "02:00:00:00:00:01", "--count", "1", "rtp"]
    done = program(*attack, namespace=None)
    assert done.returncode == 1
    assert "not in a network namespace of its own" in done.stderr
    assert "the interface nowhere0" in program("--interface", "nowhere0", *attack).stderr


def test_help_names_every_attack(machine):
    done = program("--help")
    assert done.returncode == 0
    assert all(f"\n  {kind} " in done.stdout for kind in UDP + [*MALFORMED, "srtp-replay", "arp"])
