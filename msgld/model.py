"""What a checkpoint holds: codec, denoiser, vocoder, and the names of the stems."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from msgld.diffusion.denoise import Conditioning, Estimate, StemDenoiser
from msgld.diffusion.noise import Schedule
from msgld.dsp.codec import PatchCodec
from msgld.errors import ModelError
from msgld.music.keys import notes_of
from msgld.names import check_path_part, check_stem_names
from msgld.nets.note_reader import NoteReader
from msgld.nets.refiner import Refiner
from msgld.nets.vocoder import Vocoder
from msgld.paper.denoiser import PublishedDenoiser

if TYPE_CHECKING:
    from msgld.paper.autoencoder import KLCodec
    from msgld.paper.hifigan import HifiGan

REFERENCE_RMS = 0.1
"""Mixtures are brought to this level (-20 dBFS) before the model hears them."""


@dataclass
class Model:
    """A trained system, all on one device, in evaluation mode.

    Attributes:
        codec: audio <-> latent.
        denoiser: the joint model of all tracks.
        vocoder: log-mel (B, M, N) -> waveform (B, N * hop); None in models that only separate.
        stems: names in the order of the track axis; the mixture follows as the last track.
        half: compute in bfloat16 where that is faster.
        level: RMS to which mixtures are brought before the model hears them; None leaves them as they are.
        info: what the checkpoint's JSON says besides (name, data, training, hashes).
        refiner: corrects masks at the song's own rate; None in models without one.
        notes: reads which notes the bass plays, for the vocoder; None in models without one.

    Raises:
        ModelError: a stem or the model has a name that cannot be a file's, or there are fewer than two stems.
    """

    codec: PatchCodec | KLCodec
    denoiser: StemDenoiser | PublishedDenoiser
    vocoder: Vocoder | HifiGan | None
    stems: tuple[str, ...]
    half: bool = False
    level: float | None = REFERENCE_RMS
    info: dict[str, Any] = field(default_factory=dict)
    refiner: Refiner | None = None
    notes: NoteReader | None = None

    def __post_init__(self) -> None:
        self.stems = check_stem_names(self.stems)
        if len(self.stems) < 2:
            raise ModelError(
                f"a model has two stems at least, not {len(self.stems)}; add 'other' for the rest"
            )
        check_path_part("a model", self.name)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.codec.buffers()).device

    @property
    def name(self) -> str:
        """The model's name, which is also a folder's name in outputs."""
        return str(self.info.get("name", "model"))

    @property
    def maps(self) -> bool:
        """Whether each frame may have a level of its own; see :class:`msgld.diffusion.denoise.Denoiser`."""
        return self.denoiser.maps

    @property
    def window_frames(self) -> int:
        """Latent frames of the windows that the model was trained on."""
        return self.denoiser.window_frames

    @property
    def past_frames(self) -> int:
        """Frames of a window that are given as its past when a longer piece is made."""
        return self.denoiser.past_frames

    @property
    def multiple(self) -> int:
        """The network takes whole multiples of so many frames."""
        return self.denoiser.multiple

    @property
    def schedule(self) -> Schedule:
        """The denoiser's schedule."""
        return self.denoiser.schedule

    def __call__(
        self, x: Tensor, levels: Tensor, presence: Tensor, conditioning: Conditioning | None = None
    ) -> Estimate:
        """The denoiser (a model is one), in 16-bit arithmetic where the machine is faster with it."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            if isinstance(self.denoiser, StemDenoiser):
                return self.denoiser(x, levels, presence, conditioning)
            return self.denoiser(x, levels, presence)

    @property
    def styles(self) -> tuple[str, ...]:
        """Styles that conditions may ask for; none for models that take no conditions."""
        config = getattr(self.denoiser.network, "config", None)
        return tuple(getattr(config, "styles", ()))

    @cached_property
    def average_masks(self) -> Tensor | None:
        """What part of a song each stem is where nothing of it is heard, (S, M); None for models without masks.

        At level 1 the network sees nothing, so neither noise nor time makes a difference.
        """
        tracks = len(self.stems) + 1
        frames = self.multiple
        noise = torch.zeros(1, tracks, self.codec.channels, frames, device=self.device)
        presence = torch.arange(tracks, device=self.device)[None] < len(self.stems)
        with torch.inference_mode():
            masks = self(noise, noise.new_ones(1, tracks, frames), presence).masks
        return None if masks is None else masks[0].float().clamp_min(1e-8).log().mean(-1).softmax(0)

    def refine(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """The refiner, in 16-bit arithmetic where the machine is faster with it; see :class:`Refiner`."""
        assert self.refiner is not None
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            return self.refiner(features)

    def reads(self, stem: str | None) -> bool:
        """Whether the notes of a stem are read, so that the vocoder plays them in tune."""
        return self.notes is not None and stem == self.notes.config.stem and isinstance(self.vocoder, Vocoder)

    def read_last(self, stems: Iterable[str]) -> list[str]:
        """The stems in their order, but that whose notes are read last: by then the others' key can be heard."""
        return sorted(stems, key=self.reads)

    def vocode(self, mels: Tensor, stem: str | None = None, key: str | None = None) -> Tensor:
        """Log-mels (..., M, N) -> waveforms (..., N * hop).

        Args:
            stem: whose sound it is, if it is one's; a bass is played in tune where the model can read its notes.
            key: of the piece, which those notes are likely to be of.

        Raises:
            ModelError: the waveforms are not finite.
        """
        assert self.vocoder is not None
        flat = mels.reshape(-1, *mels.shape[-2:])
        if self.notes is None or not self.reads(stem):
            waves = self.vocoder(flat)
        else:
            hertz, mel = self.notes.hertz(flat, notes_of(key) if key else ()), self.codec.mel
            waves = self.vocoder(flat, hertz * mel.n_fft / mel.rate)
        if not bool(waves.isfinite().all()):
            raise ModelError(
                f"the model {self.name!r} answered with values that are not numbers; load another one"
            )
        return waves.reshape(*mels.shape[:-2], -1)
