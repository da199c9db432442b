"""Clips of rendered stems as clips of records, and a source of them.

Random numbers do not depend on the clip, and every effect on every stem has its own: switching one off leaves the
others as they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from msgld.data.records import space
from msgld.data.records.dice import Cup, Dice
from msgld.data.records.mix import mastered
from msgld.data.records.settings import Augmentation
from msgld.data.records.stem import recorded
from msgld.data.source import Clip, Source, checked, origin_of


def augment(clip: Clip, seed: int, stems: Sequence[str], settings: Augmentation = Augmentation()) -> Clip:
    """The clip with its present stems changed at random, then its mix; no peak of a stem or the mixture is above 1.

    One stem at least keeps sounding. The same clip and seed give the same result.

    Args:
        clip: see :class:`Clip`.
        seed: an integer, 0 or more.
        stems: names of the clip's stems, in order.
        settings: probabilities.
    """
    whole = Cup((seed, len(stems)))
    amount = whole.of("amount").between(*settings.amount)
    playing = _playing(clip.stems, whole.of("drop"), settings.drop)
    picked_up = _bleed(clip, playing, replace(whole.of("bleed"), amount=amount), settings.bleed)
    made = np.zeros_like(clip.stems)
    for k in np.flatnonzero(playing).tolist():
        made[k] = recorded(
            clip.stems[k],
            clip.rate,
            stems[k],
            settings.chain(stems[k]),
            Cup((seed, k), amount),
            picked_up.get(k),
        )
    made = mastered(made, clip.rate, settings, replace(whole, amount=amount))
    peak = max(float(np.abs(sound).max(initial=0.0)) for sound in (made, made.sum(0)))
    return replace(clip, stems=made / np.float32(max(peak, 1.0)), meta=clip.meta | {"augmented": 1.0})


def _playing(stems: np.ndarray, dice: Dice, drop: float) -> np.ndarray:
    """Which stems (S,) sound and are kept; all of those that sound where none would be left."""
    kept, sounding = dice.rng.random(len(stems)) >= drop, np.any(stems, axis=(1, 2))
    return np.asarray(kept & sounding if (kept & sounding).any() else sounding)


def _bleed(clip: Clip, playing: np.ndarray, dice: Dice, probability: float) -> dict[int, np.ndarray]:
    """Impulse responses in which the microphones of one of the stems pick up the others: stem -> (2, n)."""
    hosts = [k for k in dice.rng.permutation(len(playing)).tolist() if playing[k]]
    if not hosts or not dice.hits(probability):
        return {}
    room = space.bleed(clip.rate, dice)
    # Stems stand at other distances.
    gains = 10 ** (dice.rng.uniform(-4, 4, len(playing)) / 20)
    return {k: room * np.float32(gain) for k, gain in enumerate(gains) if k != hosts[0]}


class Augmented:
    """Another source, whose clips are augmented with a probability."""

    def __init__(self, source: Source, probability: float) -> None:
        self.source, self.probability = source, probability
        self.stems = source.stems

    def clip(self, seed: int, seconds: float) -> Clip:
        """The source's clip of this seed, augmented or not; BadClip before effects hide bad samples."""
        clip = checked(self.source.clip(seed, seconds), self.stems)
        drawn = np.random.default_rng([seed, 3]).random()
        return augment(clip, seed, self.stems) if drawn < self.probability else clip

    def origin(self, seed: int) -> str:
        """The piece that a clip is of; empty where the source cannot tell."""
        return origin_of(self.source, seed)
