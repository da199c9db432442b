"""Clips with their notes and beats, to train ears on: scores by six stems, played by soundfonts and by oscillators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from msgld.data.fonts import KITS, find_soundfonts, sounds_of
from msgld.data.midi import MidiFolder
from msgld.data.oscillator import Oscillator
from msgld.data.render import Renderer
from msgld.data.score_clips import trains_no_score
from msgld.data.scores import Band, Library, ScoreSource, Variation
from msgld.data.source import Mixed, Source
from msgld.errors import UsageError
from msgld.music.listen.drums import KINDS, drum_kinds
from msgld.music.midi.parts import Part, Song
from msgld.music.score import SCORE_STEMS, stem_in_score
from msgld.stems import RATE, UNPITCHED

SOUND_EFFECTS = 112
"""First General MIDI program of bells without a pitch, percussion and noises."""

OSCILLATED = 0.35
"""Fraction of the pitched stems that an oscillator plays."""

DRUM_COLOUR = 0.4
"""Fraction of the shift of timbre that drums get."""

REASSIGNED, EXCHANGED = 0.25, 0.5
"""Fraction of the pieces in which drums change places; of the kinds of drums that do, and that a second kit plays."""

VARIATION = Variation(transpose=(-6, 6), tempo=(0.7, 1.4), soundfonts=0.7, recolour=0.6, colour=5, detune=0)
"""More than separation needs, as ears see many instruments and few pieces, but in tune: songs are tuned before."""


class Instrumental(Protocol):
    """Plays notes."""

    def render(self, piece: Sequence[Part], start: float, seconds: float) -> np.ndarray:
        """An excerpt, float32 (2, L)."""
        ...


class ByScoreStem:
    """Another library's pieces with the stems of a score: tunes for a singer are ``vocals``; noises are left out.

    In some of them other drums play, as music leaves most kinds of drums to very few pieces.
    """

    def __init__(self, library: Library) -> None:
        self.library = library

    def draw(self, rng: np.random.Generator) -> Song:
        """A piece."""
        song = by_score_stem(self.library.draw(rng))
        return with_other_drums(song, rng) if rng.random() < REASSIGNED else song


def by_score_stem(song: Song) -> Song:
    """The song with the stems of a score, and without parts that have neither pitch nor drums."""
    kept = [part for part in song.parts if part.is_drum or part.program < SOUND_EFFECTS]
    return replace(song, parts=tuple(replace(part, stem=stem_in_score(part)) for part in kept))


def with_other_drums(song: Song, rng: np.random.Generator) -> Song:
    """The song with some kinds of drums played by others, each by one of its own."""
    plays = rng.random(len(KINDS)) < EXCHANGED
    drawn = np.arange(128)
    drawn[KINDS[plays]] = rng.permutation(KINDS)[: int(plays.sum())]
    return replace(
        song, parts=tuple(_redrummed(part, drawn) if part.is_drum else part for part in song.parts)
    )


def _redrummed(part: Part, drawn: np.ndarray) -> Part:
    kind = drum_kinds(part.pitch)
    return replace(part, pitch=np.where(drawn[kind] == kind, part.pitch, drawn[kind]), written=None)


@dataclass(frozen=True)
class MixedKit:
    """Drums of two soundfonts.

    Attributes:
        renderers: the two.
        second: keys that the second one plays, bool (128,).
    """

    renderers: tuple[Renderer, Renderer]
    second: np.ndarray

    def render(self, piece: Sequence[Part], start: float, seconds: float) -> np.ndarray:
        """An excerpt, float32 (2, L)."""
        first, second = (
            renderer.render([part.pick(keys[np.clip(part.pitch, 0, 127)]) for part in piece], start, seconds)
            for renderer, keys in zip(self.renderers, (~self.second, self.second), strict=True)
        )
        return first + second


class PlayedSource(ScoreSource):
    """Clips of scores; some stems are played by oscillators, one each.

    Args:
        library: where pieces come from.
        soundfonts: that play the other stems.
        oscillated: fraction of the pitched stems that oscillators play.
        variation: how pieces are varied.
        rate: samples per second.
    """

    def __init__(
        self,
        library: Library,
        soundfonts: Sequence[Path],
        oscillated: float = OSCILLATED,
        variation: Variation = VARIATION,
        rate: int = RATE,
    ) -> None:
        super().__init__(ByScoreStem(library), soundfonts, variation, SCORE_STEMS, rate)
        self.oscillated = oscillated

    def instrument(
        self, font: Path, stem: Sequence[Part], rng: np.random.Generator, tuning: float = 0.0
    ) -> Instrumental:
        """An oscillator, or what :class:`ScoreSource` plays a stem with."""
        usual: Renderer = super().instrument(font, stem, rng, tuning)
        drawn, seed = rng.random(), int(rng.integers(2**31))
        if stem and stem[0].stem in UNPITCHED:  # other pitches are other drums
            return self._kit(usual, round(DRUM_COLOUR * usual.colour), rng)
        if drawn >= self.oscillated or not stem:
            return usual
        return Oscillator(seed, self.rate, sung=stem[0].stem == "vocals" and drawn < 0.8 * self.oscillated)

    def _kit(self, usual: Renderer, colour: int, rng: np.random.Generator) -> MixedKit:
        """Half of the kinds of drums by another soundfont, as far as it has them."""
        other = self.soundfonts[int(rng.integers(len(self.soundfonts)))]
        own = sounds_of(other)
        has = np.array([(KITS, key) in own for key in range(128)])
        drawn = (rng.random(128) < EXCHANGED)[drum_kinds(np.arange(128))]
        first, second = (Renderer(font, self.rate, colour) for font in (usual.soundfont, other))
        return MixedKit((first, second), has & drawn)


def open_played(midi: Sequence[Path], band: bool, soundfont: Path | None = None) -> Source:
    """Clips with notes of MIDI files, and of the band.

    Args:
        midi: folders or tar archives of MIDI files. What must train no score is left out of them.
        band: whether the built-in band plays; each folder and the band count alike.
        soundfont: a soundfont or a folder of them; the system's by default.

    Raises:
        UsageError: nothing to train on.
        DataError: a folder or a soundfont is unusable.
    """
    libraries: list[Library] = [MidiFolder(path, exclude=trains_no_score) for path in midi]
    libraries += [Band()] if band else []
    if not libraries:
        raise UsageError("ears learn from notes: name --midi files, or let the band play")
    fonts = find_soundfonts(soundfont)
    sources = [PlayedSource(library, fonts) for library in libraries]
    return sources[0] if len(sources) == 1 else Mixed([(source, 1.0) for source in sources])
