"""A checkpoint comes back as it was, and every way of being broken is one clear line."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from msgld.checkpoint import load_model, save_model
from msgld.description import read_description
from msgld.diffusion.denoise import StemDenoiser
from msgld.dsp.codec import PatchCodec, PatchConfig
from msgld.dsp.mel import MelConfig
from msgld.errors import ModelError
from msgld.files import write_whole
from msgld.model import Model
from msgld.nets.transformer import StemTransformer, TransformerConfig
from msgld.nets.vocoder import Vocoder, VocoderConfig
from msgld.registry import settings_of

NETWORK = TransformerConfig(
    tracks=3, channels=8, bands=6, frame_columns=4,
    width=16, depth=1, heads=2,
)  # fmt: skip
PATCH = PatchConfig(MelConfig(bands=6), channels=8)


def model(vocoder: bool = False) -> Model:
    torch.manual_seed(0)
    codec = PatchCodec.fit(torch.randn(100, 24), PATCH)
    network = StemTransformer(NETWORK)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    voice = Vocoder(VocoderConfig(bands=6, width=8, depth=1, hidden=8)).eval() if vocoder else None
    denoiser = StemDenoiser(network).eval()
    return Model(codec, denoiser, voice, ("bass", "drums"), info={"name": "tiny"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_model(model(), tmp_path / "model")
    return tmp_path / "model"


def answer(one: Model) -> torch.Tensor:
    x = torch.randn(1, 3, 8, 5, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return one(x, torch.full((1, 3, 5), 0.7), torch.ones(1, 3, dtype=torch.bool)).z


def test_a_model_comes_back_as_it_was(folder: Path):
    one, other = model(), load_model(folder, half=False)
    assert (other.stems, other.info, other.name) == (one.stems, one.info, "tiny")
    assert other.codec.config == one.codec.config
    assert settings_of(other.denoiser.network) == settings_of(one.denoiser.network)
    mels = torch.randn(2, 6, 8)
    assert torch.equal(other.codec.encode(mels), one.codec.encode(mels)), "the codec keeps all its bits"
    assert torch.allclose(answer(other), answer(one), atol=2e-2)
    assert not any(parameter.requires_grad for parameter in other.denoiser.parameters())
    assert not other.denoiser.training


def test_in_32_bits_nothing_is_lost(tmp_path: Path):
    save_model(model(), tmp_path, torch.float32)
    assert torch.equal(answer(load_model(tmp_path, half=False)), answer(model()))


def test_saving_what_was_loaded_changes_no_byte(folder: Path, tmp_path: Path):
    save_model(load_model(folder), tmp_path / "again")
    for file in folder.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()


def test_a_vocoder_comes_along(tmp_path: Path):
    save_model(model(vocoder=True), tmp_path, torch.float32)
    one, other = model(vocoder=True), load_model(tmp_path, half=False)
    mels = torch.randn(2, 3, 6, 8, generator=torch.Generator().manual_seed(1)) - 3
    with torch.no_grad():
        assert torch.equal(one.vocode(mels), other.vocode(mels))
        assert other.vocode(mels).shape == (2, 3, 8 * 512)


def test_nothing_half_written_is_left(folder: Path):
    assert {file.name for file in folder.iterdir()} == {
        "model.json", "codec.safetensors", "denoiser.safetensors",
    }  # fmt: skip


def test_writing_replaces_the_whole_file(tmp_path: Path):
    path = tmp_path / "file"
    write_whole(path, b"long before")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_a_disk_that_fills_up_leaves_the_model_that_was_there(folder: Path, monkeypatch: pytest.MonkeyPatch):
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    # Two parts fit, the description does not.
    flushed = iter([None, None, OSError("No space left on device")])

    def flush(_: int) -> None:
        if error := next(flushed):
            raise error

    monkeypatch.setattr("msgld.files.os.fsync", flush)
    other = model()
    with torch.no_grad():
        other.denoiser.network.inward.weight.add_(1.0)
    with pytest.raises(OSError, match="No space"):
        save_model(other, folder, torch.float32)
    assert {name: (folder / name).read_bytes() for name in before} == before
    load_model(folder, half=False)


# Broken ones


def describe(folder: Path, change: Callable[[dict], object]) -> None:
    """Change the description."""
    path = folder / "model.json"
    description = json.loads(path.read_text())
    change(description)
    path.write_text(json.dumps(description))


def swap(folder: Path, part: str, data: bytes) -> None:
    """Replace a part by other bytes, with the hash that they have."""
    (folder / f"{part}.safetensors").write_bytes(data)
    describe(folder, lambda d: d["parts"][part].update(sha256=hashlib.sha256(data).hexdigest()))


def flip_a_byte(folder: Path) -> None:
    path = folder / "denoiser.safetensors"
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)


def cut_short(folder: Path) -> None:
    path = folder / "codec.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


VOICE = {**settings_of(Vocoder(VocoderConfig(bands=6, width=8, depth=1, hidden=8))), "sha256": "0" * 64}

BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "a flipped byte": (flip_a_byte, "denoiser.safetensors"),
    "a file cut short": (cut_short, "codec.safetensors"),
    "a part is missing": (lambda f: (f / "denoiser.safetensors").unlink(), "denoiser.safetensors"),
    "no description": (lambda f: (f / "model.json").unlink(), "no model.json"),
    "half a description": (lambda f: (f / "model.json").write_text('{"format": 1, "st'), "model.json"),
    "no text": (lambda f: (f / "model.json").write_bytes(b"\xff\xfe\x00\x80"), "model.json"),
    "an empty description": (lambda f: (f / "model.json").write_text(""), "model.json"),
    "a list": (lambda f: (f / "model.json").write_text("[1, 2]"), "model.json"),
    "a number": (lambda f: (f / "model.json").write_text("7"), "model.json"),
    "another format": (lambda f: describe(f, lambda d: d.update(format=99)), "version"),
    "no parts": (lambda f: describe(f, lambda d: d.update(parts=None)), "model.json"),
    "parts that are none": (lambda f: describe(f, lambda d: d["parts"].update(codec=3)), "model.json"),
    "a part is not described": (lambda f: describe(f, lambda d: d["parts"].pop("codec")), "model.json"),
    "no hash": (lambda f: describe(f, lambda d: d["parts"]["codec"].pop("sha256")), "model.json"),
    "no stems": (lambda f: describe(f, lambda d: d.pop("stems")), "model.json"),
    "too few stems": (lambda f: describe(f, lambda d: d.update(stems=["bass"])), "tracks"),
    "no info": (lambda f: describe(f, lambda d: d.pop("info")), "model.json"),
    "another kind": (lambda f: describe(f, lambda d: d["parts"]["denoiser"].update(kind="unet")), "'unet'"),
    "an unknown setting": (lambda f: describe(f, lambda d: d["parts"]["denoiser"].update(a=1)), "model.json"),
    "a missing setting": (lambda f: describe(f, lambda d: d["parts"]["codec"].pop("mel")), "model.json"),
    "a setting of another type": (
        lambda f: describe(f, lambda d: d["parts"]["denoiser"].update(width="wide")), "model.json",
    ),
    "another width": (
        lambda f: describe(f, lambda d: d["parts"]["denoiser"].update(width=24)), "denoiser.safetensors",
    ),
    "another part's weights": (
        lambda f: swap(f, "denoiser", (f / "codec.safetensors").read_bytes()), "denoiser.safetensors",
    ),
    "no safetensors at all": (lambda f: swap(f, "denoiser", b"hello"), "denoiser.safetensors"),
    "a vocoder that is not there": (
        lambda f: describe(f, lambda d: d["parts"].update(vocoder=VOICE)),
        "vocoder.safetensors",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_said_in_one_line(folder: Path, name: str):
    damage, named = BROKEN[name]
    damage(folder)
    with pytest.raises(ModelError) as caught:
        load_model(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert named in message


def test_no_folder_is_said_in_one_line(tmp_path: Path):
    with pytest.raises(ModelError, match=r"no model in .*nowhere"):
        read_description(tmp_path / "nowhere")


def test_a_pickle_is_not_executed(folder: Path, tmp_path: Path):
    witness = tmp_path / "executed"

    class Malicious:
        def __reduce__(self) -> tuple:
            return (Path.touch, (witness,))

    data = pickle.dumps(Malicious())
    pickle.loads(data)
    assert witness.exists(), "the pickle would have done harm"
    witness.unlink()
    swap(folder, "denoiser", data)
    with pytest.raises(ModelError):
        load_model(folder)
    assert not witness.exists()
