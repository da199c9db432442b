"""The listener: a network from the sound of one stem to the notes that it plays.

Pitched stems are seen as harmonics on a scale of pitch; convolutions that are the same at every pitch look at each
note, at its neighbours and at its octaves. Drums have a network of their own on wide bands. Both say of every frame and
pitch whether a note begins, how far from the middle of the frame, whether one sounds, and how loud it is struck.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional as F

from msgld.nets.convnext import Block
from msgld.nets.log_spectra import Attacks, LogSpectra
from msgld.registry import register
from msgld.schema import Between, Depth, Grid, Length, Size, Text

OCTAVE = 12
"""Pitches in one."""

RARE = -4.0
"""Score with which a new network answers: notes are rare."""


@dataclass(frozen=True)
class ListenerConfig:
    """Size of the network, its input and its notes.

    Attributes:
        stems: names of the stems it knows.
        unpitched: those of them that play drums.
        rate: samples per second of its input.
        hop: samples from one frame to the next.
        windows: of the spectra, samples.
        per_semitone: bands in a semitone.
        lowest: MIDI number of the lowest note.
        notes: how many notes there are.
        entry: channels of the first convolution, over bands.
        width: channels at every note.
        depth: blocks; each sees twice as far in time as the one before, from two frames on.
        attack_bands: wide bands in which attacks are looked for.
        attack_steps: times in a frame at which they are.
        drum_width: of the network of drums.
        drum_depth: its blocks.
        drum_hidden: width of their perceptrons.
        drum_kernel: of their convolutions along time, odd.
    """

    stems: Annotated[tuple[Text, ...], Length(1, 63)] = (
        "bass",
        "drums",
        "guitar",
        "piano",
        "vocals",
        "other",
    )
    unpitched: Annotated[tuple[Text, ...], Length(0, 63)] = ("drums",)
    rate: Annotated[int, Between(8000, 192_000)] = 22_050
    hop: Annotated[int, Between(64, 4096, 64)] = 512
    windows: Annotated[tuple[Annotated[int, Between(256, 32_768, 2)], ...], Length(1, 4)] = (8192, 2048)
    per_semitone: Annotated[int, Between(1, 9, 2)] = 3
    lowest: Annotated[int, Between(0, 127)] = 21
    notes: Annotated[int, Between(1, 128)] = 88
    entry: Size = 24
    width: Size = 32
    depth: Depth = 3
    attack_bands: Annotated[int, Between(1, 128)] = 24
    attack_steps: Annotated[int, Between(1, 16)] = 4
    drum_width: Size = 96
    drum_depth: Depth = 4
    drum_hidden: Size = 192
    drum_kernel: Annotated[int, Between(1, 63, 2)] = 7

    def check(self) -> None:
        """Raise ValueError where notes are higher than MIDI's, or drums are no stem."""
        if self.lowest + self.notes > 128:
            raise ValueError(f"{self.notes} notes from {self.lowest} on are higher than MIDI goes")
        if not set(self.unpitched) <= set(self.stems):
            raise ValueError(
                f"unpitched names {self.unpitched}, which are not all among the stems {self.stems}"
            )

    def check_fit(self, codec: Grid, stems: int) -> None:
        """Any codec and any stems fit: it works on sound."""

    @property
    def width_of_time(self) -> int:
        """Frames to either side that an answer depends on."""
        spectra = -(-max(self.windows) // (2 * self.hop))
        pitched = 2 + 2 * (2**self.depth - 1)
        drums = 1 + self.drum_depth * (self.drum_kernel // 2)
        return spectra + max(pitched, drums) + 1


@dataclass(frozen=True)
class Activations:
    """What the network says of every pitch and frame.

    Attributes:
        onset: score (a logit) that a note begins there.
        sounding: score that one sounds.
        velocity: 0 to 1, where a note begins.
        shift: from the frame's middle to the onset nearest to it, in frames.
    """

    onset: Float[Tensor, "B notes T"]
    sounding: Float[Tensor, "B notes T"]
    velocity: Float[Tensor, "B notes T"]
    shift: Float[Tensor, "B notes T"]

    @classmethod
    def of(cls, heads: Float[Tensor, "B 4 notes T"]) -> Activations:
        """From the heads' outputs."""
        onset, sounding, velocity, shift = heads.float().unbind(1)
        return cls(onset, sounding, velocity.sigmoid(), 1.5 * shift.tanh())


class NoteBlock(nn.Module):
    """A residual block: convolutions over time, over neighbouring pitches, and over octaves."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.along_time = nn.Conv2d(width, width, (1, 5), padding=(0, 2 * dilation), dilation=(1, dilation))
        self.near = nn.Conv2d(width, width, (7, 1), padding=(3, 0))
        self.octaves = nn.Conv2d(
            width, width, (5, 1), padding=(2 * OCTAVE, 0), dilation=(OCTAVE, 1), bias=False
        )
        self.outward = nn.Conv2d(width, width, 1)

    def forward(self, x: Float[Tensor, "B W notes T"]) -> Float[Tensor, "B W notes T"]:
        """Add to x what the block makes of it."""
        y = F.relu(self.along_time(x))
        return x + self.outward(F.relu(self.near(y) + self.octaves(y)))


class PitchedListener(nn.Module):
    """Waveforms of pitched stems -> heads."""

    def __init__(self, config: ListenerConfig) -> None:
        super().__init__()
        width, step = config.width, config.per_semitone
        self.spectra = LogSpectra(
            config.rate, config.hop, config.windows, config.lowest, config.notes, config.per_semitone
        )
        self.attacks = Attacks(config.rate, config.hop, 512, config.attack_bands, config.attack_steps)
        self.inward = nn.Conv2d(self.spectra.channels, config.entry, (5, 3), padding=(2, 1))
        self.to_notes = nn.Conv2d(config.entry, width, (step + 2, 3), (step, 1), padding=(1, 1))
        self.struck = nn.Conv1d(self.attacks.channels, width, 3, padding=1)
        self.place = nn.Parameter(torch.zeros(width, config.notes, 1))
        self.stems = nn.Embedding(len(config.stems), 2 * width * config.depth)
        nn.init.normal_(self.stems.weight, std=0.02)
        self.blocks = nn.ModuleList(NoteBlock(width, 2**index) for index in range(config.depth))
        self.outward = nn.Conv2d(width, 4, 1)
        nn.init.zeros_(self.outward.weight)
        _begin(self.outward.get_parameter("bias"))

    def forward(self, waves: Float[Tensor, "B L"], stems: Int64[Tensor, "B"]) -> Float[Tensor, "B 4 notes T"]:
        """See the class."""
        x = F.relu(self.inward(self.spectra(waves).contiguous(memory_format=torch.channels_last)))
        x = self.to_notes(x) + self.struck(self.attacks(waves)).unsqueeze(2) + self.place
        known = self.stems(stems).unflatten(1, (len(self.blocks), 2, -1, 1, 1))
        for index, block in enumerate(self.blocks):
            scale, shift = known[:, index].unbind(1)
            x = block(x * (1 + scale) + shift)
        return self.outward(F.relu(x))


class DrumListener(nn.Module):
    """Waveforms of drums -> heads."""

    def __init__(self, config: ListenerConfig) -> None:
        super().__init__()
        width, self.notes = config.drum_width, config.notes
        self.attacks = Attacks(config.rate, config.hop, 512, 2 * config.attack_bands, config.attack_steps)
        self.inward = nn.Conv1d(self.attacks.channels, width, 3, padding=1)
        depth, sizes = config.drum_depth, (config.drum_hidden, config.drum_kernel)
        self.blocks = nn.ModuleList(Block(width, *sizes, 1 / depth) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.outward = nn.Linear(width, 4 * config.notes)
        nn.init.normal_(self.outward.weight, std=0.01)
        _begin(self.outward.bias.view(4, -1))

    def forward(self, waves: Float[Tensor, "B L"]) -> Float[Tensor, "B 4 notes T"]:
        """See the class."""
        x = self.inward(self.attacks(waves)).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        return self.outward(self.norm(x)).unflatten(2, (4, self.notes)).permute(0, 2, 3, 1)


def _begin(bias: Tensor) -> None:
    """Bias (4, ...) of the heads with which training begins: no notes."""
    with torch.no_grad():
        bias[:2] = RARE
        bias[2:] = 0


@register("listener", "notes", ListenerConfig)
class Listener(nn.Module):
    """Waveforms of stems -> activations of their notes.

    Attributes:
        thresholds: probabilities of an onset and of sounding from which a note counts, by stem, (S, 2); training sets
            them.
    """

    thresholds: Tensor
    unpitched: Tensor

    def __init__(self, config: ListenerConfig) -> None:
        super().__init__()
        self.config = config
        self.pitched = PitchedListener(config)
        self.drums = DrumListener(config)
        self.register_buffer("thresholds", torch.full((len(config.stems), 2), 0.4))
        drums = np.array([stem in config.unpitched for stem in config.stems])
        self.register_buffer("unpitched", torch.from_numpy(drums), persistent=False)

    def frames(self, samples: int) -> int:
        """Frames of a sound: one at its start, and one every hop."""
        return samples // self.config.hop + 1

    def forward(self, waves: Float[Tensor, "B L"], stems: Int64[Tensor, "B"]) -> Activations:
        """Activations of waveforms at the network's rate.

        Args:
            waves: each the sound of one stem with an RMS of about 0.1.
            stems: their numbers.
        """
        drums = self.unpitched[stems]
        shape = (len(waves), 4, self.config.notes, self.frames(waves.shape[-1]))
        if not drums.any():
            return Activations.of(self.pitched(waves, stems))
        if drums.all():
            return Activations.of(self.drums(waves))
        heads = waves.new_zeros(shape)
        heads[drums] = self.drums(waves[drums]).to(heads)
        heads[~drums] = self.pitched(waves[~drums], stems[~drums]).to(heads)
        return Activations.of(heads)
