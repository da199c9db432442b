"""Laws of rendering: pitch, loudness, time, silence, sums, and what is said when a soundfont is none."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from fonts import save_soundfont

from msgld.errors import DataError, UsageError
from msgld.music.bars import Bars, Timeline
from msgld.music.notes import Notes
from msgld.music.render import RELEASE, SHIPPED, render, render_notes
from msgld.music.render.balance import MIX, POSITIONS
from msgld.music.render.loudness import SILENT, lufs
from msgld.music.score import Score
from msgld.stems import RATE

STEADY = Timeline.steady(120)


def notes(*rows: tuple[float, float, int, int], program: int = 0) -> Notes:
    return Notes.of(*np.array(rows, float).reshape(-1, 4).T, program)


def decibels(ratio: float) -> float:
    return 20 * float(np.log10(ratio))


def rms(sound: np.ndarray) -> float:
    return float(np.sqrt((sound.astype(np.float64) ** 2).mean()))


def cents_off(sound: np.ndarray, key: int) -> float:
    """Of the strongest partial among the first four, after the attack."""
    part = sound[:, RATE // 4 : RATE // 4 + RATE]
    power = (np.abs(np.fft.rfft(part * np.hanning(part.shape[1]), 1 << 20)) ** 2).sum(0)
    hertz = np.fft.rfftfreq(1 << 20, 1 / RATE)
    loudest = []
    for partial in range(1, 5):
        expected = partial * 440 * 2 ** ((key - 69) / 12)
        near = np.abs(1200 * np.log2(np.maximum(hertz, 1) / expected)) < 60
        at = np.flatnonzero(near)[power[near].argmax()]
        loudest.append((power[at], 1200 * np.log2(hertz[at] / expected)))
    return float(max(loudest)[1])


def score(stems: dict[str, Notes], bars: int = 2, timeline: Timeline = STEADY) -> Score:
    start = np.arange(bars + 1) * 4.0
    return Score(Bars(start, np.arange(bars)), timeline, stems)


def band() -> dict[str, Notes]:
    beat = np.arange(32) / 4.0
    eight = [(float(at), 0.2, 42, 80) for at in beat[::2]]
    kicks = [(float(at), 0.2, 36 if at % 2 < 1 else 38, 110) for at in range(8)]
    return {
        "drums": notes(*eight, *kicks),
        "bass": notes(*[(float(at), 0.9, 36 + at % 5, 100) for at in range(8)], program=33),
        "piano": notes(*[(float(at), 1.8, key, 80) for at in (0, 2, 4, 6) for key in (60, 64, 67)]),
        "other": notes((0, 8, 55, 70), (0, 8, 64, 70), program=48),
    }


@pytest.mark.parametrize(
    ("program", "key"),
    [(0, 60), (4, 60), (16, 57), (24, 52), (33, 40), (56, 67), (71, 62), (80, 69), (85, 64)],
)
def test_a_note_sounds_at_its_pitch(program: int, key: int):
    sound = render_notes(notes((0, 4, key, 100), program=program), STEADY)
    assert abs(cents_off(sound, key)) < 10


def test_twice_the_velocity_is_twelve_decibels_louder():
    loud, soft = (render_notes(notes((0, 2, 60, velocity)), STEADY) for velocity in (120, 60))
    assert decibels(rms(loud) / rms(soft)) == pytest.approx(40 * np.log10(2), abs=0.3)


def test_chords_too_loud_for_sixteen_bits_are_their_notes_sum():
    keys = range(40, 64)
    alone = np.sum([render_notes(notes((0, 2, key, 127), program=17), STEADY) for key in keys], axis=0)
    together = render_notes(notes(*[(0, 2, key, 127) for key in keys], program=17), STEADY)
    assert np.abs(together).max() > 1
    assert rms(together - alone) < 0.001 * rms(alone)


def test_more_notes_than_the_synthesiser_has_voices_all_sound():
    keys = range(30, 100)
    many = render_notes(notes(*[(0, 4, key, 60) for key in keys], program=16), STEADY)
    first = render_notes(notes((0, 4, 30, 60), program=16), STEADY)
    part = slice(RATE, 2 * RATE)
    power = np.abs(np.fft.rfft(many[0, part]))[46]  # hertz of key 30
    assert power > 0.5 * np.abs(np.fft.rfft(first[0, part]))[46]


def test_a_note_struck_again_while_it_sounds_sounds_to_its_own_end():
    again = render_notes(notes((0, 2, 60, 100), (1, 4, 60, 100), program=16), STEADY)
    assert rms(again[:, round(2.0 * RATE) : round(2.4 * RATE)]) > 0.5 * rms(
        again[:, RATE : round(1.4 * RATE)]
    )


@pytest.mark.parametrize("offset", [0.0, 0.001, 0.003, 0.01])
def test_onsets_are_in_time_where_the_tempo_changes(tmp_path: Path, offset: float):
    font = save_soundfont(tmp_path / "sine.sf2", RATE)
    timeline = Timeline.of_tempos([(0, 90), (2, 171), (5, 60)])
    beats = np.array([1.0, 2.5, 4.25, 6.0]) + offset
    sound = render_notes(notes(*[(beat, 0.1, 81, 100) for beat in beats]), timeline, soundfont=font)
    envelope = np.abs(sound).max(0)
    for at in timeline.at(beats):
        around = slice(round((at - 0.02) * RATE), round((at + 0.02) * RATE))
        first = around.start + int(np.argmax(envelope[around] > 0.1 * envelope.max()))
        assert abs(first / RATE - at) < 0.0015


def test_silence_is_silent():
    sounds = render(score({"bass": Notes.none(), "drums": Notes.none()}))
    assert set(sounds) == {"bass", "drums"}
    assert all(not sound.any() for sound in sounds.values())


def test_no_stems_and_no_bars():
    assert render(score({})) == {}
    assert render(score({"bass": Notes.none()}, bars=0))["bass"].shape == (2, round(RELEASE * RATE))


def test_the_sound_lasts_to_the_last_bar_and_its_release():
    sounds = render(score(band()))
    assert {sound.shape for sound in sounds.values()} == {(2, round((4 + RELEASE) * RATE))}
    assert all(sound.dtype == np.float32 and not sound[:, -1].any() for sound in sounds.values())


def test_the_sum_of_the_stems_is_a_finished_mix():
    mix = np.sum(list(render(score(band())).values()), axis=0)
    assert np.abs(mix).max() < 10 ** (-1 / 20) + 1e-6
    assert -20 < lufs(mix) < -14
    assert lufs(mix) == pytest.approx(MIX, abs=1)


def test_stems_are_as_loud_as_their_positions_say():
    level = {stem: Notes(one.onset, one.duration, one.pitch, np.full_like(one.velocity, 90), one.program)
             for stem, one in band().items()}  # fmt: skip
    loudness = {stem: lufs(sound) for stem, sound in render(score(level)).items()}
    for stem in ("bass", "piano"):
        assert loudness[stem] - loudness["drums"] == pytest.approx(
            POSITIONS[stem].loudness - POSITIONS["drums"].loudness, abs=1
        )
    assert loudness["other"] < loudness["piano"]  # strings are a pad


def test_guitar_stands_left_and_piano_right():
    part = notes((0, 8, 60, 90))
    sounds = render(score({"guitar": part, "piano": part}))
    assert rms(sounds["guitar"][0]) > 1.2 * rms(sounds["guitar"][1])
    assert rms(sounds["piano"][1]) > 1.2 * rms(sounds["piano"][0])


def test_the_same_score_gives_the_same_bytes_in_threads_too():
    piece = score(band())
    alone = render(piece)
    with ThreadPoolExecutor(2) as pool:
        for other in pool.map(render, [piece, piece]):
            assert all(np.array_equal(alone[stem], other[stem]) for stem in alone)


def test_several_programs_in_a_stem_play_together():
    first, second = notes((0, 2, 60, 90), program=24), notes((0, 2, 67, 90), program=27)
    both = Notes.of(*(np.concatenate([getattr(first, name), getattr(second, name)])
                      for name in ("onset", "duration", "pitch", "velocity", "program")))  # fmt: skip
    apart = [render_notes(one, STEADY) for one in (first, second)]
    assert render_notes(both, STEADY) == pytest.approx(sum(apart), abs=1e-3)


def test_kits_differ():
    hit = (0.0, 0.5, 36, 100)
    kits = [render_notes(notes(hit, program=kit), STEADY, drums=True) for kit in (0, 25)]
    assert not np.allclose(*kits, atol=0.01)


def test_a_stem_that_the_score_lacks():
    with pytest.raises(UsageError, match="no stem guitar"):
        render(score(band()), stems=["guitar"])


@pytest.mark.parametrize("content", [None, b"", b"RIFF", b"RIFF\0\0\0\0sfbk" + bytes(200)])
def test_a_soundfont_that_is_none_gives_one_line(tmp_path: Path, content: bytes | None):
    path = tmp_path / "broken.sf2"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"broken\.sf2.* name an") as raised:
        render_notes(notes((0, 1, 60, 90)), STEADY, soundfont=path)
    assert "\n" not in str(raised.value)


def test_a_truncated_soundfont_gives_one_line(tmp_path: Path):
    path = save_soundfont(tmp_path / "broken.sf2")
    whole = path.read_bytes()
    for size in range(0, len(whole), len(whole) // 60):
        (cut := tmp_path / f"{size}.sf2").write_bytes(whole[:size])
        with pytest.raises(DataError):
            render_notes(notes((0, 1, 60, 90)), STEADY, soundfont=cut)


def test_the_shipped_soundfont_is_the_one_that_its_table_names():
    table = (SHIPPED.parent / "presets.md").read_text(encoding="utf-8")
    assert hashlib.sha256(SHIPPED.read_bytes()).hexdigest() in re.findall(r"\b[0-9a-f]{64}\b", table)
    assert SHIPPED.stat().st_size < 16e6
    assert "Permission is hereby granted" in (SHIPPED.parent / "COPYING.txt").read_text(encoding="utf-8")


def test_loudness_is_that_of_the_standard():
    tone = np.sin(2 * np.pi * 997 * np.arange(5 * RATE) / RATE)
    # BS.1770-5: what a full-scale tone in one channel has.
    assert lufs(np.stack([tone, 0 * tone])) == pytest.approx(-3.01, abs=0.1)
    assert lufs(np.stack([tone, tone]) * 0.1) == pytest.approx(-20.0, abs=0.1)
    assert lufs(np.zeros((2, RATE))) == SILENT
