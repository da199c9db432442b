"""Loudness of music as a gated RMS, without pauses, room noise, rumble, constant offsets and single clicks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

BLOCK_STEPS, HOP_STEPS = 80, 20
"""Steps of 5 ms in a block of 400 ms and from one block to the next (75 % overlap), as in ITU-R BS.1770-5."""

ABSOLUTE_GATE = 10 ** (-70 / 20)
"""RMS of a block below which it is silent."""

RELATIVE_GATE = 10 ** (-10 / 10)
"""Power of a block relative to the mean, below which it is a pause."""

SEGMENT = 2000
"""Steps, 10 s, in each of which clicks are capped."""

RARE, HEADROOM = 0.01, 1.5
"""Fraction of a segment's steps that are capped, and the cap as a multiple of the loudest other step's power."""

CREST = 40.0
"""Largest RMS of a step as a multiple of the result; a louder step raises the result."""

RUMBLE = (20.0, 30.0)
"""Hertz below which everything is removed and above which everything is kept."""

HEAVY = 0.1
"""RMS of rumble relative to the rest's, from which on it disturbs a model that was trained without it."""

_SLOW_RATE, _MARGIN = 500, 125


def gated_rms(audio: Tensor, rate: int, rare: float = RARE) -> float:
    """RMS of the music in a sound, over all channels.

    The measure is the gated loudness of ITU-R BS.1770-5 (blocks of 400 ms with 75 % overlap, gates at -70 dB and at
    10 dB below the mean) without its K-weighting: the result is compared with an RMS at which networks were trained,
    and a weighting would make it depend on how bright the music is. A high-pass at ``RUMBLE`` comes first. The few
    steps of 5 ms that stick out are capped, because one loud click would otherwise set the relative gate. They count
    in full where nothing else is above the absolute gate.

    Args:
        audio: (channels, L), of any length; a sound shorter than a block is one block.
        rate: samples per second.
        rare: fraction of the steps above the absolute gate that are capped: the loudest ones.

    Returns:
        RMS; 0 for silence and for an empty sound.
    """
    audio = without_end_silence(audio)
    if not audio.numel():
        return 0.0
    powers = _step_powers(without_rumble(audio, rate), rate)
    parts = powers.tensor_split(max(1, len(powers) // SEGMENT))
    rms = _gated(torch.cat([_capped(part, rare) for part in parts]))
    if rms < ABSOLUTE_GATE:
        rms = _gated(powers)
    return max(rms, float(powers.max().sqrt()) / CREST)


def without_end_silence(audio: Tensor) -> Tensor:
    """Audio (channels, L) without the zeros at its ends."""
    sounding = audio.ne(0).any(0).nonzero()
    return audio[:, int(sounding[0]) : int(sounding[-1]) + 1] if len(sounding) else audio[:, :0]


def without_rumble(audio: Tensor, rate: int) -> Tensor:
    """Audio (channels, L) without the frequencies below ``RUMBLE``; phases stay as they are.

    Sounds that are too short to have such frequencies are left as they are.
    """
    factor = max(1, rate // _SLOW_RATE)
    if audio.shape[-1] < rate / RUMBLE[1]:
        return audio
    extra = -audio.shape[-1] % factor
    slow = F.avg_pool1d(F.pad(audio[None], (0, extra), mode="replicate"), factor)
    padded = F.pad(slow, (_MARGIN, _MARGIN), mode="replicate")
    hertz = torch.fft.rfftfreq(padded.shape[-1], factor / rate)
    low, high = RUMBLE
    kept = 0.5 + 0.5 * torch.cos(torch.pi * ((hertz - low) / (high - low)).clamp(0, 1))
    rumble = torch.fft.irfft(torch.fft.rfft(padded) * kept, padded.shape[-1])[..., _MARGIN:-_MARGIN]
    return audio - F.interpolate(rumble, scale_factor=factor, mode="linear")[0, :, : audio.shape[-1]]


def without_heavy_rumble(audio: Tensor, rate: int) -> Tensor:
    """Audio (channels, L) without rumble where that is ``HEAVY``; else as it is, to the bit."""
    music = without_rumble(audio, rate)
    heavy = (audio - music).square().mean() > HEAVY**2 * music.square().mean()
    return music if heavy else audio


def _step_powers(audio: Tensor, rate: int) -> Tensor:
    """Mean power of (channels, L) in each step of 5 ms, float64; of all of it where it is shorter."""
    step = min(audio.shape[-1], max(1, round(0.005 * rate)))
    power = audio[:, : audio.shape[-1] // step * step].square().mean(0)
    return power.unflatten(0, (-1, step)).mean(1).double()


def _capped(powers: Tensor, rare: float) -> Tensor:
    """Powers of which the few that stick out are capped at the loudest of the others, times ``HEADROOM``."""
    sounding = powers[powers > ABSOLUTE_GATE**2]
    few = max(2, int(rare * len(sounding)))
    if len(sounding) < 4 * few:
        return powers
    return powers.clamp_max(HEADROOM * float(sounding.topk(few + 1).values[-1]))


def _gated(powers: Tensor) -> float:
    """RMS of the blocks that are no pauses; of all blocks where all are silent."""
    blocks = powers.unfold(0, min(BLOCK_STEPS, len(powers)), HOP_STEPS).mean(1)
    loud = blocks[blocks > ABSOLUTE_GATE**2]
    loud = loud if len(loud) else blocks
    return float(loud[loud >= RELATIVE_GATE * loud.mean()].mean().sqrt())
