"""The public interface: separation keeps the song exactly, and what makes no sense is refused in one line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile
from nulls import null_db
from tiny import save_tiny_model, song

import msgld
from msgld.stems import STEMS

DRAFT = msgld.Options(quality="draft")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def model(folder: Path) -> msgld.Msgld:
    return msgld.load(folder, device="cpu")


def stacked(result: msgld.Result) -> np.ndarray:
    return np.stack(list(result.stems.values()))


def test_public_names_are_sorted_and_exist():
    assert msgld.__all__ == sorted(msgld.__all__)
    assert all(getattr(msgld, name) is not None for name in msgld.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        _ = msgld.nothing


@pytest.mark.parametrize(("rate", "channels"), [(8000, 8), (22050, 1), (44100, 2), (48000, 2), (192_000, 1)])
def test_stems_have_the_songs_rate_channels_and_length_and_sum_to_it(
    model: msgld.Msgld, rate: int, channels: int
):
    mixture = song(0.31, rate, channels)
    result = model.separate((mixture, rate), options=DRAFT)
    assert tuple(result.stems) == STEMS == model.stems
    assert result.rate == rate
    assert all(stem.shape == mixture.shape for stem in result.stems.values())
    np.testing.assert_array_equal(result.mix, mixture)
    assert result.residual is not None
    assert null_db(np.stack([*stacked(result), result.residual]), mixture) < -120
    assert min(np.abs(stem).max() for stem in result.stems.values()) > 0


def test_one_sample_is_a_song(model: msgld.Msgld):
    result = model.separate((np.array([0.5], np.float32), 44100), options=DRAFT)
    assert all(stem.shape == (1, 1) for stem in result.stems.values())


def test_a_stream_is_the_whole_in_pieces(model: msgld.Msgld):
    sound = song(11, 16000, 1), 16000
    whole = model.separate(sound)
    pieces = list(model.separate_stream(sound))
    assert len(pieces) > 1
    for name, expected in {**whole.stems, "residual": whole.residual, "mixture": whole.mix}.items():
        np.testing.assert_array_equal(np.concatenate([piece[name] for piece in pieces], axis=1), expected)


def test_files_are_what_the_result_in_memory_is(model: msgld.Msgld, tmp_path: Path):
    mixture = song(1.2, 22050, 2)
    soundfile.write(tmp_path / "song.wav", mixture.T, 22050, "FLOAT")
    saved = model.separate_to(
        tmp_path / "song.wav",
        tmp_path / "out",
        encoding=msgld.Encoding(subtype="FLOAT"),
        options=DRAFT,
        residual=True,
    )
    result = model.separate((mixture, 22050), options=DRAFT)
    assert set(saved.files) == {*STEMS, "residual"}
    for name, expected in {**result.stems, "residual": result.residual}.items():
        samples, rate = soundfile.read(saved.files[name], dtype="float32", always_2d=True)
        assert rate == 22050
        np.testing.assert_array_equal(samples.T, expected)


def test_stretches_come_while_files_are_made_and_are_what_they_will_hold(model: msgld.Msgld, tmp_path: Path):
    pieces: list[dict[str, np.ndarray]] = []
    there: list[bool] = []

    def keep(stretch: Mapping[str, np.ndarray]) -> None:
        pieces.append(dict(stretch))
        there.append((tmp_path / "out").exists())

    sound = song(11, 16000, 1), 16000
    saved = model.separate_to(
        sound, tmp_path / "out", encoding=msgld.Encoding(subtype="FLOAT"), on_stretch=keep
    )
    assert len(pieces) > 1 and not any(there)
    for stem, file in saved.files.items():
        samples, _ = soundfile.read(file, dtype="float32", always_2d=True)
        np.testing.assert_array_equal(np.concatenate([piece[stem] for piece in pieces], axis=1), samples.T)


@pytest.mark.parametrize("quality", ["draft", "normal"])
def test_a_separation_may_be_stopped_between_any_two_network_calls(model: msgld.Msgld, quality: str):
    """Of which a long song takes many before its first stretch is done where several pitches are averaged."""
    token, calls = msgld.CancelToken(), 0
    network = model.model.denoiser.network

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1
        token.cancel()

    handle = network.register_forward_hook(count)
    try:
        with pytest.raises(msgld.Cancelled):
            model.separate((song(11, 16000, 1), 16000), options=msgld.Options(quality=quality), cancel=token)
    finally:
        handle.remove()
    assert calls == 1


def test_the_same_song_gives_the_same_bytes(model: msgld.Msgld, tmp_path: Path):
    sound = song(0.4, 44100, 2), 44100
    one, two = (model.separate_to(sound, tmp_path / name, options=DRAFT).files for name in ("one", "two"))
    assert all(one[stem].read_bytes() == two[stem].read_bytes() for stem in STEMS)


def test_silence_stays_silent(model: msgld.Msgld):
    result = model.separate((np.zeros((2, 5000), np.float32), 44100))
    assert not stacked(result).any()
    assert result.residual is not None
    assert not result.residual.any()


def test_a_louder_song_gives_louder_stems_and_nothing_else(model: msgld.Msgld):
    mixture = song(0.5, 44100, 2, level=0.01)
    soft, loud = (
        stacked(model.separate((gain * mixture, 44100), options=DRAFT))
        for gain in (np.float32(1), np.float32(10))
    )
    assert np.abs(loud - 10 * soft).max() < 1e-3 * np.abs(loud).max()


def test_stems_are_chosen_and_the_residual_is_the_rest(model: msgld.Msgld):
    mixture = song(0.3, 44100, 1)
    every = model.separate((mixture, 44100), options=DRAFT)
    result = model.separate((mixture, 44100), stems=["piano", "bass"], options=DRAFT)
    assert tuple(result.stems) == ("bass", "piano")
    np.testing.assert_array_equal(result.stems["piano"], every.stems["piano"])
    assert result.residual is not None
    np.testing.assert_allclose(result.residual, mixture - stacked(result).sum(0), atol=1e-6)


def test_two_stems_sum_to_the_song(model: msgld.Msgld, tmp_path: Path):
    mixture = song(0.3, 44100, 2)
    saved = model.separate_to((mixture, 44100), tmp_path / "out", two_stems="drums", options=DRAFT)
    assert set(saved.files) == {"drums", "no_drums"}
    parts = [soundfile.read(path)[0].T for path in saved.files.values()]
    assert null_db(np.stack(parts), mixture) < -80


def test_known_stems_come_back_and_are_heard(model: msgld.Msgld):
    mixture, bass = song(0.4, 44100, 2), song(0.2, 22050, 1, seed=1)
    plain = model.separate((mixture, 44100), options=DRAFT)
    result = model.separate((mixture, 44100), known={"bass": (bass, 22050)}, options=DRAFT)
    np.testing.assert_array_equal(result.stems["bass"][0], result.stems["bass"][1])
    power = float((result.stems["bass"][0] ** 2).sum()) / 2
    assert power == pytest.approx(float((bass**2).sum()), rel=0.05)
    assert not result.stems["bass"][:, 9000:].any(), "silence after its end"
    assert np.abs(result.stems["drums"] - plain.stems["drums"]).max() > 1e-6


def test_best_averages_passes_and_still_sums(model: msgld.Msgld):
    mixture = song(9, 8000, 1)
    normal, best = (
        model.separate((mixture, 8000), options=msgld.Options(quality=name)) for name in ("normal", "best")
    )
    assert best.residual is not None
    assert null_db(np.stack([*stacked(best), best.residual]), mixture) < -120
    assert np.abs(stacked(best) - stacked(normal)).max() > 1e-6


def test_options_override_the_quality(model: msgld.Msgld):
    options = msgld.Options(
        quality="draft", steps=3, guidance=1.5, seed=7, sampling={"sampler": "ddim", "eta": 1.0}
    )
    result = model.separate((song(0.2, 44100, 1), 44100), noise=0.5, options=options)
    settings = result.info["settings"]
    assert (settings["steps"], settings["guidance"], settings["eta"]) == (3, 1.5, 1.0)
    assert (result.info["seed"], settings["noise"]) == (7, 0.5)


def test_progress_rises_to_its_end_in_seconds_of_song(model: msgld.Msgld, tmp_path: Path):
    told: list[msgld.Progress] = []
    model.separate_to((song(7, 8000, 1), 8000), tmp_path / "out", on_progress=told.append)
    done = [report.done for report in told]
    assert done == sorted(done)
    assert told[-1].done == told[-1].total == pytest.approx(7)
    assert list(dict.fromkeys(report.stage for report in told)) == ["reading", "separating", "writing"]


@pytest.mark.parametrize("stage", ["reading", "separating", "writing"])
def test_a_cancelled_run_leaves_nothing(model: msgld.Msgld, tmp_path: Path, stage: str):
    token = msgld.CancelToken()

    def watch(report: msgld.Progress) -> None:
        if report.stage == stage:
            token.cancel()

    with pytest.raises(msgld.Cancelled):
        model.separate_to(
            (song(0.3, 8000, 1), 8000), tmp_path / "a" / "out", options=DRAFT, on_progress=watch, cancel=token
        )
    assert not list(tmp_path.iterdir())


BAD_SOUNDS = {
    "nan": ((np.array([0.0, np.nan]), 44100), msgld.AudioReadError, "not numbers"),
    "inf": ((np.array([0.0, np.inf]), 44100), msgld.AudioReadError, "not numbers"),
    "beyond 32 bits": ((np.array([0.0, 1e300]), 44100), msgld.AudioReadError, "not numbers"),
    "empty": ((np.zeros(0), 44100), msgld.AudioReadError, "no samples"),
    "no channels": ((np.zeros((0, 5)), 44100), msgld.AudioReadError, "no samples"),
    "nine channels": ((np.zeros((9, 500)), 44100), msgld.UsageError, "at most 8"),
    "transposed": ((np.zeros((500, 2)), 44100), msgld.UsageError, "transpose"),
    "three axes": ((np.zeros((1, 2, 5)), 44100), msgld.UsageError, "shape"),
    "integers": ((np.zeros(5, np.int16), 44100), msgld.UsageError, "divide"),
    "no rate": (np.zeros(5), msgld.UsageError, "pair"),
    "rate of 0": ((np.zeros(5), 0), msgld.UsageError, "rate"),
    "rate of a half": ((np.zeros(5), 44100.5), msgld.UsageError, "rate"),
    "no file": ("no such song.wav", msgld.AudioReadError, "no file"),
}


@pytest.mark.parametrize("name", BAD_SOUNDS)
def test_bad_sounds_are_refused_at_once_in_one_line(model: msgld.Msgld, tmp_path: Path, name: str):
    sound, kind, word = BAD_SOUNDS[name]
    for ask in (model.separate, model.separate_stream, lambda bad: model.separate_to(bad, tmp_path / "out")):
        with pytest.raises(kind, match=word) as caught:
            ask(sound)
        assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("rate", [999, 768_001, 2_000_000_000])
def test_a_file_of_a_rate_that_no_song_has_is_refused(model: msgld.Msgld, tmp_path: Path, rate: int):
    soundfile.write(tmp_path / "song.wav", np.zeros(100), rate)
    with pytest.raises(msgld.AudioReadError, match=f"claims {rate}"):
        model.separate(tmp_path / "song.wav")


BAD_REQUESTS = {
    "unknown stem": ({"stems": ["strings"]}, ", ".join(STEMS)),
    "no stem": ({"stems": []}, "at least one"),
    "unknown known stem": ({"known": {"strings": (np.zeros(5), 44100)}}, "bass, drums"),
    "all known": ({"known": dict.fromkeys(STEMS, (np.zeros(5), 44100))}, "nothing to separate"),
    "level beyond 1": ({"noise": 1.5}, "from 0 to 1"),
    "level no number": ({"noise": float("nan")}, "from 0 to 1"),
    "two and some": ({"two_stems": "bass", "stems": ["bass"]}, "one of"),
    "two and residual": ({"two_stems": "bass", "residual": True}, "residual"),
    "two of unknown": ({"two_stems": "strings"}, "bass, drums"),
    "format": ({"encoding": "xyz"}, "name it"),
    "depth": ({"encoding": msgld.Encoding("flac", "FLOAT")}, "choose"),
}


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_requests_that_make_no_sense_are_refused(model: msgld.Msgld, tmp_path: Path, name: str):
    request, word = BAD_REQUESTS[name]
    with pytest.raises(msgld.UsageError, match=word):
        model.separate_to((np.ones(5), 44100), tmp_path / "out", **request)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "bad",
    [
        {"quality": "great"},
        {"steps": 0},
        {"guidance": float("inf")},
        {"seed": -1},
        {"sampling": {"euler": 1}},
    ],
)
def test_options_out_of_range_are_refused(bad: dict):
    with pytest.raises(msgld.UsageError, match=next(iter(bad))):
        msgld.Options(**bad)


def test_models_are_found_by_path_and_in_the_cache(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MSGLD_CACHE", str(tmp_path))
    with pytest.raises(msgld.ModelError, match="mine"):
        msgld.load("mine", device="cpu")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mine").symlink_to(folder)
    assert msgld.load("mine", device="cpu").name == msgld.load(str(folder), device="cpu").name == "tiny"
    with pytest.raises(msgld.ModelError, match="there is no model"):
        msgld.load(tmp_path, device="cpu")


@pytest.mark.parametrize("device", ["cuda:99", "tpu", "meta", "cuda:x"])
def test_a_device_that_is_not_there_is_never_replaced(folder: Path, device: str):
    with pytest.raises(msgld.UsageError):
        msgld.load(folder, device=device)


def test_an_excerpt_is_separated_as_if_it_were_the_song(model: msgld.Msgld, tmp_path: Path):
    rate = 22_050
    samples = (0.1 * np.random.default_rng(5).standard_normal((2, 3 * rate))).astype(np.float32)
    soundfile.write(tmp_path / "song.wav", samples.T, rate, "FLOAT")
    for sound in ((samples, rate), tmp_path / "song.wav"):
        result = model.separate(msgld.Excerpt(sound, 0.5, 2.2), options=DRAFT)
        assert result.mix.shape == (2, round(1.7 * rate))
        np.testing.assert_array_equal(result.mix, samples[:, rate // 2 : rate // 2 + round(1.7 * rate)])
    rest = model.separate(msgld.Excerpt((samples, rate), 2.9), options=DRAFT)
    assert rest.mix.shape[1] == 3 * rate - round(2.9 * rate)
    with pytest.raises(msgld.AudioReadError, match="after the sound has ended"):
        model.separate(msgld.Excerpt((samples, rate), 4.0), options=DRAFT)
    wrong = (
        (2.0, 1.0),
        (-1.0, None),
        (float("nan"), None),
        ("1", None),
        (0.0, float("inf")),
        (0, "2"),
        (None, 1),
    )
    for start, stop in wrong:
        with pytest.raises(msgld.UsageError, match=r"excerpt|start|stop"):
            msgld.Excerpt((samples, rate), start, stop)


def test_stems_that_are_missing_from_a_song_are_named(model: msgld.Msgld, tmp_path: Path):
    silence = np.zeros((1, 4000), np.float32)
    saved = model.separate_to((silence, 44_100), tmp_path / "out", stems=["bass", "piano"], options=DRAFT)
    assert "next to nothing in this song is bass or piano" in saved.run["remarks"]
