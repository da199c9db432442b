"""A model between two: one that was trained on, and the one that this began with.

    python tools/between.py small runs/six/model --denoiser 0.5 --refiner 0.6 --name small --out runs/between

Training on for something new, such as a further stem, costs some of what a model knew. Weights on the straight line
from the old to the new ones keep most of both (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"). Further
stems begin as they do in training. All other parts are the new model's.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from torch import Tensor, nn

from msgld.api.store import model_folder
from msgld.checkpoint import load_model, save_model
from msgld.errors import ModelError
from msgld.model import Model
from msgld.training.more_stems import grown, with_more_stems


def move(network: nn.Module, old: dict[str, Tensor], way: float) -> None:
    """Put a network's weights ``way`` of the way from the old ones to its own; ModelError for another size."""
    new = network.state_dict()
    if {name: value.shape for name, value in new.items()} != {
        name: value.shape for name, value in old.items()
    }:
        raise ModelError("the old model's network is of another size")
    network.load_state_dict({name: old[name] + way * (value - old[name]) for name, value in new.items()})


def between(old: Model, new: Model, denoiser: float, refiner: float) -> Model:
    """The new model with a denoiser and a refiner between those of both.

    Args:
        old: as ``new`` was before it was trained on, maybe with fewer stems.
        new: is changed.
        denoiser: 0 for the old one, 1 for the new one.
        refiner: likewise.
    """
    network = new.denoiser.network
    move(network, with_more_stems(old.denoiser.network.state_dict(), old.stems, new.stems), denoiser)
    if new.refiner is not None and old.refiner is not None:
        before = grown(old.refiner, old.stems, new.stems, new.refiner.config.turned)
        move(new.refiner, before.state_dict(), refiner)
    new.info["between"] = {"denoiser": denoiser, "refiner": refiner}
    return new


def main() -> None:
    """Load both, and save what lies between."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", help="name or folder")
    parser.add_argument("new", help="name or folder")
    parser.add_argument("--denoiser", type=float, default=0.5, help="0 for the old one, 1 for the new one")
    parser.add_argument("--refiner", type=float, default=0.5, help="likewise")
    parser.add_argument("--name", help="of the model; the new one's by default")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    old, new = (load_model(model_folder(place), half=False) for place in (options.old, options.new))
    model = between(old, new, options.denoiser, options.refiner)
    if options.name:
        model.info["name"] = options.name
    save_model(model, options.out)


if __name__ == "__main__":
    main()
