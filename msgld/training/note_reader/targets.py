"""The notes that a stem plays, detected in its sound: the targets of the note reader.

A window of a third of a second parts the partials of the lowest notes. Stems of any source can so be learned from,
whether or not anything is known of their notes.
"""

from __future__ import annotations

import numpy as np

from msgld.dsp.resample import resample
from msgld.nets.note_reader import NoteReaderConfig

RATE, WINDOW = 5512, 2048
"""Sample rate at which notes are detected, and samples of a window, 0.37 s."""

PARTIALS, WANING = 6, 0.8
"""Partials that count for a note, each by so much less than the one before."""

STEPS = 5
"""Pitches that are tried in a semitone."""

SURE, CLEAR = 0.2, 0.5
"""Clearness relative to a clip's clearest notes, up to which a note counts for nothing, and from which on fully."""


def note_targets(
    wave: np.ndarray, rate: int, hop: int, columns: int, config: NoteReaderConfig
) -> tuple[np.ndarray, np.ndarray]:
    """Notes of a sound that plays one at a time.

    Args:
        wave: mono (L,) at ``rate``.
        hop: samples from one column to the next.

    Returns:
        Of each column the note, counted from ``config.lowest``, int64 (columns,), and how far it is to be believed, 0
        to 1, (columns,).
    """
    spectra = _spectra(wave, rate, hop, columns)
    tried = np.arange(config.notes * STEPS) / STEPS - 0.5 + 0.5 / STEPS
    clear = _clearness(spectra, 440 * 2 ** ((tried + config.lowest - 69) / 12))
    clear = clear.reshape(config.notes, STEPS, columns).max(1)
    notes, most = clear.argmax(0), clear.max(0)
    clearest = float(np.quantile(most, 0.95)) if len(most) else 0.0
    relative = most / clearest if clearest > 0 else np.zeros(columns)
    return notes, np.clip((relative - SURE) / (CLEAR - SURE), 0.0, 1.0)


def _spectra(wave: np.ndarray, rate: int, hop: int, columns: int) -> np.ndarray:
    """Square roots of magnitudes, (columns, WINDOW / 2 + 1), centred as the log-mel's columns are."""
    low = resample(wave[None], rate, RATE)[0]
    middles = np.rint(np.arange(columns) * hop * RATE / rate).astype(int)
    low = np.pad(low, (WINDOW // 2, max(WINDOW, int(middles[-1]) + WINDOW - len(low))))
    frames = np.lib.stride_tricks.sliding_window_view(low, WINDOW)[middles]
    return np.sqrt(np.abs(np.fft.rfft(frames * np.hanning(WINDOW), axis=1)))


def _clearness(spectra: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    """By how much the partials of pitches (P,) stand out from the gaps half way between them, (P, columns)."""
    bins = np.arange(spectra.shape[1])
    clear = np.zeros((len(hertz), len(spectra)))
    for partial in range(1, PARTIALS + 1):
        at, between = (hertz * part * WINDOW / RATE for part in (partial, partial - 0.5))
        clear += WANING**partial * (_at(spectra, at, bins) - 0.5 * _at(spectra, between, bins))
    return clear


def _at(spectra: np.ndarray, places: np.ndarray, bins: np.ndarray) -> np.ndarray:
    """Spectra (columns, F) between their bins, (P, columns)."""
    below = np.minimum(places.astype(int), bins[-2])
    weight = np.clip(places - below, 0, 1)[:, None]
    return (1 - weight) * spectra[:, below].T + weight * spectra[:, below + 1].T
