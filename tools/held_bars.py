"""Write the hashes of all bars of the frozen clips: python tools/held_bars.py MIDI (the folder of score_clips.py)."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from msgld.data import held_bars
from msgld.data.score_clips import ScoreClips
from msgld.music.grid import to_cells


def main(midi: Path) -> None:
    """See the module."""
    found = [np.zeros(0, np.uint64)]
    for clip, score in ScoreClips(midi):
        last = clip.first + clip.bars
        for stem, notes in score.notes.items():
            cells = to_cells(notes, score.bars).between(clip.first, last)
            found.append(held_bars.bar_hashes(stem, cells, clip.bars))
    hashes = np.unique(np.concatenate(found))
    path = Path(held_bars.__file__).with_name(held_bars.FILE)
    np.save(path, hashes[hashes > 0])
    print(f"{path}: {(hashes > 0).sum()} bars")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
