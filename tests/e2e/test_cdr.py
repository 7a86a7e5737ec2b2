# SPDX-License-Identifier: BSD-3-Clause
"""Call detail records: each call that ended has one, with what it was."""

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import time

import pytest

import api
import endpoint as endpoints
import host
import net
import ng
import rtp
import sdp
import wait
from calls import CALL, TAGS, exchange, family, open_path, phone_side, phone_to_phone
from relay import CTL, PROGRAMS

SSRC = 0x5eed
SIDE = {"network": "trunk", "family": family(4)}
TRUNK = {"direction": ["trunk", "trunk"]}


@pytest.fixture
def cdr(directory):
    return directory / "cdr"


@pytest.fixture
def recording(start_relay, cdr):
    """Starts a relay that keeps records: recording(more lines of its configuration, ...)."""
    def start(controlplane="", more="", **settings):
        return start_relay(controlplane=f"{controlplane}\n[cdr]\nfile={cdr}\n{more}", **settings)
    return start


@pytest.fixture
def phones(endpoint):
    return (endpoint(endpoints.Phone, net.PHONES, net.PHONE[4]),
            endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4]))


def lines(path):
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    assert not text or text.endswith("\n"), text[-200:]
    return [json.loads(line) for line in text.splitlines()]


def wait_lines(path, count, seconds=10):
    """The records, once there are so many; there must not be more."""
    wait.until(lambda: path.exists() and path.read_bytes().count(b"\n") >= count, seconds,
               f"{count} lines in {path}")
    found = lines(path)
    assert len(found) == count, [record["call_id"] for record in found]
    return found


def send(sender, count, ssrc=SSRC):
    sender.send(*(rtp.Packet(number, 160 * number, ssrc, bytes(160)) for number in range(count)))


def leg_of(record, tag):
    leg, = (leg for leg in record["legs"] if leg["leg"]["tag"] == tag)
    return leg


def party_of(record, tag):
    party, = (party for party in record["parties"] if party["tag"] == tag)
    return party


def test_a_record_beside_what_was_sent(recording, phones, cdr):
    relay = recording()
    caller, callee = phones
    began = 1000 * time.time()
    phone_to_phone(relay, caller, callee, api.AVP)
    caller.send(*(rtp.Packet(number, 160 * number, SSRC, bytes(160)) for number in range(200)
                  if number % 10 != 5))
    send(callee, 50, SSRC + 1)
    callee.receive(180)
    caller.receive(50)
    reply = relay.api.delete(CALL)
    record, = wait_lines(cdr, 1)
    ended = 1000 * time.time()
    assert stat.S_IMODE(cdr.stat().st_mode) == 0o640
    assert {name: record[name] for name in ("version", "call_id", "driver", "end", "why", "state",
                                            "incomplete", "left_out")} == {
        "version": 1, "call_id": CALL, "driver": "grpc", "end": "END_DELETED",
        "why": "it was deleted", "state": "CALL_UP", "incomplete": False, "left_out": 0}
    assert began - 1 <= record["begun_ms"] <= record["answered_ms"] <= record["ended_ms"] <= ended
    assert record["duration_ms"] == record["ended_ms"] - record["begun_ms"]
    assert record["talk_ms"] == record["ended_ms"] - record["answered_ms"]
    assert [(party["tag"], party["role"], party["left_ms"]) for party in record["parties"]] == [
        (tag, "PARTY_TALKS", 0) for tag in TAGS]
    for tag, other, phone, sent in ((*TAGS, caller, 180), (*TAGS[::-1], callee, 50)):
        leg, shown = leg_of(record, tag), next(leg for leg in reply.legs if leg.tag == tag)
        assert (leg["keys"], leg["left_ms"]) == ("", 0)
        assert leg["leg"]["remote"] == f"{phone.address}:{phone.port}"
        assert leg["leg"]["local"] == shown.local
        assert leg["leg"]["network"] == "trunk"
        flow = leg["leg"]["flow"]
        assert flow["packets"] == sent <= flow["sent_packets"]  # which counts RTCP
        stream, = (stream for stream in flow["streams"] if stream["packets"])
        assert (stream["codec"], stream["packets"]) == ("PCMU", sent)
        assert party_of(record, tag)["partner"] == other
    stream, = (stream for stream in leg_of(record, TAGS[0])["leg"]["flow"]["streams"]
               if stream["packets"])
    assert stream["lost"] == 20, stream
    assert 1 < stream["quality"]["mos"] < 4 and not stream["quality"]["history"], stream
    assert "is lost before the relay" in leg_of(record, TAGS[0])["leg"]["why"]


