"""An evening from its first figure to its page: measure, train, choose, measure again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from msgld.api.msgld import Msgld, load
from msgld.checkpoint import save_model
from msgld.data.source import Clip
from msgld.description import read_description
from msgld.finetuning import line
from msgld.finetuning.before import figures, mean
from msgld.finetuning.clips import clips_of
from msgld.finetuning.evening import SOUND, Evening
from msgld.finetuning.page import example_of, write_page
from msgld.finetuning.scores import ScoreTuning
from msgld.finetuning.songs import OwnSongs
from msgld.model import Model
from msgld.progress import Progress
from msgld.training.folder import MODEL, model_name

HEART = 2.0
"""dB by which the songs that are learned may gain more than the one that is set aside."""


@dataclass(frozen=True)
class Tuned:
    """What an evening has made.

    Attributes:
        folder: of the model, for :func:`msgld.load`.
        page: with figures and sounds, before and after.
        rows: SI-SDR improvements in dB on the song that was set aside, stem by stem: ``stem``, ``before``, ``after``.
        ways: how far its denoiser and its refiner went from those that it began with, 0 to 1.
        remarks: what is to be said, such as that it learned the songs by heart.
    """

    folder: Path
    page: Path
    rows: tuple[dict[str, Any], ...]
    ways: line.Place
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tuning:
    """Tunes a model to songs.

    Attributes:
        evening: folder, time and device.
        own: the songs.
        start: folder of the model to begin with.
        midi: folders of the band's notes; empty to listen.
    """

    evening: Evening
    own: OwnSongs
    start: Path
    midi: Sequence[Path] = ()

    @property
    def stems(self) -> tuple[str, ...]:
        """Those of the model that is made."""
        return self.own.folder.stems

    @cached_property
    def aside(self) -> list[Clip]:
        """Excerpts of the song that is set aside."""
        return self.own.aside_clips()

    def run(self) -> Tuned:
        """Do all of it, or what is left of it."""
        evening, shipped = self.evening, load(self.start, device=str(self.evening.device))
        self._say("measuring", 0.0)
        before = figures(shipped, self.aside, self.stems)
        trained = evening.train(SOUND, self.start, clips_of(self.own.folder, shipped.stems))
        self._say("choosing", sum(SOUND.values()))
        ways = line.choose(partial(self._score, trained), mean(before))
        model = line.place(self.start, trained, ways, evening.device)
        alone = self._score(trained, line.END) - mean(before)
        score, notes = ScoreTuning(evening, self.own, self.start, self.midi).tuned(sum(SOUND.values()))
        if score is not None:
            model.score = score
        self._say("measuring", 0.98)
        tuned = self._saved(model, ways)
        after = figures(tuned, self.aside, self.stems)
        learned = self._gain(shipped, tuned)
        gain = mean(after) - mean(before)
        remarks = [*self._remarks(ways, gain, learned), *self._alone(trained, gain, alone), *notes]
        rows = rows_of(self.stems, before, after)
        page = self._page(rows, learned, remarks, shipped, tuned)
        self._say("measuring", 1.0)
        return Tuned(evening.out / MODEL, page, tuple(rows), ways, tuple(remarks))

    def _score(self, trained: Path, at: line.Place) -> float:
        model = Msgld(line.place(self.start, trained, at, self.evening.device))
        return mean(figures(model, self.aside, self.stems))

    def _saved(self, model: Model, ways: line.Place) -> Msgld:
        """Write the model, and open it as it is written."""
        out, about = self.evening.out, read_description(self.start)["info"]
        facts = {
            "from": about.get("name"),
            "songs": len(self.own.learned),
            "minutes": self.evening.minutes,
            "ways": ways,
        }
        model.info = {**about, "name": model_name(out), "tuned": facts}
        save_model(model, out / MODEL)
        return load(out / MODEL, device=str(self.evening.device))

    def _gain(self, shipped: Msgld, tuned: Msgld) -> float:
        """What the songs that were learned gain, in dB."""
        learned = self.own.learned_clips()
        before, after = (mean(figures(model, learned, self.stems)) for model in (shipped, tuned))
        return after - before

    def _page(
        self,
        rows: Sequence[dict[str, Any]],
        learned: float,
        remarks: Sequence[str],
        shipped: Msgld,
        tuned: Msgld,
    ) -> Path:
        """Write the page."""
        line = (
            f"SI-SDR improvement in dB on {self.own.aside.name}, which was set aside and never learned; "
            f"{len(self.own.learned)} others were learned, and gain {learned:+.1f} dB"
        )
        example = example_of(self.aside[0], shipped, tuned, self.stems)
        return write_page(
            f"{tuned.name}: before and after", rows, [line, *remarks], example, self.evening.out
        )

    def _remarks(self, ways: line.Place, aside: float, learned: float) -> list[str]:
        """What the figures mean, as far as something is to be done about it."""
        if ways == line.BEGIN:
            return [
                f"the song that was set aside ({self.own.aside.name}) gained nothing, so the weights stay "
                "as they were: add songs that sound like it, or minutes"
            ]
        if learned > aside + HEART:
            return [
                f"it begins to learn the songs by heart: they gain {learned:.1f} dB, the one that was set aside "
                f"{aside:.1f} dB: add songs"
            ]
        return []

    def _alone(self, trained: Path, gain: float, alone: float) -> list[str]:
        """Where the weights at the end of the line are, if they are better for this band."""
        if alone < gain + line.NEAR:
            return []
        return [
            f"{trained} gains {alone:.1f} dB instead of {gain:.1f} on that song: for this band alone, as it has "
            "forgotten more of other music"
        ]

    def _say(self, stage: str, done: float) -> None:
        """Report a stage that measures."""
        evening = self.evening
        if evening.on_progress:
            whole = evening.minutes * 60
            evening.on_progress(Progress(round(whole * done), round(whole), "s", stage, whole * (1 - done)))


def rows_of(stems: Sequence[str], before: np.ndarray, after: np.ndarray) -> list[dict[str, Any]]:
    """A row for each stem that sounds, and one for all: SI-SDR improvements in dB before and after, and the gain."""
    there = [k for k in range(len(stems)) if np.isfinite(before[:, k]).any()]
    means = {stems[k]: (float(np.nanmean(before[:, k])), float(np.nanmean(after[:, k]))) for k in there}
    means |= {"all": (mean(before), mean(after))}
    return [
        {"stem": stem, "before": round(one, 2), "after": round(two, 2), "gain": round(two - one, 2)}
        for stem, (one, two) in means.items()
    ]
