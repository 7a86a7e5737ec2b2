# SPDX-License-Identifier: BSD-3-Clause
"""A third party on a link: it sees every frame, and puts its own on the wire."""

import logging
import select
import socket
import time

import frames
import wait

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.layers.inet import IP, UDP, fragment  # noqa: E402
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment, fragment6  # noqa: E402
from scapy.layers.l2 import Ether  # noqa: E402
from scapy.packet import Raw  # noqa: E402

ETH_P_ALL = 3


class Forge:
    """Sits at the peer's end of a link, on its eth0."""

    def __init__(self, namespace, relay_mac):
        self._macs = {"src": namespace.mac("eth0"), "dst": relay_mac}
        self._socket = namespace.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                        socket.htons(ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.bind(("eth0", ETH_P_ALL))

    def frame(self, source, destination, payload):
        """A frame with a UDP datagram; source and destination are (address, port)."""
        network = IPv6 if ":" in destination[0] else IP
        return Ether(**self._macs) / network(src=source[0], dst=destination[0]) \
            / UDP(sport=source[1], dport=destination[1]) / Raw(payload)

    def fragments(self, source, destination, payload, size):
        """The same datagram in IP fragments."""
        whole = self.frame(source, destination, payload)
        if ":" not in destination[0]:
            return fragment(whole, size)
        packet = whole.payload
        split = IPv6(src=packet.src, dst=packet.dst) / IPv6ExtHdrFragment(id=4711) / packet.payload
        return [Ether(**self._macs) / part for part in fragment6(split, size + 48)]

    def send(self, *sent):
        for frame in sent:
            self._socket.send(bytes(frame))

    def catch(self, matches, count=1, seconds=10):
        """The next datagrams on the link, either way, that match."""
        caught, deadline = [], time.monotonic() + seconds
        self._drain()
        while len(caught) < count:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._socket], [], [], left)[0]:
                raise wait.Timeout(f"waited {seconds} s for {count} matching datagrams on the "
                                   f"link, {len(caught)} came")
            datagram = frames.datagram(self._socket.recv(65536))
            if datagram and matches(datagram):
                caught.append(datagram)
        return caught

    def _drain(self):
        while select.select([self._socket], [], [], 0)[0]:
            self._socket.recv(65536)

    def close(self):
        self._socket.close()
