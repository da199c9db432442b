"""What guidance does to a separation: which steps and windows it asks for, and whether stems are cut or vocoded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from leaning import leaning_model
from tiny import save_tiny_model, song, tiny_vocoder

import msgld
from msgld import Msgld, Options
from msgld.api.options import CONSISTENCIES
from msgld.api.quality import of_making, of_separation
from msgld.diffusion.settings import Sampling
from msgld.dsp.loudness import gated_rms
from msgld.errors import ModelError, UsageError
from msgld.model import Model
from msgld.stems import STEMS
from msgld.tasks.separate import separate

RATE = 44100


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Msgld:
    return msgld.load(save_tiny_model(tmp_path_factory.mktemp("models") / "tiny"), device="cpu")


def speaking(maps: bool) -> Model:
    return replace(leaning_model(maps), vocoder=tiny_vocoder().eval().requires_grad_(False))


def test_separating_stays_one_call_for_guidance_of_1_and_above():
    model = speaking(True)
    for guidance in (None, 1.0, 2.0):
        quality = of_separation(Options(guidance=guidance), model)
        assert quality.sampling.steps == 1 and quality.masking is not None
    for guidance in (0.0, 0.5):
        options = Options(guidance=guidance)
        quality = of_separation(options, model)
        assert quality.sampling == of_making(options, model) and quality.sampling.steps > 1
        assert quality.masking is None and quality.windowing.fade < 1
    assert of_separation(Options(guidance=0.5, steps=1), model).sampling.steps == 1


def test_the_published_kind_always_samples():
    quality = of_separation(Options(), speaking(False))
    assert quality.sampling.steps > 1 and quality.masking is not None
    assert of_separation(Options(guidance=0.5), speaking(False)).masking is None


def test_the_vocoder_can_be_chosen_and_declined():
    model = speaking(True)
    assert of_separation(Options(consistency="residual"), model).masking is None
    assert of_separation(Options(consistency="mask", guidance=0.5), model).masking is not None
    mute = leaning_model(True)
    assert of_separation(Options(guidance=0.5), mute).masking is not None
    with pytest.raises(ModelError, match="no vocoder"):
        of_separation(Options(consistency="none"), mute)


@pytest.mark.parametrize("maps", [True, False], ids=["maps", "published"])
def test_invented_stems_depend_on_the_song_as_far_as_guidance_says(maps: bool):
    model = speaking(maps)
    soft, loud = (torch.from_numpy(song(0.8, RATE, 2, seed=seed)) for seed in (1, 2))

    def stems(mixture: torch.Tensor, guidance: float, seed: int = 0) -> torch.Tensor:
        sampling = Sampling(4, guidance, seed=seed)
        return separate(model, mixture[None], RATE, sampling, None)[0]

    ignored, followed = stems(soft, 0.0), stems(soft, 1.0)
    assert (
        ignored.shape == (len(STEMS), *soft.shape)
        and torch.isfinite(ignored).all()
        and ignored.abs().max() > 0
    )
    assert not torch.allclose(ignored, stems(soft, 0.0, seed=1))
    # The gain brings every song to one level, and back; but for that, at 0 it makes no difference.
    level = gated_rms(soft, RATE) / gated_rms(loud, RATE)
    gains = [np.sqrt((one**2).mean(1) / (one**2).mean()) for one in (soft.numpy(), loud.numpy())]
    other = stems(loud, 0.0) * level * torch.from_numpy(gains[0] / gains[1])[:, None]
    assert torch.allclose(ignored, other, rtol=1e-3, atol=1e-6)
    assert not torch.allclose(followed, stems(loud, 1.0) * level, rtol=0.1, atol=1e-3)


def test_a_vocoded_separation_has_the_songs_shape_and_a_residual_that_completes_it(model: Msgld):
    samples = song(0.7, 32000, 1)
    sampling = {"iterations": 2, "eta": 0.5}
    options = Options(guidance=0.5, steps=2, sampling=sampling, consistency="residual")
    result = model.separate((samples, 32000), options=options)
    assert set(result.stems) == set(model.stems) and result.rate == 32000
    total = np.sum([*result.stems.values(), result.residual], axis=0)
    assert np.abs(total - samples).max() < 1e-5
    assert result.info["settings"]["consistency"] == "residual" and result.info["settings"]["steps"] == 2
    assert (result.info["settings"]["eta"], result.info["settings"]["iterations"]) == (0.5, 2)
    cut = model.separate((samples, 32000), options=replace(options, consistency="mask"))
    assert cut.info["settings"]["consistency"] == "mask"
    # Cut stems share the song out, so nothing is left; vocoded ones are other sound.
    assert np.square(cut.residual).mean() < 0.01 * np.square(result.residual).mean()


def test_known_stems_come_back_as_they_are_also_beside_vocoded_ones(model: Msgld):
    samples, bass = song(0.5, RATE, 2), song(0.5, RATE, 2, seed=3)
    result = model.separate(
        (samples, RATE), known={"bass": (bass, RATE)}, options=Options(guidance=0.5, steps=1)
    )
    assert np.array_equal(result.stems["bass"], bass)


def test_eta_belongs_to_ddim():
    with pytest.raises(UsageError, match="ddim"):
        Options(sampling={"eta": 0.5, "sampler": "multistep"})
    assert of_making(Options(sampling={"eta": 0.5}), leaning_model(True)).sampler == "ddim"


def test_settings_of_the_sampler_are_checked_by_name():
    for wrong in (
        {"etta": 1.0},
        {"sampler": "euler"},
        {"eta": 2.0},
        {"iterations": 0},
        {"steps": 2},
        {"seed": 1},
        {1: 2},
    ):
        with pytest.raises(UsageError):
            Options(sampling=wrong)
    with pytest.raises(UsageError, match="by name"):
        Options(sampling=0.5)


def test_results_are_written_with_what_was_asked_for(model: Msgld, tmp_path: Path):
    options = Options(guidance=0.0, steps=1)
    saved = model.separate_to((song(0.4, RATE, 2), RATE), tmp_path / "out", options=options)
    assert saved.run["settings"]["guidance"] == 0 and saved.run["settings"]["consistency"] == "none"
    assert saved.run["null_db"] > -40, "invented stems are not the song, and that is said"


def test_consistency_decides_what_is_written_and_what_the_null_test_says(model: Msgld, tmp_path: Path):
    runs = {}
    for name in CONSISTENCIES:
        options = Options(consistency=name, steps=1)
        runs[name] = model.separate_to((song(0.4, RATE, 2), RATE), tmp_path / name, options=options)
    assert [name for name, saved in runs.items() if "residual" in saved.files] == ["residual"]
    assert runs["mask"].run["null_db"] < -90 and runs["residual"].run["null_db"] < -90
    assert runs["none"].run["null_db"] > -40
    with pytest.raises(UsageError, match="consistency"):
        Options(consistency="some")
