#!/usr/bin/env bash
# pedalboard 0.9.26 (pedalboard.Convolution), mix=1.
#
# Expected: the output is the input convolved with the impulse response: a single 1 changes nothing, a single 0.5
# halves, and two taps of 1 are louder than one.
# Happens: the response is first scaled to an energy of 1/64 (its own level is lost), so a single 1 comes out 18 dB
# softer, and so do 0.5, 0.001 and 100. What a response adds or takes away in level, or a set of responses that
# belong together, is lost. Neither the documentation nor a parameter mentions it.
# Users: reverb and cabinet responses, augmentation with rooms of one house, and filters made as FIR taps: a
# comparison with numpy.convolve or scipy fails by a gain that differs from response to response.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: taps 1: -18.1 dB, by numpy.convolve 0.0 dB; correlation of both 1.000
# seen: taps 0.5: -18.1 dB, by numpy.convolve -6.0 dB; correlation of both 1.000
# seen: taps 0.001: -18.1 dB, by numpy.convolve -60.0 dB; correlation of both 1.000
# seen: taps 100: -18.1 dB, by numpy.convolve 40.0 dB; correlation of both 1.000
# seen: taps 1 1: -18.1 dB, by numpy.convolve 3.0 dB; correlation of both 1.000
# seen: taps 1, and 0.5 after 10 ms: -18.1 dB, by numpy.convolve 0.9 dB; correlation of both 1.000
# seen: taps a tenth of a second of decaying noise: -18.1 dB, by numpy.convolve 25.6 dB; correlation of both 1.000
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    numpy==2.4.6 pedalboard==0.9.26
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import sys

import numpy as np
import pedalboard

noise = (0.1 * np.random.default_rng(0).standard_normal((1, 44100))).astype(np.float32)


def level(samples):
    """Return the level in dB."""
    return 10 * np.log10((samples.astype(np.float64) ** 2).mean())


same = True
decay = np.exp(-np.arange(4410) / 800)
for name, taps in {
    "1": [1],
    "0.5": [0.5],
    "0.001": [0.001],
    "100": [100],
    "1 1": [1, 1],
    "1, and 0.5 after 10 ms": [1, *[0] * 440, 0.5],
    "a tenth of a second of decaying noise": np.random.default_rng(1).standard_normal(4410) * decay,
}.items():
    response = np.zeros((1, 4410), np.float32)
    response[0, : len(taps)] = taps
    true = np.convolve(noise[0], np.asarray(taps, np.float64))[:44100]
    wet = pedalboard.Convolution(response, mix=1.0, sample_rate=44100)(noise, 44100)
    gain, right = level(wet) - level(noise), level(true) - level(noise)
    alike = float(np.corrcoef(wet[0], true)[0, 1])
    same &= abs(gain - right + level(response) + 10 * np.log10(4410) + 18.06) < 0.1 and alike > 0.99
    print(f"taps {name}: {gain:.1f} dB, by numpy.convolve {right:.1f} dB; correlation of both {alike:.3f}")

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
