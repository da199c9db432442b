"""Clips from scores: a piece is drawn, varied as notes, and rendered with one of several soundfonts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from msgld.data.fonts import find_soundfonts, fitting
from msgld.data.frozen import RESERVED_SEED
from msgld.data.midi import MidiFolder
from msgld.data.render import Renderer, by_stem
from msgld.data.source import Clip, SourceOptions
from msgld.dsp.panning import stereo_gains
from msgld.errors import DataError, UsageError
from msgld.music.bars import Signature, Timeline
from msgld.music.conditions import FASTEST, SLOWEST, Conditions
from msgld.music.key_detection import key_of_notes
from msgld.music.keys import transposed
from msgld.music.midi.parts import Part, Song, length, sounding, stretch, transpose
from msgld.music.midi.perform import parts
from msgld.music.played import played_in
from msgld.stems import RATE, STEMS, TABLE, about, stem_among

if TYPE_CHECKING:
    from msgld.data.band import Piece as BandPiece


class Library(Protocol):
    """Pieces to draw from: MIDI files or the built-in band."""

    def draw(self, rng: np.random.Generator) -> Song:
        """A piece."""
        ...


class Band:
    """Pieces that the built-in band composes; the held-out set's seeds and styles never occur."""

    def draw(self, rng: np.random.Generator) -> Song:
        """A composed piece."""
        return band_song(int(rng.integers(RESERVED_SEED)))


def band_song(seed: int, style: str | None = None) -> Song:
    """The band's piece of this seed, in a style or one that the seed chooses."""
    from msgld.data.band import compose

    return song_of_band(compose(seed, style=style))


def song_of_band(piece: BandPiece) -> Song:
    """A piece of the band as a song."""
    meta: dict[str, str | float] = {"style": piece.style, "bpm": float(piece.bpm), "key": str(piece.key)}
    score = piece.score
    tempos = frozenset(float(tempo.qpm) for tempo in score.tempos)
    quarter = float(score.tpq)
    signatures = tuple(
        Signature(sign.time / quarter, sign.numerator, sign.denominator) for sign in score.time_signatures
    )
    timeline = Timeline.of_tempos([(tempo.time / quarter, float(tempo.qpm)) for tempo in score.tempos])
    bars = frozenset(signature.quarters for signature in signatures)
    return Song(parts(score), f"band-{piece.style}-{piece.seed}", meta, tempos, bars, timeline, signatures)


@dataclass(frozen=True)
class Variation:
    """How a piece is varied before it is rendered. All zeros, or tempo (1, 1), leave it as it is.

    Attributes:
        substitute: probability that the piece's programs are replaced within their families.
        transpose: lowest and highest transposition, semitones.
        tempo: slowest and fastest tempo, factors.
        gain: standard deviation of each stem's gain, dB.
        pan: farthest place of a stem to either side, 0 to 1.
        loudness: lowest and highest RMS of the mixture, dBFS.
        soundfonts: probability that a stem is played with a soundfont of its own.
        recolour: probability that a stem's timbre is shifted (:class:`Renderer`).
        colour: largest such shift, semitones.
        detune: probability that the whole clip is out of tune, its drums too, as tapes and old pianos are.
        tuning: farthest tuning from concert pitch, semitones.
        apart: standard deviation of each stem's own tuning from the others', semitones.
    """

    substitute: float = 0.5
    transpose: tuple[int, int] = (-5, 6)
    tempo: tuple[float, float] = (0.8, 1.25)
    gain: float = 3.0
    pan: float = 0.3
    loudness: tuple[float, float] = (-26.0, -14.0)
    soundfonts: float = 0.5
    recolour: float = 0.6
    colour: int = 4
    detune: float = 0.6
    tuning: float = 0.5
    apart: float = 0.03


def _one(fonts: Sequence[Path], rng: np.random.Generator) -> Path:
    return fonts[int(rng.integers(len(fonts)))]


_PIECES, _STARTS = 4, 8  # tries for an excerpt in which two stems sound: pieces, and places in each


