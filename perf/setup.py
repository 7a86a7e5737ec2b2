#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Calls that the relay sets up per second through gRPC, and the memory that they take."""

import contextlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
# pylint: disable=wrong-import-position
import machine
import programs
import rows

NAME = "setup"
KEPT = 10000  # calls that memory is measured of
CYCLES = 4000  # calls that are set up and deleted in one run
MEMORY = (256 << 20) + 2 * KEPT * 4096
KINDS = (("phones", "RTP to RTP"), ("browser", "WebRTC to RTP"))
PARTS = ("client", "controlplane", "dataplane")


class Relay:
    """Both programs and the client of their API."""

    def __init__(self, options, stack, records=False):
        where = stack.enter_context(programs.directory())
        if not options.no_huge:
            stack.enter_context(machine.hugepages(MEMORY))
        self.dataplane = stack.enter_context(programs.dataplane(options, where, 2 * KEPT,
                                                                2 * KEPT))
        self.controlplane = stack.enter_context(programs.controlplane(
            options, where, f"[cdr]\nfile={where}/cdr\n" if records else ""))
        self.client = stack.enter_context(programs.Asked(
            pathlib.Path(options.build) / "perf" / "setup", "--server",
            f"unix:{where}/relay.sock"))

    def measure(self, what, kind, count):
        """Calls a second, and CPU time of each part in microseconds per call."""
        before = [self.controlplane.cpu(), self.dataplane.cpu(main=True)]
        answer = self.client.ask(what, kind, count)
        spent = [answer["client"], self.controlplane.cpu() - before[0],
                 self.dataplane.cpu(main=True) - before[1]]
        return count / answer["seconds"], [1e6 * part / count for part in spent]

    def memory(self):
        return self.controlplane.memory(), self.dataplane.memory()


def measure_rate(relay, kind, runs):
    rate, parts = rows.Series(), [rows.Series() for _ in PARTS]
    for _ in range(runs):
        value, spent = relay.measure("cycle", kind, CYCLES)
        rate.add(value)
        for series, part in zip(parts, spent):
            series.add(part)
    return rate, parts


def show_rate(report, kind, what, rate, parts):
    spent = {f"{part}_us": round(series.value, 1) for part, series in zip(PARTS, parts)}
    each = ", ".join(f"{part} {rows.number(series.value)} ({series.value * rate.value / 1e4:.0f}%)"
                     for part, series in zip(PARTS, parts))
    _, busiest = max((series.value, part) for part, series in zip(PARTS, parts))
    note = f"{what}; CPU us of a call (of a core): {each}; bottleneck: {busiest}"
    rows.row(report, f"setup/{kind}", rate, "calls/s", (None, None), note, busiest=busiest,
             **spent)


def measure_memory(relay, kind):
    """Octets per call of the control plane and of the dataplane."""
    before = relay.memory()
    relay.measure("open", kind, KEPT)
    after = relay.memory()
    relay.measure("close", kind, KEPT)
    return [(now - then) / KEPT for then, now in zip(before, after)]


def run(options, report):
    runs = options.runs or (2 if options.quick else 5)
    with contextlib.ExitStack() as stack:
        relay = Relay(options, stack)
        rows.head("calls through gRPC")
        # Before anything else: memory that calls have left is used again.
        memory = measure_memory(relay, "browser")
        for kind, what in KINDS:
            relay.measure("cycle", kind, CYCLES // 4)  # warms up
            show_rate(report, kind, what, *measure_rate(relay, kind, runs))
    with contextlib.ExitStack() as stack:
        relay = Relay(options, stack, records=True)
        relay.measure("cycle", "phones", CYCLES // 4)
        show_rate(report, "records", "RTP to RTP, each with a record in a file",
                  *measure_rate(relay, "phones", runs))
    for part, octets in zip(PARTS[1:], memory):
        rows.row(report, f"memory/{part}", rows.Series([octets]), "octets/call",
                 (None, None), f"with {KEPT} calls, WebRTC to RTP", calls=KEPT)


if __name__ == "__main__":
    rows.alone(run, NAME, __doc__)
