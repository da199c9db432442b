"""Laws of the vocoder, its transforms, its losses and its training run."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from contracts import verify_gradients
from running import train

from msgld.checkpoint import load_first_stage, save_parts
from msgld.data.source import Clip
from msgld.dsp.codec import PatchCodec, PatchConfig
from msgld.dsp.mel import AUDIOLDM, MelConfig, filterbank, log_mel, spectrum
from msgld.dsp.stft import fast_griffin_lim, istft, stft
from msgld.errors import Cancelled
from msgld.nets.discriminators import DiscriminatorConfig, Discriminators
from msgld.nets.phases import Prediction, beginnings, carry, held_on
from msgld.nets.vocoder import Vocoder, VocoderConfig, own_turn
from msgld.progress import Progress
from msgld.training.pool.clips import ClipPool
from msgld.training.vocoder.loss import frequency_loss, stft_loss, turn_loss
from msgld.training.vocoder.part import VocoderPart, VocoderTrainer, build_vocoder
from msgld.training.vocoder.recipes import TINY, VocoderSettings

MEL = MelConfig()
SMALL = VocoderConfig(width=32, depth=2, hidden=48)


def small_vocoder() -> Vocoder:
    torch.manual_seed(0)
    vocoder = Vocoder(SMALL)
    vocoder.set_bands(filterbank(MEL))
    return vocoder


def noise(samples: int, items: int = 1) -> torch.Tensor:
    return 0.1 * torch.randn(items, samples, generator=torch.Generator().manual_seed(1))


def sinusoid(hertz: float, samples: int) -> torch.Tensor:
    angle = 2 * math.pi * hertz / 44100 * torch.arange(samples, dtype=torch.float64)
    return (0.3 * angle.sin())[None].float()


class Tones:
    """Clips of one sinusoid a stem."""

    stems = ("bass", "drums", "guitar", "piano", "other")

    def clip(self, seed: int, seconds: float) -> Clip:
        tones = [sinusoid(110.0 * (k + 1), round(44100 * seconds))[0].numpy() for k in range(5)]
        stems = np.repeat(np.stack(tones)[:, None], 2, axis=1) * 0.2
        return Clip(stems.astype(np.float32), np.ones(5, bool), 44100, "tones")


def tones_pool() -> ClipPool:
    return ClipPool(Tones(), TINY.pool, 44100)


def lossless_codec() -> PatchCodec:
    return PatchCodec(PatchConfig(channels=512))


def test_the_transform_is_the_analysis_of_the_mel() -> None:
    audio = noise(30 * 512)
    torch.testing.assert_close(stft(audio, 2048, 512), spectrum(audio, MEL))


def test_the_true_spectrum_gives_back_the_waveform() -> None:
    audio = noise(30 * 512, 2)
    torch.testing.assert_close(istft(spectrum(audio, MEL), 2048, 512), audio, atol=1e-5, rtol=0)


def test_griffin_lim_leaves_a_true_spectrum_alone_and_mends_a_false_one() -> None:
    audio = noise(30 * 512)
    true = stft(audio, 2048, 512)
    torch.testing.assert_close(fast_griffin_lim(true, 2048, 512, 2), true, atol=1e-5, rtol=0)

    def error(spectra: torch.Tensor) -> float:
        made = stft(istft(spectra, 2048, 512), 2048, 512)
        return float((made.abs() - true.abs()).square().mean())

    steady = true.abs() + 0j
    assert error(fast_griffin_lim(steady, 2048, 512, 8)) < 0.5 * error(steady)


def test_a_vocoder_with_the_true_spectrum_gives_back_the_waveform(monkeypatch: pytest.MonkeyPatch) -> None:
    audio, vocoder = noise(24 * 512), small_vocoder().eval()
    monkeypatch.setattr(vocoder, "spectrum", lambda mels, pitch: spectrum(audio, MEL))
    torch.testing.assert_close(vocoder(log_mel(audio[:, None], MEL)), audio, atol=1e-5, rtol=0)


def test_silence_stays_silent() -> None:
    mels = torch.full((1, 128, 40), math.log(MEL.floor))
    assert small_vocoder().eval()(mels).abs().max() < 3e-5


def test_an_untrained_vocoder_has_the_right_level() -> None:
    audio, vocoder = noise(86 * 512), small_vocoder().eval()
    made = vocoder(log_mel(audio[:, None], MEL))
    assert 0.7 < float(made.detach().norm() / audio.norm()) < 1.4


def test_gradients_of_the_losses_are_finite_in_silence() -> None:
    vocoder = small_vocoder().train()
    torch.nn.init.normal_(vocoder.outward.weight, std=0.05)
    audio = noise(16 * 512, 2)
    audio[1] = 0
    made = vocoder(log_mel(audio[:, None], MEL))
    verify_gradients(
        vocoder, stft_loss(made, audio) + turn_loss(stft(made, 2048, 512), stft(audio, 2048, 512))
    )


def test_a_kept_phase_turns_as_a_sinusoid_does() -> None:
    bin_, columns = 37, 40
    true = stft(sinusoid(bin_ * 44100 / 2048, columns * 512), 2048, 512)[0, bin_, 4:-4]
    one = torch.ones(1, columns - 8, 1025)
    keep = one[..., : SMALL.held]
    kept = carry(Prediction(one, 0 * keep, keep, one + 0j), own_turn(SMALL, torch.device("cpu")), one + 0j)
    turned = (kept[0, :, bin_] / kept[0, 0, bin_]) * (true[0] / true)
    torch.testing.assert_close(turned.angle(), torch.zeros(columns - 8), atol=2e-2, rtol=0)


def test_a_steady_answer_does_not_pull_a_tone_to_the_rate_of_columns() -> None:
    columns, own = 60, own_turn(SMALL, torch.device("cpu"))
    turn = -2 * math.pi * 3.7 * 512 / 44100  # 3.7 Hz below the middle of each bin: an E where 86 Hz lies near
    steady = torch.ones(1, columns, 1025)
    keep = torch.full((1, columns, SMALL.held), 0.8)
    said = Prediction(0 * steady, 0 * keep + turn, keep, 4 * steady + 0j)
    held = held_on(said, beginnings(steady[..., : SMALL.held]))

    def turned(one: Prediction) -> torch.Tensor:
        """Mean turn beyond the bin's own, of bins whose own is none."""
        phase = carry(one, own, torch.zeros_like(one.onset))[0, 8:, 0 : SMALL.held : 4]
        return (phase[1:] * phase[:-1].conj()).mean().angle()

    assert abs(float(turned(said))) < 0.05, "locked: what the law is about"
    assert float(turned(held)) == pytest.approx(turn, abs=0.01)


