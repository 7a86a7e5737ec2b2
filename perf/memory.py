# SPDX-License-Identifier: BSD-3-Clause
"""Octets per leg, by kind of leg and by what they are for: the allocations of a rig, counted."""

import machine
import plan
from pipeline import Failed, Pipeline, program_of, running
from report import number, verdict

BUDGET = {"RTP": 1024}  # octets of a leg (design, section 7); with SRTP it is what the suite needs
FURTHER = 3  # SSRCs of a leg, as [dataplane] streams reserves by default; a rig's legs have one
PARTS = ("leg", "table", "registry", "configuration", "keys", "workers")
ROW = "%-44s %7s" + " %13s" * len(PARTS) + " %7s %7s %s"


def weigh(options, memory_of, calls, suite):
    """{part: octets of a leg}, of such calls on the average; and octets of an SSRC."""
    group = plan.Group(plan.MANY, calls, suite, 1)
    memory_of.need(group)
    with running(Pipeline(program_of(options), options, group)) as pipeline:
        parts = {part: octets / group.legs for part, octets in pipeline.about["memory"].items()}
        return parts, pipeline.about["stream"]


def kinds(options, memory_of):
    """(name, what weigh() says of it). In a browser's call the other leg is a plain one."""
    sha1 = plan.SUITES[0]
    plain, stream = weigh(options, memory_of, "plain", sha1)
    yield "RTP", (plain, stream)
    for suite in plan.SUITES + plan.OTHER_SUITES:
        yield f"SDES/{suite}", weigh(options, memory_of, "secure", suite)
    call, _ = weigh(options, memory_of, "browser", sha1)
    yield f"DTLS+ICE/{sha1}", ({part: 2 * call[part] - plain[part] for part in PARTS}, stream)


def print_table(options, memory_of, report):
    print(f"\nOctets of each of {plan.MANY} legs, everything included")
    print(ROW % ("kind", "/budget", *PARTS, "total", "4 SSRCs", ""))
    try:
        for kind, (parts, stream) in kinds(options, memory_of):
            total = sum(parts.values())
            reserved = total + FURTHER * stream
            budget = BUDGET.get(kind)
            ratio = total / budget if budget else None
            print(ROW % (kind, number(ratio, 2), *(f"{parts[p]:.0f}" for p in PARTS),
                         f"{total:.0f}", f"{reserved:.0f}", verdict(total, budget)), flush=True)
            report.octets[kind] = total
            report.write(name=f"memory/{kind}", value=round(total, 1), unit="octets/leg",
                         ref_name="budget", ref_value=budget, ratio=ratio and round(ratio, 3),
                         runs=1, spread=0, parts={p: round(parts[p], 1) for p in PARTS},
                         with_reserved_streams=round(reserved, 1))
    except machine.NotEnough as error:
        report.missing("memory", str(error))
    except Failed as error:
        report.fail(f"memory: {error}")
