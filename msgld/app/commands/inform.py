"""``msgld evaluate``, ``doctor``, ``models`` and ``demo``."""

from __future__ import annotations

from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from msgld.app import options as o
from msgld.app.talk import Talk, shown


class Task(str, Enum):
    """What can be measured."""

    separate = "separate"
    arrange = "arrange"
    codec = "codec"


TaskOption = Annotated[Task, typer.Option("--task", help="What to measure.")]
MidiFolder = Annotated[
    Path | None,
    typer.Option("--midi", metavar="FOLDER", help="MIDI files of the held-out set; without, the band's."),
]
Clips = Annotated[
    int | None, typer.Option("--clips", min=1, help="Clips to measure; all of them by default.")
]
ReportFolder = Annotated[
    Path | None, typer.Option("-o", "--out", metavar="FOLDER", help="Folder for the report; none by default.")
]
DemoFolder = Annotated[
    Path, typer.Option("-o", "--out", metavar="FOLDER", help="Folder for the demo's results.")
]


def evaluate(name: o.Model = None, task: TaskOption = Task.separate, midi: MidiFolder = None, clips: Clips = None,
             out: ReportFolder = None, device: o.Device = "auto", jobs: o.Jobs = None,
             as_json: o.AsJson = False) -> int:  # fmt: skip
    """Measure a model on songs that no training hears.

    \b
    Examples:
      msgld evaluate
      msgld evaluate -n runs/mine/model --clips 20
      msgld evaluate --task arrange --midi songs/ --out report
    """
    from msgld.app.evaluating import evaluate_model

    talk = Talk(as_json)
    evaluate_model(name, task.value, midi, clips, out, device, jobs, talk)
    return 0


def doctor(as_json: o.AsJson = False) -> int:
    """Say what this machine offers and lacks. Exit code 1 where msgld cannot work.

    \b
    Examples:
      msgld doctor
      msgld doctor --json
    """
    from msgld.app.doctor import diagnose
    from msgld.app.models import default_weights

    talk, checks = Talk(as_json), diagnose(default_weights)
    colours = {"ok": "green", "warn": "yellow", "fail": "red"}
    for check in checks:
        status = typer.style(f"{check.status:<4}", fg=colours[check.status])
        advice = f"  ->  {check.advice}" if check.advice else ""
        talk.say(f"{status}  {check.name:<12} {check.detail}{advice}")
        talk.record(**asdict(check))
    return int(any(check.status == "fail" for check in checks))


def list_models(as_json: o.AsJson = False) -> int:
    """List the models on this machine, and what each can do.

    Further models belong into the folder "models" of the cache, which msgld doctor names.

    \b
    Examples:
      msgld models list
      msgld models list --json
    """
    from msgld.api.store import cache_folder
    from msgld.app.models import list_models as find

    talk, models = Talk(as_json), find()
    for model in models:
        talk.record(**model)
        does = model.get("error") or f"{', '.join(model['tasks'])}; {model['megabytes']} MB"
        talk.say(f"{model['name']:<12} {does}  ({shown(model['folder'])})")
    if not models:
        talk.say(f"no models: install msgld again, or put one into {cache_folder() / 'models'}")
    return 0


def demo(name: o.Model = None, out: DemoFolder = Path("demo"), device: o.Device = "auto",
         jobs: o.Jobs = None) -> int:  # fmt: skip
    """Try everything on a song that comes along.

    It separates, generates and arranges, in about two minutes. The built-in band composed the song, and it
    is played with sounds that no training has heard. Its true stems come along too, so the demo also says
    how good the separation is.

    \b
    Examples:
      msgld demo
      msgld demo -o try-it
    """
    from msgld.app.demo import run_demo

    run_demo(name, out, device, jobs, Talk())
    return 0