def test_how_a_call_was_keyed(recording, endpoint, cdr):
    relay = recording()
    suite = "AES_CM_128_HMAC_SHA1_80"
    agent = endpoint(endpoints.Agent, net.BROWSERS, net.BROWSER[4])
    phone = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4], suite=suite)
    exchange(relay, agent, phone, network="public", family=family(4),
             to=phone_side(4, api.SAVP, rtcp_mux=api.relay.TOGGLE_ON))
    agent.connect()
    relay.wait_state(CALL, "CALL_UP")
    relay.api.delete(CALL)
    record, = wait_lines(cdr, 1)
    agents, phones_ = leg_of(record, TAGS[0]), leg_of(record, TAGS[1])
    assert (agents["keys"], agents["leg"]["ice"], agents["leg"]["dtls"]) == \
        ("dtls", "LINK_UP", "LINK_UP")
    assert agents["leg"]["suite"] == suite and agents["leg"]["handshake_ms"] >= 0
    assert (phones_["keys"], phones_["leg"]["suite"]) == ("sdes", suite)


@pytest.mark.parametrize("killed", [False, True])
def test_a_transfer(recording, phones, endpoint, cdr, killed):
    """The first one's leg is in the record, also where the control plane died since."""
    relay = recording()
    caller, callee = phones
    third = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    phone_to_phone(relay, caller, callee, api.AVP)
    send(callee, 30)
    caller.receive(30)
    offered = relay.api.offer(CALL, TAGS[0], caller.offer(), to=phone_side(
        rtcp_mux=api.relay.TOGGLE_ON), branch="transfer", **SIDE)
    caller.accept(relay.api.answer(CALL, TAGS[0], "third", third.answer(offered),
                                   branch="transfer"))
    relay.api.delete(CALL, TAGS[1])
    if killed:
        # The dataplane answers this behind the call's state, which has what the leg counted.
        relay.api.query(CALL)
        relay.controlplane.kill()
        relay.start_controlplane()
        wait.until(relay.api.list, 10, "the call to be taken over")
    open_path(third, caller)
    send(third, 20, SSRC + 1)
    caller.receive(20)
    relay.api.delete(CALL)
    record, = wait_lines(cdr, 1)
    assert [party["tag"] for party in record["parties"]] == [TAGS[1], TAGS[0], "third"]
    left = party_of(record, TAGS[1])["left_ms"]
    assert record["begun_ms"] < left < record["ended_ms"]
    assert leg_of(record, TAGS[1])["leg"]["flow"]["packets"] == 30
    stream, = (stream for stream in leg_of(record, TAGS[1])["leg"]["flow"]["streams"]
               if stream["packets"])
    assert stream["codec"] == "PCMU" and stream["quality"]["mos"] > 4
    assert leg_of(record, TAGS[1])["left_ms"] >= left
    assert leg_of(record, "third")["leg"]["flow"]["packets"] == 20
    assert [leg_of(record, tag)["left_ms"] for tag in (TAGS[0], "third")] == [0, 0]


def test_a_fork(recording, phones, cdr):
    relay = recording()
    caller, callee = phones
    to = phone_side(rtcp_mux=api.relay.TOGGLE_ON)
    offers = {branch: relay.api.offer(CALL, TAGS[0], caller.offer(), to=to, branch=branch, **SIDE)
              for branch in ("one", "two")}
    caller.accept(relay.api.answer(CALL, TAGS[0], TAGS[1], callee.answer(offers["two"]),
                                   branch="two"))
    relay.api.withdraw(CALL, TAGS[0], branch="one")
    relay.api.delete(CALL)
    record, = wait_lines(cdr, 1)
    assert [(party["tag"], party["branch"], party["role"], bool(party["left_ms"]))
            for party in record["parties"]] == [
        ("", "one", "PARTY_INVITED", True), (TAGS[0], "", "PARTY_TALKS", False),
        (TAGS[1], "two", "PARTY_TALKS", False)]


