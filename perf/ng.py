#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Calls by rtpengine's ng protocol: Tandem beside Debian's rtpengine-daemon, one asked after the
other in a new random order each time."""

import contextlib
import os
import pathlib
import random
import sys

PERF = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(PERF), str(PERF / "peers"), str(PERF.parent / "tests" / "e2e")]
# pylint: disable=wrong-import-position
import machine
import net
import network
import packages
import programs
import rows
import wait
from process import Process
from rtpengine import Ng, Rtpengine, command

NAME = "ng"
KINDS = (("phones", "RTP to RTP"), ("browser", "WebRTC to RTP"))
LEGS = 20000
PORT = 2224  # Tandem's; rtpengine has the usual one
OFFERS, RATE = 600, 400  # of one run, and a second: a moderate load for both
INTERFACES = (("public", "198.51.100.1"), ("trunk", "203.0.113.1"))
TIMES = 1  # at least so many times better than rtpengine


class Client(programs.Asked):
    def __init__(self, options, namespace, port):
        super().__init__("nsenter", f"--net={namespace.path}",
                         pathlib.Path(options.build) / "perf" / "ng", "127.0.0.1", port)


class Tandem:
    """Both programs; the dataplane's ports are net_null."""

    name = "tandem"

    def __init__(self, options, namespace, where, stack):
        if not options.no_huge:
            stack.enter_context(machine.hugepages(256 << 20))
        self._dataplane = stack.enter_context(programs.dataplane(options, where, LEGS, LEGS))
        self._controlplane = stack.enter_context(programs.controlplane(
            options, where, f"[ng]\nlisten = 127.0.0.1:{PORT}\n", namespace.command()))
        self.client = stack.enter_context(Client(options, namespace, PORT))

    def cpu(self):
        return self._controlplane.cpu() + self._dataplane.cpu(main=True)


class Peer:
    """rtpengine without its kernel module, with a thread for each core, as it is by itself."""

    name = "rtpengine"

    def __init__(self, options, namespace, where, stack):
        for name, address in INTERFACES:
            namespace.run("ip", "addr", "add", f"{address}/32", "dev", "lo")
        self._process = Process(
            command(*(f"--interface={name}/{address}" for name, address in INTERFACES),
                    f"--num-threads={os.cpu_count()}", "--port-min=1024", "--port-max=65535"),
            where / "rtpengine.log", namespace)
        stack.callback(self._process.stop)
        ng = Ng(namespace)
        stack.callback(ng.close)
        wait.until(ng.answers, 10, "rtpengine's answer", self._process.text)
        self.client = stack.enter_context(Client(options, namespace, 2223))

    def cpu(self):
        return programs.cpu(self._process.pid)


class Figures:
    """What one relay did with one kind of call, run after run."""

    def __init__(self):
        self.rate, self.client, self.relay = rows.Series(), rows.Series(), rows.Series()
        self.median, self.p99, self.ping = rows.Series(), rows.Series(), rows.Series()

    def cycle(self, relay, kind, count):
        before = relay.cpu()
        answer = relay.client.ask("cycle", kind, count)
        self.rate.add(count / answer["seconds"])
        self.client.add(1e6 * answer["client"] / count)
        self.relay.add(1e6 * (relay.cpu() - before) / count)

    def pace(self, relay, kind):
        answer = relay.client.ask("offer", kind, OFFERS, RATE)
        self.median.add(answer["p50"])
        self.p99.add(answer["p99"])
        self.ping.add(relay.client.ask("ping", kind, OFFERS, RATE)["p99"])


@contextlib.contextmanager
def namespace_of_its_own():
    """Both relays and their clients are in it: loopback, and addresses for rtpengine's media."""
    made = network.Namespace("ng")
    net.run("ip", "netns", "add", made.name)
    try:
        made.run("ip", "link", "set", "lo", "up")
        yield made
    finally:
        net.run("ip", "netns", "delete", made.name)


@contextlib.contextmanager
def first():
    """What is started meanwhile goes before whatever else the machine does, where that is allowed."""
    usual = os.sched_getscheduler(0), os.sched_getparam(0)
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    try:
        yield
    finally:
        os.sched_setscheduler(0, *usual)


def measure(relays, kind, runs, count):
    """{relay's name: Figures}"""
    found = {relay.name: Figures() for relay in relays}
    for relay in relays:
        relay.client.ask("cycle", kind, count // 4)  # warms up
    for _ in range(runs):
        for work in ("cycle", "pace"):
            for relay in random.sample(relays, len(relays)):
                if work == "cycle":
                    found[relay.name].cycle(relay, kind, count)
                else:
                    found[relay.name].pace(relay, kind)
    return found


def show(report, kind, what, found):
    ours, theirs = found["tandem"], found["rtpengine"]
    for name, figures in found.items():
        other = ("rtpengine", theirs.rate.value) if name == "tandem" else (None, None)
        rows.row(report, f"ng/{kind}/{name}", figures.rate, "calls/s", other,
                 f"{what}; best {rows.number(max(figures.rate.runs))}; CPU us of a call: relay "
                 f"{rows.number(figures.relay.value)}, client {rows.number(figures.client.value)}",
                 best=round(max(figures.rate.runs), 1), cpu_us=round(figures.relay.value, 1),
                 client_us=round(figures.client.value, 1))
    for name, figures in found.items():
        other = ("rtpengine", theirs.p99.value) if name == "tandem" else (None, None)
        rows.row(report, f"ng/{kind}/{name}/p99", figures.p99, "us/offer", other,
                 f"best {rows.number(min(figures.p99.runs))}; median of offers "
                 f"{rows.number(figures.median.value)}, p99 of pings "
                 f"{rows.number(figures.ping.value)}",
                 best=round(min(figures.p99.runs), 1), median_us=figures.median.value,
                 ping_us=figures.ping.value)
    report.claimed += [
        (f"ng/{kind}: calls per second, times rtpengine's",
         ours.rate.value / theirs.rate.value, TIMES, True),
        (f"ng/{kind}: CPU of a call: rtpengine's is, times",
         theirs.relay.value / ours.relay.value, TIMES, True),
        (f"ng/{kind}: p99 of an offer, {RATE} a second: rtpengine's is, times",
         theirs.p99.value / ours.p99.value, TIMES, True)]


def run(options, report):
    if os.geteuid() != 0:
        raise machine.NotEnough("a network namespace of its own needs root")
    packages.install([Rtpengine.package])
    with first(), contextlib.ExitStack() as stack:
        namespace = stack.enter_context(namespace_of_its_own())
        where = stack.enter_context(programs.directory())
        relays = [made(options, namespace, where, stack) for made in (Tandem, Peer)]
        rows.head("calls by the ng protocol")
        for kind, what in KINDS:
            show(report, kind, what, measure(relays, kind, options.runs or
                                             (3 if options.quick else 7),
                                             500 if options.quick else 2000))


if __name__ == "__main__":
    rows.alone(run, NAME, __doc__)
