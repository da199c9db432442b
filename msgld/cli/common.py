"""What the commands that run the model share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgld.cli.options import Consistency, Quality, Sampler
from msgld.music.conditions import Conditions

if TYPE_CHECKING:
    from msgld import Options


def sampling(quality: Quality, steps: int | None, guidance: float | None, seed: int, sampler: Sampler | None,
             eta: float | None, iterations: int, consistency: Consistency | None = None,
             segment: float | None = None, overlap: float | None = None,
             batch: int | None = None, style_guidance: float | None = None) -> Options:  # fmt: skip
    """The options of the Python interface."""
    from msgld import Options

    return Options(
        quality=quality.value,
        steps=steps,
        guidance=guidance,
        seed=seed,
        sampling=_research(sampler, eta, iterations),
        consistency=consistency.value if consistency else None,
        segment=segment,
        overlap=overlap,
        batch=batch,
        style_guidance=style_guidance,
    )


def _research(sampler: Sampler | None, eta: float | None, iterations: int) -> dict[str, Any]:
    chosen = {"sampler": sampler.value if sampler else None, "eta": eta}
    settings = {name: value for name, value in chosen.items() if value is not None}
    if settings.get("sampler") == "ddpm":
        settings = {"eta": 1.0, **settings, "sampler": "ddim"}
    return settings if iterations == 1 else {**settings, "iterations": iterations}


def conditions_of(
    style: str | None, bpm: float | None, key: str | None, instruments: Mapping[str, str | None]
) -> Conditions:
    """What was asked for.

    Args:
        instruments: stem -> names or program numbers, parted by commas; None leaves it open.

    Raises:
        UsageError: an instrument that there is not, a tempo out of range, or a key that cannot be read.
    """
    return Conditions(style, bpm, key, {stem: text for stem, text in instruments.items() if text is not None})
