"""A published checkpoint becomes a model of ours, tensor for tensor; every other file is refused in one line."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from command import contents, environment, leftovers, run
from golden_vectors import load_codec, load_vocoder
from lightning import CODEC, SCALE, UNET, VOCODER, Published, normalised, save_lightning
from safetensors.torch import load_file
from torch import Tensor
from typer.testing import CliRunner

from msgld.checkpoint import load_first_stage, load_model
from msgld.cli.main import app
from msgld.errors import Cancelled, ModelError, UsageError
from msgld.paper.autoencoder import KLCodec, KLConfig, diffusers_to_published
from msgld.paper.convert.parts import shapes_of
from msgld.paper.convert.published import open_published
from msgld.paper.convert.unet import infer_config, mangled
from msgld.paper.convert.writing import store, write_tensors
from msgld.paper.hifigan import HifiGan, HifiGanConfig, transformers_to_published
from msgld.paper.unet3d import PublishedUNet, UNetConfig
from msgld.progress import CancelToken

State = dict[str, Tensor]


@pytest.fixture(scope="module")
def published() -> Published:
    return Published()


@pytest.fixture(scope="module")
def checkpoint(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_lightning(tmp_path_factory.mktemp("published") / "last.ckpt", published.state_dict())


@pytest.fixture(scope="module")
def stage_files(published: Published, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The files of MusicLDM: an autoencoder, and a vocoder with normalised weights."""
    folder = tmp_path_factory.mktemp("stage")
    state = {**published.codec, "loss.logvar": torch.zeros(())}
    torch.save({"state_dict": state, "epoch": 1}, folder / "vae.ckpt")
    torch.save({"generator": normalised(published.vocoder)}, folder / "hifigan.ckpt")
    return folder / "vae.ckpt", folder / "hifigan.ckpt"


def convert(folder: Path, *, half: bool = False, overwrite: bool = False, **wanted: Any) -> Path:
    with open_published(**wanted) as files:
        store(files, folder, half=half, overwrite=overwrite)
    return folder


def same(module: torch.nn.Module, state: State) -> bool:
    own = module.state_dict()
    return own.keys() == state.keys() and all(torch.equal(own[name], state[name]) for name in own)


def test_every_weight_arrives_where_it_belongs(tmp_path: Path, published: Published, checkpoint: Path):
    model = load_model(convert(tmp_path / "model", checkpoint=checkpoint), half=False)
    assert model.stems == ("bass", "drums", "guitar", "piano")
    assert model.denoiser.network.config == UNET
    assert same(model.denoiser.network, published.averaged)
    codec, vocoder = KLCodec(CODEC), HifiGan(VOCODER)
    load_codec(codec, published.codec, SCALE)
    load_vocoder(vocoder, published.vocoder)
    assert model.codec.config == CODEC and same(model.codec, codec.state_dict())
    assert model.vocoder.config == VOCODER and same(model.vocoder, vocoder.state_dict())
    assert model.info["global_step"] == 1234 and model.info["converted_from"] == ["last.ckpt"]
    assert model.name == "model" and model.reference_rms is None


def test_the_plain_weights_are_taken_when_asked_for(tmp_path: Path, published: Published, checkpoint: Path):
    model = load_model(convert(tmp_path / "model", checkpoint=checkpoint, raw=True))
    assert same(model.denoiser.network, published.unet)


def test_half_stores_16_bits_but_the_scale(tmp_path: Path, published: Published, checkpoint: Path):
    folder = convert(tmp_path / "model", checkpoint=checkpoint, half=True)
    network = load_file(folder / "denoiser.safetensors")
    assert {value.dtype for value in network.values()} == {torch.float16}
    name = "input_blocks.0.0.weight"
    assert torch.equal(network[name], published.averaged[name].half())
    assert float(load_model(folder).codec.scale) == pytest.approx(SCALE, rel=1e-7)


def test_a_first_stage_alone(tmp_path: Path, published: Published, stage_files: tuple[Path, Path]):
    folder = convert(tmp_path / "stage", autoencoder=stage_files[0], vocoder=stage_files[1])
    codec, vocoder = load_first_stage(folder)
    assert float(codec.scale) == 1
    assert torch.equal(codec.network.encoder.conv_in.weight, published.codec["encoder.conv_in.weight"])
    check_folded(vocoder, normalised(published.vocoder))
    with pytest.raises(ModelError, match="first stage"):
        load_model(folder)


