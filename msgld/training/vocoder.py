"""The training loop of the vocoder: a generator of steps, like the denoiser's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from msgld.dsp.codec import Codec
from msgld.dsp.mel import MelConfig, band_edges, filterbank, log_mel
from msgld.dsp.stft import istft, stft
from msgld.model import REFERENCE_RMS
from msgld.nets.discriminators import Discriminators
from msgld.nets.vocoder import Vocoder, VocoderConfig, own_turn
from msgld.runtime import bf16_is_fast
from msgld.training.clips import ClipPool, Crops, draw_crops
from msgld.training.network import NetworkTraining, plain
from msgld.training.vocoder_loss import frequency_loss, mel_loss, stft_loss, turn_loss
from msgld.training.vocoder_presets import VocoderPreset

WEIGHTS = {"stft": 1.0, "mel": 2.0, "turn": 2.0, "frequency": 3.0, "hinge": 0.1, "features": 0.5}


def on_grid(config: VocoderConfig, mel: MelConfig) -> VocoderConfig:
    """The network's shape with the grid of a log-mel."""
    held = min(config.held, mel.n_fft // 2 + 1)
    return replace(config, bands=mel.bands, n_fft=mel.n_fft, hop=mel.hop, floor=mel.floor, held=held,
                   magnitudes=mel.kind == "magnitude")  # fmt: skip


def band_gains(mel: MelConfig) -> Tensor:
    """What the mean over a band's bins is multiplied by to give that of a spectrum in which a sinusoid has 1, (M,)."""
    if mel.kind == "power":
        return torch.ones(mel.bands)
    edges = band_edges(mel)
    # Triangles of area 1 brought to peak 1, and a transform that is not scaled: a Hann window sums to n_fft / 2.
    return torch.from_numpy((edges[:, 2] - edges[:, 0]) / 2 * 4 / mel.n_fft).float()


def build_vocoder(preset: VocoderPreset, codec: Codec, seed: int = 0) -> Vocoder:
    """An untrained vocoder that knows the codec's bands, its weights drawn by ``seed``."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        vocoder = Vocoder(on_grid(preset.network, codec.mel))
    vocoder.set_bands(filterbank(codec.mel), band_gains(codec.mel))
    return vocoder


def goes_on(first: object, preset: VocoderPreset, codec: Codec) -> bool:
    """Whether a vocoder (or None) is one that the preset can train further: not a HiFi-GAN, and of its size."""
    return isinstance(first, Vocoder) and first.config == on_grid(preset.network, codec.mel)


class VocoderTraining(NetworkTraining[ClipPool]):
    """A run: the vocoder (a new one, unless one is given to go on with), its average, its adversary and the clock."""

    def __init__(self, preset: VocoderPreset, codec: Codec, pool: ClipPool, minutes: float,
                 device: torch.device, seed: int = 0, vocoder: Vocoder | None = None) -> None:  # fmt: skip
        self.vocoder = (vocoder or build_vocoder(preset, codec, seed)).train().requires_grad_(True)
        super().__init__("vocoder", self.vocoder, preset.optim, pool, minutes, device, seed)
        self.preset = preset
        self.half = bf16_is_fast(device)
        self.codec = codec.to(device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed + 1)
            self.adversary = Discriminators(preset.discriminators).to(device)
        self.adversary_optimiser = torch.optim.AdamW(self.adversary.parameters(), lr=3e-4, betas=(0.8, 0.98))

    def next_audio(self) -> Tensor:
        """Draw levelled waveforms, stems and mixtures, (B, L)."""
        samples = self.preset.columns * self.codec.mel.hop
        crops = draw_crops(self.pool, self.preset.items, samples, self.rng)
        return pick_tracks(crops, self.preset, self.rng)

    def step(self) -> dict[str, float]:
        """One batch, one update of the weights and of their average."""
        audio = self.next_audio()
        losses, made = self.losses(audio)
        fighting = self.progress >= self.preset.adversary
        if fighting:
            losses["adversary"] = self.teach_adversary(audio, made)
            losses["hinge"], losses["features"] = self.adversary.losses_of(audio, made)
        norm = self.descend(torch.stack([WEIGHTS[k] * v for k, v in losses.items() if k in WEIGHTS]).sum())
        return {**plain(losses), "norm": norm}

    def teach_adversary(self, audio: Tensor, made: Tensor) -> Tensor:
        """One update of the discriminators, unless it would not be finite; their loss."""
        loss = self.adversary.own_loss(audio, made)
        self.update(self.adversary, [self.adversary_optimiser], loss)
        return loss.detach()

    def losses(self, audio: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """The losses for waveforms (B, L), and what the vocoder made of their coded log-mels."""
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
        return losses, made

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs."""
        return {
            **super().state_dict(),
            "adversary": self.adversary.state_dict(),
            "adversary_optimiser": self.adversary_optimiser.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Inverse of :meth:`state_dict`, but for the pool, which the caller makes anew."""
        super().load_state_dict(state)
        self.adversary.load_state_dict(state["adversary"])
        self.adversary_optimiser.load_state_dict(state["adversary_optimiser"])


def pick_tracks(crops: Crops, preset: VocoderPreset, rng: np.random.Generator) -> Tensor:
    """Of each item its mixture or one sounding stem, (B, L), with the mixture at the reference level."""
    count, stems = crops.audio.shape[:2]
    gains = 10 ** (rng.uniform(-1, 1, (count, stems, 1)) * preset.gain_db / 20)
    audio = crops.audio * crops.present[..., None] * torch.from_numpy(gains).to(crops.audio)
    mixture = audio.sum(1)
    jitter = torch.from_numpy(10 ** (rng.normal(0, preset.jitter_db, (count, 1)) / 20)).to(audio)
    level = REFERENCE_RMS * jitter / mixture.square().mean(1, keepdim=True).sqrt().clamp_min(1e-5)
    picked = []
    for item in range(count):
        loud = audio[item].square().mean(1).sqrt() * level[item] > 1e-3
        choice = rng.choice(np.flatnonzero(loud.numpy(force=True))) if loud.any() else None
        whole = choice is None or rng.random() < preset.mixtures
        picked.append(mixture[item] if whole else audio[item, choice])
    return torch.stack(picked) * level
