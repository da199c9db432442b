"""The refiner: its bands, its masks, and that training it makes separation better."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
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
from msgld.data.source import Clip
from msgld.dsp.fine_bands import (
    LEAST,
    Refined,
    cells,
    centres,
    features,
    gather,
    inputs_of,
    phase_features,
    refinement,
    spread,
    to_bands,
    turned_by,
)
from msgld.dsp.masks import cut_out, grid
from msgld.dsp.mel import MelConfig
from msgld.dsp.stft import istft, stft
from msgld.errors import ModelError
from msgld.metrics import si_sdr
from msgld.nets.refiner import Refiner, RefinerConfig
from msgld.progress import Progress
from msgld.stems import STEMS
from msgld.training.pool.clips import ClipPool
from msgld.training.recipe import PoolConfig, Stage
from msgld.training.refiner.part import TINY, RefinerRecipe, RefinerSettings, compared, distortion
from msgld.training.refiner.songs import SongConfig, Songs, draw_songs

CONFIG = RefinerConfig(stems=3, inputs=6, bands=64, widths=(4, 6, 8), depth=2)
RATES = [8000, 22_050, 44_100, 48_000, 96_000]


def refiner() -> Refiner:
    """A refiner that changes something."""
    return awake(Refiner(CONFIG), 0.2)


def spectra(rate: int = 44_100, channels: int = 2, seconds: float = 0.5) -> Tensor:
    noise = torch.randn(1, channels, round(seconds * rate), generator=torch.Generator().manual_seed(1))
    return stft(0.1 * noise, *grid(rate, MelConfig()), last=True)


def guesses(like: Tensor, bands: int | None = None) -> Tensor:
    _, _, bins, columns = like.shape
    drawn = torch.rand(1, 3, bands or bins, columns, generator=torch.Generator().manual_seed(2))
    return drawn / drawn.sum(1, keepdim=True)


def refined(mixture: Tensor, masks: Tensor, network: Refiner, rate: int) -> Tensor:
    """The refined masks of all bins, made stretch by stretch."""
    bands = network.config.bands
    in_bands = to_bands(bands, rate, 2 * (mixture.shape[2] - 1))(masks.mT).mT
    found = refinement(mixture, in_bands, lambda columns: masks[..., columns], network, rate)
    edges = [0, 7, 20, mixture.shape[3]]
    return torch.cat([found.at(slice(*edge)).masks for edge in pairwise(edges)], 4)


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
    masks = refined(mixture, guesses(mixture), refiner(), rate)
    assert masks.shape == (1, 3, *mixture.shape[1:])
    assert torch.allclose(masks.sum(1), torch.ones_like(masks[:, 0]), atol=1e-5)


def test_untrained_it_leaves_the_guesses():
    mixture = spectra()
    shares = guesses(mixture)
    masks = refined(mixture, shares, Refiner(CONFIG), 44_100)
    expected = (shares + LEAST) / (1 + 3 * LEAST)
    assert torch.allclose(masks, expected.unsqueeze(2).expand_as(masks), atol=1e-5)


def test_exchanged_sides_are_heard():
    mixture = spectra()
    mixture = mixture * torch.tensor([1.0, 0.3]).view(1, 2, 1, 1)
    one = features(mixture, guesses(mixture, CONFIG.bands), CONFIG.bands, 44_100)
    other = features(mixture.flip(1), guesses(mixture, CONFIG.bands), CONFIG.bands, 44_100)
    assert torch.allclose(one[:, 1], -other[:, 1], atol=1e-5)
    assert torch.allclose(one[:, [0, 2]], other[:, [0, 2]], atol=1e-5)
    assert one[:, 1, :60].mean() > 0.5


def test_silence_has_finite_features():
    mixture = torch.zeros_like(spectra())
    assert torch.isfinite(features(mixture, guesses(mixture, CONFIG.bands), CONFIG.bands, 44_100)).all()


def test_what_is_far_is_not_heard():
    network, length = refiner(), 400
    one = torch.randn(1, 6, 64, length, generator=torch.Generator().manual_seed(3))
    other = one.clone()
    other[..., 300:] = 0
    assert torch.allclose(network(one).scores[..., :160], network(other).scores[..., :160], atol=1e-5)
    assert not torch.allclose(network(one).scores[..., 299], network(other).scores[..., 299], atol=1e-3)


@pytest.mark.parametrize("rate", [22_050, 48_000])
def test_the_transform_is_undone(rate: int):
    audio, sizes = torch.randn(2, 12_345), grid(rate, MelConfig())
    assert torch.allclose(istft(stft(audio, *sizes, last=True), *sizes, 12_345), audio, atol=1e-4)


def test_a_model_keeps_its_refiner_and_stems_still_sum_to_the_song(tmp_path: Path):
    folder = save_tiny_model(tmp_path / "tiny", refined=True)
    again = load_model(folder)
    assert again.refiner is not None and again.refiner.config.stems == len(STEMS)
    model = msgld.load(folder, device="cpu", half=False)
    song = (0.1 * np.random.default_rng(0).standard_normal((2, 60_000))).astype(np.float32)
    result = model.separate((song, 48_000), options=msgld.Options(quality="draft"))
    assert np.abs(sum(result.stems.values()) - song).max() < 1e-5
    model.model.refiner = None
    plain = model.separate((song, 48_000), options=msgld.Options(quality="draft"))
    assert np.abs(plain.stems["bass"] - result.stems["bass"]).max() > 1e-4


class Chords:
    """Four stems are a tone of their own pitch, at a place of their own; the others are absent."""

    stems = STEMS

    def clip(self, seed: int, seconds: float) -> Clip:
        rng, rate = np.random.default_rng(seed), 44_100
        time = np.arange(round(seconds * rate)) / rate
        stems = np.zeros((len(STEMS), 2, len(time)), np.float32)
        for stem, pitch in enumerate((80.0, 2500.0, 330.0, 800.0)):
            tone = np.sin(2 * np.pi * pitch * rng.uniform(0.97, 1.03) * time)
            stems[stem] = 0.1 * tone * np.array([[1.0], [0.5 + 0.3 * stem]])
        return Clip(stems, np.arange(len(STEMS)) < 4, rate, "chord")


RECIPE: RefinerRecipe = replace(
    TINY,
    stages=(Stage(1.0, 1, 88),),
    log_steps=1,
    settings=RefinerSettings(mix=SongConfig(remix=0.5)),
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
    assert new is not None and new.config == replace(
        network, stems=len(STEMS), inputs=inputs_of(len(STEMS), network.turned)
    )
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


STILL = SongConfig(remix=0.0, gain_db=0.0, jitter_db=0.0, bend_db=0.0, swap=0.0, drop=0.0)


COLUMNS = 84


def noise_songs(vary: SongConfig, items: int = 1, slots: int = 4) -> Songs:
    """Songs of a pool of clips, each drawn whole."""
    config = PoolConfig(slots=slots, seconds=COLUMNS * 512 / 44_100, workers=0)
    pool = ClipPool(Noises(), config, 44_100)
    pool.fill()
    return draw_songs(pool, items, COLUMNS, MelConfig(), 256, vary, np.random.default_rng(0))


def test_sums_over_chosen_bins_say_what_waveforms_would():
    sizes, songs = grid(44_100, MelConfig()), noise_songs(STILL, slots=1)
    waves = torch.from_numpy(Noises().clip(0, COLUMNS * 512 / 44_100).stems)
    slow = torch.sin(torch.arange(COLUMNS) / 9)
    masks = torch.stack([slow, -slow]).softmax(0).view(1, 2, 1, 1, COLUMNS)
    power = songs.energy(songs.stems.abs().square())
    by_bins = distortion(*compared(masks * songs.chosen.unsqueeze(1), songs), power, 1e-6)
    for stem in range(2):
        made = istft(masks[0, stem] * stft(waves.sum(0), *sizes), *sizes)
        assert -10 * float(by_bins[0, stem]) == pytest.approx(
            si_sdr(made.numpy(), waves[stem].numpy()), abs=0.4
        )


def test_songs_are_as_loud_as_the_model_knows_them():
    songs = noise_songs(replace(SongConfig(), jitter_db=0.0), items=8)
    # Through a Hann window the bins of a sinusoid of amplitude a hold 1.5 a^2 together, which is 3 times its power.
    rms = (songs.mixtures.abs().square().sum(2).mean((1, 2)) / 3).sqrt()
    assert torch.allclose(rms, torch.full_like(rms, 0.1), rtol=0.02)


def test_stems_of_a_remix_come_from_several_clips():
    whole, mixed = (noise_songs(replace(STILL, remix=remix), items=12).stems for remix in (0.0, 1.0))
    spectra = [x[:, :, 0, 20:30, 40] for x in (whole, mixed)]  # they tell clips apart, but for their loudness
    told = [(x / x.abs().sum(-1, keepdim=True)).real[..., 0] for x in spectra]
    pairs = [{(f"{float(a):.4f}", f"{float(b):.4f}") for a, b in one} for one in told]
    assert len(pairs[0]) <= 4 < len(pairs[1])


def test_exchanged_sides_are_exchanged_channels():
    assert torch.allclose(noise_songs(replace(STILL, swap=1.0)).stems, noise_songs(STILL).stems.flip(2))


def test_a_partial_alone_has_steady_phases_and_noise_has_not():
    rate, sizes = 44_100, grid(44_100, MelConfig())
    time = torch.arange(rate) / rate
    tone = torch.sin(2 * torch.pi * 40 * rate / 2048 * time).expand(1, 2, -1)  # on bin 40
    found = phase_features(stft(tone, *sizes, last=True), 92)[0, :, 40, 8:-8]
    assert torch.allclose(found[[0, 2]], torch.ones_like(found[[0, 2]]), atol=1e-3)
    assert found[[1, 3]].abs().max() < 1e-2
    noise = phase_features(spectra(seconds=1.0), 92)[0, 0]
    assert noise.mean() < 0.7 and noise.std() > 0.2


def test_turned_masks_still_sum_to_one_and_silence_stays_silent():
    generator = torch.Generator().manual_seed(0)
    masks = torch.rand(1, 3, 2, 16, 9, generator=generator)
    masks[:, 0] = 0
    masks = masks / masks.sum(1, keepdim=True)
    turns = torch.randn(1, 3, 16, 9, dtype=torch.complex64, generator=generator) * 100
    added = turned_by(turns, masks)
    assert added.sum(1).abs().max() < 1e-5 and not added[:, 0].any()
    assert added.abs().max() > 0.5
    assert torch.isfinite(torch.view_as_real(added)).all()


def test_phases_are_turned_in_the_lowest_bins_alone():
    mixture = spectra()[0]
    masks = torch.full((3, 2, *mixture.shape[1:]), 1 / 3)
    turns = torch.zeros(3, 2, 10, mixture.shape[-1], dtype=torch.complex64)
    turns[0], turns[1] = 0.25j, -0.25j
    plain, turned = (cut_out(mixture, one) for one in (Refined(masks), Refined(masks, turns)))
    assert torch.equal(plain[:, :, 10:], turned[:, :, 10:])
    assert torch.allclose(turned[0, :, :10] - plain[0, :, :10], 0.25j * mixture[:, :10], atol=1e-5)
    assert torch.allclose(turned.sum(0), plain.sum(0), atol=1e-5)


@pytest.mark.parametrize("rate", RATES)
def test_every_bin_is_in_one_band_and_the_lowest_bands_are_bins(rate: int):
    n_fft = 4 * round(512 * rate / 44_100)
    first, sizes = cells(256, rate, n_fft)
    there = sizes > 0
    assert sizes.sum() == n_fft // 2 + 1 and (first[1:] == (first + sizes)[:-1])[there[1:]].all()
    assert (first[:90] == np.arange(90)).all() and (sizes[:90] == 1).all()
