"""``msgld demo``: the main tasks on a bundled song, with figures."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msgld.api.folder import check_out
from msgld.cli.console import Console, plain, shown, spoken, track
from msgld.cli.models import Opened
from msgld.errors import AudioWriteError
from msgld.stems import RATE, STEMS

if TYPE_CHECKING:
    from msgld.api.msgld import Msgld

SONG = Path(__file__).parent.parent / "demo"
"""Folder of the song's true stems."""
MARK = "demo.json"
"""The demo's report; a folder that holds one may be written to again."""
GIVEN, MADE = ("bass", "drums", "other"), ("guitar", "piano")
GENERATED_SECONDS = 10.0
GENERATED_BARS, CHORDS, STYLE, BPM = 16, "Am F C G", "rock", 104.0

Folder = Annotated[Path, typer.Option("-o", "--out", metavar="FOLDER", help="Folder for the demo's results.")]


def demo(out: Folder = Path("demo"), *, source: Opened) -> int:
    """Run all tasks on the bundled song: separate it, generate a piece, arrange. It takes about two minutes.

    The built-in band composed the song, and its sounds are in no training data. Its true stems are bundled, too, so the
    demo also measures the separation.

    \b
    Examples:
      msgld demo
      msgld demo -o try-it
    """
    console, started = Console(), time.monotonic()
    _claim(out)
    model = source.open(console)
    report = {"separate": _separate(model, out, console)}
    if model.model.vocoder is None:
        console.say("this model has no vocoder: it does not generate or arrange")
    else:
        report["generate"] = _generate(model, out / "generated", console)
        if set(GIVEN) | set(MADE) <= set(model.stems):
            report["arrange"] = _arrange(model, out / "arranged", console)
    _write_report(report, out)
    took = spoken(time.monotonic() - started)
    console.say(f"all in {took}; sound, spectrograms.png and figures are in {shown(out)}")
    return 0


def _claim(out: Path) -> None:
    """Make the folder, or make sure that it holds an earlier demo.

    Raises:
        AudioWriteError: it holds something else, or is not writable.
    """
    check_out(out)
    if out.is_dir() and any(out.iterdir()) and not (out / MARK).is_file():
        raise AudioWriteError(f"{out} holds something else than a demo; choose another folder with --out")
    try:
        _write_report({}, out)
    except OSError as error:
        raise AudioWriteError(f"cannot write to {out}: {error.strerror}") from error


def _write_report(report: Mapping[str, Any], out: Path) -> None:
    from msgld.files import write_whole

    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / MARK, (json.dumps(plain(report), indent=1) + "\n").encode())


def _separate(model: Msgld, out: Path, console: Console) -> dict[str, Any]:
    """Separate the song and compare the stems with the true ones."""
    import numpy as np

    from msgld.audio.sound import read_all
    from msgld.audio.write import write
    from msgld.metrics import si_sdri

    truth = {stem: read_all(SONG / f"{stem}.flac")[0] for stem in STEMS if (SONG / f"{stem}.flac").is_file()}
    mixture = np.sum(list(truth.values()), axis=0)
    song, folder = out / "song.wav", out / "separated"
    write(song, mixture, RATE, overwrite=True)
    started = time.monotonic()
    with track("separating") as on_progress:
        saved = model.separate_to(song, folder, overwrite=True, residual=True, on_progress=on_progress)
    figures = _timed("separated", mixture.shape[1] / RATE, started, folder, console)
    stems = [stem for stem in truth if stem in saved.files]
    gains = {stem: float(si_sdri(read_all(saved.files[stem])[0], truth[stem], mixture)) for stem in stems}
    listed = ", ".join(f"{stem} {gain:.1f}" for stem, gain in gains.items())
    mean = np.mean(list(gains.values())) if gains else float("nan")
    console.say(f"            SI-SDRi in dB against the true stems: {listed}; mean {mean:.1f}")
    console.say(f"            stems + residual - song = {saved.run['null_db']:.0f} dB of the song")
    return {**figures, "si_sdri": gains, "null_db": saved.run["null_db"]}


def _generate(model: Msgld, folder: Path, console: Console) -> dict[str, Any]:
    from msgld.music.conditions import Conditions

    started, composer = time.monotonic(), model.model.composer
    with track("generating") as on_progress:
        if composer is not None:
            style = STYLE if STYLE in composer.styles else None
            over = Conditions(chords=CHORDS, style=style, bpm=BPM)
            result = model.generate(bars=GENERATED_BARS, conditions=over, on_progress=on_progress)
        else:
            result = model.generate(GENERATED_SECONDS, on_progress=on_progress)
        result.save(folder, overwrite=True)
    what = "generated" if composer is None else f"generated {GENERATED_BARS} bars over {CHORDS},"
    return _timed(what, result.mix.shape[-1] / result.rate, started, folder, console)


def _arrange(model: Msgld, folder: Path, console: Console) -> dict[str, Any]:
    started, given = time.monotonic(), {stem: SONG / f"{stem}.flac" for stem in GIVEN}
    with track("arranging") as on_progress:
        result = model.arrange(given, MADE, on_progress=on_progress)
        result.save(folder, overwrite=True)
    what = f"arranged {' and '.join(MADE)} to {', '.join(GIVEN)}"
    return _timed(what, result.mix.shape[-1] / result.rate, started, folder, console)


def _timed(what: str, seconds: float, started: float, folder: Path, console: Console) -> dict[str, Any]:
    """Print and return how long a task took that made ``seconds`` of sound."""
    took = time.monotonic() - started
    speed = f"{seconds:.0f} s in {spoken(took)}, {seconds / took:.1f} x real time"
    console.say(f"{what:<11} {speed}  ->  {shown(folder)}")
    return {"seconds": seconds, "took": took, "times_real_time": seconds / took}
