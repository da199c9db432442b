"""Separation of a song of any length: windows in, stems out, in memory that does not depend on the length."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from msgld.audio.stream import AudioStream
from msgld.dsp.windows import Joiner, Window, WindowPlan
from msgld.model import Model
from msgld.tasks.windowing import Windowing

Wave = Float[Tensor, "channels n"]
Waves = Float[Tensor, "B channels n"]

Separate = Callable[[Waves, int, list[int], dict[int, Waves]], Float[Tensor, "B S channels n"]]
"""Mixtures, their rate, first latent frames and known stems -> stems."""


@dataclass(frozen=True)
class _Input:
    """A window with its sound and that of the known stems."""

    window: Window
    mixture: Wave
    known: dict[int, Wave]


class _Windows:
    """Cuts overlapping windows from a stream."""

    def __init__(self, stream: AudioStream, first: int) -> None:
        self.stream = stream
        self.held = torch.zeros(stream.channels, max(0, -first))
        self.start = first
        self.total: int | None = None
        self.read = 0

    def cut(self, window: Window) -> Wave:
        """Samples of a window, silence outside the song."""
        self.held = self.held[:, window.start - self.start :]
        self.start = window.start
        while self.total is None and self.held.shape[1] < window.stop - window.start:
            samples = self.stream.read(window.stop - window.start - self.held.shape[1])
            self.read += samples.shape[1]
            self.held = torch.cat([self.held, torch.from_numpy(np.array(samples, np.float32))], 1)
            if samples.shape[1] == 0:
                self.total = self.read
        missing = window.stop - window.start - self.held.shape[1]
        return torch.nn.functional.pad(self.held, (0, max(0, missing)))


def separate_song(
    model: Model,
    song: AudioStream,
    known: Mapping[int, AudioStream],
    windowing: Windowing,
    separate: Separate,
    rate: int | None = None,
) -> Iterator[Float[Tensor, "K channels n"]]:
    """Separate a song as it is read.

    Args:
        model: a separator.
        song: the mixture.
        known: track -> a known stem, of the song's rate, channels and length.
        windowing: of the song.
        separate: does windows.
        rate: at which the song is processed; another rate than its own, the default, shifts its pitch.

    Yields:
        Stretches of the song, front to back, in all exactly as long as the song. The last track is the mixture
        itself, from which a residual can be made.
    """
    rate = rate or song.rate
    plan = windowing.plan(model, rate)
    first = next(plan.windows()).start
    mixture = _Windows(song, first)
    inputs = _inputs(plan, mixture, {track: _Windows(stream, first) for track, stream in known.items()})
    joiner, done = Joiner(plan), -plan.fade  # the first fade lies before the song
    while batch := list(islice(inputs, windowing.batch)):
        for one, stems in zip(batch, _stems(model, batch, rate, first, separate), strict=True):
            ready = joiner.add(stems[..., plan.context : plan.length - plan.context])
            # The song is not cross-faded with itself, so that it stays as it is to the last bit.
            itself = one.mixture[..., plan.context :][..., : ready.shape[-1]]
            ready = torch.cat([ready, itself.unsqueeze(0)])
            left = None if mixture.total is None else max(0, mixture.total - done)
            inside = ready[..., max(0, -done) : left]
            done += ready.shape[-1]
            if inside.shape[-1]:
                yield inside


def _inputs(plan: WindowPlan, mixture: _Windows, known: Mapping[int, _Windows]) -> Iterator[_Input]:
    """The windows of a song, up to the one that reaches its end."""
    for window in plan.windows():
        waves = {track: windows.cut(window) for track, windows in known.items()}
        yield _Input(window, mixture.cut(window), waves)
        if mixture.total is not None and window.keep_start + plan.hop >= mixture.total:
            return


def _stems(
    model: Model, batch: list[_Input], rate: int, first: int, separate: Separate
) -> list[Float[Tensor, "S channels n"]]:
    """Stems of windows; digital silence needs no model."""
    stems = [torch.zeros(len(model.stems), *one.mixture.shape) for one in batch]
    sounding = [index for index, one in enumerate(batch) if one.mixture.any()]
    if sounding:
        inputs = [batch[index] for index in sounding]
        known = {track: torch.stack([one.known[track] for one in inputs]) for track in inputs[0].known}
        frame = model.codec.frame_samples * rate / model.rate
        starts = [round((one.window.start - first) / frame) for one in inputs]
        separated = separate(torch.stack([one.mixture for one in inputs]), rate, starts, known)
        for index, answer in zip(sounding, separated, strict=True):
            stems[index] = answer
    return stems
