"""Laws of training the published design: its pool, its autoencoder, its denoiser, and what a run leaves."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch
from fonts import save_soundfont
from running import train
from tiny import save_tiny_model
from torch import Tensor, nn

import msgld
from msgld.checkpoint import load_first_stage, load_model, save_parts
from msgld.data.source import Clip
from msgld.dsp.codec import PatchCodec, PatchConfig
from msgld.dsp.mel import AUDIOLDM, MelConfig, log_mel
from msgld.errors import ModelError, UsageError
from msgld.model import REFERENCE_RMS, Model
from msgld.nets.vocoder import VocoderConfig
from msgld.paper.autoencoder import KLCodec, KLConfig
from msgld.paper.denoiser import PublishedDenoiser
from msgld.paper.schedule import SqrtLinearSchedule
from msgld.paper.training.codec import CodecTrainer, build_codec
from msgld.paper.training.denoiser import PublishedTrainer
from msgld.paper.training.recipes import (
    CODECS,
    PAPER,
    PLAIN,
    PUBLISHED,
    CodecRecipe,
    CodecSettings,
    PublishedRecipe,
    PublishedSettings,
)
from msgld.paper.unet3d import PublishedUNet, UNetConfig
from msgld.training.folder import load_state
from msgld.training.mixing import mix_mels
from msgld.training.optim import build_optimisers, rate_factor
from msgld.training.parts import find
from msgld.training.pool.clips import ClipPool, Crops
from msgld.training.recipe import OptimConfig, PoolConfig, Stage
from msgld.training.trainer import Trainer
from msgld.training.vocoder.recipes import TINY

MEL = MelConfig(8000, 256, 80, 16, fmin=0.0, fmax=4000.0, floor=1e-5, kind="magnitude")
SHAPE = KLConfig(MEL, base_channels=32, mults=(1, 1, 1), res_blocks=1, z_channels=4)
CPU = torch.device("cpu")
POOL = PoolConfig(slots=3, seconds=1.0, workers=0)
OPTIM = OptimConfig(rate=2e-3, warmup=3, cooldown=0.0, decay=0.01, clip=None, ema=0.9, muon=False)
CODEC = CodecRecipe(
    "test", 1, SHAPE, CodecSettings(scale_batches=4, scale_items=1, half=False), OPTIM, POOL, (Stage(1.0, 1, 8),),
    log_steps=1,
)  # fmt: skip
DENOISER = PublishedRecipe(
    "test", 1, UNetConfig(model_channels=32, channel_mult=(1, 1), num_res_blocks=1, attention_resolutions=(2,)),
    PublishedSettings(mel=MEL, half=False, sample_steps=2), OPTIM, POOL, (Stage(0.5, 2, 4), Stage(1.0, 1, 8)),
    log_steps=1,
)  # fmt: skip


class Tones:
    """Stems that are a sinusoid each with a beat; the same song forever, at a rate that is not the pool's."""

    def __init__(self, stems: int = 3, rate: int = 16000) -> None:
        self.stems = ("bass", "drums", "guitar", "piano", "other")[:stems]
        self.rate = rate

    def clip(self, seed: int, seconds: float) -> Clip:
        time = np.arange(round(seconds * self.rate)) / self.rate
        waves = [
            np.sin(2 * np.pi * 150 * (2 * k + 1) * time) * np.sin(k + 9 * time) ** 2
            for k in range(len(self.stems))
        ]
        stems = np.repeat(0.2 * np.stack(waves)[:, None], 2, axis=1).astype(np.float32)
        return Clip(stems, np.ones(len(self.stems), bool), self.rate, "tones")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, no_preparation: None) -> None:
    """Every step takes half a second."""
    ticks = count()
    monkeypatch.setattr(Trainer, "clock", staticmethod(lambda: next(ticks) / 2))


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    for run in ("codec", "denoiser"):
        monkeypatch.setattr(f"msgld.paper.training.{run}.draw_mels", lambda *_: None)


def minutes(steps: int) -> float:
    """Time for that many steps of half a second."""
    return (steps - 0.5) * 0.5 / 60


def pool_of(source: Tones) -> ClipPool:
    return ClipPool(source, POOL, MEL.rate)