class ScoreSource:
    """A source of clips from scores.

    Args:
        library: where pieces come from.
        soundfonts: each clip is rendered with one of them, of those that have its programs.
        variation: how pieces are varied.
        stems: names and order of the stems.
        rate: samples per second.

    Raises:
        DataError: no soundfont.
    """

    def __init__(
        self,
        library: Library,
        soundfonts: Sequence[Path],
        variation: Variation = Variation(),
        stems: tuple[str, ...] = STEMS,
        rate: int = RATE,
    ) -> None:
        if not soundfonts:
            raise DataError("no soundfont to render with: see find_soundfonts")
        self.library, self.soundfonts, self.variation = library, tuple(soundfonts), variation
        self.stems, self.rate = stems, rate

    def clip(self, seed: int, seconds: float) -> Clip:
        """The clip of this seed; two stems sound or more, if the library has such places."""
        rng = np.random.default_rng(seed)
        song, piece, start, tempo, semitones = self._stretch(rng, seconds)
        if rng.random() < self.variation.substitute:
            piece = recast(piece, rng)
        font = _one(fitting(self.soundfonts, piece), rng)
        played = by_stem(piece, self.stems)
        tuning = self._tuning(rng)
        audio = np.stack(
            [self.instrument(font, stem, rng, tuning).render(stem, start, seconds) for stem in played]
        )
        meta = song.meta | {
            "start": start,
            "soundfont": font.stem,
            "tempo": tempo,
            "transpose": float(semitones),
            "tuning": tuning,
        }
        name = f"{song.name}@{start:.2f}"
        conditions = conditions_of(song, piece, start, seconds, tempo, semitones)
        present = np.ones(len(self.stems), bool)
        notes = played_in(song, piece, start, seconds, tempo)
        return Clip(self._mix(audio, rng), present, self.rate, name, meta, conditions, played=notes)

    def _tuning(self, rng: np.random.Generator) -> float:
        """Semitones by which a clip is out of tune."""
        how = self.variation
        return float(rng.uniform(-how.tuning, how.tuning)) if rng.random() < how.detune else 0.0

    def instrument(
        self, font: Path, stem: Sequence[Part], rng: np.random.Generator, tuning: float = 0.0
    ) -> Any:
        """What plays a stem: the clip's soundfont or one of its own, with its timbre or a shifted one."""
        how = self.variation
        own = _one(fitting(self.soundfonts, stem), rng)
        colour = int(rng.integers(-how.colour, how.colour + 1))
        single, recoloured = rng.random(2) < (how.soundfonts, how.recolour)
        tuning += how.apart * float(rng.normal()) if tuning else 0.0
        return Renderer(own if single else font, self.rate, colour if recoloured else 0, tuning)

    def _stretch(
        self, rng: np.random.Generator, seconds: float
    ) -> tuple[Song, tuple[Part, ...], float, float, int]:
        """Draw a varied piece and where to start in it."""
        low, high = self.variation.transpose
        for _ in range(_PIECES):
            song = self.library.draw(rng)
            tempo = float(np.exp(rng.uniform(*np.log(self.variation.tempo))))
            semitones = int(rng.integers(low, high + 1))
            piece = transpose(stretch(song.parts, tempo), semitones)
            for _ in range(_STARTS):
                start = float(rng.uniform(0, max(length(piece) - seconds, 0)))
                there = {stem_among(stem, self.stems) for stem in sounding(piece, start, seconds)}
                if len(there & set(self.stems)) >= 2:
                    return song, piece, start, tempo, semitones
        return song, piece, start, tempo, semitones

    def _mix(self, audio: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Give each stem its gain and pan, and the mixture its loudness; no peak above 1."""
        for k, stem in enumerate(self.stems):
            gain = 10 ** (np.clip(rng.normal(0, self.variation.gain), -9, 9) / 20)
            pan = rng.uniform(-1, 1) * self.variation.pan * about(stem).spread
            audio[k] *= (gain * stereo_gains(pan))[:, None].astype(np.float32)
        mixture = audio.sum(axis=0)
        rms, peak = float(np.sqrt(np.mean(mixture**2))), float(np.abs(mixture).max(initial=0.0))
        loudness = 10 ** (rng.uniform(*self.variation.loudness) / 20)
        gain = min(loudness / rms, 1 / peak) if peak > 0 else 1.0
        return audio * np.float32(gain)


def conditions_of(
    song: Song, piece: Sequence[Part], start: float, seconds: float, tempo: float, semitones: int
) -> Conditions:
    """The conditions that an excerpt of a song meets.

    Args:
        song: as it is written.
        piece: its parts as they are played.
        start: of the excerpt, seconds.
        seconds: its length.
        tempo: how many times as fast it is played.
        semitones: by which it is transposed.
    """
    bpm, beats = steady_tempo(song)
    bpm = bpm * tempo if bpm and SLOWEST <= bpm * tempo <= FASTEST else None
    style, key = song.meta.get("style"), song.meta.get("key")
    chosen: dict[str, set[int]] = {}
    for part in piece:
        chosen.setdefault(part.stem, set()).add(part.program)
    return Conditions(
        str(style) if style else None,
        bpm,
        transposed(str(key), semitones) if key else key_of_notes(piece, start, seconds),
        {stem: tuple(sorted(programs)) for stem, programs in chosen.items()},
        beats,
        start * bpm / 60 if bpm else 0.0,
    )


def steady_tempo(song: Song) -> tuple[float | None, float]:
    """Quarter notes a minute, and in a bar, of a song; no tempo where it or the time signature changes."""
    tempos = {round(tempo, 3) for tempo in song.tempos}
    if len(tempos) != 1 or len(song.bars) > 1:
        return None, 4.0
    return tempos.pop(), next(iter(song.bars), 4.0)


def recast(piece: Sequence[Part], rng: np.random.Generator) -> tuple[Part, ...]:
    """The piece with each program replaced by one of its family; equal programs stay equal."""
    drawn: dict[tuple[int, bool], int] = {}
    for part in piece:
        if (part.program, part.is_drum) not in drawn:
            drawn[part.program, part.is_drum] = _substitute(part.program, part.is_drum, rng)
    return tuple(replace(part, program=drawn[part.program, part.is_drum]) for part in piece)


def _substitute(program: int, is_drum: bool, rng: np.random.Generator) -> int:
    """Draw another program of the same General MIDI family (of eight), or another drum kit."""
    if is_drum:
        return int(rng.choice(TABLE["drums"].programs))
    return program // 8 * 8 + int(rng.integers(8))


def open_band(path: Path | None, options: SourceOptions) -> ScoreSource:
    """The built-in band; it takes no path."""
    return ScoreSource(Band(), find_soundfonts(options.soundfont), stems=options.stems)


def open_midi(path: Path | None, options: SourceOptions) -> ScoreSource:
    """MIDI files: a folder, a tar archive or one file. The held-out pieces are left out."""
    if path is None:
        raise UsageError("MIDI files need a path: name a folder or a tar archive")
    return ScoreSource(MidiFolder(path), find_soundfonts(options.soundfont), stems=options.stems)
