"""Parts of several runs as one model: the denoiser of one, the vocoder and the refiner of others.

    python tools/join.py runs/denoiser/model --vocoder runs/vocoder/model --refiner runs/refiner/model --out joined

The codec is the denoiser's. A vocoder or refiner that was trained on another codec does not fit; that is checked.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from msgld.checkpoint import load_model, save_model
from msgld.errors import ModelError
from msgld.model import Model


def same_codec(one: Model, other: Model) -> bool:
    """Whether two models' codecs hold the same numbers."""
    first, second = one.codec.state_dict(), other.codec.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


def main() -> None:
    """Join and save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("denoiser", type=Path)
    parser.add_argument("--vocoder", type=Path)
    parser.add_argument("--refiner", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    model = load_model(options.denoiser, half=False)
    for part in ("vocoder", "refiner"):
        place = getattr(options, part)
        if place is None:
            continue
        other = load_model(place, half=False)
        if not same_codec(model, other):
            raise ModelError(f"{place} stands on another codec than {options.denoiser}")
        setattr(model, part, getattr(other, part))
        trained = other.info.get(f"{part}_training")
        if trained is not None:
            model.info[f"{part}_training"] = trained
    save_model(model, options.out)


if __name__ == "__main__":
    main()
