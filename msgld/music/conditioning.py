"""Conditions as features for the network.

For each frame its place in the beat and in the bar, the key and the style; for each stem its General MIDI programs.
Open conditions are zeros.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from msgld.diffusion.noise_map import Conditioning
from msgld.errors import UsageError
from msgld.music.conditions import PROGRAMS, Conditions
from msgld.music.keys import MODES, parse_key
from msgld.stems import UNPITCHED

FACTS = 6
"""The numbers of conditions, besides programs: beats a minute, beats gone by at the beginning, beats in a bar,
tonic, mode and style; the last three count from 1, and 0 is open."""

_PHASES, _KEY = 6, 25
"""Features of a frame: tempo known, its logarithm, phases of beat and bar; key known, tonic, scale."""

_MODES = tuple(MODES)


def features_of(styles: int) -> int:
    """Features of a frame for a model of so many styles."""
    return _PHASES + _KEY + styles


def facts(conditions: Conditions, styles: Sequence[str]) -> Tensor:
    """The numbers of conditions, float32 (``FACTS``,); a style that is not among ``styles`` is left open."""
    tonic, mode = parse_key(conditions.key) if conditions.key else (-1, None)
    style = styles.index(conditions.style) if conditions.style in styles else -1
    known = conditions.bpm or 0.0
    place = 1 + _MODES.index(mode) if mode else 0
    return torch.tensor(
        [known, conditions.offset, conditions.beats, tonic + 1, place, style + 1], dtype=torch.float32
    )


def programs(conditions: Conditions, stems: Sequence[str]) -> Tensor:
    """Programs of each stem, float32 (S, ``PROGRAMS``); those of a stem sum to 1, or to 0 where it is left open."""
    conditioning = torch.zeros(len(stems), PROGRAMS)
    for stem, chosen in conditions.programs.items():
        if stem in stems and chosen:
            first = PROGRAMS // 2 if stem in UNPITCHED else 0
            conditioning[stems.index(stem), [first + program for program in chosen]] = 1 / len(set(chosen))
    return conditioning


def frame_features(numbers: Tensor, seconds: Tensor, styles: int) -> Tensor:
    """Features of each frame.

    Args:
        numbers: :func:`facts` of pieces, (B, FACTS).
        seconds: since their beginnings, (B, T).
        styles: how many there are.

    Returns:
        (B, T, :func:`features_of`).
    """
    bpm, offset, bar, tonic, mode, style = numbers.T.unsqueeze(2)
    timed = (bpm > 0).float()
    beat = offset + seconds * bpm / 60
    turns = torch.stack([beat, beat / bar.clamp_min(1e-3)], -1) * (2 * math.pi)
    pace = torch.log2(bpm.clamp_min(1) / 110)
    tempo = torch.stack([timed.expand_as(beat), (timed * pace).expand_as(beat)], -1)
    phases = torch.cat([turns.sin(), turns.cos()], -1) * timed.unsqueeze(-1)
    whole = torch.cat([_key(tonic, mode), one_hot(style, styles)], -1).unsqueeze(1)
    return torch.cat([tempo, phases, whole.expand(-1, seconds.shape[1], -1)], -1)


def _key(tonic: Tensor, mode: Tensor) -> Tensor:
    """Known or not, the tonic, and the notes of the scale, (B, 25), of places from 1 (B, 1)."""
    scales = torch.zeros(len(_MODES) + 1, 12, device=tonic.device)
    for place, name in enumerate(_MODES):
        scales[place + 1, list(MODES[name])] = 1
    turned = (torch.arange(12, device=tonic.device) - (tonic.long() - 1)) % 12
    scale = scales[mode.long().squeeze(1)].gather(1, turned) * (tonic > 0)
    return torch.cat([(tonic > 0).float(), one_hot(tonic, 12), scale], -1)


def one_hot(place: Tensor, size: int) -> Tensor:
    """Places from 1 (B, 1) -> (B, size); 0 is none."""
    return torch.nn.functional.one_hot(place.long().squeeze(1), size + 1)[:, 1:].float()


def conditioning_of(
    conditions: Conditions, stems: Sequence[str], styles: Sequence[str], seconds: Tensor
) -> Conditioning:
    """Conditions as features, for frames at ``seconds`` (T,) of a piece.

    Raises:
        UsageError: a style that is not among ``styles``, or instruments of a stem that there is not.
    """
    if conditions.style is not None and conditions.style not in styles:
        raise UsageError(f"no style {conditions.style!r}; there are: {', '.join(styles)}")
    unknown = [stem for stem in conditions.instruments if stem not in stems]
    if unknown:
        raise UsageError(f"this model has no stem {unknown[0]!r}; it has: {', '.join(stems)}")
    frames = frame_features(facts(conditions, styles)[None], seconds[None], len(styles))
    return Conditioning(frames, programs(conditions, stems)[None])
