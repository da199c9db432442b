"""Published measures, embeddings and protocols: against their packages, closed forms and Slakh's layout."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from command import run
from tiny import save_tiny_model

from msgld.api.msgld import load
from msgld.api.options import Options
from msgld.data.source import Clip
from msgld.dsp.mel import AUDIOLDM, MelConfig, log_mel
from msgld.dsp.resample import resample
from msgld.errors import ModelError, UsageError
from msgld.evaluation.embeddings import clap_embedding, mel_embedding, named_embeddings, vggish_embedding
from msgld.evaluation.evaluate import check_settings, evaluate
from msgld.evaluation.measures import MEASURES
from msgld.evaluation.protocols import MGE_LDM, narrowed
from msgld.metrics import bss_sdr, log_mel_l1, msdm_gains, si_sdr
from msgld.stems import RATE, STEMS

PROGRAMS = {"S00": 33, "S01": 0, "S02": 25, "S03": 0, "S04": 48}
"""Of a bass, drums, a guitar, a piano and strings."""


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(shape)


def clip(seed: int = 0, seconds: float = 2.0) -> Clip:
    stems = noise(len(STEMS), 2, round(seconds * RATE), seed=seed).astype(np.float32)
    stems[3] = 0
    return Clip(stems, np.array([stem != "other" for stem in STEMS]), RATE, f"clip {seed}")


def test_sdr_is_the_noise_added_and_unlike_si_sdr_a_wrong_volume() -> None:
    targets = noise(2, 2, 3 * RATE)
    values = bss_sdr(targets + 0.1 * noise(*targets.shape, seed=1), targets, RATE)
    assert values == pytest.approx(20.0, abs=0.2)
    halved = bss_sdr(0.5 * targets, targets, RATE)
    assert halved == pytest.approx(20 * np.log10(2), abs=0.1) and si_sdr(0.5 * targets[0], targets[0]) > 100


def test_sdr_counts_silent_estimates_and_hears_opposite_polarity() -> None:
    targets = noise(2, 2, 2 * RATE)
    targets[1, 1] = -targets[1, 0]
    estimates = targets + 0.1 * noise(*targets.shape, seed=3)
    estimates[0] = 0
    values = bss_sdr(estimates, targets, RATE)
    assert values == pytest.approx([0.0, 20.0], abs=0.3)
    assert bss_sdr(0 * targets, targets, RATE) == pytest.approx(0.0, abs=0.1)


def test_sdr_leaves_silent_stems_out_and_the_others_as_they_were() -> None:
    targets = noise(3, 1, 2 * RATE)
    targets[1] = 0
    values = bss_sdr(targets + 0.01 * noise(*targets.shape, seed=2), targets, RATE)
    assert np.isnan(values[1]) and (values[[0, 2]] > 35).all()
    assert np.isnan(bss_sdr(targets * 0, targets * 0, RATE)).all()


MUSEVAL = {
    "whole windows": [7.53760, 7.78491],
    "a silent window": [7.41678, 7.75841],
    "a silent window of an estimate": [7.65842, 7.81141],
    "filtered": [5.99723, 6.08788],
    "a rest at the end": [7.55224, 7.69171],
    "shorter than a window": [7.99573, 6.89377],
}
"""SDR in dB of the estimates that ``museval_case`` makes: medians over windows of 1 s, by museval 0.4.1."""


def museval_case(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Estimates and targets (K, channels, L) at 1000 Hz."""
    targets = noise(2, 2, {"a rest at the end": 3700, "shorter than a window": 600}.get(name, 4000), seed=4)
    if name == "a silent window":
        targets[1, :, 1000:2000] = 0
    estimates = 0.8 * targets + 0.3 * targets[::-1] + 0.2 * noise(*targets.shape, seed=5)
    if name == "a silent window of an estimate":
        estimates[0, :, :1000] = 0
    if name == "filtered":
        estimates = 0.6 * targets + 0.3 * np.roll(targets, 1, axis=-1)
    return estimates, targets


@pytest.mark.parametrize("name", MUSEVAL)
def test_sdr_is_that_of_museval(name: str) -> None:
    assert bss_sdr(*museval_case(name), 1000) == pytest.approx(MUSEVAL[name], abs=1e-5)


