"""Muon for networks whose blocks have matrices of the same sizes: those of a size are orthogonalised together.

torch's takes them one by one, which on a GPU is over a thousand kernels a step, more than all the rest of it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from msgld.runtime import bf16_is_fast


class StackedMuon(torch.optim.Muon):
    """torch.optim.Muon with the same updates and state; of its rules for the rate it knows ``match_rms_adamw``."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Update all matrices that have a gradient. Closures are not called."""
        assert closure is None
        for group in self.param_groups:
            assert group["adjust_lr_fn"] == "match_rms_adamw"
            by_shape: dict[torch.Size, list[Tensor]] = {}
            for matrix in group["params"]:
                if matrix.grad is not None:
                    by_shape.setdefault(matrix.shape, []).append(matrix)
            for matrices in by_shape.values():
                self._update(matrices, group)

    def _update(self, matrices: list[Tensor], group: dict[str, Any]) -> None:
        gradients = [matrix.grad for matrix in matrices if matrix.grad is not None]
        moments = [self._moment(matrix) for matrix in matrices]
        torch._foreach_lerp_(moments, gradients, 1 - group["momentum"])
        if group["nesterov"]:
            moments = list(torch._foreach_lerp(gradients, moments, group["momentum"]))
        ways = orthogonal(torch.stack(moments), group["ns_coefficients"], group["ns_steps"], group["eps"])
        rate, size = float(group["lr"]), max(matrices[0].shape)
        torch._foreach_mul_(matrices, 1 - rate * group["weight_decay"])
        torch._foreach_add_(matrices, list(ways.to(matrices[0].dtype)), alpha=-0.2 * rate * size**0.5)

    def _moment(self, matrix: Tensor) -> Tensor:
        state = self.state[matrix]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(matrix)
        moment: Tensor = state["momentum_buffer"]
        return moment


def orthogonal(x: Tensor, coefficients: tuple[float, float, float], rounds: int, least: float) -> Tensor:
    """Matrices (n, a, b) with all their singular values brought near 1 (Jordan et al. 2024).

    Computed in 16 bits where those are fast: on a processor that has none they take twenty times as long.

    Args:
        coefficients: of the odd polynomial of the fifth degree that each round applies to the singular values.
        least: norm below which a matrix is not brought to norm 1 first.
    """
    x = x.bfloat16() if bf16_is_fast(x.device) else x.float()
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp_min(least)
    first, third, fifth = coefficients
    for _ in range(rounds):
        gram = x @ x.mT
        polynomial = torch.baddbmm(gram, gram, gram, beta=third, alpha=fifth)
        x = torch.baddbmm(x, polynomial, x, beta=first)
    return x.mT if tall else x
