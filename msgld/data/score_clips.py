"""The frozen clips on which making music is measured, and all that must not train it, by name.

For codec, composer, ears and retrieval alike these are held out: what :mod:`msgld.data.frozen` names, every
accompaniment style that shares a word with a held-out style, and some songs for choosing settings (validation).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any

from msgld.data.frozen import is_heldout, style_of
from msgld.data.heldout import interleaved
from msgld.data.midi import MidiFolder
from msgld.data.scores import band_song
from msgld.errors import DataError
from msgld.music.score import Score, score_of


@dataclass(frozen=True)
class ScoreClip:
    """One clip.

    Attributes:
        kind: ``song``, ``accompaniment`` or ``band``.
        name: of the MIDI file; of the band's pieces style and seed.
        first: bar of the grid at which it begins.
        bars: how many bars it has.
    """

    kind: str
    name: str
    first: int
    bars: int


@lru_cache(maxsize=1)
def _frozen() -> dict[str, Any]:
    text = files("msgld.data").joinpath("score_clips.json").read_text(encoding="utf-8")
    frozen: dict[str, Any] = json.loads(text)
    return frozen


def score_clips() -> tuple[ScoreClip, ...]:
    """All clips, in their order."""
    return tuple(ScoreClip(**clip) for clip in _frozen()["clips"])


def validation_songs() -> frozenset[str]:
    """File names of the songs on which settings are chosen."""
    return frozenset(_frozen()["validation_songs"])


def trains_no_score(name: str) -> bool:
    """Whether a MIDI file must not train codec, composer or ears, nor be retrieved from."""
    style = style_of(name)
    shared = style is not None and any(word in style for word in _frozen()["words"])
    return shared or is_heldout(name) or PurePosixPath(name.replace("\\", "/")).name in validation_songs()


class ScoreClips:
    """The clips as scores.

    Args:
        midi: a folder with ``songs/*.mid`` and ``accompaniments.tar.xz``; without it only the band's clips.

    Raises:
        DataError: a file is missing in the folder.
    """

    def __init__(self, midi: Path | None = None) -> None:
        kept = [clip for clip in score_clips() if midi is not None or clip.kind == "band"]
        kinds = [[clip for clip in kept if clip.kind == kind] for kind in ("song", "accompaniment", "band")]
        self.clips = tuple(interleaved([clips for clips in kinds if clips]))
        self._files: dict[str, str] = {}
        if midi is not None:
            self._library = MidiFolder(Path(midi), exclude=lambda name: False)
            self._files = {PurePosixPath(name).name: name for name in self._library.names}
            missing = [
                clip.name for clip in self.clips if clip.kind != "band" and clip.name not in self._files
            ]
            if missing:
                raise DataError(
                    f"{len(missing)} held-out files are not in {midi}, such as {missing[0]}: use the whole folder"
                )

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> tuple[ScoreClip, Score]:
        """A clip and its whole piece; small numbers are a balanced choice."""
        clip = self.clips[index]
        return clip, self.score(clip)

    def __iter__(self) -> Iterator[tuple[ScoreClip, Score]]:
        return (self[index] for index in range(len(self)))

    def score(self, clip: ScoreClip) -> Score:
        """The whole piece of a clip."""
        if clip.kind == "band":
            style, seed = clip.name.split()
            return score_of(band_song(int(seed), style))
        return score_of(self._library.song(self._files[clip.name]))
