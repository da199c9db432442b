"""Does the model replay songs that it was trained on?

    python bench/replay.py --midi FOLDER --soundfont FOLDER --out research/figures

Stretches of five seconds of invented pieces are looked up, at every place, in a thousand clips of the training data.
Beside them stand real pieces that no training heard (how alike does music get by chance?), and stretches of the
training clips themselves with noise (would a copy be found?).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from msgld.dsp.windows import running_sums

import msgld
from msgld.data.heldout import HeldOut
from msgld.dsp.mel import MelConfig, log_mel
from msgld.errors import UsageError
from msgld.metrics.checks import matched
from msgld.training.data import training_source

SECONDS, STRETCH = 10.24, 5.0
MEL = MelConfig()
BANDS, COLUMNS = 16, 4
"""Groups of bands, and columns that are averaged: 43 numbers a second and band would say no more."""


def features(mixture: np.ndarray) -> np.ndarray:
    """Pooled log-mels (BANDS, N) of a sound (channels, L) at 44.1 kHz."""
    sound = torch.from_numpy(mixture.mean(0, keepdims=True).astype(np.float32))
    level = sound.square().mean().sqrt().clamp_min(1e-6)
    mels = log_mel(sound * 0.1 / level, MEL).clamp_min(-8.0)
    columns = mels.shape[-1] // COLUMNS * COLUMNS
    return mels[..., :columns].reshape(BANDS, MEL.bands // BANDS, -1, COLUMNS).mean((1, 3)).numpy()


def stretch(whole: np.ndarray) -> np.ndarray:
    """Its middle, ``STRETCH`` long."""
    width = round(STRETCH * MEL.rate / MEL.hop / COLUMNS)
    start = (whole.shape[1] - width) // 2
    return whole[:, start : start + width]


def best_match(query: np.ndarray, pieces: np.ndarray) -> float:
    """The largest correlation of a stretch of features with any stretch of its length in any of some pieces.

    Each band is first taken from its mean over the stretch. So the events and their times are compared, not the
    sound's colour or loudness.

    Args:
        query: (D, W), such as pooled log-mels of some seconds.
        pieces: (m, D, N), N of W or more.

    Returns:
        -1 to 1; 1 for a stretch of one of the pieces, at any volume and through any (weak) filter. A query in which
        nothing changes matches nothing: 0.

    Raises:
        UsageError: shapes do not fit, or values are not finite.
    """
    (query,), (pieces,) = matched(query=query), matched(pieces=pieces)
    fits = query.ndim == 2 and pieces.ndim == 3 and pieces.shape[1] == query.shape[0]
    if not fits or pieces.shape[2] < query.shape[1]:
        raise UsageError(
            f"a stretch (D, W) does not fit into pieces (m, D, N): {query.shape}, {pieces.shape}"
        )
    width = query.shape[1]
    centred = query - query.mean(1, keepdims=True)
    length = np.linalg.norm(centred)
    if length == 0:
        return 0.0
    size = pieces.shape[2] + width
    spectra = np.fft.rfft(pieces, size) * np.fft.rfft(centred, size).conj()
    shared = np.fft.irfft(spectra.sum(1), size)[:, : pieces.shape[2] - width + 1]
    # The norm of every stretch of a piece: sum of squares less width times the squared mean.
    sums, squares = (running_sums(part, width) for part in (pieces, pieces**2))
    norms = np.sqrt((squares - sums**2 / width).sum(1).clip(1e-12))
    return float((shared / norms / length).max().clip(-1, 1))


def said(values: Iterable[float]) -> dict[str, float]:
    """Median, and what 5 % and 1 % lie above."""
    found = np.array([*values])
    return {
        name: round(float(np.quantile(found, q)), 3)
        for name, q in (("median", 0.5), ("95 %", 0.95), ("most", 1.0))
    }


def main() -> None:
    """Look up and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=None)
    parser.add_argument(
        "--midi", type=Path, action="append", default=[], help="of the training; the held-out songs too"
    )
    parser.add_argument("--heldout", type=Path, default=None, help="folder of the held-out set's MIDI files")
    parser.add_argument("--soundfont", type=Path, default=None)
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--pieces", type=int, default=100)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("research/figures"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = msgld.load(options.model)
    source = training_source(midi=options.midi, soundfont=options.soundfont)
    bank = np.stack([features(source.clip(seed, SECONDS).stems.sum(0)) for seed in range(options.clips)])
    held = HeldOut(options.heldout)
    rng = np.random.default_rng(0)
    # A filter moves all of a band alike, which the measure does not see; noise it does.
    copies = [one + 0.5 * rng.standard_normal(one.shape) for one in bank[: options.pieces]]
    sets: dict[str, Iterable[np.ndarray]] = {
        "invented": (
            features(
                np.sum(
                    [*model.generate(SECONDS, options=replace(msgld.Options(), seed=seed)).stems.values()], 0
                )
            )
            for seed in range(options.pieces)
        ),
        "real, unheard": (features(held[i].stems.sum(0)) for i in range(min(options.pieces, len(held)))),
        "copies with noise": copies,
    }
    matches = {name: [best_match(stretch(one), bank) for one in pieces] for name, pieces in sets.items()}
    limit = float(np.quantile(matches["real, unheard"], 0.95))
    report = {
        "clips": len(bank), "pieces": options.pieces, "stretch": STRETCH,
        **{name: said(values) for name, values in matches.items()},
        "share of invented ones nearer than 95 % of real ones": float(np.mean(np.array(matches["invented"]) > limit)),
    }  # fmt: skip
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "replay.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
