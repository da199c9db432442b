"""Limits the loudness, notes and peaks of generated stems to those of real ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from msgld.dsp.loudness import gated_rms
from msgld.stems import UNPITCHED

CEILING = 10 ** (-1 / 20)
"""Largest magnitude of a sample, -1 dBFS."""

LOUDEST = 10 ** (4 / 20)
"""Largest RMS of a stem as a multiple of the mixture's: in training mixtures vary by 2 dB (standard deviation)."""

PITCHED_CREST, UNPITCHED_CREST = 10 ** (10 / 20), 10 ** (12 / 20)
"""Largest RMS of a note over 50 ms as a multiple of its stem's; real parts of notes reach 5 to 9 dB, drums 11 dB."""

SINGLE = 0.05
"""Fraction of a stem's sounding time below which loud notes do not count in the RMS that they are compared with."""

NOTE, PEAK = 0.05, 0.002
"""Seconds over which a note's RMS is taken, and of a step of the peak limiter."""


@dataclass(frozen=True)
class Bounds:
    """Upper bounds of a generated stem.

    Attributes:
        rms: gated, of the whole stem; None where the mixture's is not known.
        crest: RMS of a note as a multiple of the stem's.
        note: RMS that a note may have in any case.
        peak: magnitude of a sample.
    """

    rms: float | None = None
    crest: float = PITCHED_CREST
    note: float = 0.0
    peak: float = CEILING


def bounds_for(stem: str, mixture: float | None, old: np.ndarray | None, rate: int, peak: float) -> Bounds:
    """Bounds of a generated stem.

    Args:
        stem: its name.
        mixture: gated RMS of its mixture; None where it is not known.
        old: the given part of the stem, (channels, L); notes as loud as its own are left alone.
        rate: samples per second.
        peak: of all given stems.
    """
    crest = UNPITCHED_CREST if stem in UNPITCHED else PITCHED_CREST
    rms = None if mixture is None else mixture * LOUDEST
    if old is None or not old.any():
        return Bounds(rms, crest, peak=max(CEILING, peak))
    own = gated_rms(torch.from_numpy(old), rate)
    note = float(_note_rms(old, rate).max())
    return Bounds(None if rms is None else max(rms, own), crest, note, max(CEILING, peak))


def limited(made: np.ndarray, rate: int, bounds: Bounds) -> np.ndarray:
    """A generated stem (channels, L) within bounds, float32; one that already is comes back as it is.

    Gains are the same in all channels. They are smoothed symmetrically (linear phase), so that they change before a
    note begins and not in its attack.
    """
    rms = gated_rms(torch.from_numpy(made), rate)
    if bounds.rms is not None and rms > bounds.rms:
        made = made * np.float32(bounds.rms / rms)
    rms = gated_rms(torch.from_numpy(made), rate, SINGLE)
    notes = _note_rms(made, rate)
    made = _turned_down(made, notes, max(rms * bounds.crest, bounds.note), _step(NOTE / 2, rate), 2)
    step = _step(PEAK, rate)
    return _turned_down(made, _framed(np.abs(made).max(0), step).max(1), bounds.peak, step, 5)


def peak_gains(sound: np.ndarray, rate: int, ceiling: float = CEILING) -> np.ndarray:
    """Gains (L,), float32, that keep a sound (channels, L) below a ceiling; 1 where it is, but for a few milliseconds.

    Stems of a mix that get the gains of their sum still sum to it.
    """
    step = _step(PEAK, rate)
    peaks = _framed(np.abs(sound).max(0, initial=0.0), step).max(1)
    gains = _gains(peaks, ceiling, step, 5, sound.shape[1])
    return np.ones(sound.shape[1], np.float32) if gains is None else gains


def _turned_down(made: np.ndarray, loudness: np.ndarray, bound: float, step: int, radius: int) -> np.ndarray:
    """Sound with gains that keep the loudness of its steps within a bound, smoothed over ``radius`` steps each way."""
    gains = _gains(loudness, bound, step, radius, made.shape[1])
    return made if gains is None else made * gains


def _gains(loudness: np.ndarray, bound: float, step: int, radius: int, length: int) -> np.ndarray | None:
    """Gains (length,) that keep the loudness of steps within a bound, smoothed; None where none is needed."""
    if not loudness.size or loudness.max() <= bound:
        return None
    needed = torch.from_numpy(np.minimum(1.0, bound / np.maximum(loudness, 1e-30)))[None, None]
    width = 2 * radius + 1
    # The least gain far enough around each step that neither smoothing nor interpolation gets above it.
    least = -F.max_pool1d(-needed, width + 2, 1, radius + 1)
    bell = torch.hann_window(width + 2, periodic=False, dtype=needed.dtype)[1:-1]
    padded = F.pad(least, (radius, radius), mode="replicate")
    smooth = F.conv1d(padded, (bell / bell.sum())[None, None])[0, 0].numpy()
    smooth[smooth > 1 - 1e-9] = 1.0  # rounding; what needs no gain is kept to the bit
    centres = (np.arange(len(smooth)) + 0.5) * step
    return np.interp(np.arange(length) + 0.5, centres, smooth).astype(np.float32)


def _step(seconds: float, rate: int) -> int:
    return max(1, round(seconds * rate))


def _note_rms(sound: np.ndarray, rate: int) -> np.ndarray:
    """RMS over all channels of 50 ms around each 25 ms: with the sound before or after, whichever is louder."""
    powers = _framed((sound.astype(np.float64) ** 2).mean(0), _step(NOTE / 2, rate)).mean(1)
    if len(powers) < 2:
        return np.sqrt(powers)
    pairs = 0.5 * (powers[1:] + powers[:-1])
    return np.sqrt(np.maximum(np.pad(pairs, (1, 0)), np.pad(pairs, (0, 1))))


def _framed(values: np.ndarray, step: int) -> np.ndarray:
    """Values (L,) in steps (n, step), the last one padded with zeros."""
    return np.pad(values, (0, -len(values) % step)).reshape(-1, step)
