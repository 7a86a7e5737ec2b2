#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""TURN allocations that both programs grant per second, to as many clients by a real port."""

import contextlib
import os
import pathlib
import shutil
import sys
import tempfile

PERF = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(PERF), str(PERF / "peers"), str(PERF.parent / "tests" / "e2e")]
# pylint: disable=wrong-import-position
import machine
import network
import programs
import rows
from host import Busy, Host
from pipeline import Failed
from tandem import TandemTurn

NAME = "allocations"
COUNT, QUICK_COUNT = 10000, 5000  # clients of one run; there are 25,536 ports
AT_A_TIME = 64
MODERATION_US = 50
FIRST_PORT = 10000
SECRET = "a measured secret"
WANTED = 5000  # a second
PARTS = ("client", "controlplane", "dataplane")


class Relay(TandemTurn):
    """Each client has a user of its own, as those have who come by a page."""

    room = f"allocations={2 * COUNT}"
    more = f"""\
[turn]
listen={TandemTurn.server[0]}:{TandemTurn.server[1]}
secret=measured:{SECRET}
ports=40000-65535
client_pps=0
stranger_pps=0
[shed]
source_pps=0
"""


class Clients:
    """The relay, and who asks it."""

    def __init__(self, options, stack):
        where = pathlib.Path(tempfile.mkdtemp(prefix="tandem-bench-"))
        stack.callback(shutil.rmtree, where)
        build = pathlib.Path(options.build)
        self.relay = Relay(build, where)
        stack.callback(self.relay.stop)
        self.client = stack.enter_context(programs.Asked(
            *network.LOAD.command(str(build.resolve() / "perf" / NAME)), "--server",
            "%s:%u" % self.relay.server, "--from", f"{network.CALLER}:{FIRST_PORT}", "--secret",
            SECRET))

    def measure(self, what, count):
        """Of each a second, CPU time of each part in microseconds for one, and requests sent again."""
        before = [programs.cpu(self.relay.controlplane), programs.cpu(self.relay.pid, main=True)]
        answer = self.client.ask(what, count, AT_A_TIME)
        spent = [answer["client"], programs.cpu(self.relay.controlplane) - before[0],
                 programs.cpu(self.relay.pid, main=True) - before[1]]
        return count / answer["seconds"], [1e6 * part / count for part in spent], answer["again"]


def show(report, rate, parts, again):
    spent = {f"{part}_us": round(series.value, 1) for part, series in zip(PARTS, parts)}
    each = ", ".join(f"{part} {rows.number(series.value)} ({series.value * rate.value / 1e4:.0f}%)"
                     for part, series in zip(PARTS, parts))
    rows.row(report, NAME, rate, "1/s", ("wanted", WANTED),
             f"CPU us of one (of a core): {each}; requests sent again: {again}", again=again, **spent)
    report.claimed.append(("TURN allocations a second", rate.value, WANTED, True))


def run(options, report):
    if os.geteuid() != 0:
        raise machine.NotEnough("a network namespace of its own needs root")
    count = QUICK_COUNT if options.quick else COUNT
    rate, parts, again = rows.Series(), [rows.Series() for _ in PARTS], 0
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(Host(create=lambda: None))
            stack.enter_context(network.made(MODERATION_US))
            clients = Clients(options, stack)
            for number in range(1 + (options.runs or (2 if options.quick else 5))):
                value, spent, lost = clients.measure("open", count)
                clients.measure("close", count)
                if not number:
                    continue  # it has warmed up
                again += lost
                rate.add(value)
                for series, part in zip(parts, spent):
                    series.add(part)
    except (Busy, RuntimeError) as error:
        raise Failed(str(error)) from error
    rows.head("TURN")
    show(report, rate, parts, again)


if __name__ == "__main__":
    rows.alone(run, NAME, __doc__)
