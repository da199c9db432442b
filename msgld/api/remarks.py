"""What is said to the user about a piece in notes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgld.music.midi.write import ports_of
from msgld.music.render.presets import lacking
from msgld.music.score import Score

ASSUMED = "assumed tempo"
"""The fact of a score whose tempo its files do not tell."""


def score_remarks(score: Score, soundfont: Path | None) -> Iterator[str]:
    """Lines about a score that is written and played.

    Raises:
        DataError: the soundfont cannot be read.
    """
    if ASSUMED in score.meta:
        yield f"the MIDI files name no tempo: {score.meta[ASSUMED]:g} quarter notes a minute are assumed"
    if (ports := ports_of(score)) > 1:
        yield (
            f"mix.mid needs {ports} MIDI ports of 16 channels: players that know one port play some parts with the "
            "instruments of others; the files of single stems are not concerned"
        )
    if soundfont is not None:
        yield from lacking(score, soundfont)
