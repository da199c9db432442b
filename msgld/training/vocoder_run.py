"""A run of the vocoder's training: state, weights, log and pictures in one folder."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from msgld.checkpoint import write_whole
from msgld.data.source import Source
from msgld.dsp.codec import Codec
from msgld.dsp.mel import MelConfig, log_mel
from msgld.nets.vocoder import Vocoder, VocoderConfig
from msgld.training.beginning import Report, begun, wait_for
from msgld.training.clips import clip_pool
from msgld.training.disk import Run
from msgld.training.preview import save_picture
from msgld.training.record import of_preset
from msgld.training.vocoder import VocoderTraining
from msgld.training.vocoder_presets import VocoderPreset


class VocoderRun(Run):
    """A vocoder's training and its folder."""

    def __init__(self, training: VocoderTraining, out: Path, report: Report | None) -> None:
        super().__init__(training, training.preset, out, report)
        self.vocoding = training

    def export(self) -> None:
        """Write ``vocoder.safetensors`` (16 bits) and ``vocoder.json``."""
        vocoder = self.vocoding.vocoder
        halves = {name: value.half().cpu().contiguous() for name, value in vocoder.state_dict().items()}
        write_whole(self.out / "vocoder.safetensors", save(halves))
        about = {**vocoder.settings(), "mel": asdict(self.vocoding.codec.mel)}
        about |= {"preset": self.vocoding.preset.name, **self.about()}
        write_whole(self.out / "vocoder.json", json.dumps(about, indent=1).encode())

    def draw(self, path: Path) -> None:
        """Draw a crop's spectrogram beside that of its reconstruction; the crop is the same in every picture."""
        training = self.vocoding
        with training.aside():
            audio = training.next_audio()[:1]
        training.vocoder.eval()
        with torch.no_grad():
            mels = training.codec.decode(
                training.codec.encode(log_mel(audio.unsqueeze(1), training.codec.mel))
            )
            made = training.vocoder(mels)
        training.vocoder.train()
        _draw(audio[0].cpu(), made[0].cpu(), training.codec.mel, path)


def train_vocoder(
    preset: VocoderPreset,
    source: Source,
    codec: Codec,
    out: Path,
    minutes: float | None = None,
    device: torch.device | str = "cpu",
    seed: int = 0,
    report: Report | None = None,
    start: Vocoder | None = None,
) -> Vocoder:
    """Train a vocoder for what ``codec`` gives back; called again it goes on where it was.

    Args:
        start: a vocoder to go on with, in place of a new one.
        out: the run's folder, with ``vocoder.safetensors`` and ``vocoder.json`` besides what any run has.
        minutes: length of the whole run; the preset's by default.
        report: called about every 20 steps.

    Returns:
        The vocoder with averaged weights, on the CPU.

    Raises:
        DataError, ModelError: see their messages.
    """
    minutes, about = minutes or preset.minutes, of_preset("vocoder", preset)
    with begun(out, clip_pool(source, codec.mel.rate), preset.pool, seed, source, about) as (pool, saved):
        wait_for(pool, 4 * preset.items, report, minutes)
        training = VocoderTraining(preset, codec, pool, minutes, torch.device(device), seed, start)
        run = VocoderRun(training, out, report)
        run.resume(saved)
        run.go()
    return load_vocoder(out)


def load_vocoder(folder: Path) -> Vocoder:
    """The vocoder that :func:`train_vocoder` exported to ``folder``, in evaluation mode on the CPU."""
    from safetensors.torch import load_file

    about = json.loads((folder / "vocoder.json").read_text("utf-8"))
    names = VocoderConfig.__dataclass_fields__
    vocoder = Vocoder(VocoderConfig(**{name: about[name] for name in names}))
    weights = load_file(folder / "vocoder.safetensors")
    vocoder.load_state_dict({name: value.float() for name, value in weights.items()})
    return vocoder.eval().requires_grad_(False)


def training_of(folder: Path) -> dict[str, Any]:
    """Preset, steps and minutes of the vocoder that was exported to ``folder``, for a model's info."""
    about = json.loads((folder / "vocoder.json").read_text("utf-8"))
    return {name: about[name] for name in ("preset", "steps", "minutes")}


def _draw(real: Tensor, made: Tensor, mel: MelConfig, path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from msgld.dsp.mel import spectrum

    figure = Figure(figsize=(12, 5), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, audio, title in zip(figure.subplots(1, 2), (real, made), ("recording", "vocoder"), strict=True):
        decibels = 20 * torch.log10(spectrum(audio, mel).abs() + 1e-5)
        seconds = len(audio) / mel.rate
        axes.imshow(decibels.numpy(), origin="lower", aspect="auto", extent=(0, seconds, 0, mel.rate / 2000),
                    vmin=-100, vmax=0, cmap="magma")  # fmt: skip
        axes.set(title=title, xlabel="s", ylabel="kHz")
    save_picture(figure, path, 80)
