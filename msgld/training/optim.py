"""Optimisers (AdamW, Muon), learning-rate schedule and moving average of weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from msgld.runtime import bf16_is_fast
from msgld.training.recipe import OptimConfig


def rate_factor(step: int, progress: float, config: OptimConfig) -> float:
    """Learning rate relative to its peak at ``step``, when ``progress`` (0 to 1) of the run is over."""
    warm = min(1.0, (step + 1) / max(1, config.warmup))
    left = (1 - progress) / max(1e-6, config.cooldown)
    return warm * max(config.final, min(1.0, left))


def build_optimisers(module: nn.Module, config: OptimConfig) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside blocks, or for everything that is one, and AdamW for the rest."""
    matrices = _matrices(module, config)
    chosen = {id(p) for p in matrices}
    others = [p for p in module.parameters() if p.requires_grad and id(p) not in chosen]
    adamw = torch.optim.AdamW(others, lr=config.rate, betas=config.betas, weight_decay=config.decay)
    if not matrices:
        return [adamw]
    muon = StackedMuon(matrices, lr=config.rate, weight_decay=config.decay, ns_steps=config.rounds,
                       adjust_lr_fn="match_rms_adamw")  # fmt: skip
    return [adamw, muon]


def _matrices(module: nn.Module, config: OptimConfig) -> list[nn.Parameter]:
    """Parameters that Muon moves: tables of embeddings and kernels of single channels are no matrices."""
    if not config.muon:
        return []
    named = [(n, p) for n, p in module.named_parameters() if p.requires_grad]
    if not config.everywhere:
        return [p for n, p in named if p.ndim == 2 and "blocks." in n]
    tables = {id(one.weight) for one in module.modules() if isinstance(one, nn.Embedding)}
    return [
        p for n, p in named if id(p) not in tables and n.endswith("weight") and p.ndim > 1 and p.shape[1] > 1
    ]


class Average:
    """Exponential moving average of a module's parameters, with the warm-up min(decay, (1 + n) / (10 + n))."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.steps = 0
        self.values: list[Tensor] = [p.detach().clone() for p in module.parameters()]

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Move towards the module's weights."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        torch._foreach_lerp_(self.values, list(module.parameters()), 1 - decay)

    @torch.no_grad()
    def swap(self, module: nn.Module) -> None:
        """Exchange the module's weights and the averaged ones; calling it twice restores both."""
        for value, parameter in zip(self.values, module.parameters(), strict=True):
            kept = parameter.detach().clone()
            parameter.copy_(value)
            value.copy_(kept)

    @contextmanager
    def applied(self, module: nn.Module) -> Iterator[None]:
        """The module has the averaged weights while the block lasts."""
        self.swap(module)
        try:
            yield
        finally:
            self.swap(module)

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs."""
        return {"steps": self.steps, "values": self.values}

    @torch.no_grad()
    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Inverse of :meth:`state_dict`."""
        self.steps = state["steps"]
        for value, saved in zip(self.values, state["values"], strict=True):
            value.copy_(saved)


class StackedMuon(torch.optim.Optimizer):
    """torch.optim.Muon with the same updates and state, but matrices of one size are orthogonalised together.

    torch's own takes them one by one, which on a GPU is over a thousand kernels a step, more than the rest of it; and
    it takes no kernels of convolutions, which here are matrices with a row for each channel that they answer (Jordan
    et al. 2024). The rate is that of ``match_rms_adamw``.

    Args:
        matrices: parameters of two dimensions or more.
        settings: of torch.optim.Muon.
    """

    def __init__(self, matrices: list[nn.Parameter], **settings: Any) -> None:
        super().__init__(matrices, torch.optim.Muon([torch.empty(1, 1)], **settings).defaults)

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Update all matrices that have a gradient. Closures are not called."""
        assert closure is None
        for group in self.param_groups:
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
        flat = torch.stack(moments).flatten(2)
        ways = orthogonal(flat, group["ns_coefficients"], group["ns_steps"], group["eps"])
        rate, size = float(group["lr"]), max(flat.shape[1:])
        torch._foreach_mul_(matrices, 1 - rate * group["weight_decay"])
        ways = ways.to(matrices[0].dtype).unflatten(2, matrices[0].shape[1:])
        torch._foreach_add_(matrices, list(ways), alpha=-0.2 * rate * size**0.5)

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
