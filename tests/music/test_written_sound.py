"""Notes that were read sound as they are written: bends, volume, pedals, places; each channel by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from midi_bytes import Message, control, note, program, reach, smf, tempo, wheel
from soundfonts.write import Preset, Zone, write_soundfont

from msgld.data.fonts import KITS
from msgld.music.midi.perform import read_midi
from msgld.music.notes import joined
from msgld.music.render import render, render_notes
from msgld.music.score import score_of
from msgld.stems import RATE

SLOW = 22_050


@pytest.fixture(scope="module")
def font(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Plays sines of six seconds and more, below A5 at least three."""
    wave = (0.4 * np.sin(2 * np.pi * 441 * np.arange(6 * SLOW) / SLOW)).astype(np.float32)
    tone = [Zone(wave, SLOW, 69 + 12 * np.log2(441 / 440))]
    path = tmp_path_factory.mktemp("fonts") / "sines.sf2"
    write_soundfont(path, "sines", [Preset("sine", 0, tone), Preset("kit", 0, tone, KITS)])
    return path


def play(font: Path, *tracks: list[Message], seconds: float = 2.0, drums: bool = False) -> np.ndarray:
    score = score_of(read_midi(smf([tempo(500_000)], *tracks), "a.mid"))
    return render_notes(joined(list(score.notes.values())), score.timeline, drums, font, seconds)


def cents(sound: np.ndarray, key: float, start: float, seconds: float = 0.4) -> float:
    """How far the strongest partial within a semitone of a key is off it."""
    piece = sound.mean(0)[round(start * RATE) : round((start + seconds) * RATE)]
    hertz = np.fft.rfftfreq(1 << 19, 1 / RATE)
    spectrum = np.abs(np.fft.rfft(piece * np.hanning(len(piece)), 1 << 19))
    near = np.abs(12 * np.log2(np.maximum(hertz, 1) / 440) + 69 - key) < 0.9
    return float(1200 * np.log2(hertz[near][spectrum[near].argmax()] / 440) + 100 * (69 - key))


def decibels(sound: np.ndarray, start: float, seconds: float = 0.2) -> float:
    piece = sound[:, round(start * RATE) : round((start + seconds) * RATE)].astype(np.float64)
    return 10 * float(np.log10((piece**2).mean() + 1e-12))


@pytest.mark.parametrize(
    ("moves", "semitones"),
    [([wheel(0, 8191)], 2), ([wheel(0, -8192)], -2), ([wheel(0, 2048)], 0.5), ([*reach(0, 12), wheel(0, 4096)], 6),
     ([*reach(0, 48), wheel(0, -4096)], -24), ([*reach(0, 1, cents=50), wheel(0, 4096)], 0.75),
     ([control(0, n, v) for n, v in ((101, 0), (100, 1), (6, 96))], 0.5)],
)  # fmt: skip
def test_a_bend_sounds_as_far_off_as_it_says(font: Path, moves: list[Message], semitones: float) -> None:
    assert abs(cents(play(font, note(0, 69, 0, 1920)), 69, 0.5)) < 1
    sound = play(font, moves, note(0, 69, 0, 1920))
    assert abs(cents(sound, 69 + semitones, 0.5)) < 3


def test_a_note_is_bent_while_it_sounds_and_its_neighbour_is_not(font: Path) -> None:
    sound = play(font, note(0, 60, 0, 1920), [wheel(0, 8191, 480), wheel(0, 0, 1200)], note(1, 76, 0, 1920))
    for start, key in ((0.05, 60), (0.6, 62), (1.35, 60)):
        assert abs(cents(sound, key, start)) < 5
        assert abs(cents(sound, 76, start)) < 5


def test_more_bent_channels_than_a_synthesiser_has_keep_their_bends(font: Path) -> None:
    score = [[wheel(k % 16, 4096 if k % 2 else 0), *note(k % 16, 40 + 3 * k, 0, 1920)] for k in range(16)]
    melody = [track for k, track in enumerate(score) if k != 9]
    further = [
        [(0, bytes((0xFF, 0x21, 1, 1))), wheel(k, 4096), *note(k, 86 + 3 * k, 0, 1920)] for k in range(3)
    ]
    sound = play(font, *melody, *further)
    expected = [40 + 3 * k + (1 if k % 2 else 0) for k in range(16) if k != 9] + [87, 90, 93]
    for key in expected:
        assert abs(cents(sound, key, 0.1, 0.8)) < 5, key


def test_drums_are_bent_too(font: Path) -> None:
    assert abs(cents(play(font, [wheel(9, 4096)], note(9, 60, 0, 1920), drums=True), 61, 0.1)) < 5


@pytest.mark.parametrize("number", [7, 11])
def test_volume_and_expression_move_while_a_note_sounds(font: Path, number: int) -> None:
    sound = play(font, note(0, 69, 0, 1920), [control(0, number, 100), control(0, number, 50, 960)])
    assert decibels(sound, 0.6) - decibels(sound, 1.4) == pytest.approx(12.04, abs=0.3)


def test_a_swell_may_begin_in_silence_and_a_loud_volume_is_louder(font: Path) -> None:
    silent = play(
        font, note(0, 69, 0, 1920), [control(0, 11, 0), control(0, 11, 127, 960)], note(1, 69, 1900, 10)
    )
    usual, loud = play(font, note(0, 69, 0, 1920)), play(font, note(0, 69, 0, 1920), [control(0, 7, 127)])
    assert decibels(silent, 0.5) < decibels(usual, 0.5) - 60
    assert decibels(silent, 1.4) == pytest.approx(decibels(usual, 1.4), abs=0.3)
    assert decibels(loud, 0.5) - decibels(usual, 0.5) == pytest.approx(40 * np.log10(1.27), abs=0.3)


def test_channels_are_as_loud_as_each_says(font: Path) -> None:
    low = [control(0, 7, 127), *note(0, 50, 0, 1920)]
    high = [control(1, 7, 64), *note(1, 80, 0, 1920)]
    together = play(font, low, high)
    apart = play(font, low) + play(font, high)
    assert together == pytest.approx(apart, abs=2e-3)


def test_a_pedal_holds_and_a_key_alone_does_not(font: Path) -> None:
    held = play(font, [control(0, 64, 127), control(0, 64, 0, 1440)], note(0, 69, 0, 240))
    let_go = play(font, note(0, 69, 0, 240))
    assert decibels(held, 1.0) == pytest.approx(decibels(held, 0.1), abs=1)
    assert decibels(let_go, 1.0) < decibels(held, 1.0) - 30


def test_a_place_on_the_left_is_louder_there(font: Path) -> None:
    left, right = play(font, note(0, 69, 0, 1920), [control(0, 10, 0)])
    assert np.abs(left).max() > 10 * np.abs(right).max()


def test_changes_of_program_on_one_channel_keep_its_bend() -> None:
    tracks = [
        program(0, 24),
        *note(0, 57, 0, 480),
        program(0, 27, 960),
        *note(0, 57, 960, 480),
        wheel(0, 8191),
    ]
    score = score_of(read_midi(smf([tempo(500_000)], tracks), "a.mid"))
    sound = render(score)["guitar"]
    for start in (0.1, 1.1):
        assert abs(cents(sound, 59, start, 0.3)) < 15, "a real guitar"
