"""Singing by WORLD (pyworld): spoken syllables at the notes of a melody, and singing in another register."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from msgld.music.keys import notes_of
from singing.melodies import AFTER, Note

FRAME = 0.005
"""Seconds of a frame of WORLD."""
HEAD, TAIL = 0.14, 0.06
"""Longest consonant before a vowel, and how a syllable ends: seconds that are not stretched."""
IN_TUNE = 0.3
"""Semitones that singing may be off its notes without being retuned."""
RELEASE = 0.08
"""Seconds in which the last syllable before a rest fades."""


@dataclass(frozen=True)
class Frames:
    """A sound as WORLD sees it: pitch (Hz, 0 unvoiced) (N,), spectrum and aperiodicity (N, F)."""

    f0: np.ndarray
    spectrum: np.ndarray
    noise: np.ndarray

    def pick(self, index: np.ndarray) -> Frames:
        return Frames(self.f0[index], self.spectrum[index], self.noise[index])

    def with_formants(self, factor: float) -> Frames:
        """The frames with the formants at ``factor`` times their frequencies, 0.8 to 1.25."""
        if factor == 1:
            return self
        return Frames(self.f0, _warped(self.spectrum, factor), _warped(self.noise, factor))


@dataclass(frozen=True)
class Manner:
    """How a voice sings: glide and scoop in seconds and semitones, vibrato in semitones, hertz and seconds of delay."""

    glide: float
    scoop: float
    depth: float
    speed: float
    delay: float
    drift: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Manner:
        plain = rng.random() < 0.3
        return cls(
            glide=rng.uniform(0.03, 0.12),
            scoop=rng.uniform(0.3, 2.0) if rng.random() < 0.5 else 0.0,
            depth=0.0 if plain else rng.uniform(0.1, 0.6),
            speed=rng.uniform(4.8, 6.4),
            delay=rng.uniform(0.15, 0.5),
            drift=rng.uniform(0.02, 0.09),
        )


def analyse(sound: np.ndarray, rate: int) -> Frames:
    """The frames of a sound (L,), one every ``FRAME`` seconds."""
    import pyworld

    samples = np.ascontiguousarray(sound, np.float64)
    f0, time = pitch_of(samples, rate)
    return Frames(f0, pyworld.cheaptrick(samples, f0, time, rate), pyworld.d4c(samples, f0, time, rate))


def pitch_of(sound: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Hertz, 0 where unvoiced or 50 dB below the loudest, and seconds, of each frame (N,)."""
    import pyworld

    samples = np.ascontiguousarray(sound, np.float64)
    f0, time = pyworld.dio(samples, rate, f0_floor=60.0, f0_ceil=1100.0, frame_period=1000 * FRAME)
    f0 = pyworld.stonemask(samples, f0, time, rate)
    step = round(FRAME * rate)
    power = np.convolve(samples**2, np.ones(4 * step) / (4 * step), "same")[::step][: len(f0)]
    power = np.pad(power, (0, len(f0) - len(power)))
    return np.where(power > 1e-5 * power.max(initial=1e-12), f0, 0.0), time


def synthesise(frames: Frames, rate: int) -> np.ndarray:
    """The sound of frames, float64 (L,)."""
    import pyworld

    arrays = (np.ascontiguousarray(a) for a in (frames.f0, frames.spectrum, frames.noise))
    return np.asarray(pyworld.synthesize(*arrays, rate, 1000 * FRAME))


def retuned(
    sound: np.ndarray, rate: int, sung: tuple[Note, ...], semitones: float = 0.0, formants: float = 1.0
) -> np.ndarray:
    """Singing brought onto its notes and moved, its glides and vibrato kept.

    Args:
        sound: (L,).
        rate: samples per second.
        sung: the notes that it was to have.
        semitones: how much higher it becomes.
        formants: factor of the formants' frequencies, 0.8 to 1.25.

    Returns:
        float64 (L,); the sound as it came where it is in tune already and nothing is to be moved.
    """
    frames = analyse(sound, rate)
    off = np.clip(np.nan_to_num(deviations(frames.f0, sung)), -6, 6)
    if not semitones and formants == 1 and np.abs(off).max() < IN_TUNE:
        return sound
    places = np.concatenate([(n.onset + 0.04, max(n.end - 0.04, n.onset + 0.05)) for n in sung])
    curve = np.interp(np.arange(len(frames.f0)) * FRAME, places, np.repeat(off, 2))
    frames = replace(frames, f0=frames.f0 * 2 ** ((semitones - curve) / 12))
    return synthesise(frames.with_formants(formants), rate)[: len(sound)]


