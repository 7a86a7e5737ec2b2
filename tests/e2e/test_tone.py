# SPDX-License-Identifier: BSD-3-Clause
"""The judge itself: it hears a tone, and does not hear one where there is none."""

import numpy
import pytest

import tone

pytestmark = pytest.mark.shipped

RATE = 8000
TIME = numpy.arange(RATE) / RATE
NOISE = numpy.random.default_rng(1)


def sine(frequency, level=0.5):
    return level * numpy.sin(2 * numpy.pi * frequency * TIME)


@pytest.mark.parametrize("frequency", [200, 440, 1000, 3000])
def test_hears_a_tone(frequency):
    assert tone.analyse(sine(frequency), RATE).is_tone(frequency)


def test_hears_a_tone_in_some_noise():
    assert tone.analyse(sine(440) + NOISE.normal(0, 0.02, RATE), RATE).is_tone(440)


@pytest.mark.parametrize("samples", [
    numpy.zeros(RATE), NOISE.normal(0, 0.3, RATE), sine(440, 1e-4), sine(440)[:100],
    sine(440) + NOISE.normal(0, 0.5, RATE), sine(440) + sine(1000),
], ids=["silence", "noise", "too quiet", "too short", "a tone drowned in noise", "two tones"])
def test_hears_no_tone(samples):
    heard = tone.analyse(samples, RATE)
    assert not heard.clear
    assert not heard.is_tone(440)


def test_tells_one_tone_from_another():
    heard = tone.analyse(sine(440), RATE)
    assert heard.clear
    assert not heard.is_tone(1000)
    assert not heard.is_tone(400)
    assert not heard.is_tone(880)


def test_an_interrupted_tone_is_not_clear():
    """Packet loss of one half is not a tone: every second 20 ms block is missing."""
    samples = sine(440)
    samples.reshape(-1, 160)[::2] = 0
    assert not tone.analyse(samples, RATE).clear
