"""Separation of songs of any length: windows in, stems out, memory independent of the length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from msgld.diffusion.sample import State, finish
from msgld.model import Model
from msgld.sound.anchor import apply_shares, shares_from_mels
from msgld.sound.mel import log_mel
from msgld.sound.panorama import gains_like, place
from msgld.sound.resample import resample
from msgld.sound.windows import Joiner, Window, WindowPlan
from msgld.tasks import maps
from msgld.tasks.level import gain_to_reference
from msgld.tasks.maps import Settings
from msgld.tasks.render import vocode


@dataclass(frozen=True)
class Layout:
    """How windows lie over a song, in seconds, and how masks are made.

    Attributes:
        context: heard but thrown away at either side of a window.
        fade: cross-fade between neighbours; a long one averages two windows' answers.
        exponent: of the ratio of amplitudes that the shares are; below 1 they commit themselves less.
        vocode: play the sampled stems with the vocoder instead of cutting them out of the mixture.
    """

    context: float = 0.5
    fade: float = 0.5
    exponent: float = 1.0
    vocode: bool = False


class Song(Protocol):
    """Where a song's samples come from, front to back."""

    @property
    def rate(self) -> int:
        """Samples per second."""
        ...

    @property
    def channels(self) -> int:
        """One for mono, two for stereo."""
        ...

    def read(self, samples: int) -> Tensor:
        """The next samples, (channels, n) with n at most ``samples``; n = 0 at the end."""
        ...


def plan(model: Model, rate: int, layout: Layout) -> WindowPlan:
    """Windows of the model's length for a song of ``rate``."""
    length = round(model.window_frames * model.codec.frame_samples * rate / model.codec.mel.rate)
    return WindowPlan(length, round(layout.context * rate), max(2, round(layout.fade * rate)))


def separate_window(
    model: Model,
    mixture: Tensor,
    rate: int,
    settings: Settings,
    layout: Layout,
    start: int = 0,
    known: Mapping[int, Tensor] | None = None,
    level: float = 0.0,
) -> Tensor:
    """Cut one window into stems.

    Args:
        mixture: (channels, L) at ``rate``, L of about 10 s.
        start: absolute latent frame of the window's beginning, from which noise is drawn.
        known: stems that are known, each (channels, L).
        level: of the mixture; above 0 lies the way from separating to generating.

    Returns:
        (K, channels, L) without the mixture; what they leave of the mixture is the residual, which is the
        whole difference where they are vocoded.
    """
    gain = gain_to_reference(mixture, model.level)
    state = _sampled(model, mixture * gain, rate, settings, start, _scaled(known or {}, gain), level)
    if layout.vocode:
        return _vocoded(model, state.x[0, :-1], mixture, rate) / gain
    return apply_shares(mixture, _shares(model, state, layout).cpu(), rate, model.codec.mel)


def _scaled(known: Mapping[int, Tensor], gain: float) -> dict[int, Tensor]:
    return {track: wave * gain for track, wave in known.items()}


@torch.inference_mode()
def _sampled(
    model: Model,
    mixture: Tensor,
    rate: int,
    settings: Settings,
    start: int,
    known: Mapping[int, Tensor],
    level: float,
) -> State:
    """The end of a separation of sound that is as loud as the model knows it."""
    mel = model.codec.mel
    waves = torch.stack([*known.values(), mixture])
    flat = torch.from_numpy(resample(waves.flatten(0, 1).numpy(), rate, mel.rate))
    audio = _whole_frames(flat.unflatten(0, waves.shape[:2]), model)
    latents = model.codec.encode(log_mel(audio.to(model.device), mel))
    tracks = len(model.stems) + 1
    z = latents.new_zeros(1, tracks, *latents.shape[1:])
    for index, track in enumerate((*known, tracks - 1)):
        z[0, track] = latents[index]
    task = maps.separate(tracks, z.shape[-1], dict.fromkeys(known, 0.0), level)
    return finish(maps.run(model, z, task, settings, start))


