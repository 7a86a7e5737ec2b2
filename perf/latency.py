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

NAME = "latency"
SUITE = "AES_CM_128_HMAC_SHA1_80"
PAYLOAD = 160
LEGS = 10000  # of calls that are plain, and as many of calls with SRTP on one side
MEMORY = (128 << 20) + 2 * LEGS * 12288
PACKETS = 8192  # of a load, RIG_PACKETS
LOADS_MAX = 256
MODES = ("forward", "decrypt")
PERCENTS = (10, 50, 90)
BUDGET_US = {(50, "p99.9"): 20}  # design, section 7
POINTS = ("p50", "p99", "p99.9", "max")
SECONDS = 0.15  # of each measurement in each run
MANNERS = ("quiet", "rekey")
CLOCKS = ("wall", "stopped")
ROW = "%-28s %6s %7s %7s %7s %7s   %7s %7s   %8s   %7s %7s   %s"


def loads_for(interval, hz):
    return max(4, min(LOADS_MAX, round(SECONDS * hz / (PACKETS * interval))))


class Figures:
    """Every run's answers, by what was asked: (mode, percent of full load, manner, clock)."""

    def __init__(self, program):
        self.program = program
        self.hz = program.greeting["hz"]
        self.answers = {}

    def keep(self, key, answer):
        self.answers.setdefault(key, []).append(answer)
        return answer

    def ask(self, key, service):
        mode, percent, manner, clock = key
        interval = service * 100 / percent
        self.keep(key, self.program.ask(mode, interval, service, manner, clock,
                                        loads_for(interval, self.hz)))

    def full_load(self, mode, manner):
        """TSC ticks a packet when all of them are there: what is called 100 %."""
        answer = self.program.ask(mode, 0, 0, manner, "wall", 32)
        answer["mpps"] = self.hz / answer["ticks"] / 1e6
        return self.keep((mode, 100, manner, "wall"), answer)["ticks"]

    def run(self, percents):
        """One repetition, in an order of its own: parts of the full load that it found itself."""
        service = {mode: [self.full_load(mode, manner) for manner in MANNERS][0]
                   for mode in MODES}
        service["nothing"] = service["decrypt"]
        tasks = [(mode, percent, manner, clock) for mode in MODES for percent in percents
                 for manner in MANNERS for clock in CLOCKS]
        tasks += [("nothing", 50, manner, "wall") for manner in MANNERS]
        random.shuffle(tasks)
        for task in tasks:
            self.ask(task, service[task[0]])

    def series(self, key, field):
        """Of times: microseconds."""
        scale = 1e6 / self.hz if field in POINTS else 1
        return rows.Series(answer[field] * scale for answer in self.answers[key])


def beside(figures, mode, percent, manner):
    """What else is told of a load, in bench.jsonl."""
    key = (mode, percent, manner, "stopped")
    more = {"suite": SUITE if mode == "decrypt" else None, "payload": PAYLOAD, "legs": LEGS,
            "pauses_per_second": round(figures.series(key, "pauses").value),
            "pauses_of_nothing": round(
                figures.series(("nothing", 50, manner, "wall"), "pauses").value),
            "paused": round(figures.series(key, "paused").value, 5)}
    if manner == "rekey":
        more["keys_per_second"] = round(figures.series(key, "keys").value)
    return more


def show(report, figures, mode, percent, manner):
    name = f"latency/{mode}/{percent}%{'/rekey' if manner == 'rekey' else ''}"
    values = {clock: {point: figures.series((mode, percent, manner, clock), point)
                      for point in POINTS} for clock in CLOCKS}
    nothing = {point: figures.series(("nothing", 50, manner, "wall"), point) for point in POINTS}
    more = beside(figures, mode, percent, manner)
    note = [f"budget {BUDGET_US[percent, 'p99.9']}"] if (percent, "p99.9") in BUDGET_US else []
    if manner == "rekey":
        note.append(f"{more['keys_per_second']:,} keys/s")
    stopped, wall = values["stopped"], values["wall"]
    print(ROW % (name, rows.number(percent / 100 * figures.series(
        (mode, 100, "quiet", "wall"), "mpps").value),
        *(rows.number(stopped[point].value) for point in POINTS),
        *(rows.number(wall[point].value) for point in POINTS[1:3]),
        f"{more['pauses_per_second']}/{more['pauses_of_nothing']}",
        *(rows.number(nothing[point].value) for point in POINTS[1:3]),
        "; ".join(note)), flush=True)
    for clock, suffix in (("wall", ""), ("stopped", "/without pauses")):
        for point, series in values[clock].items():
            budget = BUDGET_US.get((percent, point))
            rows.write(report, f"{name}{suffix}/{point}", series, "us",
                       ("an empty loop on the same core", nothing[point].value), budget=budget,
                       **more)
            if budget:
                report.claimed.append((f"{name}{suffix}: {point}, us", series.value, budget,
                                       False))


def show_full_load(report, figures, mode):
    """What keys that are pushed meanwhile cost."""
    quiet, rekey = (figures.series((mode, 100, manner, "wall"), "mpps") for manner in MANNERS)
    keys = figures.series((mode, 100, "rekey", "wall"), "keys").value
    print(f"{mode} at full load: {rows.number(quiet.value)} Mpps; {rows.number(rekey.value)} Mpps "
          f"while {keys:,.0f} keys a second are pushed")
    rows.write(report, f"throughput/{mode}/rekey", rekey, "Mpps",
               ("the same without", quiet.value), keys_per_second=round(keys))


def run(options, report):
    percents = PERCENTS[1:2] if options.quick else PERCENTS
    runs = options.runs or (3 if options.quick else 5)
    program = pathlib.Path(options.build) / "perf" / "latency"
    arguments = ["--suite", SUITE, "--payload", PAYLOAD, "--legs", LEGS, "--core", options.core]
    with contextlib.ExitStack() as stack:
        if options.no_huge:
            arguments.append("--no-huge")
        else:
            stack.enter_context(machine.hugepages(MEMORY))
        figures = Figures(stack.enter_context(programs.Asked(program, *arguments, greets=True)))
        for mode in MODES:
            figures.full_load(mode, "quiet")  # warms up
        figures.answers.clear()
        for turn in range(runs):
            report.progress(f"latency: run {turn + 1} of {runs}")
            figures.run(percents)
    print("\n" + ROW % ("latency, us", "Mpps", *POINTS, "p99", "p99.9", "", "p99", "p99.9", ""))
    print(ROW % ("", "", "without", "pauses", "", "", "as it", "is", "pauses/s", "empty", "loop",
                 ""))
    for mode in MODES:
        for percent in percents:
            for manner in MANNERS:
                show(report, figures, mode, percent, manner)
    for mode in MODES:
        show_full_load(report, figures, mode)


if __name__ == "__main__":
    rows.alone(run, NAME, __doc__)
