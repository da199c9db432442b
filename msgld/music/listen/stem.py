"""The listener over a whole stem, of any length in memory that does not depend on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from msgld.dsp.loudness import RELATIVE_GATE, gated_rms
from msgld.dsp.resample import resample
from msgld.music.listen.notes import Activity, Rules, decode_notes, silent_part
from msgld.music.midi.parts import Part, joined_parts

LOUDNESS = 0.1
"""RMS of the sound that the networks are given."""

SILENT = 1e-5
"""RMS below which a sound is silent, and has no notes."""

FRAMES = 1024
"""Frames of a window, or more where the network sees far."""

STRETCH, TAIL = 240.0, 16.0
"""Seconds whose notes are decoded at once, and seconds after them in which the ends of notes are seen."""

Step = Callable[[float], None]
"""Called with the seconds of sound that are done."""


@runtime_checkable
class Listener(Protocol):
    """A network in evaluation mode, such as :class:`msgld.nets.listener.Listener`, whose attributes it has.

    Attributes:
        config: has ``stems``, ``rate``, ``hop``, ``lowest`` and ``width_of_time``.
        thresholds: of onset and sounding, by stem, (S, 2).
    """

    config: Any
    thresholds: Tensor

    def __call__(self, waves: Tensor, stems: Tensor) -> Any:
        """Activations of waveforms (B, L) of stems (B,)."""
        ...


def windows(frames: int, hop: int, context: int) -> Iterator[tuple[int, int, int, int]]:
    """Windows over a sound: the first and the last frame that are kept, and first and last sample that are seen."""
    size = max(FRAMES, 4 * context)
    for first in range(0, frames, size):
        last = min(frames, first + size)
        yield first, last, max(0, first - context) * hop, (last + context) * hop


def mono(sound: np.ndarray, rate: int, wanted: int) -> Tensor:
    """A sound (channels, L) as networks take it: mono (1, l), at their rate and loudness; zeros where it is silent."""
    wave = torch.from_numpy(resample(np.asarray(sound, np.float32).mean(0, keepdims=True), rate, wanted))
    return wave * gain_for(wave, wanted)


def gain_for(wave: Tensor, rate: int) -> float:
    """The gain that brings a sound (1, L) to the loudness of training; 0 where it is silent.

    Long sounds are measured stretch by stretch; stretches that are much softer than the others do not count.
    """
    pieces = wave.split(round(STRETCH * rate), 1)
    powers = np.array([gated_rms(piece, rate) ** 2 for piece in pieces])
    rms = float(np.sqrt(powers[powers >= RELATIVE_GATE * powers.mean()].mean()))
    return LOUDNESS / rms if rms > SILENT else 0.0


def over_windows(
    wave: Tensor, hop: int, context: int, answer: Callable[[Tensor], list[Tensor]]
) -> list[np.ndarray]:
    """Answers of a network over a sound (1, L), window by window, each (..., L // hop + 1).

    Args:
        wave: the sound.
        hop: samples from one frame to the next.
        context: frames to either side that an answer depends on.
        answer: waveforms (1, l) -> tensors (1, ..., l // hop + 1).
    """
    frames = wave.shape[1] // hop + 1
    pieces = list[list[np.ndarray]]()
    for first, last, begin, stop in windows(frames, hop, context):
        kept = slice(first - begin // hop, last - begin // hop)
        with torch.inference_mode():
            pieces.append([one[0, ..., kept].cpu().numpy() for one in answer(wave[:, begin:stop])])
    return [np.concatenate(parts, -1) for parts in zip(*pieces, strict=True)]


def activity_of(listener: Listener, wave: Tensor, stem: str) -> Activity:
    """Activations of a stem.

    Args:
        listener: in evaluation mode.
        wave: as :func:`mono` gives it, (1, L).
        stem: its name; one that the listener does not know counts as ``other``.
    """
    config = listener.config
    number = torch.tensor([config.stems.index(known(listener, stem))], device=listener.thresholds.device)

    def answer(piece: Tensor) -> list[Tensor]:
        said = listener(piece.to(number.device), number)
        return [said.onset.sigmoid(), said.sounding.sigmoid(), said.velocity, said.shift]

    onset, sounding, velocity, shift = over_windows(wave, config.hop, config.width_of_time, answer)
    return Activity(onset, sounding, velocity, shift, config.rate / config.hop, config.lowest)


def known(listener: Listener, stem: str) -> str:
    """The name by which a listener knows a stem."""
    stems = listener.config.stems
    return stem if stem in stems else "other" if "other" in stems else stems[-1]


def listen(listener: Listener, sound: np.ndarray, rate: int, stem: str, rules: Rules | None = None) -> Part:
    """The notes that a stem plays, in seconds; none in silence.

    Args:
        listener: in evaluation mode.
        sound: of the stem, float (channels, L).
        rate: samples per second.
        stem: its name.
        rules: of what it can play; those of the table by default.
    """
    return find_notes(listener, mono(sound, rate, listener.config.rate), stem, rules)


def find_notes(
    listener: Listener, wave: Tensor, stem: str, rules: Rules | None = None, step: Step = lambda _: None
) -> Part:
    """The notes of a wave of any length, stretch by stretch.

    Args:
        listener: in evaluation mode.
        wave: of the stem, mono (1, L) at the listener's rate; its loudness does not matter.
        stem: its name.
        rules: of what it can play; those of the table by default.
        step: called after each stretch.
    """
    config = listener.config
    gain, second = gain_for(wave, config.rate), config.rate / config.hop
    onset, sounding = listener.thresholds[config.stems.index(known(listener, stem))].tolist()
    frames = wave.shape[1] // config.hop + 1 if gain else 0
    stretch, tail = round(STRETCH * second), round(TAIL * second)
    before = config.width_of_time + round(0.2 * second)
    parts = [silent_part(stem)]
    for first in range(0, frames, stretch):
        begin, stop = max(0, first - before), first + stretch + tail
        activity = activity_of(listener, gain * wave[:, begin * config.hop : stop * config.hop], stem)
        part = decode_notes(activity, stem, (onset, sounding), rules)
        part = replace(part, onset=part.onset + begin / second)
        inside = (part.onset >= first / second) | (first == 0)
        parts.append(part.pick(inside & (part.onset < (first + stretch) / second)))
        step(min(stretch, frames - first) / second)
    return joined_parts(parts)
