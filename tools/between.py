"""A model between two: one that was trained on, and the one that this began with.

    python tools/between.py small runs/six/model --denoiser 0.5 --refiner 0.6 --name small --out runs/between

Training on for something new, such as a further stem, costs some of what a model knew. Weights on the straight line
from the old to the new ones keep most of both (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"). Further
stems begin as they do in training. All other parts are the new model's.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from msgld.api.store import model_folder
from msgld.checkpoint import load_model, save_model
from msgld.finetuning.line import between


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
    model.info["between"] = {"denoiser": options.denoiser, "refiner": options.refiner}
    if options.name:
        model.info["name"] = options.name
    save_model(model, options.out)


if __name__ == "__main__":
    main()
