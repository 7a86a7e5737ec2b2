# SPDX-License-Identifier: BSD-3-Clause
"""Processes of perf/pipeline.c, and the hugepages they need."""

import contextlib
import functools
import json
import pathlib
import statistics
import subprocess

from plan import Group

PACKETS = 8192  # of a load, RIG_PACKETS
BASE_MEMORY = 256 << 20  # octets of each process, whatever its legs
SAMPLE_LEGS = 8192  # that tell what a leg takes ...
SAMPLE_OCTETS = 16384  # ... which is less than that
MARGIN = 1.05


class Failed(Exception):
    """A pipeline did not do what it was asked to; it said why."""


class Process:
    """A program of perf/: says when it is ready, and answers a line with a line of JSON."""

    def __init__(self, command):
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.about = {}

    def start(self):
        """The legs are there."""
        self.about = self.read()
        return self

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failed(self.process.stderr.read().strip() or "the program ended")
        return json.loads(line)

    def tell(self, line):
        with contextlib.suppress(BrokenPipeError):  # read() says why
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        return self.read()

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Pipeline(Process):
    """perf/pipeline.c; it waits on the worker's core until it is asked."""

    def __init__(self, program, options, group, engine="ipsec_mb", shed=None):
        calls, _, listeners = group.calls.partition("+")
        command = [str(program), "--engine", engine, "--suite", group.suite,
                   "--calls", calls, "--legs", str(group.legs), "--core", str(options.core)]
        if listeners:
            command += ["--listeners", listeners]
        if group.workers > 1:
            command += ["--workers", str(group.workers)]
        if options.no_huge:
            command.append("--no-huge")
        if options.software_checksums:
            command.append("--software-checksums")
        if shed:
            command += ["--shed", shed]
        super().__init__(command)
        self.group = group
        self.engine = engine

    @property
    def hz(self):
        return self.about["hz"]

    def ask(self, kind, sender, payload, loads, packets=PACKETS):
        line = f"{kind} {sender} {payload} {loads}"
        return self.tell(line if packets == PACKETS else f"{line} {packets}")

    def memory(self):
        return self.tell("memory")


@contextlib.contextmanager
def running(pipeline):
    """One process by itself."""
    try:
        yield pipeline.start()
    finally:
        pipeline.close()


class Memory:
    """Reserves what the processes of a group will take, as a sample of its legs says."""

    def __init__(self, options, hugepages):
        self.options = options
        self.hugepages = hugepages
        self.per_leg = functools.lru_cache(maxsize=None)(self.weigh)

    def weigh(self, calls, suite):
        """Octets of a leg and its participant. libsrtp's keys are elsewhere: less than that."""
        group = Group(SAMPLE_LEGS, calls, suite, 1)
        self.hugepages.need(BASE_MEMORY + SAMPLE_LEGS * SAMPLE_OCTETS)
        with running(Pipeline(program_of(self.options), self.options, group)) as sample:
            about = sample.about
            return (sum(about["memory"].values()) + about["participants"]) / SAMPLE_LEGS

    def need(self, group, processes=1):
        """Raises machine.NotEnough."""
        if self.options.no_huge:
            return
        legs = MARGIN * group.legs * self.per_leg(group.calls, group.suite)
        self.hugepages.need(processes * int(BASE_MEMORY + legs))


def program_of(options):
    return pathlib.Path(options.build) / "perf" / "pipeline"


class Series:
    """The runs of one measurement; a run's value is the median of its loads."""

    def __init__(self):
        self.runs = []

    def add(self, cycles):
        self.runs.append(statistics.median(cycles))

    value = property(lambda self: statistics.median(self.runs))
    least = property(lambda self: min(self.runs))

    @property
    def spread(self):
        """Between the quartiles of the runs, as a part of their median."""
        if len(self.runs) < 2:
            return 0.0
        low, _, high = statistics.quantiles(self.runs, n=4)
        return (high - low) / self.value if self.value else 0.0
