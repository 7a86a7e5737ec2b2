# SPDX-License-Identifier: BSD-3-Clause
"""tandemctl capture: the packets of one call, on the wire and in the clear, and nobody else's."""

import re
import signal
import subprocess

import pytest

import api
import endpoint as endpoints
import frames
import net
import pcapng
import rtp
import wait
from calls import CALL, agent_to_phone, open_path, phone_side, phone_to_phone
from process import Process
from relay import CTL, PROGRAMS

SUITE = "AES_CM_128_HMAC_SHA1_80"
COUNT = 30


class Ctl:
    """tandemctl capture, which runs; it captures from now on."""

    def __init__(self, relay, directory, *arguments, call=CALL, name="capture"):
        self.path = directory / f"{name}.pcapng"
        self.process = Process(
            [str(PROGRAMS / "tandemctl"), *CTL, "capture", call, *arguments, "-o", str(self.path)],
            directory / f"{name}.log")
        wait.until(self._has_begun, 10, "a capture to begin", self.process.text)

    def _has_begun(self):
        if not self.process.alive():
            raise AssertionError(f"it ended: {self.process.text()}")
        return self.path.exists() and self.path.stat().st_size > 0

    def count(self):
        return len(pcapng.packets(self.path))

    def wait_packets(self, count):
        wait.until(lambda: self.count() >= count, 10, f"{count} packets in {self.path}",
                   self.count)

    def end(self, code=0, seconds=10):
        """What it says at its end, that comes by itself."""
        assert self.process.wait_exit(seconds) == code, self.process.text()
        return self.process.text()


@pytest.fixture
def capture(relay, directory):
    started = []

    def start(*arguments, **more):
        started.append(Ctl(relay, directory, *arguments, **more))
        return started[-1]
    yield start
    for ctl in started:
        if ctl.process.alive():
            ctl.process.kill()


@pytest.fixture
def phones(relay, endpoint):
    """A call of two telephones on the trunk: (caller, with SRTP if it has a suite, callee)."""
    def make(suite=None, call=CALL, port=0):
        caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4], port, suite=suite)
        callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4], port)
        phone_to_phone(relay, caller, callee, api.AVP, call=call)
        return caller, callee
    return make


def talk(sender, receiver, ssrc, count=COUNT, first=1):
    """Packets, each with a payload of its own, all of which arrive."""
    said = [rtp.Packet(number, 160 * number, ssrc, bytes([number % 251, ssrc % 251]) * 80, 8)
            for number in range(first, first + count)]
    for packet in said:
        sender.send(packet)
    assert [packet.payload for packet in receiver.receive(count)] == \
        [packet.payload for packet in said]
    return said


def ports(relay, call=CALL):
    return {leg.tag: int(leg.local.rpartition(":")[2]) for leg in relay.api.query(call).legs}


def heard(path, port):
    """What tshark takes for RTP of a leg's port: (sent, SSRC, payload type, sequence, payload)."""
    found = []
    for layers in pcapng.tshark(path, "-d", f"udp.port=={port},rtp", "-Y",
                                f"rtp && udp.port=={port}"):
        layer = layers["rtp"]
        found.append((int(layers["udp"]["udp.srcport"]) == port, int(layer["rtp.ssrc"], 16),
                      int(layer["rtp.p_type"]), int(layer["rtp.seq"]),
                      bytes.fromhex(layer["rtp.payload"].replace(":", ""))))
    return found


def as_said(sent, said):
    return [(sent, packet.ssrc, packet.payload_type, packet.sequence, packet.payload)
            for packet in said]


def test_media_in_the_clear(relay, phones, capture):
    """One side has SRTP: what both say is in the file as they said it, once for each leg."""
    caller, callee = phones(SUITE)
    at = ports(relay)
    ctl = capture("--decrypted")
    said, answered = talk(caller, callee, 0x11111111), talk(callee, caller, 0x22222222)
    relay.api.delete(CALL)
    assert ctl.end().endswith("the call has ended\n")

    assert pcapng.link(ctl.path) == pcapng.RAW_IP and pcapng.dropped(ctl.path) == 0
    for tag, theirs, to_them in (("caller", said, answered), ("callee", answered, said)):
        found = heard(ctl.path, at[tag])
        assert [one for one in found if not one[0]] == as_said(False, theirs)
        assert [one for one in found if one[0]] == as_said(True, to_them)
    packets = pcapng.packets(ctl.path)
    assert len(packets) == 4 * COUNT
    for packet in packets:
        name = re.fullmatch(r"(\w+) audio, leg [0-9a-f]{16}", packet.comment)[1]
        ours = int.from_bytes(packet.octets[20:22] if packet.sent else packet.octets[22:24], "big")
        assert at[name] == ours
    times = [packet.time_ns for packet in packets if not packet.sent]
    assert times == sorted(times)
    assert ctl.path.stat().st_mode & 0o777 == 0o600
    # Checksums are right, since tshark looks.
    assert not pcapng.tshark(ctl.path, "-o", "udp.check_checksum:TRUE", "-o",
                             "ip.check_checksum:TRUE", "-Y", "udp.checksum.status == 0 || "
                             "ip.checksum.status == 0 || _ws.malformed")


