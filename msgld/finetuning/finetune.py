"""``msgld.finetune``: one call by which a model learns a band's sounds, or goes on learning them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgld.api import checks
from msgld.api.folder import check_out
from msgld.api.store import model_folder
from msgld.data.stem_folders.words import stems_to_train
from msgld.description import read_description
from msgld.errors import UsageError
from msgld.files import write_whole
from msgld.finetuning.evening import Evening
from msgld.finetuning.songs import open_own
from msgld.finetuning.tuning import Tuned, Tuning
from msgld.progress import OnProgress
from msgld.ranges import check, check_optional
from msgld.runtime import choose_device
from msgld.stems import OTHER
from msgld.training.data import Data, OnFolder
from msgld.training.lock import alone
from msgld.training.score.pieces import open_scores

MINUTES = 60.0
"""Length of an evening by default."""

_RECORD = "finetune.json"

_SPOKEN = {
    "songs": "songs, or of these before they changed",
    "start": "models to begin with",
    "seed": "seeds",
}


def finetune(
    songs: str | Path,
    *,
    out: str | Path,
    minutes: float | None = None,
    start: str | Path | None = None,
    stem_names: Iterable[str] | None = None,
    maps: Iterable[str] = (),
    midi: Iterable[str | Path] = (),
    device: str = "auto",
    seed: int = 0,
    on_progress: OnProgress | None = None,
    on_folder: OnFolder | None = None,
) -> Tuned:
    """Tune a model to songs of one's own, in an evening; the same call resumes one that was stopped.

    Some eight songs, stem by stem, are enough. One of them is set aside and never learned: it decides how far the new
    model goes from the old one, and tells whether the others were learned by heart.

    Clips are rendered by processes that import the calling script, so a script calls this under
    ``if __name__ == "__main__":``.

    >>> tuned = msgld.finetune("my-songs", out="tuned/my-band", minutes=60)
    >>> model = msgld.load(tuned.folder)

    Args:
        songs: a folder of songs, one folder a song, one file a stem; a manifest (CSV, JSONL), or shards.
        out: folder of the evening; its ``model`` is the result.
        minutes: of training, 60 by default; measuring takes a few more.
        start: folder or name of the model to begin with, the shipped one by default. It keeps its stems.
        stem_names: the songs' stems, where the model is to learn new ones, such as ``["bass", "drums", "strings"]``.
        maps: ``FILE=STEM`` for files with unclear names.
        midi: folders of MIDI files of the band's music, for the score model. Without, it learns what it hears in the
            stems.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        seed: of the clips and the batches.
        on_progress: called with the progress of the evening; ``figures`` has the losses now and then.
        on_folder: called with the songs when their files have been checked.

    Raises:
        UsageError: arguments of another type or out of range, or ``out`` holds another evening, or one of songs that
            have changed since.
        AudioWriteError: ``out`` cannot be a folder to write to.
        DataError: the songs are missing, unusable or fewer than two, or there is no MIDI file in ``midi``.
        ModelError: the model is missing or damaged, or takes no further stems.
        TrainingError: another process trains in ``out``, or the training cannot go on.
    """
    path, out = checks.as_path("songs", songs), checks.as_path("out", out)
    minutes, seed = check_optional("minutes", minutes) or MINUTES, check("seed", seed)
    checks.check_function("on_progress", on_progress, "msgld.Progress")
    checks.check_function("on_folder", on_folder, "folder of songs")
    named = checks.as_names("stem_names", stem_names)
    scores, rules = checks.as_paths("midi", midi), checks.as_texts("maps", maps)
    folder = model_folder(None if start is None else str(start))
    stems = with_new(tuple(read_description(folder)["stems"]), named or ())
    chosen = choose_device(device)
    Data((path,), scores).check_paths()
    check_out(out, "out")
    if scores:
        open_scores(scores, band=False)
    own = open_own(path, stems, rules, on_progress)
    if on_folder:
        on_folder(own.folder)
    about = {
        "songs": {"folder": str(path.resolve()), "contents": own.contents()},
        "start": str(folder.resolve()),
        "stems": stems,
        "minutes": minutes,
        "MIDI files": [str(one.resolve()) for one in scores],
        "maps": rules,
        "seed": seed,
    }
    with alone(out, "fine-tuning"):
        _keep_record(out, about)
        evening = Evening(out, minutes, chosen, seed, on_progress)
        return Tuning(evening, own, folder, scores).run()


def with_new(stems: tuple[str, ...], named: Sequence[str]) -> tuple[str, ...]:
    """A model's stems, and after them those among ``named`` that it lacks; ``other`` stays the last one.

    Raises:
        UsageError: a name that cannot be a stem's, or new ones for a model without ``other``.
    """
    new = tuple(stem for stem in stems_to_train(named) if stem not in stems) if named else ()
    if new and OTHER not in stems:
        raise UsageError(f"new stems are taken out of {OTHER}, which the model to begin with has not")
    return (*(stem for stem in stems if stem != OTHER), *new, OTHER) if new else stems


def _keep_record(out: Path, about: Mapping[str, Any]) -> None:
    """Note what this evening is about; UsageError where the folder is another one's."""
    record, new = out / _RECORD, json.loads(json.dumps(about))
    if record.exists():
        former = json.loads(record.read_text("utf-8"))
        other = [name for name in new if former.get(name) != new[name]]
        if other:
            raise UsageError(
                f"{out} holds an evening of other {_SPOKEN.get(other[0], other[0])}: give the same, or choose "
                "another folder"
            )
        return
    if any(path.name != "run.lock" for path in out.iterdir()):
        raise UsageError(f"{out} holds other files: choose another folder")
    write_whole(record, json.dumps(new, indent=1).encode())
