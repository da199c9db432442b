"""Laws of the denoiser's training: data, levels, losses, optimiser, and a run that is killed and resumed."""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch
from running import train
from torch import Tensor, nn

from msgld.checkpoint import load_model
from msgld.data.source import Clip
from msgld.diffusion.denoise import StemDenoiser
from msgld.dsp.codec import PatchCodec, PatchConfig
from msgld.dsp.mel import MelConfig, log_mel
from msgld.errors import ModelError, UsageError
from msgld.model import REFERENCE_RMS, Model
from msgld.music.conditioning import FACTS
from msgld.music.conditions import PROGRAMS
from msgld.nets.transformer import StemTransformer, TransformerConfig
from msgld.nets.vocoder import Vocoder, VocoderConfig
from msgld.progress import Progress
from msgld.training.denoiser.batch import Batch, build_batch, fit_codec
from msgld.training.denoiser.levels import LevelConfig, LevelMap, draw_levels
from msgld.training.denoiser.loss import mask_loss
from msgld.training.denoiser.part import DenoiserTrainer
from msgld.training.denoiser.recipes import CONDITION_SIZES, RECIPES, DenoiserRecipe, DenoiserSettings
from msgld.training.folder import load_state, save_state
from msgld.training.mixing import MixConfig, mix_mels
from msgld.training.optim import Average, build_optimisers, rate_factor
from msgld.training.parts import PARTS, designs, find
from msgld.training.pool.clips import ClipPool, Crops, draw_crops
from msgld.training.pool.energies import Energies, EnergyPool, pair_energies, pairs
from msgld.training.recipe import OptimConfig, PoolConfig, Stage
from msgld.training.trainer import Trainer
from msgld.training.vocoder.part import join_vocoder

MEL = MelConfig(rate=8000, n_fft=512, hop=128, bands=16, fmax=4000.0)
PLAIN = MixConfig(remix=0, gain_db=0, bend_db=0, dynamics=0, jitter_db=0, drop=0)
RECIPE = DenoiserRecipe(
    name="test",
    minutes=1,
    network=TransformerConfig(channels=16, bands=16, width=16, depth=1, heads=2),
    settings=DenoiserSettings(codec=PatchConfig(MEL, channels=16), codec_clips=8),
    pool=PoolConfig(slots=6, seconds=1.0, workers=0),
    optim=OptimConfig(rate=3e-3, warmup=5),
    stages=(Stage(0.5, 4, 8), Stage(1.0, 2, 12)),
)


class Tones:
    """Three stems, each a sinusoid with a beat; the seed moves pitch and phase, unless it is one song forever."""

    stems = ("bass", "drums", "guitar")

    def __init__(self, forever: bool = False) -> None:
        self.forever = forever

    def clip(self, seed: int, seconds: float) -> Clip:
        rng = np.random.default_rng(0 if self.forever else seed)
        time = np.arange(round(seconds * MEL.rate)) / MEL.rate
        hertz = np.array([100.0, 500.0, 1800.0]) * rng.uniform(0.9, 1.1, 3)
        phase, beat = rng.uniform(0, 6, (2, 3, 1))
        waves = 0.2 * np.sin(2 * np.pi * hertz[:, None] * time + phase) * np.sin(beat + 9 * time) ** 2
        return Clip(np.stack([waves, waves], 1).astype(np.float32), np.ones(3, bool), MEL.rate, "tones")


class Constants:
    """Every stem of a clip is the same constant, which says which clip it is; the last stem is absent."""

    stems = ("bass", "drums", "guitar")

    def clip(self, seed: int, seconds: float) -> Clip:
        stems = np.full((3, 2, round(seconds * MEL.rate)), (seed + 1) / 10, np.float32)
        return Clip(stems, np.array([True, True, False]), MEL.rate, "constant", {"remixed": seed % 2})


def filled(source: Tones | Constants, config: PoolConfig = RECIPE.pool) -> ClipPool:
    pool = ClipPool(source, config, MEL.rate)
    pool.fill()
    return pool


def filled_with_energies(source: Tones | Constants, remix: float = 0.0, slots: int = 6) -> EnergyPool:
    pool = EnergyPool(source, PoolConfig(slots=slots, seconds=1.0, workers=0), MEL, remix)
    pool.fill()
    return pool


# Clips and crops


def test_the_pool_keeps_clips_to_16_bits():
    pool = filled(Tones())
    assert len(pool) == pool.written == 6
    for slot in range(6):
        clip = Tones().clip(slot, 1.0)
        assert np.abs(pool.whole(slot).numpy() - clip.stems).max() <= np.abs(clip.stems).max() / 32767


