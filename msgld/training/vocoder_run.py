"""A run of the vocoder's training on disk: state, weights, log and pictures in one folder."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor

from msgld.checkpoint import write_whole
from msgld.nets.vocoder import Vocoder, VocoderConfig
from msgld.sound.codec import PatchCodec
from msgld.sound.mel import MelConfig, log_mel
from msgld.training.pool import ClipPool, running
from msgld.training.state import load_state, save_state
from msgld.training.timed import Step
from msgld.training.vocoder import VocoderTraining
from msgld.training.vocoder_presets import VocoderPreset

LOG_STEPS = 20


def run_vocoder(preset: VocoderPreset, pool: ClipPool, codec: PatchCodec, minutes: float, out: Path,
                device: torch.device, on_step: Callable[[Step], None] = lambda step: None,
                ) -> Vocoder:  # fmt: skip
    """Train for ``minutes`` in all, resuming what ``out`` holds; the vocoder with averaged weights.

    Writes ``state.pt``, ``vocoder.safetensors`` (16 bits) with ``vocoder.json``, ``log.jsonl`` and
    ``samples/``; also when ``on_step`` raises, to stop the run.

    Raises:
        ModelError: the saved state is damaged.
    """
    out.mkdir(parents=True, exist_ok=True)
    training = VocoderTraining(preset, codec, pool, minutes, device)
    state = load_state(out / "state.pt")
    if state is not None:
        training.load_state_dict(state)
        # Goes on with clips that the run has not seen.
        pool.config = replace(pool.config, seed=state["clips"])
    with running(pool):
        for _ in pool.wait(min(pool.config.slots, 4 * preset.items) if pool.config.workers else 0):
            pass
        try:
            _steps(training, out, on_step)
        finally:
            vocoder = finish(training, out)
    return vocoder


def _steps(training: VocoderTraining, out: Path, on_step: Callable[[Step], None]) -> None:
    saved, preset = time.monotonic(), training.preset
    for step in training:
        if step.number % LOG_STEPS == 0:
            write_line(step, out / "log.jsonl")
        if step.number % preset.sample_steps == 0:
            write_sample(training, out / "samples" / f"{step.number:06d}.png")
        if time.monotonic() - saved > preset.save_minutes * 60:
            finish(training, out)
            saved = time.monotonic()
        on_step(step)


def write_line(step: Step, path: Path) -> None:
    """Append one step to the log."""
    values = {name: round(value, 5) for name, value in step.losses.items()}
    line = {"step": step.number, "progress": round(step.progress, 5), "seconds": round(step.seconds, 4)}
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps({**line, **values}) + "\n")


def averaged(training: VocoderTraining) -> Vocoder:
    """A copy of the vocoder with averaged weights, in evaluation mode."""
    vocoder = Vocoder(training.vocoder.config).to(training.device)
    vocoder.load_state_dict(training.vocoder.state_dict())
    with torch.no_grad():
        for parameter, value in zip(vocoder.parameters(), training.average.values, strict=True):
            parameter.copy_(value)
    return vocoder.eval().requires_grad_(False)


def finish(training: VocoderTraining, out: Path) -> Vocoder:
    """Save the state and export the averaged weights."""
    save_state(training.state_dict(), out / "state.pt")
    vocoder = averaged(training)
    halves = {name: value.half().cpu().contiguous() for name, value in vocoder.state_dict().items()}
    write_whole(out / "vocoder.safetensors", save(halves))
    about = {**vocoder.settings(), "mel": asdict(training.codec.mel)}
    about |= {"preset": training.preset.name, "steps": training.number}
    write_whole(out / "vocoder.json", json.dumps(about, indent=1).encode())
    return vocoder


def load_vocoder(folder: Path) -> Vocoder:
    """The vocoder that :func:`run_vocoder` exported to ``folder``, in evaluation mode on the CPU."""
    from safetensors.torch import load_file

    about = json.loads((folder / "vocoder.json").read_text("utf-8"))
    names = VocoderConfig.__dataclass_fields__
    vocoder = Vocoder(VocoderConfig(**{name: about[name] for name in names}))
    weights = load_file(folder / "vocoder.safetensors")
    vocoder.load_state_dict({name: value.float() for name, value in weights.items()})
    return vocoder.eval().requires_grad_(False)


def write_sample(training: VocoderTraining, path: Path) -> None:
    """Draw a crop's spectrogram beside that of its reconstruction; the crop is the same in every picture."""
    rng, training.rng = training.rng, np.random.default_rng(0)
    audio = training.next_audio()[:1]
    training.rng = rng
    with torch.no_grad():
        mels = training.codec.decode(training.codec.encode(log_mel(audio.unsqueeze(1), training.codec.mel)))
        made = averaged(training)(mels)
    _draw(audio[0].cpu(), made[0].cpu(), training.codec.mel, path)


def _draw(real: Tensor, made: Tensor, mel: MelConfig, path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from msgld.sound.mel import spectrum

    figure = Figure(figsize=(12, 5), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, audio, title in zip(figure.subplots(1, 2), (real, made), ("recording", "vocoder"), strict=True):
        decibels = 20 * torch.log10(spectrum(audio, mel).abs() + 1e-5)
        seconds = len(audio) / mel.rate
        axes.imshow(decibels.numpy(), origin="lower", aspect="auto", extent=(0, seconds, 0, mel.rate / 2000),
                    vmin=-100, vmax=0, cmap="magma")  # fmt: skip
        axes.set(title=title, xlabel="s", ylabel="kHz")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.stem + ".partial.png")
    figure.savefig(temporary, dpi=80)
    temporary.replace(path)
