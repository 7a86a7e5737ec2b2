# SPDX-License-Identifier: BSD-3-Clause
"""What is played: tests/flood's attacks, at whom, and from how many addresses."""

import dataclasses

import net
from flood import Flood
from honest import PLAIN, RELAYED, TURN, WEBRTC

PEER = ("peer", "username", "ssrc")


@dataclasses.dataclass(frozen=True)
class Attack:
    """at: the calls whose ports it is sent to, TURN's or what it relays among them, or the version of
    an address without a port.
    """
    name: str
    kinds: tuple
    at: tuple = (WEBRTC, PLAIN)
    sources: int = 1
    knows: tuple = ()      # of the browser's call: its address, user name, SSRC

    def start(self, directory, relay, scene, seconds, rate):
        """rate: packets a second at most, or None."""
        targets = [relay.addresses[at] if isinstance(at, int) else scene.place(at)
                   for at in self.at]
        known = {name: value for name, value in scene.known().items() if name in self.knows}
        return Flood(directory, net.BROWSERS, list(self.kinds), targets, seconds=seconds,
                     sources=self.sources, **({"rate": rate} if rate else {}), **known)


def alone(kind, name=None, **more):
    return Attack(name or kind, (kind,), **more)


MILLION = 1000000

ATTACKS = (
    alone("garbage"),
    alone("closed", "closed ports"),
    alone("closed", "closed ports, 131,072 sources", at=(WEBRTC,), sources=131072),
    alone("closed", "closed ports, a million sources", at=(PLAIN,), sources=MILLION),
    alone("rtp"),
    alone("rtp", "rtp, a million sources", at=(PLAIN,), sources=MILLION),
    alone("rtcp"),
    alone("stun"),
    alone("stun-password", at=(WEBRTC,), knows=PEER),
    alone("stun-password", "stun-password, 131,072 sources", at=(WEBRTC,), knows=PEER,
          sources=131072),
    alone("dtls"),
    alone("dtls-port", at=(WEBRTC,), knows=PEER),
    alone("dtls-race", at=(WEBRTC,), knows=PEER),
    alone("srtp-replay", at=(WEBRTC,), knows=PEER),
    alone("srtp-forge", at=(WEBRTC,), knows=PEER),
    alone("srtcp-forge", at=(WEBRTC,), knows=PEER),
    alone("turn-allocate", at=(TURN,)),
    alone("turn-allocate", "turn-allocate, a million sources", at=(TURN,), sources=MILLION),
    alone("turn-channel", at=(TURN,)),
    alone("turn-send", at=(TURN,)),
    alone("stun", "turn-stun, a million sources", at=(TURN,), sources=MILLION),
    alone("garbage", "turn-garbage", at=(TURN,)),
    alone("rtp", "turn-relayed", at=(RELAYED,), sources=131072),
    alone("fragments"),
    alone("jumbo"),
    alone("runt"),
    alone("arp", at=(4,)),
    alone("ndp", at=(6,)),
    alone("icmp", at=(4,)),
    alone("icmp6", at=(6,)),
    Attack("mixed", ("closed", "garbage", "rtp", "stun-password", "dtls", "srtp-forge",
                     "fragments", "arp"), at=(WEBRTC,), sources=1000, knows=PEER),
)
QUICK = ("closed ports, a million sources", "rtp", "stun-password", "srtp-forge",
         "turn-allocate, a million sources", "mixed")
