"""The refiner: its bands, its masks, and that training it makes separation better."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from contracts import awake
from running import train
from tiny import save_tiny_model
from torch import Tensor

import msgld
from msgld.checkpoint import load_model
from msgld.data.source import Clip, Source
from msgld.dsp.fine_bands import LEAST, centres, features, gather, refined_masks, spread
from msgld.dsp.masks import grid
from msgld.dsp.mel import MelConfig
from msgld.dsp.stft import istft, stft
from msgld.errors import ModelError
from msgld.metrics import si_sdr
from msgld.nets.refiner import Refiner, RefinerConfig
from msgld.progress import Progress
from msgld.stems import STEMS
from msgld.training.recipe import PoolConfig, Stage
from msgld.training.refiner.cuts import CutConfig, CutPool, Cuts, bends, bent
from msgld.training.refiner.part import TINY, RefinerRecipe, RefinerSettings, cut_out, distortion

CONFIG = RefinerConfig(stems=3, inputs=6, bands=64, widths=(4, 6, 8), depth=2)
RATES = [8000, 22_050, 44_100, 48_000, 96_000]


def refiner() -> Refiner:
    """A refiner that changes something."""
    return awake(Refiner(CONFIG), 0.2)


def spectra(rate: int = 44_100, channels: int = 2, seconds: float = 0.5) -> Tensor:
    noise = torch.randn(1, channels, round(seconds * rate), generator=torch.Generator().manual_seed(1))
    return stft(0.1 * noise, *grid(rate, MelConfig()), last=True)


def guesses(like: Tensor) -> Tensor:
    _, _, bins, columns = like.shape
    drawn = torch.rand(1, 3, bins, columns, generator=torch.Generator().manual_seed(2))
    return drawn / drawn.sum(1, keepdim=True)


@pytest.mark.parametrize("rate", RATES)
def test_bands_and_bins_share_out_all_there_is(rate: int):
    n_fft = 4 * round(512 * rate / 44_100)
    assert torch.allclose(spread(256, rate, n_fft).sum(1), torch.ones(n_fft // 2 + 1), atol=1e-5)
    rows = gather(256, rate, n_fft).sum(1)
    there = torch.from_numpy(centres(256) < rate / 2 - 50)
    assert torch.allclose(rows[there], torch.ones(int(there.sum())), atol=1e-5)
    assert not rows[torch.from_numpy(centres(256) > rate / 2)].any()


def test_bands_rise_and_are_bins_at_the_low_end():
    places = centres(256)
    assert (np.diff(places) > 0).all() and places[-1] == pytest.approx(20_000)
    assert torch.allclose(gather(256, 44_100, 2048)[:50, :50], torch.eye(50), atol=1e-4)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_masks_sum_to_one_whatever_the_song(rate: int, channels: int):
    mixture = spectra(rate, channels)
    masks = refined_masks(mixture, guesses(mixture), refiner(), CONFIG.bands, rate)
    assert masks.shape == (1, 3, *mixture.shape[1:])
    assert torch.allclose(masks.sum(1), torch.ones_like(masks[:, 0]), atol=1e-5)


def test_untrained_it_leaves_the_guesses():
    mixture = spectra()
    shares = guesses(mixture)
    masks = refined_masks(mixture, shares, Refiner(CONFIG), CONFIG.bands, 44_100)
    expected = (shares + LEAST) / (1 + 3 * LEAST)
    assert torch.allclose(masks, expected.unsqueeze(2).expand_as(masks), atol=1e-5)


def test_exchanged_sides_are_heard():
    mixture = spectra()
    mixture = mixture * torch.tensor([1.0, 0.3]).view(1, 2, 1, 1)
    one = features(mixture, guesses(mixture), CONFIG.bands, 44_100)
    other = features(mixture.flip(1), guesses(mixture), CONFIG.bands, 44_100)
    assert torch.allclose(one[:, 1], -other[:, 1], atol=1e-5)
    assert torch.allclose(one[:, [0, 2]], other[:, [0, 2]], atol=1e-5)
    assert one[:, 1, :60].mean() > 0.5


def test_silence_has_finite_features():
    mixture = torch.zeros_like(spectra())
    assert torch.isfinite(features(mixture, guesses(mixture), CONFIG.bands, 44_100)).all()


def test_what_is_far_is_not_heard():
    network, length = refiner(), 400
    one = torch.randn(1, 6, 64, length, generator=torch.Generator().manual_seed(3))
    other = one.clone()
    other[..., 300:] = 0
    assert torch.allclose(network(one)[0][..., :160], network(other)[0][..., :160], atol=1e-5)
    assert not torch.allclose(network(one)[0][..., 299], network(other)[0][..., 299], atol=1e-3)


@pytest.mark.parametrize("rate", [22_050, 48_000])
def test_the_transform_is_undone(rate: int):
    audio, sizes = torch.randn(2, 12_345), grid(rate, MelConfig())
    assert torch.allclose(istft(stft(audio, *sizes, last=True), *sizes, 12_345), audio, atol=1e-4)


def test_a_model_keeps_its_refiner_and_stems_still_sum_to_the_song(tmp_path: Path):
    folder = save_tiny_model(tmp_path / "tiny", refined=True)
    again = load_model(folder)
    assert again.refiner is not None and again.refiner.config.stems == 5
    model = msgld.load(folder, device="cpu", half=False)
    song = (0.1 * np.random.default_rng(0).standard_normal((2, 60_000))).astype(np.float32)
    result = model.separate((song, 48_000), options=msgld.Options(quality="draft"))
    assert np.abs(sum(result.stems.values()) - song).max() < 1e-5
    model.model.refiner = None
    plain = model.separate((song, 48_000), options=msgld.Options(quality="draft"))
    assert np.abs(plain.stems["bass"] - result.stems["bass"]).max() > 1e-4


class Chords:
    """Each stem is a tone of its own pitch, at a place of its own; ``other`` is absent."""

    stems = STEMS

    def clip(self, seed: int, seconds: float) -> Clip:
        rng, rate = np.random.default_rng(seed), 44_100
        time = np.arange(round(seconds * rate)) / rate
        stems = np.zeros((5, 2, len(time)), np.float32)
        for stem, pitch in enumerate((80.0, 2500.0, 330.0, 800.0)):
            tone = np.sin(2 * np.pi * pitch * rng.uniform(0.97, 1.03) * time)
            stems[stem] = 0.1 * tone * np.array([[1.0], [0.5 + 0.3 * stem]])
        return Clip(stems, np.array([True] * 4 + [False]), rate, "chord")


RECIPE: RefinerRecipe = replace(
    TINY,
    stages=(Stage(1.0, 1, 86),),
    log_steps=1,
    settings=RefinerSettings(vary=CutConfig(remix=0.5)),
    optim=replace(TINY.optim, rate=1e-2, warmup=1),
)


def test_training_makes_stems_better_saves_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("msgld.training.refiner.part.RefinerTrainer.draw", lambda *_: None)
    gains: list[float] = []

    def report(progress: Progress) -> None:
        if "gain" in progress.figures:
            gains.append(progress.figures["gain"])
            if len(gains) in (12, 40):
                raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            start = save_tiny_model(tmp_path / "tiny")
            train("refiner", RECIPE, Chords(), tmp_path / "run", 9, report, start=start)
    assert np.mean(gains[-5:]) > np.mean(gains[:2]) + 1
    refined = load_model(tmp_path / "run" / "model")
    assert refined.refiner is not None and refined.vocoder is not None
    assert refined.info["refiner_training"]["steps"] == 40


@pytest.mark.parametrize("of_its_size", [True, False])
def test_a_refiner_is_trained_on_if_it_is_of_the_recipes_size(
    of_its_size: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("msgld.training.refiner.part.RefinerTrainer.draw", lambda *_: None)
    start = save_tiny_model(tmp_path / "tiny", refined=True)
    old = load_model(start).refiner
    assert old is not None
    network = old.config if of_its_size else RefinerConfig(bands=128, widths=(8,), depth=1)

    def stop(progress: Progress) -> None:
        if progress.figures:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train("refiner", replace(RECIPE, network=network), Chords(), tmp_path / "run", 9, stop, start=start)
    new = load_model(tmp_path / "run" / "model").refiner
    assert new is not None and new.config == replace(network, stems=5, inputs=8)
    # The fresh one changes nothing at first; this one had been woken before.
    assert (new.outward.weight.abs().mean() > 0.5) == of_its_size


def test_a_refiner_is_for_the_models_own_stems(tmp_path: Path):
    class Duo(Chords):
        stems = ("bass", "drums")

    with pytest.raises(ModelError, match="the data bass, drums"):
        train("refiner", RECIPE, Duo(), tmp_path / "run", start=save_tiny_model(tmp_path / "tiny"))
    with pytest.raises(ModelError):
        train("refiner", RECIPE, Chords(), tmp_path / "run", start=tmp_path / "none")


class Noises:
    """Two stems of noise that rise and fall, at different places; rendered as they are needed."""

    stems = ("bass", "drums")

    def clip(self, seed: int, seconds: float) -> Clip:
        rng, rate = np.random.default_rng(seed), 44_100
        time = np.arange(round(seconds * rate)) / rate
        noise = rng.standard_normal((2, 1, len(time))) * np.array([[[1.0], [0.6]], [[0.3], [1.0]]])
        loud = 0.05 * (1 + np.sin(2 * np.pi * np.array([[[0.9]], [[1.7]]]) * time))
        return Clip((noise * loud).astype(np.float32), np.array([True, True]), rate, "noise")


def test_sums_over_bands_say_what_waveforms_would():
    mel, rate = MelConfig(), 44_100
    cuts = noise_cuts(STILL)
    slow = torch.nn.functional.interpolate(
        torch.randn(1, 2, 5, 9), size=cuts.mixture.shape[2:], mode="bicubic"
    )
    masks = slow.softmax(1)
    told_by_bands = distortion(*cut_out(masks.unsqueeze(2), cuts), cuts.power, 1e-6)
    waves = torch.from_numpy(Noises().clip(0, 3.0).stems)
    mixture = stft(waves.sum(0), *grid(rate, mel), last=True)
    on_bins = spread(256, rate, mel.n_fft) @ masks[0]
    on_bins = torch.nn.functional.pad(on_bins, (0, mixture.shape[-1] - on_bins.shape[-1]), mode="replicate")
    made = istft(mixture * on_bins.unsqueeze(1), *grid(rate, mel), waves.shape[-1])
    for stem in range(2):
        measured = si_sdr(made[stem].numpy(), waves[stem].numpy())
        assert -10 * float(told_by_bands[0, stem]) == pytest.approx(measured, abs=0.1)


STILL = CutConfig(remix=0.0, gain_db=0.0, jitter_db=0.0, tone_db=0.0, bend_db=0.0, swap=0.0)


def noise_cuts(vary: CutConfig, source: Source | None = None) -> Cuts:
    """The whole of the first clip."""
    config = PoolConfig(slots=1, seconds=3.0, workers=0)
    pool = CutPool(
        source or Noises(), config, MelConfig(), 256, lambda mixtures: torch.full((1, 2, 128, 258), 0.5), vary
    )
    pool.fill()
    return pool.draw(1, pool.kept.shape[-1], np.random.default_rng(0))


def test_a_bent_crop_is_what_a_filtered_clip_gives():
    gains = bends(1, 256, 3.0, np.random.default_rng(1))
    assert 1.5 < (10 * bends(200, 256, 3.0, np.random.default_rng(0)).log10()).std() < 4.5

    class Filtered(Noises):
        def clip(self, seed: int, seconds: float) -> Clip:
            clip = super().clip(seed, seconds)
            curve = np.interp(
                np.fft.rfftfreq(clip.stems.shape[-1], 1 / 44_100), centres(256), gains[0].sqrt()
            )
            stems = np.fft.irfft(np.fft.rfft(clip.stems) * curve, clip.stems.shape[-1])
            return replace(clip, stems=stems.astype(np.float32))

    level = noise_cuts(STILL, Filtered())
    plain = noise_cuts(STILL)
    pool_of_powers = plain.mixture.new_zeros(1, 2, *plain.mixture.shape[2:])
    made = bent(plain, pool_of_powers, gains)
    ratio = level.mixture.sum((1, 3)) / made.mixture.sum((1, 3))
    assert (
        ratio / ratio.mean()
    ).std() < 0.02  # clips are brought to one level, so all bands differ by one factor
    assert torch.allclose(level.cross.sum(-1), made.cross.sum(-1) * ratio.mean(), rtol=0.1, atol=0.1)
    louder = torch.log10(ratio.mean()) / 4
    assert torch.allclose(level.features[:, 0].mean(-1), made.features[:, 0].mean(-1) + louder, atol=0.01)


def test_exchanged_sides_are_what_exchanged_channels_give():
    class Mirrored(Noises):
        def clip(self, seed: int, seconds: float) -> Clip:
            clip = super().clip(seed, seconds)
            return replace(clip, stems=clip.stems[:, ::-1].copy())

    mirrored, swapped = noise_cuts(STILL, Mirrored()), noise_cuts(replace(STILL, swap=1.0))
    for name, value in vars(mirrored).items():
        assert torch.allclose(value, getattr(swapped, name), rtol=0.01, atol=0.01), name  # kept in 16 bits


def test_a_pools_clips_are_as_loud_as_the_model_knows_them_and_remixed_now_and_then():
    config = PoolConfig(slots=8, seconds=1.0, workers=0)
    guess = lambda mixtures: torch.full((1, 2, 128, 86), 0.5)  # noqa: E731
    pool = CutPool(
        Noises(),
        config,
        MelConfig(),
        256,
        guess,
        CutConfig(remix=0.5, jitter_db=0.0, tone_db=0.0, bend_db=0.0),
    )
    pool.fill()
    assert 0 < int(pool.remixed.sum()) < 8
    cuts = pool.draw(8, 86, np.random.default_rng(0))
    # Through a Hann window the bins of a sinusoid of amplitude a hold 1.5 a^2 together, which is 3 times its power.
    rms = (cuts.mixture.sum((1, 2)).mean(-1) / 3 / 2).sqrt()
    assert torch.allclose(rms, torch.full_like(rms, 0.1), rtol=0.05)
