"""Reading, writing and resampling of sound files."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import soundfile
from encoded import encode
from hypothesis import given, settings
from hypothesis import strategies as st
from whole import read

from msgld.audio.read import open_file
from msgld.audio.write import AudioWriter, quantise, write
from msgld.dsp.resample import resample
from msgld.errors import AudioReadError, AudioWriteError, UsageError

RATE = 44_100


def noise(channels: int = 2, frames: int = 5000, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.uniform(-0.9, 0.9, (channels, frames))).astype(np.float32)


def sine(hertz: float, rate: int, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)[None].astype(np.float32)


# ---- round trips


@pytest.mark.parametrize("channels", [1, 2, 6, 8])
@pytest.mark.parametrize(
    ("ending", "subtype", "tolerance"),
    [
        ("wav", "FLOAT", 0.0),
        ("wav", "PCM_24", 2.0**-24),
        ("flac", "PCM_24", 2.0**-24),
        # half a step of rounding and one of dither
        ("wav", "PCM_16", 1.5 * 2.0**-15),
        ("flac", "PCM_16", 1.5 * 2.0**-15),
    ],
)
def test_what_is_written_is_read(tmp_path: Path, channels: int, ending: str, subtype: str, tolerance: float):
    path, samples = tmp_path / f"x.{ending}", noise(channels)
    write(path, samples, 48_000, subtype=subtype)
    got = read(path)
    assert (got.rate, got.subtype, len(got.samples)) == (48_000, subtype, channels)
    assert got.samples.dtype == np.float32
    assert np.abs(got.samples - samples).max() <= tolerance


def test_24_bits_survive_unchanged(tmp_path: Path):
    steps = np.array([[-(2**23), -1, 0, 1, 2**23 - 1]]) / 2**23
    write(tmp_path / "a.wav", steps, RATE)
    np.testing.assert_array_equal(read(tmp_path / "a.wav").samples, steps)


@pytest.mark.parametrize("ending", ["ogg", "mp3"])
def test_lossy_formats_keep_length_and_tone(tmp_path: Path, ending: str):
    tone = 0.5 * sine(440, RATE)
    write(tmp_path / f"a.{ending}", tone, RATE)
    got = read(tmp_path / f"a.{ending}").samples
    assert got.shape == tone.shape
    assert np.abs(got - tone)[:, 2000:-2000].max() < 0.02


@pytest.mark.parametrize("name", ["04 絆.wav", "name .wav", "-n.wav", "a:b'c$.wav"])
def test_any_name(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    write(name, noise(), RATE, subtype="FLOAT")
    np.testing.assert_array_equal(read(name).samples, noise())
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are text there")
@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3"])
def test_names_of_any_bytes(tmp_path: Path, ending: str):
    path = tmp_path / os.fsdecode(b"caf\xe9." + ending.encode())
    write(path, noise(), RATE)
    assert read(path).samples.shape == noise().shape


@pytest.mark.parametrize("name", ["04 絆.m4a", "-x.m4a", "a:b.m4a"])
def test_m4a_of_any_name(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    tone = 0.5 * sine(440, RATE, 2.0)
    encode(Path("a.m4a"), tone, RATE, "aac")
    os.rename("a.m4a", name)
    got = read(name)
    assert (got.rate, len(got.samples), got.subtype) == (RATE, 1, "aac")
    # The encoder's delay is cut off: the tone lies where it lay.
    assert abs(got.samples.shape[1] - tone.shape[1]) < 2048
    inner = slice(5000, 80_000)
    assert np.abs(got.samples[:, inner] - tone[:, inner]).max() < 0.05


def test_mp3_without_a_length_tag_is_read_to_its_end(tmp_path: Path):
    # Silence, then noise: a length guessed from the first frames' bit rate is far off, to either side.
    samples = np.concatenate([np.zeros((2, 3 * RATE), np.float32), noise(2, 3 * RATE)], axis=1)
    for name, content in {"quiet first": samples, "loud first": samples[:, ::-1]}.items():
        encode(
            mp3 := tmp_path / f"{name}.mp3", content, RATE, "libmp3lame",
            muxer={"write_xing": "0"}, encoder={"q": "4", "flags": "+qscale"},
        )  # fmt: skip
        # Without the tag the encoder's padding cannot be told from sound: up to three MPEG frames.
        assert 0 <= read(mp3).samples.shape[1] - samples.shape[1] <= 3 * 1152


# ---- piece by piece


@given(st.lists(st.integers(1, 700), min_size=1, max_size=30))
@settings(deadline=None, max_examples=20)
def test_pieces_make_up_the_whole(tmp_path_factory: pytest.TempPathFactory, sizes: list[int]):
    path = tmp_path_factory.mktemp("pieces") / "a.wav"
    write(path, noise(2, 3000), RATE, subtype="FLOAT")
    with open_file(path) as file:
        assert (file.rate, file.channels, file.frames, file.exact) == (RATE, 2, 3000, True)
        pieces = [file.read(size) for size in sizes]
    whole = np.concatenate(pieces, axis=1)
    assert whole.shape[1] == min(sum(sizes), 3000)
    np.testing.assert_array_equal(whole, noise(2, 3000)[:, : whole.shape[1]])


def test_blocks_and_writer_stream_a_file(tmp_path: Path):
    write(tmp_path / "a.wav", noise(2, 10_000), RATE, subtype="PCM_24")
    with AudioWriter(tmp_path / "b.wav", RATE, 2) as writer, open_file(tmp_path / "a.wav") as file:
        while (block := file.read(999)).shape[1]:
            writer.write(block)
    assert (tmp_path / "a.wav").read_bytes()[44:] == (tmp_path / "b.wav").read_bytes()[44:]


def test_a_reader_may_stop_early(tmp_path: Path):
    encode(tmp_path / "a.m4a", noise(2, 20 * RATE), RATE, "aac")
    with open_file(tmp_path / "a.m4a") as file:
        assert file.read(100).shape == (2, 100)
        process = file._decoder._process  # type: ignore[attr-defined]
    assert process.poll() is not None


# ---- reading what is no good


@pytest.mark.skipif(sys.platform == "win32", reason="no such files there")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "a.wav")
    for path in (tmp_path / "a.wav", Path("/dev/zero")):
        with pytest.raises(AudioReadError, match="a pipe or a device"):
            read(path)


def _bad_files(folder: Path) -> dict[str, tuple[Path, str]]:
    files = {name: folder / f"{name}.wav" for name in ("empty", "text", "none", "nan", "inf", "nine", "cut")}
    files["empty"].touch()
    files["text"].write_text("hello\n" * 100)
    for name, samples in {
        "none": np.zeros((0, 2)),
        "nan": np.full((100, 2), np.nan),
        "inf": np.where(np.arange(100) == 50, np.inf, 0.0)[:, None],
        "nine": np.zeros((100, 9)),
        "cut": noise().T,
    }.items():
        soundfile.write(files[name], samples, 100, subtype="FLOAT")
    files["cut"].write_bytes(files["cut"].read_bytes()[:20_000])
    files |= {"missing": folder / "missing.wav", "folder": folder}
    says = {
        "empty": "empty",
        "text": "audio",
        "none": "no samples",
        "nan": "not numbers",
        "inf": "0.500 s",
        "nine": "9 channels",
        "cut": "cut short",
        "missing": "no file",
        "folder": "folder",
    }
    return {name: (files[name], words) for name, words in says.items()}


@pytest.mark.parametrize("case", ["empty", "text", "none", "nan", "inf", "nine", "cut", "missing", "folder"])
def test_bad_file_is_one_clear_line(tmp_path: Path, case: str):
    path, words = _bad_files(tmp_path)[case]
    with pytest.raises(AudioReadError) as caught:
        read(path)
    message = str(caught.value)
    assert words in message and str(path) in message and "\n" not in message


@pytest.mark.parametrize("ending", ["wav", "aiff", "w64", "flac", "mp3"])
def test_truncated_file_is_refused(tmp_path: Path, ending: str):
    path = tmp_path / f"a.{ending}"
    soundfile.write(path, noise(2, RATE).T, RATE)
    read(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(AudioReadError, match="cut short"):
        read(path)


def test_truncated_m4a_is_refused(tmp_path: Path):
    path = encode(tmp_path / "a.m4a", noise(2, 5 * RATE), RATE, "aac", muxer={"movflags": "+faststart"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(AudioReadError, match="cut short"):
        read(path)


def test_wav_from_a_pipe_promises_nothing(tmp_path: Path):
    path = tmp_path / "a.wav"
    soundfile.write(path, noise().T, RATE, subtype="FLOAT")
    content = bytearray(path.read_bytes())
    start = content.index(b"data") + 4
    content[start : start + 4] = content[4:8] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    np.testing.assert_array_equal(read(path).samples, noise())


# ---- writing


def test_existing_file_is_kept_unless_told(tmp_path: Path):
    path = tmp_path / "a.wav"
    write(path, noise(seed=1), RATE, subtype="FLOAT")
    with pytest.raises(AudioWriteError, match="exists"):
        write(path, noise(seed=2), RATE)
    np.testing.assert_array_equal(read(path).samples, noise(seed=1))
    write(path, noise(seed=2), RATE, subtype="FLOAT", overwrite=True)
    np.testing.assert_array_equal(read(path).samples, noise(seed=2))


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3"])
def test_an_error_on_the_way_leaves_nothing(tmp_path: Path, ending: str):
    with pytest.raises(ZeroDivisionError), AudioWriter(tmp_path / f"a.{ending}", RATE, 2) as writer:
        writer.write(noise())
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_overwrite_keeps_the_old_file(tmp_path: Path):
    path = tmp_path / "a.wav"
    write(path, noise(), RATE, subtype="FLOAT")
    with (
        pytest.raises(KeyboardInterrupt),
        AudioWriter(path, RATE, 2, overwrite=True) as writer,
    ):
        writer.write(noise(seed=9))
        raise KeyboardInterrupt
    np.testing.assert_array_equal(read(path).samples, noise())
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="no file size limit there")
@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3"])
def test_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path, ending: str):
    # The kernel's limit on file size stands in for a full disk: writing fails in the middle all the same.
    program = f"""
        import resource, sys
        import numpy as np
        from msgld.errors import AudioWriteError
        from msgld.audio.write import write
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        samples = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 100_000))
        try:
            write({str(tmp_path / "a")!r} + ".{ending}", samples, 44_100)
        except AudioWriteError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert "File too large" in done.stdout and done.stdout.count("\n") == 1 and done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_unwritable_targets(tmp_path: Path):
    (tmp_path / "file").touch()
    (tmp_path / "folder.wav").mkdir()
    with pytest.raises(AudioWriteError, match="cannot write"):
        write(tmp_path / "file" / "a.wav", noise(), RATE)
    with pytest.raises(AudioWriteError, match="folder"):
        write(tmp_path / "folder.wav", noise(), RATE)
    with pytest.raises(AudioWriteError, match="NaN"):
        write(tmp_path / "a.wav", np.full((1, 10), np.nan), RATE)
    with pytest.raises(AudioWriteError, match="6 channels"):
        write(tmp_path / "a.mp3", noise(6), RATE)
    with pytest.raises(UsageError, match=r"\.flac"):
        write(tmp_path / "a.txt", noise(), RATE)
    with pytest.raises(UsageError, match="FLOAT"):
        write(tmp_path / "a.flac", noise(), RATE, subtype="FLOAT")
    assert {path.name for path in tmp_path.iterdir()} == {"file", "folder.wav"}


