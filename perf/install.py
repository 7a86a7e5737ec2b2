#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Legs that a running dataplane installs per second, asked for over its socket."""

import contextlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
# pylint: disable=wrong-import-position
import machine
import programs
import rows

NAME = "install"
LEGS = 50000
MEMORY = (256 << 20) + LEGS * 4096
BUDGET = 50000  # a second; design, section 7
KINDS = (("plain", "PutLeg"), ("secure", "PutLeg and PutKeys"))


class Figure:
    """One kind's runs: legs a second, and what the CPUs had to do for one."""

    def __init__(self):
        self.put, self.gone = rows.Series(), rows.Series()
        self.client, self.dataplane = rows.Series(), rows.Series()

    def measure(self, client, daemon, kind):
        before = daemon.cpu(main=True)
        answer = client.ask(kind, LEGS)
        self.put.add(LEGS / answer["put"])
        self.gone.add(LEGS / answer["delete"])
        self.client.add(1e6 * answer["client"] / LEGS)
        # Its CPU time is told in ticks of 10 ms, so that it is that of both parts.
        self.dataplane.add(1e6 * (daemon.cpu(main=True) - before) / LEGS)


def show(report, kind, requests, figure):
    note = (f"{requests}; CPU us of a leg: client {rows.number(figure.client.value)}, "
            f"main lcore {rows.number(figure.dataplane.value)} with its deletion")
    rows.row(report, f"install/{kind}", figure.put, "legs/s", ("budget", BUDGET), note,
             legs=LEGS, client_us=round(figure.client.value, 2),
             dataplane_us=round(figure.dataplane.value, 2))
    rows.row(report, f"delete/{kind}", figure.gone, "legs/s", legs=LEGS)


def run(options, report):
    runs = options.runs or (3 if options.quick else 7)
    program = pathlib.Path(options.build) / "perf" / "install"
    figures = {kind: Figure() for kind, _ in KINDS}
    with contextlib.ExitStack() as stack:
        where = stack.enter_context(programs.directory())
        if not options.no_huge:
            stack.enter_context(machine.hugepages(MEMORY))
        daemon = stack.enter_context(programs.dataplane(options, where, LEGS, LEGS // 2))
        # On the worker's core: that sleeps, the main lcore does not.
        client = stack.enter_context(programs.Asked(
            program, "--socket", where / "dataplane.sock", "--core", options.core))
        for kind, _ in KINDS:
            client.ask(kind, LEGS)  # warms up
        for _ in range(runs):
            for kind, _ in KINDS:
                figures[kind].measure(client, daemon, kind)
    rows.head("legs over the dataplane's socket")
    for kind, requests in KINDS:
        show(report, kind, requests, figures[kind])
        report.claimed.append((f"legs installed per second, {requests}",
                               figures[kind].put.value, BUDGET, True))


if __name__ == "__main__":
    rows.alone(run, NAME, __doc__)
