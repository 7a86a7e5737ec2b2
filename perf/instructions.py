# SPDX-License-Identifier: BSD-3-Clause
"""Instructions of a packet, counted by callgrind on the same input each time: no noise moves them.

valgrind knows no AVX-512, so ipsec_mb takes its AVX2 code there: its instructions are not those of
the other figures, while the pipeline's own are.
"""

import pathlib
import re
import subprocess
import tempfile

import plan
from pipeline import PACKETS, program_of

LEGS = 1000
FIGURES = [plan.Figure("forward", plan.SUITES[0], plan.PAYLOAD, LEGS)] + \
          [plan.Figure("decrypt", suite, plan.PAYLOAD, LEGS) for suite in plan.SUITES]
# One load makes the streams; the next one is counted.
LOADS = 2
LINE = re.compile(r"^\s*([\d,]+) \([ \d.]+%\)\s+(\S+):(\w+)(?: \[|$)", re.MULTILINE)
TIMEOUT = 300
PORTS = ("rx_burst", "tx_burst")  # of the rig, not of the pipeline


class Unable(Exception):
    """valgrind cannot do it here."""


def call(command, **more):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT,
                              check=False, **more)
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise Unable(str(error)) from error
    if done.returncode:
        raise Unable(done.stderr.strip().rpartition("\n")[2])
    return done.stdout


def count(options, figure):
    """{function: instructions of a packet, those of the functions that it calls included}."""
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as directory:
        profile = pathlib.Path(directory) / "profile"
        question = f"pipeline {figure.sender} {figure.payload} 1\n"
        call(["valgrind", "--tool=callgrind", "--toggle-collect=worker_poll",
              "--dump-after=measure_run", f"--callgrind-out-file={profile}",
              str(program_of(options)), "--no-huge", "--suite", figure.suite,
              "--calls", figure.group.calls, "--legs", str(figure.legs)], input=LOADS * question)
        text = call(["callgrind_annotate", "--inclusive=yes", "--threshold=100",
                     f"{profile}.{LOADS}"])
    found = {}
    for octets, _, function in LINE.findall(text):
        # What was inlined from other files is listed once more.
        value = int(octets.replace(",", "")) / PACKETS
        found[function] = max(value, found.get(function, 0))
    return found


def print_figure(report, figure, found):
    ports = sum(found.get(name, 0) for name in PORTS)
    total = found["worker_poll"] - ports
    print(f"\n{figure.name}: {total:.0f} instructions per packet, without the ports")
    for function, value in found.items():
        if function.endswith("_stage"):
            print(f"  {function.removesuffix('_stage'):<16} {value:7.1f}  "
                  f"{100 * value / found['worker_poll']:4.1f}%", flush=True)
    report.write(name=f"instructions/{figure.name}", value=round(total, 2),
                 unit="instructions/packet", ref_name="the ports alone", ref_value=round(ports, 2),
                 ratio=None, runs=1, spread=0,
                 stages={name: round(value, 2) for name, value in found.items()
                         if name.endswith("_stage")})


def run(options, report):
    for figure in FIGURES:
        if not re.search(options.filter, figure.name):
            continue
        try:
            print_figure(report, figure, count(options, figure))
        except Unable as error:
            report.fail(f"instructions/{figure.name}: {error}")
