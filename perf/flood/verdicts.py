# SPDX-License-Identifier: BSD-3-Clause
"""What each verdict costs (verdict.c), in rounds, each in a random order."""

import pathlib
import random

from programs import Asked

UNWANTED_NS, ESTABLISHED_NS = 100, 150
ESTABLISHED = "participant"  # what is established has a name that begins with this

ROW = "%-43s %-15s %8s %8s %7s %9s %9s"
HEAD = ("verdict", "counted as", "IPv4 ns", "IPv6 ns", "median", "cycles v4", "cycles v6")


class Cost:
    """One case with one IP version. The least of the rounds counts: others can only add to it."""

    def __init__(self):
        self.runs, self.empty, self.cycles = [], [], []

    def add(self, answer):
        self.runs.append(answer["judged"])
        self.empty.append(answer["empty"])
        if answer["cycles"] is not None:
            self.cycles.append(answer["cycles"])

    @property
    def over(self):
        """ns more than an empty program takes for the same frames."""
        return min(self.runs) - min(self.empty)

    @property
    def over_median(self):
        return sorted(self.runs)[len(self.runs) // 2] - min(self.empty)


class Verdicts:
    def __init__(self, cases):
        self.costs = [(case, {version: Cost() for version in case["versions"]})
                      for case in cases]

    def measure(self, program, options, progress):
        turns = [(number, version) for number, (case, _) in enumerate(self.costs)
                 for version in case["versions"]]
        for round_ in range(options.rounds):
            random.shuffle(turns)
            for number, version in turns:
                self.costs[number][1][version].add(program.ask(number, version, options.repeat))
            progress(f"verdicts, round {round_ + 1} of {options.rounds}")

    def empty(self, drops):
        """ns of the bare empty program, harness included."""
        return min(min(cost.empty) for case, costs in self.costs for cost in costs.values()
                   if case["drops"] == drops)

    def total(self, case, cost):
        """What a packet takes, without what it takes to make each another one."""
        return self.empty(case["drops"]) + cost.over

    def worst(self, is_meant):
        """(ns, case, version) of the dearest one."""
        return max((self.total(case, cost), case["name"], version)
                   for case, costs in self.costs if is_meant(case)
                   for version, cost in costs.items())

    def claims(self):
        """(what, measured, bound)."""
        ns, name, version = self.worst(lambda case: case["drops"])
        yield f"ns of the dearest unwanted packet ({name}, IPv{version})", ns, UNWANTED_NS
        ns, name, version = self.worst(lambda case: case["name"].startswith(ESTABLISHED)
                                       and not case["drops"])
        yield (f"ns above an empty pass program of the dearest established packet ({name}, "
               f"IPv{version})", ns - self.empty(False), ESTABLISHED_NS)

    def print_table(self):
        print("\n" + ROW % HEAD)
        for drops, action in ((False, "XDP_PASS"), (True, "XDP_DROP")):
            print(ROW % (f"an empty program, {action}", "", *[self.empty(drops)] * 3, "", ""))
        for case, costs in self.costs:
            ns = [self.total(case, costs[v]) if v in costs else "" for v in (4, 6)]
            cycles = [f"{min(costs[v].cycles):.0f}" if v in costs and costs[v].cycles else ""
                      for v in (4, 6)]
            median = max(self.empty(case["drops"]) + cost.over_median for cost in costs.values())
            print(ROW % (case["name"], case["reason"], *ns, median, *cycles))

    def figures(self):
        """What goes into the .jsonl."""
        for case, costs in self.costs:
            reference = self.empty(case["drops"])
            for version, cost in costs.items():
                value = self.total(case, cost)
                name = f"verdict/{case['name']}/IPv{version}"
                yield {"name": name, "value": value, "unit": "ns/packet",
                       "ref_name": "an empty XDP_DROP" if case["drops"] else "an empty XDP_PASS",
                       "ref_value": reference, "ratio": round(value / reference, 2),
                       "runs": len(cost.runs), "reason": case["reason"],
                       "spread": round((max(cost.runs) - min(cost.runs)) / min(cost.runs), 3)}
                if cost.cycles:
                    yield {"name": f"{name}/dataplane", "value": min(cost.cycles),
                           "unit": "cycles/packet", "ref_name": None, "ref_value": None,
                           "ratio": None, "runs": len(cost.cycles),
                           "spread": round(max(cost.cycles) / min(cost.cycles) - 1, 3)}


def measure(options, progress):
    build = pathlib.Path(options.build)
    with Asked(build / "perf/flood/verdict", options.core, build / "ebpf/shed.bpf.o",
               build / "perf/flood/vary.bpf.o", greets=True) as program:
        verdicts = Verdicts(program.greeting["cases"])
        verdicts.measure(program, options, progress)
    return verdicts