def test_nobody_answers(recording, phones, cdr):
    relay = recording("offer_timeout=1")
    relay.api.offer(CALL, TAGS[0], phones[0].offer(), to=phone_side(), **SIDE)
    record, = wait_lines(cdr, 1)
    assert (record["end"], record["why"], record["state"], record["answered_ms"],
            record["talk_ms"]) == ("END_UNANSWERED", "it was never answered", "CALL_OFFERED", 0, 0)
    assert [party["role"] for party in record["parties"]] == ["PARTY_TALKS", "PARTY_INVITED"]


def test_media_stops(recording, phones, cdr):
    relay = recording("media_timeout=1\nmedia_timeout_delete=yes")
    caller, callee = phones
    phone_to_phone(relay, caller, callee, api.AVP)
    send(caller, 10)
    send(callee, 10)
    record, = wait_lines(cdr, 1)
    assert record["end"] == "END_MEDIA_TIMEOUT"
    assert leg_of(record, TAGS[0])["leg"]["flow"]["packets"] == 10
    assert "stopped sending" in record["why"]


# --- where it goes

def end_calls(relay, *names):
    for name in names:
        relay.api.offer(name, "a", sdp.phone(net.PHONE[4], 4000), to=phone_side(), **SIDE)
        relay.api.delete(name)


def test_the_file_is_rotated(recording, cdr):
    relay = recording()
    end_calls(relay, "1")
    wait_lines(cdr, 1)
    old = cdr.with_suffix(".1")
    cdr.rename(old)
    end_calls(relay, "2")
    wait_lines(old, 2)
    relay.controlplane.signal(signal.SIGHUP)
    wait.until(cdr.exists, 10, "a new file")
    end_calls(relay, "3")
    record, = wait_lines(cdr, 1)
    assert record["call_id"] == "3"
    assert [record["call_id"] for record in lines(old)] == ["1", "2"]
    # With nobody's configuration changed, and with nothing to rotate.
    relay.controlplane.signal(signal.SIGHUP)
    end_calls(relay, "4")
    wait_lines(cdr, 2)


def test_the_system_log(recording, cdr):
    path = f"{host.STATE}/log"
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as log:
        log.bind(path)
        log.settimeout(10)
        try:
            relay = recording(more=f"syslog=yes\nsyslog_facility=local5\nsyslog_socket={path}\n")
            end_calls(relay, "1")
            head, _, record = log.recv(65536).decode().partition(": {")
        finally:
            os.unlink(path)
    assert head.startswith("<174>") and head.endswith(f" tandem-cdr[{relay.controlplane.pid}]")
    assert [json.loads("{" + record)] == wait_lines(cdr, 1)


def test_streams(start_relay):
    """Who asks has the records, also where no file has them."""
    relay = start_relay()
    records = relay.api.records()
    assert (begun := next(records)).version == 1 and not begun.record
    ctl = subprocess.Popen([str(PROGRAMS / "tandemctl"), *CTL, "records"],
                           stdout=subprocess.PIPE, text=True)
    try:
        # It says nothing until a call ends: the first ones may end before it is there.
        name = 0
        os.set_blocking(ctl.stdout.fileno(), False)
        line = ""
        deadline = time.monotonic() + 10
        while not line and time.monotonic() < deadline:
            name += 1
            end_calls(relay, str(name))
            record = next(records)
            assert (record.call_id, record.end) == (str(name), api.relay.END_DELETED)
            line = ctl.stdout.readline()
        assert int(json.loads(line)["call_id"]) <= name
    finally:
        ctl.kill()
        ctl.wait()
    records.cancel()


@contextlib.contextmanager
def small_disk(path):
    path.mkdir()
    net.run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(path))
    try:
        yield
    finally:
        net.run("umount", "--lazy", str(path))


