"""What is rendered is what is written: pitch, length, loudness; the held-out soundfont is the yardstick."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from msgld.data.fonts import heldout_soundfont
from msgld.data.render import Renderer
from msgld.errors import DataError
from msgld.music.midi.parts import Part

RATE = 44_100


def part(program: int, notes: list[tuple[float, float, int, int]], drums: bool = False) -> Part:
    """Notes: onset, duration, pitch, velocity."""
    onset, duration, pitch, velocity = (np.array(column) for column in zip(*notes, strict=True))
    size = len(notes)
    return Part("drums" if drums else "other", program, drums, onset.astype(float), duration.astype(float),
                pitch, velocity, np.ones(size), np.zeros(size))  # fmt: skip


def played(*parts: Part, seconds: float = 3.0) -> np.ndarray:
    return Renderer(heldout_soundfont(), RATE).render(parts, 0.0, seconds)


def semitones_off(sound: np.ndarray, pitch: int) -> float:
    """How far the loudest series of partials within half an octave lies from a pitch."""
    wave = sound.mean(0)[round(0.7 * RATE) : round(2.2 * RATE)]
    size = 1 << 18
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), size))
    hertz = np.arange(len(spectrum)) * RATE / size
    offsets = np.linspace(-7, 7, 1401)
    tones = 440 * 2 ** ((pitch + offsets - 69) / 12)
    strength = np.sum([0.8**k * np.interp(k * tones, hertz, spectrum) for k in (1, 2, 3, 4)], axis=0)
    return float(offsets[np.argmax(strength)])


PITCHES = {0: (48, 55, 67), 24: (52, 60), 30: (48, 64), 33: (36, 45), 48: (60, 72), 73: (67, 79)}


@pytest.mark.parametrize(("program", "pitches"), PITCHES.items())
def test_notes_have_their_pitch(program: int, pitches: tuple[int, ...]):
    for pitch in pitches:
        sound = played(part(program, [(0.5, 2.0, pitch, 100)]))
        assert abs(semitones_off(sound, pitch)) < 0.2, (program, pitch)


def test_a_cymbal_rings_and_a_kick_does_not():
    def decay(key: int) -> float:
        wave = played(part(0, [(0.1, 0.05, key, 110)], drums=True)).mean(0)
        power = np.convolve(wave**2, np.ones(2205) / 2205, "same")
        return float((power > 1e-3 * power.max()).sum() / RATE)

    assert decay(49) > 0.6 and decay(49) > 1.5 * decay(36)


def test_velocity_is_loudness():
    loud, soft = (np.sqrt(np.mean(played(part(48, [(0.2, 2.0, 60, v)])) ** 2)) for v in (127, 64))
    assert 20 * np.log10(loud / soft) == pytest.approx(40 * np.log10(127 / 64), abs=1.5)


def test_rendering_is_additive_and_leaves_nothing_behind():
    bass, flute = part(33, [(0.1, 1.0, 40, 100), (1.2, 1.0, 43, 80)]), part(73, [(0.4, 1.5, 72, 90)])
    both, one, other = played(bass, flute), played(bass), played(flute)
    # Envelopes move in steps of 64 samples, which begin anew with every event.
    assert np.abs(both - one - other).max() < 2e-3 * np.abs(both).max()
    assert np.array_equal(one, played(bass)), "whatever was played before"


def test_more_parts_than_channels_all_sound():
    many = [part(73, [(0.1 + 0.05 * k, 1.0, 60 + k, 100)]) for k in range(20)]
    together = played(*many)
    assert np.abs(together - sum(played(one) for one in many)).max() < 5e-3 * np.abs(together).max()


def test_a_kit_that_the_soundfont_lacks_is_the_standard_one():
    hits = [(0.1 + 0.2 * k, 0.1, key, 100) for k, key in enumerate((36, 38, 42))]
    assert np.array_equal(played(part(7, hits, drums=True)), played(part(0, hits, drums=True)))


def test_what_is_no_soundfont_is_refused(tmp_path: Path):
    (tmp_path / "no.sf2").write_bytes(b"RIFF nothing")
    for name in ("no.sf2", "none.sf2"):
        with pytest.raises(DataError, match=name):
            Renderer(tmp_path / name)


def test_a_stretch_is_the_same_wherever_it_is_cut():
    notes = part(0, [(0.2 + 0.3 * k, 0.25, 60 + k, 90) for k in range(8)])
    whole = played(notes)
    renderer = Renderer(heldout_soundfont(), RATE)
    later = renderer.render([notes], 1.0, 2.0)
    assert np.abs(later - whole[:, RATE : 3 * RATE]).max() < 0.02 * np.abs(whole).max()
    silent = renderer.render([replace(notes, gain=np.zeros(8))], 0.0, 1.0)
    assert not silent.any()


def brightness(sound: np.ndarray) -> float:
    """The spectrum's centre of gravity, in hertz."""
    power = np.abs(np.fft.rfft(sound.mean(0))) ** 2
    return float((power * np.fft.rfftfreq(sound.shape[1], 1 / RATE)).sum() / power.sum())


@pytest.mark.parametrize("colour", [-4, 3])
def test_colour_moves_the_sound_and_not_the_note(colour: int):
    note = part(52, [(0.5, 2.0, 60, 100)])  # a choir, whose vowel is a resonance
    plain = played(note)
    shifted = Renderer(heldout_soundfont(), RATE, colour).render([note], 0.0, 3.0)
    assert abs(semitones_off(shifted, 60)) < 0.2
    assert (brightness(shifted) > brightness(plain)) == (colour > 0)
    assert np.array_equal(played(note), plain), "the next sound is as it was"
    drum = part(0, [(0.1, 0.05, 38, 110)], drums=True)
    higher = Renderer(heldout_soundfont(), RATE, colour).render([drum], 0.0, 1.0)
    assert (brightness(higher) > brightness(played(drum, seconds=1.0))) == (colour > 0)
