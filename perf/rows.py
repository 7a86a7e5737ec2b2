# SPDX-License-Identifier: BSD-3-Clause
"""What every figure has in common: a row of the table, an object of bench.jsonl, its options."""

import argparse
import json
import pathlib
import signal
import statistics
import sys

ROW = "%-44s %12s %-12s %7s   %s"


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
    """Four significant digits or so, thousands apart."""
    if value is None:
        return "-"
    return format(value, ",.0f" if abs(value) >= 100 else ".1f" if abs(value) >= 10 else ".2f")


def write(file, name, series, unit, reference=(None, None), **more):
    """`reference`: name and value of what stands beside it."""
    ref_name, ref_value = reference
    file.write(json.dumps({
        "name": name, "value": round(series.value, 3), "unit": unit, "ref_name": ref_name,
        "ref_value": None if ref_value is None else round(ref_value, 3),
        "ratio": round(series.value / ref_value, 3) if ref_value else None,
        "runs": len(series.runs), "spread": round(series.spread, 4), **more}) + "\n")
    file.flush()


def progress(text):
    """For somebody who waits and watches; gone with the next one, or with the table."""
    if sys.stderr.isatty():
        print("\r\033[K" + text, end="\r", file=sys.stderr, flush=True)


def head(title):
    print("\n" + ROW % (title, "value", "unit", "spread", "beside it"), flush=True)


def row(file, name, series, unit, reference=(None, None), note="", **more):
    """Prints one line and writes it."""
    ref_name, ref_value = reference
    beside = ""
    if ref_value:
        beside = "%s %s, ratio %.2f" % (ref_name, number(ref_value), series.value / ref_value)
    print(ROW % (name, number(series.value), unit, "%.1f%%" % (100 * series.spread),
                 "; ".join(text for text in (beside, note) if text)), flush=True)
    write(file, name, series, unit, reference, **more)


class Report:
    """What perf/bench has of its own."""

    def __init__(self, build):
        self.path = pathlib.Path(build) / "bench.jsonl"
        # pylint: disable-next=consider-using-with
        self.file = self.path.open("w", encoding="utf-8")


def alone(run, summary):
    """The main program of a module that measures something: run(options, report)."""
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("--build", default="build", help="where the programs are")
    parser.add_argument("--quick", action="store_true", help="less of everything")
    parser.add_argument("--runs", type=int, default=0, help="repetitions")
    parser.add_argument("--core", type=int, default=1, help="of the worker; it should be idle")
    parser.add_argument("--no-huge", action="store_true", help="do without hugepages: slower")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: stopped"))
    report = Report(options.build)
    run(options, report)
    print("\n%s" % report.path)
