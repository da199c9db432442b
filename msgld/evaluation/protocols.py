"""Published protocols on Slakh2100 by name: stems, number of clips, measure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from msgld.data.source import Clip
from msgld.errors import DataError

FOUR = ("bass", "drums", "guitar", "piano")
"""The stems of the published mixtures."""


@dataclass(frozen=True)
class Published:
    """The protocol of a paper.

    Attributes:
        name: the value of ``--protocol``.
        source: the paper.
        measure: of separation, a name of ``measures.MEASURES``.
        networks: names of the embeddings for its distances; the user brings their weights.
        clips: number of clips, by task.
        seconds: length of a clip.
        stems: of the mixtures.
    """

    name: str
    source: str
    measure: str
    networks: tuple[str, ...]
    clips: dict[str, int]
    seconds: float = 10.24
    stems: tuple[str, ...] = FOUR

    def settings(self, stems: tuple[str, ...]) -> dict[str, Any]:
        """Settings of the questions about a model of these stems."""
        return {"measure": self.measure, "silent": tuple(stem for stem in stems if stem not in self.stems)}

    def kept(self, stems: tuple[str, ...]) -> np.ndarray:
        """Which stems of a model are in the mixtures, bool (S,). Raises DataError where none is."""
        kept = np.array([stem in self.stems for stem in stems])
        if not kept.any():
            raise DataError(f"this model has none of the protocol's stems: {', '.join(self.stems)}")
        return kept


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


def narrowed(clip: Clip, kept: np.ndarray) -> Clip:
    """The clip as in the mixtures of a protocol: stems that are not ``kept``, bool (S,), become silent and absent."""
    if kept.all():
        return clip
    stems = clip.stems * kept[:, None, None].astype(np.float32)
    return replace(clip, stems=stems, present=clip.present & kept)
