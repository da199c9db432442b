"""Does a piece have the tempo and the key that were asked for?

    python bench/control.py --pieces 100 --out docs/figures

Styles, tempos and keys are drawn as the built-in band draws them. Beside the model stand the band's own pieces,
rendered with the held-out soundfont, as the estimates of tempo and key err on real music too; the same through the
model's codec and vocoder, as what those lose no brief brings back; and pieces that were asked for nothing, which meet
a brief by chance.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import msgld
from msgld.api.quality import making
from msgld.data.band import RESERVED_SEED, compose
from msgld.data.fonts import heldout_soundfont
from msgld.data.parts import length, parts
from msgld.data.render import Renderer
from msgld.metrics.asked import key_met, tempo_met, tempo_of
from msgld.model import REFERENCE_RMS, Model
from msgld.types import RATE, STEMS

SECONDS = 15.0


def met_by(stems: dict[str, np.ndarray], rate: int, brief: msgld.Brief) -> dict[str, bool]:
    """Whether all stems (channels, L) together have the tempo, and those that have notes the key."""
    mono = {stem: samples.mean(0) for stem, samples in stems.items()}
    pitched = np.sum([wave for stem, wave in mono.items() if stem != "drums"], 0)
    assert brief.bpm and brief.key
    return {
        "tempo": tempo_met(tempo_of(np.sum([*mono.values()], 0), rate), brief.bpm),
        "key": key_met(pitched, rate, brief.key),
    }


def real(number: int) -> tuple[msgld.Brief, dict[str, np.ndarray]]:
    """A brief that the band drew, and the middle of what it played to it."""
    piece = compose(RESERVED_SEED + 50_000 + number)
    played = parts(piece.score)
    start = max(0.0, length(played) / 2 - SECONDS / 2)
    audio = Renderer(heldout_soundfont(), RATE).render_stems(played, start, SECONDS)
    return msgld.Brief(piece.style, piece.bpm, piece.key), dict(zip(STEMS, audio, strict=True))


def coded(model: Model, played: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Stems (2, L) encoded and vocoded, mono (1, L)."""
    mono = torch.from_numpy(np.stack([wave.mean(0) for wave in played.values()])).float()
    gain = REFERENCE_RMS / mono.sum(0).square().mean().sqrt().clamp_min(1e-5)
    mono = mono[:, : mono.shape[1] // model.codec.frame_samples * model.codec.frame_samples]
    with torch.inference_mode():
        made = model.vocode(model.codec.decode(model.codec.encode_audio(mono[:, None] * gain)))
    return dict(zip(played, made.float().numpy()[:, None], strict=True))


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=None)
    parser.add_argument("--pieces", type=int, default=100)
    parser.add_argument("--quality", default="normal")
    parser.add_argument("--brief-guidance", type=float, default=None)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("docs/figures"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = msgld.load(options.model)
    how = msgld.Options(quality=options.quality, brief_guidance=options.brief_guidance)
    met: dict[str, dict[str, list[bool]]] = {
        who: {"tempo": [], "key": []} for who in ("band", "band, coded", "asked", "not asked")
    }
    for number in range(options.pieces):
        brief, played = real(number)
        seeded = replace(how, seed=number)
        told = model.generate(SECONDS, brief=brief, options=seeded)
        free = model.generate(SECONDS, options=seeded)
        for who, stems, rate in (
            ("band", played, RATE),
            ("band, coded", coded(model.model, played), RATE),
            ("asked", told.stems, told.rate),
            ("not asked", free.stems, free.rate),
        ):
            for what, whether in met_by(stems, rate, brief).items():
                met[who][what].append(whether)
    report: dict[str, Any] = {"pieces": options.pieces, "quality": options.quality}
    report["brief guidance"] = making(how, model.model).brief_guidance
    report |= {
        who: {what: float(np.mean(values)) for what, values in both.items()} for who, both in met.items()
    }
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "control.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
