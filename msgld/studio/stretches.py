"""Separating into a folder, with every stretch of sound at hand as soon as it is finished."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np

from msgld.api.separated_song import SeparatedSong

if TYPE_CHECKING:
    from msgld.api.msgld import Msgld
    from msgld.api.save import Saved
    from msgld.progress import Meter

OnStretch = Callable[[Mapping[str, np.ndarray]], None]
"""Called with name -> float32 (channels, n), of all stems, ``residual`` and ``mixture``."""


def separate_to(model: Msgld, song: Path, folder: Path, on_stretch: OnStretch, **rest: Any) -> Saved:
    """As :meth:`msgld.Msgld.separate_to`, which calls ``on_stretch`` with each stretch as it is finished."""
    original = SeparatedSong.separated

    def watched(self: SeparatedSong, meter: Meter, part: float = 1.0) -> Iterator[dict[str, np.ndarray]]:
        for named in original(self, meter, part):
            on_stretch(named)
            yield named

    with patch.object(SeparatedSong, "separated", watched):
        return model.separate_to(song, folder, **rest)
