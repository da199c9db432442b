"""What the published files hold: the Lightning checkpoint of MSG-LD, and those of MusicLDM's first stage."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from msgld.errors import ModelError, UsageError
from msgld.paper.convert.archive import Archive
from msgld.paper.convert.parts import Part, Records, below, tensors_in
from msgld.paper.convert.stage import find_autoencoder, find_vocoder
from msgld.paper.convert.unet import AVERAGED, PLAIN, find_unet
from msgld.paper.schedule import SqrtLinearSchedule

STEMS = ("bass", "drums", "guitar", "piano")
"""Names of the published system's stems, in its order."""
FIRST_STAGE = "first_stage_model."
BUFFERS = (
    "betas", "alphas_cumprod", "alphas_cumprod_prev", "sqrt_alphas_cumprod", "sqrt_one_minus_alphas_cumprod",
    "log_one_minus_alphas_cumprod", "sqrt_recip_alphas_cumprod", "sqrt_recipm1_alphas_cumprod",
    "posterior_variance", "posterior_log_variance_clipped", "posterior_mean_coef1", "posterior_mean_coef2",
    "lvlb_weights", "logvar", "scale_factor",
)  # fmt: skip
"""Of the noise schedule and the latents' scale; none of them is a weight."""
GROUPS = {
    "the first stage's training losses": ("first_stage_model.loss.",),
    "the condition's encoder": ("cond_stage_model.",),
    "noise schedule and scale": BUFFERS,
}
"""What is left out on purpose: words for it -> beginnings of names."""


@dataclass(frozen=True)
class Wanted:
    """What is to be converted.

    Attributes:
        checkpoint: of the whole system, a Lightning file; None for a first stage alone.
        autoencoder, vocoder: files of their own, which replace those in the checkpoint.
        raw: take the U-Net's weights of the last step instead of their moving average.
        width: channels of the first level that the U-Net must have; None for any.
        stems: names in the order of the U-Net's channels; None for the published ones.
    """

    checkpoint: Path | None = None
    autoencoder: Path | None = None
    vocoder: Path | None = None
    raw: bool = False
    width: int | None = None
    stems: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Found:
    """What the files hold.

    Attributes:
        parts: codec, denoiser and vocoder, those that there are.
        stems: their names; () for a first stage alone.
        about: of the training and the files, for the model's JSON.
        left_out: words for what is not converted -> number of its tensors.
        unknown: names of tensors that belong to nothing known.
    """

    parts: tuple[Part, ...]
    stems: tuple[str, ...]
    about: dict[str, Any]
    left_out: dict[str, int] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


@contextmanager
def found(wanted: Wanted) -> Iterator[Found]:
    """Look through the files, which stay open so that the parts can be read; no weights are read yet.

    Raises:
        ModelError: a file cannot be read, is of another system, or lacks a part; one line.
        UsageError: there is too little to convert.
    """
    if wanted.checkpoint is None and (wanted.autoencoder is None or wanted.vocoder is None):
        raise UsageError("name a checkpoint, or both --autoencoder and --vocoder for a first stage alone")
    with ExitStack() as files:

        def opened(path: Path) -> Archive:
            return files.enter_context(Archive(path))

        yield _system(opened, wanted) if wanted.checkpoint else _first_stage(opened, wanted)


def _first_stage(opened: Callable[[Path], Archive], wanted: Wanted) -> Found:
    assert wanted.autoencoder and wanted.vocoder
    parts = (_autoencoder(opened(wanted.autoencoder), 1.0), _vocoder(opened(wanted.vocoder)))
    return Found(parts, (), _files(wanted))


