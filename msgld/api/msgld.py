"""The object that :func:`msgld.load` returns."""

from __future__ import annotations

from collections.abc import Mapping

from msgld.api.encoding import Encoding
from msgld.api.making import StemMaker
from msgld.api.naming import Names
from msgld.api.options import Options
from msgld.api.result import Result
from msgld.api.save import Saved
from msgld.api.separating import SongSeparator
from msgld.audio.sound import Sound
from msgld.model import Model

__all__ = ["Encoding", "Msgld", "Names", "Options", "Result", "Saved", "Sound"]


class Msgld(SongSeparator, StemMaker):
    """A model that separates, generates, arranges, varies and extends.

    Attributes:
        name: of the model, which is also a folder's name in outputs.
        stems: the model's stems, in order.
        model: the networks.
        weights: part -> sha256 of its file.
    """

    def __init__(self, model: Model, weights: Mapping[str, str] | None = None) -> None:
        self.model = model
        self.name = model.name
        self.stems = model.stems
        self.weights = dict(weights or {})
