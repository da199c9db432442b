"""The clips of an evaluation: those of the held-out set, of a folder of songs, or of the frozen scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgld.api import checks
from msgld.data.score_clips import ScoreClips
from msgld.data.source import Clip
from msgld.errors import UsageError
from msgld.evaluation.protocols import Published

if TYPE_CHECKING:
    from msgld.data.stem_folders.song_set import SongSet


class Clips(Protocol):
    """Clips by number."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Clip: ...


def clips_of(
    names: tuple[str, ...],
    stems: str | Path | SongSet | None,
    midi: str | Path | None,
    soundfont: str | Path | None,
    published: Published | None,
) -> Clips:
    """Clips of a folder of songs, or of the held-out set."""
    from msgld.data.source import SourceOptions, open_clips
    from msgld.data.stem_folders.song_set import CLIP_SECONDS, SongSet

    seconds = published.seconds if published else CLIP_SECONDS
    if isinstance(stems, SongSet):
        return stems.clips(seconds)
    if stems is not None:
        return open_clips("stems", checks.as_path("stems", stems), seconds, SourceOptions(stems=names))
    given = {"midi": midi, "soundfont": soundfont}
    folder, font = (None if path is None else checks.as_path(name, path) for name, path in given.items())
    return open_clips("heldout", folder, seconds, SourceOptions(stems=names, soundfont=font))


def score_clips_of(midi: str | Path | None, **others: object) -> ScoreClips:
    """The frozen clips of scores; UsageError for sources of sound."""
    given = [name for name, value in others.items() if value is not None]
    if given:
        raise UsageError(
            f"{given[0]} goes with evaluations of sound: compose is measured on clips of scores (midi)"
        )
    return ScoreClips(None if midi is None else checks.as_path("midi", midi))


def one_clip(clip: Clip, stems: tuple[str, ...]) -> Clip:
    """One of the clips; UsageError where it is something else, or has not the model's stems."""
    checks.check_type("each of clips", clip, Clip, "a msgld.data.source.Clip")
    if not len(clip.stems) == len(clip.present) == len(stems):
        raise UsageError(
            f"{clip.name} has {len(clip.stems)} stems: clips for this model have {', '.join(stems)}"
        )
    return clip
