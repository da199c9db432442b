"""Published protocols on Slakh2100 by name: which stems, how many clips, and what is measured of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from msgld.data.source import Clip
from msgld.errors import DataError, UsageError

FOUR = ("bass", "drums", "guitar", "piano")
"""The stems that are published about; others are no part of the mixtures."""


@dataclass(frozen=True)
class Published:
    """What a paper measured.

    Attributes:
        name: what ``--protocol`` takes. source: the paper.
        measure: of separation, a name of ``measures.MEASURES``.
        networks: what its distances are taken with; their weights are the user's.
        clips: how many clips, by task. seconds: their length.
        stems: of the mixtures.
    """

    name: str
    source: str
    measure: str
    networks: tuple[str, ...]
    clips: dict[str, int]
    seconds: float = 10.24
    stems: tuple[str, ...] = FOUR


MSG_LD = Published(
    "msg-ld",
    "Karchkhadze, Izadi, Dubnov 2024, arXiv:2409.12346",
    "log-mel-mse",
    ("VGGish",),
    {"separate": 805, "generate": 805, "arrange": 400},
)
MGE_LDM = Published(
    "mge-ldm",
    "MGE-LDM 2025, arXiv:2505.23305",
    "log-mel-l1",
    ("VGGish", "CLAP"),
    {"separate": 300, "generate": 300, "arrange": 300},
)
MSDM = Published(
    "msdm",
    "Mariani et al. 2024, arXiv:2302.02257",
    "msdm-si-sdri",
    ("VGGish",),
    {"separate": 1_000_000},
    seconds=12.0,
)

PROTOCOLS: dict[str, Published] = {one.name: one for one in (MSG_LD, MGE_LDM, MSDM)}


def find_protocol(name: str) -> Published:
    """The protocol of that name; UsageError names the others."""
    if name not in PROTOCOLS:
        raise UsageError(f"no protocol named {name!r}; there are: {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]


class Narrowed:
    """Clips in which only some stems are left, as the mixtures of a protocol have it.

    Args:
        clips: by number. stems: the names of the clips' stems. kept: those that stay; others fall silent and absent.

    Raises:
        DataError: the clips have none of those that are kept.
    """

    def __init__(self, clips: object, stems: tuple[str, ...], kept: tuple[str, ...]) -> None:
        self._clips, self._kept = clips, np.array([stem in kept for stem in stems])
        if not self._kept.any():
            raise DataError(f"this model has none of {', '.join(kept)}")

    def __len__(self) -> int:
        return len(self._clips)  # type: ignore[arg-type]

    def __getitem__(self, index: int) -> Clip:
        clip: Clip = self._clips[index]  # type: ignore[index]
        stems = clip.stems * self._kept[:, None, None].astype(np.float32)
        return replace(clip, stems=stems, present=clip.present & self._kept)