def test_crops_are_cut_where_they_should_be_and_their_channels_weighed():
    pool = filled(Tones())
    slots, starts = np.array([2, 4, 2, 1]), np.array([10, 500, 10, 3])
    balance = np.array([[1.0, 0.0], [0.3, -2.0], [0.5, 0.5], [-1.0, 0.7]])
    cut = pool.cut(slots, starts, 700, balance)
    for item in range(4):
        for k in range(3):
            left, right = pool.whole(int(slots[item]))[k, :, starts[item] : starts[item] + 700]
            wanted = balance[item, 0] * left + balance[item, 1] * right
            torch.testing.assert_close(cut[item, k], wanted.float(), atol=1e-6, rtol=1e-5)


def test_a_copy_on_a_device_follows_the_pool():
    # Its worker is never started, so clips change when the test says so.
    pool = filled(Constants(), PoolConfig(slots=3, seconds=1.0, workers=1, reuse=4, seed=4))
    direct = draw_crops(pool, 4, 300, np.random.default_rng(0))
    pool.hold(torch.device("cpu"))
    assert pool.held is not pool.kept
    copied = draw_crops(pool, 4, 300, np.random.default_rng(0))
    assert torch.equal(direct.audio, copied.audio) and torch.equal(direct.present, copied.present)
    pool.fill()
    draw_crops(pool, 4, 300, np.random.default_rng(1))
    assert torch.equal(pool.held, pool.kept)
    assert pickle.loads(pickle.dumps(pool)).held is None


def test_clips_are_renewed_when_they_have_been_drawn_often_enough():
    pool = filled(Constants(), PoolConfig(slots=3, seconds=1.0, workers=0, reuse=2, seed=4))
    assert pool.gain.tolist() == pytest.approx([v / 32767 for v in (0.5, 0.6, 0.7)])
    pool.drawn += 3
    pool.fill()
    assert pool.gain.tolist() == pytest.approx([v / 32767 for v in (0.8, 0.9, 0.7)])
    assert len(pool) == 3


def test_only_slots_that_are_filled_are_drawn():
    pool = ClipPool(Constants(), PoolConfig(slots=12, seconds=1.0, workers=2), MEL.rate)
    # The first worker is ahead: clips 0, 2, 4, 6 and 1 are there, so 3 is the first that is not.
    for index in (0, 2, 4, 6, 1):
        pool.render(index)
        pool.done[index % 2] += 1
    assert len(pool) == 3
    assert all(pool.present[slot, 0] for slot in range(len(pool)))


def test_a_worker_that_is_ahead_leaves_the_others_their_clips():
    pool = ClipPool(Constants(), PoolConfig(slots=4, seconds=1.0, workers=2, reuse=2), MEL.rate)
    pool.done[0] = 2
    assert not pool.due(0), "its clips beyond the pool's size would leave a gap for good"
    assert pool.due(1)
    pool.done[1] = 2
    assert len(pool) == 4 and not pool.due(1)
    pool.drawn += 4
    assert pool.due(0) and pool.due(1)


def test_the_stems_of_a_crop_belong_together():
    pool = filled(Constants())
    crops = draw_crops(pool, 40, 100, np.random.default_rng(0))
    assert crops.audio.shape == (40, 3, 100)
    assert torch.allclose(crops.audio, crops.audio[:, :1, :1])
    assert crops.present.tolist() == [[True, True, False]] * 40
    assert pool.drawn == 40


