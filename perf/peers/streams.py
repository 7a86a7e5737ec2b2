# SPDX-License-Identifier: BSD-3-Clause
"""The program that has TURN clients by TCP or TLS, and their peers (streams.c)."""

import json
import os
import subprocess

import network
import traffic
from load import Trial

AT_A_TIME = 32


class Streams:
    """As Load, for a relay that has a door."""

    def __init__(self, build, relay, kind):
        port = traffic.TLS_PORT if kind == "tls" else traffic.TCP_PORT
        user = ["--user", relay.user[0], "--password", relay.user[1]] if relay.user else []
        # pylint: disable-next=consider-using-with
        self._process = subprocess.Popen(
            network.LOAD.command(
                *network.FIRST, *network.on(network.LOAD_CORE), str(build / "perf/peers/streams"),
                "--server", f"{relay.door}:{port}", "--from", f"{network.CALLER}:1",
                "--peers", f"{network.CALLEE}:{traffic.FIRST_PORT}", *user,
                *(["--tls"] if kind == "tls" else [])),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def _ask(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the clients ended; what they said is above")
        return json.loads(answer)

    def knock(self, count):
        """Seconds that so many connections took, one after the other begun."""
        return self._ask(f"knock {count} {AT_A_TIME}")["seconds"]

    def open(self, count):
        """So many clients that are ready to speak."""
        self._ask(f"open {count} {AT_A_TIME}")

    def run(self, rate, count):
        return Trial(**self._ask(f"run {rate:.1f} {count}"))

    def close(self):
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.kill(self._process.pid, 9)
            self._process.wait()
