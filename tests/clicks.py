"""Sound that simple ears understand without an error: a tone is a note, and where it begins there is a beat."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from msgld.music.score import SCORE_STEMS

RATE, HOP = 22_050, 512
PITCH = 60
SOFT, LOUD = 0.1, 0.4


def on_frames(seconds: np.ndarray) -> np.ndarray:
    """The nearest times at which frames have their middle."""
    return np.rint(np.asarray(seconds) * RATE / HOP) * HOP / RATE


def clicks(
    onsets: np.ndarray, seconds: float, length: float = 0.15, first: int = 0, metre: int = 4
) -> np.ndarray:
    """Tones (1, L) at ``RATE`` that begin at onsets; every ``metre``-th from ``first`` on is louder."""
    sound = np.zeros((1, round(seconds * RATE)), np.float32)
    for number, onset in enumerate(onsets):
        begin, size = round(onset * RATE), round(length * RATE)
        tone = np.resize([1.0, 1.0, -1.0, -1.0], size)
        part = sound[:, begin : begin + size]
        part[:] = (LOUD if number % metre == first else SOFT) * tone[: part.shape[1]]
    return sound


def _peaks(waves: Tensor, hop: int) -> Tensor:
    padded = torch.nn.functional.pad(waves, (hop // 2, hop))
    return padded.unfold(1, hop, hop).abs().amax(-1)[:, : waves.shape[1] // hop + 1]


def _begins(peaks: Tensor) -> Tensor:
    sounding = peaks > 1e-3
    return sounding & ~torch.nn.functional.pad(sounding, (1, 0))[:, :-1]


class ClickListener(torch.nn.Module):
    """Finds a note of ``PITCH`` where a tone begins."""

    thresholds: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.config = SimpleNamespace(stems=SCORE_STEMS, rate=RATE, hop=HOP, lowest=21, width_of_time=3)
        self.register_buffer("thresholds", torch.full((len(SCORE_STEMS), 2), 0.5))

    def forward(self, waves: Tensor, stems: Tensor) -> Any:
        peaks = _peaks(waves, HOP)
        zeros = torch.full((len(waves), 88, peaks.shape[1]), -9.0)
        onset, sounding = zeros.clone(), zeros.clone()
        onset[:, PITCH - 21][_begins(peaks)] = 9.0
        sounding[:, PITCH - 21][peaks > 1e-3] = 9.0
        return SimpleNamespace(onset=onset, sounding=sounding, velocity=zeros * 0 + 0.5, shift=zeros * 0)


class ClickTracker(torch.nn.Module):
    """Finds a beat where a tone begins, and a bar where it is a loud one."""

    def __init__(self) -> None:
        super().__init__()
        self.config = SimpleNamespace(rate=RATE, hop=HOP, width_of_time=3)
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, waves: Tensor) -> Any:
        peaks = _peaks(waves, HOP)
        begins = _begins(peaks)
        bars = begins & (peaks > 0.6 * peaks.amax())
        beat, first = (torch.where(where, 5.0, -5.0) for where in (begins, bars))
        return SimpleNamespace(beat=beat, first=first, compound=torch.full_like(beat, -5.0))
