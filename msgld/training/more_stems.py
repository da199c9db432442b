"""Networks get further stems: each begins as what it was a part of, and the others stay as they were."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from msgld.diffusion.denoise import StemDenoiser
from msgld.dsp.fine_bands import inputs_of
from msgld.errors import ModelError
from msgld.model import Model
from msgld.nets.refiner import Refiner, RefinerConfig
from msgld.nets.transformer import StemTransformer
from msgld.stems import stem_among

Stems = tuple[str, ...]


def _begun_as(stems: Stems, wanted: Stems) -> list[int]:
    """For each wanted stem the place of the one that it was a part of."""
    return [stems.index(stem_among(stem, stems)) for stem in wanted]


def with_more_stems(weights: dict[str, Tensor], stems: Stems, wanted: Stems) -> dict[str, Tensor]:
    """Weights of a stem transformer for further stems; each has the token of the stem that it was a part of."""
    if stems == wanted:
        return weights
    tracks = weights["track.weight"]
    return {**weights, "track.weight": torch.cat([tracks[_begun_as(stems, wanted)], tracks[-1:]])}


def for_stems(config: RefinerConfig, stems: Stems) -> RefinerConfig:
    """The same size for other stems."""
    return replace(config, stems=len(stems), inputs=inputs_of(len(stems), config.turned))


def can_grow(old: RefinerConfig, new: RefinerConfig) -> bool:
    """Whether :func:`grown` makes a refiner of that size: only stems and turned bands may be more."""
    same = replace(old, stems=new.stems, inputs=new.inputs, turned=new.turned) == new
    return same and new.stems >= old.stems and old.turned in (0, new.turned)


def grown(old: Refiner, stems: Stems, wanted: Stems, turned: int) -> Refiner:
    """A refiner of more stems that corrects as the old one does, and turns no phases yet if that does not.

    A further stem has the corrections of the stem that it was a part of; its own first mask does not count yet.

    Args:
        old: of ``stems``.
        stems: in its order.
        wanted: in the order of the new one, all of ``stems`` among them.
        turned: bands of the new one whose phases are turned: those of the old one, or any if it turns none.
    """
    network = Refiner(for_stems(replace(old.config, turned=turned), wanted)).to(old.place.device)
    weights = old.state_dict()
    rows = _begun_as(stems, wanted)
    both = [
        *rows,
        *(len(stems) + row for row in rows),
    ]  # of scores and of lean, or of real and imaginary parts
    for name in ("outward", "turning"):
        if f"{name}.weight" in weights:
            weights[f"{name}.weight"] = weights[f"{name}.weight"][:, both]
            weights[f"{name}.bias"] = weights[f"{name}.bias"][both]
    about_mixture = inputs_of(0, 0)
    places = [*range(about_mixture), *(about_mixture + wanted.index(stem) for stem in stems)]
    places += range(inputs_of(len(wanted), 0), inputs_of(len(wanted), old.config.turned))
    inward = torch.zeros_like(network.inward.weight)
    inward[:, places] = weights["inward.weight"].to(inward)
    network.load_state_dict({**weights, "inward.weight": inward}, strict=False)
    return network


def with_stems(model: Model, stems: Stems) -> Model:
    """The model with further stems, each of which begins as the one that it was a part of; itself where it has all.

    Args:
        model: of the built-in design.
        stems: in the order of the new one, all of the model's among them.

    Raises:
        ModelError: the model is of the published design, which has its stems once and for all.
    """
    network = model.denoiser.network
    if not isinstance(network, StemTransformer):
        raise ModelError(f"{model.name} is of the published design: begin with a model such as small")
    if stems == model.stems:
        return model
    larger = StemTransformer(replace(network.config, tracks=len(stems) + 1)).to(model.device)
    larger.load_state_dict(with_more_stems(network.state_dict(), model.stems, stems))
    refiner = model.refiner and grown(model.refiner, model.stems, stems, model.refiner.config.turned)
    return replace(
        model, denoiser=StemDenoiser(larger.eval()), refiner=refiner and refiner.eval(), stems=stems
    )
