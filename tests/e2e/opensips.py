# SPDX-License-Identifier: BSD-3-Clause
"""What OpenSIPS sends to a media relay, written after the documentation of its rtpengine module.

Debian has no OpenSIPS. Its module makes a dictionary of a function's words in this way:

    sdp, then each `key=value` as it stands        (ICE=force; address-family=IP4 as `address family`)
    direction                                      in-iface=, out-iface=
    flags                                          each word that it does not know
    replace                                        replace-origin, replace-session-connection
    transport-protocol                             RTP/AVP ..., or RTP, SRTP, AVP, AVPF
    rtcp-mux                                       rtcp-mux-demux ...
    call-id, via-branch, received-from, from-tag, to-tag, command

It sorts nothing, leaves out what is empty, and has a cookie of its process and a number. In requests
and answers from-tag is that of the From header, so that a callee's re-INVITE has its tag there; a
delete has no to-tag. What has no reply after a second is sent again, up to five times.
"""

import itertools

import net
import ng

ADDRESS = ("127.0.0.1", 2223)
CONFIGURATION = "[ng]\nlisten=udp:%s:%d\n" % ADDRESS

CALL_ID = "f7c1a0e2-3b1d-4c6f@198.51.100.10"
BRANCH = "z9hG4bK24d8.a5a5a5a4.0"
AGENT, TRUNK = ["IP4", net.BROWSER[4]], ["IP4", net.PHONE[4]]  # where SIP comes from

# rtpengine_offer("ICE=remove RTP/AVP rtcp-mux-demux trust-address replace-origin
#                  replace-session-connection in-iface=public out-iface=trunk")
TO_PHONE = {"sdp": None, "ICE": "remove", "direction": ["public", "trunk"],
            "flags": ["trust-address"], "replace": ["origin", "session-connection"],
            "transport-protocol": "RTP/AVP", "rtcp-mux": ["demux"]}
# rtpengine_offer("ICE=force DTLS=passive address-family=IP4 UDP/TLS/RTP/SAVPF rtcp-mux-offer
#                  trust-address SDES-off generate-mid replace-origin replace-session-connection
#                  in-iface=trunk out-iface=public")
TO_BROWSER = {"sdp": None, "ICE": "force", "DTLS": "passive", "address family": "IP4",
              "direction": ["trunk", "public"],
              "flags": ["trust-address", "SDES-off", "generate-mid"],
              "replace": ["origin", "session-connection"],
              "transport-protocol": "UDP/TLS/RTP/SAVPF", "rtcp-mux": ["offer"]}
# rtpengine_offer("RTP/SAVP SDES-only-AES_CM_128_HMAC_SHA1_32 repacketize=20 symmetric
#                  replace-origin in-iface=trunk out-iface=trunk")
TO_SECURE = {"sdp": None, "repacketize": 20, "direction": ["trunk", "trunk"],
             "flags": ["SDES-only-AES_CM_128_HMAC_SHA1_32", "symmetric"], "replace": ["origin"],
             "transport-protocol": "RTP/SAVP"}
# rtpengine_offer("RTP/AVP replace-origin in-iface=trunk out-iface=trunk")
PLAIN = {"sdp": None, "direction": ["trunk", "trunk"], "replace": ["origin"],
               "transport-protocol": "RTP/AVP"}

PING = {"command": "ping"}


def _said(branch, received, **tags):
    named = {"call-id": CALL_ID, **({"via-branch": branch} if branch else {}),
             "received-from": received}
    return named | {name.replace("_", "-"): tag for name, tag in tags.items()}


# What each SIP message has the module send. The caller's tag is a, the callee's b.
def invite(words, received):
    return {**words, **_said(BRANCH, received, from_tag="a"), "command": "offer"}


def ok(words, received):
    """The 200 to it, and a 183 before it."""
    return {**words, **_said(BRANCH, received, from_tag="a", to_tag="b"), "command": "answer"}


def reinvite(words, received, by, other):
    return {**words, **_said(None, received, from_tag=by, to_tag=other), "command": "offer"}


def reinvite_ok(words, received, by, other):
    return {**words, **_said(None, received, from_tag=by, to_tag=other), "command": "answer"}


def statistics(received):
    """$rtpstat before the call is deleted."""
    return {**_said(None, received, from_tag="a", to_tag="b"), "command": "query"}


def bye(received, by):
    """rtpengine_delete(); $rtpstat reads its reply from then on."""
    return {**_said(None, received, from_tag=by), "command": "delete"}


class OpenSips:
    """One of its processes."""

    def __init__(self, pid=4711):
        self._socket = net.RELAY.udp(ADDRESS[0])
        self._socket.connect(ADDRESS)
        self._socket.settimeout(10)
        self._cookies = (b"%d_%d " % (pid, number) for number in itertools.count())

    def send(self, dictionary, sdp=None):
        """The reply; a repetition gets the same."""
        if "sdp" in dictionary:
            dictionary = {**dictionary, "sdp": sdp}
        cookie = next(self._cookies)
        request = cookie + ng.encode(dictionary)
        self._socket.send(request)
        reply = self._socket.recv(65536)
        self._socket.send(request)
        assert self._socket.recv(65536) == reply, "the same request got another reply"
        assert reply.startswith(cookie), reply
        return ng.decode(reply[len(cookie):])

    def sdp(self, dictionary, sdp):
        reply = self.send(dictionary, sdp)
        assert reply["result"] == "ok", reply
        return reply["sdp"]

    def close(self):
        self._socket.close()


# --- $rtpstat, of a query's or a delete's reply ---------------------------------------------------

def rtpstat(reply):
    """The line that the variable itself is."""
    rtp, rtcp = reply["totals"]["RTP"], reply["totals"]["RTCP"]
    return "; ".join(f"{name}: {of['bytes']} bytes, {of['packets']} packets, {of['errors']} errors"
                     for name, of in (("RTP", rtp), ("RTCP", rtcp)))


def _quality(reply, tag, which):
    """What is told of the SSRCs of a tag's streams."""
    own = {str(stream.get("SSRC")) for medium in reply["tags"][tag]["medias"]
           for stream in medium["streams"]}
    return [of[f"{which} MOS"] for ssrc, of in reply["SSRC"].items() if ssrc in own]


def mos(reply, tag):
    """$(rtpstat(MOS-average)[tag]), from 0 to 50."""
    scores = [told["MOS"] for told in _quality(reply, tag, "average")]
    return sum(scores) // len(scores)


def mos_min_at(reply, tag):
    """$(rtpstat(MOS-min-at)[tag]): seconds since the call began."""
    least = min(_quality(reply, tag, "lowest"), key=lambda told: told["MOS"])
    return least["reported at"] - reply["created"]
