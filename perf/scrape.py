#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a scrape of the metrics takes, with a hundred thousand calls and with none."""

import contextlib
import pathlib
import re
import socket
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
# pylint: disable=wrong-import-position
import machine
import programs
import rows
from pipeline import Failed

NAME = "scrape"
CALLS, QUICK_CALLS = 100000, 10000
WANTED_MS = 50  # at most, of the control plane's loop
FRESH_S = 1.1  # a text is given again for a second
MORE = """\
[web]
listen = http:127.0.0.1:{port}
metrics = anyone
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Scraped:
    """A relay whose metrics are fetched, one after the other has aged."""

    def __init__(self, options, stack, calls):
        where = stack.enter_context(programs.directory())
        if not options.no_huge:
            stack.enter_context(machine.hugepages((256 << 20) + 2 * calls * 4096))
        stack.enter_context(programs.dataplane(options, where, 2 * calls, 2 * calls))
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/metrics"
        self.controlplane = stack.enter_context(
            programs.controlplane(options, where, MORE.format(port=port)))
        self.client = stack.enter_context(programs.Asked(
            pathlib.Path(options.build) / "perf" / "setup", "--server",
            f"unix:{where}/relay.sock"))

    def fetch(self):
        """(seconds until it was there, the loop's seconds of all before it, octets)."""
        time.sleep(FRESH_S)
        begun = time.monotonic()
        with urllib.request.urlopen(self.url, timeout=10) as reply:
            text = reply.read().decode()
        busy = re.search(r"^tandem_scrape_busy_seconds_total (\S+)$", text, re.MULTILINE)
        if not busy:
            raise Failed(f"{self.url} tells no time: {text[:200]}")
        return time.monotonic() - begun, float(busy[1]), len(text)

    def measure(self, runs):
        """Milliseconds of the loop, and until the text was there; its octets."""
        loop, whole = rows.Series(), rows.Series()
        _, before, octets = self.fetch()
        for _ in range(runs):
            seconds, busy, octets = self.fetch()
            loop.add(1000 * (busy - before))
            whole.add(1000 * seconds)
            before = busy
        return loop, whole, octets


def run(options, report):
    runs = options.runs or (3 if options.quick else 9)
    calls = QUICK_CALLS if options.quick else CALLS
    with contextlib.ExitStack() as stack:
        relay = Scraped(options, stack, calls)
        rows.head("metrics")
        none, _, _ = relay.measure(runs)
        relay.client.ask("open", "phones", calls)
        loop, whole, octets = relay.measure(runs)
    rows.row(report, NAME, loop, "ms", ("without calls", none.value),
             f"of the loop, with {calls} calls; {rows.number(whole.value)} ms until all "
             f"{octets} octets were there", calls=calls, octets=octets)
    report.claimed.append((f"ms of the loop for a scrape with {calls} calls", loop.value,
                           WANTED_MS, False))


if __name__ == "__main__":
    rows.alone(run, NAME, __doc__)
