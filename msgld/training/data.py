"""Puts a training source together from what the user has: the band, MIDI, folders of stems."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgld.data.augment import Augmented
from msgld.data.source import Mixed, Source, SourceOptions, open_source
from msgld.data.stem_folders.folder import StemFolder
from msgld.errors import UsageError


def training_source(
    midi: Sequence[Path] = (),
    stems: Sequence[Path | StemFolder] = (),
    band: float = 1.0,
    soundfont: Path | None = None,
    augmented: float = 0.4,
) -> Source:
    """Every folder or archive counts alike; ``band`` is the built-in band's weight among them.

    Args:
        midi: folders or tar archives of MIDI files. What the held-out set owns is left out of them.
        stems: folders of songs, one folder a song, one file a stem; or such folders that have been opened already, with
            stems of any names.
        band: 0 leaves the band out.
        soundfont: a soundfont or a folder of them; the system's by default.
        augmented: share of the clips whose stems go through equalisers, rooms and the like.

    Raises:
        UsageError: nothing to train on. DataError: a folder or a soundfont is unusable.
    """
    sources: list[tuple[Source, float]] = []
    options = SourceOptions(soundfont=soundfont)
    sources += [(open_source("midi", path, options), 1.0) for path in midi]
    sources += [(open_source("band", None, options), band)] if band > 0 else []
    sources += [(one if isinstance(one, StemFolder) else open_source("stems", one), 1.0) for one in stems]
    if not sources:
        raise UsageError("nothing to train on: name --midi or --stems folders, or leave the band in")
    source = sources[0][0] if len(sources) == 1 else Mixed(sources)
    return Augmented(source, augmented)