def check_folded(vocoder: HifiGan, stored: State) -> None:
    state = vocoder.network.state_dict()
    for name in ("conv_pre.weight", "resblocks.0.convs1.0.weight", "conv_post.weight"):
        weight = torch._weight_norm(stored[f"{name}_v"], stored[f"{name}_g"], 0)
        assert torch.allclose(state[name], weight, atol=1e-6)
    weight = torch._weight_norm(stored["ups.0.weight_v"], stored["ups.0.weight_g"], 0)
    assert torch.allclose(state["upsampler.0.weight"], weight, atol=1e-6)


def test_files_of_their_own_replace_the_first_stage_of_a_checkpoint(
    tmp_path: Path, published: Published, stage_files: tuple[Path, Path]
):
    state = {
        name: v for name, v in published.state_dict().items() if not name.startswith("first_stage_model")
    }
    bare = save_lightning(tmp_path / "bare.ckpt", state)
    model = load_model(
        convert(tmp_path / "m", checkpoint=bare, autoencoder=stage_files[0], vocoder=stage_files[1])
    )
    check_folded(model.vocoder, normalised(published.vocoder))
    assert float(model.codec.scale) == pytest.approx(SCALE)


@pytest.mark.parametrize(
    "config",
    [
        replace(UNET, stems=5), replace(UNET, channel_mult=(1, 2, 3), num_res_blocks=2),
        replace(UNET, model_channels=64, channel_mult=(1, 1), attention_resolutions=()),
        replace(UNET, channel_mult=(1, 2, 2), attention_resolutions=(4,)),
        replace(UNET, channel_mult=(2,), attention_resolutions=()),
    ],
)  # fmt: skip
def test_the_size_of_the_network_shows_in_its_tensors(config: Any):
    with torch.device("meta"):
        shapes = shapes_of(PublishedUNet(config).state_dict())
    assert infer_config(shapes, Path("x")) == config


def published_shapes(name: str) -> State:
    """Of a part at its published size, by published names."""
    with torch.device("meta"):
        if name == "unet":
            return PublishedUNet(UNetConfig()).state_dict()
        if name == "codec":
            return diffusers_to_published(KLCodec(KLConfig()).network.state_dict())
        return transformers_to_published(HifiGan(HifiGanConfig()).network.state_dict())


@pytest.mark.parametrize(
    ("name", "tensors", "weights"),
    [("unet", 368, 305_165_444), ("codec", 204, 55_376_873), ("vocoder", 194, 55_264_897)],
)
def test_the_published_sizes_have_the_published_numbers_of_weights(name: str, tensors: int, weights: int):
    state = published_shapes(name)
    assert (len(state), sum(value.numel() for value in state.values())) == (tensors, weights)


def test_names_without_dots_stay_different():
    names = published_shapes("unet")
    assert len({mangled(name) for name in names}) == len(names)


NAME = "model_ema.diffusion_modelinput_blocks10in_layers0weight"


def without(name: str) -> Callable[[State], object]:
    return lambda state: state.pop(name)


def but(name: str, value: Tensor) -> Callable[[State], object]:
    return lambda state: state.update({name: value})


def two_dimensions(state: State) -> None:
    name = "model.diffusion_model.input_blocks.0.0.weight"
    state[name] = state[name][..., 0]


def no_average(state: State) -> None:
    for name in [name for name in state if name.startswith("model_ema.diff")]:
        del state[name]


def another(state: State) -> None:
    state.clear()
    state["unet.conv_in.weight"] = torch.zeros(3, 3)


