"""What can go wrong, as a tree. Every message is one line that says what to do.

::

    MsgldError
    |-- UsageError            a wrong option, stem name or combination
    |-- AudioError
    |   |-- AudioReadError    not audio, truncated, not a number
    |   `-- AudioWriteError   target not writable, full, exists already
    |-- ModelError            checkpoint missing, damaged, of another kind
    |-- DataError             a data set, soundfont or MIDI folder is unusable
    |-- TrainingError         a training run cannot begin or go on
    |-- ClusterError          a Ray cluster cannot be reached or used
    `-- Cancelled             the caller asked to stop
"""

from __future__ import annotations

_BREAKS = {code: ascii(chr(code))[1:-1] for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}


def one_line(text: str) -> str:
    """Text with its line breaks and other control characters, which file names may have, written as ``\\n``."""
    return text.translate(_BREAKS)


class MsgldError(Exception):
    """Base of all errors that msgld raises on purpose; whatever it quotes, its message is one line."""

    def __init__(self, message: str = "") -> None:
        super().__init__(one_line(message))


class UsageError(MsgldError):
    """A wrong option, an unknown stem, a combination that makes no sense."""


class AudioError(MsgldError):
    """Base of reading and writing errors."""


class AudioReadError(AudioError):
    """A file could not be read as audio."""


class AudioWriteError(AudioError):
    """A file could not be written."""


class ModelError(MsgldError):
    """A checkpoint is missing, damaged or of another kind."""


class DataError(MsgldError):
    """A data set, a soundfont or a MIDI folder cannot be used."""


class TrainingError(MsgldError):
    """A training run cannot begin or go on: its folder is in use, no clips come, its loss is not finite."""


class ClusterError(MsgldError):
    """A Ray cluster cannot be reached, or its nodes cannot do the work."""


class Cancelled(MsgldError):
    """The caller asked to stop."""
