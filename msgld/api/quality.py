"""What ``draft``, ``normal`` and ``best`` mean, task by task."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from msgld.api.options import Options
from msgld.tasks.maps import Settings
from msgld.tasks.separate import Layout

# One call answers with the expected stems, which is the separator of least squared error: more calls draw a
# sample instead. So qualities differ in how many windows' answers are averaged. With a fade of 4 s every
# moment lies in two windows; a second pass lays them elsewhere.
_LAYOUTS = {
    "draft": (Layout(context=0.5, fade=0.25),),
    "normal": (Layout(context=0.5, fade=4.0),),
    "best": (Layout(context=0.5, fade=4.0), Layout(context=1.75, fade=2.5)),
}
_STEPS = {"draft": 6, "normal": 12, "best": 16}


def separation_passes(options: Options) -> tuple[Settings, tuple[Layout, ...]]:
    """Sampling of a separation, and the windows of each pass; the passes' answers are averaged."""
    return _settings(Settings(), options), _LAYOUTS[options.quality]


def making(options: Options) -> Settings:
    """Sampling of everything that invents: generate, arrange, vary, continue."""
    return _settings(Settings(steps=_STEPS[options.quality], sampler="multistep"), options)


def _settings(base: Settings, options: Options) -> Settings:
    chosen: dict[str, Any] = {
        "steps": options.steps, "guidance": options.guidance, "sampler": options.sampler
    }  # fmt: skip
    return replace(
        base, seed=options.seed, **{key: value for key, value in chosen.items() if value is not None}
    )
