"""Another soundfont: what it lacks is said, and something plays nevertheless."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from score_tiny import some_score
from soundfonts.write import Preset, Zone, write_soundfont

from msgld.data.fonts import KITS
from msgld.errors import DataError
from msgld.music.render import SHIPPED, render
from msgld.music.render.presets import font_at, font_for, lacking

SCORE = some_score(stems=("drums", "piano"))


def font(path: Path, *presets: tuple[int, int]) -> Path:
    wave = 0.3 * np.sin(2 * np.pi * 220 * np.arange(22_050) / 22_050)
    tone = [Zone(wave.astype(np.float32), 22_050, 57)]
    write_soundfont(
        path, path.stem, [Preset(f"{bank}-{program}", program, tone, bank) for bank, program in presets]
    )
    return path


def test_a_soundfont_with_everything_lacks_nothing(tmp_path: Path) -> None:
    path = font(tmp_path / "all.sf2", (0, 0), (KITS, 0))
    assert list(lacking(SCORE, path)) == []
    assert font_for("drums", path) == font_for("piano", path) == path


def test_a_soundfont_without_drums_leaves_them_to_the_one_that_comes_along(tmp_path: Path) -> None:
    path = font(tmp_path / "tones.sf2", (0, 0))
    (line,) = lacking(SCORE, path)
    assert line == "tones.sf2 has no drum kit: the soundfont that comes along plays drums"
    assert (font_for("drums", path), font_for("piano", path)) == (SHIPPED, path)
    assert all(np.abs(sound).max() > 0 for sound in render(SCORE, path).values())


def test_a_program_that_is_missing_is_named_with_what_plays_it(tmp_path: Path) -> None:
    path = font(tmp_path / "few.sf2", (0, 5), (KITS, 3))
    assert sorted(lacking(SCORE, path)) == [
        "few.sf2 has no drum kit 0: drum kit 3 plays drums",
        "few.sf2 has no program 0: program 5 plays piano",
    ]
    foreign = font(tmp_path / "banks.sf2", (8, 0), (KITS, 0))
    assert list(lacking(SCORE, foreign)) == ["banks.sf2 has no program 0: program 0 of bank 8 plays piano"]


def test_another_soundfont_sounds_otherwise(tmp_path: Path) -> None:
    path = font(tmp_path / "all.sf2", (0, 0), (KITS, 0))
    own, other = render(SCORE), render(SCORE, path)
    assert not np.allclose(own["piano"], other["piano"], atol=0.01)


def test_a_file_that_is_no_soundfont_is_one_line(tmp_path: Path) -> None:
    (path := tmp_path / "notes.sf2").write_bytes(b"RIFF" + bytes(400))
    for wrong in (path, tmp_path / "none.sf2"):
        with pytest.raises(DataError, match=r"\.sf2.*name an") as error:
            font_at(wrong)
        assert "\n" not in str(error.value)
