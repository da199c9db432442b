"""The balance between inventing and separating, from the command line: files in, a picture and a table out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from msgld.cli.console import Talk, shown
from msgld.cli.demo import SONG
from msgld.cli.inputs import stems_in
from msgld.cli.models import open_model
from msgld.cli.progress_bar import track
from msgld.cli.tables import table
from msgld.cli.targets import check_out

if TYPE_CHECKING:
    from msgld import Options
    from msgld.evaluation.balance import Example


@dataclass(frozen=True)
class Balancing:
    """What is asked for; without a song it is the sum of the stems, without either the demo's. None: all weights."""

    song: Path | None
    stems_of: Path | None
    weights: tuple[float, ...] | None
    draws: int
    out: Path


def balance_model(name: str | None, asked: Balancing, options: Options, device: str, jobs: int | None,
                  talk: Talk) -> None:  # fmt: skip
    """Try the weights, print the figures, write the report. Errors: as ``open_model`` and ``balance``."""
    from msgld.api.quality import making
    from msgld.evaluation.balance import WEIGHTS, balance

    check_out(asked.out)
    model = open_model(name, device, jobs, talk)
    example, notes = read_example(asked.song, asked.stems_of, model.stems)
    for note in notes:
        talk.note(note)
    with track(f"guiding {model.name}") as on_progress:
        found = balance(
            model.model,
            example,
            making(options, model.model),
            asked.weights or WEIGHTS,
            asked.draws,
            on_progress,
        )
    found.write(asked.out)
    for row in found.rows:
        talk.record(**row)
    for line in table(found.rows):
        talk.say(line)
    talk.say(f"picture and report in {shown(asked.out)}")


def read_example(
    song: Path | None, stems_of: Path | None, stems: tuple[str, ...]
) -> tuple[Example, tuple[str, ...]]:
    """The song and its true stems, as far as the model knows them, at one rate, length and number of channels.

    Returns:
        The example, and what was done to make rates and lengths alike.

    Raises:
        AudioReadError: something is missing or no audio.
    """
    from msgld.api.given import gather
    from msgld.evaluation.balance import Example

    folder = SONG if song is None and stems_of is None else stems_of
    files = stems_in(folder, stems) if folder else {}
    given = gather({**({"song": song} if song else {}), **files})
    waves = dict(zip(given.waves, given.stack(), strict=True))
    mixture = waves.pop("song") if song else _sum(waves)
    return Example(str(song or folder), mixture, waves, given.rate), given.notes


def _sum(waves: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.stack(list(waves.values())).sum(axis=0)
