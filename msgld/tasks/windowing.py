"""Windows over a song."""

from __future__ import annotations

import math
from dataclasses import dataclass

from msgld.dsp.windows import WindowPlan
from msgld.model import Model


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