def stepped(
    sound: np.ndarray, rate: int, key: str, compass: tuple[int, int], formants: float
) -> tuple[np.ndarray, list[Note]]:
    """Speech (L,) with its pitch on the notes of a key, and these notes: runs of voiced frames on one pitch.

    The spoken melody is widened threefold, and its middle brought to that of ``compass`` (MIDI).
    """
    frames = analyse(sound, rate)
    voiced = frames.f0 > 0
    spoken = 69 + 12 * np.log2(np.where(voiced, frames.f0, 1.0) / 440)
    middle = np.median(spoken[voiced]) if voiced.any() else 0.0
    ladder = np.array([p for p in range(compass[0] - 2, compass[1] + 3) if p % 12 in notes_of(key)])
    pitch, notes, at = np.zeros(len(spoken)), list[Note](), 0
    while at < len(spoken):
        end = at
        while end < len(spoken) and voiced[end] and end - at < 40:
            end += 1
        if end > at:
            aim = sum(compass) / 2 + 3 * (np.median(spoken[at:end]) - middle)
            pitch[at:end] = ladder[np.abs(ladder - aim).argmin()]
            if end - at > 16:
                notes.append(Note(at * FRAME, (end - at) * FRAME, int(pitch[at]), 90, ""))
        at = max(end, at + 1)
    soft = np.convolve(np.pad(pitch, 3, "edge"), np.hanning(9)[1:-1] / np.hanning(9).sum(), "valid")
    soft = np.where(voiced & (np.abs(soft - pitch) < 6), soft, pitch)
    frames = replace(frames, f0=np.where(voiced, 440 * 2 ** ((soft - 69) / 12), 0.0))
    return synthesise(frames.with_formants(formants), rate)[: len(sound)], notes


def deviations(f0: np.ndarray, notes: tuple[Note, ...]) -> np.ndarray:
    """How much too high each note is sung, semitones (N,): the median of its middle; NaN where none of it is voiced."""
    off = np.full(len(notes), np.nan)
    for at, note in enumerate(notes):
        first, last = (round((note.onset + part * note.duration) / FRAME) for part in (0.3, 0.85))
        sounds = f0[first:last][f0[first:last] > 0]
        if len(sounds) >= 3:
            off[at] = np.median(69 + 12 * np.log2(sounds / 440)) - note.pitch
    return off


def _warped(table: np.ndarray, formants: float) -> np.ndarray:
    """A table of spectra (N, F) with its frequencies times ``formants``."""
    bins = np.arange(table.shape[1]) / formants
    low = np.minimum(bins.astype(int), len(bins) - 1)
    high, part = np.minimum(low + 1, len(bins) - 1), bins - np.floor(bins)
    return np.exp(np.log(table[:, low] + 1e-16) * (1 - part) + np.log(table[:, high] + 1e-16) * part)