def test_all_of_the_wire(relay, endpoint, capture, captures):
    """From the first ICE check on: every datagram that crossed the agent's link, and SRTP as it is."""
    agent = endpoint(endpoints.Agent, net.BROWSERS, net.BROWSER[4])
    phone = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    agent_to_phone(relay, agent, phone)
    ctl = capture("--wire")
    agent.connect()
    relay.wait_state(CALL, "CALL_UP")
    for one, other in ((agent, phone), (phone, agent)):
        open_path(one, other)
    said = [rtp.Packet(number, 160 * number, 7, bytes([number]) * 160) for number in range(1, 31)]
    sealed = [agent.protect(packet) for packet in said]
    for packet in sealed:
        agent.send_raw(packet)
    phone.receive(len(said))
    talk(phone, agent, 9)
    relay.api.delete(CALL)
    ctl.end()

    assert pcapng.link(ctl.path) == pcapng.ETHERNET and pcapng.dropped(ctl.path) == 0
    kept = [(packet.sent, frames.datagram(packet.octets)) for packet in pcapng.packets(ctl.path)]
    public = [(sent, one) for sent, one in kept
              if agent.address in (one.source[0], one.destination[0])]
    assert [one.payload for sent, one in public if not sent and one.payload in sealed] == sealed
    # As tcpdump saw them at the other end of the link, in their order.
    link = list(captures["browser"].datagrams())
    for sent, key in ((False, "source"), (True, "destination")):
        theirs = [one.payload for one in link
                  if getattr(one, key) == (agent.address, agent.port)]
        assert [one.payload for way, one in public if way == sent] == theirs
    named = {name for layers in pcapng.tshark(ctl.path)
             for name in layers["frame"]["frame.protocols"].split(":")}
    assert {"eth", "stun", "dtls"} <= named
    for kind in (rtp.is_stun, rtp.is_dtls, rtp.is_rtp):
        assert {sent for sent, one in public if kind(one.payload)} == {False, True}
    assert not pcapng.tshark(ctl.path, "-o", "udp.check_checksum:TRUE", "-Y",
                             "udp.checksum.status == 0 || _ws.malformed && !dtls")


def test_of_one_call_and_of_one_party(relay, phones, capture):
    caller, callee = phones()
    others = phones(call="beside")
    at, beside = ports(relay), ports(relay, "beside")
    whole, one = capture("--wire"), None
    talk(*others, 0x33333333)
    talk(caller, callee, 0x11111111)
    whole.wait_packets(2 * COUNT)
    whole.process.signal(signal.SIGINT)
    assert whole.end().endswith("stopped\n")
    one = capture("--decrypted", "--tag", "callee", name="party")
    talk(*others, 0x33333333, first=100)
    talk(caller, callee, 0x11111111, first=100)
    talk(callee, caller, 0x22222222)
    relay.api.delete(CALL)
    one.end()
    for path in (whole.path, one.path):
        seen = {int(layers["udp"][f"udp.{way}port"]) for layers in pcapng.tshark(path)
                for way in ("src", "dst")}
        assert not seen & set(beside.values())
        assert at["callee"] in seen
    packets = pcapng.packets(one.path)
    assert len(packets) == 2 * COUNT
    assert {packet.comment.split()[0] for packet in packets} == {"callee"}


def test_a_party_that_comes_later(relay, phones, endpoint, capture):
    caller, callee = phones()
    ctl = capture("--decrypted")
    ear = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4], suite=SUITE)
    ear.direction = "recvonly"
    offer = relay.api.subscribe(CALL, "ear", phone_side(
        profile=api.SAVP, rtcp_mux=api.relay.TOGGLE_ON), ["caller"])
    relay.api.subscribe_answer(CALL, "ear", ear.answer(offer))
    open_path(caller, ear)
    said = talk(caller, callee, 0x11111111)
    port = ports(relay)["ear"]
    ear.receive(len(said))
    relay.api.delete(CALL, "ear")
    talk(caller, callee, 0x11111111, first=100)
    relay.api.delete(CALL)
    ctl.end()
    assert heard(ctl.path, port) == as_said(True, said)


def test_limits(relay, phones, capture):
    caller, callee = phones()
    slow = capture("--wire", "--rate", "10", "--snap", "64", name="slow")
    talk(caller, callee, 0x11111111)
    wait.until(lambda: slow.count() >= 1, 5, "a packet")
    slow.process.signal(signal.SIGTERM)
    slow.end()
    packets = pcapng.packets(slow.path)
    assert len(packets) < 2 * COUNT
    assert {(len(packet.octets), packet.length) for packet in packets} == {(64, 42 + 172)}

    short = capture("--wire", "--for", "1s", name="short")
    assert short.end().endswith("0 packets; its time is over\n")

    small = capture("--decrypted", "--max-size", "1k", name="small")
    talk(caller, callee, 0x11111111, first=100)
    assert small.end().endswith("its size is reached\n")
    assert sum(len(packet.octets) for packet in pcapng.packets(small.path)) == 5 * 200