def test_what_begins_takes_the_phase_of_its_onset() -> None:
    columns, bins = 12, 1025
    loud = torch.full((1, columns, bins), 0.01)
    loud[:, 6:] = 0.1
    begins = beginnings(loud[..., : SMALL.held])
    assert begins[0, [0, 6]].min() > 0.99 and begins[0, [*range(1, 6), *range(7, 12)]].max() < 0.01
    keep = torch.full((1, columns, SMALL.held), 0.1)
    said = Prediction(0 * loud, 0 * keep + 0.3, keep, 50j * torch.ones(1, columns, bins))
    signs = 1 - 2 * (torch.arange(bins) % 2)
    phase = (
        carry(held_on(said, begins), own_turn(SMALL, torch.device("cpu")), torch.zeros_like(said.onset))
        * signs
    )
    torch.testing.assert_close(phase[0, 6, : SMALL.held].imag, torch.ones(SMALL.held), atol=0.01, rtol=0)
    assert phase[0, 8, : SMALL.held].imag.min() < 0.9


def test_losses_vanish_on_the_truth_and_ignore_the_sign() -> None:
    audio = noise(30 * 512)
    spectra = stft(audio, 2048, 512)
    assert float(stft_loss(audio, audio)) < 1e-6
    assert float(turn_loss(-spectra, spectra)) < 1e-3
    assert float(turn_loss(stft(noise(30 * 512).flip(1), 2048, 512), spectra)) > 0.5


def test_the_frequency_loss_vanishes_for_the_true_frequency() -> None:
    hertz = 1000.0
    real = stft(sinusoid(hertz, 60 * 512), 2048, 512)[..., 4:-4]
    own = own_turn(SMALL, torch.device("cpu"))
    angle = 2 * math.pi * hertz * 512 / 44100
    right = (angle - own[: SMALL.held]).expand(1, real.shape[2], -1)
    blank = torch.zeros(1, real.shape[2], 1025)
    said = Prediction(blank, right, 0 * right, blank + 0j)
    assert float(frequency_loss(said, own, real)) < 0.02
    assert float(frequency_loss(replace(said, turn=right + 1.0), own, real)) > 0.3


def test_long_lags_hear_half_a_semitone_that_neighbouring_columns_do_not() -> None:
    one, other = (stft(sinusoid(hertz, 60 * 512), 2048, 512)[..., 4:-4] for hertz in (100.0, 103.0))
    assert float(turn_loss(other, one, lags=(1,))) < 0.05
    assert float(turn_loss(other, one)) > 0.2
    own = own_turn(SMALL, torch.device("cpu"))
    angle = 2 * math.pi * 103.0 * 512 / 44100
    blank = torch.zeros(1, one.shape[2], 1025)
    right = (angle - own[: SMALL.held]).expand(1, one.shape[2], -1)
    said = Prediction(blank, right, 0 * right, blank + 0j)
    assert float(frequency_loss(said, own, one, lags=(1,))) < 0.05
    assert float(frequency_loss(said, own, one)) > 0.4


