"""A model: codec, denoiser, vocoder and the rest behind two doors, :meth:`Model.encode` and :meth:`Model.decode`."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor, nn

from msgld.diffusion.denoise import Denoiser, Draw, Estimate, ModelDenoiser
from msgld.diffusion.noise import Latents, Levels, Presence
from msgld.diffusion.noise_map import Conditioning, NoiseMap
from msgld.dsp.codec import Codec
from msgld.dsp.fine_bands import Corrections
from msgld.dsp.mel import log_mel
from msgld.dsp.overlap_add import join
from msgld.dsp.resample import resample
from msgld.errors import ModelError
from msgld.later import later
from msgld.music.keys import notes_of
from msgld.names import check_path_part, check_stem_names
from msgld.nets.beat_tracker import BeatTracker
from msgld.nets.listener import Listener
from msgld.nets.note_reader import NoteReader
from msgld.nets.quantised import quantise
from msgld.nets.refiner import Refiner
from msgld.nets.transformer import StemTransformer
from msgld.score_model import ScoreModel

REFERENCE_RMS = 0.1
"""Loudness of the mixtures in training, gated RMS (-20 dBFS)."""

ENCODED = 64
"""Frames that are encoded at once, 3 s: their spectra take much memory."""
VOCODED = 432
"""Frames that are vocoded at once, 20 s."""
CONTEXT = 16
"""Frames that the vocoder sees before a stretch, 0.7 s, so that its phases have settled."""
FADE = 0.02
"""Seconds of cross-fade between stretches."""


@dataclass
class Model(Denoiser):
    """A trained system, all on one device, in evaluation mode.

    Vocoder, note reader, listener, beat tracker and score may be read from their files when they are first used.

    Attributes:
        codec: log-mel <-> latent.
        denoiser: the joint model of all tracks.
        vocoder: log-mel (B, M, N) -> waveform (B, N * hop); None for models that only separate.
        stems: names in the order of the track axis; the mixture follows as the last track.
        half: compute in bfloat16.
        reference_rms: loudness of the mixtures that are encoded; None for any.
        info: further content of the checkpoint's JSON (name, data, training, hashes).
        refiner: corrects masks at the rate of the song, or None.
        note_reader: reads the notes of the bass for the vocoder, or None.
        score: makes music in notes, or None.
        listener: finds the notes of stems, or None.
        beat_tracker: finds the beats of mixtures, or None.

    Raises:
        ModelError: the name of a stem or of the model is no name for a file, or there are fewer than two stems.
    """

    codec: Codec
    denoiser: ModelDenoiser
    vocoder: nn.Module | None = later()
    stems: tuple[str, ...] = ()
    half: bool = False
    reference_rms: float | None = REFERENCE_RMS
    info: dict[str, Any] = field(default_factory=dict)
    refiner: Refiner | None = None
    note_reader: NoteReader | None = later()
    listener: Listener | None = later()
    beat_tracker: BeatTracker | None = later()
    score: ScoreModel | None = later()

    def __post_init__(self) -> None:
        self.stems = check_stem_names(self.stems)
        self.schedule = self.denoiser.schedule
        self.quantised = False
        if len(self.stems) < 2:
            raise ModelError(
                f"a model has two stems at least, not {len(self.stems)}; add 'other' for the rest"
            )
        check_path_part("a model", self.name)

    def quantise(self) -> None:
        """Compute the products of the denoiser's blocks in 8 bits, for inference on a CPU; it cannot be saved then."""
        network = self.denoiser.network
        if isinstance(network, StemTransformer):
            quantise(network.blocks)
            self.quantised = True

    def halve(self) -> None:
        """Keep the weights of the denoiser's blocks in bfloat16, in which :attr:`half` multiplies them anyway.

        It cannot be trained or saved then.
        """
        network = self.denoiser.network
        for module in network.blocks.modules() if self.half and isinstance(network, StemTransformer) else ():
            if isinstance(module, nn.Linear):
                module.to(torch.bfloat16)

    @property
    def composer(self) -> ScoreModel | None:
        """The score model, if it has been trained to compose and not only to encode."""
        return None if self.score is None or self.score.denoiser is None else self.score

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.codec.buffers()).device

    @property
    def name(self) -> str:
        """The model's name, which is also a folder's name in outputs."""
        return str(self.info.get("name", "model"))

    @property
    def rate(self) -> int:
        """Samples per second inside the model."""
        return self.codec.mel.rate

    @property
    def tracks(self) -> int:
        """K: the stems and the mixture."""
        return len(self.stems) + 1

    @property
    def styles(self) -> tuple[str, ...]:
        """Styles that conditions may name; none for models without conditions."""
        config = getattr(self.denoiser.network, "config", None)
        return tuple(getattr(config, "styles", ()))

    def __call__(
        self, x: Latents, levels: Levels, presence: Presence, conditioning: Conditioning | None = None
    ) -> Estimate:
        """The denoiser (a model is one), in 16-bit arithmetic where the machine is faster with it."""
        further = () if conditioning is None else (conditioning,)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            return self.denoiser(x, levels, presence, *further)

    def adapt(self, guided: Denoiser, task: NoiseMap, noise: Draw) -> tuple[Denoiser, NoiseMap]:
        """See :meth:`msgld.diffusion.denoise.Denoiser.adapt`."""
        return self.denoiser.adapt(guided, task, noise)

    def frames(self, samples: int, rate: int) -> int:
        """T: the fewest latent frames that cover ``samples`` at ``rate`` and that the network takes, at least one."""
        exact = samples * self.rate / (rate * self.codec.frame_samples)
        whole = max(1, math.ceil(exact - 1e-9))
        return -(-whole // self.denoiser.multiple) * self.denoiser.multiple

    @torch.inference_mode()
    def encode(
        self, audio: Float[Tensor, "*items channels L"], rate: int, frames: int | None = None
    ) -> Float[Tensor, "*items C T"]:
        """Sound -> latents.

        Args:
            audio: at the loudness of the training data.
            rate: samples per second.
            frames: T, to which the sound is padded or cut; by default :meth:`frames` of it.

        Returns:
            Latents on the model's device.
        """
        size = self.codec.frame_samples
        wave = torch.from_numpy(resample(audio.numpy(), rate, self.rate))
        # Resampling may add a sample, which is dropped.
        frames = frames or self.frames(max(1, wave.shape[-1] - 1), self.rate)
        wave = torch.nn.functional.pad(wave, (0, frames * size - wave.shape[-1]))
        pieces = []
        for first in range(0, frames, ENCODED):  # each with a frame of context
            last = min(frames, first + ENCODED)
            low, high = max(0, first - 1), min(frames, last + 1)
            mels = log_mel(wave[..., low * size : high * size].to(self.device), self.codec.mel)
            pieces.append(self.codec.encode(mels)[..., first - low : last - low])
        return torch.cat(pieces, -1)

    @torch.inference_mode()
    def decode(
        self,
        z: Float[Tensor, "C T"],
        stem: str,
        key: str | None = None,
        first: int = 0,
        last: int | None = None,
    ) -> Float32[np.ndarray, "L"]:
        """Latents of a stem -> sound.

        Args:
            z: of one stem.
            stem: its name; with a note reader the notes of a bass are played in tune.
            key: of the piece; those notes are likely to be in it.
            first: frame at which the sound begins.
            last: frame at which it ends; T by default.

        Returns:
            T frames at :attr:`rate`; silent outside ``first`` to ``last``, except for ``CONTEXT`` frames on either
            side for fades.

        Raises:
            ModelError: the waveforms are not finite.
        """
        size, frames = self.codec.frame_samples, z.shape[-1]
        low, high = max(0, first - CONTEXT), min(frames, (frames if last is None else last) + CONTEXT)
        sound = np.zeros(frames * size, np.float32)
        for start in range(low, high, VOCODED):
            begin, stop = max(low, start - CONTEXT), min(high, start + VOCODED)
            mels = self.codec.decode(z[:, begin:stop])
            piece = self.vocode(mels.unsqueeze(0), stem, key)[0].cpu().numpy()
            join(sound, piece, begin * size, start * size, round(FADE * self.rate))
        return sound

    def vocode(
        self, mels: Float[Tensor, "*items M N"], stem: str | None = None, key: str | None = None
    ) -> Float[Tensor, "*items N*{self.codec.mel.hop}"]:
        """Log-mels of one sound each -> waveforms; stem and key as for :meth:`decode`, None for any other sound.

        Raises:
            ModelError: the waveforms are not finite.
        """
        assert self.vocoder is not None
        flat = mels.reshape(-1, *mels.shape[-2:])
        if self.note_reader is None or not self.reads(stem):
            waves = self.vocoder(flat)
        else:
            hertz, mel = self.note_reader.hertz(flat, notes_of(key) if key else ()), self.codec.mel
            waves = self.vocoder(flat, hertz * mel.n_fft / mel.rate)
        if not bool(waves.isfinite().all()):
            raise ModelError(
                f"the model {self.name!r} answered with values that are not numbers; load another one"
            )
        return waves.reshape(*mels.shape[:-2], -1)

    def reads(self, stem: str | None) -> bool:
        """Whether the notes of a stem are read, so that the vocoder plays them in tune."""
        takes_pitch = getattr(self.vocoder, "takes_pitch", False)
        return self.note_reader is not None and stem == self.note_reader.config.stem and takes_pitch

    def decoding_order(self, stems: Iterable[str]) -> list[str]:
        """The stems in their order, the one whose notes are read last: by then the others give the key."""
        return sorted(stems, key=self.reads)

    @cached_property
    def average_masks(self) -> Float[Tensor, "S M"] | None:
        """The mean mask of each stem when the network sees no song; None for models without masks.

        At level 1 the network sees nothing, so neither noise nor time makes a difference.
        """
        frames = self.denoiser.multiple
        noise = torch.zeros(1, self.tracks, self.codec.channels, frames, device=self.device)
        presence = torch.arange(self.tracks, device=self.device)[None] < len(self.stems)
        with torch.inference_mode():
            masks = self(noise, noise.new_ones(1, self.tracks, frames), presence).masks
        return None if masks is None else masks[0].float().clamp_min(1e-8).log().mean(-1).softmax(0)

    def refine(self, features: Float[Tensor, "B inputs M N"]) -> Corrections:
        """The refiner, in 16-bit arithmetic where the machine is faster with it; see :class:`Refiner`."""
        assert self.refiner is not None
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            return self.refiner(features)
