"""The score model: notes of all stems behind two doors, :meth:`ScoreModel.encode` and :meth:`ScoreModel.decode`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from msgld.diffusion.denoise import Denoiser, Estimate, StemDenoiser
from msgld.diffusion.noise import Latents, Levels, Presence
from msgld.diffusion.noise_map import Conditioning
from msgld.music.bars import STEPS
from msgld.music.grid import Cells
from msgld.music.score import SCORE_STEMS
from msgld.nets.bar_autoencoder import bar_losses
from msgld.nets.composer import ComposerConfig
from msgld.nets.score_codec import ScoreCodec, bar_tensors, cells_of

ENCODED = 512
"""Bars of one stem that are encoded or decoded at once."""


@dataclass
class ScoreModel(Denoiser):
    """A trained composer and its codec, on one device, in evaluation mode.

    Attributes:
        codec: bar of a stem's notes <-> latent.
        denoiser: the joint model of all stems; None as long as only the codec is trained.
        half: compute in bfloat16.
        stems: names in the order of the track axis.
        guide: a smaller composer for guidance, or None.
    """

    codec: ScoreCodec
    denoiser: StemDenoiser | None = None
    half: bool = False
    stems: tuple[str, ...] = SCORE_STEMS
    guide: ScoreModel | None = None

    def __post_init__(self) -> None:
        if self.denoiser is not None:
            self.schedule = self.denoiser.schedule

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.codec.mean.device

    @property
    def config(self) -> ComposerConfig:
        """The composer's."""
        assert self.denoiser is not None
        config = self.denoiser.network.config
        assert isinstance(config, ComposerConfig)
        return config

    @property
    def styles(self) -> tuple[str, ...]:
        """Styles that conditions may name."""
        return tuple(self.config.styles) if self.denoiser is not None else ()

    def __call__(
        self, x: Latents, levels: Levels, presence: Presence, conditioning: Conditioning | None = None
    ) -> Estimate:
        """The denoiser, in 16-bit arithmetic where the machine is faster with it."""
        assert self.denoiser is not None
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            return self.denoiser(x, levels, presence, conditioning)

    @torch.inference_mode()
    def encode(self, cells: Mapping[str, Cells], steps: np.ndarray) -> Float[Tensor, "S C T"]:
        """Notes -> latents; a stem that is missing is silent.

        Args:
            cells: notes in the grid, by stem.
            steps: of each bar, (T,).
        """
        bars = bar_tensors([cells], [steps], self.stems)
        order = torch.arange(len(bars.stem))
        pieces = [self.codec.encode(bars.pick(part).to(self.device)) for part in order.split(ENCODED)]
        return torch.cat(pieces).unflatten(0, (len(self.stems), len(steps))).transpose(1, 2)

    @torch.inference_mode()
    def nats(self, cells: Mapping[str, Cells], steps: np.ndarray) -> float:
        """What the codec needs to say notes: minus the evidence lower bound at the posterior's mean, loudness left out.

        Args:
            cells: notes in the grid, by stem, at home (:mod:`msgld.music.home`).
            steps: of each bar, (T,).
        """
        bars, total = bar_tensors([cells], [steps], self.stems), 0.0
        plays = bars.sounding.flatten(1).any(1).nonzero().squeeze(1)
        for part in plays.split(ENCODED) if len(plays) else ():
            one, network = bars.pick(part).to(self.device), self.codec.autoencoder
            mean, logs = network.encode(one)
            losses = bar_losses(network.decode(mean, one.stem, one.steps), one, mean, logs)
            total += len(part) * float(losses["onset"] + losses["sounding"] + losses["kl"])
        return total

    @torch.inference_mode()
    def decode(self, z: Float[Tensor, "S C T"], steps: np.ndarray) -> dict[str, Cells]:
        """Latents -> notes in the grid, by stem."""
        lengths = torch.from_numpy(steps.astype(np.int64)).to(z.device)
        decoded = {}
        for number, stem in enumerate(self.stems):
            own = torch.full_like(lengths, number)
            onset, sounding, velocity, offset = (
                part.float().cpu().numpy() for part in self.codec.decode(z[number].T, own, lengths)
            )
            decoded[stem] = cells_of(onset, sounding, velocity, offset.reshape(-1, STEPS), steps)
        return decoded
