# SPDX-License-Identifier: BSD-3-Clause
"""How the cost of a packet grows with the number of legs: a table, and the same as a picture."""

import plan

FEWEST = 3  # points of a curve


def curves(rows):
    """{(mode, suite): {legs: row}} of what was measured with enough numbers of legs."""
    found = {}
    for figure, row in rows.items():
        if figure.payload == plan.PAYLOAD and figure.workers == 1 and \
                figure.legs != plan.FEW_LEGS:
            found.setdefault((figure.mode, figure.suite), {})[figure.legs] = row
    return {key: dict(sorted(points.items())) for key, points in found.items()
            if len(points) >= FEWEST}


def label(key):
    mode, suite = key
    return mode if mode.startswith("forward") else f"{mode} {suite}"


def print_table(found):
    legs = sorted({count for points in found.values() for count in points})
    print("\nCycles per packet, 160 octets, by the number of legs (times the first one)")
    print(f"{'legs':<40}" + "".join(f"{count:>15}" for count in legs))
    for key, points in found.items():
        first = next(iter(points.values())).net
        cells = ((f"{points[count].net:.0f} ({points[count].net / first:.2f})"
                  if count in points else "-") for count in legs)
        print(f"{label(key):<40}" + "".join(f"{cell:>15}" for cell in cells))


def draw_picture(found, path):
    import matplotlib  # pylint: disable=import-outside-toplevel
    matplotlib.use("Agg")
    from matplotlib import pyplot  # pylint: disable=import-outside-toplevel
    figure, axes = pyplot.subplots(figsize=(9, 6), layout="constrained")
    for key, points in found.items():
        values = [row.net for row in points.values()]
        axes.plot(list(points), values, marker="o", label=label(key))
        # What disturbed a run shows as an area down to its best repetition.
        axes.fill_between(list(points), [row.least for row in points.values()], values, alpha=0.2)
    axes.set(xscale="log", xlabel="legs, in random order", ylim=(0, None),
             ylabel="TSC cycles per packet, without ports",
             title="Cost of a packet of 160 octets, one worker")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def draw(report):
    found = curves(report.rows)
    if not found:
        return
    print_table(found)
    path = report.path.with_name("bench-legs.png")
    try:
        draw_picture(found, path)
    except ImportError:
        report.fail(f"{path} needs python3-matplotlib: make deps")
    else:
        print(path)
