"""Spectra on a scale of pitch: equal steps of a semitone's fraction, with the harmonics of every pitch side by side.

A long window resolves low notes, a short one shows attacks. Harmonics of a pitch lie at the same distances all over
such a scale, so a few shifted copies bring them to the place of their fundamental, where a small convolution sees all
of them (Bittner et al. 2017, harmonic constant-Q transform).
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from msgld.dsp.mel import Banded, triangles
from msgld.dsp.stft import stft

HARMONICS = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
"""Harmonics of a pitch that are brought to its place, as multiples of its frequency."""

FLOOR = 1e-4
"""Amplitude that counts as silence, in a sound of RMS 0.1."""


def pitch_edges(lowest: float, count: int, per_semitone: int, width: float) -> np.ndarray:
    """Edges and centres in hertz of bands on a scale of pitch, float64 (count, 3).

    Args:
        lowest: MIDI number of the first band's centre.
        count: of bands.
        per_semitone: bands in a semitone.
        width: least distance of an edge from its centre, hertz.
    """
    centre = 440 * 2 ** ((lowest + np.arange(count) / per_semitone - 69) / 12)
    half = np.maximum(centre * (2 ** (1 / per_semitone / 12) - 1), width)
    return np.stack([centre - half, centre, centre + half], axis=1)


class LogSpectra(nn.Module):
    """Waveforms -> harmonics of every pitch, as log amplitudes of about -1 to 1.

    Args:
        rate: samples per second.
        hop: samples from one frame to the next.
        windows: samples of each window.
        lowest: MIDI number of the lowest note.
        notes: how many notes there are.
        per_semitone: bands in a semitone, odd; the middle one is in tune.
    """

    def __init__(
        self, rate: int, hop: int, windows: tuple[int, ...], lowest: int, notes: int, per_semitone: int
    ) -> None:
        super().__init__()
        self.hop, self.windows, self.bands = hop, windows, notes * per_semitone
        self.shifts = [round(12 * per_semitone * np.log2(harmonic)) for harmonic in HARMONICS]
        self.below = -min(self.shifts)
        count = self.bands + self.below + max(self.shifts)
        first = lowest - (per_semitone // 2 + self.below) / per_semitone
        self.banded = [self._bank(rate, window, first, count, per_semitone) for window in windows]

    @staticmethod
    def _bank(rate: int, window: int, first: float, count: int, per_semitone: int) -> Banded:
        hertz = np.arange(window // 2 + 1) * rate / window
        edges = pitch_edges(first, count, per_semitone, rate / window)
        return Banded.of(torch.from_numpy(triangles(edges, hertz).T).float().contiguous())

    @property
    def channels(self) -> int:
        """Channels of the result: windows times harmonics."""
        return len(self.windows) * len(HARMONICS)

    def forward(self, waves: Float[Tensor, "B L"]) -> Float[Tensor, "B channels bands T"]:
        """Frames at every hop from the start to the end, T = L // hop + 1."""
        planes = []
        for window, bank in zip(self.windows, self.banded, strict=True):
            power = stft(waves, window, self.hop, last=True).abs().square()
            banded = bank(power.transpose(1, 2)).transpose(1, 2)
            logs = logs_of(banded)
            planes += [logs[:, self.below + shift : self.below + shift + self.bands] for shift in self.shifts]
        return torch.stack(planes, 1)


class Attacks(nn.Module):
    """Waveforms -> loudness in a few wide bands at a fine step, several of them in each frame: where attacks are.

    Args:
        rate: samples per second.
        hop: samples from one frame to the next.
        window: samples, short.
        bands: on a scale of pitch, from 60 Hz up.
        steps: in a frame.
    """

    bank: Tensor

    def __init__(self, rate: int, hop: int, window: int, bands: int, steps: int) -> None:
        super().__init__()
        self.hop, self.window, self.steps = hop, window, steps
        self.channels = bands * steps
        top = 69 + 12 * np.log2(0.46 * rate / 440)
        centre = 440 * 2 ** ((np.linspace(35, top, bands + 2) - 69) / 12)
        hertz = np.arange(window // 2 + 1) * rate / window
        wide = np.maximum(np.diff(centre), rate / window)
        edges = np.stack([centre[1:-1] - wide[:-1], centre[1:-1], centre[1:-1] + wide[1:]], 1)
        self.register_buffer("bank", torch.from_numpy(triangles(edges, hertz)).float(), persistent=False)

    def forward(self, waves: Float[Tensor, "B L"]) -> Float[Tensor, "B channels T"]:
        """Bands of the steps around each frame's middle, T = L // hop + 1."""
        fine = self.hop // self.steps
        frames = waves.shape[-1] // self.hop + 1
        lead = self.steps // 2
        padded = F.pad(waves, (lead * fine, self.hop))
        power = stft(padded, self.window, fine, last=True).abs().square()
        logs = logs_of(self.bank @ power)[..., : frames * self.steps]
        return logs.unflatten(-1, (frames, self.steps)).transpose(2, 3).flatten(1, 2)


def logs_of(power: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Log amplitudes, of which silence is about -1 and a loud sinusoid about 1."""
    return 0.25 * (0.5 * torch.log(power + FLOOR**2) - np.log(FLOOR)) - 1
