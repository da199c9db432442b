"""A run of the autoencoder's training, exported as a first stage: the folder that the denoiser's training takes."""

from __future__ import annotations

from pathlib import Path

import torch

from msgld.checkpoint import save_parts
from msgld.data.source import Source
from msgld.model import REFERENCE_RMS
from msgld.paper.autoencoder_training import CodecTraining, build_codec
from msgld.paper.presets import CodecPreset
from msgld.training.beginning import Report, begun, wait_for
from msgld.training.clips import clip_pool
from msgld.training.disk import Run, described
from msgld.training.naming import model_name
from msgld.training.preview import draw_mels, mel_range
from msgld.training.record import of_preset


class CodecRun(Run):
    """An autoencoder's training and its folder."""

    def __init__(self, training: CodecTraining, out: Path, report: Report | None) -> None:
        super().__init__(training, training.preset, out, report)
        self.coding = training

    def export(self) -> None:
        """Measure the latents' scale, log it and write the first stage, with no vocoder yet."""
        codec, preset = self.coding.codec, self.coding.preset
        measured = self.coding.measure_scale()
        self.log.write(self.training.number, measured)
        info = {
            "name": model_name(self.out),
            "preset": described(preset),
            "training": self.about(),
            **measured,
        }
        about = {"stems": self.training.pool.source.stems, "level": REFERENCE_RMS, "info": info}
        codec.scale.fill_(measured["scale"])
        save_parts({"codec": codec}, self.out / "model", about, torch.float16)
        codec.scale.fill_(1.0)  # training does without

    def draw(self, path: Path) -> None:
        """Draw log-mels and what the autoencoder gives back."""
        with torch.no_grad(), self.coding.aside():
            mels = self.coding.next_mels()[:4]
            made = self.coding.codec.decode(self.coding.codec.encode(mels))
        names = [str(number) for number in range(len(mels))]
        draw_mels(names, {"true": mels, "given back": made}, path, *mel_range(self.coding.codec.mel))


def train_codec(
    preset: CodecPreset,
    source: Source,
    out: Path,
    minutes: float | None = None,
    device: torch.device | str = "cpu",
    seed: int = 0,
    report: Report | None = None,
) -> Path:
    """Train an autoencoder on the log-mels of stems and mixtures; called again it goes on where it was.

    Args:
        out: the run's folder; the first stage is in ``model/``.
        minutes: length of the whole run; the preset's by default.
        report: called every ``log_steps`` steps.

    Returns:
        The first stage's folder: a codec, which has no vocoder yet.

    Raises:
        DataError, ModelError, UsageError: see their messages.
    """
    minutes = minutes or preset.minutes
    pool_of, about = clip_pool(source, preset.network.mel.rate), of_preset("codec", preset)
    with begun(out, pool_of, preset.pool, seed, source, about) as (pool, saved):
        wait_for(pool, 8 * preset.stage(0.0).items, report, minutes)
        codec = build_codec(preset, seed)
        training = CodecTraining(preset, codec, pool, minutes, torch.device(device), seed)
        run = CodecRun(training, out, report)
        run.resume(saved)
        run.go()
    return out / "model"
