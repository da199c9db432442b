"""Finds the parts in the published files: MSG-LD's Lightning checkpoint, and those of MusicLDM's first stage."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from msgld.errors import ModelError, UsageError
from msgld.paper.convert.archive import Archive
from msgld.paper.convert.first_stage import find_autoencoder, find_vocoder
from msgld.paper.convert.parts import Part, Records, below, tensors_in
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
class Published:
    """The parts in published files.

    Attributes:
        parts: codec, denoiser and vocoder, as far as there are any.
        stems: their names in the order of the U-Net's channels; () for a first stage alone.
        info: about the training and the files, for the model's JSON.
        left_out: words for a group that is not converted -> number of its tensors.
        unknown: names of tensors of no known part.
    """

    parts: tuple[Part, ...]
    stems: tuple[str, ...]
    info: dict[str, Any]
    left_out: dict[str, int] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


@contextmanager
def open_published(
    checkpoint: Path | None = None,
    *,
    autoencoder: Path | None = None,
    vocoder: Path | None = None,
    raw: bool = False,
    width: int | None = None,
    stems: tuple[str, ...] | None = None,
) -> Iterator[Published]:
    """Find the parts in published files, which stay open so that the parts can be read. Reads no weights yet.

    Args:
        checkpoint: of the whole system, a Lightning file; None for a first stage alone.
        autoencoder: a file of its own, which replaces the autoencoder in the checkpoint.
        vocoder: a file of its own, which replaces the vocoder in the checkpoint.
        raw: take the U-Net's weights of the last step instead of their moving average.
        width: channels of the first level that the U-Net must have; None for any.
        stems: names in the order of the U-Net's channels; None for the published ones.

    Raises:
        ModelError: a file cannot be read, is of another system, or lacks a part; one line.
        UsageError: there is too little to convert.
    """
    if checkpoint is None and (autoencoder is None or vocoder is None):
        raise UsageError("name a checkpoint, or both --autoencoder and --vocoder for a first stage alone")
    paths = (checkpoint, autoencoder, vocoder)
    info = {"converted_from": [path.name for path in paths if path]}
    with ExitStack() as files:
        whole, codec, voice = (files.enter_context(Archive(path)) if path else None for path in paths)
        if whole is None:
            assert codec and voice
            yield Published((_autoencoder(codec, 1.0), _vocoder(voice)), (), info)
            return
        records, stems = _records(whole), stems or STEMS
        unet = find_unet(whole, records, raw, width)
        _check_schedule(whole, records)
        if len(stems) != unet.settings["stems"]:
            raise ModelError(
                f"the U-Net has {unet.settings['stems']} stems, not {len(stems)} ({', '.join(stems)}); "
                "name them with --stems"
            )
        first = _autoencoder(codec or whole, _scale(whole, records))
        about = {"weights": unet.weights, **_training(whole), **info}
        yield Published((first, unet, _vocoder(voice or whole)), stems, about, *_rest(records))


def _records(archive: Archive) -> Records:
    records = tensors_in(archive.content, "state_dict")
    if any(name.startswith(PLAIN) for name in records):
        return records
    if _autoencoder_records(archive):
        raise ModelError(f"{archive.path} is an autoencoder alone; give it as --autoencoder")
    if tensors_in(archive.content, "generator"):
        raise ModelError(f"{archive.path} is a vocoder alone; give it as --vocoder")
    raise ModelError(f"{archive.path} is no MSG-LD checkpoint: nothing in it is called {PLAIN}...")


def _autoencoder(archive: Archive, scale: float) -> Part:
    return find_autoencoder(archive, _autoencoder_records(archive), scale)


def _autoencoder_records(archive: Archive) -> Records:
    records = tensors_in(archive.content, "state_dict") or tensors_in(archive.content)
    records = below(records, FIRST_STAGE) or records
    return records if "encoder.conv_in.weight" in records else {}


def _vocoder(archive: Archive) -> Part:
    content = archive.content
    own = below(tensors_in(content, "state_dict"), f"{FIRST_STAGE}vocoder.")
    return find_vocoder(archive, own or tensors_in(content, "generator") or tensors_in(content))


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


def _rest(records: Records) -> tuple[dict[str, int], tuple[str, ...]]:
    """How many tensors are left out on purpose, by group, and the names of those of no known part."""
    known = (PLAIN, AVERAGED, FIRST_STAGE)
    counts = {group: sum(name.startswith(starts) for name in records) for group, starts in GROUPS.items()}
    starts = (*known, *(start for group in GROUPS.values() for start in group))
    unknown = tuple(name for name in records if not name.startswith(starts))
    return {group: number for group, number in counts.items() if number}, unknown


def _training(archive: Archive) -> dict[str, int]:
    return {
        key: archive.content[key] for key in ("epoch", "global_step") if type(archive.content.get(key)) is int
    }
