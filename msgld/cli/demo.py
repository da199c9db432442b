"""``msgld demo``: the three tasks on a bundled song, with figures."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from msgld.audio.sound import read_all
from msgld.audio.write import write
from msgld.cli.console import Talk, plain, shown
from msgld.cli.models import open_model
from msgld.cli.progress_bar import spoken, track
from msgld.cli.targets import check_out
from msgld.errors import AudioWriteError
from msgld.metrics import si_sdri
from msgld.stems import RATE, STEMS

if TYPE_CHECKING:
    from msgld.api.msgld import Msgld

SONG = Path(__file__).parent.parent / "demo"
"""Folder of the song's true stems."""
MARK = "demo.json"
"""The demo's report; a folder that holds one may be written to again."""
GIVEN, MADE = ("bass", "drums", "other"), ("guitar", "piano")
GENERATED_SECONDS = 10.0


@dataclass
class Demo:
    """The run of a demo.

    Attributes:
        model: what is shown. out: folder of everything. talk: where to say it.
        report: figures so far.
    """

    model: Msgld
    out: Path
    talk: Talk
    report: dict[str, Any] = field(default_factory=dict)

    def timed(self, label: str, seconds: float, started: float) -> str:
        """Note and say how long something took that makes ``seconds`` of sound."""
        took = time.monotonic() - started
        self.report[label] = {"seconds": seconds, "took": took, "times_real_time": seconds / took}
        return f"{seconds:.0f} s in {spoken(took)}, {seconds / took:.1f} x real time"


def run_demo(name: str | None, out: Path, device: str, jobs: int | None, talk: Talk) -> dict[str, Any]:
    """Separate the song, generate a piece, arrange to the song's own stems; the report.

    Raises:
        AudioWriteError: ``out`` holds something that is no demo's. ModelError: the model is missing or damaged.
    """
    started = time.monotonic()
    _claim(out)
    demo = Demo(open_model(name, device, jobs, talk), out, talk)
    truth = {stem: read_all(SONG / f"{stem}.flac")[0] for stem in STEMS}
    _separate(demo, truth)
    if demo.model.model.vocoder is None:
        talk.say("this model has no vocoder: it does not generate or arrange")
    else:
        _generate(demo)
        if set(GIVEN) | set(MADE) <= set(demo.model.stems):
            _arrange(demo)
    _write_report(demo.report, out)
    took = spoken(time.monotonic() - started)
    talk.say(f"all in {took}; sound, spectrograms.png and figures are in {shown(out)}")
    return demo.report


def _claim(out: Path) -> None:
    """Make the folder, or make sure that it is a former demo's."""
    check_out(out)
    if out.is_dir() and any(out.iterdir()) and not (out / MARK).is_file():
        raise AudioWriteError(f"{out} holds something that is no demo's; choose another folder with --out")
    try:
        _write_report({}, out)
    except OSError as error:
        raise AudioWriteError(f"cannot write to {out}: {error.strerror}") from error


def _write_report(report: Mapping[str, Any], out: Path) -> None:
    from msgld.checkpoint import write_whole

    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / MARK, (json.dumps(plain(report), indent=1) + "\n").encode())


def _separate(demo: Demo, truth: Mapping[str, np.ndarray]) -> None:
    mixture = np.sum(list(truth.values()), axis=0)
    write(demo.out / "song.wav", mixture, RATE, overwrite=True)
    folder, started = demo.out / "separated", time.monotonic()
    with track("separating") as on_progress:
        saved = demo.model.separate_to(
            demo.out / "song.wav", folder, overwrite=True, residual=True, on_progress=on_progress
        )
    speed = demo.timed("separate", mixture.shape[1] / RATE, started)
    demo.talk.say(f"separated   {speed}  ->  {shown(folder)}")
    stems = [stem for stem in truth if stem in saved.files]
    gains = {stem: float(si_sdri(read_all(saved.files[stem])[0], truth[stem], mixture)) for stem in stems}
    demo.report["separate"] |= {"si_sdri": gains, "null_db": saved.run["null_db"]}
    figures = ", ".join(f"{stem} {gain:.1f}" for stem, gain in gains.items())
    mean = np.mean(list(gains.values())) if gains else float("nan")
    demo.talk.say(f"            SI-SDRi in dB against the true stems: {figures}; mean {mean:.1f}")
    demo.talk.say(f"            stems + residual - song = {saved.run['null_db']:.0f} dB of the song")


def _generate(demo: Demo) -> None:
    folder, started = demo.out / "generated", time.monotonic()
    with track("generating") as on_progress:
        demo.model.generate(GENERATED_SECONDS, on_progress=on_progress).save(folder, overwrite=True)
    demo.talk.say(f"generated   {demo.timed('generate', GENERATED_SECONDS, started)}  ->  {shown(folder)}")


def _arrange(demo: Demo) -> None:
    folder, started = demo.out / "arranged", time.monotonic()
    given = {stem: SONG / f"{stem}.flac" for stem in GIVEN}
    with track("arranging") as on_progress:
        result = demo.model.arrange(given, MADE, on_progress=on_progress)
        result.save(folder, overwrite=True)
    speed = demo.timed("arrange", result.mix.shape[-1] / result.rate, started)
    demo.talk.say(f"arranged    {speed}: {' and '.join(MADE)} to {', '.join(GIVEN)}  ->  {shown(folder)}")