def test_a_wav_too_long_for_its_header_is_written_as_rf64(tmp_path: Path):
    with AudioWriter(tmp_path / "a.wav", RATE, 2, subtype="FLOAT", frames=2**30) as writer:
        writer.write(noise())
    assert soundfile.info(tmp_path / "a.wav").format == "RF64"
    np.testing.assert_array_equal(read(tmp_path / "a.wav").samples, noise())


def test_missing_folders_are_made(tmp_path: Path):
    write(tmp_path / "separated" / "song" / "bass.wav", noise(), RATE)
    assert (tmp_path / "separated" / "song" / "bass.wav").is_file()


def test_integers_clip_and_do_not_wrap():
    assert list(quantise(np.array([[2.0, -2.0]]), 16)[0] >> 16) == [2**15 - 1, -(2**15)]


def test_dither_makes_the_error_independent_of_the_signal():
    # A quarter of a step: rounding alone loses it; with TPDF dither the mean is kept and the power of the
    # error is 1/4 step^2 whatever the value (1/12 of rounding + 2/12 of dither).
    level = 0.25 / 2**15
    steps = quantise(np.full((1, 200_000), level), 16, np.random.default_rng(0)) >> 16
    assert quantise(np.full((1, 4), level), 16).max() == 0
    assert steps.mean() == pytest.approx(0.25, abs=0.01)
    assert ((steps - 0.25) ** 2).mean() == pytest.approx(0.25, abs=0.01)


