# SPDX-License-Identifier: BSD-3-Clause
"""Where the cycles go: the TSC read between the stages."""

import statistics


def medians(answers):
    """{stage: (cycles of a packet, spread)}: the median of its loads, of all runs."""
    found = {}
    for answer in answers:
        for stage, cycles in answer["stages"].items():
            found.setdefault(stage, []).extend(cycles)
    return {stage: _median(cycles) for stage, cycles in found.items()}


def _median(cycles):
    value = statistics.median(cycles)
    low, _, high = statistics.quantiles(cycles, n=4)
    return value, (high - low) / value if value else 0


def print_figure(report, figure, answers, plain=None):
    """`plain`: what the same stages took in the same run for as many legs without TURN."""
    stages = medians(answers)
    beside = medians(plain) if plain else {}
    total = sum(value for value, _ in stages.values())
    print(f"\n{figure.name}: {total:.0f} cycles per packet, with the ports")
    for stage, (value, spread) in stages.items():
        more = f"  forward {beside[stage][0]:7.1f}" if beside else ""
        print(f"  {stage:<16} {value:7.1f}  {100 * value / total:4.1f}%{more}", flush=True)
        report.write(name=f"stage/{stage}/{figure.name}", value=round(value, 1),
                     unit="cycles/packet", ref_name="all stages", ref_value=round(total, 1),
                     ratio=round(value / total, 4), runs=len(answers), spread=round(spread, 4),
                     **({"forward": round(beside[stage][0], 1)} if beside else {}))
    if beside:
        print_own(report, figure, total, sum(value for value, _ in beside.values()), len(answers))


def print_own(report, figure, total, forward, runs):
    """What TURN takes of its own, its stage and what it adds to the others."""
    print(f"  {'TURN of its own':<16} {total - forward:7.1f}  {100 * (total - forward) / total:4.1f}%"
          f"  forward {forward:7.1f}", flush=True)
    report.write(name=f"stage/own/{figure.name}", value=round(total - forward, 1),
                 unit="cycles/packet", ref_name="forward", ref_value=round(forward, 1),
                 ratio=round((total - forward) / forward, 4), runs=runs, spread=0)
