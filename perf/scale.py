#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a packet costs with many workers, and how many are handed over from one to another."""

import contextlib
import pathlib
import random
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
# pylint: disable=wrong-import-position
import machine
import pipeline
import rows

NAME = "scale"
WORKERS = (2, 4, 8, 16)
LEGS, QUICK_LEGS = 100000, 1000
LOADS = 16  # of one answer, 8192 packets each
WARM_LOADS, WARM_RUNS = 256, 60
PACKETS = 16 * 2560 * pipeline.PACKETS  # octets of all workers' buffers


def memory(legs):
    return 2 * ((256 << 20) + PACKETS + legs * 8192)


@contextlib.contextmanager
def workers(options, count, legs):
    command = [str(pathlib.Path(options.build) / "perf" / NAME), "--workers", str(count),
               "--legs", str(legs), "--core", str(options.core)]
    if options.no_huge:
        command.append("--no-huge")
    process = pipeline.Process(command)
    with pipeline.running(process):
        yield process


def ask(process, loads=LOADS):
    return process.tell(f"run {loads}")


def warm_up(process):
    """Until no packet is handed over; {handed_over, moved} until then."""
    total = {"handed_over": 0, "moved": 0}
    for _ in range(WARM_RUNS):
        answer = ask(process, WARM_LOADS)
        for key in total:
            total[key] += answer[key]
        if not answer["handed_over"]:
            break
    return total


def measure(options, report, single, count, legs):
    runs = options.runs or (3 if options.quick else 9)
    with workers(options, count, legs) as process:
        before = warm_up(process)
        series, beside, handed, packets = rows.Series(), rows.Series(), 0, 0
        for _ in range(runs):
            for one in random.sample((single, process), 2):
                answer = ask(one)
                (beside if one is single else series).add(statistics.median(answer["cycles"]))
                if one is process:
                    handed += answer["handed_over"]
                    packets += LOADS * answer["packets"]
    rows.row(report, f"scale/{legs}/{count}-workers", series, "cycles", ("one worker", beside.value),
             f"{100 * handed / packets:.3f} % handed over once {before['moved']} legs had moved, "
             f"after {before['handed_over']} packets that were",
             handed_over=handed, packets=packets, moved=before["moved"])


def run(options, report):
    legs = QUICK_LEGS if options.quick else LEGS
    with contextlib.ExitStack() as stack:
        if not options.no_huge:
            stack.enter_context(machine.hugepages(memory(legs)))
        rows.head("workers in turn on one core")
        single = stack.enter_context(workers(options, 1, legs))
        warm_up(single)
        for count in WORKERS:
            measure(options, report, single, count, legs)


if __name__ == "__main__":
    rows.alone(run, NAME, __doc__)
