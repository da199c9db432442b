"""The table of the parts that can be trained. A new part is a folder, or a file, and a line here."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from msgld.errors import UsageError
from msgld.ranges import look_up, shown
from msgld.training.part import Part
from msgld.training.recipe import AnyRecipe, Recipe

PARTS = {
    "denoiser": ("msgld.training.denoiser.part:DenoiserPart", "msgld.paper.training.denoiser:PublishedPart"),
    "vocoder": ("msgld.training.vocoder.part:VocoderPart",),
    "refiner": ("msgld.training.refiner.part:RefinerPart",),
    "notes": ("msgld.training.note_reader.part:NotesPart",),
    "score": ("msgld.training.score.composer:ComposerPart",),
    "guide": ("msgld.training.score.guide:GuidePart",),
    "score-codec": ("msgld.training.score.codec:ScoreCodecPart",),
    "listener": ("msgld.training.listener.part:ListenerPart",),
    "beats": ("msgld.training.listener.beats:BeatsPart",),
    "codec": ("msgld.paper.training.codec:CodecPart",),
}
"""Name of a part -> its designs, each a subclass of :class:`Part` by module and name. The first one is the default."""

AnyPart = type[Part[Any, Any]]


def designs(part: str) -> Iterator[AnyPart]:
    """The designs of a part.

    Raises:
        UsageError: there is no such part; the line lists all.
    """
    for place in look_up("part", part, PARTS):
        module, name = place.split(":")
        yield getattr(import_module(module), name)


def find(part: str, recipe: str | AnyRecipe | None = None) -> tuple[AnyPart, AnyRecipe]:
    """A recipe and the design that it is for.

    Args:
        part: a name in ``PARTS``.
        recipe: a name, a recipe of one's own, or None for the part's default.

    Raises:
        UsageError: there is none; the line lists all.
    """
    known = list(designs(part))
    if isinstance(recipe, str | None):
        recipes = {name: (cls, one) for cls in known for name, one in cls.recipes.items()}
        name = next(iter(recipes)) if recipe is None else recipe
        return look_up(f"{part} recipe", name, recipes)
    if not isinstance(recipe, Recipe):
        raise UsageError(f"a recipe is a name, or a Recipe, not {shown(recipe)}")
    for cls in known:
        if isinstance(recipe.settings, cls.settings):
            return cls, recipe
    raise UsageError(f"the recipe {recipe.name!r} is for another part than {part}")
