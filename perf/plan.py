# SPDX-License-Identifier: BSD-3-Clause
"""What is measured: figures, in groups that share their processes."""

import re
from typing import NamedTuple

SUITES = ("AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM")
OTHER_SUITES = ("AES_CM_128_HMAC_SHA1_32", "AES_256_CM_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_32",
                "AEAD_AES_256_GCM")
PAYLOADS = (20, 160, 1100)
LEGS = (1000, 100000, 1000000)
FEW_LEGS = 64  # libsrtp at its best
PROFILED = (1000, 100000)
BETWEEN = (3000, 10000, 30000, 300000)  # legs, for the curve
PAYLOAD = 160  # of G.711, and of every claim
MANY = 100000

# mode: what calls there are, and who sends
MODES = {
    "forward": ("plain", "plain"),
    "verify": ("shared", "secure"),
    "decrypt": ("mixed", "secure"),
    "encrypt": ("mixed", "plain"),
    "transcrypt": ("secure", "secure"),
}
CRYPTO = [mode for mode in MODES if mode != "forward"]
# The same with a second and a third path: each packet is copied to so many listeners as well.
FORKED = {
    "forward+1": ("plain+1", "plain"),
    "forward+2": ("plain+2", "plain"),
    "decrypt+1": ("mixed+1", "secure"),
    "encrypt+1": ("mixed+1", "plain"),
}
# To a leg from a client that is behind TURN, by ChannelData, and the other way round; and from one
# such client to another, each of whom is as many as there are legs. Beside forward.
TURNED = {
    "forward-from-turn": ("turn", "client"),
    "forward-to-turn": ("turn", "plain"),
    "forward-through-turn": ("turns", "client"),
}
PARTS = {**MODES, **FORKED, **TURNED}
TURN_BUDGET = 200  # either way
# design, section 7: TSC cycles per packet at 160 octets, in all or on top of the crypto
FORWARD_BUDGET = {True: 100, False: 150}  # by whether there are at most 100,000 legs
OVER_BUDGET = {"decrypt": 110, "encrypt": 110, "transcrypt": 160}
OVER_BUDGET_GCM = 150


class Figure(NamedTuple):
    """One row. Sorts as the rows of one group stand in the table."""
    mode: str
    suite: str
    payload: int
    legs: int
    workers: int = 1

    @property
    def name(self):
        parts = [self.mode] + ([] if self.plain else [self.suite])
        parts += [str(self.payload), str(self.legs)]
        return "/".join(parts + (["2-workers"] if self.workers > 1 else []))

    @property
    def plain(self):
        """Nothing is protected."""
        return self.mode.startswith("forward")

    @property
    def sender(self):
        return PARTS[self.mode][1]

    @property
    def ways(self):
        """How often a packet is in ChannelData."""
        return 0 if self.mode not in TURNED else 2 if self.group.calls == "turns" else 1

    @property
    def group(self):
        return Group(self.legs, PARTS[self.mode][0], self.suite, self.workers)

    @property
    def budget(self):
        """For forward in all, otherwise over the raw crypto; None: the design has none."""
        if self.payload != PAYLOAD or self.workers > 1:
            return None
        if self.mode == "forward":
            return FORWARD_BUDGET[self.legs <= MANY]
        if self.mode in TURNED:
            return self.ways * TURN_BUDGET if self.legs <= MANY else None
        if self.legs > MANY or self.mode not in OVER_BUDGET:
            return None
        return OVER_BUDGET_GCM if "GCM" in self.suite else OVER_BUDGET[self.mode]


class Group(NamedTuple):
    """Figures that need the same calls."""
    legs: int
    calls: str
    suite: str
    workers: int

    def __str__(self):
        suite = "" if self.calls.startswith(("plain", "turn")) else f" with {self.suite}"
        return f"{self.legs} legs, {self.calls} calls{suite}, workers {self.workers}"


def grid(legs):
    for count in legs:
        for mode in MODES:
            for suite in SUITES[:1] if mode == "forward" else SUITES:
                for payload in PAYLOADS:
                    yield Figure(mode, suite, payload, count)


def beside(legs):
    """What stands beside the grid, where the grid has the ends of it."""
    if MANY in legs:
        for suite in OTHER_SUITES:
            for mode in CRYPTO:
                yield Figure(mode, suite, PAYLOAD, MANY)
        for mode in ("forward", "decrypt"):
            yield Figure(mode, SUITES[0], PAYLOAD, MANY, workers=2)
        for mode in FORKED:
            yield Figure(mode, SUITES[0], PAYLOAD, MANY)
    for count in legs:
        for mode in TURNED:
            yield Figure(mode, SUITES[0], PAYLOAD, count)
    if len(legs) > 1:
        for count in BETWEEN:
            if min(legs) < count < max(legs):
                yield Figure("forward", SUITES[0], PAYLOAD, count)
                for suite in SUITES:
                    yield Figure("decrypt", suite, PAYLOAD, count)
    for suite in SUITES:
        for mode in CRYPTO:
            yield Figure(mode, suite, PAYLOAD, FEW_LEGS)


def quick():
    for legs in LEGS[:2]:
        for mode in ("forward", "decrypt"):
            yield Figure(mode, SUITES[0], PAYLOAD, legs)


def groups(options):
    """{group: figures}, the smaller ones first."""
    if options.profile:
        legs = PROFILED if options.legs == LEGS else options.legs
        wanted = [f for f in grid(legs) if f.payload == PAYLOAD]
        wanted += [Figure(mode, SUITES[0], PAYLOAD, count) for count in legs for mode in TURNED]
    else:
        wanted = quick() if options.quick else [*grid(options.legs), *beside(options.legs)]
    found = {}
    for figure in dict.fromkeys(wanted):
        if re.search(options.filter, figure.name):
            found.setdefault(figure.group, []).append(figure)
    return dict(sorted(found.items()))