def test_what_is_left_out_is_said(relay, phones, capture):
    """More than the rate: the summary and the file's statistics have the number."""
    caller, callee = phones()
    ctl = capture("--wire", "--rate", "10")
    talk(caller, callee, 0x11111111, count=100)
    relay.api.delete(CALL)
    told = ctl.end()
    missed = pcapng.dropped(ctl.path)
    assert missed + ctl.count() == 2 * 100 and missed > 100
    assert f"and {missed} left out" in told


def test_one_capture_of_a_call(relay, phones, capture):
    caller, callee = phones()
    capture("--wire")
    for arguments, code, words in (
            ([CALL, "--decrypted", "-o", "-"], 1, "another capture has this call's packets"),
            (["nobody", "--wire", "-o", "-"], 1, 'no call "nobody"'),
            ([CALL, "--wire", "--tag", "x", "-o", "-"], 1, "no such party"),
            ([CALL, "--wire", "--for", "2h", "-o", "-"], 1, "an hour at most"),
            ([CALL, "-o", "-"], 2, "one of --wire and --decrypted"),
            ([CALL, "--wire", "--decrypted", "-o", "-"], 2, "one of --wire and --decrypted"),
            ([CALL, "--wire"], 2, "takes -o FILE"),
            ([CALL, "--wire", "--snap", "63", "-o", "-"], 2, "--snap"),
            ([CALL, "--wire", "--max-size", "much", "-o", "-"], 2, "--max-size")):
        done = subprocess.run([str(PROGRAMS / "tandemctl"), *CTL, "capture", *arguments],
                              capture_output=True, text=True, timeout=20, check=False)
        assert (done.returncode, done.stdout) == (code, ""), done.stderr
        assert words in done.stderr
    talk(caller, callee, 0x11111111)


def is_over(relay):
    return re.search(r"capture [0-9a-f]{16} is over", relay.dataplane.text())


def captured(relay):
    return {counter.name: counter.value for counter in relay.api.status().counters}["captured"]


@pytest.mark.parametrize("who", ["tandemctl", "controlplane"])
def test_it_ends_with_its_reader(relay, phones, capture, who):
    """Killed: the dataplane copies nothing any more, and the call goes on."""
    caller, callee = phones()
    ctl = capture("--wire")
    talk(caller, callee, 0x11111111)
    ctl.wait_packets(2 * COUNT)
    assert captured(relay) == 2 * COUNT
    if who == "tandemctl":
        ctl.process.kill()
    else:
        relay.controlplane.kill()
    wait.until(lambda: is_over(relay), 10, "the dataplane to end the capture",
               relay.dataplane.text)
    if who == "controlplane":
        assert ctl.process.wait_exit() == 3
        assert pcapng.dropped(ctl.path) == 0  # The file is complete as far as it goes.
        relay.start_controlplane()
    talk(caller, callee, 0x11111111, first=100)
    assert captured(relay) == 2 * COUNT
    # It can be captured again.
    again = capture("--wire", name="again")
    talk(caller, callee, 0x11111111, first=200)
    again.wait_packets(2 * COUNT)


def test_it_ends_with_its_lease(relay, phones, capture):
    """A control plane that hangs is not waited for."""
    caller, callee = phones()
    ctl = capture("--wire")
    relay.controlplane.signal(signal.SIGSTOP)
    try:
        wait.until(lambda: is_over(relay), 15, "the dataplane to end the capture",
                   relay.dataplane.text)
        talk(caller, callee, 0x11111111)
    finally:
        relay.controlplane.signal(signal.SIGCONT)
    assert "the dataplane has ended it" in ctl.end()
    assert ctl.count() == 0


def test_a_capture_into_a_pipe(relay, phones):
    """-o - is read as it comes."""
    caller, callee = phones()
    with subprocess.Popen([str(PROGRAMS / "tandemctl"), *CTL, "capture", CALL, "--decrypted",
                           "-o", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as ctl, \
        subprocess.Popen(["tshark", "-l", "-n", "-i", "-", "-c", "2", "-T", "fields", "-e",
                          "frame.interface_name"], stdin=ctl.stdout, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL) as reader:
        wait.until(lambda: re.search("capture [0-9a-f]{16} begins", relay.dataplane.text()), 10,
                   "the capture to begin", relay.dataplane.text)
        talk(caller, callee, 1)
        assert reader.communicate(timeout=20)[0].split() == [b"tandem", b"tandem"]
        ctl.terminate()
        ctl.communicate(timeout=20)
