# SPDX-License-Identifier: BSD-3-Clause
"""What a telephone says and understands in SDP (RFC 4566, 3264, 4568, 3605)."""

import base64
import dataclasses
import os
import re

# Key and salt octets together (RFC 4568, RFC 7714).
SUITES = {
    "AES_CM_128_HMAC_SHA1_80": 30,
    "AES_CM_128_HMAC_SHA1_32": 30,
    "AEAD_AES_128_GCM": 28,
    "AEAD_AES_256_GCM": 44,
}


@dataclasses.dataclass(frozen=True)
class Crypto:
    """One a=crypto line: the key with which its sender encrypts."""
    tag: int
    suite: str
    key: bytes

    @classmethod
    def new(cls, suite, tag=1):
        return cls(tag, suite, os.urandom(SUITES[suite]))

    @property
    def inline(self):
        return base64.b64encode(self.key).decode()

    def __str__(self):
        return f"a=crypto:{self.tag} {self.suite} inline:{self.inline}"


@dataclasses.dataclass
class Media:
    """One m-line and what is under it, with the session's own lines where it has none."""
    kind: str
    port: int
    profile: str
    formats: list
    address: str
    attributes: list

    def values(self, name):
        return [text.partition(":")[2] for text in self.attributes
                if text == name or text.startswith(f"{name}:")]

    def value(self, name):
        found = self.values(name)
        return found[0] if found else None

    def has(self, name):
        return name in self.attributes

    @property
    def direction(self):
        for name in ("sendrecv", "sendonly", "recvonly", "inactive"):
            if self.has(name):
                return name
        return "sendrecv"

    @property
    def rtcp_port(self):
        if self.has("rtcp-mux"):
            return self.port
        explicit = self.value("rtcp")
        return int(explicit.split()[0]) if explicit else self.port + 1

    @property
    def cryptos(self):
        lines = []
        for text in self.values("crypto"):
            tag, suite, inline = text.split()[:3]
            key = inline.removeprefix("inline:").split("|")[0]
            # Many leave the "=" at its end out.
            key = base64.b64decode(key + "=" * (-len(key) % 4))
            lines.append(Crypto(int(tag), suite, key))
        return lines


def parse(text):
    """The list of Media in an SDP."""
    sections = [section.splitlines() for section in re.split(r"^(?=m=)", text, flags=re.M)]
    session, rest = sections[0], sections[1:]
    return [_media(session, lines) for lines in rest]


def _media(session, lines):
    kind, port, profile, *formats = lines[0][2:].split()
    connection = [line for line in session + lines if line.startswith("c=")][-1]
    below = [line[2:] for line in lines if line.startswith("a=")]
    above = [line[2:] for line in session if line.startswith("a=")]
    return Media(kind, int(port), profile, formats, connection.split()[2], below + above)


def phone(address, port, profile="RTP/AVP", direction="sendrecv", cryptos=(), version=1,
          rtcp_port=None, mux=False, more=()):
    """The SDP of a SIP phone with PCMU and one m-line."""
    family = "IP6" if ":" in address else "IP4"
    lines = [
        "v=0", f"o=phone 4711 {version} IN {family} {address}", "s=call",
        f"c=IN {family} {address}", "t=0 0",
        f"m=audio {port} {profile} 0", "a=rtpmap:0 PCMU/8000", "a=ptime:20", f"a={direction}",
    ]
    if mux:
        lines.append("a=rtcp-mux")
    elif rtcp_port:
        lines.append(f"a=rtcp:{rtcp_port}")
    lines += map(str, cryptos)
    lines += more
    return "\r\n".join(lines) + "\r\n"
