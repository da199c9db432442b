"""The published noise schedule (Karchkhadze et al. 2024; Rombach et al. 2022)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from msgld.diffusion.noise import Shaped
from msgld.errors import UsageError


@dataclass(frozen=True)
class SqrtLinearSchedule:
    """The published schedule: 1000 timesteps whose betas grow linearly in their square roots (Rombach et al. 2022).

    Level (t + 1) / 1000 is timestep t, and level 0 a clean latent; levels between are rounded. Not even the last
    timestep is noise alone (alpha^2 = 1.4e-4), so a single call from there is not defined.
    """

    first: float = 0.0015
    last: float = 0.0195
    timesteps: int = 1000

    def betas(self) -> Float64[Tensor, "timesteps"]:
        """Variance added at each timestep."""
        return torch.linspace(self.first**0.5, self.last**0.5, self.timesteps, dtype=torch.float64).square()

    def alphas_cumprod(self) -> Float64[Tensor, "timesteps"]:
        """alpha^2 of each timestep (Ho et al. 2020, eq. 4)."""
        return torch.cumprod(1 - self.betas(), 0)

    def timestep(self, level: Shaped) -> Int64[Tensor, "*shape"]:
        """The timestep of a level; -1 for level 0."""
        return torch.round(level.double() * self.timesteps).long() - 1

    def grid(self, steps: int) -> list[int]:
        """The timesteps at which the network is called, from the noisiest on: the published uniform grid.

        Where ``steps`` divides 1000 it is 1, 1 + 1000 / steps, ...; else it is as even as whole numbers allow.
        """
        spread = (1 + step * self.timesteps // steps for step in range(steps))
        return [min(t, self.timesteps - 1) for t in spread][::-1]

    def fractions(self, steps: int, start: float = 1.0) -> list[float]:
        """The published grid; the last step ends at timestep 0, which is next to clean."""
        if not 2 <= steps < self.timesteps:
            raise UsageError(
                f"{steps} steps: a model with the published noise schedule takes 2 to {self.timesteps - 1}, as even "
                "its highest level is not pure noise; the published number is 200"
            )
        return [(t + 1) / self.timesteps for t in (*self.grid(steps), 0)]

    @cached_property
    def _squares(self) -> Tensor:
        """alpha^2 of a clean latent and of each timestep."""
        return torch.cat([torch.ones(1, dtype=torch.float64), self.alphas_cumprod()])

    def __call__(self, level: Shaped) -> tuple[Shaped, Shaped]:
        """Alpha and sigma of each level."""
        squares = self._squares.to(level.device)[self.timestep(level) + 1]
        return squares.sqrt().to(level), (1 - squares).sqrt().to(level)
