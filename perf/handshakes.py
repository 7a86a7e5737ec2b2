#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""DTLS server handshakes per core, beside those of OpenSSL alone."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
# pylint: disable=wrong-import-position
import programs
import rows

NAME = "handshakes"
COUNT = 500  # of each, in a run
BUDGET = 0.9  # of OpenSSL alone; design, section 7


def run(options, report):
    ours, bare = rows.Series(), rows.Series()
    program = pathlib.Path(options.build) / "perf" / "handshakes"
    with programs.Asked(program, "--core", options.core) as handshakes:
        handshakes.ask(COUNT)  # warms up
        for _ in range(options.runs or (3 if options.quick else 7)):
            answer = handshakes.ask(COUNT)
            ours.add(1e9 / answer["ours"])
            bare.add(1e9 / answer["bare"])
    rows.head("DTLS")
    rows.row(report, "handshakes", ours, "1/s per core", ("OpenSSL alone", bare.value),
             f"budget: ratio {BUDGET:.2f}", budget=BUDGET)
    report.claimed.append(("DTLS server handshakes: of OpenSSL alone", ours.value / bare.value,
                           BUDGET, True))


if __name__ == "__main__":
    rows.alone(run, NAME, __doc__)
