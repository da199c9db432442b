"""The tasks in notes: what is given stays, note by note, and what is wanted is made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from score_tiny import some_cells, tiny_score_model

from msgld.diffusion.settings import Sampling
from msgld.errors import Cancelled
from msgld.music.bar_features import BarFacts
from msgld.music.bars import Signature, bars_of
from msgld.music.grid import Cells
from msgld.progress import CancelToken, Progress
from msgld.tasks.composing import Made, ScorePiece, arrange, extend, vary
from msgld.tasks.form import Section, form

MODEL = tiny_score_model()


def piece(bars: int = 20, stems: tuple[str, ...] = ("bass", "piano"), **options: object) -> ScorePiece:
    rng = np.random.default_rng(0)
    facts = BarFacts.of(bars_of([Signature()], 4.0 * bars))
    given = {stem: some_cells(rng, bars) for stem in stems}
    return ScorePiece(MODEL, given, facts, Sampling(3, eta=1.0), **options)  # type: ignore[arg-type]


def notes(cells: Cells) -> list[tuple[int, ...]]:
    columns = (cells.slot, cells.stop, cells.key, cells.velocity)
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


def generate(piece: ScorePiece, wanted: Sequence[str]) -> dict[str, Made]:
    """A piece of one section."""
    return form(piece, wanted, [Section("A", 0, piece.bars)])


def test_generated_stems_are_those_that_were_wanted() -> None:
    made = generate(piece(stems=()), ("drums", "guitar"))
    assert set(made) == {"drums", "guitar"}


def test_only_wanted_stems_are_made() -> None:
    made = arrange(piece(), ("drums", "other"))
    assert set(made) == {"drums", "other"}
    assert all(one.wanted.all() for one in made.values())


def test_replaying_makes_only_its_bars() -> None:
    made = arrange(piece(), ("piano",), first=4, last=8)["piano"]
    assert np.flatnonzero(made.wanted).tolist() == [4, 5, 6, 7]
    assert ((made.cells.slot >= 64) & (made.cells.slot < 128)).all()


def test_extending_makes_what_comes_after_the_past() -> None:
    for one in extend(piece(), 6).values():
        assert np.flatnonzero(one.wanted).tolist() == list(range(6, 20))
        assert (one.cells.slot >= 96).all()


def test_a_variation_without_noise_changes_nothing() -> None:
    assert vary(piece(), 0.0) == {}
    assert set(vary(piece(), 0.7)) == {"bass", "piano"}


def test_the_seed_decides() -> None:
    made = [generate(piece(stems=()), ("piano",))["piano"].cells for _ in range(2)]
    assert notes(made[0]) == notes(made[1])


@pytest.mark.parametrize("semitones", [-5, 3])
def test_what_is_made_follows_a_transposition_of_what_is_given(semitones: int) -> None:
    """Note by note, but for octaves at the ends of the keyboard; drums are the same."""
    here = piece()
    white = np.array([27, 29, 31, 32, 34, 36, 38, 39, 41, 43], np.int16)
    in_c = {stem: replace(one, key=white[one.key % len(white)]) for stem, one in here.given.items()}
    here = replace(here, given=in_c)
    before, after = (arrange(one, ("drums", "guitar")) for one in (here, here.transposed(semitones)))
    for stem, move in (("drums", 0), ("guitar", semitones)):
        was, now = before[stem].cells, after[stem].cells
        assert len(was) > 20
        assert pitch_classes(was, move) == pitch_classes(now)


def pitch_classes(cells: Cells, move: int = 0) -> list[tuple[int, int, int]]:
    """Begin, loudness and pitch class of notes, transposed."""
    columns = (cells.slot, cells.velocity, (cells.key + move) % 12)
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


def test_without_notes_the_key_decides() -> None:
    """The same seed makes in another key what it makes in one, transposed."""
    none = piece(16, stems=())
    keys = {}
    for tonic in (0, 4):
        facts = replace(none.facts, tonic=np.full(16, tonic), mode=np.zeros(16, int))
        keys[tonic] = generate(replace(none, facts=facts), ("piano",))["piano"].cells
    assert pitch_classes(keys[0], 4) == pitch_classes(keys[4])


def test_progress_is_reported_and_a_task_can_be_cancelled() -> None:
    seen: list[Progress] = []
    generate(piece(stems=(), on_progress=seen.append), ("piano",))
    assert seen[-1].done == seen[-1].total
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        generate(piece(stems=(), cancel=token), ("piano",))


def test_sections_that_return_without_noise_are_the_same() -> None:
    sections = [Section("A", 0, 4), Section("A", 4, 8), Section("B", 8, 12), Section("A", 12, 16)]
    made = form(piece(16, stems=()), ("bass", "piano"), sections, noise=0.0)
    for one in made.values():
        parts = [
            [(slot - 16 * section.first, key) for slot, _, key, _ in notes(one.cells)
             if 16 * section.first <= slot < 16 * section.last]
            for section in sections
        ]  # fmt: skip
        assert parts[0] == parts[1] == parts[3]
        assert parts[0] != parts[2]


def test_a_section_does_not_change_what_came_before_it() -> None:
    both = [Section("A", 0, 4), Section("A", 4, 8)]
    short = form(piece(8, stems=()), ("bass",), both[:1])["bass"].cells
    long = form(piece(8, stems=()), ("bass",), both)["bass"].cells
    assert [note for note in notes(long) if note[0] < 64] == notes(short)
