"""A light room: early reflections and a short tail, made of noise that is always the same."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

from msgld.stems import RATE

SECONDS = 0.45
"""Length of the room's response."""

_DECAY = 0.55  # seconds in which the tail falls by 60 dB
_BEFORE = 0.011  # seconds before the tail begins
_LOWEST, _HIGHEST = 180.0, 6500.0  # hertz of its band: bass stays dry, and the room is not bright
_REFLECTIONS = (
    (7.1, 0.50, 0.28),
    (11.7, 0.30, 0.45),
    (17.3, 0.34, 0.22),
    (23.9, 0.20, 0.32),
)  # ms, left, right
_SIZE = 1 << 16


@lru_cache(maxsize=1)
def response() -> np.ndarray:
    """Response of the room, float32 (2, N), whose channels have energy 1 each and little in common."""
    length = round(SECONDS * RATE)
    time = np.arange(length) / RATE
    tail = np.random.default_rng(1).standard_normal((2, length)) * 10 ** (-3 * time / _DECAY)
    tail *= np.clip((time - _BEFORE) / 0.004, 0, 1) * np.minimum(1, (SECONDS - time) / 0.05)
    tail *= 0.8 / np.sqrt((tail**2).sum(1, keepdims=True))
    for after, *gains in _REFLECTIONS:
        tail[:, round(after * RATE / 1000)] += gains
    hertz = np.fft.rfftfreq(2 * length, 1 / RATE)
    band = 1 / (1 + (_LOWEST / np.maximum(hertz, 1)) ** 4) / (1 + (hertz / _HIGHEST) ** 4)
    shaped = np.fft.irfft(np.fft.rfft(tail, 2 * length) * band)[:, :length]
    return np.asarray(shaped / np.sqrt((shaped**2).sum(1, keepdims=True)), np.float32)


def reverberated(sound: np.ndarray) -> np.ndarray:
    """What a room adds to a sound (2, L), float32 (2, L): it hears the middle and answers in stereo."""
    length = sound.shape[1]
    step = _SIZE - len(response()[0]) + 1
    middle = torch.from_numpy(np.ascontiguousarray(sound.mean(0), np.float32))
    blocks = torch.nn.functional.pad(middle, (0, -length % step)).unflatten(0, (-1, step))
    answered = torch.fft.irfft(torch.fft.rfft(blocks, _SIZE)[None] * _spectrum()[:, None], _SIZE)
    total = torch.zeros(2, len(blocks) * step + _SIZE)
    total[:, : len(blocks) * step] = answered[:, :, :step].flatten(1)
    rest = answered[:, :, step:]
    total[:, step : step * (len(blocks) + 1)].unflatten(1, (-1, step))[:, :, : _SIZE - step] += rest
    return np.asarray(total[:, :length].numpy())


@lru_cache(maxsize=1)
def _spectrum() -> torch.Tensor:
    return torch.fft.rfft(torch.from_numpy(response()), _SIZE)
