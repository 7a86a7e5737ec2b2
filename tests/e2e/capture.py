# SPDX-License-Identifier: BSD-3-Clause
"""What went over a link: tcpdump at the peer's end, where the kernel sees every frame."""

import os
import socket

import frames
import wait
from process import Process

# IEEE 802's local experimental Ethertype: the relay leaves such a frame to the kernel.
MARKER_TYPE = b"\x88\xb5"


class Capture:
    """Runs until stop(); the file is complete after that."""

    def __init__(self, namespace, directory):
        self._namespace = namespace
        self.path = directory / f"{namespace.short}.pcap"
        self._tcpdump = Process(
            ["tcpdump", "-i", "eth0", "-n", "-U", "--immediate-mode", "-B", "16384", "-Z", "root",
             "-w", str(self.path)], directory / f"tcpdump-{namespace.short}.log", namespace)
        self._tcpdump.wait_line("listening on")

    def stop(self):
        if self._tcpdump.alive():
            self._mark()
            self._tcpdump.stop()

    def _mark(self):
        """tcpdump drops on its end what it has not written: see a last frame in the file first."""
        marker = os.urandom(32)
        with self._namespace.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
            sender.bind(("eth0", 0))
            sender.send(b"\xff" * 6 + bytes(6) + MARKER_TYPE + marker)
        with open(self.path, "rb") as file:
            def written():
                file.seek(max(0, os.fstat(file.fileno()).st_size - 65536))
                return marker in file.read()
            wait.until(written, 10, f"the last frame in {self.path}")

    def datagrams(self, source=None, destination=None):
        """The UDP datagrams from and to an address; stops the capture."""
        self.stop()
        for _, frame in frames.captured(self.path):
            datagram = frames.datagram(frame)
            if datagram and source in (None, datagram.source[0]) \
                    and destination in (None, datagram.destination[0]):
                yield datagram
