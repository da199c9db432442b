"""A model is written as a folder to share, and comes back from it, whole or not at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
import yaml
from command import contents
from tiny import save_tiny_model

import msgld
from msgld.api.sharing.verify import faults, stated_size
from msgld.checkpoint import load_model
from msgld.description import read_description
from msgld.errors import ModelError, UsageError


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny", ears=True, refined=True)


@pytest.fixture(scope="module")
def opened(model: Path) -> msgld.Msgld:
    return msgld.load(model, device="cpu")


def front_matter(folder: Path) -> dict[str, object]:
    _, head, _ = (folder / "README.md").read_text("utf-8").split("---\n", 2)
    return yaml.safe_load(head)


def test_a_model_is_saved_as_it_is_and_comes_back(opened: msgld.Msgld, model: Path, tmp_path: Path):
    saved = opened.save_pretrained(tmp_path / "shared")
    assert saved == tmp_path / "shared"
    mine, theirs = contents(saved), contents(model)
    card = mine.pop("README.md").decode()
    assert mine == theirs, "to the byte"
    again = msgld.Msgld.from_pretrained(saved, device="cpu")
    assert (again.name, again.stems, again.weights) == (opened.name, opened.stems, opened.weights)
    assert all(word in card for word in ("bass, drums", "transcribe", opened.weights["codec"], "Not stated"))
    assert front_matter(saved)["library_name"] == "msgld" and "license" not in front_matter(saved)


def test_the_licence_goes_along_with_the_model(opened: msgld.Msgld, tmp_path: Path):
    first = opened.save_pretrained(tmp_path / "first", licence="CC-BY-4.0")
    second = msgld.load(first, device="cpu").save_pretrained(tmp_path / "second")
    for folder in (first, second):
        assert read_description(folder)["info"]["licence"] == "CC-BY-4.0"
        assert front_matter(folder)["license"] == "cc-by-4.0"
    (second / "README.md").write_text("my own")
    third = msgld.load(second, device="cpu")
    assert (third.save_pretrained(tmp_path / "kept") / "README.md").read_text() == "my own"
    rare = third.save_pretrained(tmp_path / "rare", licence="LicenseRef-Ours")
    assert (front_matter(rare)["license"], front_matter(rare)["license_name"]) == ("other", "licenseref-ours")
    with pytest.raises(UsageError, match="identifier"):
        opened.save_pretrained(tmp_path / "third", licence="free\nfor: all")
    assert not (tmp_path / "third").exists()


def test_the_card_of_the_shipped_model_states_its_training(tmp_path: Path):
    folder = msgld.load(device="cpu").save_pretrained(tmp_path / "small")
    card = (folder / "README.md").read_text("utf-8")
    assert all(words in card for words in ("MODEL_CARD.md", "built-in band", "FluidR3", "MIT", "vocals"))
    assert front_matter(folder)["license"] == "mit"
    assert (folder / "MODEL_CARD.md").is_file()


def test_networks_in_memory_are_stored(model: Path, tmp_path: Path):
    inner = load_model(model, half=False)
    with torch.no_grad():
        inner.codec.mean.add_(1.0)
    folder = msgld.Msgld(inner).save_pretrained(tmp_path / "new")
    assert torch.equal(load_model(folder, half=False).codec.mean, inner.codec.mean)


def test_networks_that_were_changed_are_not_silently_left_out(model: Path, tmp_path: Path):
    changed = msgld.load(model, device="cpu", half=False)
    with torch.no_grad():
        next(changed.model.refiner.parameters()).add_(0.5)
    with pytest.raises(ModelError, match="the refiner is no longer the one"):
        changed.save_pretrained(tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert msgld.Msgld(changed.model).save_pretrained(tmp_path / "new").is_dir()


def test_a_model_in_fewer_bits_is_not_stored_from_memory(opened: msgld.Msgld, tmp_path: Path):
    if not opened.model.quantised and not opened.model.half:
        opened.model.quantised = True  # where the processor has no such products
    with pytest.raises(ModelError, match="half=False"):
        msgld.Msgld(opened.model).save_pretrained(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_only_models_are_replaced_and_only_on_request(opened: msgld.Msgld, model: Path, tmp_path: Path):
    folder = opened.save_pretrained(tmp_path / "shared")
    with pytest.raises(ModelError, match="exists already"):
        opened.save_pretrained(folder)
    opened.save_pretrained(folder, overwrite=True)
    (folder / "song.wav").write_text("precious")
    with pytest.raises(ModelError, match="more than a model"):
        opened.save_pretrained(folder, overwrite=True)
    with pytest.raises(ModelError, match="choose another folder"):
        opened.save_pretrained(model, overwrite=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="cannot write"):
        opened.save_pretrained(tmp_path / "file" / "below")
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


def test_a_model_that_was_damaged_since_is_not_shared(model: Path, tmp_path: Path):
    copy = Path(shutil.copytree(model, tmp_path / "copy"))
    one = msgld.load(copy, device="cpu")
    (copy / "listener.safetensors").unlink()
    with pytest.raises(ModelError, match=r"listener\.safetensors"):
        one.save_pretrained(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_every_file_is_verified_before_a_model_is_opened(model: Path, tmp_path: Path):
    """Also those that would be read later."""
    for part in read_description(model)["parts"]:
        for number, (fault, words) in enumerate(FAULTS.items()):
            copy = Path(shutil.copytree(model, tmp_path / f"{part}{number}"))
            path = copy / f"{part}.safetensors"
            fault(path)
            with pytest.raises(ModelError, match=words) as caught:
                msgld.Msgld.from_pretrained(copy)
            assert f"{part}.safetensors" in str(caught.value)
            assert list(faults(copy, read_description(copy))) == [path.name]


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 200])


FAULTS = {Path.unlink: "no such file", flip: "damaged", halve: "cut short"}


def test_a_folder_has_no_revision_and_a_name_no_folder(model: Path):
    with pytest.raises(UsageError, match="revision"):
        msgld.Msgld.from_pretrained(model, revision="v1")
    with pytest.raises(ModelError, match="no model 'nothing'"):
        msgld.Msgld.from_pretrained("nothing")
    with pytest.raises(UsageError):
        msgld.Msgld.from_pretrained(3)  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        msgld.Msgld.from_pretrained(model, on_progress="bar")  # type: ignore[arg-type]


def test_a_folder_comes_before_an_address(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shutil.copytree(model, tmp_path / "band" / "tiny")
    monkeypatch.chdir(tmp_path)
    assert msgld.Msgld.from_pretrained("band/tiny", device="cpu").name == "tiny"


@pytest.mark.parametrize(
    "head", [b"", b"\xff" * 8, (2).to_bytes(8, "little") + b"[]", (9).to_bytes(8, "little") + b'{"a":{}}x']
)
def test_a_head_that_states_nothing_has_no_size(head: bytes):
    assert stated_size(head) is None


def test_a_file_states_its_size(model: Path):
    data = (model / "codec.safetensors").read_bytes()
    assert stated_size(data[:100_000]) == len(data)
    assert json.loads((model / "model.json").read_text("utf-8"))["format"] == 1
