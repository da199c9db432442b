"""The tasks in notes: what is given stays, note by note, and what is wanted is made."""

from __future__ import annotations

import numpy as np
import pytest
from score_tiny import some_cells, tiny_score_model

from msgld.diffusion.settings import Sampling
from msgld.errors import Cancelled
from msgld.music.bar_features import BarFacts
from msgld.music.bars import Signature, bars_of
from msgld.music.grid import Cells
from msgld.progress import CancelToken, Progress
from msgld.tasks.composing import ScorePiece, arrange, extend, generate, vary

MODEL = tiny_score_model()


def piece(bars: int = 20, stems: tuple[str, ...] = ("bass", "piano"), **options: object) -> ScorePiece:
    rng = np.random.default_rng(0)
    facts = BarFacts.of(bars_of([Signature()], 4.0 * bars))
    given = {stem: some_cells(rng, bars) for stem in stems}
    return ScorePiece(MODEL, given, facts, Sampling(3, eta=1.0), **options)  # type: ignore[arg-type]


def notes(cells: Cells) -> list[tuple[int, ...]]:
    columns = (cells.slot, cells.stop, cells.key, cells.velocity)
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


def test_generated_stems_are_those_that_were_wanted() -> None:
    made = generate(piece(stems=()), ("drums", "guitar"))
    assert set(made) == {"drums", "guitar"}


def test_given_stems_come_back_note_by_note() -> None:
    one = piece()
    made = arrange(one, ("drums", "other"))
    assert set(made) == {"bass", "drums", "piano", "other"}
    for stem in ("bass", "piano"):
        assert made[stem] is one.given[stem]


def test_replaying_changes_only_its_bars() -> None:
    one = piece()
    made = arrange(one, ("piano",), first=4, last=8)["piano"]
    kept, old = (
        [note for note in notes(cells) if not 64 <= note[0] < 128] for cells in (made, one.given["piano"])
    )
    assert kept == old


def test_extending_keeps_the_past() -> None:
    one = piece()
    made = extend(one, 6)
    for stem, cells in one.given.items():
        past = [note for note in notes(cells) if note[0] < 96]
        assert [note for note in notes(made[stem]) if note[0] < 96] == past


def test_a_variation_without_noise_is_the_piece() -> None:
    one = piece()
    assert vary(one, 0.0) == dict(one.given)
    assert set(vary(one, 0.7)) == set(one.given)


def test_the_seed_decides() -> None:
    made = [generate(piece(stems=()), ("piano",))["piano"] for _ in range(2)]
    assert notes(made[0]) == notes(made[1])


def test_progress_is_reported_and_a_task_can_be_cancelled() -> None:
    seen: list[Progress] = []
    generate(piece(stems=(), on_progress=seen.append), ("piano",))
    assert seen[-1].done == seen[-1].total
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        generate(piece(stems=(), cancel=token), ("piano",))
