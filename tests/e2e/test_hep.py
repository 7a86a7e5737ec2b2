# SPDX-License-Identifier: BSD-3-Clause
"""What a Homer server is told of a call: by HEP, each interval and at the end."""

import ipaddress
import pathlib
import re
import struct
import time

import pytest

import api
import endpoint as endpoints
import hep
import net
from calls import CALL, TAGS, open_path, phone_to_phone
from process import Process
from test_quality import SSRC, every, play

CAPTURE_PORT = 9060
INTERVAL = "[quality]\ninterval = 1\n"


@pytest.fixture
def start(request, start_relay, endpoint):
    """A call between two telephones through a relay that tells a server of it."""
    def begin(section):
        relay = start_relay(controlplane=INTERVAL + section)
        caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
        callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
        phone_to_phone(relay, caller, callee, api.AVP)
        for one, other in ((caller, callee), (callee, caller)):
            open_path(one, other)
        return relay, caller, callee
    return begin


@pytest.fixture(params=["udp", "tcp"])
def server(request, machine):
    made = hep.Server(request.param == "tcp")
    yield made
    made.close()


def is_stats(frame, kind="PERIODIC"):
    return (frame["type"] == hep.STATS and frame["payload"]["SSRC"] == SSRC
            and frame["payload"]["TYPE"] == kind)


def test_an_impaired_call(start, server):
    before = time.time()
    relay, caller, callee = start(server.section("capture_id = 77\ncapture_password = s3cret"))
    play(caller, 300, every(10))
    # The callee says in RTCP what it misses.
    block = struct.pack("!BBHIII", 25, 0, 30, 299, 80, 0) + bytes(4)
    callee.send_rtcp(struct.pack("!BBHII", 0x81, 201, 7, 0xfa12, SSRC) + block)

    stats = server.wait(lambda f: is_stats(f) and f["payload"]["PACKET_LOSS"] >= 5)
    leg = relay.api.leg(CALL, TAGS[0])
    assert stats["call"] == CALL == stats["payload"]["CORRELATION_ID"]
    assert (stats["family"], stats["protocol"]) == (2, 17)
    assert (stats["capture_id"], stats["password"]) == (77, "s3cret")
    assert (stats["from"], stats["from_port"]) == (net.PHONE[4], caller.port)
    assert f"{stats['to']}:{stats['to_port']}" == leg.local
    assert before - 1 < stats["seconds"] < time.time() + 1
    payload = stats["payload"]
    assert payload["CODEC_NAME"] == "PCMU" and payload["CLOCK"] == 8000
    assert payload["REPORT_NAME"] == TAGS[0]
    assert abs(payload["MOS"] - 3.4) < 0.4, payload
    listed, = relay.api.list()
    assert 1 <= listed.lowest_mos < payload["MIN_MOS"] + 0.01 < 4
    assert list(listed.tags) == list(TAGS) and f"{net.PHONE[4]}:{caller.port}" in listed.remotes
    assert payload["EXPECTED_PK"] == payload["TOTAL_PK"] + payload["PACKET_LOSS"]

    # What the relay would say to the caller, and what the callee said.
    own = server.wait(lambda f: f["type"] == hep.RTCP and f["payload"]["type"] == 201 and
                      f["payload"]["report_blocks"][0]["source_ssrc"] == SSRC and
                      f["payload"]["report_blocks"][0]["fraction_lost"] > 10)
    assert (own["to"], own["to_port"]) == (net.PHONE[4], caller.port)
    assert own["payload"]["report_blocks_xr"]["fraction_lost"] == \
        own["payload"]["report_blocks"][0]["fraction_lost"]
    heard = server.wait(lambda f: f["type"] == hep.RTCP and f["payload"]["ssrc"] == 0xfa12)
    assert (heard["from"], heard["from_port"]) == (net.PHONE_OTHER[4], callee.port)
    assert heard["payload"]["report_blocks"][0] == {
        "source_ssrc": SSRC, "packets_lost": 30, "ia_jitter": 80, "lsr": 0, "dlsr": 0,
        "fraction_lost": heard["payload"]["report_blocks"][0]["fraction_lost"]}
    assert all(frame["call"] == CALL for frame in server.frames)


