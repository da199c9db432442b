"""Clips that training must not see: samples that are not finite, or absurdly large."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from msgld.data.source import Clip
from msgld.errors import DataError

LOUDEST = 1e5
"""Largest absolute sample of a clip. Float files on a 16-bit scale (up to 32,768) are below it; garbage is above."""


class BadClip(DataError):
    """A clip with unusable samples.

    Attributes:
        origin: the piece and its stem, to report each only once.
    """

    def __init__(self, message: str, origin: str) -> None:
        super().__init__(message)
        self.origin = origin

    def __reduce__(self) -> tuple[type[BadClip], tuple[str, str]]:
        return BadClip, (str(self), self.origin)


def checked(clip: Clip, stems: Sequence[str]) -> Clip:
    """Return the clip as it is.

    Args:
        stems: names of the clip's stems, for the message.

    Raises:
        BadClip: a sample is NaN, infinite or above ``LOUDEST``; the message names the piece and the stem.
    """
    for name, audio in zip(stems, clip.stems, strict=True):
        # The largest absolute value is NaN where any sample is.
        peak = float(np.abs(audio).max(initial=0.0))
        if not peak <= LOUDEST:
            what = f"samples up to {peak:.3g}" if np.isfinite(peak) else "samples that are not finite numbers"
            raise BadClip(
                f"{clip.name}: stem {name} has {what}; such clips are left out: repair or remove the file",
                f"{clip.name.rpartition('@')[0] or clip.name}: {name}",
            )
    return clip
