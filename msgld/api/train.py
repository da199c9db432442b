"""``msgld.train``: one call that trains any part of a model, or resumes its training."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgld.api import checks
from msgld.api.folder import check_out
from msgld.api.store import cache_folder, model_folder
from msgld.data.source import Source
from msgld.description import read_description
from msgld.errors import UsageError
from msgld.progress import OnProgress
from msgld.ranges import RANGES, check, check_flag, check_optional, shown
from msgld.runtime import choose_device
from msgld.training.data import Data, OnFolder
from msgld.training.folder import check_length, check_record, of_recipe, write_record
from msgld.training.lock import refuse_busy
from msgld.training.log import check_tracker
from msgld.training.parts import find
from msgld.training.ranks import device_of_rank, first_launched, joined, processes
from msgld.training.recipe import AnyRecipe
from msgld.training.run import run_part

LEAST_MINUTES = 0.01
"""Least time that is left to a run once its data have been read."""


def train(
    part: str = "denoiser",
    recipe: str | AnyRecipe | None = None,
    *,
    out: str | Path,
    stems: Iterable[str | Path] = (),
    midi: Iterable[str | Path] = (),
    band: bool | None = None,
    soundfont: str | Path | None = None,
    singing: str | Path | None = None,
    stem_names: Iterable[str] | None = None,
    maps: Iterable[str] = (),
    source: Source | None = None,
    minutes: float | None = None,
    steps: int | None = None,
    validation: Source | None = None,
    start: str | Path | None = None,
    first_stage: str | Path | None = None,
    device: str = "auto",
    seed: int = 0,
    tracker: str | None = None,
    on_progress: OnProgress | None = None,
    on_folder: OnFolder | None = None,
) -> Path:
    """Train a part of a model; the same call resumes a run that was stopped.

    Under ``torchrun`` each of its processes calls this; they train one model together.

    Clips are rendered by processes that import the calling script, so a script calls this under
    ``if __name__ == "__main__":``.

    >>> folder = msgld.train(recipe="tiny", stems=["my-songs"], out="runs/try", minutes=5)
    >>> model = msgld.load(folder)

    Args:
        part: ``denoiser``, ``vocoder``, ``refiner``, ``notes`` (the note reader), ``listener`` (notes of stems),
            ``beats`` or ``codec`` (the autoencoder of the published design).
        recipe: a name such as ``small``, a recipe of one's own, or None for the part's default.
        out: folder of the run; its ``model`` is the result.
        stems: folders of songs, one folder a song, one file a stem; manifests (CSV, JSONL); or folders of shards, see
            :func:`msgld.prepare`. A path alone is one.
        midi: folders of MIDI files, or tar archives of them; a path alone is one.
        band: whether the built-in band plays; by default where there are no ``stems``.
        soundfont: a soundfont or a folder of them, for ``midi`` and the band; the system's by default.
        singing: a folder of sung phrases (``tools/singing`` makes one), which sing along with ``midi`` and the band.
        stem_names: the model's stems; by default bass, drums, guitar, piano, vocals, other, or those of ``start``. A
            denoiser gets all six even from a ``start`` of fewer, unless all clips come from ``stems``. Stems of other
            names need ``stems``.
        maps: ``FILE=STEM`` for files of ``stems`` with unclear names.
        source: clips of one's own, in place of all data above.
        minutes: length of the whole run, reading and rendering included; the recipe's by default.
        steps: length of the whole run in steps, in place of ``minutes``: the same steps then, however often it is
            stopped and resumed.
        validation: clips to measure losses on, at every save or ten times in a run of steps; by default the songs of
            ``stems`` in a split ``validation``, if there are any.
        start: folder or name of a model to begin with; the one that a refiner or a note reader is trained for, the
            shipped one by default.
        first_stage: folder or name of a model whose codec and vocoder are used as they are.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        seed: of the weights, the clips and the batches.
        tracker: ``trackio`` to write the log there as well, on this machine.
        on_progress: called with the run's progress; ``figures`` has the losses now and then.
        on_folder: called with each folder of ``stems`` whose files have been checked.

    Returns:
        The model's folder, for :func:`msgld.load`. A codec, or a vocoder for one, is a first stage, for
        ``first_stage``.

    Raises:
        UsageError: arguments of another type, out of range or that do not go together, or ``out`` holds another run.
        AudioWriteError: ``out`` cannot be a folder to write to.
        DataError: data are missing or unusable.
        ModelError: a model is missing, damaged, or does not fit.
        TrainingError: another process is training in ``out``, or the training cannot go on.
    """
    since, out = time.monotonic(), checks.as_path("out", out)
    minutes, seed = check_optional("minutes", minutes), check("seed", seed)
    steps = None if steps is None else RANGES["training_steps"].check("steps", steps)
    if minutes is not None and steps is not None:
        raise UsageError("minutes and steps both say how long the run is: name one of them")
    check_tracker(tracker)
    checks.check_function("on_progress", on_progress, "msgld.Progress")
    checks.check_function("on_folder", on_folder, "folder of songs")
    for one in (source, validation):
        if one is not None and not (hasattr(one, "stems") and callable(getattr(one, "clip", None))):
            raise UsageError(f"source has stems, and clip(seed, seconds), unlike {shown(one)}")
    design, chosen = find(part, recipe)
    names = checks.as_names("stem_names", stem_names)
    font = None if soundfont is None else checks.as_path("soundfont", soundfont)
    phrases = None if singing is None else checks.as_path("singing", singing)
    band = None if band is None else check_flag("band", band)
    folders = checks.as_paths("stems", stems), checks.as_paths("midi", midi)
    data = Data(*folders, band, font, names, checks.as_texts("maps", maps), phrases)
    data.check_paths()
    check_out(out, "out")
    if first_launched():
        refuse_busy(out)
    begin, stage = _model(start), _model(first_stage)
    about: dict[str, Any] = {"start": str(begin.resolve()) if begin else None, "seed": seed}
    if source is None:
        about["sources"] = data.record()
    default = model_folder() if design.over_a_model else None
    trained = design(chosen, out, begin or default, stage, choose_device(device_of_rank(device)), seed)
    if first_launched():
        check_record(out, **of_recipe(part, chosen), **about)
        check_length(out, steps, minutes, processes())
    with joined(trained.device) as ranks:
        with ranks.first_before_others():
            if source is None and design.learns_from != "sound":
                source = data.scores() if design.learns_from == "scores" else data.played()
            if source is None:
                known = _stems(begin or default)
                source = data.source(known, cache_folder(), on_progress, on_folder, design.grows)
        if ranks.first:
            write_record(out, **about)
        left = (minutes or chosen.minutes) - (time.monotonic() - since) / 60
        length = None if steps else max(left, LEAST_MINUTES)
        return run_part(
            trained, source, length, on_progress, steps=steps, validation=validation, tracker=tracker
        )


def _model(name: str | Path | None) -> Path | None:
    """Folder of a model by its folder or name, checked; None for None."""
    if name is None:
        return None
    folder = model_folder(str(name))
    read_description(folder)
    return folder


def _stems(start: Path | None) -> tuple[str, ...] | None:
    """The stems of a model; None for None or a first stage alone."""
    if start is None:
        return None
    about = read_description(start)
    return tuple(about["stems"]) if "denoiser" in about["parts"] else None
