# SPDX-License-Identifier: BSD-3-Clause
"""Where the cycles go: the TSC read between the stages."""

import statistics


def print_figure(report, figure, answers):
    """Each stage: the median of its loads, of all runs."""
    stages = {}
    for answer in answers:
        for stage, cycles in answer["stages"].items():
            stages.setdefault(stage, []).extend(cycles)
    total = sum(statistics.median(cycles) for cycles in stages.values())
    print(f"\n{figure.name}: {total:.0f} cycles per packet, with the ports")
    for stage, cycles in stages.items():
        value = statistics.median(cycles)
        low, _, high = statistics.quantiles(cycles, n=4)
        print(f"  {stage:<16} {value:7.1f}  {100 * value / total:4.1f}%", flush=True)
        report.write(name=f"stage/{stage}/{figure.name}", value=round(value, 1),
                     unit="cycles/packet", ref_name="all stages", ref_value=round(total, 1),
                     ratio=round(value / total, 4), runs=len(answers),
                     spread=round((high - low) / value, 4) if value else 0)