def _system(opened: Callable[[Path], Archive], wanted: Wanted) -> Found:
    assert wanted.checkpoint
    archive = opened(wanted.checkpoint)
    records = _records(archive)
    unet = find_unet(archive, records, wanted.raw, wanted.width)
    _check_schedule(archive, records)
    scale = _scale(archive, records)
    stage = below(records, FIRST_STAGE)
    codec = (
        _autoencoder(opened(wanted.autoencoder), scale)
        if wanted.autoencoder
        else find_autoencoder(archive, stage, scale)
    )
    vocoder = _vocoder(opened(wanted.vocoder)) if wanted.vocoder else _own_vocoder(archive, stage)
    left_out, unknown = _rest(records)
    about = {"weights": unet.weights, **_training(archive), **_files(wanted)}
    return Found((codec, unet, vocoder), _stems(unet, wanted), about, left_out, unknown)


def _records(archive: Archive) -> Records:
    records = tensors_in(archive.content, "state_dict")
    if not any(name.startswith(PLAIN) for name in records):
        if _autoencoder_records(archive):
            raise ModelError(f"{archive.path} is an autoencoder alone; give it as --autoencoder")
        if tensors_in(archive.content, "generator"):
            raise ModelError(f"{archive.path} is a vocoder alone; give it as --vocoder")
        raise ModelError(f"{archive.path} is no MSG-LD checkpoint: nothing in it is called {PLAIN}...")
    return records


def _autoencoder_records(archive: Archive) -> Records:
    records = tensors_in(archive.content, "state_dict") or tensors_in(archive.content)
    records = below(records, FIRST_STAGE) or records
    return records if "encoder.conv_in.weight" in records else {}


def _autoencoder(archive: Archive, scale: float) -> Part:
    return find_autoencoder(archive, _autoencoder_records(archive), scale)


def _vocoder(archive: Archive) -> Part:
    return find_vocoder(archive, tensors_in(archive.content, "generator") or tensors_in(archive.content))


def _own_vocoder(archive: Archive, stage: Records) -> Part:
    records = below(stage, "vocoder.")
    if not records:
        raise ModelError(f"{archive.path} has no vocoder; give the file of HiFi-GAN as --vocoder")
    return find_vocoder(archive, records)


def _check_schedule(archive: Archive, records: Records) -> None:
    """Refuse a checkpoint that was trained with another noise schedule; weights alone would not show it."""
    if "alphas_cumprod" not in records:
        return
    given, own = archive.read(records["alphas_cumprod"]).double(), SqrtLinearSchedule().alphas_cumprod()
    if given.shape != own.shape or not torch.allclose(given, own, rtol=1e-4, atol=1e-6):
        raise ModelError(f"{archive.path} was trained with another noise schedule than MSG-LD's")


def _scale(archive: Archive, records: Records) -> float:
    record = records.get("scale_factor")
    if record is None or record.size != 1:
        raise ModelError(
            f"{archive.path} lacks scale_factor, without which its latents are of the wrong size"
        )
    scale = float(archive.read(record))
    if not (math.isfinite(scale) and scale > 0):
        raise ModelError(f"{archive.path} has a scale_factor of {scale}; it must be above 0")
    return scale


def _stems(unet: Part, wanted: Wanted) -> tuple[str, ...]:
    stems, number = wanted.stems or STEMS, unet.settings["stems"]
    if len(stems) != number:
        raise ModelError(
            f"the U-Net has {number} stems, not {len(stems)} ({', '.join(stems)}); name them with --stems"
        )
    return stems


def _rest(records: Records) -> tuple[dict[str, int], tuple[str, ...]]:
    """How many tensors are left out on purpose, by group, and the names of those that nobody knows."""
    known = (PLAIN, AVERAGED, FIRST_STAGE)
    counts = {group: sum(name.startswith(starts) for name in records) for group, starts in GROUPS.items()}
    starts = (*known, *(start for group in GROUPS.values() for start in group))
    unknown = tuple(name for name in records if not name.startswith(starts))
    return {group: number for group, number in counts.items() if number}, unknown


def _training(archive: Archive) -> dict[str, int]:
    return {
        key: archive.content[key] for key in ("epoch", "global_step") if type(archive.content.get(key)) is int
    }


def _files(wanted: Wanted) -> dict[str, list[str]]:
    files = (wanted.checkpoint, wanted.autoencoder, wanted.vocoder)
    return {"converted_from": [path.name for path in files if path]}
