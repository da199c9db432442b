"""Separation of windows: a mixture's latents, the sampler, and masks that cut the mixture into stems."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from msgld.diffusion.sample import State, finish
from msgld.dsp.fine_bands import refined_masks
from msgld.dsp.loudness import without_heavy_rumble
from msgld.dsp.masks import apply_masks, masks_from_mels
from msgld.dsp.mel import log_mel
from msgld.dsp.panning import gains_like, place
from msgld.dsp.resample import resample
from msgld.dsp.windows import WindowPlan
from msgld.model import Model
from msgld.tasks import noise_maps as maps
from msgld.tasks.level import gain_to_reference
from msgld.tasks.noise_maps import Settings
from msgld.tasks.render import vocode


@dataclass(frozen=True)
class Layout:
    """How windows lie over a song, in seconds, and how masks are made.

    Attributes:
        context: heard but thrown away at either side of a window.
        fade: least cross-fade between neighbours; a long one averages two windows' answers.
        exponent: of the ratio of amplitudes that the masks are; below 1 they commit themselves less.
        prior: exponent of the masks in any song, which they are multiplied with.
        varispeed: semitones by which the model hears the song faster and so higher.
        tuned: whether a song that is not at concert pitch is brought there by its speed, too.
        vocode: play the sampled stems with the vocoder instead of cutting them out of the mixture.
        length: of a window; None for that which the model was trained on.
        batch: windows that are computed together.
        refine: let the model's refiner correct the masks, if it has one.
        spatial: tell stems of stereo songs apart by where they stand, too.
    """

    context: float = 0.5
    fade: float = 0.5
    exponent: float = 1.0
    prior: float = 0.0
    varispeed: float = 0.0
    tuned: bool = False
    vocode: bool = False
    length: float | None = None
    batch: int = 1
    refine: bool = True
    spatial: bool = True

    def heard_rate(self, rate: int) -> int:
        """The rate of a song of ``rate`` as the model is told it."""
        return round(rate * 2 ** (self.varispeed / 12))


HEDGED = Layout(exponent=0.65, prior=0.2)
"""How masks are believed: in use, and by the refiner, which corrects them.

