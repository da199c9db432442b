"""Clips that are altered before they are separated: as on a record, or out of tune."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from msgld.data.source import Clip
from msgld.dsp.resample import resample
from msgld.evaluation.clips import Clips
from msgld.evaluation.record_chain import song_on_a_record

SHARP = 0.3
"""Semitones by which clips out of tune are too high."""


def on_a_record(clip: Clip, number: int) -> Clip:
    """The clip through the frozen chain of effects; what MP3 does to the mixture belongs to no stem."""
    stems, mixture = song_on_a_record(clip.stems, number, clip.rate)
    return replace(clip, stems=stems, rest=mixture - stems.sum(0))


def out_of_tune(clip: Clip, number: int) -> Clip:
    """The clip played a little too fast."""
    return replace(clip, stems=resample(clip.stems, round(clip.rate * 2 ** (SHARP / 12)), clip.rate))


ALTERATIONS: Mapping[str, Callable[[Clip, int], Clip]] = {"record": on_a_record, "out-of-tune": out_of_tune}
"""By the value of ``--altered``; the functions take a clip and its number."""


class Altered:
    """Clips, each altered.

    Args:
        clips: as they are.
        name: of ``ALTERATIONS``.
    """

    def __init__(self, clips: Clips, name: str) -> None:
        self.clips, self.alter = clips, ALTERATIONS[name]

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> Clip:
        return self.alter(self.clips[index], index)
