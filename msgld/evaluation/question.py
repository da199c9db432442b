"""The class that every question about a model extends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from msgld.api.msgld import Msgld
from msgld.api.options import NORMAL, Options
from msgld.data.source import Clip
from msgld.diffusion.settings import Sampling
from msgld.evaluation.report import EXAMPLES

Advance = Callable[[float], None]
"""Called with the units of work that were done since the last call; they may be fractions."""


@dataclass(frozen=True)
class Question(ABC):
    """A question about a model. Further fields of a subclass are the settings that it takes.

    Attributes:
        model: the model.
        options: of its calls.
        fewest: clips that an answer needs.
        unit: of the work, for progress.
        of_scores: whether its clips are scores, those of :mod:`msgld.data.score_clips`.
        of_songs: whether they are whole songs, those of :mod:`msgld.data.stem_folders.whole`.
    """

    model: Msgld
    options: Options = NORMAL

    fewest: ClassVar[int] = 1
    unit: ClassVar[str] = "clips"
    of_scores: ClassVar[bool] = False
    of_songs: ClassVar[bool] = False

    @abstractmethod
    def answer(self, clips: Iterable[Clip], advance: Advance) -> dict[str, Any]:
        """Measure the model over clips.

        Returns:
            ``rows`` of figures, and where they apply further ``tables`` of rows by title, ``values`` of the clips,
            their ``names``, ``remarks`` for the user, and ``examples`` for the page, see
            :class:`msgld.evaluation.report.Example`.
        """

    def about(self) -> dict[str, Any]:
        """Settings as the report states them. Reports with other settings are not comparable."""
        return {}

    def work(self, clips: int) -> int:
        """Units of work that so many clips take."""
        return clips

    def sampling(self, settings: Sampling) -> dict[str, Any]:
        """Settings of the sampler as the report states them."""
        return {"settings": {"quality": self.options.quality, **asdict(settings)}}


class ClipByClip(Question):
    """A question whose figures of a clip depend on that clip alone, so that several processes may find them."""

    @abstractmethod
    def figures(self, clip: Any, advance: Advance, example: bool = False) -> dict[str, Any]:
        """The figures of one clip, as JSON knows them.

        Args:
            clip: the clip.
            advance: see :data:`Advance`.
            example: also return an :class:`msgld.evaluation.report.Example` as ``example``, where the page has some.
        """

    @abstractmethod
    def summed(self, found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The answer from the figures of all clips, in their order."""

    def answer(self, clips: Iterable[Any], advance: Advance) -> dict[str, Any]:
        """See :meth:`Question.answer`."""
        return self.summed(
            [self.figures(clip, advance, number < EXAMPLES) for number, clip in enumerate(clips)]
        )
