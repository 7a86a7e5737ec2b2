# SPDX-License-Identifier: BSD-3-Clause
"""The judge of what was heard: which one frequency stands out of the samples, and how far."""

import dataclasses

import numpy

# A tone through PCMU stands 35 dB and more above the rest; speech, noise or silence do not.
CLEAR_DB = 20.0
QUIET_DBFS = -50.0


@dataclasses.dataclass(frozen=True)
class Heard:
    """frequency in Hz; level in dB below full scale; snr: the tone over all the rest, in dB."""
    frequency: float
    level: float
    snr: float

    @property
    def clear(self):
        return self.level > QUIET_DBFS and self.snr > CLEAR_DB

    def is_tone(self, frequency, tolerance=0.02):
        return self.clear and abs(self.frequency - frequency) <= frequency * tolerance

    def __str__(self):
        if not self.clear:
            return f"no tone (level {self.level:.0f} dBFS, {self.snr:.0f} dB over the rest)"
        return f"{self.frequency:.0f} Hz, {self.snr:.0f} dB over the rest"


def analyse(samples, rate):
    """samples: floats in -1..1, the newest last."""
    samples = numpy.asarray(samples, dtype=float)
    if samples.size < rate // 10:
        return Heard(0.0, -numpy.inf, -numpy.inf)
    level = 10 * numpy.log10(numpy.mean(samples ** 2) + 1e-12)
    power = numpy.abs(numpy.fft.rfft(samples * numpy.hanning(samples.size))) ** 2
    power[:_bins(40, samples.size, rate)] = 0
    peak = int(numpy.argmax(power))
    # A Hann window spreads a tone over four bins; a phone's clock drift over a few Hz more.
    width = max(3, _bins(8, samples.size, rate))
    near = power[max(0, peak - width):peak + width + 1].sum()
    rest = power.sum() - near
    snr = 10 * numpy.log10((near + 1e-12) / (rest + 1e-12))
    return Heard(peak * rate / samples.size, float(level), float(snr))


def _bins(hertz, size, rate):
    return int(hertz * size / rate)
