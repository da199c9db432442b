"""Activations become the notes they were made of; ghosts go, octaves stay; windows change nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from msgld.music.listen import stem as windowed
from msgld.music.listen.drums import KINDS, drum_kinds
from msgld.music.listen.notes import Activity, Rules, decode_notes
from msgld.music.listen.stem import activity_of, listen, mono
from msgld.nets.listener import Listener, ListenerConfig
from msgld.training.listener.targets import note_targets

RATE, HOP = 22_050, 512
SECOND = RATE / HOP
FREE = Rules(ghost=0.0, most=88)
SMALL = ListenerConfig(entry=4, width=6, depth=2, attack_bands=6, drum_width=12, drum_depth=2, drum_hidden=12)


def activity(notes: list[tuple[float, float, int, float]], sure: list[float] | None = None) -> Activity:
    """Perfect activations of notes (onset, end, pitch, velocity); onsets as probable as ``sure`` says."""
    targets = note_targets([np.array(notes).reshape(-1, 4)], 430, SECOND, 21, 88)
    onset, sounding, velocity, shift = (
        getattr(targets, name)[0].numpy().copy() for name in ("onset", "sounding", "velocity", "shift")
    )
    for (start, _, pitch, _), one in zip(notes, sure or [1.0] * len(notes), strict=True):
        onset[pitch - 21, round(start * SECOND)] = one
    return Activity(onset, sounding, velocity, shift, SECOND, 21)


def random_notes(seed: int) -> list[tuple[float, float, int, float]]:
    """Notes of a second at most, of one pitch 0.1 s apart or more."""
    rng, notes = np.random.default_rng(seed), []
    for pitch in rng.choice(np.arange(30, 100), 20, replace=False).tolist():
        start = rng.uniform(0.02, 1)
        for _ in range(5):
            end = start + rng.uniform(0.06, 1)
            notes.append((float(start), float(end), pitch, float(rng.integers(1, 128) / 127)))
            start = end + rng.uniform(0.1, 0.6)
    return sorted(notes)


@pytest.mark.parametrize("seed", range(4))
def test_notes_come_back_from_their_own_activations(seed: int):
    notes = random_notes(seed)
    part = decode_notes(activity(notes), "other", (0.5, 0.5), FREE)
    true = np.array(notes)
    order = np.lexsort((true[:, 2], true[:, 0].round(6)))
    true = true[order]
    assert part.pitch.tolist() == true[:, 2].astype(int).tolist()
    np.testing.assert_allclose(part.onset, true[:, 0], atol=1e-4)
    np.testing.assert_allclose(part.onset + part.duration, true[:, 1], atol=1.5 / SECOND)
    assert np.abs(part.velocity - 127 * true[:, 3]).max() < 0.51


def test_a_higher_threshold_finds_some_of_the_notes_of_a_lower_one():
    rng = np.random.default_rng(0)
    random = Activity(*rng.random((4, 88, 200)).astype(np.float32), SECOND, 21)
    found = [
        {(round(onset, 6), pitch) for onset, pitch in zip(part.onset, part.pitch, strict=True)}
        for threshold in (0.99, 0.9, 0.5)
        for part in [decode_notes(random, "other", (threshold, 0.5), FREE)]
    ]
    assert found[0] < found[1] < found[2]


@pytest.mark.parametrize("above", [12, 19, 24, 28])
def test_a_faint_overtone_is_a_ghost_and_a_clear_octave_is_not(above: int):
    two = [(1.0, 2.0, 48, 0.8), (1.01, 2.0, 48 + above, 0.5)]
    rules = Rules(ghost=0.6)
    faint = decode_notes(activity(two, [0.9, 0.5]), "piano", (0.4, 0.5), rules)
    clear = decode_notes(activity(two, [0.9, 0.8]), "piano", (0.4, 0.5), rules)
    assert faint.pitch.tolist() == [48] and clear.pitch.tolist() == [48, 48 + above]


def test_a_faint_note_that_is_no_overtone_or_comes_later_stays():
    rules = Rules(ghost=0.6)
    fourth = activity([(1.0, 2.0, 48, 0.8), (1.0, 2.0, 53, 0.5)], [0.9, 0.45])
    later = activity([(1.0, 2.0, 48, 0.8), (1.3, 2.0, 60, 0.5)], [0.9, 0.45])
    assert len(decode_notes(fourth, "piano", (0.4, 0.5), rules)) == 2
    assert len(decode_notes(later, "piano", (0.4, 0.5), rules)) == 2


def test_of_too_many_notes_at_once_the_surest_stay():
    chord = [(1.0, 2.0, pitch, 0.8) for pitch in (40, 41, 42, 43, 44)]
    part = decode_notes(
        activity(chord, [0.5, 0.9, 0.6, 0.95, 0.7]), "guitar", (0.4, 0.5), Rules(most=3, ghost=0.0)
    )
    assert part.pitch.tolist() == [41, 43, 44]


def test_a_single_voice_ends_where_the_next_note_begins():
    line = [(1.0, 3.0, 40, 0.8), (2.0, 3.0, 43, 0.8)]
    single = decode_notes(activity(line), "bass", (0.5, 0.5), Rules(single=True))
    both = decode_notes(activity(line), "bass", (0.5, 0.5), Rules(single=False))
    np.testing.assert_allclose(single.duration, [1.0, 1.0], atol=2 / SECOND)
    np.testing.assert_allclose(both.duration, [2.0, 1.0], atol=2 / SECOND)


def test_a_repeated_note_ends_before_it_is_struck_again():
    part = decode_notes(activity([(1.0, 1.5, 60, 0.8), (1.5, 2.0, 60, 0.8)]), "piano", (0.5, 0.5))
    assert len(part) == 2 and part.onset[0] + part.duration[0] <= part.onset[1] + 1e-9


def listener() -> Listener:
    torch.manual_seed(0)
    made = Listener(SMALL).eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return made


@pytest.mark.parametrize("stem", ["bass", "drums"])
@pytest.mark.parametrize("samples", [150 * HOP, 151 * HOP - 1])
def test_windows_change_nothing(stem: str, samples: int, monkeypatch: pytest.MonkeyPatch):
    wave, ears = 0.1 * torch.randn(1, samples), listener()
    whole = activity_of(ears, wave, stem)
    monkeypatch.setattr(windowed, "FRAMES", 37)
    monkeypatch.setattr(
        windowed, "windows", lambda frames, hop, context: _small_windows(frames, hop, context)
    )
    pieces = activity_of(ears, wave, stem)
    for name in ("onset", "sounding", "velocity", "shift"):
        assert getattr(whole, name).shape == (88, samples // HOP + 1)
        np.testing.assert_allclose(getattr(whole, name), getattr(pieces, name), atol=1e-4)


def _small_windows(frames: int, hop: int, context: int):
    for first in range(0, frames, windowed.FRAMES):
        last = min(frames, first + windowed.FRAMES)
        yield first, last, max(0, first - context) * hop, (last + context) * hop


def test_loudness_does_not_matter_and_silence_has_no_notes():
    sound, ears = np.random.default_rng(0).standard_normal((2, RATE)).astype(np.float32), listener()
    soft, loud = (listen(ears, gain * sound, RATE, "piano") for gain in (0.01, 1.0))
    assert len(soft) and soft.pitch.tolist() == loud.pitch.tolist()
    assert not len(listen(ears, 0 * sound, RATE, "piano"))


def test_an_unknown_stem_counts_as_other():
    sound, ears = np.random.default_rng(0).standard_normal((1, RATE)).astype(np.float32), listener()
    one, other = (activity_of(ears, mono(sound, RATE, RATE), stem) for stem in ("organ", "other"))
    np.testing.assert_array_equal(one.onset, other.onset)


def test_kinds_of_drums_stand_for_themselves():
    assert (drum_kinds(KINDS) == KINDS).all()
    assert drum_kinds(np.array([35, 40, 44])).tolist() == [36, 38, 42]
