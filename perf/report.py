# SPDX-License-Identifier: BSD-3-Clause
"""The table that is printed as it comes, and build/bench.jsonl."""

import json
import pathlib
import time

import machine

HEAD = ("figure", "/budget", "/raw", "libsrtp/", "cycles", "Mpps", "min", "spread", "ports", "raw",
        "over raw", "budget", "")
ROW = "%-48s %7s %7s %8s  %7s %6s %7s %6s %5s %6s %8s %6s %s"
COMPARED = "%-48s %7s %7s %8s  %7s %6s %7s %6s"


def number(value, digits=0):
    return "-" if value is None else f"{value:.{digits}f}"


def percent(value):
    return f"{100 * value:.1f}%"


def verdict(value, budget):
    if budget is None or value is None:
        return ""
    return "met" if value <= budget else "MISSED"


class Row:
    """One figure, worked out. Cycles are TSC cycles per packet, without the ports."""

    def __init__(self, figure, result, hz):
        self.figure = figure
        self.main = result["pipeline"]
        self.ports = result["ports"].value
        self.net = self.main.value - self.ports
        self.least = self.main.least - self.ports
        self.mpps = hz / self.net / 1e6
        self.raw = result["raw"].value if "raw" in result else None
        self.over = self.net - self.raw if self.raw else None
        self.judged = self.over if self.raw else self.net
        self.budget = figure.budget
        self.libsrtp = self.beside(result, "libsrtp")
        self.libsrtp_legs = figure.legs
        self.other = self.beside(result, "other")
        self.single = self.beside(result, "single")

    def times_text(self):
        """libsrtp with fewer legs than this row has: it would take longer with as many."""
        return (">" if self.libsrtp_legs < self.figure.legs else "") + number(self.times, 1)

    def beside(self, result, series):
        return result[series].value - self.ports if series in result else None

    @property
    def of_budget(self):
        return self.judged / self.budget if self.budget else None

    @property
    def of_raw(self):
        return self.net / self.raw if self.raw else None

    @property
    def more(self):
        """Than the build beside it."""
        return self.net - self.other if self.other else None

    @property
    def times(self):
        return self.libsrtp / self.net if self.libsrtp else None


class Report:
    def __init__(self, build, name="bench.jsonl"):
        self.path = pathlib.Path(build) / name
        # pylint: disable-next=consider-using-with
        self.file = self.path.open("w", encoding="utf-8")
        self.began = time.monotonic()
        self.rows = {}
        self.octets = {}  # of a leg, by kind
        self.grown = {}  # octets allocated while legs carried traffic, by their number
        self.claimed = []  # by others than the pipeline's rows; as claims.claims()
        self.begun = False
        self.failures = []

    def write(self, **figure):
        self.file.write(json.dumps(figure) + "\n")
        self.file.flush()

    def progress(self, text):
        passed = int(time.monotonic() - self.began)
        print(f"  [{passed // 60}:{passed % 60:02d}] {text}", flush=True)

    def head(self):
        print(ROW % HEAD)

    def begin(self, hz):
        """The machine, once: who measures first knows its clock."""
        if self.begun:
            return
        self.begun = True
        about = machine.describe(hz)
        for key, value in about.items():
            print(f"# {key:<20} {value}")
        self.write(name="machine", **about)

    def missing(self, name, why):
        print(f"{name:<48} not measured: {why}", flush=True)
        self.write(name=name, value=None, error=why)

    def fail(self, text):
        """Reported, and the run's exit status."""
        print(f"bench: {text}", flush=True)
        self.failures.append(text)

    def steady(self, group, before, after):
        """Nothing may be allocated while traffic flows."""
        grown = sum(abs(after[key] - before[key]) for key in ("heap", "malloc"))
        self.grown[group.legs] = max(grown, self.grown.get(group.legs, 0))
        if before != after:
            self.fail(f"{group}: allocated while traffic flowed: {before}, then {after}")

    # --- figures ---

    def cycles(self, name, series, ports, reference, ratio, **more):
        """`reference`: its name and its value."""
        self.write(name=name, value=round(series.value - ports, 1), unit="cycles/packet",
                   ref_name=reference[0], ref_value=reference[1], ratio=ratio,
                   runs=len(series.runs), spread=round(series.spread, 4), **more)

    def figure(self, figure, result, pipelines):
        hz = pipelines["main"].hz
        row = Row(figure, result, hz)
        if row.libsrtp:
            row.libsrtp_legs = pipelines["libsrtp"].group.legs
        self.rows[figure] = row
        print(ROW % (figure.name, number(row.of_budget, 2), number(row.of_raw, 2),
                     row.times_text(), number(row.net), number(row.mpps, 2),
                     number(row.least), percent(row.main.spread), number(row.ports, 1),
                     number(row.raw), number(row.over), number(row.budget),
                     verdict(row.judged, row.budget)), flush=True)
        self.record(row, result)
        if row.other:
            self.compared(row, result["other"], hz)
        if row.single:
            self.scaling(row, result["single"])

    def record(self, row, result):
        more = {"with_ports": round(row.main.value, 1), "ports_alone": round(row.ports, 1),
                "least": round(row.least, 1), "mpps": round(row.mpps, 3), "budget": row.budget}
        reference, ratio = (None, None), None
        if row.raw:
            reference, ratio = ("raw crypto", round(row.raw, 1)), round(row.of_raw, 3)
            more["over"] = round(row.over, 1)
        elif row.budget:
            reference, ratio = ("budget", row.budget), round(row.of_budget, 3)
        self.cycles(row.figure.name, row.main, row.ports, reference, ratio, **more)
        if row.libsrtp:
            self.cycles(row.figure.name + "/libsrtp", result["libsrtp"], row.ports,
                        ("the same with ipsec_mb", round(row.net, 1)), round(row.times, 2),
                        legs=row.libsrtp_legs)

    def compared(self, row, series, hz):
        print(COMPARED % ("  the other build", "", "", "", number(row.other),
                          number(hz / row.other / 1e6, 2), number(series.least - row.ports),
                          percent(series.spread)) +
              f"  this / other: {row.net / row.other:.3f}", flush=True)
        self.cycles(row.figure.name + "/other", series, row.ports,
                    ("this build", round(row.net, 1)), round(row.other / row.net, 3))

    def scaling(self, row, series):
        """Two workers, in packets per second together, beside one of the same run."""
        times = row.figure.workers * row.single / row.net
        print(f"  one worker alone: {row.single:.0f} cycles; {row.figure.workers} workers do "
              f"{times:.2f} times its packets", flush=True)
        self.write(name=row.figure.name + "/scaling", value=round(row.figure.workers * row.mpps, 3),
                   unit="Mpps", ref_name="one worker",
                   ref_value=round(row.mpps * row.net / row.single, 3), ratio=round(times, 3),
                   runs=len(series.runs), spread=round(series.spread, 4))
