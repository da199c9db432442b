"""Vary: the given stems are noised, and all of them made anew from there.

Small variations change the spectrum of the given sound, so that its pitches and attacks stay.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from msgld.dsp.masks import apply_masks
from msgld.model import CONTEXT, VOCODED, Model
from msgld.tasks import noise_maps
from msgld.tasks.making import Made, Piece, Wave, make

CHANGED, ANEW = 0.1, 0.4
"""Noise up to which only the given spectrum changes, and from which on all sound is made; between them a mix."""

LARGEST = 1.4
"""Nepers, 12 dB: the largest change of a band."""


def vary(piece: Piece, noise: float) -> dict[str, Wave]:
    """Make a variation of the given stems.

    Args:
        piece: the given stems.
        noise: their level; 0 returns them unchanged, 1 makes a new piece.

    Returns:
        Stem -> sound.
    """
    task = noise_maps.vary(piece.model.tracks, piece.frames, noise)

    def finish(made: Made) -> Wave:
        if noise >= ANEW:
            return made.sound
        old = piece.given[made.stem]
        return varied(old, changed(piece.model, old, piece.rate, made.before, made.after), made.sound, noise)

    stems = tuple(piece.given)
    return make(piece, piece.task(task, stems), stems if noise else (), finish)


def varied(old: Wave, spectrum: Wave, new: Wave, noise: float) -> Wave:
    """A variation of a given stem: the given sound at noise 0, the new one from ``ANEW`` on.

    Args:
        old: the given sound.
        spectrum: the given sound with its spectrum changed; see :func:`changed`.
        new: from the vocoder.
        noise: 0 to 1.
    """
    if noise == 0:
        return old
    weight = float(np.clip((noise - CHANGED) / (ANEW - CHANGED), 0, 1))
    return (np.sqrt(1 - weight) * spectrum + np.sqrt(weight) * new).astype(np.float32)


@torch.inference_mode()
def changed(
    model: Model, wave: Wave, rate: int, before: Float[Tensor, "C T"], after: Float[Tensor, "C T"]
) -> Wave:
    """A given stem with the change between two latents as a gain in each band and frame.

    Its pitches and attacks stay. The gains are at most ``LARGEST``.

    Args:
        model: whose latents these are.
        wave: the given stem.
        rate: samples per second.
        before: latents of the given stem.
        after: latents of the made stem.
    """
    frames, frame = before.shape[-1], rate * model.codec.frame_samples / model.rate
    out = np.zeros_like(wave)
    for start in range(0, frames, VOCODED):
        low, high = max(0, start - CONTEXT), min(frames, start + VOCODED + CONTEXT)
        change = model.codec.decode(after[:, low:high]) - model.codec.decode(before[:, low:high])
        gains = change.clamp(-LARGEST, LARGEST).exp().cpu()
        first, begin, stop = (round(place * frame) for place in (low, start, min(frames, start + VOCODED)))
        piece = torch.from_numpy(wave[:, first : round(high * frame)])
        if piece.shape[-1]:
            cut = apply_masks(piece, gains[None], rate, model.codec.mel)[0].numpy()
            out[:, begin:stop] = cut[:, begin - first : stop - first]
    return out
