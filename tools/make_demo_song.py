"""Makes the song of ``msgld demo``: a stretch of a piece by the built-in band, with sounds that no training hears.

    python tools/make_demo_song.py            # writes msgld/demo/
    python tools/make_demo_song.py -o there   # writes elsewhere, to compare

The same files come out on every run. Needs the extra ``eval`` (symusic, and pretty_midi for its soundfont).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import soundfile

from msgld.data.band import compose
from msgld.data.fonts import heldout_soundfont
from msgld.data.render import Renderer
from msgld.music.midi.perform import parts
from msgld.stems import RATE, STEMS

SEED, BAR = 1_000_000_135, 40
"""A chorus in which all five instruments play, and the downbeat after it."""
SECONDS, FADE, PEAK = 21.5, 1.0, 0.6
FOLDER = Path(__file__).parent.parent / "msgld" / "demo"


def make_stems(seed: int, bar: int) -> tuple[np.ndarray, dict[str, str | float]]:
    """Render the stretch from ``bar`` on: float32 (K, 2, L), faded out, the mixture's peak at ``PEAK``."""
    piece = compose(seed)
    start = bar * 4 * 60 / piece.bpm
    stems = Renderer(heldout_soundfont()).render_stems(parts(piece.score), start, SECONDS)
    stems[..., -round(FADE * RATE) :] *= (
        np.cos(np.linspace(0, np.pi / 2, round(FADE * RATE), dtype=np.float32)) ** 2
    )
    about: dict[str, str | float] = {"style": piece.style, "bpm": piece.bpm, "key": piece.key}
    return stems * (PEAK / np.abs(stems.sum(0)).max()), about | {"seed": seed, "bar": bar, "seconds": SECONDS}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--out", type=Path, default=FOLDER)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--bar", type=int, default=BAR)
    options = parser.parse_args()
    stems, about = make_stems(options.seed, options.bar)
    options.out.mkdir(parents=True, exist_ok=True)
    for stem, sound in zip(STEMS, stems, strict=True):
        if not sound.any():  # nobody sings
            continue
        path = options.out / f"{stem}.flac"
        soundfile.write(
            path, np.rint(sound.T * 32767).astype(np.int16), RATE, "PCM_16", compression_level=1.0
        )
        print(
            f"{path}: {path.stat().st_size / 1e6:.2f} MB, {20 * np.log10(np.sqrt((sound**2).mean())):.1f} dBFS"
        )
    (options.out / "song.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
