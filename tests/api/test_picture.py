"""The picture shows where in time and pitch each track sounds, from memory that does not grow."""

from __future__ import annotations

from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from msgld.api.picture import BANDS, COLUMNS, Coarse, Sketch, grid
from msgld.dsp.mel import band_edges

RATE = 16000


def tone(hertz: float, seconds: float, rate: int = RATE) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)[None].astype(np.float32)


def coarse(samples: np.ndarray, sizes: list[int]) -> np.ndarray:
    """Powers of sound that arrives in blocks of these sizes, again and again."""
    track, place, turn = Coarse(grid(RATE)), 0, 0
    while place < samples.shape[1]:
        size = sizes[turn % len(sizes)]
        track.add(samples[:, place : place + size])
        place, turn = place + size, turn + 1
    return track.powers()


@pytest.mark.parametrize("rate", [8000, 44100, 192_000])
def test_every_band_hears_something(rate: int):
    track = Coarse(grid(rate))
    track.add(np.random.default_rng(0).standard_normal((1, rate // 2)).astype(np.float32))
    assert (track.powers()[:, 2:].mean(1) > 0).all()


def test_a_tone_is_brightest_in_its_own_band():
    powers = coarse(tone(1000, 1.0), [RATE])
    low, _, high = band_edges(grid(RATE))[powers.mean(1).argmax()]
    assert low < 1000 < high


def test_blocks_make_no_difference():
    samples = np.random.default_rng(0).standard_normal((2, 5 * RATE)).astype(np.float32)
    np.testing.assert_allclose(coarse(samples, [1, 77, 3000]), coarse(samples, [5 * RATE]), rtol=1e-4)


@pytest.mark.parametrize("sizes", [[1 << 15], [1 << 19], [1 << 15, 1 << 18]])
def test_a_long_sound_has_no_more_columns_than_a_short_one(sizes: list[int]):
    hop = grid(RATE).hop
    count = 3 * COLUMNS + 17
    loud = np.zeros((1, count * hop), np.float32)
    loud[:, loud.shape[1] // 2 :] = tone(1000, loud.shape[1] / RATE)[:, loud.shape[1] // 2 :]
    powers = coarse(loud, sizes).sum(0)
    assert COLUMNS / 2 <= len(powers) <= COLUMNS + 1
    middle = len(powers) // 2
    assert powers[: middle - 2].max() < 1e-3 * powers[middle + 2 : -2].min()


def test_both_channels_are_seen_also_out_of_phase():
    wave = tone(500, 0.5)
    powers = [coarse(np.concatenate([wave, other]), [RATE]).sum() for other in (wave, -wave, 0 * wave)]
    assert powers[0] == pytest.approx(powers[1], rel=1e-4)
    assert powers[2] == pytest.approx(powers[0] / 2, rel=1e-4)


@pytest.mark.parametrize("samples", [1, 100, RATE])
def test_a_picture_is_a_png_with_a_row_for_each_track(tmp_path: Path, samples: int):
    sizes = []
    for names in (["mix"], ["mix", "bass", "drums"]):
        sketch = Sketch(RATE)
        sketch.add({name: tone(440, 1.0)[:, :samples] for name in names})
        sketch.draw(tmp_path / "picture.png")
        pixels = matplotlib.image.imread(tmp_path / "picture.png")
        assert pixels[..., :3].std() > 0.05, "not an empty page"
        sizes.append(pixels.shape[:2])
    assert sizes[0][1] == sizes[1][1] > 800
    assert sizes[1][0] > 2 * sizes[0][0]


def test_silence_is_drawn(tmp_path: Path):
    sketch = Sketch(RATE)
    sketch.add({"mix": np.zeros((2, 3 * RATE), np.float32)})
    sketch.draw(tmp_path / "picture.png")
    assert matplotlib.image.imread(tmp_path / "picture.png").size
    assert sketch._tracks["mix"].powers().shape[0] == BANDS
