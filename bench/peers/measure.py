"""Measures one trained system on the held-out set; ``table.py`` puts the results side by side.

    python bench/peers/measure.py msdm runs/peers/msdm-1 --midi FOLDER --clips 40 --out research/figures/peers

Everything is compared in mono at 22.05 kHz. Separation: SI-SDRi of stems that sound. Generation: the mel-statistics
distance of as many pieces, their mixtures brought to one level, to the held-out mixtures. Arranging: every clip with
another subset of its stems given, agreement with them on the scale from another song's stems (0) to the true ones (1).
Times are of computing on one thread. Called again it goes on: what a report of this system and run says already is not
measured again.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch

from msgld.data.heldout import HeldOut
from msgld.dsp.mel import MelConfig, log_mel
from msgld.dsp.resample import resample
from msgld.evaluation.subsets import proper_subsets
from msgld.files import write_whole
from msgld.metrics import frechet_distance, is_silent, mel_statistics, si_sdri, summary
from msgld.metrics.coherence import agreement, copies, on_scale
from peers.systems import RATE, SECONDS, System, open_system

MEL = MelConfig(RATE, 1024, 256, 128, fmax=RATE / 2)


def mono(clip: Any) -> np.ndarray:
    """A clip's stems (S, L) in mono at ``RATE``."""
    return resample(clip.stems.mean(1), clip.rate, RATE)


def separation(system: System, clips: Sequence[Any]) -> dict[str, Any]:
    """SI-SDRi over all clips and stems, by stem, and seconds of computing a second of music."""
    table, begun = [], time.process_time()
    made = [system.separate(clip.stems.sum(0), clip.rate) for clip in clips]
    took = time.process_time() - begun
    for stems, clip in zip(made, clips, strict=True):
        true = mono(clip)
        length = min(stems.shape[-1], true.shape[-1])
        mixture = true.sum(0)[:length]
        table.append([np.nan if is_silent(t[None]) else si_sdri(s[:length], t[:length], mixture)
                      for s, t in zip(stems, true, strict=True)])  # fmt: skip
    values = np.array(table)
    return {
        "si_sdri": vars(summary(values.ravel())),
        "stems": {stem: vars(summary(values[:, k])) for k, stem in enumerate(system.stems)},
        "seconds_a_second": took / sum(clip.stems.shape[-1] / clip.rate for clip in clips),
    }


def statistics(mixtures: Sequence[np.ndarray]) -> np.ndarray:
    """Mel statistics (n, 48) of mixtures, each brought to -20 dBFS and cut to ``SECONDS``."""
    length = round(SECONDS * RATE) // MEL.hop * MEL.hop - 8 * MEL.hop
    waves = np.stack([wave[:length] * 0.1 / max(1e-6, np.sqrt(np.mean(wave**2))) for wave in mixtures])
    return mel_statistics(
        log_mel(torch.from_numpy(waves.astype(np.float32))[:, None], MEL).numpy(), RATE / MEL.hop
    )


def generation(system: System, clips: Sequence[Any]) -> dict[str, Any]:
    """Distance of new pieces to the clips, of the clips' halves to each other as a yardstick, and the time."""
    true = statistics([mono(clip).sum(0) for clip in clips])
    begun = time.process_time()
    pieces = [system.generate(seed).sum(0) for seed in range(len(clips))]
    took = time.process_time() - begun
    rng = np.random.default_rng(0)
    made = statistics(pieces)
    drawn = [frechet_distance(made[rng.integers(0, len(made), len(made))], true) for _ in range(200)]
    return {
        "distance": frechet_distance(made, true),
        "interval": [float(q) for q in np.quantile(drawn, (0.025, 0.975))],
        "distance_of_true_halves": frechet_distance(true[::2], true[1::2]),
        "seconds_a_second": took / (len(clips) * SECONDS),
    }


def arranging(system: System, clips: Sequence[Any]) -> dict[str, Any]:
    """Agreement with given stems, and how many stems are copies of one of them."""
    names, fits, copied = system.stems, [], 0
    subsets = proper_subsets(names)
    sounds = [mono(clip) for clip in clips]
    for number, (clip, true) in enumerate(zip(clips, sounds, strict=True)):
        made_stems = {names.index(stem) for stem in subsets[(7 * number) % len(subsets)]}
        heard = [k for k in range(len(names)) if not is_silent(clip.stems[k])]
        wanted = [k for k in heard if k in made_stems]
        given = {k: true[k] for k in heard if k not in made_stems}
        if not wanted or not given:
            continue
        played = system.arrange(given, number)
        foreign = sounds[(number + len(sounds) // 2) % len(sounds)]
        others = {names[k]: wave for k, wave in given.items()}
        fits.append(
            [agreement({names[k]: some[k] for k in wanted}, others, RATE) for some in (played, foreign, true)]
        )
        mels = log_mel(torch.from_numpy(np.stack([played[k] for k in wanted])).float()[:, None], MEL).numpy()
        given_mels = log_mel(torch.from_numpy(np.stack([*given.values()])).float()[:, None], MEL).numpy()
        length = min(mels.shape[-1], given_mels.shape[-1])
        copied += copies(mels[..., :length], given_mels[..., :length])
    table = np.array(fits).reshape(-1, 3, 2)
    return {
        "rhythm": on_scale(*table[..., 0].T),
        "tone": on_scale(*table[..., 1].T),
        "copies": copied,
        "count": len(fits),
    }


PARTS = {"separation": separation, "generation": generation, "arranging": arranging}


def resumed(path: Path, about: dict[str, Any]) -> dict[str, Any]:
    """The report of a measurement that was stopped, or a new one if that is of another kind."""
    report = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return report if about.items() <= report.items() else about


def main() -> None:
    """Measure one system."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("system", choices=("ours", "paper", "msdm", "htdemucs"))
    parser.add_argument(
        "folder", type=Path, nargs="?", help="of the run; without it the shipped model (ours)"
    )
    parser.add_argument("--midi", type=Path, default=None)
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--steps", type=int, default=None, help="network calls, where the system samples")
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--out", type=Path, default=Path("research/figures/peers"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    run = options.folder.name if options.folder else "shipped"
    path = options.out / f"{options.system}-{run}.json"
    about = {"system": options.system, "run": run, "clips": options.clips, "steps": options.steps}
    report = resumed(path, about)
    if left := [part for part in PARTS if part in options.only.split(",") and part not in report]:
        system = open_system(options.system, options.folder, options.steps)
        clips = HeldOut(options.midi, system.stems).spread(options.clips)
        report["parameters"] = system.parameters
        for part in left:
            if part != "separation" and not system.makes:
                continue
            report[part] = PARTS[part](system, clips)
            report["gigabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
            options.out.mkdir(parents=True, exist_ok=True)
            write_whole(path, (json.dumps(report, indent=1) + "\n").encode())
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
