"""What the methods of ``Msgld`` ask for, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgld.api import asking
from msgld.api.making import Making
from msgld.api.options import Options
from msgld.api.separating import Separation
from msgld.audio.songs import Sound
from msgld.errors import ModelError
from msgld.model import Model
from msgld.progress import CancelToken, OnProgress
from msgld.ranges import check


def checked_separation(
    model: Model,
    weights: Mapping[str, str],
    song: Sound,
    stems: Sequence[str] | None,
    known: Mapping[str, Sound] | None,
    level: float,
    options: Options,
    on_progress: OnProgress | None = None,
    cancel: CancelToken | None = None,
) -> Separation:
    """A separation whose settings fit the model; the song and the known stems are not opened yet.

    Raises:
        UsageError: another type, an unknown stem, or a value out of range.
    """
    asking.check_running(options, on_progress, cancel)
    known = {} if known is None else known
    asking.check_given(known, "known")
    asking.check_known(known, model.stems)
    wanted = asking.stem_names(stems, model.stems)
    level = check("mixture_level", level)
    return Separation(model, weights, song, wanted, dict(known), level, options)


def checked_making(
    model: Model,
    weights: Mapping[str, str],
    options: Options,
    on_progress: OnProgress | None,
    cancel: CancelToken | None,
) -> Making:
    """A model that makes sound, and how it is to do so.

    Raises:
        UsageError: another type. ModelError: the model has no vocoder.
    """
    asking.check_running(options, on_progress, cancel)
    if model.vocoder is None:
        raise ModelError(f"the model {model.name!r} has no vocoder: it only separates; load another one")
    return Making(model, weights, options, on_progress, cancel)
