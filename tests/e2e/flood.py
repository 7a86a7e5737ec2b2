# SPDX-License-Identifier: BSD-3-Clause
"""Attacks at the highest rate that the link has: tests/flood in a namespace of ours."""

import dataclasses
import itertools
import json
import re
import signal

import net
from process import Process
from relay import BUILD

_numbers = itertools.count()
NEAR = {net.BROWSERS.short: "public0", net.PHONES.short: "trunk0"}
# It comes over the link, and what makes it gives way to the victim: it has a tenth of a core that
# others want, and runs where the relay receives, so that it waits when the relay does not.
CORE = 0
LAST = ("nice", "-n", "10", "taskset", "-c", str(CORE))


@dataclasses.dataclass(frozen=True)
class Result:
    attack: str
    packets: int   # that reached the relay's end of the link
    seconds: float
    pps: float
    sent: int


def prepare(namespaces=(net.BROWSERS, net.PHONES)):
    """Once a relay runs: it receives as a NIC's interrupts would have it, and no link overflows."""
    for namespace in namespaces:
        net.RELAY.receive_on(NEAR[namespace.short], CORE)


def undo():
    """What prepare() did."""
    for interface in NEAR.values():
        net.RELAY.tune(interface, threaded=0)


class Flood:
    """One that runs, from a participant's end of a link: options are those of `flood --help`."""

    def __init__(self, directory, namespace, attacks, targets, **options):
        argv = [*LAST, str(BUILD / "tests/flood"), "--to-mac", net.RELAY.mac(NEAR[namespace.short])]
        for target in targets:
            argv += ["--target", target]
        for name, value in options.items():
            argv += [f"--{name}"] + ([] if value is True else [str(value)])
        self._process = Process([*argv, *attacks], directory / f"flood-{next(_numbers)}.log",
                                namespace)

    def wait_sending(self):
        self._process.wait_line("^flood: sending$", 15)
        return self

    def result(self, seconds=70):
        """Once it is over."""
        code = self._process.wait_exit(seconds)
        line = re.search(r"^\{.*\}$", self._process.text(), re.MULTILINE)
        if code or not line:
            raise AssertionError(f"the flood ended with {code}: {self._process.text()}")
        return Result(**json.loads(line.group()))

    def stop(self):
        """As by Ctrl-C."""
        self._process.signal(signal.SIGINT)
        return self.result(10)
