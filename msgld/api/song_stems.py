"""The given stems of a song: separated from it."""

from __future__ import annotations

from msgld.api.gather import Gathered
from msgld.api.options import Options
from msgld.api.separating import SongSeparator
from msgld.audio.sound import Sound, name_of
from msgld.progress import CancelToken, OnProgress


def song_stems(
    separator: SongSeparator,
    song: Sound,
    options: Options,
    on_progress: OnProgress | None,
    cancel: CancelToken | None,
) -> Gathered:
    """All stems of a song as :meth:`msgld.Msgld.separate` gives them, and the song.

    Args:
        separator: that separates it.
        song: a file, or (samples, rate).
        options: of which those count that are about separating: quality, segment, overlap and batch.
        on_progress: called with the progress.
        cancel: stops the task.

    Raises:
        UsageError, AudioReadError: as :meth:`msgld.Msgld.separate`.
    """
    own = Options(options.quality, segment=options.segment, overlap=options.overlap, batch=options.batch)
    done = separator.separate(song, options=own, on_progress=on_progress, cancel=cancel)
    length = done.mix.shape[1]
    return Gathered(dict(done.stems), done.rate, length, done.remarks, name_of(song), done.mix)
