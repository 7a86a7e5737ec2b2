# SPDX-License-Identifier: BSD-3-Clause
"""A participant that sends and receives single packets as the test says, where a real one flows.

Phone speaks RTP, or SRTP keyed by SDES; Agent speaks ICE and DTLS-SRTP as a browser does.
"""

import select
import time

from OpenSSL import SSL

import dtls
import rtp
import sdp
import srtp
import stun
import wait


class _Endpoint:
    """A socket, the other side's address and the SRTP state of both directions."""

    def __init__(self, namespace, address, port=0):
        self.namespace = namespace
        self.socket = namespace.udp(address, port)
        self.address, self.port = self.socket.getsockname()[:2]
        self.remote = None
        self.outbound = self.inbound = None

    def protect(self, packet):
        return self.outbound.rtp(bytes(packet)) if self.outbound else bytes(packet)

    def send(self, *packets):
        """RTP packets in the clear: protected on their way when there are keys."""
        for packet in packets:
            self.send_raw(self.protect(packet))

    def send_raw(self, datagram):
        self.socket.sendto(datagram, self.remote)

    def send_rtcp(self, packet):
        self.send_raw(self.outbound.rtcp(packet) if self.outbound else packet)

    def receive_rtcp(self, seconds=5):
        """The next RTCP packet, in the clear."""
        datagram = wait.until(lambda: self._next(rtp.is_rtcp), seconds,
                              f"an RTCP packet at {self.address}:{self.port}")
        return self.inbound.rtcp(datagram) if self.inbound else datagram

    def _next(self, wanted):
        datagram = self.datagram(0.1)
        return datagram if datagram and wanted(datagram) else None

    def datagram(self, seconds=2.0):
        """The next datagram, or None when none comes in that time."""
        if not select.select([self.socket], [], [], seconds)[0]:
            return None
        return self.socket.recv(65536)

    def receive(self, count=1, seconds=5):
        """The next RTP packets, in the clear; what is not RTP is left aside."""
        packets, deadline = [], time.monotonic() + seconds
        while len(packets) < count:
            datagram = self.datagram(max(0.0, deadline - time.monotonic()))
            if datagram is None:
                raise wait.Timeout(f"waited {seconds} s for {count} RTP packets at "
                                   f"{self.address}:{self.port}, {len(packets)} came")
            if rtp.is_rtp(datagram):
                packets.append(rtp.parse(self.inbound.rtp(datagram) if self.inbound
                                         else datagram))
        return packets

    def drain(self):
        """Every datagram that is there already."""
        taken = []
        while (datagram := self.datagram(0)) is not None:
            taken.append(datagram)
        return taken

    def close(self):
        self.socket.close()


class Phone(_Endpoint):
    """suite: the SDES suite it wants; None: plain RTP. RTCP shares the port (RFC 5761).

    lines: what else its SDP says of the m-line.
    """

    def __init__(self, namespace, address, port=0, suite=None, lines=()):
        super().__init__(namespace, address, port)
        self.crypto = sdp.Crypto.new(suite) if suite else None
        self.lines = lines
        self.direction = "sendrecv"
        self._version = 0

    def describe(self):
        self._version += 1
        return sdp.phone(self.address, self.port, "RTP/SAVP" if self.crypto else "RTP/AVP",
                         self.direction, [self.crypto] if self.crypto else [], self._version,
                         mux=True, more=self.lines)

    offer = describe

    def answer(self, offer):
        media = sdp.parse(offer)[0]
        if self.crypto:
            theirs = next(c for c in media.cryptos if c.suite == self.crypto.suite)
            self.crypto = sdp.Crypto(theirs.tag, theirs.suite, self.crypto.key)
        self._talk(media)
        return self.describe()

    def accept(self, answer):
        self._talk(sdp.parse(answer)[0])

    def _talk(self, media):
        self.remote = (media.address, media.port)
        if not self.crypto:
            return
        theirs = next(c for c in media.cryptos if c.suite == self.crypto.suite)
        self.outbound = srtp.Session(self.crypto.suite, self.crypto.key, inbound=False)
        self.inbound = srtp.Session(theirs.suite, theirs.key, inbound=True)


