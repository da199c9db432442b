"""Does a piece have the tempo and the key that were asked for?

    python bench/control.py --pieces 100 --out research/figures
    python bench/control.py --pieces 40 --style-guidance 1 2 3 --steps 8 --out runs/weights

Styles, tempos and keys are drawn as the built-in band draws them. Beside the model stand the band's own pieces,
rendered with the held-out soundfont, as the estimates of tempo and key err on real music too; the same through the
model's codec and vocoder, as what no conditions can bring back after those; and pieces without conditions, which meet
them by chance.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from adherence import key_met, tempo_met, tempo_of

import msgld
from msgld.api.quality import of_making
from msgld.data.band import RESERVED_SEED, compose
from msgld.data.fonts import heldout_soundfont
from msgld.data.render import Renderer
from msgld.dsp.mel import log_mel
from msgld.model import REFERENCE_RMS, Model
from msgld.music.midi.parts import length
from msgld.music.midi.perform import parts
from msgld.stems import RATE

SECONDS = 15.0


def met_by(stems: dict[str, np.ndarray], rate: int, conditions: msgld.Conditions) -> dict[str, bool]:
    """Whether all stems (channels, L) together have the tempo, and those that have notes the key."""
    mono = {stem: samples.mean(0) for stem, samples in stems.items()}
    pitched = np.sum([wave for stem, wave in mono.items() if stem != "drums"], 0)
    assert conditions.bpm and conditions.key
    return {
        "tempo": tempo_met(tempo_of(np.sum([*mono.values()], 0), rate), conditions.bpm),
        "key": key_met(pitched, rate, conditions.key),
        "key, no leeway": key_met(pitched, rate, conditions.key, leeway=0.0),
    }


def real(number: int, stems: tuple[str, ...]) -> tuple[msgld.Conditions, dict[str, np.ndarray]]:
    """Conditions that the band drew, and the middle of what it played to it, in these stems."""
    piece = compose(RESERVED_SEED + 50_000 + number)
    played = parts(piece.score)
    start = max(0.0, length(played) / 2 - SECONDS / 2)
    audio = Renderer(heldout_soundfont(), RATE).render_stems(played, start, SECONDS, stems)
    return msgld.Conditions(piece.style, piece.bpm, piece.key), dict(zip(stems, audio, strict=True))


def coded(model: Model, played: dict[str, np.ndarray], key: str | None) -> dict[str, np.ndarray]:
    """Stems (2, L) of a piece in that key encoded and vocoded, mono (1, L)."""
    mono = torch.from_numpy(np.stack([wave.mean(0) for wave in played.values()])).float()
    gain = REFERENCE_RMS / mono.sum(0).square().mean().sqrt().clamp_min(1e-5)
    mono = mono[:, : mono.shape[1] // model.codec.frame_samples * model.codec.frame_samples]
    with torch.inference_mode():
        latents = model.codec.encode(log_mel(mono[:, None] * gain, model.codec.mel))
        mels = dict(zip(played, model.codec.decode(latents), strict=True))
        return {stem: model.vocode(one[None], stem, key).float().numpy() for stem, one in mels.items()}


def measure(
    model: msgld.Msgld, free: msgld.Options, told: list[msgld.Options], pieces: range
) -> dict[str, dict[str, float]]:
    """Shares of the pieces that meet their conditions, by who played them and what was to be met."""
    met: dict[str, list[dict[str, bool]]] = defaultdict(list)
    for number in pieces:
        conditions, played = real(number, model.stems)
        met["band"].append(met_by(played, RATE, conditions))
        met["band, coded"].append(met_by(coded(model.model, played, conditions.key), RATE, conditions))
        made = model.generate(SECONDS, options=replace(free, seed=number))
        met["not asked"].append(met_by(made.stems, made.rate, conditions))
        for how in told:
            made = model.generate(SECONDS, conditions=conditions, options=replace(how, seed=number))
            name = f"asked, weight {of_making(how, model.model).style_guidance:g}"
            met[name].append(met_by(made.stems, made.rate, conditions))
        print({who: one[-1] for who, one in met.items()}, flush=True)
    return {
        who: {what: float(np.mean([one[what] for one in every])) for what in every[0]}
        for who, every in met.items()
    }


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=None)
    parser.add_argument("--pieces", type=int, default=100)
    parser.add_argument("--first", type=int, default=0, help="number of the first piece, to share them out")
    parser.add_argument("--quality", default="normal")
    parser.add_argument("--style-guidance", type=float, nargs="+", default=[None], help="compare these")
    parser.add_argument("--steps", type=int, default=None)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("research/figures"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = msgld.load(options.model)
    free = msgld.Options(quality=options.quality, steps=options.steps)
    told = [replace(free, style_guidance=weight) for weight in options.style_guidance]
    report: dict[str, Any] = {"pieces": options.pieces, "calls": of_making(free, model.model).steps}
    report |= measure(model, free, told, range(options.first, options.first + options.pieces))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "control.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