def test_dither_is_repeatable(tmp_path: Path):
    for name in ("a", "b"):
        write(tmp_path / f"{name}.wav", noise(), RATE, subtype="PCM_16")
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


# ---- resampling


@given(
    st.integers(0, 5000),
    st.sampled_from([8_000, 16_000, 22_050, 44_100, 48_000, 96_000]),
    st.sampled_from([8_000, 16_000, 22_050, 44_100, 48_000, 96_000]),
)
@settings(deadline=None, max_examples=60)
def test_resampled_length_is_exact(frames: int, rate_in: int, rate_out: int):
    out = resample(noise(2, frames), rate_in, rate_out)
    assert len(out) == 2 and abs(out.shape[1] - frames * rate_out / rate_in) <= 0.5


@pytest.mark.parametrize(("rate_in", "rate_out"), [(44_100, 48_000), (48_000, 44_100), (44_100, 16_000)])
def test_a_tone_stays_where_it_is(rate_in: int, rate_out: int):
    got = resample(sine(1000, rate_in), rate_in, rate_out)
    inner = slice(1000, -1000)
    assert np.abs(got - sine(1000, rate_out))[:, inner].max() < 1e-4


def test_what_the_lower_rate_cannot_hold_is_removed():
    got = resample(sine(15_000, 44_100), 44_100, 16_000)
    assert np.abs(got[:, 1000:-1000]).max() < 1e-4
