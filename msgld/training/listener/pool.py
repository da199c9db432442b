"""A pool that keeps the stems of clips dry, with their notes and beats; they are degraded as they are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from msgld.data.source import BadClip, Clip, Source
from msgld.dsp.resample import resample
from msgld.music.listen.drums import drum_kinds
from msgld.music.midi.parts import Part
from msgld.music.played import Played
from msgld.stems import UNPITCHED
from msgld.training.listener.targets import END, ONSET, PITCH
from msgld.training.pool.clips import PEAK, random_balance
from msgld.training.pool.pool import Pool
from msgld.training.recipe import PoolConfig

MOST_NOTES, MOST_BEATS = 600, 160
"""Notes of a stem, and beats of a clip, that are kept."""

QUIET = 1e-2
"""Loudness (velocity and gain, 1 at most) below which a note is not listened for."""

FEWEST = 3
"""Notes that a stem has in a clip to be drawn for its notes."""

BEND = 2.5
"""Semitones up to which a crop is played higher or lower, at most."""

TRIES = 6
"""Places in a clip that are tried until notes begin there."""


def note_table(parts: tuple[Part, ...], stem: str) -> np.ndarray:
    """Notes of a stem (n, 4), by onset; pitches as the wheel bends them at their onset, of drums their kinds."""
    rows = []
    for part in parts:
        if part.stem != stem:
            continue
        pitch = (drum_kinds(part.pitch) if part.is_drum else part.pitch).astype(np.float64)
        if len(part.bend.time) and not part.is_drum:
            index = np.searchsorted(part.bend.time, part.onset + 1e-3, side="right") - 1
            pitch += np.where(index >= 0, part.bend.semitones[np.maximum(index, 0)], 0.0)
        loud = part.velocity / 127 * np.sqrt(part.gain)
        row = np.stack([part.onset, part.onset + part.duration, np.rint(pitch), np.minimum(loud, 1)], 1)
        rows.append(row[loud > QUIET])
    table = np.concatenate(rows) if rows else np.zeros((0, 4))
    return table[np.argsort(table[:, ONSET], kind="stable")]


@dataclass(frozen=True)
class Drawn:
    """A crop of a clip.

    Attributes:
        sound: mono mixes of stems, float32 (R, L).
        notes: of the wanted stem, (n, 4), seconds from the crop's start.
        beats: (n, 3): seconds, whether it begins a bar, whether it is compound.
    """

    sound: np.ndarray
    notes: np.ndarray
    beats: np.ndarray


class PlayedPool(Pool):
    """Keeps int16 (slots, S, L) with gains, notes (slots, S, n, 4) and beats (slots, n, 3).

    Args:
        rate: samples per second of what is kept.
    """

    def __init__(self, source: Source, config: PoolConfig, rate: int) -> None:
        stems, samples = len(source.stems), round(config.seconds * rate)
        super().__init__(source, config, rate, torch.zeros(config.slots, stems, samples, dtype=torch.int16))
        self.gain = torch.zeros(config.slots, stems).share_memory_()
        self.notes = torch.zeros(config.slots, stems, MOST_NOTES, 4).share_memory_()
        self.begun = torch.zeros(config.slots, stems, dtype=torch.int64).share_memory_()
        self.beats = torch.zeros(config.slots, MOST_BEATS, 3).share_memory_()
        self.beaten = torch.zeros(config.slots, dtype=torch.int64).share_memory_()

    def remember(self, slot: int, clip: Clip) -> None:
        """Keep the clip's notes and beats; BadClip where it has none."""
        if clip.played is None:
            raise BadClip(
                f"{clip.name} is sound without notes: ears learn from MIDI files or the band", clip.name
            )
        self._remember(slot, clip.played)

    def _remember(self, slot: int, played: Played) -> None:
        for k, stem in enumerate(self.source.stems):
            table = note_table(played.parts, stem)[:MOST_NOTES]
            self.notes[slot, k, : len(table)] = torch.from_numpy(table).float()
            self.begun[slot, k] = len(table)
        beats = played.beats
        rows = np.stack([beats.seconds, beats.first, beats.compound], 1)[:MOST_BEATS]
        self.beats[slot, : len(rows)] = torch.from_numpy(rows).float()
        self.beaten[slot] = len(rows)

    def store(self, slot: int, stems: np.ndarray, seed: int) -> None:
        """Keep the stems, mono with a random balance of the channels, to 16 bits of their peaks."""
        left, right = random_balance(np.random.default_rng([seed, 4]))
        mono = left * stems[:, 0] + right * stems[:, 1]
        peaks = np.maximum(np.abs(mono).max(1), 1e-6)
        self.kept[slot] = torch.from_numpy(np.rint(mono * (PEAK / peaks)[:, None]).astype(np.int16))
        self.gain[slot] = torch.from_numpy(peaks / PEAK)

    def slots_of(self, stem: int) -> np.ndarray:
        """Clips in which a stem plays some notes, if there are any."""
        slots = self.usable()  # once: they grow meanwhile, as workers fill the pool
        begun, gain = self.begun[slots, stem].numpy(), self.gain[slots, stem].numpy()
        return slots[(begun >= FEWEST) & (gain > 1e-7)]

    def crop(
        self,
        slot: int,
        stem: int,
        samples: int,
        rng: np.random.Generator,
        semitones: float = 0.0,
        gains: np.ndarray | None = None,
    ) -> Drawn:
        """A crop of a clip in which a note of the stem begins, if a few tries find one.

        Args:
            slot: the clip.
            stem: number of the stem.
            samples: length of the crop.
            rng: draws the place.
            semitones: by which it is played higher, and faster; its notes are renamed to the nearest pitches.
            gains: of the stems in each sound, (R, S); by default the sounds are the stem, and the sum of the others.
        """
        if gains is None:
            own = np.arange(len(self.source.stems)) == stem
            gains = np.stack([own, ~own])
        rate = round(self.rate * 2 ** (semitones / 12))
        span = min(-(-samples * rate // self.rate) + 1, self.kept.shape[-1])
        onsets = self.notes[slot, stem, : int(self.begun[slot, stem]), ONSET].numpy()
        for _ in range(TRIES):
            start = int(rng.integers(0, self.kept.shape[-1] - span + 1))
            if ((onsets > start / self.rate) & (onsets < (start + span) / self.rate)).any():
                break
        waves = self.kept[slot, :, start : start + span].float().numpy()
        mixed = (gains * self.gain[slot].numpy()).astype(np.float32) @ waves
        sound = resample(mixed, rate, self.rate)[:, :samples]
        sound = np.pad(sound, ((0, 0), (0, samples - sound.shape[1])))
        place = (start / self.rate, self.rate / rate, samples / self.rate)
        return Drawn(sound, *self._tables(slot, stem, *place, semitones))

    def _tables(
        self, slot: int, stem: int, start: float, longer: float, seconds: float, semitones: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Notes and beats of a crop that begins at ``start`` and is played ``longer`` times as slowly."""
        notes = self.notes[slot, stem, : int(self.begun[slot, stem])].double().numpy().copy()
        notes[:, [ONSET, END]] = (notes[:, [ONSET, END]] - start) * longer
        if not self.unpitched(stem):
            notes[:, PITCH] += np.rint(semitones)
        beats = self.beats[slot, : int(self.beaten[slot])].double().numpy().copy()
        beats[:, 0] = (beats[:, 0] - start) * longer
        there = (notes[:, ONSET] < seconds) & (notes[:, END] > 0)
        return notes[there], beats[(beats[:, 0] >= 0) & (beats[:, 0] < seconds)]

    def unpitched(self, stem: int) -> bool:
        """Whether a stem plays drums."""
        return self.source.stems[stem] in UNPITCHED
