"""Parts of several runs as one model.

    python tools/join.py runs/denoiser/model --name small --score runs/composer/model --out joined

The codec is the denoiser's. A vocoder or refiner that was trained on another codec does not fit; that is checked. Score
codec and composer come together. Parts that are not named are the denoiser's model's own.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from msgld.checkpoint import load_model, save_model
from msgld.errors import ModelError
from msgld.model import Model

PARTS = {
    "vocoder": "vocoder",
    "refiner": "refiner",
    "note-reader": "note_reader",
    "score": "score",
    "listener": "listener",
    "beats": "beat_tracker",
}
"""Option -> attribute of the model."""

ON_THE_CODEC = ("vocoder", "refiner", "note-reader")
"""Parts that see the world through the codec of sound."""

TRAININGS = {"note-reader": ("notes",), "score": ("score_codec", "composer")}
"""What the info calls the training of these parts; of the others as the option."""


def same_codec(one: Model, other: Model) -> bool:
    """Whether two models' codecs hold the same numbers."""
    first, second = one.codec.state_dict(), other.codec.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


def take(model: Model, part: str, place: Path) -> None:
    """Put a part of another model in place of the model's own; ModelError if it does not fit."""
    other, attribute = load_model(place, half=False), PARTS[part]
    if part in ON_THE_CODEC and not same_codec(model, other):
        raise ModelError(f"{place} stands on another codec")
    if getattr(other, attribute) is None:
        raise ModelError(f"{place} has no such part: {part}")
    setattr(model, attribute, getattr(other, attribute))
    for name in TRAININGS.get(part, (part,)):
        key = f"{name}_training"
        if key in other.info:
            model.info[key] = other.info[key]


def main() -> None:
    """Join and save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("denoiser", type=Path)
    for part in PARTS:
        parser.add_argument(f"--{part}", type=Path)
    parser.add_argument("--name", help="of the new model; the denoiser's model's by default")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    model = load_model(options.denoiser, half=False)
    for part in PARTS:
        place = getattr(options, part.replace("-", "_"))
        if place is not None:
            take(model, part, place)
    if options.name:
        model.info["name"] = options.name
    save_model(model, options.out)


if __name__ == "__main__":
    main()
