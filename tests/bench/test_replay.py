"""The search for replayed songs finds every copy."""

from __future__ import annotations

import numpy as np
import pytest
from replay import best_match

from msgld.errors import UsageError


def test_a_stretch_is_found_wherever_it_lies_at_any_volume_and_colour() -> None:
    rng = np.random.default_rng(0)
    pieces = rng.standard_normal((5, 4, 60))
    copied = 3 * pieces[3, :, 17:40] + np.arange(4)[:, None]
    assert best_match(copied, pieces) == pytest.approx(1.0)
    assert best_match(copied + 3 * rng.standard_normal(copied.shape), pieces) == pytest.approx(0.7, abs=0.1)
    foreign = rng.standard_normal((4, 23))
    assert best_match(foreign, pieces) == pytest.approx(_most_alike(foreign, pieces))
    assert best_match(np.ones((4, 23)), pieces) == 0
    with pytest.raises(UsageError, match="does not fit"):
        best_match(foreign[:3], pieces)


def _most_alike(query: np.ndarray, pieces: np.ndarray) -> float:
    """The same, stretch by stretch."""
    found = []
    for piece in pieces:
        for start in range(piece.shape[1] - query.shape[1] + 1):
            sides = [
                part - part.mean(1, keepdims=True)
                for part in (query, piece[:, start : start + query.shape[1]])
            ]
            found.append((sides[0] * sides[1]).sum() / np.linalg.norm(sides[0]) / np.linalg.norm(sides[1]))
    return float(max(found))
