"""One phrase of a voice: sung, spoken, or spoken on notes; its sound and what the manifest says of it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from msgld.dsp.resample import resample
from msgld.stems import RATE
from singing import colours, lyrics, melodies, programs, world
from singing.melodies import Melody, Note
from singing.musicxml import on_grid
from singing.voices import Voice

SPOKEN, TUNED = 0.06, 0.06
"""Fractions of the phrases that are spoken as they are, and spoken on the notes of a key."""
DOUBLED, HARMONISED = 0.08, 0.1
"""Fractions of the sung phrases with a second take, and with a second part."""
OFF = 0.3
"""Semitones that the median note of a phrase may be off; a phrase further off is drawn again."""
VOICED = 0.9
"""Fraction of the notes that must have a pitch."""
_TRIES = 6


def phrase(voice: Voice, rng: np.random.Generator) -> tuple[np.ndarray, dict[str, Any]]:
    """The sound of one phrase at ``RATE``, (L,), and its facts: kind, notes, lyrics, melody, key.

    Raises:
        RuntimeError: the voice is out of tune again and again.
    """
    kind = rng.random() if voice.program in programs.SPEAKERS else 1.0
    if voice.program == "singing-mode" and kind >= SPOKEN:
        kind = 1.0
    if kind < SPOKEN:
        return _spoken(voice, rng)
    for _ in range(_TRIES):
        sound, facts = _tuned(voice, rng) if kind < SPOKEN + TUNED else _song(voice, rng)
        off = deviations(sound, facts)
        if np.isfinite(off).mean() >= VOICED and np.nanmedian(np.abs(off)) < OFF:
            return sound, facts
    raise RuntimeError(f"{voice.name} sings out of tune")


def deviations(sound: np.ndarray, facts: dict[str, Any]) -> np.ndarray:
    """How much too high the notes of the first part are, semitones; NaN where one has no pitch."""
    first = tuple(Note(*row) for row in facts["notes"][: facts["first"]])
    return world.deviations(world.pitch_of(sound, RATE)[0], first)


def _song(voice: Voice, rng: np.random.Generator) -> tuple[np.ndarray, dict[str, Any]]:
    melody = _placed(melodies.draw(rng, voice.role), voice)
    melody = on_grid(melody.sung(lyrics.draw(len(melody.notes), voice.language, rng)))
    takes, kind = [melody], 1.0 if voice.program == "singing-mode" else rng.random()
    if kind < DOUBLED:
        takes.append(on_grid(colours.late(melody, rng)))
    elif kind < DOUBLED + HARMONISED:
        takes.append(colours.thirds(melody, rng))
    manner = world.Manner.draw(rng)
    alpha, formants = rng.uniform(0.5, 0.6), rng.uniform(0.96, 1.04) if rng.random() < 0.5 else 1.0
    sounds = [_sung(voice, take, manner, alpha, formants, rng) for take in takes]
    sound = np.zeros(max(map(len, sounds)), np.float32)
    for one, gain in zip(sounds, (1.0, rng.uniform(0.35, 0.8)), strict=False):
        sound[: len(one)] += gain * one
    rows = [_row(note) for take in takes for note in take.notes]
    facts = {"kind": "sung", "notes": rows, "first": len(melody.notes), "key": melody.key}
    return sound, facts | {"lyrics": " ".join(n.syllable for n in melody.notes), "melody": melody.origin}


def _row(note: Note) -> list[Any]:
    return [round(note.onset, 4), round(note.duration, 4), note.pitch, note.velocity, note.syllable]


def _placed(melody: Melody, voice: Voice) -> Melody:
    """The melody in the octave that is nearest to the middle of the voice's range."""
    return melody.moved(12 * round((sum(voice.range) / 2 - melody.middle) / 12))


def _sung(voice: Voice, melody: Melody, manner: world.Manner, alpha: float, formants: float,
          rng: np.random.Generator) -> np.ndarray:  # fmt: skip
    """One take at ``RATE``."""
    if voice.program == "singing-mode":
        return resample(programs.sing_kal(voice, melody), voice.rate, RATE)
    if voice.program == "sinsy":
        # Sung where the singer is at home, and moved from there.
        away = 0 if abs(programs.COMFORT - melody.middle) < 4 else round(programs.COMFORT - melody.middle)
        home = melody.moved(away)
        sound, rate = programs.sing_sinsy(home, alpha)
        sound = world.retuned(sound, rate, home.notes, -away, voice.formants * formants)
    else:
        said = {
            syllable: _frames(voice, syllable).with_formants(voice.formants * formants)
            for syllable in {note.syllable for note in melody.notes}
        }
        sound = world.sing(said, melody.notes, voice.rate, manner, rng)
    sound = colours.with_dynamics(sound, voice.rate, rng)
    sound = colours.with_breaths(sound, voice.rate, melody.notes, rng)
    return colours.with_air(resample(sound, voice.rate, RATE), RATE, 0.45 * voice.rate, rng)


@lru_cache(maxsize=512)
def _frames(voice: Voice, syllable: str) -> world.Frames:
    return world.analyse(programs.said(voice, syllable), voice.rate)


def _sentence(voice: Voice, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """Spoken words, with silence around, and what they are."""
    count = int(rng.integers(20, 40) if voice.language == "ja" else rng.integers(8, 20))
    words = " ".join(lyrics.draw(count, voice.language, rng))
    sound = programs.say(voice, words)
    return np.pad(sound, [round(melodies.BEFORE * voice.rate), round(melodies.AFTER * voice.rate)]), words


def _spoken(voice: Voice, rng: np.random.Generator) -> tuple[np.ndarray, dict[str, Any]]:
    """Speech as the program speaks it, with nothing above what it has."""
    sound, words = _sentence(voice, rng)
    return resample(sound, voice.rate, RATE), {"kind": "speech", "notes": [], "first": 0, "lyrics": words}


def _tuned(voice: Voice, rng: np.random.Generator) -> tuple[np.ndarray, dict[str, Any]]:
    """Speech whose pitch steps along a key, in the voice's own timing."""
    sound, words = _sentence(voice, rng)
    key = melodies.draw(rng, voice.role).key
    sound, notes = world.stepped(sound, voice.rate, key, voice.range, voice.formants)
    sound = colours.with_air(resample(sound, voice.rate, RATE), RATE, 0.45 * voice.rate, rng)
    facts = {"kind": "sung", "notes": [_row(note) for note in notes], "first": len(notes), "key": key}
    return sound, facts | {"lyrics": words, "melody": "speech"}
