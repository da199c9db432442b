"""An oracle: jointly Gaussian tracks, whose E[z | x] is known in closed form for any map of levels."""

from __future__ import annotations

import torch
from torch import Tensor

from msgld.diffusion.denoise import Denoiser, Estimate
from msgld.diffusion.noise import CosineSchedule


class GaussianOracle(Denoiser):
    """The exact denoiser of zero-mean Gaussian tracks; channels are independent draws of one piece.

    Args:
        tracks: covariance across tracks (K, K).
        memory: correlation of neighbouring frames; a track's frames are an AR(1) process.
    """

    def __init__(self, tracks: Tensor, memory: float = 0.0) -> None:
        self.tracks, self.memory = tracks.double(), memory
        self.schedule = CosineSchedule()
        self.calls: list[tuple[Tensor, Tensor]] = []

    def covariance(self, frames: int) -> Tensor:
        """Covariance of all frames of all tracks, (K T, K T)."""
        apart = (torch.arange(frames)[:, None] - torch.arange(frames)).abs()
        return torch.kron(self.tracks, self.memory ** apart.double())

    def draw(self, frames: int, channels: int, seed: int = 0) -> Tensor:
        """A piece from this distribution, (1, K, C, T)."""
        values, vectors = torch.linalg.eigh(self.covariance(frames))
        root = vectors * values.clamp_min(0).sqrt()
        generator = torch.Generator().manual_seed(seed)
        white = torch.randn(len(values), channels, generator=generator, dtype=torch.float64)
        return (root @ white).unflatten(0, (-1, frames)).transpose(1, 2)[None]

    def __call__(self, x: Tensor, levels: Tensor, presence: Tensor) -> Estimate:
        self.calls.append((levels.clone(), presence.clone()))
        items = [self._item(*item) for item in zip(x, levels, presence, strict=True)]
        return Estimate(torch.stack(items).to(x))

    def _item(self, x: Tensor, levels: Tensor, presence: Tensor) -> Tensor:
        """E[z | x] = S A (A S A + N)^-1 x over the present tracks, with S the covariance, x = A z + noise."""
        frames = x.shape[-1]
        alpha, sigma = (part.flatten() for part in self.schedule(levels.double()))
        seen = presence.repeat_interleave(frames)
        with_z = self.covariance(frames)[:, seen] * alpha[seen]
        of_x = with_z[seen] * alpha[seen, None] + torch.diag(sigma[seen].square())
        gain = with_z @ torch.linalg.pinv(of_x, rtol=1e-11, hermitian=True)
        flat = x.double().transpose(1, 2).flatten(0, 1)
        return (gain @ flat[seen]).unflatten(0, (-1, frames)).transpose(1, 2)


def with_mixture(stems: Tensor) -> Tensor:
    """Covariance of stems (S, S) and their sum as the last track, (S + 1, S + 1)."""
    rows = torch.cat([torch.eye(len(stems)), torch.ones(1, len(stems))]).double()
    return rows @ stems.double() @ rows.T
