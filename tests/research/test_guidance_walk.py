"""From inventing to separating: with models whose answers are known, the walk along guidance says what it should."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from leaning import leaning_model
from matplotlib.image import imread
from tiny import tiny_vocoder

from msgld import Msgld, Options
from msgld.stems import RATE, STEMS
from research.guidance.guidance import Song, figures, log_mels, read_song, walk
from research.guidance.picture import GAP, tiled

CUT = Options(steps=20, consistency="mask")
BOTH = pytest.mark.parametrize("maps", [True, False], ids=["maps", "published"])


def noise(parts: int) -> np.ndarray:
    return 0.05 * np.random.default_rng(0).standard_normal((parts, 2, RATE // 2), dtype=np.float32)


def example() -> Song:
    """A song whose stems all sound alike, which is what the models of these tests believe."""
    (mixture,) = 5 * noise(1)
    return Song(mixture, dict.fromkeys(STEMS, mixture / len(STEMS)), RATE)


@BOTH
def test_the_more_the_mixture_counts_the_closer_the_stems_and_the_less_they_vary(maps: bool):
    found = walk(Msgld(leaning_model(maps)), example(), (0.0, 0.5, 1.0), 2, CUT).rows
    errors, variety = ([row[key] for row in found[:3]] for key in ("error", "variety"))
    assert errors == sorted(errors, reverse=True) and errors[2] < 0.75 * errors[0]
    assert variety[2] < 0.6 * variety[0]
    assert found[3]["error"] == 0 and found[3]["variety"] is None


def test_draws_are_those_of_their_seeds():
    model = Msgld(leaning_model(True))
    one, again, other = (walk(model, example(), (0.5,), 1, replace(CUT, seed=s)).mels for s in (0, 0, 1))
    assert np.array_equal(one, again) and not np.allclose(one, other)


def test_stems_that_sum_to_the_mixture_agree_with_it():
    # Noise in five parts of equal power that share nothing: powers add up, whatever the phases.
    parts = noise(5)
    apart = figures(log_mels(parts, RATE)[None], log_mels([parts.sum(0)], RATE)[0], np.zeros(0), [])
    copies = log_mels([5 * parts[0]] * 5, RATE)
    alike = figures(copies[None], copies[0], copies, [0])
    # Five copies of the mixture have five times its power: 0.5 ln 5 nepers too much.
    assert alike["agreement"] == pytest.approx(0.5 * np.log(5), abs=0.01) and alike["error"] == 0
    assert apart["agreement"] < 0.7 * alike["agreement"] and apart["error"] is None


def test_without_true_stems_there_is_no_error_and_with_some_no_agreement_of_theirs():
    model, song = Msgld(leaning_model(True)), example()
    (alone,) = walk(model, replace(song, stems={}), (1.0,), 2, CUT).rows
    assert alone["error"] is None and alone["variety"] > 0
    some, truth = walk(model, replace(song, stems={"bass": song.mixture}), (1.0,), 1, CUT).rows
    assert some["error"] > 0 and truth["agreement"] is None


def test_the_report_is_a_picture_numbers_and_a_table(tmp_path: Path):
    speaking = replace(leaning_model(True), vocoder=tiny_vocoder().eval().requires_grad_(False))
    found = walk(Msgld(speaking), example(), (0.0, 1.0), 1, Options(steps=1, consistency="none"))
    found.write(tmp_path, {"model": "leaning"})
    report = json.loads((tmp_path / "guidance.json").read_text("utf-8"))
    assert report == {"model": "leaning", "rows": found.rows}
    assert (tmp_path / "guidance.md").read_text("utf-8").count("\n") == 5
    picture = imread(tmp_path / "guidance.png")
    assert picture.shape[1] == 1200 and picture[..., :3].std() > 0.1
    replace(found, true=np.full_like(found.true, np.nan)).write(tmp_path, {})
    assert len(imread(tmp_path / "guidance.png")) < len(picture), "no row for stems that are not known"


def test_a_song_is_a_file_or_the_sum_of_stems_or_the_demo(tmp_path: Path):
    for stem, wave in zip(STEMS, noise(2), strict=False):
        soundfile.write(tmp_path / f"{stem}.wav", wave.T, RATE, subtype="FLOAT")
    summed = read_song(None, tmp_path, STEMS, 0.3)
    assert summed.mixture.shape == (2, round(0.3 * RATE)) and set(summed.stems) == set(STEMS[:2])
    assert np.array_equal(summed.mixture, sum(summed.stems.values()))
    alone = read_song(tmp_path / f"{STEMS[0]}.wav", None, STEMS, 10)
    assert not alone.stems and np.array_equal(alone.mixture, noise(2)[0])
    assert set(read_song(None, None, STEMS, 1).stems) == {*STEMS} - {"vocals"}, "nobody sings in the demo"


def test_tiles_lie_row_by_row_with_low_bands_below():
    rows = [np.arange(24.0).reshape(2, 3, 4) + 100 * i for i in range(3)]
    image = tiled(rows)
    assert image.shape == (3 * (3 + GAP), 2 * (4 + GAP))
    assert image[2, 0] == rows[0][0, 0, 0] and image[0, 4 + GAP] == rows[0][1, 2, 0]
    assert np.isnan(image[3, 0]) and np.isnan(image[0, 4])
    assert np.nansum(image) == sum(row.sum() for row in rows)
