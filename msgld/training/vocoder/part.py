"""The vocoder as a part that is trained, and its trainer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from msgld.checkpoint import load_first_stage, load_model, save_model, save_parts
from msgld.data.source import Source
from msgld.description import read_description
from msgld.dsp.codec import Codec
from msgld.dsp.mel import MelConfig, band_edges, filterbank, log_mel, spectrum
from msgld.dsp.stft import istft, stft
from msgld.errors import UsageError
from msgld.model import REFERENCE_RMS
from msgld.nets.discriminators import Discriminators
from msgld.nets.vocoder import Vocoder, VocoderConfig, own_turn
from msgld.runtime import bf16_is_fast
from msgld.training.folder import MODEL, model_name
from msgld.training.log import say
from msgld.training.part import Part
from msgld.training.pictures import draw_planes
from msgld.training.pool.clips import ClipPool, Crops, draw_crops
from msgld.training.recipe import PoolConfig
from msgld.training.trainer import Trainer
from msgld.training.vocoder.loss import frequency_loss, mel_loss, stft_loss, turn_loss
from msgld.training.vocoder.recipes import RECIPES, VocoderRecipe, VocoderSettings

WEIGHTS = {"stft": 1.0, "mel": 2.0, "turn": 2.0, "frequency": 3.0, "hinge": 0.1, "features": 0.5}

FLOOR = 1e-5
"""Magnitude drawn black."""


def on_grid(config: VocoderConfig, mel: MelConfig) -> VocoderConfig:
    """The network's shape with the grid of a log-mel."""
    held = min(config.held, mel.n_fft // 2 + 1)
    return replace(config, bands=mel.bands, n_fft=mel.n_fft, hop=mel.hop, floor=mel.floor, held=held,
                   magnitudes=mel.kind == "magnitude")  # fmt: skip


def band_gains(mel: MelConfig) -> Tensor:
    """Factors (M,) that bring the mean over a band's bins to the scale in which a sinusoid has magnitude 1."""
    if mel.kind == "power":
        return torch.ones(mel.bands)
    edges = band_edges(mel)
    # Triangles of area 1 brought to peak 1, and a transform that is not scaled: a Hann window sums to n_fft / 2.
    return torch.from_numpy((edges[:, 2] - edges[:, 0]) / 2 * 4 / mel.n_fft).float()


def build_vocoder(recipe: VocoderRecipe, codec: Codec, seed: int = 0) -> Vocoder:
    """An untrained vocoder that knows the codec's bands, its weights drawn by ``seed``."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        vocoder = Vocoder(on_grid(recipe.network, codec.mel))
    vocoder.set_bands(filterbank(codec.mel), band_gains(codec.mel))
    return vocoder


class VocoderTrainer(Trainer[ClipPool]):
    """Trains a vocoder, and its adversary.

    Args:
        codec: its log-mels are the input of the vocoder; it stays as it is.
        vocoder: goes on with this one instead of a new one.
        base: folder of the model or first stage that the vocoder joins whenever it is exported.
    """

    def __init__(self, recipe: VocoderRecipe, codec: Codec, pool: ClipPool, minutes: float, device: torch.device,
                 seed: int = 0, vocoder: Vocoder | None = None, base: Path | None = None) -> None:  # fmt: skip
        self.vocoder = (vocoder or build_vocoder(recipe, codec, seed)).train().requires_grad_(True)
        super().__init__("vocoder", self.vocoder, recipe, pool, minutes, device, seed)
        self.base, self.weights = base, WEIGHTS
        self.half = bf16_is_fast(device)
        self.codec = codec.to(device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed + 1)
            self.adversary = Discriminators(recipe.settings.discriminators).to(device)
        self.adversary_optimiser = torch.optim.AdamW(self.adversary.parameters(), lr=3e-4, betas=(0.8, 0.98))

    def next_batch(self) -> tuple[Tensor]:
        """Draw waveforms at the reference loudness, stems and mixtures, (B, L)."""
        stage = self.recipe.stage(self.progress)
        crops = draw_crops(self.pool, stage.items, stage.frames * self.codec.mel.hop, self.rng)
        return (pick_tracks(crops, self.recipe.settings, self.rng),)

    def losses(self, audio: Tensor) -> dict[str, Tensor]:
        """The losses for waveforms (B, L); with the adversary, once it takes part, which is then trained first."""
        mel, net = self.codec.mel, self.vocoder
        with torch.no_grad():
            mels = self.codec.decode(self.codec.encode(log_mel(audio.unsqueeze(1), mel)))
            real = stft(audio, mel.n_fft, mel.hop)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            said = net.predict(mels)
        spectra = net.spectrum_of(mels, said)
        made = istft(spectra, mel.n_fft, mel.hop)
        losses = {
            "stft": stft_loss(made, audio),
            "mel": mel_loss(made, audio, mel),
            "turn": turn_loss(spectra, real),
            "frequency": frequency_loss(said, own_turn(net.config, audio.device), real),
        }
        if self.progress >= self.recipe.settings.adversary:
            losses["adversary"] = self.adversary.own_loss(audio, made)
            if torch.is_grad_enabled():
                optimisers: list[torch.optim.Optimizer] = [self.adversary_optimiser]
                self.update(self.adversary, optimisers, [losses["adversary"]], ranks=self.ranks)
            losses["hinge"], losses["features"] = self.adversary.losses_of(audio, made)
        return losses

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs."""
        return {
            **super().state_dict(),
            "adversary": self.adversary.state_dict(),
            "adversary_optimiser": self.adversary_optimiser.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Inverse of :meth:`state_dict`, except for the pool, which is made anew."""
        super().load_state_dict(state)
        self.adversary.load_state_dict(state["adversary"])
        self.adversary_optimiser.load_state_dict(state["adversary_optimiser"])

    def export(self, out: Path, about: dict[str, Any]) -> dict[str, float]:
        """Write the model, or the first stage, with this vocoder."""
        if self.base:
            info = {"name": model_name(out), "vocoder_training": {"recipe": self.recipe.name, **about}}
            join_vocoder(self.base, self.vocoder, out / MODEL, **info)
        return {}

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """Draw a crop's spectrum and that of its reconstruction; always the same crop."""
        mel = self.codec.mel
        with self.aside():
            audio = self.next_batch()[0][:1]
        self.vocoder.eval()
        made = self.vocoder(self.codec.decode(self.codec.encode(log_mel(audio.unsqueeze(1), mel))))
        self.vocoder.train()
        pair = {"recording": audio, "vocoder": made}
        planes = {title: (spectrum(wave, mel).abs() + FLOOR).log() for title, wave in pair.items()}
        draw_planes(["spectrum"], planes, path, float(np.log(FLOOR)), 0.0)


def pick_tracks(crops: Crops, settings: VocoderSettings, rng: np.random.Generator) -> Tensor:
    """Of each item its mixture or one sounding stem, (B, L), with the mixture at the reference loudness."""
    count, stems = crops.audio.shape[:2]
    gains = 10 ** (rng.uniform(-1, 1, (count, stems, 1)) * settings.gain_db / 20)
    audio = crops.audio * crops.present[..., None] * torch.from_numpy(gains).to(crops.audio)
    mixture = audio.sum(1)
    jitter = torch.from_numpy(10 ** (rng.normal(0, settings.jitter_db, (count, 1)) / 20)).to(audio)
    gain = REFERENCE_RMS * jitter / mixture.square().mean(1, keepdim=True).sqrt().clamp_min(1e-5)
    picked = []
    for item in range(count):
        loud = audio[item].square().mean(1).sqrt() * gain[item] > 1e-3
        choice = rng.choice(np.flatnonzero(loud.numpy(force=True))) if loud.any() else None
        whole = choice is None or rng.random() < settings.mixtures
        picked.append(mixture[item] if whole else audio[item, choice])
    return torch.stack(picked) * gain


class VocoderPart(Part[VocoderRecipe, ClipPool]):
    """Trains a vocoder for the codec of a model or a first stage; goes on with one of the recipe's size.

    Attributes:
        base: the model's folder.
        vocoder: the one to go on with; None for a new one.
    """

    name = "vocoder"
    recipes = RECIPES
    settings = VocoderSettings

    def prepare(self) -> None:
        """Read the codec, and the vocoder if there is one."""
        base = self.start or self.first_stage
        if base is None:
            raise UsageError("a vocoder belongs to a model or to a first stage: name its folder with --start")
        self.base = base
        self.codec, own = load_first_stage(base)
        same = isinstance(own, Vocoder) and own.config == on_grid(self.recipe.network, self.codec.mel)
        self.vocoder = own if same else None

    def begin(self, source: Source) -> None:
        """Say which vocoder is trained."""
        say(f"{'goes on with the vocoder' if self.vocoder else 'a new vocoder for the codec'} of {self.base}")

    def pool(self, source: Source, config: PoolConfig) -> ClipPool:
        """A pool of waveforms."""
        return ClipPool(source, config, self.codec.mel.rate)

    def trainer(self, pool: ClipPool, minutes: float, resumed: bool) -> VocoderTrainer:
        """A trainer of the vocoder."""
        run = (pool, minutes, self.device, self.seed)
        return VocoderTrainer(self.recipe, self.codec, *run, self.vocoder, self.base)


def join_vocoder(model: Path, vocoder: Vocoder, out: Path, **about: Any) -> None:
    """Write a model with this vocoder; a codec alone becomes a first stage with a vocoder.

    Args:
        model: folder of a model or of a first stage.
        vocoder: replaces its own.
        out: folder to write, which may be ``model`` itself.
        about: added to the info.

    Raises:
        ModelError: ``model`` is missing or damaged.
    """
    description = read_description(model)
    if "denoiser" in description["parts"]:
        whole = load_model(model, half=False)
        whole.vocoder = vocoder
        whole.info.update(about)
        save_model(whole, out)
        return
    codec, _ = load_first_stage(model)
    kept = {key: description.get(key) for key in ("stems", "level")}
    parts = {"codec": codec, "vocoder": vocoder}
    save_parts(parts, out, {**kept, "info": {**description["info"], **about}}, torch.float16)
