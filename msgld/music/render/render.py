"""A score to sound, stem by stem."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from msgld.errors import UsageError
from msgld.music.bars import Timeline
from msgld.music.notes import Notes
from msgld.music.render.balance import balanced
from msgld.music.render.presets import SHIPPED, font_at, font_for
from msgld.music.render.synthesiser import synthesise
from msgld.music.render.voices import voices_of
from msgld.music.score import Score
from msgld.stems import RATE, UNPITCHED

RELEASE = 2.0
"""Seconds after the last bar in which sounds fade."""

_FADE = 0.75


def render(
    score: Score, soundfont: Path | None = None, stems: Iterable[str] | None = None
) -> dict[str, np.ndarray]:
    """The sound of each stem, float32 (2, L) at 44,100 samples per second; their sum is a finished mix.

    Each stem is rendered by itself, brought to the loudness that it has in real mixes, placed in the stereo image and
    in a light room. The sum is at -16.5 LUFS, with peaks below -1 dBFS. L reaches from beat 0 to ``RELEASE`` seconds
    after the last bar.

    Args:
        score: what is played.
        soundfont: an .sf2 or .sf3 file; by default the one that comes along, which also plays drums where a soundfont
            has no drum kit.
        stems: which of the score's stems; all by default.

    Raises:
        UsageError: the score lacks one of ``stems``.
        DataError: the soundfont cannot be read or played.
    """
    names = list(score.notes if stems is None else stems)
    if missing := [stem for stem in names if stem not in score.notes]:
        raise UsageError(f"the score has no stem {missing[0]}: choose among {', '.join(score.notes)}")
    first, last = score.timeline.at(score.bars.start[[0, -1]]) if len(score.bars) else (0.0, 0.0)
    seconds = max(0.0, float(last - min(0.0, first))) + RELEASE
    notes = {stem: score.notes[stem] for stem in names}
    fonts = {stem: font_for(stem, soundfont) for stem in names}
    dry = {stem: render_notes(each, score.timeline, stem in UNPITCHED, fonts[stem], seconds)
           for stem, each in notes.items()}  # fmt: skip
    fade = fade_out(max((sound.shape[1] for sound in dry.values()), default=0), round(_FADE * RATE))
    return {stem: sound * fade for stem, sound in balanced(dry, notes).items()}


def fade_out(length: int, samples: int) -> np.ndarray:
    """Gains (length,) that fall to 0 over the last samples."""
    fade, count = np.ones(length, np.float32), min(length, samples)
    fade[length - count :] = np.linspace(1, 0, count, dtype=np.float32)
    return fade


def render_notes(
    notes: Notes,
    timeline: Timeline,
    drums: bool = False,
    soundfont: Path | None = None,
    seconds: float | None = None,
) -> np.ndarray:
    """The sound of one stem as the soundfont gives it, float32 (2, L): no room, no panning, no balance.

    Velocities count by the law of soundfonts: twice the velocity is 12 dB louder. Notes begin within a millisecond of
    their time. Notes that were read from a file are played as it writes them: with volume and expression as they move,
    pedals, pan, and the bends of each channel.

    Args:
        notes: of one stem, with the program of each; programs that the soundfont lacks are replaced by the first of
            their family, else the nearest.
        timeline: when the beats are; 0 seconds is where the sound begins.
        drums: whether they are drums, and programs their kits.
        soundfont: an .sf2 or .sf3 file; by default the one that comes along.
        seconds: of the sound; by default to ``RELEASE`` after the last note.

    Raises:
        DataError: the soundfont cannot be read or played, or has no drum kit.
    """
    if seconds is None:
        seconds = float(timeline.at(notes.onset + notes.duration).max(initial=0.0)) + RELEASE
    font = font_at(SHIPPED if soundfont is None else Path(soundfont))
    return synthesise(font, voices_of(notes, timeline), drums, round(max(0.0, seconds) * RATE))
