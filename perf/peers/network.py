# SPDX-License-Identifier: BSD-3-Clause
"""One veth between two namespaces, and what the kernel does for each end on a core of its own.

    load: load0 198.51.100.10, .20  ----  media0: relay, 198.51.100.1 (the kernel's), .2 (Tandem's)

Receiving is a thread of its own on each end (threaded NAPI): the relay's runs on the relay's core,
where a NIC's interrupts would be, and its time can be told from everything else's.
"""

import contextlib
import dataclasses
import os
import time

import net

LOAD_CORE, RELAY_CORE = 0, 1
CALLER, CALLEE = "198.51.100.10", "198.51.100.20"
KERNEL, TANDEM = "198.51.100.1", "198.51.100.2"
NEAR, FAR = "media0", "load0"
PREFIX = "tandem-bench-"
TICKS = os.sysconf("SC_CLK_TCK")


class Namespace(net.Namespace):
    def __init__(self, short):
        super().__init__(short)
        self.name = PREFIX + short
        self.path = f"{net.NETNS}/{self.name}"


RELAY = Namespace("relay")
LOAD = Namespace("load")


@contextlib.contextmanager
def made(moderation):
    """Both namespaces and the veth; afterwards nothing is left, nor of a run that was killed.

    Interrupts are moderated: what comes within so many microseconds is received together. A veth
    holds 256 packets in the meantime.
    """
    clean()
    try:
        for namespace in (RELAY, LOAD):
            net.run("ip", "netns", "add", namespace.name)
            namespace.run("ip", "link", "set", "lo", "up")
        queues = ["numrxqueues", "1", "numtxqueues", "1"]
        RELAY.run("ip", "link", "add", NEAR, *queues, "type", "veth",
                  "peer", "name", FAR, *queues, "netns", LOAD.name)
        _end(RELAY, NEAR, RELAY_CORE, moderation, (KERNEL,))
        _end(LOAD, FAR, LOAD_CORE, moderation, (CALLER, CALLEE))
        yield
    finally:
        clean()


def _end(namespace, interface, core, moderation, addresses):
    # With GRO a veth receives as a driver does: from its ring, in NAPI's turns.
    namespace.run("ethtool", "-K", interface, "gro", "on", "tso", "off", "gso", "off")
    for address in addresses:
        namespace.run("ip", "addr", "add", f"{address}/24", "dev", interface)
    namespace.run("ip", "link", "set", interface, "up")
    namespace.tune(interface, napi_defer_hard_irqs=1, gro_flush_timeout=1000 * moderation)
    namespace.receive_on(interface, core)


# How relays and the load are started: they go before whatever else the machine does.
FIRST = ["nice", "-n", "-20"]


def on(core):
    return ["taskset", "-c", str(core)]


def clean():
    if not os.path.isdir(net.NETNS):
        return
    for name in os.listdir(net.NETNS):
        if name.startswith(PREFIX):
            for pid in net.run("ip", "netns", "pids", name).split():
                try:
                    os.kill(int(pid), 9)
                except ProcessLookupError:
                    pass
            net.run("ip", "netns", "delete", name)


# --- what a core did ------------------------------------------------------------------------------

def _runtime(path):
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read().split()[0]) / 1e9
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def memory(pid):
    """Octets that a process has."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        line = next(line for line in file if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def _user(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return int(file.read().rpartition(")")[2].split()[11]) / TICKS


class Clock:
    """CPU seconds since it was made: of a relay's threads, of receiving for it, of its core.

    pids: of all its programs that see a packet.
    """

    def __init__(self, *pids):
        self._pids = pids
        self._napi = net.napi(NEAR)
        self._start = self._read()

    def _read(self):
        threads = sum(_runtime(f"/proc/{pid}/task/{thread}/schedstat") for pid in self._pids
                      for thread in os.listdir(f"/proc/{pid}/task"))
        user = sum(_user(pid) for pid in self._pids)
        with open("/proc/stat", encoding="ascii") as file:
            line = next(line for line in file if line.startswith(f"cpu{RELAY_CORE} "))
        ticks = [int(text) for text in line.split()[1:9]]
        idle = (ticks[3] + ticks[4] + ticks[7]) / TICKS  # idle, iowait, steal
        now = time.monotonic()
        return (now, threads, user, _runtime(f"/proc/{self._napi}/schedstat"), now - idle)

    def stop(self):
        return Usage(*(now - then for now, then in zip(self._read(), self._start)))


@dataclasses.dataclass(frozen=True)
class Usage:
    elapsed: float
    threads: float    # user and kernel
    user: float       # of these: the relay's own code
    receiving: float  # the kernel, from the veth to the socket
    core: float       # everything

    @property
    def total(self):
        return self.threads + self.receiving

    @property
    def others(self):
        """The share of the core that was neither idle nor the relay's."""
        return max(0.0, self.core - self.total) / self.elapsed
