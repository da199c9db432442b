"""Which presets of a soundfont play a score, and which of the score's programs it lacks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from msgld.errors import DataError
from msgld.music.render.extract import nearest
from msgld.music.render.soundfont import DRUM_BANK, SoundFont, open_soundfont
from msgld.music.score import Score
from msgld.stems import UNPITCHED

SHIPPED = Path(__file__).parent / "font" / "general.sf3"
"""The soundfont that comes along: programs 0 to 95 and seven drum kits of Fluid R3 (MIT; see COPYING.txt beside it)."""


def font_at(path: Path) -> SoundFont:
    """A soundfont, opened once a process and again when its file has changed.

    Raises:
        DataError: there is none at that path, or it cannot be read.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise DataError(f"soundfont {path} does not exist: name an .sf2 or .sf3 file") from error
    return _opened(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=4)
def _opened(path: Path, _changed: int, _size: int) -> SoundFont:
    return open_soundfont(path)


def font_for(stem: str, soundfont: Path | None) -> Path:
    """The soundfont that plays a stem: the chosen one if it has any drum kit, or any program for other stems."""
    if soundfont is None:
        return SHIPPED
    drums = stem in UNPITCHED
    plays = any((bank == DRUM_BANK) == drums for bank, _ in font_at(soundfont).presets)
    return soundfont if plays else SHIPPED


def lacking(score: Score, soundfont: Path) -> Iterator[str]:
    """A line for each program of a score that a soundfont lacks, with what plays it instead.

    Raises:
        DataError: the soundfont cannot be read.
    """
    font = font_at(soundfont)
    for stem, notes in score.notes.items():
        drums = stem in UNPITCHED
        what, bank = ("drum kit", DRUM_BANK) if drums else ("program", 0)
        if font_for(stem, soundfont) != soundfont:
            yield f"{soundfont.name} has no {what}: the soundfont that comes along plays {stem}"
            continue
        for program in sorted({int(each) for one in notes.channels for each in set(one.program.tolist())}):
            found = nearest(font, bank, program)
            if found != (bank, program):
                other = f"{what} {found[1]}" + (f" of bank {found[0]}" if found[0] != bank else "")
                yield f"{soundfont.name} has no {what} {program}: {other} plays {stem}"
