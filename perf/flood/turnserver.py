# SPDX-License-Identifier: BSD-3-Clause
"""TURN beside a relay that has none: Debian's coturn, with a user and its password."""

import dataclasses
import os

import cores
import coturn
import net
import wait
from process import Process

USER, PASSWORD, PORT = "agent", "words", 3478


@dataclasses.dataclass(frozen=True)
class Server:
    """What a browser is told of it."""
    where: str
    user: str = USER
    password: str = PASSWORD


def at(address):
    return Server(f"[{address}]:{PORT}")


class Coturn:
    """Configured as perf/peers/coturn.py says, but for who may use it. addresses: by version; it
    listens at that of IPv6, and relays that of IPv4.
    """

    def __init__(self, directory, namespace, addresses):
        self._address = addresses[6]
        with cores.allowed(cores.RELAY):
            self._process = Process(
                ["turnserver", "-n", "--lt-cred-mech", f"--user={USER}:{PASSWORD}", "--realm=bench",
                 f"--listening-ip={addresses[6]}", f"--relay-ip={addresses[4]}",
                 f"--listening-port={PORT}", "--min-port=40000", "--max-port=49999",
                 "--relay-threads=1", "--no-tls", "--no-dtls", "--no-tcp", "--no-cli",
                 "--no-stdout-log", "--no-rfc5780", "--no-stun-backward-compatibility",
                 "--no-software-attribute", f"--log-file={directory}/coturn-messages.log",
                 "--simple-log", f"--pidfile={directory}/coturn.pid",
                 f"--userdb={directory}/turndb"],
                directory / "coturn.log", namespace)
        try:
            wait.until(self._answers, 10, "coturn's answer", self._process.text)
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self):
        return self._process.pid

    def _answers(self):
        with net.BROWSERS.udp(net.BROWSER[6]) as probe:
            probe.settimeout(0.2)
            probe.sendto(coturn.message(0x001, os.urandom(12), []), (self._address, PORT))
            try:
                return probe.recv(1500)
            except (TimeoutError, ConnectionRefusedError):
                return None

    def stop(self):
        self._process.stop()
