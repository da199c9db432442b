"""A run of the note reader's training: state, the model with its reader, log and pictures in one folder."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from msgld.checkpoint import load_model, save_model
from msgld.data.source import Source
from msgld.dsp.codec import PatchCodec
from msgld.errors import DataError, ModelError
from msgld.nets.vocoder import Vocoder
from msgld.training.beginning import Report, begun, wait_for
from msgld.training.disk import Run, described, trained_on
from msgld.training.naming import model_name
from msgld.training.note_pool import NotePool
from msgld.training.notes import NotesTraining, build_reader
from msgld.training.notes_presets import NotesPreset
from msgld.training.pool import PoolConfig
from msgld.training.preview import save_picture
from msgld.training.record import of_preset


class NotesRun(Run):
    """A note reader's training and its folder."""

    def __init__(self, training: NotesTraining, out: Path, report: Report | None) -> None:
        super().__init__(training, training.preset, out, report)
        self.reading = training

    def export(self) -> None:
        """Write the whole model, with this note reader, to ``model/``."""
        model = self.reading.model
        model.info["name"] = model_name(self.out)
        model.info["notes_training"] = {**described(self.reading.preset), **self.about()}
        save_model(model, self.out / "model")

    def draw(self, path: Path) -> None:
        """Draw a crop's notes as they are read, over those that were heard; the crop is the same in every picture."""
        training = self.reading
        with training.aside(), torch.no_grad():
            crops = training.next_crops()
            read = training.reader(crops.mels).softmax(1)
        _draw(read[0].cpu(), crops.notes[0].cpu(), crops.sure[0].cpu(), training.reader.config.lowest, path)


def train_notes(
    preset: NotesPreset,
    source: Source,
    start: Path,
    out: Path,
    minutes: float | None = None,
    device: torch.device | str = "cpu",
    seed: int = 0,
    report: Report | None = None,
) -> Path:
    """Train a note reader for a frozen model; called again it goes on where it was.

    Args:
        start: the model's folder; a note reader that it has is trained on, if it is of the preset's size.
        out: the run's folder, with the whole model in ``model/``.
        minutes: length of the whole run; the preset's by default.
        report: called about every 50 steps.

    Returns:
        The model's folder.

    Raises:
        DataError: the source has no such stem. ModelError: the model is missing, damaged, or does not sound by a
            vocoder that takes notes.
    """
    model, codec = load_model(start, device), load_model(start).codec
    stem = preset.network.stem
    if not isinstance(codec, PatchCodec) or not isinstance(model.vocoder, Vocoder):
        raise ModelError(
            f"{start} has no vocoder that could play notes: train one first, with --part vocoder"
        )
    if stem not in source.stems or stem not in model.stems:
        raise DataError(f"a note reader is for the stem {stem}, which the data or the model do not have")
    model.notes = trained_on(model.notes, build_reader(preset, seed))

    def pool_of(config: PoolConfig) -> NotePool:
        return NotePool(source, config, codec, preset.network, preset.vary)

    minutes, about = minutes or preset.minutes, of_preset("notes", preset)
    with begun(out, pool_of, preset.pool, seed, source, about) as (pool, saved):
        wait_for(pool, 2 * preset.items, report, minutes)
        training = NotesTraining(preset, model, pool, minutes, torch.device(device), seed)
        run = NotesRun(training, out, report)
        run.resume(saved)
        run.go()
    return out / "model"


def _draw(read: Tensor, heard: Tensor, sure: Tensor, lowest: int, path: Path) -> None:
    """A picture; without matplotlib there is none."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return
    figure = Figure(figsize=(10, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    notes, columns = read.shape
    extent = (-0.5, columns - 0.5, lowest - 0.5, lowest + notes - 0.5)
    axis.imshow(read.numpy(), origin="lower", aspect="auto", extent=extent, vmin=0, vmax=1)
    believed = sure > 0.5
    axis.plot(torch.arange(columns)[believed], heard[believed] + lowest, "r.", markersize=2, label="heard")
    axis.set(xlabel="column", ylabel="note", title="notes as they are read")
    axis.legend(loc="upper right")
    save_picture(figure, path, 80)
