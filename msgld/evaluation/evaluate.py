"""Runs an evaluation: chooses the clips, answers the question, writes the report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from msgld.api import checks
from msgld.api.folder import check_out
from msgld.api.msgld import Msgld
from msgld.api.options import NORMAL, Options
from msgld.errors import UsageError
from msgld.evaluation.altered import ALTERATIONS, Altered
from msgld.evaluation.arrangement import Arrangement
from msgld.evaluation.clips import Clips, clips_of, one_clip, score_clips_of
from msgld.evaluation.codec import Codec
from msgld.evaluation.composition import Composition
from msgld.evaluation.embeddings import Embedding
from msgld.evaluation.generation import Generation
from msgld.evaluation.given_sound import GIVEN
from msgld.evaluation.listening import Listening
from msgld.evaluation.measures import MEASURES
from msgld.evaluation.protocols import PROTOCOLS, Published, narrowed
from msgld.evaluation.question import Question
from msgld.evaluation.report import refuse_another, write_report
from msgld.evaluation.separation import Separation
from msgld.evaluation.song_protocols import SONG_PROTOCOLS, SongProtocol
from msgld.evaluation.songs import Songs
from msgld.evaluation.subsets import Subset, named_subsets
from msgld.evaluation.sung_clips import SungClips
from msgld.progress import Meter, OnProgress
from msgld.ranges import RANGES, check, look_up, shown

if TYPE_CHECKING:
    from msgld.data.stem_folders.song_set import SongSet

QUESTIONS: dict[str, type[Question]] = {
    "separate": Separation,
    "generate": Generation,
    "arrange": Arrangement,
    "listening": Listening,
    "codec": Codec,
    "compose": Composition,
}
"""Task -> the question about it."""


def evaluate(
    model: Msgld,
    task: str = "separate",
    *,
    clips: Clips | None = None,
    stems: str | Path | SongSet | None = None,
    midi: str | Path | None = None,
    soundfont: str | Path | None = None,
    limit: int | None = None,
    out: str | Path | None = None,
    options: Options = NORMAL,
    measure: str | None = None,
    subsets: Sequence[Subset] | str | None = None,
    curves: int | None = None,
    given: str | None = None,
    networks: Sequence[Embedding] = (),
    protocol: str | None = None,
    altered: str | None = None,
    singing: str | Path | None = None,
    on_progress: OnProgress | None = None,
) -> dict[str, Any]:
    """Measure a model on the held-out set, or on songs of your own, through the calls that users make.

    Args:
        model: returned by :func:`msgld.load`.
        task: ``separate`` (by ``measure``), ``generate`` (distance of new pieces to the clips), ``arrange`` (how well
            made stems go with the given ones), ``compose`` (the same of notes), ``listening`` (ratios of the denoiser's
            errors) or ``codec``.
        clips: instead of the held-out set.
        stems: your own songs, as :func:`msgld.train` takes them; cut into clips of 10.24 s.
        midi: folder of the held-out set's MIDI files; without it only the band's part of the set is used.
        soundfont: plays the held-out set instead of its own, TimGM6mb.
        limit: only the first so many clips.
        out: folder for ``<task>.json``, ``<task>.md`` and the page ``<task>.html``.
        options: of the calls.
        measure: with ``separate``, a name of :data:`msgld.evaluation.measures.MEASURES`; SI-SDRi by default.
        subsets: with ``arrange``, stems to make to the others, each subset over all clips, such as
            ``[("bass",), ("guitar", "piano")]`` or ``"bass,guitar+piano"``; by default those of
            :func:`msgld.evaluation.subsets.usual_subsets`. With ``compose`` they are made in notes.
        curves: with ``compose``, clips whose level curves are compared with several seeds, 30 by default; 0 for none.
        given: with ``compose``, what is given of the other stems: their ``notes`` (the default), their ``sound``, or
            the ``mixture``, which is separated first. Sound is played by the held-out soundfont.
        networks: with ``generate`` and ``arrange``, embeddings that compare sets of sounds besides mel statistics; see
            :func:`msgld.evaluation.embeddings.named_embeddings`.
        protocol: of a paper on Slakh2100, a name of :data:`msgld.evaluation.protocols.PROTOCOLS`. It sets the stems,
            and unless you do the number and length of the clips and the measure. Or, with ``separate`` and ``stems``,
            of recordings, a name of :data:`msgld.evaluation.song_protocols.SONG_PROTOCOLS`. It sets stems and
            measures; the clips are whole songs.
        altered: what happens to the clips before, a name of :data:`msgld.evaluation.altered.ALTERATIONS`.
        singing: a folder of sung phrases, of which those for tests sing along; ``tools/singing`` makes one.
        on_progress: called with the progress.

    Returns:
        The report: ``task``, ``model``, ``clips`` (their number), the settings, ``rows``, and for some tasks further
        ``tables`` of rows by title, ``values`` of every clip, their ``names`` and ``remarks``. A row has at least name,
        mean, low and high (the 95 % interval) and count.

    Raises:
        UsageError: a value of another type, an unknown task, measure or protocol, a setting of another task, two
            sources of clips, too few clips, or a report in ``out`` that was measured otherwise.
        AudioWriteError: ``out`` cannot be a folder to write to.
        DataError: soundfont, MIDI files or songs are missing.
    """
    measurement = open_measurement(
        model, task, clips=clips, stems=stems, midi=midi, soundfont=soundfont, limit=limit, out=out, options=options,
        measure=measure, subsets=subsets, curves=curves, given=given, networks=networks, protocol=protocol,
        altered=altered, singing=singing,
    )  # fmt: skip
    checks.check_running(options, on_progress, None)
    meter = measurement.meter(on_progress)
    taken = (measurement.clip(number) for number in range(measurement.count))
    return measurement.report(measurement.question.answer(taken, meter.advance), meter)


@dataclass(frozen=True)
class Measurement:
    """An evaluation whose settings are checked and whose clips are found.

    Attributes:
        question: to answer.
        clips: by number.
        count: of those that are taken, the first ones.
        about: what the report says first.
        folder: of the report; None for none.
        kept: which of the model's stems are measured, bool (S,).
        lacking: remark on what is not measured.
    """

    question: Question
    clips: Any
    count: int
    about: Mapping[str, Any]
    folder: Path | None
    kept: np.ndarray
    lacking: Sequence[str]

    def clip(self, number: int) -> Any:
        """One of the clips, as the question takes them."""
        if self.question.of_scores or self.question.of_songs:
            return self.clips[number]
        return narrowed(one_clip(self.clips[number], self.question.model.stems), self.kept)

    def meter(self, on_progress: OnProgress | None) -> Meter:
        """Counts the work."""
        work, unit = self.question.work(self.count), self.question.unit
        meter = Meter(work, unit, f"evaluating {self.about['task']}", on_progress)
        meter.advance(0)
        return meter

    def report(self, answer: dict[str, Any], meter: Meter) -> dict[str, Any]:
        """The report, which is also written where there is a folder for it.

        Args:
            answer: see :meth:`Question.answer`.
            meter: comes to its end.
        """
        meter.advance(math.inf)  # fractions of a clip may sum to a little less than it
        examples = answer.pop("examples", [])
        remarks = [*answer.pop("remarks", []), *_remarks(answer["rows"]), *self.lacking]
        report = {**self.about, **answer, **({"remarks": remarks} if remarks else {})}
        if self.folder is not None:
            write_report(report, examples, self.folder)
        return report


def open_measurement(
    model: Msgld,
    task: str,
    *,
    clips: Clips | None = None,
    stems: str | Path | SongSet | None = None,
    midi: str | Path | None = None,
    soundfont: str | Path | None = None,
    limit: int | None = None,
    out: str | Path | None = None,
    options: Options = NORMAL,
    measure: str | None = None,
    subsets: Sequence[Subset] | str | None = None,
    curves: int | None = None,
    given: str | None = None,
    networks: Sequence[Embedding] = (),
    protocol: str | None = None,
    altered: str | None = None,
    singing: str | Path | None = None,
) -> Measurement:
    """Check the settings of :func:`evaluate` and find the clips. Arguments and errors are the same."""
    checks.check_type("model", model, Msgld, "msgld.load()")
    checks.check_running(options, None, None)
    checks.check_type("networks", networks, Sequence, "embeddings")
    for network in networks:
        checks.check_type("networks", network, Embedding, "embeddings")
    folder = None if out is None else checks.as_path("out", out)
    if folder is not None:
        check_out(folder, "out")
    if clips is not None and not (hasattr(clips, "__len__") and hasattr(clips, "__getitem__")):
        raise UsageError(f"clips are given as a sequence of them, not as {shown(clips)}")
    sources = {"clips": clips, "stems": stems, "midi": midi, "soundfont": soundfont}
    check_settings(
        measure=measure, protocol=protocol, limit=limit, altered=altered, singing=singing, **sources
    )
    published = PROTOCOLS.get(protocol or "")
    of_songs = SONG_PROTOCOLS.get(protocol or "")
    chosen_subsets = (
        None if subsets is None else named_subsets(subsets, model.makes if task == "compose" else model.stems)
    )
    if curves is not None:
        RANGES["curves"].check("curves", curves)
    if given is not None:
        look_up("given", given, dict.fromkeys(GIVEN))
    settings: dict[str, Any] = {
        "measure": measure,
        "subsets": chosen_subsets,
        "networks": networks,
        "curves": curves,
        "given": given,
    }
    if task == "compose":
        settings["midi"] = midi
    question = _question(model, task, options, settings, published, of_songs)
    phrases = None if singing is None else checks.as_path("singing", singing)
    chosen: Any = (
        of_songs.songs(stems) if of_songs else _clips(question, sources, published, altered, phrases)
    )
    kept = published.kept(model.stems) if published else np.ones(len(model.stems), bool)
    count = min(len(chosen), limit or (published and published.clips.get(task)) or len(chosen))
    _check_count(task, question, count)
    about: dict[str, Any] = {"task": task, "model": model.name, "clips": count}
    named = published or of_songs
    about |= {"protocol": f"{named.name} ({named.source})"} if named else {}
    about |= {"altered": altered} if altered else {}
    about |= {"singing": str(singing)} if singing is not None else {}
    about |= question.about()
    if folder is not None:
        refuse_another(folder, about)
    lacking = _lacking(task, published, networks)
    return Measurement(question, chosen, count, about, folder, kept, lacking)


def check_settings(
    *,
    measure: str | None = None,
    protocol: str | None = None,
    limit: int | None = None,
    altered: str | None = None,
    **others: object,
) -> None:
    """Check settings of :func:`evaluate` that need no model.

    Raises:
        UsageError: an unknown measure, protocol or alteration, a limit out of range, or clips from two sources.
    """
    if measure is not None:
        look_up("measure", measure, MEASURES)
    if protocol is not None:
        look_up("protocol", protocol, {**PROTOCOLS, **SONG_PROTOCOLS})
    if altered is not None:
        look_up("alteration", altered, ALTERATIONS)
    if protocol in SONG_PROTOCOLS:
        if others.get("stems") is None:
            raise UsageError(f"{protocol} is measured on songs: name their folder in stems (--stems FOLDER)")
        named = {"measure": measure, "altered": altered, "singing": others.get("singing")}
        for name in [one for one, value in named.items() if value is not None]:
            raise UsageError(f"{protocol} sets the measures of whole songs as they are: leave out {name}")
    if limit is not None:
        RANGES["clips"].check("limit", limit)
    given = [name for name in ("clips", "stems", "midi", "soundfont") if others.get(name) is not None]
    if len(given) > 1 and given != ["midi", "soundfont"]:
        raise UsageError(
            f"{' and '.join(given)} are two sources of clips: choose the held-out set (midi, soundfont) or your own"
        )


def _clips(
    question: Question,
    sources: Mapping[str, Any],
    published: Published | None,
    altered: str | None,
    singing: Path | None,
) -> Any:
    """The clips of a question, from the source that is given; with singers and altered, where that is wanted."""
    clips, stems, midi, soundfont = (sources[name] for name in ("clips", "stems", "midi", "soundfont"))
    if question.of_scores:
        others = {"clips": clips, "stems": stems, "soundfont": soundfont}
        protocol = published and published.name
        return score_clips_of(midi, **others, protocol=protocol, altered=altered, singing=singing)
    names = question.model.stems
    chosen = clips_of(names, stems, midi, soundfont, published) if clips is None else clips
    chosen = chosen if singing is None else SungClips(chosen, names, singing)
    return Altered(chosen, altered) if altered else chosen


def _question(
    model: Msgld,
    task: str,
    options: Options,
    settings: Mapping[str, Any],
    published: Published | None,
    of_songs: SongProtocol | None,
) -> Question:
    """The question about a task, with the given settings and those that it takes from a protocol."""
    question = look_up("evaluation", task, QUESTIONS)
    if of_songs and question is not Separation:
        raise UsageError(f"{of_songs.name} is a protocol of separate, not of {task}")
    takes = {name: {field.name for field in fields(kind)} for name, kind in QUESTIONS.items()}
    given = {name: value for name, value in settings.items() if value or value == 0}
    for name in given.keys() - takes[task]:
        owners = " and ".join(other for other in QUESTIONS if name in takes[other])
        raise UsageError(f"{name} goes with the evaluation of {owners}, not of {task}")
    if of_songs:
        return Songs(model, options, of_songs)
    defaults = published.settings(model.stems) if published else {}
    return question(
        model, options, **{name: value for name, value in (defaults | given).items() if name in takes[task]}
    )


def _check_count(task: str, question: Question, count: int) -> None:
    """Raise UsageError where clips are too few, or their seeds would be out of range."""
    if not count:
        raise UsageError("there are no clips to measure")
    if count < question.fewest:
        raise UsageError(
            f"{task} compares sets of pieces: it takes {question.fewest} clips or more, not {count}"
        )
    check("seed", question.options.seed + count - 1)


def _remarks(rows: Sequence[Any]) -> list[str]:
    """Remarks to the user about the figures."""
    return [] if rows else ["no figures: these clips have nothing to compare"]


def _lacking(task: str, published: Published | None, networks: Sequence[Embedding]) -> list[str]:
    """Remarks to the user about figures of a protocol that are not measured."""
    had = {network.name for network in networks}
    lacking = [name for name in published.networks if name not in had] if published else []
    if not lacking or task not in ("generate", "arrange"):
        return []
    return [
        f"not measured: the protocol's distances with {' and '.join(lacking)}, whose weights are not given "
        "(networks, --embedding)"
    ]
