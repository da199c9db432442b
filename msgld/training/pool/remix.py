"""Stems put together from different pieces. No band plays so, but separation learns from it."""

from __future__ import annotations

from collections import deque

import numpy as np

RECENT = 5
"""Clips that are remembered to take stems from."""


class Remixer:
    """Remembers the clips that it was shown last; a copy in another process begins with none.

    Args:
        fraction: of the clips, which are replaced by a remix.
    """

    def __init__(self, fraction: float) -> None:
        self.fraction = fraction
        self.recent: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=RECENT)

    def __reduce__(self) -> tuple[type[Remixer], tuple[float]]:
        return Remixer, (self.fraction,)

    def __call__(
        self, stems: np.ndarray, present: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, bool]:
        """A clip's stems (S, ...) and their presence (S,) as they are, or each of another clip; and which it was."""
        self.recent.append((stems, present.copy()))
        if rng.random() >= self.fraction or len(self.recent) < 2:
            return stems, present, False
        count, clips = len(stems), len(self.recent)
        order = np.concatenate([rng.permutation(clips) for _ in range(-(-count // clips))])[:count]
        chosen = [(self.recent[clip][0][k], self.recent[clip][1][k]) for k, clip in enumerate(order)]
        return np.stack([audio for audio, _ in chosen]), np.array([there for _, there in chosen]), True
