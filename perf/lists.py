#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Pages of 100,000 calls: how long the control plane takes, and what others wait for meanwhile."""

import contextlib
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent))
# pylint: disable=wrong-import-position
import machine
import programs
import rows

NAME = "lists"
CALLS = 100000
MOST_MS = 200  # of a page
# Of both networks; the last texts are of one call, and of none.
PAGES = (("age", "-", "the oldest"), ("newest", "-", "the youngest"),
         ("worst", "-", "the worst of all"),
         ("worst", "measured-9", "the worst of a tenth"),
         ("age", "measured-99999", "one of all, by its id"),
         ("age", "203.0.113.250:1", "none, by address"))
OTHERS = 300  # calls that are set up and deleted beside lists


class Relay:
    """Both programs and two clients of their API, with calls that nobody sends anything for."""

    def __init__(self, options, stack, calls):
        where = stack.enter_context(programs.directory())
        if not options.no_huge:
            stack.enter_context(machine.hugepages((256 << 20) + 2 * calls * 4096))
        legs = 2 * (calls + 1000)
        stack.enter_context(programs.dataplane(options, where, legs, legs))
        self.controlplane = stack.enter_context(
            programs.controlplane(options, where, f"calls = {calls + 1000}\n"))
        self.client, self.other = (stack.enter_context(programs.Asked(
            pathlib.Path(options.build) / "perf" / "setup", "--server",
            f"unix:{where}/relay.sock", "--at-a-time", count, "--name", name))
            for count, name in ((64, "measured"), (1, "other")))
        self.client.ask("open", "phones", calls)

    def list(self, order, text, count):
        """Milliseconds of a page, and those of CPU time."""
        before = self.controlplane.cpu()
        answer = self.client.ask("list", order, text, count)
        return (1e3 * answer["seconds"] / count,
                1e3 * (self.controlplane.cpu() - before) / count)

    def beside(self, order, text):
        """The slowest request in ms of another client: by itself, and while lists are made."""
        alone = self.other.ask("cycle", "browser", OTHERS)["slowest"]
        ended = threading.Event()

        def lists():
            while not ended.is_set():
                self.client.ask("list", order, text, 1)

        thread = threading.Thread(target=lists)
        thread.start()
        try:
            meanwhile = self.other.ask("cycle", "browser", OTHERS)["slowest"]
        finally:
            ended.set()
            thread.join()
        return 1e3 * alone, 1e3 * meanwhile


def run(options, report):
    calls = CALLS // 10 if options.quick else CALLS
    runs = options.runs or (3 if options.quick else 7)
    with contextlib.ExitStack() as stack:
        relay = Relay(options, stack, calls)
        rows.head(f"a page of {calls} calls")
        for order, text, what in PAGES:
            relay.list(order, text, 1)
            took, cpu = rows.Series(), rows.Series()
            for _ in range(runs):
                ms, ms_cpu = relay.list(order, text, 5)
                took.add(ms)
                cpu.add(ms_cpu)
            name = f"lists/{order}" + (f"/{text}" if text != "-" else "")
            rows.row(report, name, took, "ms/page", (None, None),
                     f"{what}; CPU ms: {rows.number(cpu.value)}", cpu_ms=round(cpu.value, 2),
                     calls=calls)
            report.claimed.append((f"{name}: ms of a page of {calls} calls", took.value, MOST_MS,
                                   False))
        alone, meanwhile = rows.Series(), rows.Series()
        for _ in range(runs):
            for series, value in zip((alone, meanwhile), relay.beside("worst", "nobody")):
                series.add(value)
        rows.row(report, "lists/others", meanwhile, "ms/request", ("without lists", alone.value),
                 f"the slowest of {3 * OTHERS} requests while one list follows the other")


if __name__ == "__main__":
    rows.alone(run, NAME, __doc__)