def test_the_last_word(start, machine):
    """Of a call that was shorter than an interval, too."""
    server = hep.Server()
    relay, caller, _ = start(server.section())
    play(caller, 60, every(10))
    final = relay.api.delete(CALL)
    stream, = (stream for leg in final.legs for stream in leg.flow.streams if stream.ssrc == SSRC)
    last = server.wait(lambda f: is_stats(f, "FINAL"))
    assert last["call"] == CALL
    assert (last["from"], last["from_port"]) == (net.PHONE[4], caller.port)
    payload = last["payload"]
    assert (payload["TOTAL_PK"], payload["PACKET_LOSS"]) == (stream.packets, stream.lost)
    assert (payload["CODEC_NAME"], payload["REPORT_NAME"]) == ("PCMU", TAGS[0])
    assert abs(payload["MOS"] - stream.quality.mos) < 0.01
    server.close()


def test_no_participant_is_seen_where_privacy_is_on(start, machine, directory):
    server = hep.Server()
    relay, caller, callee = start(f"{server.section()}\n[controlplane]\nprivacy = addresses\n"
                                  f"privacy_key = {directory}/privacy.key\n")
    play(caller, 150)
    assert relay.ctl("calls", "--search", net.PHONE[4]) == "no calls\n"
    assert CALL in relay.ctl("calls", "--search", relay.api.pseudonym(net.PHONE[4]))
    relay.api.delete(CALL)
    last = server.wait(lambda f: is_stats(f, "FINAL"))
    digits = relay.api.pseudonym(net.PHONE[4]).partition("-")[2]
    for frame in (last, server.wait(is_stats)):
        assert frame["family"] == 10
        assert frame["payload"]["SRC_IP"] == frame["from"]
        assert ipaddress.ip_address(frame["from"]) == ipaddress.ip_address(
            bytes.fromhex("fd" + digits) + bytes(10))
        assert ipaddress.ip_address(frame["to"]).ipv4_mapped == \
            ipaddress.ip_address(net.RELAY_TRUNK[4])
    text = repr(server.frames)
    assert net.PHONE[4] not in text and net.PHONE_OTHER[4] not in text
    server.close()


def test_a_server_that_hangs_up(start, machine):
    server = hep.Server(tcp=True)
    _, caller, _ = start(server.section())
    play(caller, 150)
    server.wait(is_stats)
    server.hang_up()
    server.frames.clear()
    play(caller, 150)
    server.wait(is_stats)
    server.close()


@pytest.fixture
def kamailio(machine, directory):
    """Debian's Kamailio with its module sipcapture, where the relay finds it; its log says what came."""
    argv = ["/usr/sbin/kamailio", "-f", str(pathlib.Path(__file__).with_name("sipcapture.cfg")),
            "-DD", "-E", "-m", "32", "-M", "8", "-Y", str(directory),
            "-P", str(directory / "kamailio.pid"), "-l", f"udp:{hep.ADDRESS}:{CAPTURE_PORT}",
            "-A", f'DATABASE="text://{directory}"']
    process = Process(argv, directory / "kamailio.log", net.RELAY)
    try:
        process.wait_line(r"processes \(at least\)")
        yield process
    finally:
        process.stop()


def test_another_implementation_reads_it(start, kamailio):
    """Of Homer's own kin: every chunk, of RTCP and of statistics."""
    _, caller, _ = start(f"[hep]\nserver = udp:{hep.ADDRESS}:{CAPTURE_PORT}\n"
                         "capture_id = 4000000000\ncapture_password = s3cret\n")
    play(caller, 150)
    for kind, begin in ((hep.RTCP, '{"ssrc":'), (hep.STATS, f'{{"CORRELATION_ID":"{CALL}",')):
        kamailio.wait_line(
            rf"HEP 3 family=2 protocol=17 from=[\d.]+ to=[\d.]+ ports=\d+,\d+ seconds=\d{{10}} "
            rf"type={kind} id=(4000000000|-294967296) password=s3cret call={CALL} "
            rf"payload={re.escape(begin)}.*}} end")