def sing(
    syllables: dict[str, Frames],
    notes: tuple[Note, ...],
    rate: int,
    manner: Manner,
    rng: np.random.Generator,
) -> np.ndarray:
    """Sing notes on spoken syllables, float64 (L,). Vowels begin on the note, consonants before it."""
    count = round((notes[-1].end + AFTER) / FRAME)
    pitch = pitches(notes, count, manner, rng)
    width = next(iter(syllables.values())).spectrum.shape[1]
    whole = Frames(np.zeros(count), np.full((count, width), 1e-16), np.ones((count, width)))
    free = 0  # the first frame that no syllable has
    for at, note in enumerate(notes):
        spoken = syllables[note.syllable]
        first, last = round(note.onset / FRAME), round(note.end / FRAME)
        head = min(_head(spoken), first - free if at == 0 or free < first else round(0.4 * HEAD / FRAME))
        index = time_map(spoken, head, last - first)
        start = first - head
        sung = spoken.pick(index)
        ends = at + 1 == len(notes) or notes[at + 1].onset - note.end > RELEASE
        gain = _gain(sung, note.velocity) * _envelope(len(index), round(RELEASE / FRAME) if ends else 2)
        whole.f0[start:last] = np.where(sung.f0 > 0, pitch[start:last], 0.0)
        whole.spectrum[start:last] = sung.spectrum * gain[:, None] ** 2
        whole.noise[start:last] = sung.noise
        free = last
    return synthesise(whole, rate)


def _head(spoken: Frames) -> int:
    """Frames of a syllable before its vowel: until voicing and power have both come."""
    power = spoken.spectrum.sum(axis=1)
    if not (spoken.f0 > 0).any():
        return 0
    vowel = (spoken.f0 > 0) & (power > 0.25 * np.median(power[spoken.f0 > 0]))
    return min(int(vowel.argmax()), round(HEAD / FRAME)) if vowel.any() else 0


def time_map(spoken: Frames, head: int, length: int) -> np.ndarray:
    """Which frame of a syllable sounds when: ``head`` of them before the note, then ``length``.

    Of its vowel only voiced frames are stretched, so that a creak or a gap does not become long.
    """
    begin = _head(spoken)
    voiced = np.nonzero(spoken.f0[begin:] > 0)[0] + begin
    body = voiced if len(voiced) >= 4 else np.arange(begin, len(spoken.f0))
    tail = min(round(TAIL / FRAME), length // 4, len(body) // 3)
    middle = body[: len(body) - tail]
    stretched = middle[np.linspace(0, len(middle) - 1, length - tail).round().astype(int)]
    return np.concatenate([np.arange(begin - head, begin), stretched, body[len(body) - tail :]])


def _gain(sung: Frames, velocity: int) -> float:
    """Amplitude that brings a syllable to its velocity, by its voiced frames."""
    power = sung.spectrum[sung.f0 > 0] if (sung.f0 > 0).any() else sung.spectrum
    return float((velocity / 100) / np.sqrt(power.sum(axis=1).mean() + 1e-16))


def _envelope(length: int, release: int) -> np.ndarray:
    """Amplitudes from 0 to 1 and, over the last ``release`` frames, back."""
    shape = np.ones(length)
    fade = min(release, length // 2)
    shape[:2] = (0.3, 0.7)
    shape[length - fade :] = np.cos(np.linspace(0, np.pi / 2, fade)) if fade else 1.0
    return shape


def pitches(notes: tuple[Note, ...], count: int, manner: Manner, rng: np.random.Generator) -> np.ndarray:
    """The pitch of each frame, Hz (N,): glides between notes, scoops after rests, vibrato, drift."""
    time = np.arange(count) * FRAME
    semitones = np.full(count, float(notes[0].pitch))
    before: Note | None = None
    for note in notes:
        inside = time >= note.onset - manner.glide / 2
        late = time[inside] - note.onset
        connected = before is not None and note.onset - before.end < 0.1
        origin = float(before.pitch) if before and connected else note.pitch - manner.scoop
        swing = np.clip(late / manner.glide + 0.5, 0, 1)
        rise = (1 - np.cos(np.pi * swing)) / 2
        fade = np.clip((late - manner.delay) / 0.2, 0, 1) * (late < note.duration)
        wave = manner.depth * fade * np.sin(2 * np.pi * manner.speed * late)
        semitones[inside] = origin + (note.pitch - origin) * rise + wave
        before = note
    step = rng.standard_normal(count + 40)
    drift = np.convolve(step, np.hanning(41) / np.sqrt((np.hanning(41) ** 2).sum()), "valid")[:count]
    return 440 * 2 ** ((semitones + manner.drift * drift - 69) / 12)