def _vocoded(model: Model, latents: Tensor, mixture: Tensor, rate: int) -> Tensor:
    """Latents (S, C, T) as sound of the mixture's rate and length, standing where the mixture does."""
    samples, gains = mixture.shape[-1], gains_like(mixture.numpy(), "")
    stems = []
    for stem in latents:
        sound = resample(vocode(model, stem, 0, stem.shape[-1])[None], model.codec.mel.rate, rate)[
            0, :samples
        ]
        stems.append(place(np.pad(sound, (0, samples - len(sound))), gains))
    return torch.from_numpy(np.stack(stems))


@torch.inference_mode()
def _shares(model: Model, state: State, layout: Layout) -> Tensor:
    if state.estimate.shares is not None:
        powers = state.estimate.shares[0] ** layout.exponent
        return powers / powers.sum(0, keepdim=True)
    return shares_from_mels(model.codec.decode(state.x[0, :-1]), model.codec.mel, layout.exponent)


def _whole_frames(audio: Tensor, model: Model) -> Tensor:
    """Pad with silence to a whole number of latent frames."""
    missing = -audio.shape[-1] % model.codec.frame_samples
    return torch.nn.functional.pad(audio, (0, missing))


class _Reader:
    """Gives overlapping windows of a song that can only be read front to back."""

    def __init__(self, song: Song, first: int) -> None:
        self.song = song
        self.held = torch.zeros(song.channels, max(0, -first))
        self.start = first
        self.total: int | None = None
        self.read = 0

    def window(self, window: Window) -> Tensor:
        """Samples of a window, silence outside the song."""
        self.held = self.held[:, window.start - self.start :]
        self.start = window.start
        while self.total is None and self.held.shape[1] < window.stop - window.start:
            block = self.song.read(window.stop - window.start - self.held.shape[1])
            self.read += block.shape[1]
            self.held = torch.cat([self.held, block], 1)
            if block.shape[1] == 0:
                self.total = self.read
        missing = window.stop - window.start - self.held.shape[1]
        return torch.nn.functional.pad(self.held, (0, max(0, missing)))


def separate_song(
    model: Model,
    song: Song,
    settings: Settings,
    layout: Layout,
    known: Mapping[int, Song] | None = None,
    level: float = 0.0,
) -> Iterator[Tensor]:
    """Separate a song as it is read.

    Args:
        song: the mixture. known: stems that are known, of the same rate, channels and length.

    Yields:
        Stretches of the song (K, channels, n), front to back, in all exactly as long as the song. The mixture
        of that stretch is the last of the K tracks, so that a residual can be made.
    """
    arrangement = plan(model, song.rate, layout)
    windows = arrangement.windows()
    first = next(windows)
    readers = {track: _Reader(source, first.start) for track, source in (known or {}).items()}
    mixture, joiner, given = _Reader(song, first.start), Joiner(arrangement), 0
    window = first
    while True:
        heard = mixture.window(window)
        known_waves = {track: reader.window(window) for track, reader in readers.items()}
        stems = _window_stems(model, heard, song.rate, settings, layout, window, first, known_waves, level)
        kept = stems[..., arrangement.context : arrangement.length - arrangement.context]
        ready = joiner.add(kept)
        # The song is not cross-faded with itself, so that it stays as it is to the last bit.
        itself = heard[..., arrangement.context :][..., : ready.shape[-1]]
        ready = torch.cat([ready, itself.unsqueeze(0)])
        ready = ready[..., arrangement.fade :] if window is first else ready
        left = None if mixture.total is None else mixture.total - given
        ready = ready if left is None else ready[..., :left]
        given += ready.shape[-1]
        if ready.shape[-1]:
            yield ready
        if left is not None and given >= (mixture.total or 0):
            return
        window = next(windows)


def _window_stems(
    model: Model,
    heard: Tensor,
    rate: int,
    settings: Settings,
    layout: Layout,
    window: Window,
    first: Window,
    known: Mapping[int, Tensor],
    level: float,
) -> Tensor:
    """Stems of one window; digital silence needs no model."""
    if not heard.any():
        return torch.zeros(len(model.stems), *heard.shape)
    frame = round((window.start - first.start) / rate * model.codec.mel.rate / model.codec.frame_samples)
    return separate_window(model, heard, rate, settings, layout, frame, known, level)
