"""The page of sound examples: songs taken apart, pieces invented, parts played to given stems.

    python bench/examples.py --midi FOLDER --out docs/examples

The songs are of the held-out set, chosen by number and not by ear; nothing else is picked out either.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from html import escape
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import msgld
from msgld.data.heldout import HeldOut
from msgld.data.source import Clip
from msgld.evaluation.report import Example, section, write_body
from msgld.metrics import is_silent
from msgld.music.conditions import OPEN, Conditions

BITRATE = 80
COLOURS = 64
"""Of the pictures, which are half as big so."""
SEPARATED, ARRANGED = (5, 45, 85), (15, 65)
"""Clips of the held-out set."""
PLAYED = ("bass", "piano")
"""Stems that are played anew."""
ASKED = (
    OPEN,
    Conditions(style="bossa", bpm=120, key="Dm"),
    Conditions(style="rock", bpm=140, key="E"),
    Conditions(style="ballad", bpm=70, key="C"),
)


def taken_apart(model: msgld.Msgld, clip: Clip) -> Example:
    """The song, then each stem that sounds: true and separated."""
    mixture = clip.stems.sum(0)
    made = model.separate((mixture, clip.rate)).stems
    tracks = {"song": mixture}
    for name, true in zip(model.stems, clip.stems, strict=True):
        if not is_silent(true):
            tracks |= {f"{name}, true": true, f"{name}, separated": made[name]}
    return Example(clip.name, tracks, clip.rate)


def played_to(model: msgld.Msgld, clip: Clip) -> Example:
    """What was given, what the song has there, and what was played instead."""
    stems = dict(zip(model.stems, clip.stems, strict=True))
    given = {
        name: (wave, clip.rate) for name, wave in stems.items() if name not in PLAYED and not is_silent(wave)
    }
    result = model.arrange(given, PLAYED)
    backing = np.sum([wave for wave, _ in given.values()], 0)
    made = np.sum([result.stems[name] for name in PLAYED], 0)
    length = min(backing.shape[-1], made.shape[-1])
    tracks = {
        "given": backing,
        "as it was": clip.stems.sum(0),
        "arranged": backing[:, :length] + made[:, :length],
    }
    tracks |= {f"{name}, played": result.stems[name] for name in PLAYED}
    return Example(f"{clip.name}: {' and '.join(PLAYED)} played anew", tracks, clip.rate)


def invented(model: msgld.Msgld, number: int, conditions: Conditions) -> Example:
    """A piece, asked for or not."""
    result = model.generate(10.0, conditions=conditions, options=replace(msgld.Options(), seed=number))
    said = (
        f"{conditions.style}, {conditions.bpm:g} beats a minute, {conditions.key}"
        if conditions.style
        else "nothing asked for"
    )
    mixture = np.sum([*result.stems.values()], 0)
    return Example(f"Piece {number}: {said}", {"mixture": mixture, **result.stems}, result.rate)


def main() -> None:
    """Make the sounds, draw and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=None)
    parser.add_argument("--midi", type=Path, default=None)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("docs/examples"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = msgld.load(options.model)
    held = HeldOut(options.midi, model.stems)
    parts = {
        "Songs taken apart": [taken_apart(model, held[i]) for i in SEPARATED if i < len(held)],
        "Pieces invented": [invented(model, i, conditions) for i, conditions in enumerate(ASKED)],
        "Parts played to given stems": [played_to(model, held[i]) for i in ARRANGED if i < len(held)],
    }
    options.out.mkdir(parents=True, exist_ok=True)
    body = [
        f"<p>Model {escape(model.name)}, default settings. Songs by number, seeds 0, 1, 2 and on: "
        "none was picked by ear.</p>"
    ]
    for title, examples in parts.items():
        body.append(f"<h1>{title}</h1>")
        for number, example in enumerate(examples):
            prefix = f"{title.split()[0].lower()}-{number}"
            body.append(section(example, options.out / "sounds", prefix, BITRATE))
    for picture in (options.out / "sounds").glob("*.png"):
        Image.open(picture).quantize(COLOURS).save(picture, optimize=True)
    write_body("msgld: sound examples", body, options.out / "index.html")


if __name__ == "__main__":
    main()
