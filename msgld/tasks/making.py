"""The steps that the tasks that make stems share: given stems -> latents, sampling, latents -> stems."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32
from torch import Tensor

from msgld.audio.stream import stacked
from msgld.diffusion.noise_map import NoiseMap
from msgld.diffusion.rollout import calls
from msgld.diffusion.settings import Sampling
from msgld.dsp.limiter import bounds_for, limited
from msgld.dsp.loudness import without_heavy_rumble
from msgld.dsp.panning import gains_like, gains_of, place
from msgld.dsp.resample import resample
from msgld.errors import ModelError
from msgld.model import FADE, Model
from msgld.music.conditioning import conditioning_of
from msgld.music.conditions import OPEN, Conditions
from msgld.progress import CancelToken, Meter, OnProgress
from msgld.tasks import noise_maps
from msgld.tasks.key import key_for
from msgld.tasks.loudness import gain_of_given
from msgld.tasks.sampling import sampled

Wave = Float32[np.ndarray, "channels L"]

Stems = Mapping[str, Wave]
"""Stem -> its sound."""


@dataclass(frozen=True)
class Made:
    """A stem as it comes from the decoder.

    Attributes:
        stem: its name.
        sound: at the rate of the result, panned like the given stem or else by the table of stems.
        before: latents of the given stem.
        after: latents of the made stem.
    """

    stem: str
    sound: Wave
    before: Float[Tensor, "C T"]
    after: Float[Tensor, "C T"]


@dataclass(frozen=True)
class Piece:
    """The input of a task that makes stems.

    Attributes:
        model: with a vocoder.
        given: stems of ``length``, each with its own number of channels.
        rate: samples per second.
        length: L.
        sampling: how to sample.
        conditions: of the piece.
        on_progress: called after every network call and every decoded stem.
        cancel: stops the task at its next step.
    """

    model: Model
    given: Stems
    rate: int
    length: int
    sampling: Sampling
    conditions: Conditions = OPEN
    on_progress: OnProgress | None = None
    cancel: CancelToken | None = None

    @property
    def frames(self) -> int:
        """T."""
        return self.model.frames(self.length, self.rate)

    @property
    def fade(self) -> int:
        """Samples of cross-fade where made sound meets given sound."""
        return round(FADE * self.rate)

    def frame(self, seconds: float) -> float:
        """The place of a moment in latent frames."""
        return seconds * self.model.rate / self.model.codec.frame_samples

    def task(self, task: NoiseMap, present: Sequence[str]) -> NoiseMap:
        """The task with the stems that are ``present`` and under the conditions.

        Raises:
            ModelError: a model without conditions.
            UsageError: a style or a stem that it does not have.
        """
        task = noise_maps.drop(task, [k for k, stem in enumerate(self.model.stems) if stem not in present])
        if self.conditions.empty:
            return task
        if not self.model.styles:
            raise ModelError(
                f"the model {self.model.name!r} takes no conditions such as a style, tempo, key or instrument"
            )
        seconds = torch.arange(task.levels.shape[-1]) * self.model.codec.frame_samples / self.model.rate
        conditioning = conditioning_of(self.conditions, self.model.stems, self.model.styles, seconds)
        return replace(task, conditioning=conditioning)


def make(
    piece: Piece,
    task: NoiseMap,
    wanted: Sequence[str],
    finish: Callable[[Made], Wave] = lambda made: made.sound,
    in_key: bool = True,
) -> dict[str, Wave]:
    """Make the wanted stems.

    Args:
        piece: the given stems and how to sample.
        task: over all frames.
        wanted: names of stems.
        finish: decoded stem -> finished sound.
        in_key: whether the notes of a bass are read in the key of the conditions or else of the other stems.

    Returns:
        All stems, the given ones among them, in the model's order.
    """
    model, stems = piece.model, [stem for stem in piece.model.stems if stem in wanted]
    gain, windows = _gain(piece), (model.denoiser.window_frames, model.denoiser.past_frames)
    steps = calls(task, piece.sampling, *windows) + len(stems)
    meter = Meter(steps, "steps", "sampling", piece.on_progress, piece.cancel)
    meter.advance(0)
    known = _encode(piece, gain)
    z = sampled(model, known, task, piece.sampling, *windows, meter) if stems else known
    made: dict[str, Wave] = {}
    for stem in model.decoding_order(stems):
        meter.advance(0, "vocoding")
        key = key_for(model, stem, piece.conditions if in_key else None, {**piece.given, **made}, piece.rate)
        track = model.stems.index(stem)
        sound = _at_loudness(piece, stem, _decode(piece, z[0, track], task.wanted[0, track], stem, key), gain)
        made[stem] = finish(Made(stem, sound, known[0, track], z[0, track]))
        meter.advance(1)
    waves = {**piece.given, **made}
    return {stem: waves[stem] for stem in model.stems if stem in waves}


def _gain(piece: Piece) -> float:
    """Gain that brings the given stems to the reference loudness; silence is left as it is."""
    if not piece.given:
        return 1.0
    given = torch.from_numpy(stacked(piece.given.values()))
    return gain_of_given(given, len(piece.model.stems), piece.rate, piece.model.reference_rms)


def _encode(piece: Piece, gain: float) -> Float[Tensor, "1 K C T"]:
    """Latents of all tracks; silence for the stems that are not given."""
    model, frames = piece.model, piece.frames
    silence = model.encode(torch.zeros(1, model.codec.frame_samples), model.rate, 1)
    z = silence.expand(1, model.tracks, -1, frames).clone()
    for track, stem in enumerate(model.stems):
        if stem in piece.given:
            wave = torch.from_numpy(resample(piece.given[stem], piece.rate, model.rate)) * gain
            z[0, track] = model.encode(without_heavy_rumble(wave, model.rate), model.rate, frames)
    return z


def _decode(
    piece: Piece, z: Float[Tensor, "C T"], wanted: Bool[Tensor, "T"], stem: str, key: str | None
) -> Float32[np.ndarray, "L"]:
    """The wanted frames of a stem, mono, at the rate of the result."""
    frames = torch.nonzero(wanted).flatten()
    sound = piece.model.decode(z, stem, key, int(frames[0]), int(frames[-1]) + 1)
    sound = resample(sound[None], piece.model.rate, piece.rate)[0, : piece.length]
    return np.pad(sound, (0, piece.length - len(sound)))


def _at_loudness(piece: Piece, stem: str, mono: Float32[np.ndarray, "L"], gain: float) -> Wave:
    """A decoded stem, panned and at the loudness of real stems."""
    old = piece.given.get(stem)
    placed = place(mono / np.float32(gain), gains_of(stem) if old is None else gains_like(old, stem))
    peak = max((float(np.abs(wave).max(initial=0.0)) for wave in piece.given.values()), default=0.0)
    reference = piece.model.reference_rms
    mixture = None if reference is None else reference / gain
    return limited(placed, piece.rate, bounds_for(stem, mixture, old, piece.rate, peak))
