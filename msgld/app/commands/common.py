"""What the commands that run the model share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgld.app.options import Consistency, Quality, Sampler

if TYPE_CHECKING:
    from msgld import Options


def sampling(quality: Quality, steps: int | None, guidance: float | None, seed: int, sampler: Sampler | None,
             eta: float | None, iterations: int, consistency: Consistency | None = None,
             segment: float | None = None, overlap: float | None = None,
             batch: int | None = None, brief_guidance: float | None = None) -> Options:  # fmt: skip
    """The options of the Python interface."""
    from msgld import Options

    return Options(
        quality=quality.value,
        steps=steps,
        guidance=guidance,
        seed=seed,
        sampler=sampler.value if sampler else None,
        eta=eta,
        iterations=iterations,
        consistency=consistency.value if consistency else None,
        segment=segment,
        overlap=overlap,
        batch=batch,
        brief_guidance=brief_guidance,
    )
