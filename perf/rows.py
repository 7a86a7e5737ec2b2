# SPDX-License-Identifier: BSD-3-Clause
"""What figures that are no cycles have in common: their rows, and a main program."""

import argparse
import signal
import statistics
import sys

import machine
import pipeline
from report import Report

ROW = "%-28s %12s %-12s %7s  %s"


class Series:
    """The runs of one figure."""

    def __init__(self, runs=()):
        self.runs = list(runs)

    def add(self, value):
        self.runs.append(value)

    value = property(lambda self: statistics.median(self.runs))

    @property
    def spread(self):
        """Between the quartiles of the runs, as a part of their median."""
        if len(self.runs) < 2 or not self.value:
            return 0.0
        low, _, high = statistics.quantiles(self.runs, n=4)
        return (high - low) / self.value


def number(value):
    """Three significant digits or more."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"


def write(report, name, series, unit, reference=(None, None), **more):
    """`reference`: name and value of what stands beside it."""
    ref_name, ref_value = reference
    report.write(name=name, value=round(series.value, 3), unit=unit, ref_name=ref_name,
                 ref_value=ref_value and round(ref_value, 3),
                 ratio=round(series.value / ref_value, 3) if ref_value else None,
                 runs=len(series.runs), spread=round(series.spread, 4), **more)


def head(title):
    print("\n" + ROW % (title, "value", "unit", "spread", "beside it"), flush=True)


def row(report, name, series, unit, reference=(None, None), note="", **more):
    """Prints one line and writes it."""
    ref_name, ref_value = reference
    beside = []
    if ref_value:
        beside.append(f"{ref_name} {number(ref_value)}, ratio {series.value / ref_value:.2f}")
    if note:
        beside.append(note)
    print(ROW % (name, number(series.value), unit, f"{100 * series.spread:.1f}%",
                 "; ".join(beside)), flush=True)
    write(report, name, series, unit, reference, **more)


def measure(run, name, options, report):
    """Calls run(options, report); what goes wrong there does not end the others."""
    report.begin(None)
    try:
        run(options, report)
    except machine.NotEnough as error:
        report.missing(name, str(error))
    except pipeline.Failed as error:
        report.fail(f"{name}: {error}")


def alone(run, name, summary, file="bench.jsonl"):
    """The main program of a module that has a run(options, report); `file` is below the build."""
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("--build", default="build", help="where the programs are")
    parser.add_argument("--quick", action="store_true", help="less of everything")
    parser.add_argument("--runs", type=int, default=0, help="repetitions")
    parser.add_argument("--core", type=int, default=1, help="of the worker; it should be idle")
    parser.add_argument("--no-huge", action="store_true", help="do without hugepages: slower")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: stopped"))
    report = Report(options.build, file)
    try:
        measure(run, name, options, report)
    except KeyboardInterrupt:
        sys.exit("bench: stopped")
    print(f"\n{report.path}")
    sys.exit(1 if report.failures else 0)
