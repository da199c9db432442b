"""A song of any length as windows, whose stems are joined again; memory does not depend on the length."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from msgld.audio.stream import AudioStream
from msgld.dsp.overlap_add import Joiner, Window, WindowPlan
from msgld.model import Model

Wave = Float[Tensor, "channels n"]

SHORTEST = 1 / 3
"""Of the usual length of a window, for the last one: with less the model knows too little of the music."""


@dataclass(frozen=True)
class Windowing:
    """How windows lie over a song, in seconds.

    Attributes:
        context: input that is discarded from the output where a window has a neighbour.
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
        start: its first latent frame.
        mixture: its sound; the last window may be shorter than others.
        known: track of a known stem -> its sound.
        last: of the song.
    """

    window: Window
    start: int
    mixture: Wave
    known: dict[int, Wave]
    last: bool


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
        self._frame = model.codec.frame_samples * rate / model.rate
        self._mixture = _Windows(song)
        self._known = {track: _Windows(stream) for track, stream in known.items()}
        self._joiner = Joiner(self._plan.fade)

    def batches(self) -> Iterator[list[SongWindow]]:
        """Windows from the beginning of the song to its end, those of a batch equally long."""
        batch: list[SongWindow] = []
        for window in self._windows():
            if batch and (len(batch) == self._batch or window.mixture.shape != batch[0].mixture.shape):
                yield batch
                batch = []
            batch.append(window)
        yield batch

    def _windows(self) -> Iterator[SongWindow]:
        for window in self._plan.windows():
            mixture = self._mixture.cut(window)
            total = self._mixture.total
            last = total is not None and window.stop >= total
            length = self._needed(total - window.start) if total is not None and last else self._plan.length
            known = {track: windows.cut(window)[:, :length] for track, windows in self._known.items()}
            start = round(window.start / self._frame)
            yield SongWindow(window, start, mixture[:, :length], known, last)
            if last:
                return

    def _needed(self, samples: int) -> int:
        """The length of a last window of which ``samples`` are the song's: whole frames."""
        least = max(samples, SHORTEST * self._plan.length)
        return min(self._plan.length, math.ceil(math.ceil(least / self._frame) * self._frame))

    def join(self, window: SongWindow, stems: Float[Tensor, "S channels n"]) -> Float[Tensor, "K channels m"]:
        """The next finished stretch of the song: its stems, then the mixture itself; empty for an empty song.

        Args:
            window: in the order of :meth:`batches`.
            stems: of the window.
        """
        place, total = window.window, self._mixture.total
        stop = total if window.last and total is not None else place.keep_stop
        kept = slice(place.keep_start - place.start, stop - place.start)
        ready = self._joiner.add(stems[..., kept], window.last)
        # The song is not cross-faded with itself, so that it stays as it is to the last bit.
        itself = window.mixture[..., kept][..., : ready.shape[-1]]
        return torch.cat([ready, itself.unsqueeze(0)])


class _Windows:
    """Cuts overlapping windows from a stream."""

    def __init__(self, stream: AudioStream) -> None:
        self.stream = stream
        self.held = torch.zeros(stream.channels, 0)
        self.start = 0
        self.total: int | None = None
        self.read = 0

    def cut(self, window: Window) -> Wave:
        """Samples of a window, silence after the song."""
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
