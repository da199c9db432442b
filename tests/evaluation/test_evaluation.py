"""Evaluation: figures of cases whose value is known, and reports that say what was measured."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from tiny import save_tiny_model, tiny_vocoder

import msgld
from msgld.api.msgld import Msgld, load
from msgld.api.options import Options
from msgld.data.source import Clip
from msgld.diffusion.denoise import StemDenoiser
from msgld.dsp.codec import PatchCodec, PatchConfig
from msgld.errors import DataError, ModelError, UsageError
from msgld.evaluation import generation
from msgld.evaluation.codec import whole_frames
from msgld.evaluation.evaluate import evaluate
from msgld.evaluation.listening import listening_errors, listening_rows
from msgld.evaluation.measures import improvements
from msgld.evaluation.report import markdown, row
from msgld.evaluation.separation import separate_clip
from msgld.model import Model
from msgld.nets.transformer import StemTransformer, TransformerConfig
from msgld.stems import RATE
from tests.leaning import leaning_model

STEMS = ("bass", "drums", "guitar", "piano", "other")
"""Those of models older than singers; models of six stems are measured in other files."""


@pytest.fixture(scope="module")
def model() -> Msgld:
    torch.manual_seed(0)
    config = TransformerConfig(tracks=len(STEMS) + 1, width=32, depth=1, heads=2)
    denoiser = StemDenoiser(StemTransformer(config)).eval().requires_grad_(False)
    return Msgld(Model(PatchCodec(PatchConfig()), denoiser, tiny_vocoder(), STEMS))


def make_clip(seed: int, seconds: float = 2.0) -> Clip:
    rng = np.random.default_rng(seed)
    stems = 0.05 * rng.standard_normal((5, 2, round(seconds * RATE)), dtype=np.float32)
    stems[3] = 0
    return Clip(stems, np.array([True, True, True, True, False]), RATE, f"clip {seed}")


def test_improvement_is_the_noise_taken_away_and_leaves_silent_and_absent_stems_out() -> None:
    clip = make_clip(0)
    values = improvements(clip.stems + 0.1 * clip.stems[::-1], clip)
    assert np.isnan(values[3]) and np.isnan(values[4])
    # Stem 0 had three others of equal power in the mixture and has a tenth of one left: 20 dB against -4.8 dB.
    assert values[0] == pytest.approx(20 + 10 * np.log10(3), abs=0.3)


def test_one_stem_alone_is_left_out(model: Msgld) -> None:
    alone = make_clip(3)
    alone.stems[1:] = 0
    assert np.isnan(improvements(alone.stems + 0.01, alone)).all()
    both = make_clip(4)
    report = evaluate(model, clips=[alone, both])
    assert all(np.isfinite(row["mean"]) for row in report["rows"])
    with pytest.raises(DataError, match="no clip in which two stems sound"):
        evaluate(model, clips=[alone])


def test_a_mixture_given_back_improves_nothing() -> None:
    clip = make_clip(1)
    same = np.broadcast_to(clip.stems.sum(0), clip.stems.shape)
    assert np.nanmax(np.abs(improvements(same, clip))) < 1e-4


def test_separating_a_clip_gives_stems_of_its_length_that_sum_to_it(model: Msgld) -> None:
    mixture = make_clip(2).stems.sum(0)
    stems = separate_clip(model, mixture, RATE)
    assert stems.shape == (5, *mixture.shape)
    assert np.abs(stems.sum(0) - mixture).max() < 1e-4


def test_a_model_that_ignores_what_is_given_does_not_listen() -> None:
    errors = np.random.default_rng(0).uniform(0.5, 1.5, (50, 2, 1)).repeat(3, axis=2)
    assert all(r["mean"] == r["low"] == r["high"] == 1.0 for r in listening_rows(errors))


def test_listening_rows_are_ratios_of_means() -> None:
    errors = np.ones((40, 2, 3))
    errors[:, :, 0] = 0.8
    errors[3] = np.nan
    rows = listening_rows(errors)
    assert len(rows) == 4 and all(r["mean"] == pytest.approx(0.8) and r["count"] == 39 for r in rows)


def test_listening_needs_two_stems_and_compares_three_cases(model: Msgld) -> None:
    z = torch.randn(2, 5, 128, 8, generator=torch.Generator().manual_seed(0))
    alone = listening_errors(model.model, z[0], z[1], np.array([1, 0, 0, 0, 0], bool), seed=0)
    assert np.isnan(alone).all()
    errors = listening_errors(model.model, z[0], z[1], np.ones(5, bool), seed=0)
    assert errors.shape == (2, 3) and np.isfinite(errors).all() and (errors > 0).all()
    same = listening_errors(model.model, z[0], z[0], np.ones(5, bool), seed=0)
    assert np.array_equal(same[:, 0], same[:, 1])


def test_the_error_of_listening_is_that_of_the_log_mels() -> None:
    exact = leaning_model(maps=True)
    own = torch.randn(len(exact.stems), 128, 8, generator=torch.Generator().manual_seed(0))
    errors = listening_errors(exact, own, own, np.ones(len(own), bool), seed=0)
    # At level 1 this denoiser knows nothing and answers the mean, whatever is given.
    mels = exact.codec.decode(own) - exact.codec.decode(torch.zeros_like(own))
    each = mels.square().mean((1, 2))
    assert errors[1, 0] == errors[1, 1] == errors[1, 2]
    assert each.min() < errors[1, 0] < each.max()
    assert (errors[0] < errors[1]).all()


def test_reports_are_written_and_say_what_was_measured(model: Msgld, tmp_path: Path) -> None:
    clips = [make_clip(i) for i in range(3)]
    for task in ("separate", "arrange", "listening", "codec"):
        report = evaluate(model, task, clips=clips, limit=2, out=tmp_path)
        assert report["clips"] == 2 and report["rows"]
        assert json.loads((tmp_path / f"{task}.json").read_text("utf-8"))["rows"] == report["rows"]
        assert "| name |" in (tmp_path / f"{task}.md").read_text("utf-8")


def test_pieces_that_are_the_clips_have_no_distance_and_noise_has_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clips = [make_clip(i) for i in range(8)]
    model = load(save_tiny_model(Path(tempfile.mkdtemp()) / "tiny", stems=STEMS))

    def played(by: Callable[[int], np.ndarray]) -> dict[str, float]:
        monkeypatch.setattr(
            generation, "sample_piece", lambda model, seconds, options: by(options.seed)[:, None]
        )
        report = evaluate(model, "generate", clips=clips)
        assert [one["count"] for one in report["rows"]] == [8] * len(report["rows"])
        return {one["name"]: one["mean"] for one in report["rows"]}

    same = played(lambda seed: whole_frames(clips[seed], model.model).numpy()[:, 0])
    rng = np.random.default_rng(0)
    noise = played(lambda seed: 0.05 * rng.standard_normal((5, 86_016)) * np.linspace(0, 1, 86_016))
    assert "piano" not in same, "silent in all clips"
    assert all(same[name] < 0.2 * noise[name] for name in ("mixture", "bass", "drums"))


def test_pauses_of_half_of_the_time_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    clips = [make_clip(i) for i in range(4)]
    model = load(save_tiny_model(Path(tempfile.mkdtemp()) / "tiny", stems=STEMS))
    halves = [whole_frames(clip, model.model).numpy()[:, 0] for clip in clips]
    for stems in halves:
        stems[1, : stems.shape[-1] // 2] = 0
    monkeypatch.setattr(
        generation, "sample_piece", lambda model, seconds, options: halves[options.seed][:, None]
    )
    rows = {one["name"]: one for one in evaluate(model, "generate", clips=clips)["rows"]}
    assert rows["drums"]["pauses"] == pytest.approx(0.5, abs=0.05) and rows["drums"]["real pauses"] == 0
    assert rows["bass"]["pauses"] == rows["mixture"]["pauses"] == 0


def test_new_pieces_are_measured_shown_and_played(tmp_path: Path) -> None:
    model = load(save_tiny_model(tmp_path / "tiny", stems=STEMS))
    report = evaluate(model, "generate", clips=[make_clip(i) for i in range(4)], out=tmp_path / "report")
    mixture = report["rows"][0]
    assert mixture["name"] == "mixture" and mixture["low"] <= mixture["mean"] <= mixture["high"] + 1
    page = (tmp_path / "report" / "generate.html").read_text("utf-8")
    assert page.count("<h2>") == 3 and "piece 0" in page
    model.model.vocoder = None
    with pytest.raises(ModelError, match="no vocoder"):
        evaluate(model, "generate", clips=[make_clip(i) for i in range(4)])


def test_too_few_clips_and_seeds_out_of_range_are_refused_before_anything_is_made(model: Msgld) -> None:
    for count in (0, 1, 3):
        with pytest.raises(UsageError, match="clips"):
            evaluate(model, "generate", clips=[make_clip(i) for i in range(count)])
    with pytest.raises(UsageError, match="seed"):
        evaluate(model, "arrange", clips=[make_clip(0), make_clip(1)], options=Options(seed=2**63 - 1))
    with pytest.raises(UsageError, match="no clips"):
        evaluate(model, "separate", clips=[])


def test_a_report_is_replaced_by_its_like_only(model: Msgld, tmp_path: Path) -> None:
    clips = [make_clip(0)]
    for _ in range(2):
        evaluate(model, "codec", clips=clips, out=tmp_path)
        evaluate(model, "separate", clips=clips, out=tmp_path)
    before = (tmp_path / "separate.json").read_bytes()
    for other in ({"options": Options(steps=2)}, {"measure": "log-mel-l1"}):
        with pytest.raises(UsageError, match="another folder"):
            evaluate(model, "separate", clips=clips, out=tmp_path, **other)
    with pytest.raises(UsageError, match="another folder"):
        evaluate(model, "separate", clips=[make_clip(0), make_clip(1)], out=tmp_path)
    assert (tmp_path / "separate.json").read_bytes() == before


def test_clips_without_anything_to_compare_are_noted(model: Msgld) -> None:
    clip = make_clip(0)
    silent = replace(clip, stems=np.zeros_like(clip.stems))
    report = evaluate(model, "arrange", clips=[silent], subsets=[("bass",)])
    assert report["rows"] == [] and "no figures" in report["remarks"][-1]


def test_the_page_shows_and_plays_what_was_separated(model: Msgld, tmp_path: Path) -> None:
    clips = [replace(make_clip(i), name=f"<clip {i}>") for i in range(5)]
    report = evaluate(model, "separate", clips=clips, out=tmp_path)
    page = (tmp_path / "separate.html").read_text("utf-8")
    sources = re.findall(r'src="(sounds/[^"]+)"', page)
    assert sources and all((tmp_path / source).stat().st_size > 500 for source in sources)
    assert page.count("<h2>") == 3 and "&lt;clip 0&gt;" in page and "<clip" not in page
    assert f"<td>{report['rows'][0]['mean']}</td>" in page and "data:image/png;base64," in page
    sounds = {source for source in sources if source.endswith(".mp3")}
    assert len(sounds) == 3 * (1 + 2 * 3)
    [first] = (source for source in sounds if source.endswith("0-song.mp3"))
    heard, rate = soundfile.read(tmp_path / first)
    assert len(heard) == pytest.approx(clips[0].stems.shape[-1], abs=2500) and rate == clips[0].rate
    assert "examples" not in json.loads((tmp_path / "separate.json").read_text("utf-8"))


def test_an_unknown_evaluation_names_the_known_ones(model: Msgld) -> None:
    with pytest.raises(UsageError, match="separate, generate, arrange, listening, codec"):
        evaluate(model, "hearing", clips=[make_clip(0)])


def test_codec_with_every_component_reaches_the_ceiling_of_its_mels(model: Msgld) -> None:
    rows = {r["name"]: r for r in evaluate(model, "codec", clips=[make_clip(0)])["rows"]}
    assert rows["ceiling, true mels"]["mean"] > rows["ceiling, decoded mels"]["mean"]
    assert rows["log-mel L1"]["mean"] > 0


def test_row_and_table() -> None:
    one = row("x", np.array([1.0, 2.0, np.nan, 6.0]))
    assert (one["mean"], one["median"], one["count"]) == (3.0, 2.0, 3)
    assert one["low"] <= 3.0 <= one["high"]
    assert markdown([one]).splitlines()[2].startswith("| x | 3.0 |")
    assert markdown([]) == ""


@pytest.mark.parametrize(
    ("task", "settings", "words"),
    [
        ("separate", {"clips": [], "stems": "songs"}, "clips and stems are two sources"),
        ("separate", {"stems": "songs", "soundfont": "font.sf2"}, "stems and soundfont are two sources"),
        ("separate", {"measure": "loudness"}, "si-sdri, sdr"),
        ("separate", {"protocol": "mine"}, "msg-ld, mge-ldm, msdm"),
        ("separate", {"limit": 0}, "limit has to be"),
        ("codec", {"measure": "sdr"}, "measure goes with the evaluation of separate, not of codec"),
    ],
)
def test_wrong_settings_are_refused(model: Msgld, task: str, settings: dict, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        msgld.evaluate(model, task, **settings)


def test_a_folder_of_songs_is_measured_by_its_path(model: Msgld, tmp_path: Path) -> None:
    for stem, samples in zip(("bass", "drums"), make_clip(0).stems, strict=False):
        (tmp_path / "song").mkdir(exist_ok=True)
        soundfile.write(tmp_path / "song" / f"{stem}.wav", samples.T, RATE)
    report = msgld.evaluate(model, stems=str(tmp_path))
    assert report["clips"] == 1 and report["names"] == ["song@0.00"]
    assert [row["name"] for row in report["rows"][2:]] == ["bass", "drums"]


def test_clips_of_other_stems_are_refused_in_one_line(model: Msgld) -> None:
    clip = make_clip(0)
    four = replace(clip, stems=clip.stems[:4], present=clip.present[:4])
    with pytest.raises(
        UsageError, match="has 4 stems: clips for this model have bass, drums, guitar, piano, other"
    ):
        evaluate(model, clips=[four])
