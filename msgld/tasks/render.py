"""What the making tasks do around the sampler: sound -> latents, sampling, latents -> sound."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from msgld.diffusion.sample import Map
from msgld.dsp.loudness import without_heavy_rumble
from msgld.dsp.mel import log_mel
from msgld.dsp.resample import resample
from msgld.errors import ModelError
from msgld.metrics.nearest import running_sums
from msgld.model import Model
from msgld.tasks.level import gain_of_given
from msgld.tasks.noise_maps import Settings
from msgld.tasks.rollout import march, stretches

ENCODED = 512
"""Frames that are encoded at once, 24 s."""
VOCODED = 432
"""Frames that are vocoded at once, 20 s."""
CONTEXT = 16
"""Frames that the vocoder hears before a stretch, 0.7 s, so that its phases have settled."""
FADE = 0.02
"""Seconds of cross-fade where sound that was made meets other sound."""


def frames_for(model: Model, samples: int, rate: int) -> int:
    """Latent frames that cover ``samples`` at ``rate``, as many as the network takes, at least one."""
    exact = samples * model.codec.mel.rate / (rate * model.codec.frame_samples)
    whole = max(1, int(np.ceil(exact - 1e-9)))
    return -(-whole // model.multiple) * model.multiple


def gain_for(model: Model, given: np.ndarray, rate: int) -> float:
    """Gain that brings given stems (G, channels, L) to the model's level; silence is left as it is."""
    return gain_of_given(torch.from_numpy(given), len(model.stems), rate, model.level)


@torch.inference_mode()
def encode(model: Model, given: Mapping[int, np.ndarray], rate: int, frames: int, gain: float) -> Tensor:
    """Latents of all tracks, (1, K, C, T); silence where nothing is given.

    Args:
        given: track -> (channels, L) at ``rate``.
        frames: T. gain: that the model hears them with.
    """
    tracks, size = len(model.stems) + 1, model.codec.frame_samples
    silence = _encode_wave(model, torch.zeros(1, size))
    z = silence.expand(1, tracks, -1, frames).clone()
    for track, samples in given.items():
        wave = torch.from_numpy(resample(samples, rate, model.codec.mel.rate)) * gain
        wave = without_heavy_rumble(wave, model.codec.mel.rate)
        z[0, track] = _encode_wave(model, _to_length(wave, frames * size))
    return z


def _to_length(wave: Tensor, samples: int) -> Tensor:
    return torch.nn.functional.pad(wave, (0, samples - wave.shape[-1]))


def _encode_wave(model: Model, wave: Tensor) -> Tensor:
    """Latents (C, T) of (channels, T * frame) in pieces, each heard with a frame of context."""
    size = model.codec.frame_samples
    frames = wave.shape[-1] // size
    pieces = []
    for first in range(0, frames, ENCODED):
        last = min(frames, first + ENCODED)
        low, high = max(0, first - 1), min(frames, last + 1)
        mels = log_mel(wave[:, low * size : high * size].to(model.device), model.codec.mel)
        pieces.append(model.codec.encode(mels)[:, first - low : last - low])
    return torch.cat(pieces, -1)


def calls(model: Model, task: Map, settings: Settings) -> int:
    """Network calls that :func:`make` will take."""
    wanted = (task.wanted & task.presence.unsqueeze(2)).any(1)[0]
    windows = stretches(wanted.shape[-1], model.window_frames, model.past_frames)
    return settings.calls * sum(bool(wanted[fresh:last].any()) for _, last, fresh in windows)


@torch.inference_mode()
def make(model: Model, z: Tensor, task: Map, settings: Settings, step: Callable[[], None]) -> Tensor:
    """Sample a task, latents (1, K, C, T) in and out.

    Args:
        step: called after each network call; may raise to stop.
    """
    last = None
    for state, made in march(model, z, task, settings, model.window_frames, model.past_frames):
        z = made
        if state is not last:
            step()
        last = state
    if not bool(torch.isfinite(z).all()):
        raise ModelError("the model answered with values that are not numbers; please report this")
    return z


@torch.inference_mode()
def vocode(
    model: Model, latents: Tensor, first: int, last: int, stem: str, key: str | None = None
) -> np.ndarray:
    """Frames ``first`` to ``last`` of a stem's latents (C, T) as sound at the model's rate, float32.

    The result has the length of all T frames and is silent outside of those asked for, but for some frames of
    context before and after, with which it can be faded in and out.

    Args:
        stem, key: see :meth:`msgld.model.Model.vocode`.
    """
    size, frames = model.codec.frame_samples, latents.shape[-1]
    low, high = max(0, first - CONTEXT), min(frames, last + CONTEXT)
    sound = np.zeros(frames * size, np.float32)
    for start in range(low, high, VOCODED):
        stop = min(high, start + VOCODED)
        begin = max(low, start - CONTEXT)
        mels = model.codec.decode(latents[:, begin:stop])
        piece = model.vocode(mels.unsqueeze(0), stem, key)[0].cpu().numpy()
        _join(sound, piece, begin * size, start * size, round(FADE * model.codec.mel.rate))
    return sound


def _join(sound: np.ndarray, piece: np.ndarray, begin: int, start: int, fade: int) -> None:
    """Put a piece that begins at ``begin`` into the sound, which is there until ``start``.

    They fade into each other where they are softest, in the latter half of what they share: phases begin anew in each
    piece, and in a pause nobody hears it.
    """
    shared, fade = start - begin, min(fade, start - begin)
    old, fresh = sound[begin:start], piece[:shared]
    half = min(shared // 2, shared - fade)
    power = (old[half:] ** 2 + fresh[half:] ** 2).astype(np.float64)
    low = half + int(np.argmin(running_sums(power, fade)))
    high = low + fade
    faded = old[low:high] * fade_in(fade)[::-1] + fresh[low:high] * fade_in(fade)
    sound[begin + low : begin + len(piece)] = piece[low:]
    sound[begin + low : begin + high] = faded


def fade_in(samples: int) -> np.ndarray:
    """Weights that rise from 0 to 1, float32 (samples,); with their mirror image the powers sum to 1."""
    return np.sin((np.arange(samples, dtype=np.float32) + 0.5) * (np.pi / 2 / max(1, samples))).astype(
        np.float32
    )


def splice(old: np.ndarray, new: np.ndarray, first: int, last: int, fade: int) -> np.ndarray:
    """``old`` with samples ``first`` to ``last`` from ``new``, both (channels, L); outside it is ``old`` exactly.

    The cross-fades, equal in power, lie inside the stretch, and only where sound adjoins it.
    """
    samples = old.shape[-1]
    fade = min(fade, (last - first) // 2)
    rise = np.zeros(samples, np.float32)
    rise[first:last] = 1
    if first > 0:
        rise[first : first + fade] = fade_in(fade)
    if last < samples:
        rise[last - fade : last] = fade_in(fade)[::-1]
    return new * rise + old * np.sqrt(1 - rise**2)
