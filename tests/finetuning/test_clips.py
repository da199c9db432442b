"""What an evening learns from: the songs that are not set aside, moved, and the band without the new stems."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bands_of_tones import write_band

from msgld.finetuning import clips
from msgld.finetuning.clips import OTHER_MUSIC, OtherMusic, clips_of
from msgld.finetuning.songs import open_own
from msgld.stems import STEMS

SEVEN = (*STEMS[:-1], "strings", "other")


def test_clips_are_of_the_songs_and_of_the_band(tmp_path: Path) -> None:
    own = open_own(write_band(tmp_path / "band"), SEVEN)
    source = clips_of(own.folder, STEMS)
    names = [source.clip(seed, 1.0).name for seed in range(40)]
    songs = [name for name in names if name.startswith("song-")]
    assert {name.partition("@")[0] for name in songs} == {"song-0", "song-2"}
    assert abs(1 - len(songs) / len(names) - OTHER_MUSIC) < 0.25
    assert source.stems == SEVEN


def test_the_band_lacks_new_stems_and_has_the_others() -> None:
    clip = OtherMusic(SEVEN, STEMS).clip(3, 2.0)
    assert clip.present.tolist() == [stem != "strings" for stem in SEVEN]
    assert not np.any(clip.stems[SEVEN.index("strings")]) and np.any(clip.stems)


def test_songs_alone_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clips, "find_spec", lambda name: None)
    own = open_own(write_band(tmp_path / "band"), STEMS)
    source = clips_of(own.folder, STEMS)
    assert all(source.clip(seed, 1.0).name.startswith("song-") for seed in range(20))
