# SPDX-License-Identifier: BSD-3-Clause
"""The pipeline beside DPDK's own testpmd, on the same kind of port: net_pcap, with the same files.

5tswap swaps addresses and ports and knows nobody: less than that no relay can do. io touches
nothing: it is what the port takes, with testpmd's loop.
"""

import contextlib
import random
import re
import subprocess
import tempfile
import time

import machine
import plan
from pipeline import PACKETS, Failed, Process, Series

BASE_MEMORY = 256 << 20
PACKET_MEMORY = 2560  # octets of a buffer
LEG_MEMORY = 4096  # at most, of a plain one and its participant
MORE_PACKETS = 16384  # buffers, than there are in the files
MODES = ("io", "5tswap")
SECONDS = 0.2
RESULT = re.compile(r"CPU cycles/packet=([\d.]+)")
ROW = "%-56s %8s %8s %8s %9s %7s"


class Testpmd:
    """It waits on the worker's core until it is asked."""

    def __init__(self, options, packets, devices):
        core, other = options.core, options.core - 1 if options.core else 1
        command = ["stdbuf", "-oL", "dpdk-testpmd", f"--lcores=0@{other},1@{core}", "--no-pci",
                   "--no-telemetry", "--log-level=error"]
        command += ["--no-huge", f"-m{512 + packets // 256}"] if options.no_huge else \
                   ["--in-memory", "--single-file-segments"]
        command += [f"--vdev={device}" for device in devices]
        command += ["--", "-i", "--nb-cores=1", "--burst=64", "--mbcache=256", "--no-flush-rx",
                    f"--total-num-mbufs={packets + MORE_PACKETS}", "--record-core-cycles"]
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        self.said = []

    def start(self):
        self.read(re.compile("^Done"))
        return self

    def read(self, pattern):
        for line in self.process.stdout:
            self.said.append(line.strip())
            found = pattern.search(line)
            if found:
                return found
        raise Failed("testpmd: " + "; ".join(self.said[-3:]))

    def tell(self, *commands):
        with contextlib.suppress(BrokenPipeError):  # read() says why
            self.process.stdin.write("".join(command + "\n" for command in commands))
            self.process.stdin.flush()

    def ask(self, mode):
        """TSC cycles per packet, of a while."""
        self.tell(f"set fwd {mode}", "start")
        time.sleep(SECONDS)
        self.tell("stop")
        return float(self.read(RESULT)[1])

    def close(self):
        self.tell("quit")
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Device(Process):
    """perf/device.c"""

    def __init__(self, options, directory, legs, ports="pcap"):
        command = [f"{options.build}/perf/device", "--directory", directory, "--legs", str(legs),
                   "--core", str(options.core), "--ports", ports]
        super().__init__(command + (["--no-huge"] if options.no_huge else []))


def measure(options, device, testpmd):
    """{what: Series}"""
    found = {what: Series() for what in (*MODES, "ports", "pipeline")}
    for number in range(-1, options.runs or 9):
        for what in random.sample(list(found), len(found)):
            cycles = [testpmd.ask(what)] if what in MODES else \
                device.tell(f"{what} {options.loads}")["cycles"]
            if number >= 0:
                found[what].add(cycles)
    return found


def print_figure(report, name, found):
    """What each does beside its own bare port loop."""
    rows = (("testpmd io", "io", "io"), ("testpmd 5tswap", "5tswap", "io"),
            ("receive and send alone", "ports", "ports"), ("the pipeline", "pipeline", "ports"))
    for title, what, bare in rows:
        series = found[what]
        print(ROW % (f"{name}: {title}", f"{series.value / found['5tswap'].value:.2f}",
                     f"{series.value:.0f}", f"{series.least:.0f}",
                     f"{series.value - found[bare].value:.0f}",
                     f"{100 * series.spread:.1f}%"), flush=True)
    series = found["pipeline"]
    report.write(name=name, value=round(series.value, 1), unit="cycles/packet",
                 ref_name="testpmd 5tswap", ref_value=round(found["5tswap"].value, 1),
                 ratio=round(series.value / found["5tswap"].value, 3), runs=len(series.runs),
                 spread=round(series.spread, 4),
                 testpmd_io=round(found["io"].value, 1), ports_alone=round(found["ports"].value, 1))


def beside(options, report, hugepages, name, legs):
    if not options.no_huge:
        hugepages.need(2 * BASE_MEMORY + legs * (LEG_MEMORY + 2 * PACKET_MEMORY) +
                       (PACKETS + 2 * MORE_PACKETS) * PACKET_MEMORY)
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as directory, \
            contextlib.ExitStack() as stack:
        device = Device(options, directory, legs)
        stack.callback(device.close)
        report.begin(device.start().about["hz"])
        device.tell("open")
        testpmd = Testpmd(options, legs, [
            f"net_pcap{n},rx_pcap={directory}/net{n}.pcap,infinite_rx=1" for n in range(2)])
        stack.callback(testpmd.close)
        print_figure(report, name, measure(options, device, testpmd.start()))


def run(options, report, hugepages):
    names = {f"testpmd/5tswap/{plan.PAYLOAD}/{legs}": legs for legs in plan.LEGS[:2]}
    wanted = {name: legs for name, legs in names.items() if re.search(options.filter, name)}
    if wanted:
        print("\n" + ROW % ("two ports of net_pcap, one core", "/5tswap", "cycles", "min",
                            "less port", "spread"))
    for name, legs in wanted.items():
        try:
            beside(options, report, hugepages, name, legs)
        except machine.NotEnough as error:
            report.missing(name, str(error))
        except (Failed, FileNotFoundError) as error:
            report.fail(f"{name}: {error}")
