# SPDX-License-Identifier: BSD-3-Clause
"""The honest calls, and what becomes of their packets between the two links of the relay.

A browser's call over IPv4, a telephone's over IPv6, and that of a browser behind TURN, which it
reaches over IPv6; each to a telephone at the other side. Loss and jitter are from captures where
packets are sent and where they arrive: the kernel's time stamps of the same packet at both ends, so
that neither a participant's own jitter counts nor its clock.
"""

import collections
import statistics
import struct

import frames
import net
import rtp
import sdp
import wait
from phone import Phone
from process import Process

WEBRTC, PLAIN, TURN = "webrtc", "rtp", "turn"
CALLS = (WEBRTC, PLAIN, TURN)
RELAYED = "relayed"  # beside them, a place to attack: the address that TURN relays


class Capture:
    """RTP of the honest participants on one link, to the relay and from it. A flood's frames are
    not seen: they go into the link behind where tcpdump looks."""

    def __init__(self, namespace, directory, hosts):
        self._hosts = hosts
        self._path = directory / f"honest-{namespace.short}.pcap"
        self._path.unlink(missing_ok=True)
        self._tcpdump = Process(
            ["tcpdump", "-i", "eth0", "-n", "-U", "--immediate-mode", "-B", "16384", "-s", "128",
             "-Z", "root", "-w", str(self._path),
             "udp and (" + " or ".join(f"host {host}" for host in hosts) + ")"],
            directory / f"tcpdump-{namespace.short}.log", namespace)

    def wait_ready(self):
        self._tcpdump.wait_line("listening on")

    def stop(self):
        """By host: ({(SSRC, sequence number): time} of what it sent, the same of what it got)."""
        self._tcpdump.stop()
        seen = {host: ({}, {}) for host in self._hosts}
        for time, frame in frames.captured(self._path):
            datagram = frames.datagram(frame)
            packet = datagram and _unwrapped(datagram.payload)
            if not packet or not rtp.is_rtp(packet):
                continue
            # A relay may forward what only looks like RTP: no more than this is read.
            sequence, ssrc = struct.unpack("!xxHxxxxI", packet[:12])
            for way, (host, _) in enumerate((datagram.source, datagram.destination)):
                if host in seen:
                    seen[host][way].setdefault((ssrc, sequence), time)
        return seen


def _unwrapped(payload):
    """What ChannelData carries (RFC 8656 section 12.4)."""
    return payload[4:] if payload[:1] and payload[0] >> 6 == 1 else payload


class Quality:
    """Of one call, both directions: what was sent, what was lost, how unsteady the rest was."""

    def __init__(self, sent, arrived):
        self.sent = len(sent)
        self.lost = sum(key not in arrived for key in sent)
        self.jitter_ms = _jitter_p99(sent, arrived)

    @property
    def loss(self):
        return self.lost / self.sent if self.sent else 1.0


def _jitter_p99(sent, arrived):
    """Of the difference in transit of two packets in a row (RFC 3550 section 6.4.1)."""
    streams = collections.defaultdict(list)
    for key, time in sorted(sent.items(), key=lambda item: item[1]):
        if key in arrived:
            streams[key[0]].append(arrived[key] - time)
    differences = [abs(two - one) for transits in streams.values()
                   for one, two in zip(transits, transits[1:])]
    if len(differences) < 2:
        return None
    return 1000 * statistics.quantiles(differences, n=100)[98]


