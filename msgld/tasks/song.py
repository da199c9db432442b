"""Separation of songs of any length: windows in, stems out, memory independent of the length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import torch
from torch import Tensor

from msgld.dsp.windows import Joiner, Window, WindowPlan
from msgld.model import Model
from msgld.tasks.noise_maps import Settings
from msgld.tasks.separate import Layout, plan, separate_windows


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


@dataclass(frozen=True)
class _Heard:
    """A window with its sound, (channels, length), and that of the known stems."""

    window: Window
    mixture: Tensor
    known: dict[int, Tensor]


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
    rate = layout.heard_rate(song.rate)
    arrangement = plan(model, rate, layout)
    first = next(arrangement.windows()).start
    mixture = _Reader(song, first)
    readers = {track: _Reader(source, first) for track, source in (known or {}).items()}
    heard = _heard(arrangement, mixture, readers)
    joiner, given = Joiner(arrangement), -arrangement.fade  # the first fade lies before the song
    while batch := list(islice(heard, layout.batch)):
        separated = _separated(model, batch, rate, settings, layout, first, level)
        for one, stems in zip(batch, separated, strict=True):
            kept = stems[..., arrangement.context : arrangement.length - arrangement.context]
            ready = joiner.add(kept)
            # The song is not cross-faded with itself, so that it stays as it is to the last bit.
            itself = one.mixture[..., arrangement.context :][..., : ready.shape[-1]]
            ready = torch.cat([ready, itself.unsqueeze(0)])
            left = None if mixture.total is None else max(0, mixture.total - given)
            inside = ready[..., max(0, -given) : left]
            given += ready.shape[-1]
            if inside.shape[-1]:
                yield inside


def _heard(arrangement: WindowPlan, mixture: _Reader, known: Mapping[int, _Reader]) -> Iterator[_Heard]:
    """The windows of a song, the last one being that after which nothing of it is left."""
    for window in arrangement.windows():
        waves = {track: reader.window(window) for track, reader in known.items()}
        yield _Heard(window, mixture.window(window), waves)
        if mixture.total is not None and window.keep_start + arrangement.hop >= mixture.total:
            return


def _separated(
    model: Model, batch: list[_Heard], rate: int, settings: Settings, layout: Layout, first: int, level: float
) -> list[Tensor]:
    """Stems of windows, each (S, channels, length); digital silence needs no model."""
    stems = [torch.zeros(len(model.stems), *one.mixture.shape) for one in batch]
    sounding = [index for index, one in enumerate(batch) if one.mixture.any()]
    if sounding:
        heard = [batch[index] for index in sounding]
        known = {track: torch.stack([one.known[track] for one in heard]) for track in heard[0].known}
        frame = model.codec.frame_samples * rate / model.codec.mel.rate
        starts = [round((one.window.start - first) / frame) for one in heard]
        mixtures = torch.stack([one.mixture for one in heard])
        answers = separate_windows(model, mixtures, rate, settings, layout, starts, known, level)
        for index, answer in zip(sounding, answers, strict=True):
            stems[index] = answer
    return stems
