"""Activations of the listener -> notes in seconds.

An onset is a peak over time. Overtones of a loud note look like soft notes above it that begin and end with it; such
ghosts are left out, and so are more notes at once than the stem's instruments can play.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from msgld.music.midi.parts import Part
from msgld.stems import UNPITCHED

OVERTONES = (12, 19, 24, 28, 31, 34, 36)
"""Semitones of the overtones of a note above it."""

TOGETHER = 0.04
"""Seconds within which notes begin together."""


@dataclass(frozen=True)
class Rules:
    """What a stem can play.

    Attributes:
        lowest: MIDI number of its lowest note.
        highest: of its highest one.
        most: notes that begin together, at most.
        ghost: a note counts as an overtone of another that begins with it, and is left out, where its onset is less
            than so many times as probable; 0 leaves none out.
        single: whether one note ends where the next begins.
        shortest: seconds that a note lasts at least.
    """

    lowest: int = 21
    highest: int = 108
    most: int = 10
    ghost: float = 0.6
    single: bool = False
    shortest: float = 0.03


RULES = {
    "bass": Rules(highest=72, most=2, ghost=0.8),
    "drums": Rules(lowest=27, highest=87, most=6, ghost=0.0),
    "guitar": Rules(lowest=36, most=6),
    "piano": Rules(),
    "vocals": Rules(lowest=36, highest=96, most=3),
    "other": Rules(),
}
"""By stem; others have the default."""


@dataclass(frozen=True)
class Activity:
    """Activations of one stem as arrays, each (notes, T).

    Attributes:
        onset: probability that a note begins.
        sounding: probability that one sounds.
        velocity: 0 to 1.
        shift: from the frame's middle to the onset, in frames.
        second: frames in a second.
        lowest: MIDI number of the first note.
    """

    onset: np.ndarray
    sounding: np.ndarray
    velocity: np.ndarray
    shift: np.ndarray
    second: float
    lowest: int


def decode_notes(
    activity: Activity, stem: str, thresholds: tuple[float, float], rules: Rules | None = None
) -> Part:
    """The notes of a stem, by onset, then pitch.

    Args:
        activity: of the stem.
        stem: its name.
        thresholds: probabilities of onset and sounding from which a note counts.
        rules: of what it can play; those of the table by default.
    """
    rules = RULES.get(stem, Rules()) if rules is None else rules
    keys, frames = _peaks(activity.onset, thresholds[0])
    pitch = keys + activity.lowest
    kept = (pitch >= rules.lowest) & (pitch <= rules.highest)
    keys, frames = keys[kept], frames[kept]
    onset = np.maximum(0.0, (frames + activity.shift[keys, frames]) / activity.second)
    sure = activity.onset[keys, frames]
    chosen = _plausible(onset, keys, sure, rules)
    keys, frames, onset = keys[chosen], frames[chosen], onset[chosen]
    end = _ends(activity.sounding >= thresholds[1], keys, frames) / activity.second
    end = np.maximum(end, onset + rules.shortest)
    end = _until_next(onset, end, np.zeros(len(keys), int) if rules.single else keys, rules.shortest)
    velocity = np.clip(np.rint(127 * activity.velocity[keys, frames]), 1, 127).astype(int)
    ones = np.ones(len(keys))
    part = Part(
        stem, 0, stem in UNPITCHED, onset, end - onset, keys + activity.lowest, velocity, ones, 0 * ones
    )
    return part.pick(np.lexsort((part.pitch, part.onset)))


def silent_part(stem: str) -> Part:
    """A stem without notes."""
    none, numbers = np.zeros(0), np.zeros(0, int)
    return Part(stem, 0, stem in UNPITCHED, none, none, numbers, numbers, none, none)


def _peaks(onset: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Key and frame of every maximum over two frames to either side that reaches the threshold."""
    padded = np.pad(onset, ((0, 0), (2, 2)), constant_values=-1.0)
    frames = onset.shape[1]
    before = np.maximum(padded[:, :frames], padded[:, 1 : frames + 1])
    after = np.maximum(padded[:, 3 : frames + 3], padded[:, 4 : frames + 4])
    keys, places = np.nonzero((onset >= threshold) & (onset > before) & (onset >= after))
    return keys, places


def _plausible(onset: np.ndarray, keys: np.ndarray, sure: np.ndarray, rules: Rules) -> np.ndarray:
    """Positions of the notes that are no ghosts, of each moment the most probable ones."""
    kept = list[int]()
    taken = np.zeros(len(onset), bool)
    order = np.argsort(onset, kind="stable")
    times = onset[order]
    for index in np.argsort(-sure, kind="stable").tolist():
        low, high = np.searchsorted(times, [onset[index] - TOGETHER, onset[index] + TOGETHER])
        near = order[low:high]
        near = near[taken[near]]
        if len(near) >= rules.most:
            continue
        fundamentals = near[np.isin(keys[index] - keys[near], OVERTONES)]
        if len(fundamentals) and sure[index] < rules.ghost * sure[fundamentals].max():
            continue
        taken[index] = True
        kept.append(index)
    return np.sort(np.array(kept, int))


def _ends(sounding: np.ndarray, keys: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """The frame from which each note no longer sounds; a gap of one frame does not end it."""
    gap = ~sounding
    silent = gap & np.pad(gap[:, 1:], ((0, 0), (0, 1)), constant_values=True)
    silent = np.pad(silent, ((0, 0), (0, 1)), constant_values=True)
    place = np.where(silent, np.arange(silent.shape[1]), silent.shape[1])
    following = np.minimum.accumulate(place[:, ::-1], axis=1)[:, ::-1]
    return following[keys, np.minimum(frames + 1, silent.shape[1] - 1)]


def _until_next(onset: np.ndarray, end: np.ndarray, voice: np.ndarray, shortest: float) -> np.ndarray:
    """Ends that come no later than the next onset of the same voice."""
    order = np.lexsort((onset, voice))
    following = np.append(onset[order][1:], np.inf)
    same = np.append(voice[order][1:] == voice[order][:-1], False)
    cut = end.copy()
    cut[order] = np.where(
        same, np.minimum(end[order], np.maximum(following, onset[order] + shortest)), end[order]
    )
    return cut
