# SPDX-License-Identifier: BSD-3-Clause
"""What is promised of the pipeline, and whether this run bears it out."""

from memory import BUDGET
from plan import FEW_LEGS, MANY, PAYLOAD, SUITES, Figure

MILLION = 1000000
LIBSRTP = Figure("decrypt", SUITES[0], PAYLOAD, MANY)  # beside libsrtp with as many legs
TIMES = 12
METERED = (1000, MANY)  # legs
METERING = 8  # cycles that metering may take

ROW = "%-86s %9s %9s %6s  %s"


def of_row(report, figure, field):
    row = report.rows.get(figure)
    return getattr(row, field) if row else None


def claims(report):
    """(what, measured, bound, whether more is better)."""
    def row(field, *figure):
        return of_row(report, Figure(*figure), field)

    sha1, gcm = SUITES
    legs, best = row("libsrtp_legs", *LIBSRTP[:4]), Figure("decrypt", sha1, PAYLOAD, FEW_LEGS)
    yield (f"{LIBSRTP.name}: libsrtp with {legs or MANY} legs takes, times",
           row("times", *LIBSRTP[:4]), TIMES, True)
    yield f"{best.name}: libsrtp at its best takes, times", row("times", *best[:4]), TIMES, True
    for what, field, bound, figure in (
            ("over raw", "over", 110, ("decrypt", sha1, PAYLOAD, MANY)),
            ("over raw", "over", 160, ("transcrypt", sha1, PAYLOAD, MANY)),
            ("over raw", "over", 150, ("decrypt", gcm, PAYLOAD, MANY)),
            ("cycles", "net", 100, ("forward", sha1, PAYLOAD, MANY)),
            ("cycles", "net", 150, ("forward", sha1, PAYLOAD, MILLION))):
        yield f"{Figure(*figure).name}: {what}", row(field, *figure), bound, False
    for legs in METERED:
        figure = ("forward", sha1, PAYLOAD, legs)
        yield (f"{Figure(*figure).name}: cycles more than the build beside it",
               row("more", *figure), METERING, False)
    for kind, budget in BUDGET.items():
        yield f"octets of a leg, {kind}", report.octets.get(kind), budget, False
    for legs, octets in sorted(report.grown.items()):
        if legs >= MILLION:
            yield f"octets allocated while {legs} legs carry traffic", octets, 0, False
    yield from report.claimed


def print_list(report, whole):
    """`whole`: also the claims that were not measured are listed."""
    print("\nThe claims, of this run\n" + ROW % ("", "measured", "bound", "ratio", ""))
    for what, measured, bound, more in claims(report):
        if measured is None:
            if whole:
                print(ROW % (what, "-", bound, "", "not measured"))
            continue
        met = measured >= bound if more else measured <= bound
        digits = 1 if more else 0
        ratio = f"{measured / bound:.2f}" if bound else ""
        print(ROW % (what, f"{measured:.{digits}f}", bound, ratio, "met" if met else "MISSED"))
        report.write(name=f"claim/{what}", value=round(measured, 2), unit="",
                     ref_name="at least" if more else "at most", ref_value=bound,
                     ratio=round(measured / bound, 3) if bound else None, runs=1, spread=0,
                     met=met)
