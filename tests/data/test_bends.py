"""Pitch bends: notes of a bent channel have the bent pitch, all others their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import scores
from hypothesis import given
from hypothesis import strategies as st
from midi_bytes import Message, control, note, reach, smf, tempo, wheel
from scores import score, track
from soundfonts.write import Preset, Zone, write_soundfont

from msgld.data.render import Renderer
from msgld.music.midi.parts import STRAIGHT, Bend, Part, crop, stretch, transpose
from msgld.music.midi.perform import parts, read_midi

RATE = 22_050
Play = Callable[..., np.ndarray]


@pytest.fixture(scope="module")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    """Plays sines."""
    path = tmp_path_factory.mktemp("fonts") / "sines.sf2"
    # A whole number of periods: 441 Hz.
    wave = (0.4 * np.sin(2 * np.pi * 441 * np.arange(3 * RATE) / RATE)).astype(np.float32)
    write_soundfont(path, "sines", [Preset("sine", 0, [Zone(wave, RATE, 69 + 12 * np.log2(441 / 440))])])
    return Renderer(path, RATE)


def play(renderer: Renderer, *tracks: list[Message], start: float = 0.0, seconds: float = 2.0) -> np.ndarray:
    parts = read_midi(smf([tempo(500_000)], *tracks), "a.mid").parts
    return np.asarray(renderer.render(parts, start, seconds).mean(0))


def cents(wave: np.ndarray, key: float, start: float, seconds: float = 0.4) -> float:
    """How far the strongest partial within a whole tone of a key is off it."""
    piece = wave[round(start * RATE) : round((start + seconds) * RATE)]
    hertz = np.fft.rfftfreq(1 << 19, 1 / RATE)
    spectrum = np.abs(np.fft.rfft(piece * np.hanning(len(piece)), 1 << 19))
    near = np.abs(12 * np.log2(np.maximum(hertz, 1) / 440) + 69 - key) < 2
    return float(1200 * np.log2(hertz[near][spectrum[near].argmax()] / 440) + 100 * (69 - key))


@pytest.mark.parametrize(
    ("moves", "key"),
    [([wheel(0, 4096)], 61), ([wheel(0, -8192)], 58), ([*reach(0, 12), wheel(0, 4096)], 66),
     ([*reach(0, 24), wheel(0, -4096)], 48), ([*reach(0, 2, cents=50), wheel(0, 2048)], 60.625)],
)  # fmt: skip
def test_a_bent_note_sounds_bent_and_its_neighbour_does_not(
    renderer: Renderer, moves: list[Message], key: float
):
    sound = play(renderer, moves, note(0, 60, 0, 1920), note(1, 76, 0, 1920))
    assert abs(cents(sound, key, 0.5)) < 5
    assert abs(cents(sound, 76, 0.5)) < 5


def test_a_note_is_bent_while_it_sounds(renderer: Renderer):
    sound = play(
        renderer, note(0, 60, 0, 1920), [wheel(0, 8191, 480), wheel(0, 0, 960)], note(1, 76, 0, 1920)
    )
    for start, key in ((0.05, 60), (0.55, 62), (1.05, 60)):
        assert abs(cents(sound, key, start)) < 5
        assert abs(cents(sound, 76, start)) < 5


def test_a_stretch_that_begins_later_knows_what_was_bent_before(renderer: Renderer):
    tracks = [wheel(0, 4096, 100)], note(0, 60, 480, 1920)
    later = play(renderer, *tracks, start=1.0, seconds=1.0)
    assert abs(cents(later, 61, 0.3)) < 5


def test_notes_of_one_channel_are_bent_alike_whatever_their_loudness_and_place(renderer: Renderer):
    loud, soft = note(0, 60, 0, 1920, 120), note(0, 72, 0, 1920, 60)
    sound = play(renderer, [wheel(0, 4096), control(0, 10, 64)], loud, soft)
    assert abs(cents(sound, 61, 0.5)) < 5 and abs(cents(sound, 73, 0.5)) < 5


def test_the_next_sound_is_as_if_nothing_had_been_bent(renderer: Renderer):
    straight = note(0, 60, 0, 960)
    before = play(renderer, straight)
    assert not np.array_equal(before, play(renderer, [wheel(0, 4096)], straight))
    assert np.array_equal(before, play(renderer, straight))


def test_a_wheel_that_does_not_move_changes_no_sample(renderer: Renderer):
    straight = note(0, 60, 0, 960)
    moved = [wheel(0, 0, at) for at in range(0, 960, 7)]
    back = [wheel(0, 4000, 0), wheel(0, 0, 0), *reach(0, 12)]
    for silent in (moved, back):
        assert np.array_equal(play(renderer, straight), play(renderer, silent, straight))


def test_more_bent_parts_than_channels_keep_their_bends(renderer: Renderer):
    one = np.array([1.0])
    parts = [
        Part("other", 0, False, 0 * one, 2 * one, np.array([36 + 3 * k]), np.array([100]), one, 0 * one,
             Bend(np.zeros(1), one * (0.5 if k % 2 else 0.0)))
        for k in range(18)
    ]  # fmt: skip
    sound = renderer.render(parts, 0.0, 2.0).mean(0)
    for k in range(18):
        assert abs(cents(sound, 36 + 3 * k + (0.5 if k % 2 else 0.0), 0.1, 0.8)) < 5


def part(*steps: tuple[float, float]) -> Part:
    onset = np.array([0.0, 1.0, 2.0])
    return Part("other", 0, False, onset, 0 * onset + 0.5, np.array([60, 62, 64]), np.array([90, 90, 90]),
                0 * onset + 1, 0 * onset, Bend.of(steps))  # fmt: skip


def test_what_changes_notes_keeps_bends_in_place():
    bent = part((0.5, 1.0), (1.5, 0.0))
    (slow,) = stretch([bent], 0.5)
    assert slow.bend.time.tolist() == [1, 3] and slow.bend.semitones.tolist() == [1, 0]
    (higher,) = transpose([bent], 3)
    for same in (higher, crop(bent, 1.0, 1.0, 0.0), bent.pick(np.array([2]))):
        assert same.bend is bent.bend
    assert replace(bent, bend=STRAIGHT).bend.since(0).time.size == 0


def test_a_score_in_memory_is_bent_too():
    made = track([(0.0, 2.0, 60, 90)])
    for number, value in ((101, 0), (100, 0), (6, 12)):
        scores.control(made, number, value)
    made.pitch_bends.append(scores.symusic.PitchBend(1.0, 4096, ttype="second"))
    (part,) = parts(score(made))
    assert (part.bend.time.tolist(), part.bend.semitones.tolist()) == ([1.0], [6.0])


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(-3, 3)), max_size=12), st.integers(-1, 21))
def test_counting_from_later_changes_no_value(steps: list[tuple[int, int]], zero: int):
    def at(bend: Bend, time: float) -> float:
        index = int(np.searchsorted(bend.time, time, side="right"))
        return float(bend.semitones[index - 1]) if index else 0.0

    bend = Bend.of([(float(t), float(s)) for t, s in sorted(steps, key=lambda step: step[0])])
    later = bend.since(zero)
    assert (later.time >= 0).all() and (np.diff(later.semitones, prepend=0.0) != 0).all()
    for time in np.arange(max(zero, 0), 22, 0.5):
        assert at(later, time - zero) == at(bend, time)
