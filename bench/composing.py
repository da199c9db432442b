"""How fast music is made in notes: whole calls with the model loaded, saved with sound and MIDI, without pictures.

    python bench/composing.py --model runs/mine/model --out research/figures

Prints a table and writes ``composing.json``: 16 bars of all stems at 120 beats a minute, and a stem, and three, made to
30 s of given MIDI. The first call of each, which also opens soundfont and codecs, is not counted.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import torch

import msgld
from msgld.api.picture import Sketch
from msgld.api.result import Result
from msgld.data.scores import band_song
from msgld.music.bars import Timeline
from msgld.music.midi.write import midi_bytes
from msgld.music.score import Score, score_of

SEED, FIRST, BARS = 900_000_005, 8, 15
"""The band's piece whose stems are given, from which bar, and how many bars: 30 s at 120 beats a minute."""


def given_midi(folder: Path) -> dict[str, Path]:
    """MIDI files of a piece's stems, at 120 beats a minute."""
    whole = score_of(band_song(SEED))
    cut = whole.between(FIRST, FIRST + BARS)
    steady = Score(cut.bars, Timeline.steady(120), cut.notes, cut.signatures)
    files = {stem: folder / f"{stem}.mid" for stem in steady.notes}
    for stem, path in files.items():
        path.write_bytes(midi_bytes(steady, [stem]))
    return files


def timed(make: Callable[[], Result], calls: int) -> dict[str, float]:
    """Seconds of making, of rendering, of saving, and of all three: medians over calls after a first one."""
    laps: list[tuple[float, float, float]] = []
    for _ in range(calls + 1):
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            result = make()
            made = time.perf_counter()
            length = result.mix.shape[1] / result.rate
            rendered = time.perf_counter()
            result.save(Path(folder) / "out")
            laps.append((made - began, rendered - made, time.perf_counter() - rendered))
    notes, sound, saved = (statistics.median(lap[part] for lap in laps[1:]) for part in range(3))
    whole = statistics.median(sum(lap) for lap in laps[1:])
    return {"notes": notes, "sound": sound, "saving": saved, "seconds": whole, "length": length}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=None, help="name or folder of a model that makes notes")
    parser.add_argument("--quality", default="normal")
    parser.add_argument("--calls", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("research/figures"))
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    model, options = msgld.load(chosen.model), msgld.Options(quality=chosen.quality)
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.multiple(Sketch, add=_skip, draw=_skip),
        mock.patch("msgld.api.notes.draw_score", _skip),
    ):
        files = given_midi(Path(folder))
        some = {stem: files[stem] for stem in ("bass", "drums")}
        others = {stem: path for stem, path in files.items() if stem != "piano"}
        conditions = msgld.Conditions(bpm=120)
        tasks: dict[str, Callable[[], Result]] = {
            "16 bars at 120 bpm": lambda: model.generate(bars=16, conditions=conditions, options=options),
            "the rest to bass and drums, 30 s of MIDI": lambda: model.arrange(some, options=options),
            "piano to all others, 30 s of MIDI": lambda: model.arrange(others, ["piano"], options=options),
        }
        figures = {name: timed(make, chosen.calls) for name, make in tasks.items()}
    for name, values in figures.items():
        print(f"{name:42}", {key: round(value, 2) for key, value in values.items()})
    chosen.out.mkdir(parents=True, exist_ok=True)
    report = {"model": model.name, "quality": chosen.quality, "threads": chosen.threads, **figures}
    (chosen.out / "composing.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")


def _skip(*_: object) -> None:
    """Draw nothing."""


if __name__ == "__main__":
    main()
