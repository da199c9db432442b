"""Laws of the built-in band: it keeps its promises, and what it plays is music by simple measures."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache

import numpy as np
import pytest

from msgld.data.band import MODES, RESERVED_SEED, RESERVED_STYLES, STYLES, Piece, compose
from msgld.data.band.compose import plan_piece
from msgld.data.band.dice import Dice
from msgld.data.band.figures import figure
from msgld.data.band.instruments import CLASSES, RANGES, ROLES
from msgld.data.band.patterns.bass import BASS
from msgld.data.band.patterns.grooves import FILLS, GROOVES, OVERLAYS
from msgld.data.band.patterns.guitar import GUITAR
from msgld.data.band.patterns.keys import KEYS
from msgld.data.band.theory import chord
from msgld.data.band.voicing import guitar_shape, lead, voicings
from msgld.errors import UsageError
from msgld.music.keys import key_name, parse_key

SEEDS = 400


@lru_cache(maxsize=1)
def pieces() -> tuple[Piece, ...]:
    """Many pieces, composed once."""
    return tuple(compose(seed) for seed in range(SEEDS))


def notes(track) -> dict[str, np.ndarray]:
    return {name: np.asarray(a, np.int64) for name, a in track.notes.numpy().items()}


def bars_of(piece: Piece) -> int:
    return sum(count for _, _, count in piece.sections)


def bar_ticks(piece: Piece) -> int:
    return 480 * piece.score.time_signatures[0].numerator


@pytest.mark.parametrize("seed", [0, 7, 123_456, RESERVED_SEED + 5])
def test_same_seed_same_notes(seed: int) -> None:
    assert compose(seed).score.dumps_midi() == compose(seed).score.dumps_midi()
    assert compose(seed).score.dumps_midi() != compose(seed + 1).score.dumps_midi()


def test_composing_others_in_between_changes_nothing() -> None:
    alone = compose(3).score.dumps_midi()
    compose(4, style="swing")
    assert compose(3).score.dumps_midi() == alone


@pytest.mark.parametrize("style", STYLES)
def test_every_style_composes_what_is_asked(style: str) -> None:
    for seed in range(20):
        piece = compose(seed, style=style, bpm=100.5, key="F# minor", bars=13)
        assert (piece.style, piece.bpm, piece.key, bars_of(piece)) == (style, 100.5, "F# minor", 13)
        assert piece.score.tempos[0].qpm == pytest.approx(100.5, abs=0.01)
        assert piece.score.note_num() > 0
        assert piece.score.end() <= 13 * bar_ticks(piece)


def test_length_is_honoured_to_the_bar() -> None:
    for bars in (1, 2, 5, 8, 64, 200):
        piece = compose(bars, bars=bars)
        assert bars_of(piece) == bars
        starts = [start for _, start, _ in piece.sections]
        assert starts == list(np.cumsum([0, *[n for _, _, n in piece.sections]])[:-1])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("style", ["pop", "blues", "metal"])
def test_every_mode_can_be_asked_for(style: str, mode: str) -> None:
    assert compose(1, style=style, key=f"Bb {mode}", bars=8).key == f"Bb {mode}"


@pytest.mark.parametrize(
    "wrong", [{"style": "polka"}, {"key": "H"}, {"key": "C jazzy"}, {"bars": 0}, {"bpm": 0}, {"seed": -1}]
)
def test_wrong_wishes_are_refused_in_one_line(wrong: dict) -> None:
    with pytest.raises(UsageError) as caught:
        compose(**{"seed": 0, **wrong})
    assert "\n" not in str(caught.value)


def test_notes_lie_in_the_instruments_range_and_in_the_piece() -> None:
    for piece in pieces():
        end = bars_of(piece) * bar_ticks(piece)
        for track in piece.score.tracks:
            n = notes(track)
            assert n["time"].min() >= 0 and (n["time"] + n["duration"]).max() <= end
            assert n["duration"].min() > 0 and n["velocity"].min() >= 1 and n["velocity"].max() <= 127
            if track.name != "drums":
                low, high = RANGES[track.program]
                assert low <= n["pitch"].min() and n["pitch"].max() <= high


def test_no_pitch_is_struck_while_it_still_sounds() -> None:
    for piece in pieces()[:50]:
        for track in piece.score.tracks:
            n = notes(track)
            order = np.lexsort((n["time"], n["pitch"]))
            on, off, pitch = n["time"][order], (n["time"] + n["duration"])[order], n["pitch"][order]
            same = pitch[1:] == pitch[:-1]
            assert (off[:-1][same] <= on[1:][same]).all()


OF = {"vocals": "other"}
"""The tune that a singer would have is played by instruments of this stem."""


def test_tracks_are_named_after_stems_and_play_their_class() -> None:
    for piece in pieces():
        for track in piece.score.tracks:
            assert track.name in (*CLASSES, "vocals")
            assert track.program in CLASSES[OF.get(track.name, track.name)]
            assert track.is_drum == (track.name == "drums")
            assert {c.number for c in track.controls} == {7, 10}


def test_each_program_of_each_class_is_reached() -> None:
    used = defaultdict(set)
    for piece in pieces():
        for track in piece.score.tracks:
            used[OF.get(track.name, track.name)].add(track.program)
    assert {stem: sorted(used[stem]) for stem in CLASSES} == {s: sorted(CLASSES[s]) for s in CLASSES}
    assert set().union(*ROLES.values()) == set(CLASSES["other"])


def test_each_stem_sounds_mostly_and_rests_at_times() -> None:
    sounding = defaultdict(list)
    for piece in pieces():
        bars, ticks = bars_of(piece), bar_ticks(piece)
        for stem in CLASSES:
            active = np.zeros(bars, bool)
            for track in piece.score.tracks:
                if track.name == stem:
                    active[np.minimum(notes(track)["time"] // ticks, bars - 1)] = True
            sounding[stem].append(active)
    for stem in CLASSES:
        in_pieces = np.mean([a.any() for a in sounding[stem]])
        assert 0.75 < in_pieces < 1.0, stem
        assert 0.5 < np.mean(np.concatenate(sounding[stem])) < 0.9, stem
        assert np.mean([a.any() and not a.all() for a in sounding[stem]]) > 0.4, stem


def test_bass_plays_chord_tones_on_the_beat() -> None:
    """Onsets on the first beat of a bar, judged by the planned chords; pushed bars excepted."""
    hits = total = 0
    for seed in range(60):
        dice = Dice(seed)
        style = dice.pick([s for s in STYLES if s not in RESERVED_STYLES])
        song = plan_piece(STYLES[style], None, None, None, dice)
        chords = [bar.segments[0].chord for section in song.sections for bar in section.bars]
        for track in compose(seed).score.tracks:
            if track.name == "bass":
                n = notes(track)
                bar, place = np.divmod(n["time"] + 40, 480 * song.beats)
                for b, p in zip(bar[place < 80], n["pitch"][place < 80], strict=True):
                    if b < len(chords) and b not in song.pushed:
                        total += 1
                        hits += p % 12 in chords[b].classes
    assert total > 2000
    assert hits / total > 0.9


def test_bass_locks_with_the_kick() -> None:
    """Bass onsets meet a kick far more often than onsets moved by a sixteenth would."""
    met = moved = 0.0
    for seed in range(40):
        tracks = {t.name: notes(t) for t in compose(seed, style="pop").score.tracks}
        if "bass" in tracks and "drums" in tracks:
            drum = tracks["drums"]
            kick = np.sort(drum["time"][np.isin(drum["pitch"], (35, 36))])
            met += np.mean(np.isin(np.round(tracks["bass"]["time"] / 120), np.round(kick / 120)))
            moved += np.mean(np.isin(np.round(tracks["bass"]["time"] / 120) + 1, np.round(kick / 120)))
    assert met > 2 * moved


def test_stems_share_their_harmony() -> None:
    """Guitar and piano share more pitch classes in a bar than when one of them is moved by a bar's chords."""
    here, there = [], []
    for piece in pieces()[:80]:
        sets = {}
        for stem in ("guitar", "piano"):
            sets[stem] = [set() for _ in range(bars_of(piece))]
            for track in (t for t in piece.score.tracks if t.name == stem):
                n = notes(track)
                for b, p in zip(n["time"] // bar_ticks(piece), n["pitch"] % 12, strict=True):
                    sets[stem][min(b, bars_of(piece) - 1)].add(p)
        for b in range(bars_of(piece) - 1):
            a, c, d = sets["guitar"][b], sets["piano"][b], sets["piano"][b + 1]
            if len(a) > 2 and c and d:
                here.append(len(a & c) / len(c))
                there.append(len(a & d) / len(d))
    assert np.mean(here) > 0.6
    assert np.mean(here) > np.mean(there) + 0.15


def test_swing_delays_the_second_eighth() -> None:
    def offbeats(style: str) -> float:
        found = []
        for seed in range(10):
            for track in compose(seed, style=style).score.tracks:
                if track.name == "drums":
                    place = notes(track)["time"] % 480 / 480
                    found += list(place[(place > 0.4) & (place < 0.8)])
        return float(np.median(found))

    assert offbeats("swing") > 0.56
    assert abs(offbeats("metal") - 0.5) < 0.03


def test_reserved_styles_come_only_when_asked() -> None:
    drawn = {p.style for p in pieces()}
    assert drawn == set(STYLES) - set(RESERVED_STYLES)
    assert len(RESERVED_STYLES) == 2 and len(STYLES) >= 12
    assert compose(0, style="waltz").score.time_signatures[0].numerator == 3


def test_all_keys_and_many_tempos_occur() -> None:
    assert len({parse_key(p.key)[0] for p in pieces()}) == 12
    tempos = [p.bpm for p in pieces()]
    assert min(tempos) < 65 and max(tempos) > 190


def test_tunes_come_back() -> None:
    """Sections of one name share their rhythm: two choruses are more alike than a chorus and a verse."""
    same, other = [], []
    for piece in pieces()[:120]:
        grids = defaultdict(list)
        for name, start, count in piece.sections:
            row = np.zeros(16 * 4, bool)
            for track in piece.score.tracks:
                if track.name in ("bass", "guitar") and count >= 4:
                    step = np.round(notes(track)["time"] / (bar_ticks(piece) / 16)).astype(int) - start * 16
                    row[step[(step >= 0) & (step < 64)]] = True
            if row.any():
                grids[name].append(row)
        if len(grids["chorus"]) > 1 and grids["verse"]:
            same.append(np.mean(grids["chorus"][0] == grids["chorus"][1]))
            other.append(np.mean(grids["chorus"][0] == grids["verse"][0]))
    assert np.mean(same) > np.mean(other) + 0.1


def test_styles_name_only_what_exists() -> None:
    for style in STYLES.values():
        assert (
            set(style.bass) <= set(BASS)
            and set(style.guitar) <= set(GUITAR)
            and set(style.piano) <= set(KEYS)
        )
        assert {name for suite in style.drums for name in suite} <= set(GROOVES)
        assert set(style.percussion) <= set(OVERLAYS)
        assert set(style.modes) <= set(style.progressions)
        for mode, texts in style.progressions.items():
            for numeral in " ".join(texts).replace("|", " ").split():
                assert chord(numeral, 0, mode).classes
        for role, weights in style.programs.items():
            pool = CLASSES["guitar" if role == "lead_guitar" else role if role in CLASSES else "other"]
            assert set(weights) <= set(pool), (style.name, role)


def test_figures_divide_bars_evenly() -> None:
    texts = [*BASS.values(), *GUITAR.values(), *(hand for hands in KEYS.values() for hand in hands if hand)]
    texts += [
        row
        for table in (GROOVES, OVERLAYS, *FILLS.values())
        for rows in table.values()
        for row in rows.values()
    ]
    for text in texts:
        for bar in text.split("|"):
            assert bar == "k" or len(bar) in (12, 16), text


def test_figure_reads_onsets_lengths_and_symbols() -> None:
    assert figure("R--.5...") == (((0.0, 0.375, "R"), (0.5, 0.125, "5")),)


def test_chords_by_numeral() -> None:
    assert chord("ii7", 0, "major").classes == (2, 5, 9, 0)
    assert chord("bVII", 2, "mixolydian").classes == (0, 4, 7)
    assert chord("V7", 9, "minor").classes == (4, 8, 11, 2)
    assert 7 not in chord("III7", 0, "major").scale


def test_keys_are_read_back() -> None:
    for tonic in range(12):
        for mode in MODES:
            assert parse_key(key_name(tonic, mode)) == (tonic, mode)
    assert parse_key("c#") == (1, None)


def test_voices_lead_smoothly() -> None:
    before: tuple[int, ...] = ()
    for numeral in ("I", "vi", "ii", "V", "I"):
        now = lead(before, chord(numeral, 0, "major").classes, 55, 76)
        assert now in voicings(chord(numeral, 0, "major").classes, 55, 76)
        if before:
            assert np.mean([min(abs(p - q) for q in before) for p in now]) <= 2.5
        before = now


def test_guitar_shapes_fit_a_hand() -> None:
    for tonic in range(12):
        for numeral in ("I", "i", "V7", "Imaj7"):
            for fret in (0, 3, 7):
                made = chord(numeral, tonic, "major")
                shape = guitar_shape(made, fret)
                assert 3 <= len(shape) <= 6 and {p % 12 for p in shape} <= set(made.classes)
                assert shape == tuple(sorted(set(shape)))
