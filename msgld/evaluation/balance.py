"""From inventing to separating and beyond: what guidance by the mixture does, weight by weight, on one song.

At 0 the mixture is not heard and the stems are invented, at 1 they are the song's, above 1 the mixture counts for
more than it should (Karchkhadze et al. 2024 generate with 0, and separate with 1 and 2).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from msgld.checkpoint import write_whole
from msgld.dsp.mel import from_log, log_mel, to_log
from msgld.dsp.resample import resample
from msgld.errors import UsageError
from msgld.evaluation.balance_picture import draw_balance
from msgld.evaluation.table import markdown
from msgld.metrics import is_silent
from msgld.model import Model
from msgld.progress import Meter, OnProgress
from msgld.ranges import check
from msgld.tasks import noise_maps as maps
from msgld.tasks import render
from msgld.tasks.loudness import gain_to_reference
from msgld.tasks.noise_maps import Settings

WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
"""Guidance weights that are tried."""


@dataclass(frozen=True)
class Example:
    """A song: mixture (channels, L), and those of its true stems that are known, of the same shape."""

    name: str
    mixture: np.ndarray
    stems: Mapping[str, np.ndarray]
    rate: int


@dataclass(frozen=True)
class Balance:
    """What was found.

    Attributes:
        report: model, song, settings and rows, ready for JSON.
        weights: of each row of pictures. stems: of each column.
        pictures: log-mels of the first draw, (weights, S, M, N).
        true: log-mels (S, M, N), NaN where a stem is not known.
    """

    report: dict[str, Any]
    weights: tuple[float, ...]
    stems: tuple[str, ...]
    pictures: np.ndarray
    true: np.ndarray

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A row a weight: error, agreement and variety in nepers, None where there is none."""
        return self.report["rows"]

    def write(self, folder: Path) -> None:
        """Write ``guidance.png``, ``guidance.json`` and ``guidance.md``."""
        folder.mkdir(parents=True, exist_ok=True)
        picture = draw_balance(list(self.pictures), self.true, self.stems, self.rows)
        write_whole(folder / "guidance.png", picture)
        write_whole(folder / "guidance.json", json.dumps(self.report, indent=1).encode())
        head = f"# guidance: {self.report['model']}, {self.report['song']}, {self.report['draws']} draws each\n\n"
        write_whole(folder / "guidance.md", (head + markdown(self.rows)).encode())


@torch.inference_mode()
def balance(
    model: Model,
    example: Example,
    settings: Settings,
    weights: Sequence[float] = WEIGHTS,
    draws: int = 4,
    on_progress: OnProgress | None = None,
) -> Balance:
    """Separate the beginning of a song, one window, with every guidance weight, several times each.

    Everything is compared as log-mels that the codec decodes, so no vocoder is needed. For each weight:

    * error: mean absolute difference to the true stems that sound (log-mel L1), None where none is known;
    * agreement: the same between the mixture and the stems' sum, powers added up; the lower the closer;
    * variety: standard deviation over the draws, mean over all bands, columns and stems; None for one draw.

    Args:
        settings: how to sample; its guidance is replaced, and draw i has the seed ``settings.seed + i``.

    Raises:
        UsageError: no weight, a weight or a number of draws out of range, or a song of less than a latent frame.
    """
    if not weights:
        raise UsageError("give at least one guidance weight")
    weights = [check("guidance", weight) for weight in weights]
    draws = check("draws", draws)
    check("seed", settings.seed + draws - 1)
    heard = _hear(model, example)
    meter = Meter(len(weights) * draws, "draws", "sampling", on_progress)
    meter.advance(0)
    rows, pictures = [], []
    for weight in weights:
        guided = replace(settings, guidance=weight)
        mels = np.stack([_draw(model, heard, guided, number, meter.advance) for number in range(draws)])
        rows.append({"name": f"guidance {weight:g}", "weight": weight, **_figures(model, heard, mels)})
        pictures.append(mels[0])
    meter.advance(math.inf)  # shares of a draw may sum to a little less
    if heard.sounding:
        truth = {"name": "true stems", "weight": None, **_figures(model, heard, heard.true[None])}
        rows.append({**truth, "agreement": None} if np.isnan(heard.true).any() else truth)
    about = {"task": "guidance", "model": model.name, "song": example.name, "draws": draws}
    report = {**about, "settings": {**asdict(settings), "guidance": None}, "rows": rows}
    return Balance(report, tuple(weights), model.stems, np.stack(pictures), heard.true)


@dataclass(frozen=True)
class _Heard:
    """One window of a song: mixture's latents in z (1, K, C, T), log-mels, and the true stems that sound."""

    z: Tensor
    mixture: Tensor
    true: np.ndarray
    sounding: list[int]


def _hear(model: Model, example: Example) -> _Heard:
    mel, size = model.codec.mel, model.codec.frame_samples
    gain = gain_to_reference(torch.from_numpy(example.mixture), example.rate, model.reference_rms)

    def mels(wave: np.ndarray) -> Tensor:
        audio = torch.from_numpy(resample(wave, example.rate, mel.rate)) * gain
        frames = min(model.window_frames, audio.shape[-1] // size) // model.multiple * model.multiple
        if not frames:
            raise UsageError(f"{example.name} is too short: give a song of some seconds")
        return log_mel(audio[:, : frames * size].to(model.device), mel)

    mixture = mels(example.mixture)
    latents = model.codec.encode(mixture)
    z = latents.new_zeros(1, len(model.stems) + 1, *latents.shape)
    z[0, -1] = latents
    true = np.full((len(model.stems), *mixture.shape), np.nan)
    for stem, wave in example.stems.items():
        true[model.stems.index(stem)] = mels(wave).cpu().numpy()
    sounding = [k for k, stem in enumerate(model.stems) if _sounds(example.stems.get(stem))]
    return _Heard(z, mixture, true, sounding)


def _sounds(wave: np.ndarray | None) -> bool:
    return wave is not None and not is_silent(wave)


def _draw(
    model: Model, heard: _Heard, settings: Settings, number: int, advance: Callable[[float], None]
) -> np.ndarray:
    """Log-mels of the stems of one draw, (S, M, N)."""
    task = maps.separate(heard.z.shape[1], heard.z.shape[-1])
    numbered = replace(settings, seed=settings.seed + number)
    share = 1 / render.calls(model, task, numbered)
    z = render.make(model, heard.z, task, numbered, lambda: advance(share))
    return model.codec.decode(z[0, :-1]).cpu().numpy()


def _figures(model: Model, heard: _Heard, mels: np.ndarray) -> dict[str, float | None]:
    """Figures of log-mels (draws, S, M, N)."""
    some = heard.sounding
    powers = from_log(torch.from_numpy(mels), model.codec.mel).sum(1)
    total = to_log(powers, model.codec.mel)
    return {
        "error": round(float(np.abs(mels[:, some] - heard.true[some]).mean()), 4) if some else None,
        "agreement": round(float((total - heard.mixture.cpu()).abs().mean()), 4),
        "variety": round(float(mels.std(0, ddof=1).mean()), 4) if len(mels) > 1 else None,
    }