def test_crops_are_a_function_of_the_generator():
    one, same, other = (
        draw_crops(filled(Tones()), 4, 500, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(one.audio, same.audio)
    assert not torch.equal(one.audio, other.audio)


# Energies


def test_energies_are_those_of_the_clips():
    pool = filled_with_energies(Tones())
    drawn = pool.draw(3, 20, np.random.default_rng(0))
    assert drawn.pairs.shape == (3, 6, MEL.bands, 20) and drawn.present.all() and not drawn.remixed.any()
    # Both channels of a clip are alike, so the balance is a gain between 1 and the root of 2.
    for slot in range(6):
        exact = pair_energies(torch.from_numpy(Tones().clip(slot, 1.0).stems[:, 0]), MEL)
        ratio = pool.kept[slot].float().sum() / exact.sum()
        assert 1 - 1e-2 < ratio < 2 + 1e-2
        torch.testing.assert_close(pool.kept[slot].float(), ratio * exact, rtol=0.02, atol=1e-5)


def test_remixed_clips_take_their_stems_from_different_ones():
    pool = filled_with_energies(Tones(), remix=1.0)
    assert pool.remixed.tolist() == [False] + [True] * 5, "the first has nothing to be mixed with"
    own = [pair_energies(torch.from_numpy(Tones().clip(seed, 1.0).stems[:, 0]), MEL) for seed in range(6)]
    alone = [number for number, (i, j) in enumerate(pairs(3)) if i == j]

    def clip_of(slot: int, number: int) -> int:
        """Whose stem it is: the clip whose bands it resembles most."""
        shape = pool.kept[slot, number].float()
        return int(
            np.argmax([torch.cosine_similarity(shape.flatten(), one[number].flatten(), 0) for one in own])
        )

    for slot in range(2, 6):
        assert len({clip_of(slot, number) for number in alone}) == 3


def test_the_same_seed_gives_the_same_energies():
    one, same = (filled_with_energies(Tones(), remix=0.5).kept for _ in range(2))
    assert torch.equal(one, same)


# Batches


def noise_crops(items: int = 3, stems: int = 3, frames: int = 32) -> Crops:
    audio = torch.randn(items, stems, 512 * frames, generator=torch.Generator().manual_seed(0))
    audio *= torch.tensor([0.5, 0.1, 0.02])[:stems, None]
    return Crops(audio, torch.ones(items, stems, dtype=torch.bool))


def energies_of(crops: Crops) -> Energies:
    blank = torch.zeros(len(crops.audio), dtype=torch.bool)
    items, stems = crops.present.shape
    pairs = torch.stack([pair_energies(item, MEL) for item in crops.audio])
    open_briefs = (torch.zeros(items, FACTS), torch.zeros(items, stems, PROGRAMS), torch.zeros(items))
    return Energies(pairs, crops.present, blank, *open_briefs)


def batch_of(crops: Crops, config: MixConfig = PLAIN, seed: int = 0) -> Batch:
    return build_batch(
        energies_of(crops), PatchCodec(RECIPE.settings.codec), config, np.random.default_rng(seed)
    )


def test_the_mixture_is_at_the_reference_level():
    power = batch_of(noise_crops()).power[:, -1].sum(1).mean(1)
    # Through the Hann window a signal's total power is 3 times its mean square; some lies above the bands.
    assert torch.allclose((power / 3).sqrt(), torch.tensor(REFERENCE_RMS), rtol=0.05)


def test_the_mixtures_level_varies_by_the_jitter():
    crops = noise_crops(items=200, frames=2)
    power = batch_of(crops, replace(PLAIN, jitter_db=2.0)).power[:, -1].sum(1).mean(1)
    assert (10 * power.log10()).std() == pytest.approx(2.0, rel=0.25)


@pytest.mark.parametrize("config", [PLAIN, replace(MixConfig(), drop=0.3)])
def test_the_cross_terms_sum_to_the_mixtures_power(config: MixConfig):
    batch = batch_of(noise_crops(), config)
    expected = batch.power[:, -1]
    assert torch.allclose(batch.cross.sum(1), expected, rtol=0.03, atol=float(expected.mean()) / 100)


def test_a_batch_is_that_of_the_waveforms():
    """Gains and sums of energies are the energies of gains and sums, but for a gain that bends within a band."""
    crops, config = noise_crops(), replace(PLAIN, gain_db=6.0, bend_db=0.5)
    batch = batch_of(crops, config)
    mels = mix_mels(crops, MEL, config, np.random.default_rng(0))
    made = 0.5 * torch.log(batch.power + MEL.floor**2)
    error = made - mels
    level = error.mean((1, 2, 3), keepdim=True)  # what lies above the bands counts in one of them alone
    assert level.abs().max() < 0.1
    assert (error - level).abs().mean() < 0.02


def test_latents_are_the_codecs_of_the_powers():
    codec, crops = PatchCodec(RECIPE.settings.codec), noise_crops()
    batch = build_batch(energies_of(crops), codec, PLAIN, np.random.default_rng(0))
    assert batch.z.shape == (3, 4, 16, 32)
    gain = REFERENCE_RMS / crops.audio.sum(1).square().mean(1).sqrt()
    expected = codec.encode(log_mel(crops.audio.unsqueeze(2) * gain.view(-1, 1, 1, 1), codec.mel))
    assert (batch.z[:, :3] - expected).abs().mean() < 0.05


def test_absent_stems_are_not_in_the_mixture():
    crops = noise_crops()
    absent = replace(crops, present=torch.tensor([[False, True, True]] * 3))
    quiet = replace(crops, audio=crops.audio * torch.tensor([0.0, 1.0, 1.0])[:, None])
    assert torch.equal(batch_of(absent).power, batch_of(quiet).power)
    assert batch_of(absent).presence.tolist() == [[False, True, True, True]] * 3


def test_silence_gives_finite_latents():
    batch = batch_of(replace(noise_crops(), audio=torch.zeros(3, 3, 4096)), MixConfig())
    assert batch.z.isfinite().all()
    masks = torch.full((3, 3, 16, 32), 1 / 3)
    assert mask_loss(masks, batch, torch.ones(3, 3, dtype=torch.bool)).isfinite()


# The loss of the masks


def disjoint_batch() -> tuple[Batch, Tensor]:
    """Stems of which each cell of the plane belongs to one alone, and the masks that say so."""
    owner = torch.randint(0, 3, (2, 16, 32), generator=torch.Generator().manual_seed(0))
    ideal = nn.functional.one_hot(owner, 3).permute(0, 3, 1, 2).float()
    power = ideal * torch.rand(2, 1, 16, 32, generator=torch.Generator().manual_seed(1))
    everything = torch.cat([power, power.sum(1, keepdim=True)], 1)
    blank = torch.zeros(2, dtype=torch.bool)
    here, none = torch.ones(2, 4, dtype=torch.bool), torch.zeros(0)
    return Batch(none, here, blank, everything, power, none, none, none), ideal


def test_masks_without_error_cost_the_least():
    batch, ideal = disjoint_batch()
    counted, floor = torch.ones(2, 3, dtype=torch.bool), 1e-2
    best = mask_loss(ideal, batch, counted, floor)
    least = floor * batch.power[:, -1:].sum((2, 3))
    assert best == pytest.approx(float(torch.log(least / (batch.power[:, :3].sum((2, 3)) + least)).mean()))
    for seed in range(5):
        other = torch.rand(ideal.shape, generator=torch.Generator().manual_seed(seed))
        for weight in (0.1, 1.0):
            assert mask_loss(torch.lerp(ideal, other, weight), batch, counted, floor) > best + 0.01
    assert mask_loss(torch.zeros_like(ideal), batch, counted) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("mask", [0.0, 0.3, 0.8, 1.0])
def test_the_loss_of_masks_is_an_error_in_the_time_domain(mask: float):
    crops, floor = noise_crops(frames=48), 1e-2
    batch = batch_of(crops)
    masks = torch.full((3, 3, 16, 4 * 48), mask)
    stems, mixture = crops.audio, crops.audio.sum(1, keepdim=True)
    least = floor * mixture.square().sum(2)
    error = (mask * mixture - stems).square().sum(2)
    expected = torch.log((error + least) / (stems.square().sum(2) + least))
    for k in range(3):
        counted = torch.zeros(3, 3, dtype=torch.bool)
        counted[:, k] = True
        assert mask_loss(masks, batch, counted, floor) == pytest.approx(
            float(expected[:, k].mean()), abs=0.06
        )


def test_stems_that_are_not_counted_cost_nothing():
    batch, ideal = disjoint_batch()
    counted = torch.zeros(2, 3, dtype=torch.bool)
    assert mask_loss(ideal, batch, counted) == 0
    counted[0, 1] = True
    other = ideal.clone()
    other[0, [0, 2]] = other[1] = 0.5
    assert mask_loss(other, batch, counted) == mask_loss(ideal, batch, counted)


# Levels


def levels_of(config: LevelConfig, items: int = 600, remixed: bool = False, frames: int = 12) -> LevelMap:
    present = torch.ones(items, 4, dtype=torch.bool)
    present[::5, 1] = False
    sounding = torch.ones(items, 4, dtype=torch.bool)
    sounding[::3, 2] = False
    whether = torch.full((items,), remixed)
    return draw_levels(present, sounding, whether, frames, config, np.random.default_rng(0))


def only(task: str, **rest: float) -> LevelConfig:
    odds = dict.fromkeys(("separate", "informed", "arrange", "generate", "free"), 0.0)
    return LevelConfig(**{**odds, task: 1.0, **rest})


def test_what_is_counted_is_unknown_and_there():
    drawn = levels_of(LevelConfig())
    assert torch.equal(drawn.counted, (drawn.levels > 0) & drawn.presence.unsqueeze(2))
    assert drawn.levels.min() >= 0 and drawn.levels.max() == 1
    assert not drawn.presence[::5, 1].any(), "a stem that the data lack stays absent"
    # Where v is learned its noise is not vanishing, or a small error of z is a huge one of v.
    assert drawn.levels[drawn.counted].min() > 0


@pytest.mark.parametrize("remixed", [False, True])
def test_separating(remixed: bool):
    config = LevelConfig() if remixed else only("separate")
    drawn = levels_of(config, remixed=remixed)
    assert drawn.presence[:, -1].all(), "remixed stems teach separation only"
    assert (drawn.levels[:, :-1] == drawn.levels[:, :1, :1]).all(), "all stems are unknown alike"
    known = (drawn.levels[:, -1] == 0).all(1).float().mean()
    assert known == pytest.approx(1 - config.soft, abs=0.04)
    assert (drawn.levels[:, -1] < drawn.levels[:, 0]).all()


@pytest.mark.parametrize("task", ["arrange", "generate"])
def test_making_music_without_a_mixture(task: str):
    drawn = levels_of(only(task))
    assert not drawn.presence[:, -1].any()
    assert not drawn.counted[:, -1].any()


@pytest.mark.parametrize("task", ["arrange", "informed"])
def test_some_stems_are_given_and_some_are_not(task: str):
    drawn = levels_of(only(task, stretch=0.0, soft=0.0))
    known = (drawn.levels == 0).all(2) & drawn.presence
    stems = drawn.presence[:, :-1].sum(1)
    assert (known[:, :-1].sum(1) >= 1).all()
    assert (known[:, :-1].sum(1) < stems).all()
    assert known[:, -1].all() == (task == "informed")


@pytest.mark.parametrize("task", ["arrange", "generate"])
def test_nobody_asks_for_a_stem_that_is_silent(task: str):
    silent, sounding = (
        levels_of(only(task, silent=1.0, absent=0.0, stretch=0.0)),
        levels_of(only(task, silent=0.0, absent=0.0, stretch=0.0)),
    )
    quiet = [item for item in range(0, 600, 3) if item % 5]  # every fifth has but one stem that sounds
    assert not silent.counted[quiet, 2].any()
    assert sounding.counted[quiet, 2].any(1).all()
    assert silent.counted[:, :-1].any(2).any(1).all(), "something is asked for"
    for drawn in (silent, sounding):
        assert drawn.presence[1::3, 2].all(), "a stem that sounds is there"


def test_generating_knows_nothing_but_the_past():
    drawn = levels_of(only("generate", stretch=0.0))
    assert (drawn.levels > 0).all()
    with_past = levels_of(only("generate", stretch=1.0))
    partly = (with_past.levels[:, 0] == 0).float().mean(1)
    assert ((partly > 0) & (partly < 1)).float().mean() > 0.7
    assert torch.equal(with_past.levels[:, 0] == 0, with_past.levels[:, 2] == 0)


@pytest.mark.parametrize("task", ["separate", "informed", "arrange", "generate", "free"])
def test_pure_noise_is_drawn_often_enough(task: str):
    drawn = levels_of(only(task))
    unknown = drawn.levels[drawn.counted]
    assert (unknown == 1).float().mean() >= 0.1


def test_every_task_occurs():
    drawn = levels_of(LevelConfig())
    mixture, stems = drawn.levels[:, -1], drawn.levels[:, :-1]
    heard = drawn.presence[:, -1]
    given = ((stems == 0).all(2) & drawn.presence[:, :-1]).any(1)
    wanted = (stems > 0).any(2).any(1)
    differ = (stems[:, 0, 0] != stems[:, 2, 0]) & (stems > 0).all(2).all(1)
    known = (mixture == 0).all(1) & heard
    for kind in (known & ~given, known & given, ~heard & given & wanted, ~heard & ~given, heard & differ):
        assert kind.float().mean() > 0.02


# The optimiser


def test_the_rate_warms_up_holds_and_cools_down():
    config = OptimConfig(warmup=10, cooldown=0.25, final=0.02)
    warm = [rate_factor(step, 0.0, config) for step in range(20)]
    assert warm[:10] == pytest.approx([(step + 1) / 10 for step in range(10)])
    assert warm[10:] == [1.0] * 10
    late = [rate_factor(1000, progress, config) for progress in np.linspace(0, 1, 101)]
    assert late[:76] == [1.0] * 76
    assert (np.diff(late[75:]) < 1e-12).all()
    assert late[-1] == config.final and min(late) == config.final
    assert rate_factor(1000, 0.875, config) == pytest.approx(0.5)


def test_every_parameter_has_one_optimiser_and_matrices_inside_have_muon():
    network = StemTransformer(RECIPE.network)
    adamw, muon = build_optimisers(network, OptimConfig())
    groups = [{id(p) for g in o.param_groups for p in g["params"]} for o in (adamw, muon)]
    assert not groups[0] & groups[1]
    assert groups[0] | groups[1] == {id(p) for p in network.parameters()}
    names = {name for name, p in network.named_parameters() if id(p) in groups[1]}
    assert names and all("blocks." in name for name in names)
    assert len(build_optimisers(network, OptimConfig(muon=False))) == 1


def test_swapping_the_average_twice_restores_both():
    module = nn.Linear(3, 2)
    average = Average(module, 0.9)
    with torch.no_grad():
        module.weight.add_(1)
    average.update(module)
    weights, averaged = [p.clone() for p in module.parameters()], [v.clone() for v in average.values]
    average.swap(module)
    assert all(torch.equal(a, b) for a, b in zip(module.parameters(), averaged, strict=True))
    average.swap(module)
    assert all(torch.equal(a, b) for a, b in zip(module.parameters(), weights, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(average.values, averaged, strict=True))


def test_the_average_moves_towards_the_weights():
    module = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(module.weight)
    average, value = Average(module, 0.5), 0.0
    nn.init.ones_(module.weight)
    for step in range(1, 30):
        average.update(module)
        decay = min(0.5, (1 + step) / (10 + step))
        value = decay * value + 1 - decay
        assert float(average.values[0]) == pytest.approx(value, rel=1e-5)


# The run


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, no_preparation: None):
    """Every step takes half a second."""
    ticks = count()
    monkeypatch.setattr(Trainer, "clock", staticmethod(lambda: next(ticks) / 2))


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("msgld.training.denoiser.part.DenoiserTrainer.draw", lambda trainer, path: None)


def minutes(steps: int) -> float:
    """Time for that many steps of half a second."""
    return (steps - 0.5) * 0.5 / 60


def training(recipe: DenoiserRecipe, steps: int) -> DenoiserTrainer:
    torch.manual_seed(0)
    pool, settings = filled_with_energies(Tones()), recipe.settings
    codec = fit_codec(pool, settings.codec, settings.mix, 8, settings.codec_clips)
    network = StemTransformer(replace(recipe.network, tracks=4))
    network.begin_with(codec.basis, codec.scale)
    model = Model(codec, StemDenoiser(network), None, Tones.stems)
    return DenoiserTrainer(recipe, model, pool, minutes(steps), torch.device("cpu"))


def test_a_step_of_several_batches_is_a_step_by_their_mean_gradient(clock: None):
    one, several = training(RECIPE, 1), training(replace(RECIPE, optim=replace(RECIPE.optim, batches=3)), 1)
    several.network.load_state_dict(one.network.state_dict())
    drawn = [several.next_batch() for _ in range(3)]
    several.next_batch = iter(drawn).__next__  # type: ignore[method-assign]
    made = several.step()
    rngs = training(RECIPE, 1)
    for _ in range(3):
        rngs.next_batch()
    one.rng = rngs.rng  # at the noise of the losses
    each = [one.losses(*batch) for batch in drawn]
    total = sum(one.weights[name] * losses[name] for losses in each for name in one.weights) / 3
    expected = torch.autograd.grad(total, list(one.network.parameters()), allow_unused=True)
    for parameter, gradient in zip(several.network.parameters(), expected, strict=True):
        if gradient is not None and parameter.grad is not None:
            norm = made["norm"] if made["norm"] > 1 else 1.0  # clipped to 1
            torch.testing.assert_close(parameter.grad, gradient / norm, rtol=1e-3, atol=1e-6)
    assert made["v"] == pytest.approx(float(sum(losses["v"].detach() for losses in each)) / 3, rel=1e-4)


def test_one_batch_without_a_finite_loss_spoils_its_step(clock: None, monkeypatch: pytest.MonkeyPatch):
    trainer = training(replace(RECIPE, optim=replace(RECIPE.optim, batches=3)), 1)
    plain, before = trainer.losses, [p.clone() for p in trainer.network.parameters()]
    factors = iter([1.0, float("nan"), 1.0])
    monkeypatch.setattr(
        trainer, "losses", lambda *b: {k: v * f for f in [next(factors)] for k, v in plain(*b).items()}
    )
    trainer.step()
    assert trainer.dropped == 1
    assert all(torch.equal(a, b) for a, b in zip(trainer.network.parameters(), before, strict=True))


def test_the_loss_falls(clock: None):
    losses = [step.losses for step in training(replace(RECIPE, stages=(Stage(1.0, 8, 8),)), 60)]
    assert all(math.isfinite(value) for step in losses for value in step.values())
    for name, factor in (("v", 0.8), ("mask", None)):
        first, last = (np.mean([step[name] for step in part]) for part in (losses[:10], losses[-10:]))
        assert last < (first * factor if factor else first - 0.2), name


def test_steps_are_numbered_and_the_clock_ends_the_run(clock: None):
    run = training(RECIPE, 6)
    steps = list(run)
    assert [step.number for step in steps] == [1, 2, 3, 4, 5, 6]
    assert [step.seconds for step in steps] == [0.5] * 6
    assert [step.progress for step in steps] == pytest.approx([min(1, n / 5.5) for n in range(1, 7)])
    assert list(run) == []


def test_stages_follow_each_other():
    assert [RECIPE.stage(p).frames for p in (0.0, 0.49, 0.5, 1.0)] == [8, 8, 12, 12]
    assert RECIPE.stage(0.0).items == 4


def test_recipes_are_found_by_name_and_fit_their_pool():
    for name, recipe in RECIPES.items():
        assert find("denoiser", name)[1] is recipe
        longest, codec = max(stage.frames for stage in recipe.stages), recipe.settings.codec
        frame = codec.frame_columns * codec.mel.hop / codec.mel.rate
        assert longest * frame <= recipe.pool.seconds
        assert recipe.network.channels == codec.channels
        assert recipe.network.bands == codec.mel.bands
    assert find("denoiser")[1].name == "small"
    with pytest.raises(UsageError, match="tiny"):
        find("denoiser", "nothing")[1]
    with pytest.raises(UsageError, match="vocoder"):
        find("nothing")[1]


def test_every_part_of_the_table_has_recipes_of_its_own():
    for part in PARTS:
        for design in designs(part):
            assert design.name == part and design.recipes
            for name, recipe in design.recipes.items():
                assert recipe.name == name and isinstance(recipe.settings, design.settings)
                assert recipe.stages[-1].until == 1.0 and find(part, name)[1] is recipe


OFTEN = replace(RECIPE, save_minutes=-1.0, settings=replace(RECIPE.settings, mix=MixConfig(remix=0.0)))
"""Saves after every step."""


def flat(state: object, name: str = "") -> Iterator[tuple[str, object]]:
    """All leaves of a state with their names."""
    if isinstance(state, dict):
        for key, value in state.items():
            yield from flat(value, f"{name}.{key}")
    elif isinstance(state, list | tuple):
        for key, value in enumerate(state):
            yield from flat(value, f"{name}.{key}")
    else:
        yield name, state


def test_a_killed_run_goes_on_as_if_nothing_had_happened(
    tmp_path: Path, clock: None, no_pictures: None, monkeypatch: pytest.MonkeyPatch
):
    # A resumed run goes on with clips that it has not heard; here all clips are one, if they are heard alike.
    monkeypatch.setattr("msgld.training.pool.energies.random_balance", lambda rng: (1.0, 0.0))
    train("denoiser", OFTEN, Tones(forever=True), tmp_path / "whole", minutes(8))
    plain_step = DenoiserTrainer.step

    def dies(self: DenoiserTrainer) -> dict[str, float]:
        if self.number == 4:
            raise KeyboardInterrupt
        return plain_step(self)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(DenoiserTrainer, "step", dies)
        train("denoiser", OFTEN, Tones(forever=True), tmp_path / "killed", minutes(8))
    assert load_state(tmp_path / "killed" / "state.pt")["number"] == 4
    train("denoiser", OFTEN, Tones(forever=True), tmp_path / "killed", minutes(8))

    whole, killed = (dict(flat(load_state(tmp_path / name / "state.pt"))) for name in ("whole", "killed"))
    assert whole.keys() == killed.keys()
    for name, value in whole.items():
        if isinstance(value, Tensor):
            assert torch.equal(value, killed[name]), name
        elif "clips" not in name and "drawn" not in name and "waiting" not in name:
            assert value == killed[name], name
    for part in ("codec", "denoiser"):
        one, other = (
            (tmp_path / name / "model" / f"{part}.safetensors").read_bytes() for name in ("whole", "killed")
        )
        assert one == other


def test_a_run_whose_time_is_over_says_that_it_trains_nothing(
    tmp_path: Path, clock: None, no_pictures: None, caplog: pytest.LogCaptureFixture
):
    for _ in range(2):
        train("denoiser", OFTEN, Tones(), tmp_path, minutes(4))
    assert caplog.text.count("nothing is trained now") == 1


def test_a_run_leaves_a_model_a_log_and_reports(tmp_path: Path, clock: None, no_pictures: None):
    reports: list[Progress] = []
    folder = train(
        "denoiser",
        RECIPE,
        Tones(),
        tmp_path,
        minutes(41),
        on_progress=reports.append,
    )
    model = load_model(folder)
    assert model.stems == Tones.stems
    assert model.info["name"] == tmp_path.name and model.info["recipe"]["name"] == "test"
    assert model.info["training"]["steps"] == 41
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [20, 40]
    assert {"v", "mask", "norm", "progress", "seconds"} <= set(lines[0])
    rendering = [progress for progress in reports if progress.stage == "rendering"]
    assert [progress.done for progress in rendering] == list(range(6)) and rendering[-1].eta is not None
    del reports[: len(rendering)]
    assert [progress.stage for progress in reports] == ["training", "training"]
    assert 0 < reports[0].fraction < reports[1].fraction <= 1 and "v" in reports[1].figures
    assert not list(tmp_path.rglob("*.partial"))


def test_the_saved_model_has_the_averaged_weights(tmp_path: Path, clock: None, no_pictures: None):
    train("denoiser", RECIPE, Tones(), tmp_path, minutes(5))
    state = load_state(tmp_path / "state.pt")
    saved = dict(load_model(tmp_path / "model").denoiser.named_parameters())
    averaged = dict(zip(saved, state["average"]["values"], strict=True))
    for name, parameter in saved.items():
        assert torch.allclose(parameter, averaged[name], atol=1e-3), name
    moved = [name for name in saved if not torch.allclose(saved[name], state["denoiser"][name], atol=1e-3)]
    assert moved, "the average is not what it is the average of"


def test_a_run_can_begin_with_another_runs_model(tmp_path: Path, clock: None, no_pictures: None):
    first = train("denoiser", RECIPE, Tones(), tmp_path / "first", minutes(3))
    second = train("denoiser", RECIPE, Tones(), tmp_path / "second", minutes(3), start=first)
    one, other = load_model(first), load_model(second)
    assert torch.equal(one.codec.basis, other.codec.basis)
    assert other.info["started_from"]["training"]["steps"] == 3
    train("denoiser", RECIPE, Tones(), tmp_path / "second", minutes(5), start=first)
    resumed = load_model(second).info
    assert resumed["training"]["steps"] == 5 and resumed["started_from"] == other.info["started_from"]


DEEPER = replace(RECIPE, network=replace(RECIPE.network, depth=RECIPE.network.depth + 1))
"""The same with another network."""


def test_a_run_may_stand_on_the_codec_and_vocoder_of_another(tmp_path: Path, clock: None, no_pictures: None):
    first = train("denoiser", RECIPE, Tones(), tmp_path / "first", minutes(2))
    join_vocoder(
        first,
        Vocoder(VocoderConfig(n_fft=512, hop=128, bands=16, width=8, depth=1, hidden=8, held=64)),
        first,
    )
    second = train("denoiser", DEEPER, Tones(), tmp_path / "second", minutes(3), first_stage=first)
    one, other = load_model(first), load_model(second)
    assert torch.equal(one.codec.basis, other.codec.basis)
    assert other.vocoder is not None
    with pytest.raises(ModelError, match="another size"):
        train("denoiser", DEEPER, Tones(), tmp_path / "third", minutes(3), start=first)


def test_a_run_that_version_0_1_began_goes_on(tmp_path: Path, clock: None, no_pictures: None):
    recipe = replace(RECIPE, network=replace(RECIPE.network, **CONDITION_SIZES))
    train("denoiser", recipe, Tones(), tmp_path, minutes(2))
    state, record = load_state(tmp_path / "state.pt"), json.loads((tmp_path / "run.json").read_text())
    assert state is not None
    codec, names = state.pop("codec"), ("network.conditioning.", "network.brief.")
    state["denoiser"] = {key.replace(*names): value for key, value in state["denoiser"].items()}
    assert any(key.startswith(names[1]) for key in state["denoiser"])
    save_state({"training": state, "codec": codec, "clips": state["clips"]}, tmp_path / "state.pt")
    record["preset"] = record.pop("recipe")
    record["network"]["reach"] = record["network"].pop("attention_window")
    (tmp_path / "run.json").write_text(json.dumps(record))
    train("denoiser", recipe, Tones(), tmp_path, minutes(4))
    assert load_model(tmp_path / "model").info["training"]["steps"] == 4


# The state on disk


def test_a_state_comes_back_as_it_was(tmp_path: Path):
    state = {"a": torch.arange(3), "b": [1, 2.5, "text"], "c": {"d": None}}
    save_state(state, tmp_path / "deep" / "state.pt")
    back = load_state(tmp_path / "deep" / "state.pt")
    assert back is not None and torch.equal(back.pop("a"), state.pop("a"))
    assert back == state
    assert load_state(tmp_path / "nothing.pt") is None


class Touch:
    """Executes something when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("damage", ["cut", "text", "empty", "pickle"])
def test_a_damaged_state_is_said_in_one_line(tmp_path: Path, damage: str):
    path, witness = tmp_path / "state.pt", tmp_path / "executed"
    save_state({"a": torch.zeros(1000)}, path)
    data = {
        "cut": path.read_bytes()[:-500],
        "text": b"hello",
        "empty": b"",
        "pickle": pickle.dumps(Touch(witness)),
    }[damage]
    path.write_bytes(data)
    with pytest.raises(ModelError, match="remove it") as caught:
        load_state(path)
    assert "\n" not in str(caught.value)
    assert not witness.exists()


def test_a_state_of_another_preset_is_refused_in_one_line(tmp_path: Path, clock: None, no_pictures: None):
    train("denoiser", RECIPE, Tones(), tmp_path, minutes(2))
    other = replace(RECIPE, network=replace(RECIPE.network, width=24))
    with pytest.raises(UsageError) as caught:
        train("denoiser", other, Tones(), tmp_path, minutes(4))
    assert "\n" not in str(caught.value)
