"""A song of any length as windows, whose stems are joined again; memory does not depend on the length."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from msgld.audio.stream import AudioStream
from msgld.dsp.windows import Joiner, Window, WindowPlan
from msgld.model import Model

Wave = Float[Tensor, "channels n"]


@dataclass(frozen=True)
class Windowing:
    """How windows lie over a song, in seconds.

    Attributes:
        context: input that is discarded from the output, at either side of a window.
        fade: shortest cross-fade between neighbours; a long one averages two windows' estimates.
        length: of a window; None for the length that the model was trained on.
        batch: windows that are computed together.
    """

    context: float = 0.5
    fade: float = 0.5
    length: float | None = None
    batch: int = 1

    def frames(self, model: Model) -> int:
        """T of a window; the network takes whole multiples."""
        denoiser = model.denoiser
        if self.length is None:
            return denoiser.window_frames
        frames = self.length * model.rate / model.codec.frame_samples
        return max(1, round(frames / denoiser.multiple)) * denoiser.multiple

    def plan(self, model: Model, rate: int) -> WindowPlan:
        """Windows for a song of ``rate``.

        They begin whole latent frames apart, so that neighbours cut the song into the same frames: the model's
        answer depends a little on where the frames lie. So the context is kept, and the fade gives way.
        """
        frame = model.codec.frame_samples * rate / model.rate
        length, context = round(self.frames(model) * frame), round(self.context * rate)
        kept = length - 2 * context
        frames = math.floor((kept - max(2, round(self.fade * rate))) / frame)
        least = math.ceil(kept / 2 / frame)  # a moment lies in two windows at most
        return WindowPlan(length, context, kept - round(max(least, frames) * frame))


@dataclass(frozen=True)
class SongWindow:
    """A window of a song.

    Attributes:
        window: its place.
        start: its first latent frame, counted from the first window's.
        mixture: its sound.
        known: track of a known stem -> its sound.
    """

    window: Window
    start: int
    mixture: Wave
    known: dict[int, Wave]


class WindowedSong:
    """Cuts a song into windows as it is read, and joins their stems.

    Args:
        model: a separator.
        song: the mixture.
        known: track -> a known stem, of the song's rate, channels and length.
        windowing: of the song.
        rate: at which the song is processed; another rate than its own shifts its pitch.
    """

    def __init__(
        self,
        model: Model,
        song: AudioStream,
        known: Mapping[int, AudioStream],
        windowing: Windowing,
        rate: int,
    ) -> None:
        self._plan, self._batch = windowing.plan(model, rate), windowing.batch
        self._first = next(self._plan.windows()).start
        self._frame = model.codec.frame_samples * rate / model.rate
        self._mixture = _Windows(song, self._first)
        self._known = {track: _Windows(stream, self._first) for track, stream in known.items()}
        self._joiner, self._done = Joiner(self._plan), -self._plan.fade  # the first fade lies before the song

    def batches(self) -> Iterator[list[SongWindow]]:
        """Windows from the beginning of the song to its end."""
        windows = self._windows()
        while batch := list(islice(windows, self._batch)):
            yield batch

    def _windows(self) -> Iterator[SongWindow]:
        for window in self._plan.windows():
            known = {track: windows.cut(window) for track, windows in self._known.items()}
            start = round((window.start - self._first) / self._frame)
            yield SongWindow(window, start, self._mixture.cut(window), known)
            if self._mixture.total is not None and window.keep_start + self._plan.hop >= self._mixture.total:
                return

    def join(self, window: SongWindow, stems: Float[Tensor, "S channels n"]) -> Float[Tensor, "K channels m"]:
        """The next finished stretch of the song: its stems, then the mixture itself; it may be empty.

        Args:
            window: in the order of :meth:`batches`.
            stems: of the window.
        """
        plan, total = self._plan, self._mixture.total
        ready = self._joiner.add(stems[..., plan.context : plan.length - plan.context])
        # The song is not cross-faded with itself, so that it stays as it is to the last bit.
        itself = window.mixture[..., plan.context :][..., : ready.shape[-1]]
        ready = torch.cat([ready, itself.unsqueeze(0)])
        left = None if total is None else max(0, total - self._done)
        inside = ready[..., max(0, -self._done) : left]
        self._done += ready.shape[-1]
        return inside


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
