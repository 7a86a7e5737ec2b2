# SPDX-License-Identifier: BSD-3-Clause
"""A telephone in its namespace: GStreamer speaks PCMU over RTP, or over SRTP keyed by SDES.

It runs in the tests' own process; only its sockets are in the namespace. It sends one tone, keeps
what it hears, and makes and reads SDP as a SIP phone does.
"""

import dataclasses
import time

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gio, Gst  # noqa: E402

import numpy  # noqa: E402

import sdp  # noqa: E402
import tone  # noqa: E402
import wait  # noqa: E402

Gst.init(None)

RATE = 8000
CIPHERS = {
    "AES_CM_128_HMAC_SHA1_80": ("aes-128-icm", "hmac-sha1-80", "hmac-sha1-80"),
    "AES_CM_128_HMAC_SHA1_32": ("aes-128-icm", "hmac-sha1-32", "hmac-sha1-80"),
    "AEAD_AES_128_GCM": ("aes-128-gcm", "null", "null"),
    "AEAD_AES_256_GCM": ("aes-256-gcm", "null", "null"),
}


class Phone:
    """suites: the SDES suites it knows, best first; none: plain RTP."""

    def __init__(self, namespace, address, frequency, port, suites=()):
        self.namespace, self.address, self.port = namespace, address, port
        self.frequency = frequency
        self.cryptos = [sdp.Crypto.new(suite, tag) for tag, suite in enumerate(suites, 1)]
        self.crypto = None       # ours, once both sides agree on a suite
        self.remote_crypto = None
        self.lies = False        # whether the SDP names another key than the one in use
        self._version = 0
        self._direction = "sendrecv"
        self._heard = bytearray()
        self._pipeline = None
        # From here on GLib owns the descriptors.
        self._sockets = [Gio.Socket.new_from_fd(namespace.udp(address, number).detach())
                         for number in (port, port + 1)]

    # --- SDP

    def offer(self, direction="sendrecv"):
        self._direction = direction
        return self._describe(self.cryptos)

    def answer(self, offer, direction="sendrecv"):
        """Take an offer and start, or go on, to talk; the answer."""
        media = sdp.parse(offer)[0]
        known = {crypto.suite: crypto for crypto in self.cryptos}
        if self.cryptos:
            self.remote_crypto = next(c for c in media.cryptos if c.suite in known)
            ours = known[self.remote_crypto.suite]
            self.crypto = sdp.Crypto(self.remote_crypto.tag, ours.suite, ours.key)
        self._direction = direction
        self._talk(media)
        return self._describe([self.crypto] if self.crypto else [])

    def accept(self, answer):
        """Take the answer to our offer and start, or go on, to talk."""
        media = sdp.parse(answer)[0]
        if self.cryptos:
            self.remote_crypto = media.cryptos[0]
            self.crypto = next(c for c in self.cryptos if c.tag == self.remote_crypto.tag)
        self._talk(media)

    def _describe(self, cryptos):
        self._version += 1
        if self.lies:
            cryptos = [dataclasses.replace(c, key=sdp.Crypto.new(c.suite).key) for c in cryptos]
        return sdp.phone(self.address, self.port, "RTP/SAVP" if self.cryptos else "RTP/AVP",
                         self._direction, cryptos, self._version)

    # --- media

    def _talk(self, media):
        if not self._pipeline:
            self._build()
        for name, port in (("rtp_out", media.port), ("rtcp_out", media.rtcp_port)):
            self._set(name, host=media.address, port=port)
        silent = self._direction in ("recvonly", "inactive") or \
            media.direction in ("sendonly", "inactive")
        self._set("gate", drop=silent)
        self._pipeline.set_state(Gst.State.PLAYING)

    def talk_anyway(self):
        """Send, whatever was agreed."""
        self._set("gate", drop=False)

    def _set(self, element, **properties):
        for name, value in properties.items():
            self._pipeline.get_by_name(element).set_property(name, value)

    def _build(self):
        family = "socket-v6" if ":" in self.address else "socket"
        self._pipeline = Gst.parse_launch(
            f"rtpbin name=bin latency=60 "
            f"audiotestsrc is-live=true freq={self.frequency} volume=0.5 samplesperbuffer=160 ! "
            f"audio/x-raw,rate={RATE},channels=1 ! mulawenc ! valve name=gate ! "
            f"rtppcmupay name=payload min-ptime=20000000 max-ptime=20000000 "
            f"udpsrc name=rtp_in close-socket=false caps=\"{self._caps()}\" "
            f"udpsrc name=rtcp_in close-socket=false "
            f"udpsink name=rtp_out close-socket=false sync=false async=false "
            f"udpsink name=rtcp_out close-socket=false sync=false async=false "
            f"input-selector name=choice sync-streams=false ! rtppcmudepay ! mulawdec ! "
            f"appsink name=ear emit-signals=true sync=false max-buffers=50")
        bin_ = self._pipeline.get_by_name("bin")
        bin_.connect("pad-added", self._pad_added)
        if self.crypto:
            self._secure(bin_)
        for one, pad, other, its in (("payload", "src", "bin", "send_rtp_sink_0"),
                                     ("bin", "send_rtp_src_0", "rtp_out", "sink"),
                                     ("bin", "send_rtcp_src_0", "rtcp_out", "sink"),
                                     ("rtp_in", "src", "bin", "recv_rtp_sink_0"),
                                     ("rtcp_in", "src", "bin", "recv_rtcp_sink_0")):
            self._pipeline.get_by_name(one).link_pads(
                pad, self._pipeline.get_by_name(other), its)
        self._pipeline.get_by_name("ear").connect("new-sample", self._sample)
        for kind, sock in zip(("rtp", "rtcp"), self._sockets):
            self._set(f"{kind}_in", socket=sock)
            self._set(f"{kind}_out", **{family: sock})

    def _caps(self):
        kind = "srtp" if self.crypto else "rtp"
        return f"application/x-{kind},media=audio,clock-rate={RATE},encoding-name=PCMU,payload=0"

    def _pad_added(self, _bin, pad):
        if pad.get_name().startswith("recv_rtp_src"):
            choice = self._pipeline.get_by_name("choice")
            sink = choice.request_pad_simple("sink_%u")
            pad.link(sink)
            choice.set_property("active-pad", sink)  # A new SSRC takes over the ear.

    def _sample(self, ear):
        buffer = ear.emit("pull-sample").get_buffer()
        self._heard += buffer.extract_dup(0, buffer.get_size())
        return Gst.FlowReturn.OK

    def _secure(self, bin_):
        cipher, auth, rtcp_auth = CIPHERS[self.crypto.suite]
        encoder = Gst.ElementFactory.make("srtpenc")
        encoder.set_property("key", Gst.Buffer.new_wrapped(self.crypto.key))
        for name, value in (("rtp-cipher", cipher), ("rtp-auth", auth),
                            ("rtcp-cipher", cipher), ("rtcp-auth", rtcp_auth)):
            Gst.util_set_object_arg(encoder, name, value)
        decoder = Gst.ElementFactory.make("srtpdec")
        key = Gst.Caps.from_string(
            f"application/x-srtp, srtp-key=(buffer){self.remote_crypto.key.hex()}, "
            f"srtp-cipher={cipher}, srtp-auth={auth}, "
            f"srtcp-cipher={cipher}, srtcp-auth={rtcp_auth}")
        decoder.connect("request-key", lambda *_: key)
        for kind in ("rtp", "rtcp"):
            encoder.request_pad_simple(f"{kind}_sink_0")
            bin_.connect(f"request-{kind}-encoder", lambda *_: encoder)
            bin_.connect(f"request-{kind}-decoder", lambda *_: decoder)

    # --- what came

    def heard(self, seconds=0.7):
        """The judgement of the last seconds."""
        newest = bytes(self._heard[-2 * int(RATE * seconds):])
        return tone.analyse(numpy.frombuffer(newest, dtype="<i2") / 32768, RATE)

    def wait_tone(self, frequency, seconds=15):
        return wait.until(lambda: _if_tone(self.heard(), frequency), seconds,
                          f"{frequency} Hz at the phone", self.heard)

    def wait_silence(self, seconds=10):
        """Nothing comes from now on: what was heard is forgotten, and no more is added."""
        def silent():
            if self._heard:
                self._heard.clear()
                self._silent_since = time.monotonic()
            return time.monotonic() - self._silent_since > 0.5
        self._silent_since = time.monotonic()
        wait.until(silent, seconds, "silence at the phone", self.heard)

    def counts(self):
        """RTP as both sides of the conversation count it, from RTCP where it comes from there."""
        session = self._pipeline.get_by_name("bin").emit("get-internal-session", 0)
        result = {"sent": 0, "received": 0, "lost": 0, "remote_lost": None, "rtt_ms": None,
                  "remote_highest": None}
        stats = session.get_property("stats")  # owns the structures that the loop looks at
        for source in stats.get_value("source-stats"):
            if source.get_value("internal"):
                result["sent"] += source.get_value("packets-sent")
            elif source.get_value("is-sender"):
                result["received"] += source.get_value("packets-received")
                result["lost"] += source.get_value("packets-lost")
            if source.get_value("have-rb"):
                result["remote_lost"] = source.get_value("rb-packetslost")
                result["remote_highest"] = source.get_value("rb-exthighestseq")
                result["rtt_ms"] = source.get_value("rb-round-trip") * 1000 / 65536
        return result

    def wait_report(self, more=50, seconds=30):
        """The other side has told that as many of the packets to come have arrived."""
        now = self._pipeline.get_by_name("payload").get_property("seqnum")

        def arrived():
            highest = self.counts()["remote_highest"]
            return highest is not None and more <= (highest - now) % 0x10000 < 0x8000
        wait.until(arrived, seconds, f"a report of {more} more packets at the phone", self.counts)

    def forget(self):
        """What was heard until now no longer counts."""
        self._heard.clear()

    def hang_up(self):
        """Nothing is sent or heard from now on."""
        if self._pipeline:
            self._pipeline.set_state(Gst.State.NULL)
            self._pipeline = None

    def close(self):
        self.hang_up()
        for sock in self._sockets:
            if not sock.is_closed():
                sock.close()


def _if_tone(heard, frequency):
    return heard if heard.is_tone(frequency) else None