def test_sdr_of_a_perfect_and_of_a_silent_estimate() -> None:
    targets = noise(3, 2, 3 * RATE)
    estimates = targets + 0.1 * noise(*targets.shape, seed=1)
    estimates[0], estimates[1] = targets[0], 0
    assert bss_sdr(estimates, targets, RATE) == pytest.approx([np.inf, 0.0, 20.0], abs=0.2)
    with pytest.raises(UsageError, match="stems, channels, samples"):
        bss_sdr(targets[0], targets[0], RATE)


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_prefers_better_stems_and_leaves_absent_ones_out(name: str) -> None:
    measure, one = MEASURES[name], clip()
    wrong = noise(*one.stems.shape, seed=3).astype(np.float32)
    good, poor = (measure.compute(one.stems + share * wrong, one) for share in (0.05, 0.5))
    assert np.isnan(good[-1]) and np.isnan(poor[-1]) and np.isfinite(good[4])
    better = good[:3] > poor[:3] if measure.higher else good[:3] < poor[:3]
    assert better.all()
    left_out = name in ("si-sdri", "sdr", "song-sdr", "bleedless", "fullness")
    assert np.isnan(good[3]) == left_out, "published measures count silent stems"


def test_the_published_measures_are_those_of_their_definitions() -> None:
    one = clip()
    guess = one.stems + 0.3 * np.roll(one.stems, 1, 0)
    sides = [
        resample(part.reshape(2 * len(part), -1), RATE, 22_050).reshape(len(part), 2, -1)[one.present]
        for part in (guess, one.stems)
    ]
    assert np.nanmean(MEASURES["msdm-si-sdri"].compute(guess, one)) == pytest.approx(
        msdm_gains(*sides, 22_050).mean()
    )
    guitars = (torch.from_numpy(resample(part[2], RATE, 16_000)) for part in (guess, one.stems))
    mels = [log_mel(guitar, AUDIOLDM) for guitar in guitars]
    l1 = log_mel_l1(mels[0].numpy(), mels[1].numpy())
    assert MEASURES["log-mel-l1"].compute(guess, one)[2] == pytest.approx(l1, rel=1e-5)
    assert MEASURES["log-mel-mse"].compute(guess, one)[2] >= l1**2
    with pytest.raises(UsageError, match="si-sdri, sdr"):
        check_settings(measure="pesq")


