# SPDX-License-Identifier: BSD-3-Clause
"""Bounded waiting for what has no event to wait on: a counter, a line in a log, a state."""

import time

STEP = 0.02


class Timeout(AssertionError):
    """What was awaited did not come; the message says what, and what was there instead."""


def until(condition, seconds, what, seen=None):
    """Return condition()'s first true value. seen() describes the last state for the message."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            state = f"; last seen: {seen()}" if seen else ""
            raise Timeout(f"waited {seconds:g} s for {what}, which did not come{state}")
        time.sleep(STEP)
