"""The given stems of a clip as sound, played by a soundfont that trains nothing, or cut out of their mixture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from msgld.api.msgld import Msgld
from msgld.audio.stream import stacked
from msgld.data.fonts import heldout_soundfont
from msgld.evaluation.score_scenes import Scene
from msgld.metrics.scores import Stems
from msgld.music.grid import to_cells
from msgld.music.notes import Notes
from msgld.music.render import render
from msgld.music.score import Score
from msgld.stems import RATE

GIVEN = ("notes", "sound", "mixture")
"""What is given: the notes of stems, the sound of each of them, or that of all stems of the piece together."""


@dataclass(frozen=True)
class GivenSound:
    """The stems of a clip as sound.

    Attributes:
        waves: by stem, float32 (2, L) at ``RATE``.
        holds: the stems of the clip that each of them holds: to a separator that knows no singers, ``vocals`` is
            ``other``.
    """

    waves: Mapping[str, np.ndarray]
    holds: Mapping[str, frozenset[str]]

    def beside(self, subset: Sequence[str]) -> dict[str, tuple[np.ndarray, int]]:
        """The stems in which nothing of a subset sounds, with their rate."""
        return {stem: (wave, RATE) for stem, wave in self.waves.items()
                if wave.any() and not self.holds[stem] & set(subset)}  # fmt: skip


def given_sound(model: Msgld, scene: Scene, given: str) -> GivenSound:
    """Play a clip.

    Args:
        model: separates the mixture.
        scene: the clip.
        given: ``sound`` or ``mixture``.

    Raises:
        DataError: the soundfont of the held-out set is missing.
    """
    played = render(scene.score, heldout_soundfont())
    if given == "sound":
        return GivenSound(played, {stem: frozenset([stem]) for stem in played})
    mixture = stacked(played.values()).sum(0)
    separated = model.separate((mixture, RATE)).stems
    holds = {stem: {stem} & set(played) for stem in separated}
    holds.get("other", set()).update(set(played) - set(separated))
    return GivenSound(
        {stem: separated[stem] for stem, some in holds.items() if some},
        {stem: frozenset(some) for stem, some in holds.items()},
    )


def on_bars_of(scene: Scene, score: Score, stems: Sequence[str]) -> Stems:
    """Stems of a score that follows the beats of a clip's sound, on the bars of the clip itself."""
    placed, (first, last) = {}, scene.score.bars.start[[0, -1]]
    for stem in [stem for stem in stems if stem in score.notes]:
        notes = score.notes[stem]
        spans = notes.onset, notes.onset + notes.duration
        onset, end = (scene.score.timeline.beat_at(score.timeline.at(beats)) for beats in spans)
        onset = np.where(np.abs(onset - first) < 1 / 16, first, onset)
        moved = Notes.of(onset, end - onset, notes.pitch, notes.velocity, notes.program)
        inside = moved.where(lambda beats: (beats >= first) & (beats < last))
        placed[stem] = to_cells(inside, scene.score.bars)
    return placed
