"""The trained systems behind one interface: everything in mono at 22.05 kHz, MSDM's format, so that they compare."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from msgld.dsp.resample import resample
from msgld.stems import STEMS

RATE = 22_050
SECONDS = 10.0


class System(ABC):
    """Attributes: parameters: how many it has. makes: whether it makes music, too. stems: which it knows."""

    parameters: int
    makes = True
    stems: tuple[str, ...] = STEMS
    """Of the songs that ``songs.py`` renders, which all peers are trained on."""

    @abstractmethod
    def separate(self, mixture: np.ndarray, rate: int) -> np.ndarray:
        """Stems (S, L) at ``RATE`` of a stereo mixture (2, L)."""

    def generate(self, seed: int) -> np.ndarray:
        """Stems (S, L) at ``RATE`` of a new piece of about ``SECONDS``."""
        raise NotImplementedError

    def arrange(self, given: Mapping[int, np.ndarray], seed: int) -> np.ndarray:
        """All stems (S, L) at ``RATE``, to the given ones (L,) at ``RATE``."""
        raise NotImplementedError


class Latent(System):
    """Ours, and the published design in our code.

    Args:
        folder: of the model.
        steps: network calls to make music, and to separate where the model samples; None for the default of ``normal``.
    """

    def __init__(self, folder: Path | None, quality: str = "normal", steps: int | None = None) -> None:
        import msgld

        self.model = msgld.load(folder, device="cpu")
        self.stems = self.model.stems
        self.making = msgld.Options(quality=quality, steps=steps)
        one_call = self.model.model.denoiser.expectation(quality).steps == 1
        self.options = msgld.Options(quality=quality) if one_call else self.making
        parts = (self.model.model.denoiser, self.model.model.vocoder, self.model.model.refiner)
        self.parameters = sum(p.numel() for part in parts if part is not None for p in part.parameters())

    def separate(self, mixture: np.ndarray, rate: int) -> np.ndarray:
        """Cut out of the mixture."""
        result = self.model.separate((mixture, rate), options=self.options)
        return self._mono(result.stems, rate)

    def generate(self, seed: int) -> np.ndarray:
        """In the default number of calls."""
        from dataclasses import replace

        result = self.model.generate(SECONDS, options=replace(self.making, seed=seed))
        return self._mono(result.stems, result.rate)

    def arrange(self, given: Mapping[int, np.ndarray], seed: int) -> np.ndarray:
        """As a trained conditional, or by overwriting where the model has none."""
        from dataclasses import replace

        named = {self.model.stems[k]: (wave[None].astype(np.float32), RATE) for k, wave in given.items()}
        result = self.model.arrange(named, options=replace(self.making, seed=seed))
        made = self._mono(result.stems, result.rate)
        stems = np.zeros((len(self.stems), made.shape[-1]), np.float32)
        stems[[k for k, stem in enumerate(self.stems) if stem in result.stems]] = made
        return stems

    def _mono(self, stems: Mapping[str, np.ndarray], rate: int) -> np.ndarray:
        return resample(np.stack([stems[stem].mean(0) for stem in self.stems if stem in stems]), rate, RATE)


class Waveform(System):
    """MSDM. Args: folder: of the run. steps: of the Euler integration; 150 as published."""

    def __init__(self, folder: Path, steps: int = 150) -> None:
        from peers.msdm import Msdm
        from peers.waves import trained

        peer = trained(Msdm(len(self.stems)), folder)
        assert isinstance(peer, Msdm)
        self.peer, self.steps = peer, steps
        self.parameters = sum(p.numel() for p in self.peer.parameters())

    def _padded(self, waves: Tensor) -> Tensor:
        return torch.nn.functional.pad(waves, (0, -waves.shape[-1] % self.peer.multiple))

    @torch.inference_mode()
    def separate(self, mixture: np.ndarray, rate: int) -> np.ndarray:
        """With the Dirac likelihood."""
        from peers import msdm

        wave = torch.from_numpy(resample(mixture.mean(0)[None], rate, RATE))
        gain = 0.1 / wave.square().mean().sqrt().clamp_min(1e-6)
        whole = self._padded(wave * gain)
        noise = torch.randn(
            1, len(self.stems) - 1, whole.shape[-1], generator=torch.Generator().manual_seed(0)
        )
        stems = msdm.separate(self.peer.denoise, whole, noise, self.steps)[0] / gain
        return stems[:, : wave.shape[-1]].numpy()

    @torch.inference_mode()
    def generate(self, seed: int) -> np.ndarray:
        """From noise."""
        from peers import msdm

        noise = torch.randn(
            1, len(self.stems), round(SECONDS * RATE), generator=torch.Generator().manual_seed(seed)
        )
        return msdm.generate(self.peer.denoise, self._padded(noise), self.steps)[
            0, :, : noise.shape[-1]
        ].numpy()

    @torch.inference_mode()
    def arrange(self, given: Mapping[int, np.ndarray], seed: int) -> np.ndarray:
        """The given stems overwritten before each step."""
        from peers import msdm

        generator = torch.Generator().manual_seed(seed)
        waves = {k: torch.from_numpy(wave)[None] for k, wave in given.items()}
        gain = 0.1 / torch.stack([*waves.values()]).sum(0).square().mean().sqrt().clamp_min(1e-6)
        fixed = {k: self._padded(wave * gain) for k, wave in waves.items()}
        length = next(iter(fixed.values())).shape[-1]

        def normal() -> Tensor:
            return torch.randn(1, len(self.stems), length, generator=generator)

        stems = msdm.impute(self.peer.denoise, fixed, normal(), self.steps, normal)[0] / gain
        return stems[:, : next(iter(waves.values())).shape[-1]].numpy()


class Separator(System):
    """HTDemucs. Args: folder: of the run."""

    makes = False

    def __init__(self, folder: Path) -> None:
        from peers.htdemucs import HtDemucs
        from peers.waves import trained

        peer = trained(HtDemucs(self.stems), folder)
        assert isinstance(peer, HtDemucs)
        self.peer = peer
        self.parameters = sum(p.numel() for p in self.peer.parameters())

    def separate(self, mixture: np.ndarray, rate: int) -> np.ndarray:
        """In overlapping segments."""
        wave = torch.from_numpy(resample(mixture, rate, 44_100))
        gain = 0.1 / wave.square().mean().sqrt().clamp_min(1e-6)
        stems = self.peer.separate(wave * gain) / gain
        return resample(stems.mean(1).numpy(), 44_100, RATE)


def open_system(name: str, folder: Path | None, steps: int | None) -> System:
    """A trained system by the name under which ``train.py`` trained it."""
    if name == "msdm":
        assert folder is not None
        return Waveform(folder, steps or 150)
    if name == "htdemucs":
        assert folder is not None
        return Separator(folder)
    part = {"ours": "refiner", "paper": "denoiser"}[name]
    return Latent(folder / part / "model" if folder else None, steps=steps)