def test_a_full_disk(start_relay, directory):
    """It is said once; calls go on, and have their lines in their order once there is room."""
    disk = directory / "disk"
    with small_disk(disk):
        cdr = disk / "cdr"
        relay = start_relay(controlplane=f"[cdr]\nfile={cdr}\n")
        end_calls(relay, *map(str, range(100)))
        relay.controlplane.wait_line("No space left on device; calls go on")
        assert 1 <= len(lines(cdr)) < 100
        end_calls(relay, *map(str, range(100, 150)))
        net.run("mount", "-o", "remount,size=4m", str(disk))
        relay.controlplane.wait_line("records are written again; lost: 0")
        assert [record["call_id"] for record in wait_lines(cdr, 150)] == list(map(str, range(150)))
        assert relay.log().count("No space left on device") == 1
        relay.stop()


# --- each once

WAVES, WAVE = 4, 250
STOP = 40  # answers until it is killed; twice as many in the second wave, and so on
AT_A_TIME = 32
PROXY = ("127.0.0.1", 2223)


class Driver:
    """Offers, answers and deletes calls; what is not answered it asks again."""

    def __init__(self):
        self._socket = net.RELAY.udp(PROXY[0])
        self._round = 0

    def ask(self, requests, stop_after=None):
        """Sends these requests by name, AT_A_TIME under way; the names of those that are answered.

        stop_after: returns after so many answers, with others on their way.
        """
        self._round += 1  # Another cookie: what is asked again is another request.
        self._socket.settimeout(10)
        waiting, under_way, answered = list(requests.items()), set(), set()
        while waiting or under_way:
            while waiting and len(under_way) < AT_A_TIME:
                name, request = waiting.pop(0)
                self._socket.sendto(f"{self._round}_{name} ".encode() + ng.encode(request),
                                    PROXY)
                under_way.add(name)
            cookie, _, reply = self._socket.recv(1 << 20).partition(b" ")
            number, _, name = cookie.decode().partition("_")
            if int(number) != self._round:
                continue  # from before the control plane died
            reply = ng.decode(reply)
            assert reply["result"] == "ok", (name, reply)
            under_way.remove(name)
            answered.add(name)
            if stop_after and len(answered) >= stop_after:
                break
        return answered

    def close(self):
        self._socket.close()


def request(command, name, **keys):
    return {"command": command, "call-id": name, "from-tag": "a", **keys}


def test_each_of_a_thousand_calls_once(recording, cdr):
    """The control plane is killed in the midst of deletions, four times: no line is missing, none
    is there twice."""
    relay = recording("port_quarantine=0", f"[ng]\nlisten=udp:{PROXY[0]}:{PROXY[1]}\n", log="warn")
    driver = Driver()
    everybody = set()
    for wave in range(WAVES):
        names = [f"call-{wave}-{number}" for number in range(WAVE)]
        everybody.update(names)
        driver.ask({name: request("offer", name, sdp=sdp.phone(net.PHONE[4], 4000), **TRUNK)
                    for name in names})
        driver.ask({name: request("answer", name, sdp=sdp.phone(net.PHONE_OTHER[4], 5000),
                                  **{"to-tag": "b"}) for name in names})
        deletes = {name: request("delete", name, **{"delete-delay": 0}) for name in names}
        done = driver.ask(deletes, stop_after=STOP * (wave + 1))
        relay.controlplane.kill()
        relay.start_controlplane()
        driver.ask({name: deletes[name] for name in names if name not in done})
    wait.until(lambda: len(lines(cdr)) >= WAVES * WAVE, 20, "a line of each call",
               lambda: len(lines(cdr)))
    wait.until(lambda: relay.api.status().dataplane_legs == 0, 20, "the last leg to be gone")
    # The dataplane has no call whose record would be written now.
    relay.controlplane.kill()
    relay.start_controlplane()
    assert not relay.api.list()
    found = lines(cdr)
    assert len(found) == WAVES * WAVE
    assert {record["call_id"] for record in found} == everybody
    assert len({record["record"] for record in found}) == WAVES * WAVE
    # Those whose deletion the killed one never heard of have their statistics.
    whole = [record for record in found if not record["incomplete"]]
    assert len(whole) >= sum(WAVE - STOP * (wave + 1) - AT_A_TIME for wave in range(WAVES))
    assert all(len(record["legs"]) == 2 and record["answered_ms"] for record in found)
    assert {record["end"] for record in found} == {"END_DELETED"}
    driver.close()
