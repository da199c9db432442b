"""What a model says at several pitches is learned by another one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from running import train
from torch import Tensor

from msgld.data.source import Clip
from msgld.diffusion.denoise import StemDenoiser, StemNetwork
from msgld.diffusion.noise_map import Conditioning
from msgld.dsp.codec import PatchCodec, PatchConfig
from msgld.dsp.mel import MelConfig, band_edges
from msgld.errors import UsageError
from msgld.nets.transformer import TransformerConfig
from msgld.training.denoiser.loss import mask_loss
from msgld.training.denoiser.part import DenoiserPart
from msgld.training.denoiser.recipes import RECIPES, DenoiserRecipe, DenoiserSettings
from msgld.training.denoiser.teacher import Teacher, as_taught, shifted
from msgld.training.recipe import PoolConfig, Stage

MEL = MelConfig(rate=8000, n_fft=512, hop=128, bands=64, fmax=4000.0)
STEMS = ("low", "high")
RECIPE = DenoiserRecipe(
    name="test",
    minutes=1,
    network=TransformerConfig(channels=16, bands=64, width=16, depth=1, heads=2),
    settings=DenoiserSettings(codec=PatchConfig(MEL, channels=16), codec_clips=4),
    pool=PoolConfig(slots=4, seconds=1.0, workers=0),
    stages=(Stage(1.0, 2, 8),),
)
TAUGHT = replace(RECIPE, settings=replace(RECIPE.settings, taught=(-2.0, 0.0, 2.0)))


class Tones:
    """Two sinusoids."""

    stems = STEMS

    def clip(self, seed: int, seconds: float) -> Clip:
        time = np.arange(round(seconds * MEL.rate)) / MEL.rate
        waves = 0.2 * np.sin(2 * np.pi * np.array([[200.0 + 9 * (seed % 9)], [1500.0]]) * time)
        return Clip(np.stack([waves, waves], 1).astype(np.float32), np.ones(2, bool), MEL.rate, "tones")


class Fixed(StemNetwork):
    """Answers with given masks of the first pitch, and counts how often it is asked."""

    def __init__(self, masks: Tensor) -> None:
        super().__init__()
        self.answer, self.asked = masks, 0

    def forward(
        self, z: Tensor, levels: Tensor, presence: Tensor, asked: Conditioning | None = None
    ) -> tuple[Tensor, Tensor]:
        assert (levels[:, :-1] == 1).all() and (levels[:, -1] == 0).all() and presence.all()
        self.asked += 1
        return torch.zeros_like(z), z

    def masks(self, features: Tensor, z: Tensor, presence: Tensor) -> Tensor:
        return self.answer.expand(len(z), -1, -1, 4 * z.shape[-1])


def hump(hertz: float) -> Tensor:
    """A smooth row of bands with its summit at a frequency, (M, 1)."""
    centres = torch.from_numpy(band_edges(MEL)[:, 1].copy())
    return torch.exp(-((12 * torch.log2(centres / hertz)) ** 2) / 40).float()[:, None]


@pytest.mark.parametrize("semitones", [-3.0, -0.5, 1.0, 4.0])
def test_bands_move_by_semitones(semitones: float) -> None:
    moved = shifted(hump(1000.0), semitones, MEL)
    assert torch.allclose(moved, hump(1000.0 * 2 ** (semitones / 12)), atol=0.03)
    assert torch.allclose(shifted(moved, -semitones, MEL), hump(1000.0), atol=0.06)


def test_what_is_even_stays_and_a_shift_of_nothing_changes_nothing() -> None:
    even, noise = torch.full((2, MEL.bands, 3), 0.7), torch.randn(2, 3, MEL.bands, 5)
    assert torch.allclose(shifted(even, 2.5, MEL), even) and shifted(noise, 0.0, MEL) is noise


def test_a_teacher_says_the_mean_of_what_it_says_at_each_pitch() -> None:
    first = hump(800.0)
    network = Fixed(torch.stack([first, 1 - first])[None])
    codec = PatchCodec(PatchConfig(MEL, channels=8))
    shifts = (-2.0, 0.0, 3.0)
    masks = Teacher(StemDenoiser(network), 3, codec, shifts).masks(torch.randn(2, MEL.bands, 20))
    wanted = torch.stack([shifted(first, -steps, MEL) for steps in shifts]).mean(0)
    assert network.asked == 3 and masks.shape == (2, 2, MEL.bands, 20)
    assert torch.allclose(masks[0, 0], wanted.expand(-1, 20), atol=1e-6)
    assert torch.allclose(masks.sum(1), torch.ones(2, MEL.bands, 20), atol=1e-5)
    assert not any(one.requires_grad for one in network.parameters())


def test_what_is_taught_costs_least_where_it_is_said() -> None:
    mixture = torch.rand(2, 1, MEL.bands, 8)
    taught = torch.rand(2, 2, MEL.bands, 8)
    taught = taught / taught.sum(1, keepdim=True)
    counted, powers = torch.ones(2, 2, dtype=torch.bool), as_taught(mixture, taught)
    least = mask_loss(taught, powers, counted)
    assert mask_loss(torch.lerp(taught, torch.full_like(taught, 0.5), 0.2), powers, counted) > least


def test_a_run_learns_from_the_model_that_it_began_with(tmp_path: Path, no_preparation: None) -> None:
    start = train("denoiser", RECIPE, Tones(), tmp_path / "start", 0.01)
    part = DenoiserPart(TAUGHT, tmp_path / "run", start=start)
    part.prepare()
    part.begin(Tones())
    pool = part.pool(Tones(), TAUGHT.pool)
    pool.fill()
    trainer = part.trainer(pool, 1.0, False)
    assert trainer.teacher is not None
    mine, frozen = (one.network.state_dict() for one in (trainer.denoiser, trainer.teacher.denoiser))
    assert all(torch.equal(mine[name], frozen[name]) for name in mine)
    losses = [trainer.step() for _ in range(12)]
    assert any(one["taught"] != 0 for one in losses) and "taught" in trainer.weights
    mine, frozen = (one.network.state_dict() for one in (trainer.denoiser, trainer.teacher.denoiser))
    assert not all(torch.equal(mine[name], frozen[name]) for name in mine), "the teacher does not learn"


def test_a_recipe_with_a_teacher_needs_a_model_to_start_with(tmp_path: Path) -> None:
    assert RECIPES["taught"].settings.taught and not RECIPES["separator"].settings.taught
    with pytest.raises(UsageError, match="--start"):
        train("denoiser", TAUGHT, Tones(), tmp_path / "run", 0.05)


def test_nothing_is_taught_without_a_teacher(tmp_path: Path, no_preparation: None) -> None:
    part = DenoiserPart(RECIPE, tmp_path / "run")
    part.prepare()
    part.begin(Tones())
    pool = part.pool(Tones(), RECIPE.pool)
    pool.fill()
    assert "taught" not in part.trainer(pool, 1.0, False).step()
