"""One model of all stems of a piece of music: separate a song, generate a piece, or play the missing parts.

>>> import msgld
>>> model = msgld.load()
>>> model.separate("song.mp3").save("separated/song")

Public names are imported on first use, so ``import msgld`` costs next to nothing.

To read the code, begin with ``tasks``, which has one file per task, and follow its imports: ``diffusion`` (noise,
denoisers, the sampler), ``model`` (the parts of a model), ``nets`` and ``dsp``. Beside them lie ``music`` (keys,
conditions, MIDI), ``audio`` (files), ``data`` and ``training``, ``metrics`` and ``evaluation``. ``api`` is the public
Python interface, ``cli`` the command line, and ``paper`` the published MSG-LD.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from msgld.api.encoding import Encoding
    from msgld.api.msgld import Msgld, load
    from msgld.api.naming import Names
    from msgld.api.options import Options
    from msgld.api.prepare import prepare
    from msgld.api.result import Result
    from msgld.api.save import Saved
    from msgld.api.train import train
    from msgld.api.transcription import Transcription
    from msgld.audio.sound import Excerpt
    from msgld.data.shards.about import Prepared
    from msgld.errors import (
        AudioError,
        AudioReadError,
        AudioWriteError,
        Cancelled,
        DataError,
        ModelError,
        MsgldError,
        TrainingError,
        UsageError,
    )
    from msgld.evaluation.evaluate import evaluate
    from msgld.finetuning.finetune import finetune
    from msgld.finetuning.tuning import Tuned
    from msgld.music.conditions import Conditions
    from msgld.progress import CancelToken, Progress

__all__ = [
    "AudioError",
    "AudioReadError",
    "AudioWriteError",
    "CancelToken",
    "Cancelled",
    "Conditions",
    "DataError",
    "Encoding",
    "Excerpt",
    "ModelError",
    "Msgld",
    "MsgldError",
    "Names",
    "Options",
    "Prepared",
    "Progress",
    "Result",
    "Saved",
    "TrainingError",
    "Transcription",
    "Tuned",
    "UsageError",
    "evaluate",
    "finetune",
    "load",
    "prepare",
    "train",
]

_HOMES = {
    "Conditions": "music.conditions",
    "CancelToken": "progress",
    "Encoding": "api.encoding",
    "Excerpt": "audio.sound",
    "Msgld": "api.msgld",
    "Names": "api.naming",
    "Options": "api.options",
    "Prepared": "data.shards.about",
    "Progress": "progress",
    "Result": "api.result",
    "Saved": "api.save",
    "Transcription": "api.transcription",
    "Tuned": "finetuning.tuning",
    "evaluate": "evaluation.evaluate",
    "finetune": "finetuning.finetune",
    "load": "api.msgld",
    "prepare": "api.prepare",
    "train": "api.train",
}
"""Public name -> the module that defines it; errors are apart."""


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name == "__version__":
        from msgld.api.record import own_version

        return own_version()
    current = "Conditions" if name == "Brief" else name
    if current not in __all__:
        raise AttributeError(f"module 'msgld' has no attribute {name!r}")
    if current != name:
        from msgld.aliases import warn_renamed

        warn_renamed("msgld.Brief", "msgld.Conditions")
    value = getattr(import_module(f"msgld.{_HOMES.get(current, 'errors')}"), current)
    globals()[name] = value  # ``from msgld import Brief`` asks twice, and warns once
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