A mask is a guess that is now and then wrong altogether, and a stem that lost all of its share to another one cannot be
heard at all. So masks are hedged, by an exponent and by what stems are in any song. Both were chosen on every third
held-out clip, with two soundfonts (research/study.md).
"""


def plan(model: Model, rate: int, layout: Layout) -> WindowPlan:
    """Windows for a song of ``rate``.

    They begin whole latent frames apart, so that neighbours cut the song into the same frames: what a model answers
    depends a little on where its frames lie. So the context is kept to and the fade gives way.
    """
    frame = model.codec.frame_samples * rate / model.codec.mel.rate
    length, context = round(window_frames(model, layout) * frame), round(layout.context * rate)
    kept = length - 2 * context
    frames = math.floor((kept - max(2, round(layout.fade * rate))) / frame)
    least = math.ceil(kept / 2 / frame)  # a moment lies in two windows at most
    return WindowPlan(length, context, kept - round(max(least, frames) * frame))


def window_frames(model: Model, layout: Layout) -> int:
    """Latent frames of a window, of which the network takes whole multiples."""
    if layout.length is None:
        return model.window_frames
    frames = layout.length * model.codec.mel.rate / model.codec.frame_samples
    return max(1, round(frames / model.multiple)) * model.multiple


def separate_windows(
    model: Model,
    mixtures: Tensor,
    rate: int,
    settings: Settings,
    layout: Layout,
    starts: Sequence[int] = (0,),
    known: Mapping[int, Tensor] | None = None,
    level: float = 0.0,
) -> Tensor:
    """Cut windows into stems.

    Heavy rumble and constant offsets are no stem's, and the model does not hear them. Where stems are cut out of the
    mixture, each gets an equal share of them, so that they still sum to it.

    Args:
        mixtures: (N, channels, L) at ``rate``, L of about 10 s.
        starts: absolute latent frame of each window's beginning, from which noise is drawn.
        known: stems that are known, each (N, channels, L).
        level: of the mixtures; above 0 lies the way from separating to generating.

    Returns:
        (N, K, channels, L) without the mixtures; what they leave of one is the residual, which is the
        whole difference where they are vocoded.
    """
    gains = torch.tensor([gain_to_reference(mixture, rate, model.level) for mixture in mixtures])
    louder = gains[:, None, None]
    given = {track: _without_rumble(wave, rate) * louder for track, wave in (known or {}).items()}
    music = _without_rumble(mixtures, rate)
    heard = music * louder
    state = _sampled(model, heard, rate, settings, starts, given, level)
    if layout.vocode:
        played = zip(state.x, mixtures, gains, strict=True)
        return torch.stack([_vocoded(model, x[:-1], mixture, rate) / gain for x, mixture, gain in played])
    cut = zip(heard, _masks(model, state, layout), gains, strict=True)
    stems = torch.stack([_cut(model, one, masks, rate, layout) / gain for one, masks, gain in cut])
    return stems + (mixtures - music).unsqueeze(1) / len(model.stems)


def _without_rumble(windows: Tensor, rate: int) -> Tensor:
    return torch.stack([without_heavy_rumble(window, rate) for window in windows])


@torch.inference_mode()
def _cut(model: Model, mixture: Tensor, masks: Tensor, rate: int, layout: Layout) -> Tensor:
    """Stems (S, channels, L) of one mixture that is as loud as the model knows it."""

    def refine(spectrum: Tensor, guesses: Tensor) -> Tensor:
        assert model.refiner is not None
        bands = model.refiner.config.bands
        return refined_masks(spectrum[None], guesses[None], model.refine, bands, rate)[0]

    mixture = mixture.to(masks.device)
    chosen = refine if layout.refine and model.refiner is not None else None
    stems = apply_masks(mixture, masks, rate, model.codec.mel, chosen, layout.spatial)
    return stems.cpu()


def expected_masks(model: Model, mixtures: Tensor, rate: int, layout: Layout) -> Tensor:
    """First guesses in one call: masks (N, S, M, columns) of mixtures (N, channels, L) as loud as the model knows."""
    return _masks(model, _sampled(model, mixtures, rate, Settings(), [0] * len(mixtures), {}, 0.0), layout)


@torch.inference_mode()
def _sampled(
    model: Model,
    mixtures: Tensor,
    rate: int,
    settings: Settings,
    starts: Sequence[int],
    known: Mapping[int, Tensor],
    level: float,
) -> State:
    """The end of a separation of sound that is as loud as the model knows it."""
    mel = model.codec.mel
    waves = torch.stack([*known.values(), mixtures])
    audio = _whole_frames(torch.from_numpy(resample(waves.numpy(), rate, mel.rate)), model)
    latents = model.codec.encode(log_mel(audio.to(model.device), mel))
    tracks = len(model.stems) + 1
    z = latents.new_zeros(len(mixtures), tracks, *latents.shape[2:])
    for index, track in enumerate((*known, tracks - 1)):
        z[:, track] = latents[index]
    task = maps.separate(tracks, z.shape[-1], dict.fromkeys(known, 0.0), level)
    return finish(maps.run(model, z, task, settings, starts))


def _vocoded(model: Model, latents: Tensor, mixture: Tensor, rate: int) -> Tensor:
    """Latents (S, C, T) as sound of the mixture's rate and length, standing where the mixture does."""
    samples, gains = mixture.shape[-1], gains_like(mixture.numpy(), "")
    stems = []
    for name, stem in zip(model.stems, latents, strict=True):
        made = vocode(model, stem, 0, stem.shape[-1], name)
        sound = resample(made[None], model.codec.mel.rate, rate)[0, :samples]
        stems.append(place(np.pad(sound, (0, samples - len(sound))), gains))
    return torch.from_numpy(np.stack(stems))


@torch.inference_mode()
def _masks(model: Model, state: State, layout: Layout) -> Tensor:
    """Shares of all windows, (N, S, M, columns)."""
    if state.estimate.masks is not None:
        powers = state.estimate.masks**layout.exponent
        if layout.prior:
            assert model.average_masks is not None
            powers = powers * model.average_masks.unsqueeze(-1) ** layout.prior
        return powers / powers.sum(1, keepdim=True)
    return masks_from_mels(model.codec.decode(state.x[:, :-1]), model.codec.mel, layout.exponent)


def _whole_frames(audio: Tensor, model: Model) -> Tensor:
    """Pad with silence to as many latent frames as the network takes; a sample that resampling added is dropped."""
    unit = model.codec.frame_samples * model.multiple
    samples = max(1, math.ceil((audio.shape[-1] - 1) / unit)) * unit
    return torch.nn.functional.pad(audio, (0, samples - audio.shape[-1]))