@pytest.fixture(scope="module")
def vggish(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights in the shapes of VGGish, as its package stores them."""
    from torchvggish.torchvggish import VGG, make_layers

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("vggish") / "vggish.pth"
    torch.save(VGG(make_layers(), postprocess=False).state_dict(), path)
    return path


def test_vggish_answers_as_its_package_does_but_for_the_last_relu(vggish: Path) -> None:
    from torchvggish.torchvggish import VGG, make_layers
    from torchvggish.vggish_input import waveform_to_examples

    sound = noise(1, 32_000).astype(np.float32)
    points = vggish_embedding(vggish).embed(sound)
    assert points.shape == (2, 128) and (points < 0).any()
    package = VGG(make_layers(), postprocess=False)
    package.load_state_dict(torch.load(vggish, weights_only=True))
    with torch.inference_mode():
        examples = waveform_to_examples(sound[0].astype(float) * 0.5 / np.abs(sound).max(), 16_000)
        answer = package(examples.float()).numpy()
    np.testing.assert_allclose(points.clip(0), answer, atol=1e-6)
    np.testing.assert_allclose(vggish_embedding(vggish).embed(0.1 * sound), points, atol=1e-5)


def test_clap_answers_one_point_of_length_one_whatever_the_loudness(tmp_path: Path) -> None:
    save_clap(tmp_path / "clap")
    [embedding] = named_embeddings(f"clap={tmp_path / 'clap'}")
    sound = noise(2, 96_000).astype(np.float32)
    points = embedding.embed(sound)
    assert embedding.rate == 48_000 and len(points) == 1
    assert np.linalg.norm(points) == pytest.approx(1.0, rel=1e-5)
    np.testing.assert_allclose(embedding.embed(sound / 8), points, atol=1e-5)
    assert not np.allclose(embedding.embed(noise(2, 96_000, seed=1) ** 3), points, atol=1e-4)


def save_clap(folder: Path) -> None:
    from transformers import ClapAudioConfig, ClapConfig, ClapFeatureExtractor, ClapModel, ClapTextConfig

    torch.manual_seed(0)
    text = ClapTextConfig(
        vocab_size=16, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    audio = ClapAudioConfig(
        hidden_size=32, patch_embeds_hidden_size=8, depths=[1, 1, 1], num_attention_heads=[1, 2, 4],
        projection_dim=16,
    )  # fmt: skip
    config = ClapConfig(text_config=text.to_dict(), audio_config=audio.to_dict(), projection_dim=16)
    ClapModel(config).save_pretrained(folder)
    ClapFeatureExtractor(truncation="rand_trunc").save_pretrained(folder)


def test_weights_that_are_not_there_or_not_the_network_are_named(tmp_path: Path, vggish: Path) -> None:
    with pytest.raises(ModelError, match="does not exist"):
        vggish_embedding(tmp_path / "none.pth")
    (tmp_path / "text.pth").write_text("hello")
    with pytest.raises(ModelError, match="does not hold the weights of VGGish"):
        vggish_embedding(tmp_path / "text.pth")
    with pytest.raises(ModelError, match="no folder of a CLAP model"):
        clap_embedding(vggish.parent)
    for text in ("vggish", "panns=x", ","):
        with pytest.raises(UsageError, match="vggish=FILE or clap=FOLDER"):
            named_embeddings(text)


def test_mel_statistics_are_an_embedding_without_a_network() -> None:
    assert mel_embedding(MelConfig()).embed(noise(2, RATE).astype(np.float32)).shape == (1, 48)


def test_narrowed_clips_have_no_other_stems() -> None:
    one = narrowed(clip(), MGE_LDM.kept(STEMS))
    assert not one.stems[4:].any() and not one.present[4:].any() and one.stems[0].any()
    with pytest.raises(UsageError, match="msg-ld, mge-ldm, msdm"):
        check_settings(protocol="mine")


def slakh(folder: Path, tracks: int = 2) -> Path:
    """A set in Slakh2100's layout: five instruments a track, twelve and a half seconds of noise each."""
    for number in range(tracks):
        track = folder / "test" / f"Track{number:05}"
        (track / "stems").mkdir(parents=True)
        lines = ["stems:"]
        for stem, program in PROGRAMS.items():
            drum = str(stem == "S01").lower()
            lines.append(f"  {stem}: {{is_drum: {drum}, program_num: {program}}}")
            sound = noise(round(12.5 * RATE), seed=10 * number + program)
            soundfile.write(track / "stems" / f"{stem}.flac", sound, RATE)
        (track / "metadata.yaml").write_text("\n".join(lines))
    return folder / "test"


def test_the_protocols_run_from_the_command_line_on_a_set_in_slakhs_layout(tmp_path: Path) -> None:
    model, songs, out = save_tiny_model(tmp_path / "tiny"), slakh(tmp_path / "slakh"), tmp_path / "out"
    common = ["-n", model, "--stems", songs, "--quality", "draft", "--steps", "1", "--out", out]
    assert run(["evaluate", "separate", *common, "--protocol", "mge-ldm"], tmp_path).code == 0
    report = json.loads((out / "separate.json").read_text("utf-8"))
    assert report["clips"] == 2 and report["measure"] == "log-mel-l1" and "mge-ldm" in report["protocol"]
    rows = {row["name"]: row for row in report["rows"]}
    assert set(rows) == {"all stems", "without other", "bass", "drums", "guitar", "piano"}
    assert rows["all stems"]["count"] == 8 and rows["all stems"]["mean"] > 0
    done = run(["evaluate", "arrange", *common, "--protocol", "msg-ld", "--subsets", "bass"], tmp_path)
    assert done.code == 0 and "not measured: the protocol's distances with VGGish" in done.err + done.out


def test_networks_stand_beside_mel_statistics_in_reports(tmp_path: Path, vggish: Path) -> None:
    model = load(save_tiny_model(tmp_path / "tiny"))
    networks = named_embeddings(f"vggish={vggish}")
    clips = [clip(seed) for seed in range(4)]
    rows = evaluate(model, "generate", clips=clips, options=Options(steps=1), networks=networks)["rows"]
    named = {row["name"]: row for row in rows}
    assert named["VGGish, mixture"]["count"] == named["mixture"]["count"] == 4
    rows = evaluate(
        model, "arrange", clips=clips, options=Options(steps=1), subsets=[("bass",)], networks=networks
    )["rows"]
    assert rows[0]["VGGish"] >= 0 and rows[0]["distance"] > 0


def test_options_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    for words in (
        ["codec", "--measure", "sdr"],
        ["separate", "--embedding", "clap=x"],
        ["separate", "--protocol", "x"],
    ):
        done = run(["evaluate", *words], tmp_path)
        assert done.code != 0 and len(done.complaints) == 1, words