@pytest.fixture(scope="module")
def first_stage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an autoencoder that has learned nothing, and no vocoder."""
    folder = tmp_path_factory.mktemp("first")
    save_parts({"codec": build_codec(CODEC)}, folder, {"stems": (), "level": 0.1, "info": {}}, torch.float16)
    return folder


# Data


def test_the_pool_brings_a_source_to_its_own_rate():
    pool = ClipPool(Tones(2, rate=44100), POOL, 16000)
    pool.fill()
    heard = pool.whole(1)[:, 0].numpy()
    wanted = Tones(2, rate=16000).clip(0, 1.0).stems[:, 0]
    assert heard.shape == wanted.shape
    assert np.abs(heard - wanted)[:, 500:-500].max() < 2e-3


@pytest.mark.parametrize("mel", [MEL, AUDIOLDM, MelConfig()])
def test_log_mels_of_a_batch_are_those_of_its_sound_at_the_reference_level(mel: MelConfig):
    audio = torch.randn(2, 3, 200 * mel.hop, generator=torch.Generator().manual_seed(0)) * 0.3
    present = torch.tensor([[True, True, True], [True, False, True]])
    crops = Crops(audio, present)
    mels = mix_mels(crops, mel, replace(PLAIN, jitter_db=0.0), np.random.default_rng(0))
    stems = audio * present[..., None]
    gain = REFERENCE_RMS / stems.sum(1).square().mean(1).sqrt()
    tracks = torch.cat([stems, stems.sum(1, keepdim=True)], 1) * gain.view(-1, 1, 1)
    expected = log_mel(tracks.unsqueeze(2), mel)
    assert (mels - expected).abs().max() < 0.05, (
        "but for the level, which is measured over the crop's columns"
    )
    assert (mels - expected).std() < 0.02


# The autoencoder


def test_the_autoencoders_error_falls(clock: None):
    torch.manual_seed(0)
    training = CodecTrainer(CODEC, build_codec(CODEC), pool_of(Tones()), minutes(20), CPU)
    losses = [step.losses["l1"] for step in training]
    assert np.mean(losses[-5:]) < 0.6 * np.mean(losses[:5])


def test_the_weight_of_the_divergence_makes_latents_normal(clock: None):
    heavy = replace(CODEC, settings=replace(CODEC.settings, kl_weight=10.0))
    light, normal = (
        [
            step.losses["kl"]
            for step in CodecTrainer(preset, build_codec(preset), pool_of(Tones()), minutes(15), CPU)
        ]
        for preset in (CODEC, heavy)
    )
    assert normal[-1] < 0.5 * light[-1]


def test_stems_that_the_data_lack_are_not_heard():
    class Lacking(Tones):
        def clip(self, seed: int, seconds: float) -> Clip:
            return replace(super().clip(seed, seconds), present=np.array([True, False, True]))

    training = CodecTrainer(CODEC, build_codec(CODEC), pool_of(Lacking()), 1, CPU)
    assert training.next_batch()[0].shape == (3, MEL.bands, 32)


def test_a_first_stage_gives_latents_of_unit_variance(tmp_path: Path, clock: None):
    folder = train("codec", CODEC, Tones(), tmp_path, minutes(3))
    codec, vocoder = load_first_stage(folder)
    assert vocoder is None and isinstance(codec, KLCodec) and codec.mel == MEL
    training = CodecTrainer(CODEC, codec.requires_grad_(True), pool_of(Tones()), 1, CPU)
    training.pool.fill()
    latents = torch.cat([z.flatten() for z in training._some_latents()]) * codec.scale
    assert float(latents.detach().std()) == pytest.approx(1, rel=0.02)
    info = json.loads((folder / "model.json").read_text())["info"]
    assert info["scale_least"] <= info["scale"] * (1 + 1e-9) and info["scale"] <= info["scale_most"] * (
        1 + 1e-9
    )
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["scale"] == pytest.approx(float(codec.scale), rel=1e-3), "it is logged"
    assert (tmp_path / "samples" / "0000003.png").is_file()


# The denoiser


class Oracle(nn.Module):
    """Has the clean latents, so it knows the noise; keeps the mixtures that it gets."""

    def __init__(self, clean: Tensor, channels: int) -> None:
        super().__init__()
        self.one = nn.Parameter(torch.ones(()))
        self.clean = clean.unflatten(2, (channels, -1)).transpose(3, 4).clone()
        self.mixtures: list[Tensor | None] = []

    def forward(self, x: Tensor, mixture: Tensor | None, t: Tensor) -> Tensor:
        squares = SqrtLinearSchedule().alphas_cumprod()[t].view(-1, 1, 1, 1, 1)
        self.mixtures.append(mixture)
        return ((x - squares.sqrt() * self.clean) / (1 - squares).sqrt()).float() * self.one


def oracle_training(preset: PublishedRecipe = DENOISER) -> tuple[PublishedTrainer, Oracle, Tensor]:
    training = training_of(preset)
    z, _ = training.next_batch()
    oracle = Oracle(z[:, :-1], 4)
    denoiser = PublishedDenoiser(oracle, 4, 2)
    model = replace(training.model, denoiser=denoiser)
    return PublishedTrainer(preset, model, training.pool, 1, CPU), oracle, z


def training_of(preset: PublishedRecipe = DENOISER, stems: int = 3, steps: int = 30) -> PublishedTrainer:
    torch.manual_seed(0)
    network = PublishedUNet(replace(preset.network, stems=stems))
    denoiser = PublishedDenoiser(network, 4, 2)
    model = Model(build_codec(CODEC), denoiser, None, Tones(stems).stems)
    return PublishedTrainer(preset, model, pool_of(Tones(stems)), minutes(steps), CPU)


def with_settings(**changes: object) -> PublishedRecipe:
    return replace(DENOISER, settings=replace(DENOISER.settings, **changes))


def noise_loss(training: PublishedTrainer, z: Tensor, present: Tensor) -> float:
    return float(training.losses(z, present)["noise"].detach())


def test_who_knows_the_noise_has_no_loss_at_any_timestep():
    training, _, z = oracle_training()
    for _ in range(40):
        assert noise_loss(training, z, torch.ones(2, 3, dtype=torch.bool)) < 1e-6


def test_the_mixture_is_hidden_from_the_published_share_of_items():
    training, oracle, z = oracle_training()
    for _ in range(20):
        training.losses(z, torch.ones(2, 3, dtype=torch.bool))
    mixture = z[:, -1].unflatten(1, (4, -1)).transpose(2, 3)
    for shown in oracle.mixtures:
        if shown is None:
            continue
        for item in range(2):
            assert torch.equal(shown[item], mixture[item]) or not shown[item].any()
    _, seen = training.draw_levels(20000)
    assert float(seen.float().mean()) == pytest.approx(0.9, abs=0.01)
    assert training_of(with_settings(dropout=1.0)).draw_levels(50)[1].sum() == 0


def test_all_timesteps_are_as_likely():
    levels, _ = training_of().draw_levels(50000)
    timesteps = SqrtLinearSchedule().timestep(levels)
    assert (timesteps.min(), timesteps.max()) == (0, 999)
    parts = torch.bincount(timesteps // 100, minlength=10) / len(timesteps)
    assert torch.allclose(parts, torch.full((10,), 0.1), atol=0.01)


def test_absent_stems_cost_nothing():
    training, oracle, z = oracle_training()
    oracle.clean[:, 1] += 5.0  # what it says of this stem is wrong
    present = torch.ones(2, 3, dtype=torch.bool)
    assert noise_loss(training, z, present) > 0.01
    present[:, 1] = False
    assert noise_loss(training, z, present) < 1e-6


def test_latents_are_drawn_from_the_posterior_and_scaled():
    training = training_of()
    heads = training.codec.network.quant_conv
    nn.init.zeros_(heads.weight)
    heads.bias.copy_(torch.tensor([0.0] * 4 + [math.log(4.0)] * 4))  # means, then log-variances
    training.codec.scale.fill_(3.0)
    assert float(training.next_batch()[0].std()) == pytest.approx(6, rel=0.1)


@pytest.mark.parametrize("stems", [3, 5])
def test_the_denoisers_error_falls(clock: None, stems: int):
    training = training_of(stems=stems, steps=40)
    losses = [step.losses["noise"] for step in training]
    assert losses[0] == pytest.approx(1, abs=0.2), "an untrained network says nothing"
    assert np.mean(losses[-10:]) < 0.8 * np.mean(losses[:5])


def test_the_average_follows_the_published_rule(clock: None):
    training = training_of(replace(DENOISER, optim=replace(OPTIM, ema=0.9999)), steps=4)
    expected = [p.detach().clone() for p in training.denoiser.parameters()]
    for number, _ in enumerate(training, 1):
        decay = min(0.9999, (1 + number) / (10 + number))
        expected = [
            decay * kept + (1 - decay) * p.detach()
            for kept, p in zip(expected, training.denoiser.parameters(), strict=True)
        ]
    for kept, value in zip(expected, training.average.values, strict=True):
        assert torch.allclose(kept, value, atol=1e-6)


def test_the_optimiser_is_the_published_one():
    module = nn.Linear(3, 3)
    (adamw,) = build_optimisers(module, PAPER.optim)
    assert isinstance(adamw, torch.optim.AdamW)
    group = adamw.param_groups[0]
    default = torch.optim.AdamW(module.parameters()).defaults
    assert (group["betas"], group["weight_decay"], group["eps"]) == tuple(
        default[name] for name in ("betas", "weight_decay", "eps")
    )
    rates = [3e-5 * rate_factor(step, progress, PAPER.optim) for step, progress in
             ((0, 0.0), (499, 0.1), (999, 0.2), (5000, 0.9), (99999, 0.9999))]  # fmt: skip
    assert rates == pytest.approx([3e-8, 1.5e-5, 3e-5, 3e-5, 3e-5])
    norm, _ = Trainer.update(module, [], [module(torch.full((1, 3), 1e4)).sum()], PAPER.optim.clip)
    assert norm > 1e4 and torch.equal(module.weight.grad, torch.full((3, 3), 1e4))


# Runs


def flat(state: object, name: str = "") -> Iterator[tuple[str, object]]:
    """All leaves of a state with their names."""
    pairs = (
        state.items() if isinstance(state, dict) else enumerate(state) if isinstance(state, list) else None
    )
    if pairs is None:
        yield name, state
    else:
        for key, value in pairs:
            yield from flat(value, f"{name}.{key}")


def run_codec(out: Path, first_stage: Path, steps: int) -> None:
    train("codec", replace(CODEC, save_minutes=-1.0), Tones(), out, minutes(steps))


def run_denoiser(out: Path, first_stage: Path, steps: int) -> None:
    preset = replace(DENOISER, save_minutes=-1.0, stages=(Stage(1.0, 1, 4),))
    train("denoiser", preset, Tones(), out, minutes(steps), first_stage=first_stage)


@pytest.mark.parametrize("run", [run_codec, run_denoiser])
def test_a_resumed_run_goes_on_as_if_it_had_not_stopped(run, tmp_path: Path, first_stage: Path, clock: None,
                                                        no_pictures: None):  # fmt: skip
    run(tmp_path / "whole", first_stage, 3)
    run(tmp_path / "halved", first_stage, 1)
    run(tmp_path / "halved", first_stage, 3)
    whole, halved = (dict(flat(load_state(tmp_path / name / "state.pt"))) for name in ("whole", "halved"))
    assert whole.keys() == halved.keys() and whole[".number"] == halved[".number"] == 3
    for name, value in whole.items():
        if isinstance(value, Tensor):
            assert torch.equal(value, halved[name]), name
        elif "clips" not in name and "drawn" not in name:
            assert value == halved[name], name


def test_a_run_leaves_the_first_stage_as_it_was_and_a_model(tmp_path: Path, first_stage: Path, clock: None):
    folder = train("denoiser", DENOISER, Tones(), tmp_path, minutes(3), first_stage=first_stage)
    one, other = (path / "codec.safetensors" for path in (first_stage, folder))
    assert one.read_bytes() == other.read_bytes()
    model = load_model(folder, half=False)
    assert model.stems == Tones().stems and model.reference_rms == REFERENCE_RMS
    assert isinstance(model.denoiser, PublishedDenoiser)
    averaged = load_state(tmp_path / "state.pt")["average"]["values"]
    for parameter, value in zip(model.denoiser.parameters(), averaged, strict=True):
        assert torch.allclose(parameter, value, atol=1e-3)
    assert (tmp_path / "samples" / "0000003.png").is_file()


def test_without_naming_it_again_a_run_knows_its_first_stage(
    tmp_path: Path, first_stage: Path, clock: None, no_pictures: None
):
    train("denoiser", DENOISER, Tones(), tmp_path, minutes(1), first_stage=first_stage)
    train("denoiser", DENOISER, Tones(), tmp_path, minutes(2))
    assert load_state(tmp_path / "state.pt")["number"] == 2


def test_a_run_begins_with_another_models_weights(
    tmp_path: Path, first_stage: Path, clock: None, no_pictures: None
):
    first = train("denoiser", DENOISER, Tones(), tmp_path / "first", minutes(3), first_stage=first_stage)
    still = replace(DENOISER, optim=replace(OPTIM, rate=0.0))
    second = train("denoiser", still, Tones(), tmp_path / "second", minutes(1), start=first)
    one, other = load_model(first), load_model(second)
    for a, b in zip(one.denoiser.parameters(), other.denoiser.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-3)
    assert other.info["started_from"]["training"]["steps"] == 3
    with pytest.raises(ModelError, match="stems"):
        train("denoiser", DENOISER, Tones(2), tmp_path / "third", minutes(1), start=first)
    wider = replace(DENOISER, network=replace(DENOISER.network, num_res_blocks=2))
    with pytest.raises(ModelError, match="size"):
        train("denoiser", wider, Tones(), tmp_path / "fourth", minutes(1), start=first)


def test_a_vocoder_is_trained_on_a_first_stage_and_comes_along(
    tmp_path: Path, first_stage: Path, clock: None, no_pictures: None
):
    preset = replace(TINY, network=VocoderConfig(width=16, depth=1, hidden=16), pool=POOL)
    both = train("vocoder", preset, Tones(), tmp_path / "vocoder", minutes(2), start=first_stage)
    assert (both / "codec.safetensors").read_bytes() == (first_stage / "codec.safetensors").read_bytes()
    model = load_model(train("denoiser", DENOISER, Tones(), tmp_path / "run", minutes(1), first_stage=both))
    assert model.vocode(torch.zeros(1, MEL.bands, 12)).shape == (1, 12 * MEL.hop)


# Errors


def test_what_a_first_stage_cannot_be_is_said_in_one_line(tmp_path: Path, first_stage: Path, clock: None,
                                                          no_pictures: None):  # fmt: skip
    with pytest.raises(UsageError, match="--first-stage"):
        train("denoiser", DENOISER, Tones(), tmp_path / "a")
    with pytest.raises(ModelError, match="no model in"):
        train("denoiser", DENOISER, Tones(), tmp_path / "a", first_stage=tmp_path / "nothing")
    about = {"stems": (), "level": 0.1, "info": {}}
    save_parts({"codec": PatchCodec(PatchConfig(MEL, channels=16))}, tmp_path / "patch", about, torch.float16)
    with pytest.raises(ModelError, match="no autoencoder"):
        train("denoiser", DENOISER, Tones(), tmp_path / "a", first_stage=tmp_path / "patch")
    with pytest.raises(ModelError, match="log-mels"):
        train("denoiser", with_settings(mel=AUDIOLDM), Tones(), tmp_path / "a", first_stage=first_stage)
    train("denoiser", DENOISER, Tones(), tmp_path / "run", minutes(1), first_stage=first_stage)
    save_parts({"codec": build_codec(CODEC, seed=1)}, tmp_path / "other", about, torch.float16)
    with pytest.raises(ModelError, match="another recipe or source"):
        train("denoiser", DENOISER, Tones(), tmp_path / "run", minutes(2), first_stage=tmp_path / "other")


def test_options_that_make_no_sense_are_refused(tmp_path: Path):
    font, model = save_soundfont(tmp_path / "tones.sf2"), save_tiny_model(tmp_path / "tiny")
    for part, changes, words in (
        ("denoiser", {"recipe": "nothing"}, "paper-small"),
        ("denoiser", {"first_stage": tmp_path}, "there is no model.json"),
        ("denoiser", {"first_stage": model, "start": model}, "leave out"),
        ("codec", {"recipe": "small"}, "paper-small"),
        ("codec", {"start": model}, "leave out"),
        ("vocoder", {}, "--start"),
    ):
        with pytest.raises((UsageError, ModelError), match=words) as caught:
            msgld.train(part, out=tmp_path / "out", minutes=0.01, soundfont=font, device="cpu", **changes)
        assert "\n" not in str(caught.value) and not (tmp_path / "out").exists()


def test_recipes_fit_their_pool_and_their_codec():
    for recipe in (*PUBLISHED.values(), *CODECS.values()):
        mel = getattr(recipe.settings, "mel", AUDIOLDM)
        assert all(stage.frames * 4 * mel.hop / mel.rate <= recipe.pool.seconds for stage in recipe.stages)
    for recipe in PUBLISHED.values():
        levels = len(recipe.network.channel_mult) - 1
        for stage in recipe.stages:
            assert stage.frames % 2**levels == (AUDIOLDM.bands // 4) % 2**levels == 0
    assert set(CODECS) == set(PUBLISHED)
    assert all(find("denoiser", name)[1].name == name for name in ("small", *PUBLISHED))
    assert find("codec")[1].network == KLConfig()
    assert math.isclose(PAPER.stages[0].frames * 4 * 160 / 16000, 10.24)
    assert PAPER.network == UNetConfig()
