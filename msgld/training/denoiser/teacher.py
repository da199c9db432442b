"""What a denoiser says of a mixture at several pitches: the mean of its masks, for another one to learn in one call.

Errors of a separation depend on pitch, and those of the mean are smaller. Learned from it, one answer has some of what
several have together (Hinton, Vinyals & Dean 2015, "Distilling the knowledge in a neural network"). The log-mels are
shifted, not the sound, which has two thirds of the effect.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from msgld.diffusion.denoise import StemDenoiser
from msgld.dsp.codec import PatchCodec
from msgld.dsp.mel import MelConfig, band_edges
from msgld.dsp.stft import constant
from msgld.tasks.noise_maps import separate
from msgld.training.denoiser.loss import Powers


class Teacher:
    """A denoiser that no longer learns.

    Args:
        denoiser: of the stems and the mixture.
        tracks: K.
        codec: of its latents.
        semitones: the pitches at which it is asked, relative to the mixture's own.
    """

    def __init__(
        self, denoiser: StemDenoiser, tracks: int, codec: PatchCodec, semitones: Sequence[float]
    ) -> None:
        self.denoiser = denoiser.eval().requires_grad_(False)
        self.tracks, self.codec, self.semitones = tracks, codec, semitones

    @torch.no_grad()
    def masks(self, mixtures: Float[Tensor, "B M N"]) -> Float[Tensor, "B S M N"]:
        """The mean of its masks on mixtures, from their log-mels."""
        mel, found = self.codec.mel, []
        for steps in self.semitones:
            z = self.codec.encode(shifted(mixtures, steps, mel))
            found.append(shifted(self._answer(z), -steps, mel))
        return torch.stack(found).mean(0)

    def _answer(self, mixtures: Float[Tensor, "B C T"]) -> Float[Tensor, "B S M N"]:
        task = separate(self.tracks, mixtures.shape[-1])
        x = mixtures.new_zeros(len(mixtures), self.tracks, *mixtures.shape[1:])
        x[:, -1] = mixtures
        levels, presence = (
            part.to(x.device).expand(len(x), *part.shape[1:]) for part in (task.levels, task.presence)
        )
        masks = self.denoiser(x, levels, presence).masks
        assert masks is not None
        return masks.float()


def as_taught(mixtures: Float[Tensor, "B 1 M N"], masks: Float[Tensor, "B S M N"]) -> Powers:
    """Powers as if the stems were what these masks cut out of mixtures of these powers."""
    return Powers(torch.cat([masks.square() * mixtures, mixtures], 1), masks * mixtures)


def shifted(
    bands: Float[Tensor, "*items M N"], semitones: float, config: MelConfig
) -> Float[Tensor, "*items M N"]:
    """Values in mel bands, moved up; what is moved in is the outermost band."""
    return bands if semitones == 0 else _moves(semitones, config).to(bands) @ bands


@constant
def _moves(semitones: float, config: MelConfig) -> Tensor:
    """Weights of the bands that bands get, float32 (M, M), rows sum to 1: linear between centres."""
    centres = torch.from_numpy(band_edges(config)[:, 1].copy())
    wanted = (centres * 2 ** (-semitones / 12)).clamp(centres[0], centres[-1])
    right = torch.searchsorted(centres, wanted).clamp(1, len(centres) - 1)
    part = (wanted - centres[right - 1]) / (centres[right] - centres[right - 1])
    moves = torch.zeros(len(centres), len(centres), dtype=centres.dtype)
    rows = torch.arange(len(centres))
    moves[rows, right - 1] = 1 - part
    moves[rows, right] = part
    return moves.float()
