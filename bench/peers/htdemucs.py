"""HTDemucs (Rouard et al. 2023, arXiv:2211.08553) through the ``demucs`` package, at a size that a CPU trains."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from peers.waves import RATE, WavePeer


class HtDemucs(WavePeer):
    """The network with its loss: stereo waveforms in, stems out.

    Args:
        stems: their names. channels: of the finest level. segment: seconds that it is trained on.
    """

    def __init__(
        self, stems: Sequence[str], channels: int = 16, layers: int = 3, segment: float = 4.0
    ) -> None:
        super().__init__()
        self.items, self.samples, self.remix = 1, round(segment * RATE), 0.3
        from demucs.htdemucs import HTDemucs

        self.model = HTDemucs(
            list(stems), channels=channels, t_layers=layers, bottom_channels=8 * channels, segment=segment
        )

    def loss(self, stems: Tensor) -> Tensor:
        """Mean absolute error of the stems (B, S, 2, L) that it finds in their mixture, as the package trains it."""
        return (self.model(stems.sum(1)).float() - stems).abs().mean()

    @torch.no_grad()
    def separate(self, mixture: Tensor) -> Tensor:
        """Stems (S, 2, L) of a mixture (2, L) of any length, in overlapping segments as the package joins them."""
        from demucs.apply import apply_model

        return apply_model(self.model, mixture[None], device="cpu", split=True, overlap=0.25, progress=False)[
            0
        ]
