"""The note reader: a network that reads the notes of a bass from its log-mel, so that the vocoder plays them in tune.

Partials of a low note lie closer together than a window of 46 ms can resolve, so no single column shows its pitch. A
second of columns does, to a network that has seen many basses. Where it is unsure, the key of the piece decides.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from msgld.nets.convnext import Columns
from msgld.registry import register
from msgld.schema import Between, Depth, Grid, Size, Text

Mels = Float[Tensor, "B M N"]

CHANGE = 4.0
"""Nepers by which a change of note has to be likelier than no change."""

OFF_SCALE = 4.0
"""Nepers by which notes outside of the key are less likely."""


@dataclass(frozen=True)
class NoteReaderConfig:
    """Size of the network, its input and its notes.

    Attributes:
        stem: name of the stem whose notes it reads; one note at a time.
        bands: lowest mel bands, its whole input.
        lowest: MIDI number of the lowest note.
        notes: number of notes from the lowest on, semitones apart.
        width: of the ConvNeXt blocks.
        depth: number of blocks.
        hidden: width of their perceptrons.
        kernel: of their convolutions along time, odd.
    """

    stem: Text = "bass"
    bands: Size = 64
    lowest: Annotated[int, Between(0, 127)] = 24
    notes: Annotated[int, Between(1, 128)] = 40
    width: Size = 96
    depth: Depth = 4
    hidden: Annotated[int, Between(1, 32_768)] = 192
    kernel: Annotated[int, Between(1, 63, 2)] = 9

    def check(self) -> None:
        """Raise ValueError where there are higher notes than MIDI has."""
        if self.lowest + self.notes > 128:
            raise ValueError(f"{self.notes} notes from {self.lowest} on are higher than MIDI goes")

    def check_fit(self, codec: Grid, stems: int) -> None:
        """Raise ValueError where it reads more bands than there are."""
        if self.bands > codec.mel.bands:
            raise ValueError(f"bands is {self.bands}, where the codec has {codec.mel.bands}")


@register("notes", "notes", NoteReaderConfig)
class NoteReader(Columns):
    """Log-mels -> scores of the notes, whose softmax is their probability."""

    def __init__(self, config: NoteReaderConfig) -> None:
        sizes = config.width, config.depth, config.hidden, config.kernel
        super().__init__(config.bands, *sizes, config.notes)
        self.config = config

    def forward(self, mels: Mels) -> Float[Tensor, "B notes N"]:
        """See the class."""
        return self.columns(mels[:, : self.config.bands]).transpose(1, 2)

    @torch.no_grad()
    def hertz(self, mels: Mels, scale: Collection[int] = ()) -> Float[Tensor, "B N"]:
        """Fundamentals of the likeliest notes, in hertz.

        Args:
            mels: log-mels.
            scale: pitch classes of the key, C is 0; empty where it is unknown.
        """
        scores = self(mels).log_softmax(1)
        if scale:
            notes = torch.arange(self.config.notes) + self.config.lowest
            off = torch.tensor([note % 12 not in scale for note in notes.tolist()], device=mels.device)
            scores = scores - OFF_SCALE * off[:, None]
        paths = np.stack([likeliest_path(one, CHANGE) for one in scores.cpu().numpy()])
        return 440 * 2 ** ((torch.from_numpy(paths).to(mels.device) + self.config.lowest - 69) / 12)


def likeliest_path(scores: Float[np.ndarray, "states N"], change: float) -> Int64[np.ndarray, "N"]:
    """Viterbi's path: the state at each of N times.

    Args:
        scores: log-probabilities.
        change: cost of any change of state, in nepers.
    """
    states, times = scores.shape
    stay = np.arange(states)
    best, back = scores[:, 0].copy(), np.zeros((times, states), np.int64)
    for n in range(1, times):
        top = int(best.argmax())
        moved = best[top] - change
        back[n] = np.where(best >= moved, stay, top)
        best = np.maximum(best, moved) + scores[:, n]
    path = np.zeros(times, np.int64)
    path[-1] = best.argmax()
    for n in range(times - 1, 0, -1):
        path[n - 1] = back[n][path[n]]
    return path
