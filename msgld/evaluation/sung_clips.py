"""Clips with singers that no training used: a phrase after another is laid over each clip, a singer a clip in turn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from msgld.data.singing import Singing
from msgld.data.source import Clip
from msgld.data.sung import Casting, Sung
from msgld.evaluation.clips import Clips

CASTING = Casting(
    probability=1.0, shift=0, loudness=(-6.0, 2.0), pause=1.5, doubled=0.0, second=0.0, spoken=0.0
)
"""Frozen: one singer at the pitch of the phrases."""


class _Numbered:
    """Clips as a source, their numbers as seeds."""

    def __init__(self, clips: Clips, stems: tuple[str, ...]) -> None:
        self.clips, self.stems = clips, stems

    def clip(self, seed: int, seconds: float) -> Clip:
        """The clip of this number, as long as it is."""
        return self.clips[seed]


class SungClips:
    """Clips, each with a singer, whose name is in its ``meta``.

    Args:
        clips: without.
        stems: of the clips, ``vocals`` among them.
        folder: of phrases, those for tests among them.

    Raises:
        UsageError: there is no stem ``vocals``.
        DataError: no phrases for tests in the folder.
    """

    def __init__(self, clips: Clips, stems: tuple[str, ...], folder: Path) -> None:
        singing = Singing(folder, "test")
        source = _Numbered(clips, stems)
        self.clips = clips
        self.singers = [(voice, Sung(source, singing.of(voice), CASTING)) for voice in singing.voices]

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> Clip:
        voice, sung = self.singers[index % len(self.singers)]
        clip = sung.clip(index, 0.0)
        return replace(clip, meta=clip.meta | {"voice": voice})
