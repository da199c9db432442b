"""From sampled latents to stems: masks on the mixture's own spectrum, or the vocoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from msgld.diffusion.sample import State
from msgld.dsp.fine_bands import Refined, refinement
from msgld.dsp.masks import Coarse, apply_masks, masks_from_mels
from msgld.dsp.panning import gains_like, place
from msgld.dsp.resample import resample
from msgld.model import Model


@dataclass(frozen=True)
class Masking:
    """How masks are made.

    A mask is an estimate that is sometimes wrong altogether, and a stem whose mask went to another stem is lost. So
    masks are flattened by ``exponent`` and drawn towards the average ones by ``average_weight``. The defaults were
    chosen on every third held-out clip, with two soundfonts (``research/study.md``); the refiner is trained on them.

    Attributes:
        exponent: of the masks, which are ratios of amplitudes; values below 1 flatten them.
        average_weight: exponent of the average mask; each mask is multiplied by it.
        refine: correct the masks with the model's refiner, if it has one.
        wiener: apply a spatial Wiener filter to stereo songs.
    """

    exponent: float = 0.65
    average_weight: float = 0.2
    refine: bool = True
    wiener: bool = True


PLAIN = Masking(exponent=1.0, average_weight=0.0)
"""Masks as the network gives them."""


@torch.inference_mode()
def masks_of(model: Model, state: State, masking: Masking) -> Float[Tensor, "B S M N"]:
    """Masks of all windows, whose sum over the stems is 1."""
    if state.estimate.masks is None:
        mels = model.codec.decode(state.x[:, :-1])
        return masks_from_mels(mels, model.codec.mel, masking.exponent)
    powers = state.estimate.masks**masking.exponent
    if masking.average_weight:
        assert model.average_masks is not None
        powers = powers * model.average_masks.unsqueeze(-1) ** masking.average_weight
    return powers / powers.sum(1, keepdim=True)


@torch.inference_mode()
def cut(
    model: Model,
    mixture: Float[Tensor, "channels L"],
    masks: Float[Tensor, "S M N"],
    rate: int,
    masking: Masking,
) -> Float[Tensor, "S channels L"]:
    """Stems of one mixture at the reference loudness."""

    def refine(spectrum: Complex[Tensor, "channels F N"], coarse: Coarse) -> Callable[[slice], Refined]:
        assert model.refiner is not None
        config = model.refiner.config
        in_bands = coarse.in_bands(config.bands).unsqueeze(0)
        found = refinement(
            spectrum[None],
            in_bands,
            lambda columns: coarse.at(columns).unsqueeze(0),
            model.refine,
            rate,
            config.turned,
        )
        return lambda columns: found.at(columns)[0]

    mixture = mixture.to(masks.device)
    chosen = refine if masking.refine and model.refiner is not None else None
    return apply_masks(mixture, masks, rate, model.codec.mel, chosen, masking.wiener).cpu()


def vocoded(
    model: Model, latents: Float[Tensor, "S C T"], mixture: Float[Tensor, "channels L"], rate: int
) -> Float[Tensor, "S channels L"]:
    """Latents as sound at the mixture's rate and length, panned like the mixture."""
    samples, gains = mixture.shape[-1], gains_like(mixture.numpy(), "")
    stems = []
    for name, stem in zip(model.stems, latents, strict=True):
        sound = resample(model.decode(stem, name)[None], model.rate, rate)[0, :samples]
        stems.append(place(np.pad(sound, (0, samples - len(sound))), gains))
    return torch.from_numpy(np.stack(stems))
