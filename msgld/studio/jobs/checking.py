"""What can be said about an order before it is carried out."""

from __future__ import annotations

from collections.abc import Iterable

from msgld.studio.abilities import Abilities
from msgld.studio.errors import Refused
from msgld.studio.library.projects import ProjectFolder
from msgld.studio.schemas import Take
from msgld.studio.settings import Arrange, Conditioned, Generate, Render, Separate, Settings

TITLES = {"generate": "Compose", "extend": "Continue"}
"""Names of tasks on the page, where they are others."""


def check_order(abilities: Abilities, place: ProjectFolder, settings: Settings) -> None:
    """Refused where a take, the song, a stem or a style is not there."""
    take = getattr(settings, "take", None)
    if take is not None:
        found, _ = place.takes.whole(take)
        if isinstance(settings, Render):
            _check_notes(found, settings)
    elif not isinstance(settings, Generate) and not place.song.is_file():
        raise Refused(409, "this project has no song: add one first, or name a take")
    if isinstance(settings, Conditioned):
        if settings.style is not None and settings.style not in abilities.styles:
            raise Refused(422, f"settings.style: this model has {', '.join(abilities.styles) or 'no styles'}")
        _check("settings.instruments", settings.instruments, abilities.makes)
    if isinstance(settings, Generate | Arrange):
        _check("settings.make", settings.make or (), abilities.makes)
    if isinstance(settings, Arrange):
        _check("settings.keep", settings.keep or (), dict.fromkeys((*abilities.stems, *abilities.makes)))
    if isinstance(settings, Render):
        _check("settings.stem", [settings.stem], abilities.makes)
    if isinstance(settings, Separate):
        known = {part for name in settings.stems or () for part in name.removeprefix("no_").split("+")}
        _check("settings.stems", known - {"all"}, abilities.stems)


def _check_notes(take: Take, settings: Render) -> None:
    if not any(stem.notes for stem in take.stems):
        raise Refused(409, "this take has no notes: transcribe it first")
    if any(note.start > take.seconds for note in settings.notes):
        raise Refused(422, f"settings.notes: the take ends after {take.seconds:.1f} seconds")


def _check(field: str, names: Iterable[str], known: Iterable[str]) -> None:
    known = tuple(known)
    for name in names:
        if name not in known:
            raise Refused(422, f"{field}: this model has {', '.join(known) or 'no stems to make'}")


def title_of(task: str, settings: Settings) -> str:
    """A title for the take that a job becomes."""
    about = []
    if isinstance(settings, Conditioned):
        about = [text for text in (settings.style, settings.key, settings.chords) if text]
    if isinstance(settings, Arrange):
        about.insert(0, ", ".join(settings.make))
        if settings.bars is not None:
            about.insert(1, f"bars {settings.bars[0]}-{settings.bars[1]}")
    if isinstance(settings, Render):
        about.append(settings.stem)
    seed = getattr(settings, "seed", 0)
    if seed:
        about.append(f"seed {seed}")
    return " · ".join([TITLES.get(task, task.capitalize()), *about])[:200]
