"""The two losses of the denoiser: the error of v, and the error of the stems that the masks cut out."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from msgld.diffusion.noise import Schedule
from msgld.training.denoiser.batch import Batch


def v_loss(
    estimate: Float[Tensor, "B K C T"],
    z: Float[Tensor, "B K C T"],
    levels: Float[Tensor, "B K T"],
    counted: Bool[Tensor, "B K T"],
    weights: Float[Tensor, "C"],
    schedule: Schedule,
) -> Float[Tensor, ""]:
    """Mean squared error of v over the counted frames, scalar.

    An error e in z is an error e / sigma in v (v = (alpha x - z) / sigma).

    Args:
        estimate: of z.
        z: the clean latents.
        levels: above 0 where counted.
        counted: the frames to be learned.
        weights: cost of an error in each channel; mean 1.
        schedule: noise level -> alpha, sigma.
    """
    _, sigma = schedule(levels)
    error = (estimate - z).square().mul(weights[:, None]).mean(2) / sigma.square().clamp_min(1e-3)
    return torch.where(counted, error, 0.0).sum() / counted.sum().clamp_min(1)


def mask_loss(
    masks: Float[Tensor, "B S M N"], batch: Batch, counted: Bool[Tensor, "B S"], floor: float = 1e-2
) -> Float[Tensor, ""]:
    """Mean log error of the stems that the masks cut out of the mixture, scalar, in nepers of power.

    With a gain m in a band, the error's power is m^2 |X|^2 - 2 m Re(S X*) + |S|^2 (Parseval). Its logarithm
    relative to the stem's power is minus the SDR.

    Args:
        masks: of the stems on the mixture.
        batch: power of the stems and the mixture.
        counted: the stems to be learned.
        floor: power, relative to the mixture's, that is added to the error and to the stem; it bounds the loss of
            silent stems.
    """
    mixture, stems = batch.power[:, -1:], batch.power[:, :-1]
    error = (masks.square() * mixture - 2 * masks * batch.cross + stems).sum((2, 3))
    least = floor * mixture.sum((2, 3)) + 1e-8
    logs = torch.log((error.clamp_min(0) + least) / (stems.sum((2, 3)) + least))
    return torch.where(counted, logs, 0.0).sum() / counted.sum().clamp_min(1)
