# SPDX-License-Identifier: BSD-3-Clause
"""The program that sends and counts (load.c)."""

import dataclasses
import json
import os
import subprocess

import network


@dataclasses.dataclass(frozen=True)
class Trial:
    sent: int
    received: int
    seconds: float
    late_ms: float   # the last packet arrived so long after the last one was sent
    good: int        # samples that are what was sent, and where it should arrive
    bad: int
    left: int        # packets of the bank that were not sent yet

    LATE_MS = 20

    @property
    def rate(self):
        return self.sent / self.seconds

    @property
    def lossless(self):
        """Nothing is missing, and nothing waits in a queue that grows."""
        return self.received == self.sent and self.late_ms < self.LATE_MS

    def check(self):
        if self.bad:
            raise RuntimeError(f"{self.bad} of {self.good + self.bad} packets that were looked at "
                               "are not what was sent, or came to the wrong address")


class Load:
    """rest_us: how long it sleeps before it sends what has become due; 0: it has its core for itself."""

    def __init__(self, build, packets, relay_mac=None, rest_us=0):
        # pylint: disable-next=consider-using-with
        self._process = subprocess.Popen(
            network.LOAD.command(
                *network.FIRST, *network.on(network.LOAD_CORE), str(build / "perf/peers/load"),
                str(build / "perf/peers/load.bpf.o"), network.FAR,
                network.LOAD.mac(network.FAR), relay_mac or network.RELAY.mac(network.NEAR),
                str(packets)),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._packets, self._rest_us = packets, rest_us
        self._read()

    def _read(self):
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the load ended; what it said is above")
        return json.loads(line)

    def _tell(self, line):
        self._process.stdin.write(line + "\n")

    def _ask(self, line):
        self._tell(line)
        self._process.stdin.flush()
        return self._read()

    def aim(self, streams):
        for number, stream in enumerate(streams):
            self._tell(stream.line(number))

    def make(self, streams):
        return self._ask(f"bank {streams} {self._packets}")["packets"]

    def rewind(self):
        self._ask("rewind")

    def reflect(self):
        self._ask(f"reflect {network.NEAR} {network.RELAY.path}")

    def run(self, rate, count):
        return Trial(**self._ask(f"run {rate:.1f} {count} {self._rest_us}"))

    def close(self):
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.kill(self._process.pid, 9)
            self._process.wait()
