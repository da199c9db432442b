"""The published U-Net in a Lightning checkpoint: its size from its tensors, its averaged or its plain weights."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from torch import Tensor

from msgld.errors import ModelError
from msgld.paper.convert.archive import Archive
from msgld.paper.convert.parts import Part, Records, Shapes, below, compare, shapes_of
from msgld.paper.unet3d import PublishedUNet, UNetConfig
from msgld.registry import settings_of
from msgld.tensors import unfilled

PLAIN = "model.diffusion_model."
AVERAGED = "model_ema."
COUNTERS = ("decay", "num_updates")
"""Of the average, beside its weights."""
MOST_BLOCKS = 100
"""On the way down; the published network has 12."""


def find_unet(archive: Archive, records: Records, raw: bool = False, width: int | None = None) -> Part:
    """The U-Net among a Lightning file's tensors.

    Args:
        archive: the open file.
        records: its tensors.
        raw: take the weights of the last step instead of their moving average.
        width: channels of the first level that it must have; None for any.

    Raises:
        ModelError: it is another system's, of another width, or has no averaged weights.
    """
    plain = below(records, PLAIN)
    config = infer_config(shapes_of(plain), archive.path)
    if width is not None and width != config.model_channels:
        raise ModelError(
            f"the U-Net in {archive.path} has a width of {config.model_channels}, not {width}; leave out --width"
        )
    unfit = _other_system(archive.path, "its U-Net has sizes that do not fit each other")
    network = unfilled(lambda: PublishedUNet(config), "converting", lambda _: unfit)
    shapes = shapes_of(network.state_dict())
    # A name without its dots cannot be read backwards, so ours are written forwards.
    names = {name: name if raw else mangled(name) for name in shapes}
    stored = plain if raw else _averaged(archive, records)
    faults = compare({names[name]: shape for name, shape in shapes.items()}, shapes_of(stored))

    def read() -> Iterator[tuple[str, Tensor]]:
        for name, published in names.items():
            yield name, archive.read(stored[published])

    weights = "weights of the last step" if raw else "averaged weights"
    return Part("denoiser", settings_of(network), shapes, weights, faults, read)


def mangled(name: str) -> str:
    """The name under which the averaged weights of a tensor are stored, below ``model_ema.``."""
    return f"diffusion_model.{name}".replace(".", "")


def _averaged(archive: Archive, records: Records) -> Records:
    averaged = below(records, AVERAGED)
    stored = {name: record for name, record in averaged.items() if name not in COUNTERS}
    if not stored:
        raise ModelError(f"{archive.path} has no averaged weights; take the plain ones with --raw")
    return stored


def infer_config(shapes: Shapes, path: Path) -> UNetConfig:
    """The size of a U-Net from its tensors' shapes. Settings that show in no shape are the published ones.

    Args:
        shapes: of the tensors by their published names.
        path: of their file, for errors.

    Raises:
        ModelError: they are not of the published kind of U-Net.
    """
    if not shapes:
        raise _other_system(path, f"nothing in it is called {PLAIN}...")
    if any(name.startswith("film_emb") for name in shapes):
        raise _other_system(path, "its U-Net follows text or sound prompts, not a mixture")
    stem = shapes.get("input_blocks.0.0.weight", ())
    embedding = shapes.get("time_embed.0.weight", ())
    if len(stem) != 5 or len(embedding) != 2:
        raise _other_system(path, "its U-Net is not of three dimensions")
    blocks = _input_blocks(shapes)
    downs = [i for i in blocks if _any(shapes, f"input_blocks.{i}.0.op.")]
    first = [1, *(i + 1 for i in downs)]
    width = embedding[1]
    outputs = [_channels(shapes, f"input_blocks.{i}.0.") for i in first]
    if not width or any(not channels or channels % width for channels in outputs):
        raise _other_system(path, "its U-Net has other levels")
    return UNetConfig(
        stems=stem[1],
        model_channels=width,
        channel_mult=tuple(channels // width for channels in outputs),
        num_res_blocks=(downs[0] if downs else len(blocks)) - 1,
        attention_resolutions=tuple(
            2**level
            for level in reversed(range(len(first)))
            if _any(shapes, f"input_blocks.{first[level]}.1.")
        ),
    )


def _input_blocks(shapes: Shapes) -> list[int]:
    """0, 1, ... as long as there is a block of that number."""
    numbers = {name.split(".")[1] for name in shapes if name.startswith("input_blocks.")}
    return list(takewhile(lambda number: str(number) in numbers, range(MOST_BLOCKS)))


def _any(shapes: Shapes, prefix: str) -> bool:
    return any(name.startswith(prefix) for name in shapes)


def _channels(shapes: Shapes, block: str) -> int:
    """Output channels of a residual block, also where one of its tensors is missing."""
    names = (f"{block}{name}.weight" for name in ("out_layers.3", "in_layers.2", "emb_layers.1"))
    return next((shapes[name][0] for name in names if shapes.get(name)), 0)


def _other_system(path: Path, why: str) -> ModelError:
    return ModelError(f"{path} is no MSG-LD checkpoint: {why}")