def _endpoint(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Call:
    """hosts: the participants' addresses on the public link and on the trunk. server: of TURN."""

    def __init__(self, name, hosts, caller, callee, server=None):
        self.name, self.hosts = name, hosts
        self.caller, self.callee = caller, callee
        self.version = 6 if ":" in hosts[1] else 4
        self.is_webrtc = name != PLAIN
        self._server = server
        self.places = {}   # where the relay listens on the public link, by what is attacked there
        self.known = {}    # what an attacker beside the browser knows

    def set_up(self, relay):
        offer = self.caller.offer()
        answer = relay.answer(self, self.callee.answer(relay.offer(self, offer)))
        self.caller.accept(answer)
        ours, theirs = (sdp.parse(text)[0] for text in (answer, offer))
        if self.is_webrtc:
            self.caller.wait_state("connected")
        if self.name == TURN:
            self.places = {TURN: self._server, RELAYED: _endpoint(theirs.address, theirs.port)}
        else:
            self.places = {self.name: _endpoint(ours.address, ours.port)}
        if self.name == WEBRTC:
            self._learn(ours.value("ice-ufrag"), theirs.value("ice-ufrag"))

    def _learn(self, *fragments):
        candidate, stream = wait.until(self._used, 5, "the browser to name the pair that it uses")
        self.known = {"peer": _endpoint(candidate["address"], candidate["port"]),
                      "username": ":".join(fragments), "ssrc": stream["ssrc"]}

    def _used(self):
        """The browser's own candidate and the stream that it sends."""
        stats = {entry["id"]: entry for entry in self.caller.stats()}
        pairs = [stats.get(entry.get("selectedCandidatePairId")) for entry in stats.values()
                 if entry["type"] == "transport"]
        streams = [entry for entry in stats.values() if entry["type"] == "outbound-rtp"]
        if not streams or not pairs or not pairs[0]:
            return None
        return stats[pairs[0]["localCandidateId"]], streams[0]

    def heard(self):
        """Packets that have arrived at each end."""
        there = self.caller.received().get("packetsReceived", 0) if self.is_webrtc \
            else self.caller.counts()["received"]
        return there, self.callee.counts()["received"]

    def close(self):
        self.caller.close()
        self.callee.close()


def _page(browser, frequency, **more):
    return browser.page(frequency=frequency, codec="PCMU", **more)


def _telephone(address, frequency):
    return Phone(net.PHONES, address, frequency, 4000)


def _make_webrtc(browser, _):
    return Call(WEBRTC, (net.BROWSER[4], net.PHONE[4]), _page(browser, 440),
                _telephone(net.PHONE[4], 1000))


def _make_plain(*_):
    return Call(PLAIN, (net.BROWSER_OTHER[6], net.PHONE[6]),
                Phone(net.BROWSERS, net.BROWSER_OTHER[6], 500, 4000),
                _telephone(net.PHONE[6], 1200))


def _make_turn(browser, server):
    """What is relayed for a client of IPv6 that does not ask for more is an address of IPv4."""
    turn = {"urls": f"turn:{server.where}?transport=udp", "username": server.user,
            "credential": server.password}
    return Call(TURN, (net.BROWSER[6], net.PHONE_OTHER[4]), _page(browser, 600, turn=turn),
                _telephone(net.PHONE_OTHER[4], 1400), server.where)


def make(name, browser, server):
    """server: the relay's TURN."""
    return {WEBRTC: _make_webrtc, PLAIN: _make_plain, TURN: _make_turn}[name](browser, server)


class Watch:
    """What happens to the calls from when it is made on."""

    def __init__(self, calls, directory):
        self._calls = calls
        self._captures = [
            Capture(namespace, directory, [call.hosts[side] for call in calls])
            for side, namespace in enumerate((net.BROWSERS, net.PHONES))]
        for capture in self._captures:
            capture.wait_ready()

    def finish(self, begin, end):
        """{call's name: Quality} of what was sent between the two times; some time must have
        passed since, for what was on its way."""
        public, trunk = (capture.stop() for capture in self._captures)
        qualities = {}
        for call in self._calls:
            (sent, got), (sent_back, got_back) = public[call.hosts[0]], trunk[call.hosts[1]]
            qualities[call.name] = Quality(
                {key: time for key, time in (sent | sent_back).items() if begin <= time < end},
                got | got_back)
        return qualities