def test_discriminators_learn_to_tell_noise_from_a_tone() -> None:
    torch.manual_seed(0)
    judges = Discriminators(DiscriminatorConfig(windows=(512,), channels=4, depth=3))
    optimiser = torch.optim.Adam(judges.parameters(), lr=3e-3)
    real, made = sinusoid(440.0, 8192), noise(8192)
    before = float(judges.own_loss(real, made).detach())
    for _ in range(60):
        optimiser.zero_grad()
        judges.own_loss(real, made).backward()
        optimiser.step()
    assert float(judges.own_loss(real, made).detach()) < 0.5 * before
    assert float(judges.losses_of(real, real)[1].detach()) == 0


def test_training_on_tones_lowers_the_loss() -> None:
    training = VocoderTrainer(TINY, lossless_codec(), tones_pool(), 5, torch.device("cpu"))
    steps = [step.losses for step, _ in zip(training, range(40), strict=False)]
    totals = [step["stft"] + step["mel"] + step["turn"] + step["frequency"] for step in steps]
    assert np.mean(totals[-4:]) < 0.9 * np.mean(totals[:4])


def first_stage(folder: Path, vocoder: Vocoder | None = None) -> Path:
    parts = {"codec": lossless_codec(), **({"vocoder": vocoder} if vocoder else {})}
    save_parts(parts, folder, {"stems": (), "level": 0.1, "info": {}}, torch.float16)
    return folder


def vocoder_of(folder: Path) -> Vocoder:
    vocoder = load_first_stage(folder)[1]
    assert isinstance(vocoder, Vocoder)
    return vocoder


def test_a_run_with_an_adversary_saves_and_resumes(tmp_path: Path) -> None:
    recipe = replace(TINY, settings=VocoderSettings(adversary=0.0), log_steps=1)
    start, run = first_stage(tmp_path / "first"), tmp_path / "run"
    seen: list[int] = []

    def run_until(last: int) -> None:
        def report(progress: Progress) -> None:
            seen.extend([len(seen) + 1] if progress.figures else [])
            if len(seen) == last:
                raise Cancelled("enough")

        with pytest.raises(Cancelled):
            train("vocoder", recipe, Tones(), run, 5, report, start=start)

    run_until(2)
    assert (run / "samples" / "0000002.png").is_file()
    before = vocoder_of(run / "model")
    run_until(3)
    assert seen == [1, 2, 3]
    info = json.loads((run / "model" / "model.json").read_text())["info"]
    assert info["name"] == "run" and info["vocoder_training"]["steps"] == 3
    assert info["vocoder_training"].keys() == {"recipe", "steps", "minutes"}
    assert not list(tmp_path.rglob("*.partial*"))
    assert not torch.equal(before.outward.weight, vocoder_of(run / "model").outward.weight)


def test_a_run_goes_on_with_a_vocoder_of_its_size(tmp_path: Path) -> None:
    first = build_vocoder(TINY, lossless_codec(), seed=3)
    torch.nn.init.normal_(first.outward.weight, std=0.02)
    start = first_stage(tmp_path / "first", first)
    still = replace(TINY, optim=replace(TINY.optim, rate=0.0), log_steps=1)

    def report(progress: Progress) -> None:
        if progress.figures:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        train("vocoder", still, Tones(), tmp_path / "run", 5, report, start=start)
    made = vocoder_of(tmp_path / "run" / "model")
    assert torch.allclose(made.outward.weight, first.outward.weight, atol=1e-4)
    wider = replace(TINY, network=replace(TINY.network, width=TINY.network.width * 2))
    assert VocoderPart(TINY, tmp_path, start).vocoder is not None
    assert VocoderPart(wider, tmp_path, start).vocoder is None
    assert VocoderPart(TINY, tmp_path, first_stage(tmp_path / "bare")).vocoder is None


def magnitude_vocoder() -> Vocoder:
    """An untrained vocoder for the bands of AudioLDM."""
    codec = PatchCodec(PatchConfig(AUDIOLDM, channels=256))
    return build_vocoder(replace(TINY, network=SMALL), codec).eval()


def test_bands_of_magnitudes_become_a_vocoder_of_the_right_level() -> None:
    vocoder, audio = magnitude_vocoder(), noise(16000)
    assert (vocoder.config.n_fft, vocoder.config.hop, vocoder.config.bands) == (1024, 160, 64)
    made = vocoder(log_mel(audio[:, None], AUDIOLDM))
    assert made.shape == (1, 16000)
    assert 0.7 < float(made.detach().norm() / audio.norm()) < 1.4
    flat = torch.full(
        (1, 64, 8), 0.02
    )  # a spectrum of magnitude a in all bins has a / (n_fft / 4) in all bands
    held = vocoder._shared((flat * filterbank(AUDIOLDM).sum(1)[:, None]).log())[0, 20:400]
    torch.testing.assert_close(held, torch.full_like(held, 0.02 * 4 / 1024), rtol=0.1, atol=0)


def test_silence_of_magnitudes_stays_silent() -> None:
    mels = torch.full((1, 64, 40), math.log(AUDIOLDM.floor))
    assert magnitude_vocoder()(mels).abs().max() < 3e-5
