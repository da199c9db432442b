"""``msgld doctor``, ``models`` and ``demo``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from msgld.cli import options as o
from msgld.cli.console import Talk, shown

DemoFolder = Annotated[
    Path, typer.Option("-o", "--out", metavar="FOLDER", help="Folder for the demo's results.")
]


def doctor(as_json: o.AsJson = False) -> int:
    """Say what this machine offers and lacks. Exit code 1 where msgld cannot work.

    \b
    Examples:
      msgld doctor
      msgld doctor --json
    """
    from msgld.cli.doctor import diagnose
    from msgld.cli.models import default_weights

    talk, checks = Talk(as_json), diagnose(default_weights)
    colours = {"ok": "green", "warn": "yellow", "fail": "red"}
    for check in checks:
        advice = f"  ->  {check.advice}" if check.advice else ""
        line = f"{check.status:<4}  {check.name:<12} {check.detail}{advice}"
        talk.say(line, fg=colours[check.status])
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
    from msgld.cli.models import list_models as find

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
    from msgld.cli.demo import run_demo

    run_demo(name, out, device, jobs, Talk())
    return 0
