"""The letters of the project, in one place.

B  batch
K  tracks: the stems in the order of ``STEMS``, then the mixture as the last track
L  samples of audio at ``RATE``
C  channels of a latent frame
T  latent frames (one every ``4 x 512`` samples, 46 ms)
M  mel bands
N  mel columns (one every 512 samples)
F  bins of a linear spectrum

A *level* is a noise level between 0 (known) and 1 (pure noise); every frame of every track has its own.
"""

from __future__ import annotations

STEMS: tuple[str, ...] = ("bass", "drums", "guitar", "piano", "other")
"""The stems of the shipped model, in the order of the track axis."""

UNPITCHED: tuple[str, ...] = ("drums",)
"""Stems without notes."""

MIXTURE = "mixture"
"""Name of the last track."""

RATE = 44_100
"""Samples per second inside the model."""
