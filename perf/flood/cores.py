# SPDX-License-Identifier: BSD-3-Clause
"""Who has which core: the relay and what the kernel receives for it one, everybody else the other.

Receiving is a thread of its own on each end of each link (threaded NAPI), so that a flood is
received on the relay's core, as a NIC's interrupts would have it, and not where it is made.
"""

import contextlib
import os
import time

import net
import network

OTHERS, RELAY = network.LOAD_CORE, network.RELAY_CORE
ENDS = ((net.RELAY, "public0", RELAY), (net.RELAY, "trunk0", RELAY),
        (net.BROWSERS, "eth0", OTHERS), (net.PHONES, "eth0", OTHERS))
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def allowed(*cores):
    """What is started meanwhile may run there."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _threads_of_napi():
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                with open(f"/proc/{name}/comm", encoding="ascii", errors="replace") as comm:
                    if (text := comm.read().strip()).startswith("napi/"):
                        found[int(name)] = text
    return found


_receivers = {}


def receive_in_threads():
    """The receiving threads of the relay's end of the links."""
    receiving = []
    for namespace, interface, core in ENDS:
        before = set(_threads_of_napi())
        # With GRO a veth receives as a driver does: from its ring, in NAPI's turns.
        namespace.run("ethtool", "-K", interface, "gro", "on")
        net.run("ip", "netns", "exec", namespace.name, "sh", "-ec",
                f"echo 1 > /sys/class/net/{interface}/threaded")
        now = set(_threads_of_napi())
        # Of the relay before they may still be there.
        threads = sorted(now - before or now & _receivers.get((namespace.name, interface), set()))
        _receivers[namespace.name, interface] = set(threads)
        if not threads:
            raise RuntimeError(f"{interface} of {namespace.name} has no thread that receives")
        for thread in threads:
            os.sched_setaffinity(thread, {core})
            os.sched_setscheduler(thread, os.SCHED_FIFO, os.sched_param(50))
        if core == RELAY:
            receiving += threads
    return receiving


def runtime(pid):
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9


def cpu(pid):
    """CPU seconds of a process until now, with all its threads."""
    return sum(runtime(f"{pid}/task/{thread}") for thread in os.listdir(f"/proc/{pid}/task"))


def memory(pid):
    """Octets of a process, of what it has touched."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * PAGE


def busy():
    """Seconds until now in which the relay's core was not idle, or not ours."""
    with open("/proc/stat", encoding="ascii") as file:
        line = next(line for line in file if line.startswith(f"cpu{RELAY} "))
    ticks = [int(text) for text in line.split()[1:9]]
    return time.monotonic() - (ticks[3] + ticks[4] + ticks[7]) / TICKS  # idle, iowait, steal


class Clock:
    """CPU seconds by name since it was made."""

    def __init__(self, **readings):
        self._readings = readings
        self._begin = time.monotonic()
        self._before = {name: read() for name, read in readings.items()}

    def shares(self):
        """As parts of a core."""
        elapsed = time.monotonic() - self._begin
        return {name: (read() - self._before[name]) / elapsed
                for name, read in self._readings.items()}
