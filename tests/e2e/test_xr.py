# SPDX-License-Identifier: BSD-3-Clause
"""RTCP XR (RFC 3611): a telephone that asks for it is told how its voice arrives, in octets that
Wireshark understands as well; and what a telephone says itself is shown."""

import struct
import subprocess

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.utils import wrpcap

import api
import endpoint as endpoints
import net
from calls import CALL, TAGS, phone_to_phone
from test_quality import SSRC, every, play, stream_of

ASKS = ("a=rtcp-xr:voip-metrics",)
SUITES = (None, "AES_CM_128_HMAC_SHA1_80", "AEAD_AES_256_GCM")
RTCP_PORT = 5005
FIELDS = (  # of Wireshark's dissector
    "rtcp.pt", "rtcp.length_check", "rtcp.xr.bt", "rtcp.xr.voipmetrics.jbnominal",
    "rtcp.xr.voipmetrics.gmin", "_ws.expert.message", "_ws.malformed")


@pytest.fixture
def relay(start_relay):
    return start_relay(controlplane="[quality]\ninterval = 1")


def compound(datagram):
    """[(packet type, octets)] of a compound packet."""
    packets = []
    while datagram:
        length = 4 * (struct.unpack("!H", datagram[2:4])[0] + 1)
        packets.append((datagram[1], datagram[:length]))
        datagram = datagram[length:]
    return packets


def told(phone):
    """The next XR that the relay made."""
    while True:
        packets = compound(phone.receive_rtcp())
        if [kind for kind, _ in packets] == [201, 202, 207]:
            return packets


def dissect(directory, datagram):
    """{field: values} as tshark has it."""
    path = directory / "xr.pcap"
    wrpcap(str(path), [Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") /
                       IP(src="192.0.2.1", dst="192.0.2.2") /
                       UDP(sport=RTCP_PORT, dport=RTCP_PORT) / datagram])
    command = ["tshark", "-r", str(path), "-d", f"udp.port=={RTCP_PORT},rtcp", "-T", "fields"]
    for name in FIELDS:
        command += ["-e", name]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(zip(FIELDS, (cell.split(",") if cell else []
                             for cell in out.rstrip("\n").split("\t"))))


@pytest.mark.parametrize("suite", SUITES)
def test_who_asks_is_told(relay, endpoint, tmp_path, suite):
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4], suite=suite, lines=ASKS)
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
    offered, _ = phone_to_phone(relay, caller, callee, api.AVP)
    assert ASKS[0] in offered  # what the other one can, it may say as well
    play(caller, 250, every(10, run=2))
    packets = told(caller)
    report, names, extended = (octets for _, octets in packets)
    by, about = report[4:8], extended[12:16]
    assert names[4:8] == extended[4:8] == by
    assert struct.unpack("!I", about)[0] == SSRC != struct.unpack("!I", by)[0]
    lost, discarded, in_bursts, _ = extended[16:20]
    assert 35 < lost < 60 and not discarded  # 20 % of 256
    assert in_bursts > 40
    assert extended[32] < 75 and 20 < extended[34] < 38

    found = dissect(tmp_path, b"".join(octets for _, octets in packets))
    assert found["rtcp.pt"] == ["201", "202", "207"]
    assert found["rtcp.xr.bt"] == ["7"]
    assert found["rtcp.length_check"] in (["1"], ["True"])
    assert found["rtcp.xr.voipmetrics.gmin"] == ["16"]
    assert found["rtcp.xr.voipmetrics.jbnominal"] == [str(struct.unpack("!H", extended[38:40])[0])]
    assert not found["_ws.malformed"] and not found["_ws.expert.message"], found

    # The next one comes when an interval has ended, if it goes on: its SRTCP index is another.
    play(caller, 250)
    assert told(caller)[0][1][4:8] == by
    assert not [d for d in callee.drain() if len(d) > 8 and d[1] == 207]


def test_what_a_telephone_says_is_shown(relay, endpoint):
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
    phone_to_phone(relay, caller, callee, api.AVP)
    play(caller, 100)
    voice = struct.pack("!BBHIBBBBHHHHbbBBBBBBBBHHH", 7, 0, 8, SSRC, 26, 13, 128, 5, 300, 5000, 80,
                        120, -20, -64, 55, 16, 81, 127, 39, 38, 0xb0, 0, 40, 60, 200)
    xr = struct.pack("!BBHI", 0x80, 207, 10, 0xfa12) + voice
    callee.send_rtcp(struct.pack("!BBHI", 0x80, 201, 1, 0xfa12) + xr)
    heard = compound(caller.receive_rtcp())
    assert heard[-1] == (207, xr)  # it is the caller's to read as well
    stream = stream_of(relay)
    assert (stream.xr.burst_ms, stream.xr.gap_ms, stream.xr.rtt_ms, stream.xr.end_system_ms,
            stream.xr.buffer_ms, stream.xr.r) == (300, 5000, 80, 120, 40, 81)
    assert stream.xr.loss == pytest.approx(10.2, abs=0.1)
    assert stream.xr.discarded == pytest.approx(5.1, abs=0.1)
    assert (stream.xr.listening_mos, stream.xr.mos) == (3.9, 3.8)
    assert not relay.api.leg(CALL, TAGS[1]).flow.streams[0].HasField("xr")
    relay.api.query(CALL)
    # Half of the round trip, and what the telephone itself adds.
    assert stream_of(relay).quality.delay_ms == pytest.approx(160, abs=1)
    shown = relay.ctl("call", CALL)
    assert "RTCP XR of those who hear it" in shown
    assert "300 ms" in shown and "5000 ms" in shown and "120 ms" in shown
