"""What guidance does to one song, weight by weight: from inventing (0) over separating (1) to exaggerating (above 1).

    python research/guidance/guidance.py --song song.wav --stems stems/ --out guidance

The song is separated with every weight, several times each, and its stems are vocoded. Figures are of log-mels, in
nepers:

* error: mean absolute difference to the true stems that sound; none where no true stem is known;
* agreement: the same between the mixture and the stems' sum, powers added up; the lower the closer;
* variety: standard deviation over the draws, mean over all bands, columns and stems; none for one draw.

Karchkhadze et al. (2024) generate with weight 0, and separate with 1 and 2.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import soundfile
import torch

import msgld
from msgld.dsp.mel import MelConfig, from_log, log_mel, to_log
from msgld.dsp.resample import resample
from msgld.evaluation.report import markdown
from msgld.metrics import is_silent
from research.guidance.picture import draw

WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
DEMO = Path(msgld.__file__).parent / "demo"
MEL = MelConfig()


@dataclass(frozen=True)
class Song:
    """A mixture (channels, L), and those of its true stems that are known, of the same shape."""

    mixture: np.ndarray
    stems: Mapping[str, np.ndarray]
    rate: int


@dataclass(frozen=True)
class Walk:
    """A row of figures and the first draw's log-mels (S, M, N) for each weight; true log-mels, NaN if unknown."""

    rows: list[dict[str, Any]]
    mels: list[np.ndarray]
    true: np.ndarray
    stems: tuple[str, ...]

    def write(self, folder: Path, about: Mapping[str, Any]) -> None:
        """Write ``guidance.png``, ``guidance.json`` and ``guidance.md``."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "guidance.png").write_bytes(draw(self.mels, self.true, self.stems, self.rows))
        report = json.dumps({**about, "rows": self.rows}, indent=1)
        (folder / "guidance.json").write_text(report + "\n", "utf-8")
        (folder / "guidance.md").write_text(markdown(self.rows), "utf-8")


def walk(
    model: msgld.Msgld, song: Song, weights: Sequence[float], draws: int, options: msgld.Options
) -> Walk:
    """Separate a song ``draws`` times with every weight; draw i has the seed ``options.seed + i``."""
    mixture = log_mels([song.mixture], song.rate)[0]
    true = np.full((len(model.stems), *mixture.shape), np.nan, np.float32)
    for stem, wave in song.stems.items():
        true[model.stems.index(stem)] = log_mels([wave], song.rate)[0]
    sounding = [k for k, s in enumerate(model.stems) if s in song.stems and not is_silent(song.stems[s])]
    rows, pictures = [], []
    for weight in weights:
        guided = [replace(options, guidance=weight, seed=options.seed + i) for i in range(draws)]
        mels = np.stack([separated(model, song, one) for one in guided])
        row = figures(mels, mixture, true, sounding)
        rows.append({"name": f"guidance {weight:g}", "weight": weight, **row})
        pictures.append(mels[0])
        print(rows[-1], flush=True)
    if sounding:
        truth = figures(true[None], mixture, true, sounding)
        whole = truth["agreement"] if np.isfinite(true).all() else None
        rows.append({"name": "true stems", "weight": None, **truth, "agreement": whole})
    return Walk(rows, pictures, true, model.stems)


def separated(model: msgld.Msgld, song: Song, options: msgld.Options) -> np.ndarray:
    """Log-mels (S, M, N) of the stems of one draw."""
    stems = model.separate((song.mixture, song.rate), options=options).stems
    return log_mels([stems[name] for name in model.stems], song.rate)


def log_mels(waves: Sequence[np.ndarray], rate: int) -> np.ndarray:
    """Waves (channels, L) -> log-mels (S, M, N)."""
    return log_mel(torch.from_numpy(resample(np.stack(waves), rate, MEL.rate)), MEL).numpy()


def figures(
    mels: np.ndarray, mixture: np.ndarray, true: np.ndarray, sounding: list[int]
) -> dict[str, float | None]:
    """Figures of log-mels (draws, S, M, N)."""
    total = to_log(from_log(torch.from_numpy(mels), MEL).sum(1), MEL).numpy()
    return {
        "error": round(float(np.abs(mels - true)[:, sounding].mean()), 4) if sounding else None,
        "agreement": round(float(np.abs(total - mixture).mean()), 4),
        "variety": round(float(mels.std(0, ddof=1).mean()), 4) if len(mels) > 1 else None,
    }


def read_song(file: Path | None, folder: Path | None, names: Sequence[str], seconds: float) -> Song:
    """The beginning of a song and of its stems in a folder; without a song it is their sum, without either the demo."""
    folder = DEMO if file is None and folder is None else folder
    paths = {path.stem: path for path in sorted(folder.iterdir()) if path.stem in names} if folder else {}
    waves = {name: read(path) for name, path in {**paths, **({"song": file} if file else {})}.items()}
    rate = max(rate for _, rate in waves.values())
    even = {name: resample(wave, own, rate) for name, (wave, own) in waves.items()}
    length = min(round(seconds * rate), *(wave.shape[-1] for wave in even.values()))
    even = {name: wave[:, :length] for name, wave in even.items()}
    mixture = even.pop("song") if file else sum(even.values())
    return Song(np.asarray(mixture), even, rate)


def read(path: Path) -> tuple[np.ndarray, int]:
    """A file's wave (2, L), and its rate."""
    wave, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return np.ascontiguousarray(np.broadcast_to(wave.T, (2, len(wave)))), rate


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=None)
    parser.add_argument("--song", type=Path, help="a mono or stereo file; the sum of the stems by default")
    parser.add_argument("--stems", type=Path, help="folder of its true stems, such as bass.wav")
    parser.add_argument("--seconds", type=float, default=10.0, help="of its beginning")
    parser.add_argument("--weights", type=float, nargs="+", default=WEIGHTS)
    parser.add_argument("--draws", type=int, default=4)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--out", type=Path, default=Path("guidance"))
    asked = parser.parse_args()
    model = msgld.load(asked.model)
    song = read_song(asked.song, asked.stems, model.stems, asked.seconds)
    options = msgld.Options(steps=asked.steps, consistency="none")
    about = {"model": model.name, "song": str(asked.song or asked.stems or "demo"), "draws": asked.draws}
    walk(model, song, asked.weights, asked.draws, options).write(asked.out, about)


if __name__ == "__main__":
    main()
