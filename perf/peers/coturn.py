# SPDX-License-Identifier: BSD-3-Clause
"""coturn: each caller has an allocation and a channel to its callee (RFC 8656).

Channels, since ChannelData costs the server least. One relay thread for the one core, as its
README.turnserver and its wiki's page on performance say; no TLS, DTLS, command line or log on
standard output, which are threads and work of their own. --no-auth: messages of allocation are not
measured, and media is not authenticated by TURN.
"""

import ipaddress
import os
import struct

import network
import traffic
import wait
from authority import Authority
from process import Process

PORT = 3478
COOKIE = 0x2112a442
ALLOCATE, CHANNEL_BIND, REFRESH = 0x003, 0x009, 0x004
CHANNEL_NUMBER, LIFETIME, XOR_PEER, XOR_RELAYED, TRANSPORT = 0x00c, 0x00d, 0x012, 0x016, 0x019
CHANNEL = 0x4000
UDP = 17


def xor_address(address, port):
    return struct.pack("!BBHI", 0, 1, port ^ (COOKIE >> 16),
                       int(ipaddress.IPv4Address(address)) ^ COOKIE)


def message(kind, transaction, attributes):
    body = b"".join(struct.pack("!HH", number, len(value)) + value + bytes(-len(value) % 4)
                    for number, value in attributes)
    return struct.pack("!HHI", kind, len(body), COOKIE) + transaction + body


def attributes_of(text):
    at, found = 20, {}
    while at + 4 <= len(text):
        number, length = struct.unpack_from("!HH", text, at)
        found[number] = text[at + 4:at + 4 + length]
        at += 4 + length + -length % 4
    return found


class Coturn:
    name = "coturn"
    kinds = ("rtp", "turn")
    package = "coturn"

    doors = ["--no-tls"]

    def __init__(self, _build, directory):
        self.process = Process(
            [*network.FIRST, *network.on(network.RELAY_CORE), "turnserver", "-n", "--no-auth",
             f"--listening-ip={network.KERNEL}", f"--relay-ip={network.KERNEL}",
             f"--listening-port={PORT}", "--relay-threads=1", *self.doors, "--no-dtls", "--no-cli",
             "--no-stdout-log", "--no-rfc5780", "--no-stun-backward-compatibility",
             "--no-software-attribute", f"--log-file={directory}/coturn-messages.log",
             "--simple-log", f"--pidfile={directory}/coturn.pid", f"--userdb={directory}/turndb",
             "--min-port=20000", "--max-port=59999"],
            directory / "coturn.log", network.RELAY)
        wait.until(self._answers, 10, "coturn's answer", self.process.text)

    @property
    def pid(self):
        return self.process.pid

    @property
    def pids(self):
        return [self.pid]

    def _answers(self):
        binding = message(0x001, os.urandom(12), [])
        with network.LOAD.udp(network.CALLER) as probe:
            probe.settimeout(0.2)
            probe.sendto(binding, (network.KERNEL, PORT))
            try:
                return probe.recv(1500)
            except (TimeoutError, ConnectionRefusedError):
                return None

    @staticmethod
    def _ask(sock, kind, attributes):
        transaction = os.urandom(12)
        for _ in range(5):
            sock.sendto(message(kind, transaction, attributes), (network.KERNEL, PORT))
            try:
                answer = sock.recv(1500)
            except TimeoutError:
                continue
            if answer[8:20] == transaction:
                if struct.unpack_from("!H", answer)[0] != kind | 0x100:
                    raise RuntimeError(f"coturn refuses request {kind:#x}: {answer.hex()}")
                return attributes_of(answer)
        raise RuntimeError(f"coturn does not answer request {kind:#x}")

    def set_up(self, wanted):
        return [stream for call in wanted for stream in self._call(call)]

    def _call(self, call):
        with network.LOAD.udp(*call.caller) as client:
            client.settimeout(1)
            allocated = self._ask(client, ALLOCATE, [(TRANSPORT, bytes([UDP, 0, 0, 0]))])
            self._ask(client, CHANNEL_BIND, [
                (CHANNEL_NUMBER, struct.pack("!HH", CHANNEL, 0)),
                (XOR_PEER, xor_address(*call.callee))])
        _, _, port, address = struct.unpack("!BBHI", allocated[XOR_RELAYED])
        relayed = str(ipaddress.IPv4Address(address ^ COOKIE)), port ^ (COOKIE >> 16)
        return [traffic.Stream(call.caller, (network.KERNEL, PORT), call.callee, "turn"),
                traffic.Stream(call.callee, relayed, call.caller)]

    def tear_down(self, wanted):
        for call in wanted:
            with network.LOAD.udp(*call.caller) as client:
                client.settimeout(1)
                self._ask(client, REFRESH, [(LIFETIME, bytes(4))])

    def stop(self):
        self.process.stop()


class CoturnStreams(Coturn):
    """Its clients come by TCP or TLS; peers speak UDP with it, as ever."""

    kinds = ("tcp", "tls")
    door = network.KERNEL
    user = None

    def __init__(self, build, directory):
        cert, key = Authority(directory, "authority", self.door).issue("coturn")
        self.doors = [f"--tls-listening-port={traffic.TLS_PORT}", f"--cert={cert}", f"--pkey={key}"]
        super().__init__(build, directory)

    @property
    def front(self):
        return self.pid