REFUSED: dict[str, tuple[Callable[[State], object], str]] = {
    "missing": (without(NAME), r"1 tensors, missing \(diffusion_modelinput_blocks10in_layers0weight\)"),
    "misshaped": (but(NAME, torch.ones(33)), r"wrong shape .*\(33\) instead of \(32\)"),
    "no average": (no_average, "--raw"),
    "not a number": (but(NAME, torch.full((32,), torch.nan)), "no numbers"),
    "another system": (another, "no MSG-LD checkpoint"),
    "two dimensions": (two_dimensions, "no MSG-LD checkpoint.*three dimensions"),
    "prompts": (but("model.diffusion_model.film_emb.weight", torch.ones(3, 3)), "prompts"),
    "schedule": (but("alphas_cumprod", torch.linspace(1, 0, 1000)), "another noise schedule"),
    "no scale": (without("scale_factor"), "scale_factor"),
    "scale 0": (but("scale_factor", torch.zeros(())), "scale_factor of 0"),
    "autoencoder": (without("first_stage_model.quant_conv.bias"), r"the codec .*missing \(quant_conv.bias\)"),
    "vocoder": (
        without("first_stage_model.vocoder.conv_post.bias"),
        r"the vocoder .*missing \(conv_post.bias\)",
    ),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_is_not_the_published_system_is_refused_in_a_line(
    tmp_path: Path, published: Published, name: str
):
    state = published.state_dict()
    spoil, words = REFUSED[name]
    spoil(state)
    path = save_lightning(tmp_path / "spoilt.ckpt", state)
    with pytest.raises(ModelError, match=words) as caught:
        convert(tmp_path / "model", checkpoint=path)
    assert "\n" not in str(caught.value)
    assert [entry.name for entry in tmp_path.iterdir()] == ["spoilt.ckpt"], "nothing is left behind"


def test_more_than_is_needed_is_listed_and_left_out(tmp_path: Path, published: Published):
    state = published.state_dict()
    state["model_ema.diffusion_modelodd"] = torch.ones(3)
    state["cond_stage_model.weight"] = state["nobody.knows"] = torch.ones(2)
    path = save_lightning(tmp_path / "more.ckpt", state)
    with open_published(path) as files:
        unet = next(part for part in files.parts if part.name == "denoiser")
        assert unet.faults["not used"] == ("diffusion_modelodd",)
        assert files.unknown == ("nobody.knows",)
        assert files.left_out["the condition's encoder"] == 1
        assert files.left_out["the first stage's training losses"] == 2
        store(files, tmp_path / "model")
    assert same(load_model(tmp_path / "model").denoiser.network, published.averaged)


def test_another_width_or_number_of_stems_is_said(tmp_path: Path, checkpoint: Path):
    with pytest.raises(ModelError, match="width of 32, not 192"):
        convert(tmp_path / "model", checkpoint=checkpoint, width=192)
    with pytest.raises(ModelError, match=r"4 stems, not 2 .*--stems"):
        convert(tmp_path / "model", checkpoint=checkpoint, stems=("bass", "drums"))
    stems = ("voice", "drums", "bass", "other")
    assert (
        load_model(convert(tmp_path / "model", checkpoint=checkpoint, width=32, stems=stems)).stems == stems
    )


def test_parts_given_as_the_whole_are_recognised(tmp_path: Path, stage_files: tuple[Path, Path]):
    for path, option in zip(stage_files, ("--autoencoder", "--vocoder"), strict=True):
        with pytest.raises(ModelError, match=option):
            convert(tmp_path / "model", checkpoint=path)
    with pytest.raises(UsageError, match="both --autoencoder and --vocoder"):
        convert(tmp_path / "model", autoencoder=stage_files[0])
    with pytest.raises(ModelError, match="no autoencoder"):
        convert(tmp_path / "model", autoencoder=stage_files[1], vocoder=stage_files[1])


def test_the_optimiser_is_never_read(tmp_path: Path, published: Published, checkpoint: Path):
    data = checkpoint.read_bytes()
    moments = torch.full((300,), 2.0).numpy().tobytes()
    assert data.count(moments) == 1
    path = tmp_path / "spoilt.ckpt"
    path.write_bytes(data.replace(moments, bytes(len(moments))))
    assert same(load_model(convert(tmp_path / "m", checkpoint=path)).denoiser.network, published.averaged)
    weights = published.averaged["out.2.weight"].numpy().tobytes()
    path.write_bytes(data.replace(weights, bytes(len(weights))))
    with pytest.raises(ModelError, match="damaged"):
        convert(tmp_path / "other", checkpoint=path)
    assert not (tmp_path / "other").exists()


def test_only_models_are_overwritten_and_only_when_asked(tmp_path: Path, checkpoint: Path):
    folder = convert(tmp_path / "model", checkpoint=checkpoint)
    before = contents(tmp_path)
    with pytest.raises(ModelError, match="--overwrite"):
        convert(folder, checkpoint=checkpoint, raw=True)
    assert contents(tmp_path) == before
    convert(folder, checkpoint=checkpoint, raw=True, overwrite=True)
    assert contents(tmp_path).keys() == before.keys() and contents(tmp_path) != before
    (folder / "thesis.txt").write_text("precious")
    before = contents(tmp_path)
    with pytest.raises(ModelError, match=r"more than a model \(thesis.txt\)"):
        convert(folder, checkpoint=checkpoint, overwrite=True)
    assert contents(tmp_path) == before


def test_a_conversion_that_fails_keeps_the_former_model(
    tmp_path: Path, published: Published, checkpoint: Path
):
    convert(tmp_path / "model", checkpoint=checkpoint)
    before = contents(tmp_path)
    cancel = CancelToken()
    with open_published(checkpoint) as files, pytest.raises(Cancelled):
        store(files, tmp_path / "model", overwrite=True, on_progress=lambda _: cancel.cancel(), cancel=cancel)
    assert contents(tmp_path) == before


def test_tensors_are_written_as_others_read_them(tmp_path: Path):
    tensors = {
        "a": torch.randn(3, 4),
        "number": torch.tensor(2.5),
        "none": torch.zeros(0, 2),
        "b": torch.randn(5),
    }
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    write_tensors(tmp_path / "x.safetensors", shapes, iter(tensors.items()), torch.float32)
    read = load_file(tmp_path / "x.safetensors")
    assert read.keys() == tensors.keys() and all(torch.equal(read[name], tensors[name]) for name in tensors)
    with pytest.raises(ModelError, match="leave out --half"):
        write_tensors(tmp_path / "y", {"a": (1,)}, [("a", torch.tensor([1e6]))], torch.float16)


def test_the_command_says_what_it_found_and_what_to_try(tmp_path: Path, checkpoint: Path):
    def invoke(*arguments: object) -> str:
        result = CliRunner().invoke(app, ["convert", str(checkpoint), *map(str, arguments)])
        assert result.exit_code == 0, result.output
        return result.output

    out = tmp_path / "msg-ld"
    assert re.search(r"denoiser +averaged weights +\d+ +1,776,740 +0 +0 +0", invoke("--list"))
    assert not out.exists()
    told = invoke("--out", out)
    assert f"msgld separate song.mp3 --name {out}" in told and "training losses (2 tensors)" in told
    assert load_model(out).name == "msg-ld"


class Shell:
    """Runs a command when it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


@pytest.mark.slow
def test_a_file_that_would_run_a_command_is_converted_and_runs_nothing(tmp_path: Path, published: Published):
    mark = tmp_path / "executed"
    path = save_lightning(tmp_path / "evil.ckpt", published.state_dict(), callbacks=Shell(f"touch {mark}"))
    done = run(["convert", path, "--out", "model", "--json"], tmp_path)
    assert done.code == 0, done.err
    assert {record["part"] for record in done.records[:-1]} == {"codec", "denoiser", "vocoder"}
    assert same(load_model(tmp_path / "model").denoiser.network, published.averaged)
    assert not mark.exists()
    torch.load(path, weights_only=False)  # the proof that it was in there
    assert mark.exists()


@pytest.fixture
def slow_conversion(tmp_path: Path, checkpoint: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A conversion that is at work on the denoiser."""
    program = (
        "import sys, time, msgld.paper.convert.writing as w; from msgld.cli.main import main\n"
        "blocks = w._blocks\n"
        "def slow(*a):\n    for block in blocks(*a):\n        time.sleep(0.05); yield block\n"
        f"w._blocks = slow; sys.argv = ['msgld', 'convert', {str(checkpoint)!r}, '--out', 'model']; main()"
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, env=environment())
    try:
        deadline = time.monotonic() + 120
        while not list(tmp_path.glob(".model-*/*.safetensors")):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_conversion_that_is_stopped_leaves_nothing(
    tmp_path: Path, slow_conversion: subprocess.Popen[bytes]
):
    slow_conversion.send_signal(signal.SIGTERM)
    assert slow_conversion.wait(timeout=60) == 143
    assert not leftovers(tmp_path) and not list(tmp_path.iterdir())
