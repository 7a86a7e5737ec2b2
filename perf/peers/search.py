# SPDX-License-Identifier: BSD-3-Clause
"""The highest rate that is forwarded without loss."""

GROWTH, STEPS = 1.6, 5  # what is found is the highest rate within 1.5 %
SECONDS = 1.0


def highest(run, first, seconds=SECONDS, steps=STEPS):
    """Up until a trial has a loss, then halving what is between; run(rate, seconds) is a trial."""
    low, high, best = 0.0, first, 0.0
    while True:
        trial = run(high, seconds / 2)
        if not trial.lossless:
            break
        low, high, best = high, high * GROWTH, trial.rate
    for _ in range(steps):
        rate = (low * high) ** 0.5 or high / 2
        trial = run(rate, seconds)
        if trial.lossless:
            low, best = rate, trial.rate
        else:
            high = rate
    if not best:
        raise RuntimeError(f"not even {high:.0f} packets a second go through without loss")
    return best
