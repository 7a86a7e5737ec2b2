#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Latency that the pipeline adds, at parts of the load that it can carry."""

import contextlib
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
# pylint: disable=wrong-import-position
import machine
import programs
import rows

SUITE = "AES_CM_128_HMAC_SHA1_80"
PAYLOAD = 160
LEGS = 10000  # of calls that are plain, and as many of calls with SRTP on one side
MEMORY = (128 << 20) + 2 * LEGS * 12288
PACKETS = 8192  # of a load, RIG_PACKETS
LOADS_MAX = 256
MODES = ("forward", "decrypt")
PERCENTS = (10, 50, 90)
BUDGET_US = {(50, "p99.9"): 50}  # design, section 7
POINTS = ("p50", "p99", "p99.9", "max")
SECONDS = 0.25  # of each measurement in each run
ROW = "%-28s %8s %8s %8s %8s %8s   %8s %8s %7s  %s"
HEAD = ("latency, us", "Mpps", "p50", "p99", "p99.9", "max", "nothing", "p99.9", "spread", "")


def loads_for(interval, hz):
    return max(4, min(LOADS_MAX, round(SECONDS * hz / (PACKETS * interval))))


class Figures:
    """Every run's answers, by what was asked."""

    def __init__(self, program):
        self.program = program
        self.hz = program.greeting["hz"]
        self.answers = {}

    def ask(self, what, percent, manner, interval):
        answer = self.program.ask(what, interval, manner, loads_for(interval, self.hz))
        answer["interval"] = interval
        self.answers.setdefault((what, percent, manner), []).append(answer)

    def full_load(self, mode):
        """TSC ticks a packet when all of them are there: what is called 100 %."""
        return self.program.ask(mode, 0, "quiet", 32)["ticks"]

    def run(self, percents):
        """One repetition: in this one's order, of this one's full load."""
        full = {mode: self.full_load(mode) for mode in MODES}
        tasks = [(mode, percent, manner, full[mode] * 100 / percent) for mode in MODES
                 for percent in percents for manner in ("quiet", "rekey")]
        tasks += [("nothing", 50, manner, full["decrypt"] * 2) for manner in ("quiet", "rekey")]
        random.shuffle(tasks)
        for task in tasks:
            self.ask(*task)

    def series(self, key, field):
        """Of times: microseconds."""
        scale = 1e6 / self.hz if field in POINTS else 1
        return rows.Series(answer[field] * scale for answer in self.answers[key])

    def mpps(self, key):
        return rows.Series(self.hz / answer["interval"] / 1e6 for answer in self.answers[key])


def show(report, figures, key):
    what, percent, manner = key
    name = "latency/%s/%d%%%s" % (what, percent, "/rekey" if manner == "rekey" else "")
    points = {point: figures.series(key, point) for point in POINTS}
    nothing = {point: figures.series(("nothing", 50, manner), point) for point in POINTS}
    keys = figures.series(key, "keys")
    budget = BUDGET_US.get((percent, "p99.9"))
    note = ["budget %d us" % budget] if budget else []
    if manner == "rekey":
        note.append("%s keys/s" % rows.number(keys.value))
    print(ROW % (name, rows.number(figures.mpps(key).value),
                 *(rows.number(points[point].value) for point in POINTS), "",
                 rows.number(nothing["p99.9"].value),
                 "%.0f%%" % (100 * points["p99.9"].spread), "; ".join(note)), flush=True)
    more = {"suite": SUITE if what == "decrypt" else None, "payload": PAYLOAD, "legs": LEGS,
            "mpps": round(figures.mpps(key).value, 3)}
    if manner == "rekey":
        more["keys_per_second"] = round(keys.value)
    for point, series in points.items():
        limit = {"budget": BUDGET_US[percent, point]} if (percent, point) in BUDGET_US else {}
        rows.write(report.file, "%s/%s" % (name, point), series, "us",
                   ("an empty loop on the same core", nothing[point].value), **more, **limit)


def run(options, report):
    percents = PERCENTS[1:2] if options.quick else PERCENTS
    runs = 3 if options.quick else 5
    program = pathlib.Path(options.build) / "perf" / "latency"
    arguments = ["--suite", SUITE, "--payload", PAYLOAD, "--legs", LEGS, "--core", options.core]
    with contextlib.ExitStack() as stack:
        if options.no_huge:
            arguments.append("--no-huge")
        else:
            stack.enter_context(machine.hugepages(MEMORY))
        figures = Figures(stack.enter_context(programs.Asked(program, *arguments, greets=True)))
        for mode in MODES:
            figures.full_load(mode)  # warms up
        for _ in range(options.runs or runs):
            figures.run(percents)
    print("\n" + ROW % HEAD)
    for mode in MODES:
        for percent in percents:
            for manner in ("quiet", "rekey"):
                show(report, figures, (mode, percent, manner))


if __name__ == "__main__":
    rows.alone(run, __doc__)