AGENT = """v=0\r
o=- 4711 {version} IN IP4 127.0.0.1\r
s=-\r
t=0 0\r
a=group:BUNDLE 0\r
m=audio 9 UDP/TLS/RTP/SAVPF 0\r
c=IN IP4 0.0.0.0\r
a=rtpmap:0 PCMU/8000\r
a=mid:0\r
a=sendrecv\r
a=rtcp-mux\r
a=ice-ufrag:{ufrag}\r
a=ice-pwd:{password}\r
a=fingerprint:sha-256 {fingerprint}\r
a=setup:{setup}\r
"""


class Agent(_Endpoint):
    """A WebRTC endpoint that offers: it may lie about its fingerprint or cut its handshake."""

    def __init__(self, namespace, address, suite="AES_CM_128_HMAC_SHA1_80", setup="actpass",
                 fragment=None):
        super().__init__(namespace, address)
        self.suite, self._setup, self._fragment = suite, setup, fragment
        self.identity = dtls.Identity()
        self.fingerprint = self.identity.fingerprint
        self.ufrag, self.password = "agnt", "agent-password-of-24-oct"
        self.dtls = None
        self._version = 0
        self._theirs = None

    def restart_ice(self):
        """The next offer asks for new credentials by having new ones."""
        self.ufrag, self.password = "new" + self.ufrag, self.password[::-1]

    def offer(self):
        self._version += 1
        return AGENT.format(version=self._version, ufrag=self.ufrag, password=self.password,
                            fingerprint=self.fingerprint, setup=self._setup)

    def accept(self, answer):
        """Take the answer; nothing is sent yet."""
        self._theirs = sdp.parse(answer)[0]
        self.remote = (self._theirs.address, self._theirs.port)
        if self.dtls:  # An association outlives a re-offer.
            return
        client = self._theirs.value("setup") == "passive"
        self.dtls = dtls.Dtls(self.identity, self.suite, client, self._fragment)

    def credentials(self):
        """What a connectivity check is made with."""
        return {"username": f"{self._theirs.value('ice-ufrag')}:{self.ufrag}",
                "password": self._theirs.value("ice-pwd")}

    def check(self, seconds=5, **wrong):
        """One connectivity check that nominates; the answer's (type, error code).

        It is sent again each half a second, as agents do (RFC 8445 section 14.3).
        """
        request = stun.check(**{**self.credentials(), **wrong})
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.send_raw(request)
            answer = self.datagram(min(0.5, max(0.0, deadline - time.monotonic())))
            if answer and rtp.is_stun(answer):
                return stun.kind(answer), stun.error_code(answer)
        raise wait.Timeout(f"waited {seconds} s for the answer to a connectivity check")

    def handshake(self, seconds=10):
        """DTLS to its end; whether the relay finished it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for record in self.dtls.give():
                self.send_raw(record)
            if self.dtls.done:
                break
            datagram = self.datagram(0.3)
            if datagram and rtp.is_dtls(datagram):
                self.dtls.take(datagram)
        else:
            return False
        ours, theirs = self.dtls.keys()
        self.outbound = srtp.Session(self.suite, ours, inbound=False)
        self.inbound = srtp.Session(self.suite, theirs, inbound=True)
        return True

    def try_handshake(self, seconds=3):
        """As far as it goes: the relay may end it with an alert."""
        try:
            return self.handshake(seconds)
        except SSL.Error:
            return False

    def announced_fingerprint(self):
        return self._theirs.value("fingerprint").split()[1]

    def connect(self):
        kind, error = self.check()
        if kind != stun.BINDING_SUCCESS:
            raise AssertionError(f"the relay answered a good connectivity check with {error}")
        if not self.handshake():
            raise wait.Timeout("waited 10 s for the end of the DTLS handshake with the relay")
