"""How sound is written. Imports nothing heavy, as the command line needs it before anything else."""

from __future__ import annotations

from dataclasses import dataclass, replace

from msgld.errors import UsageError
from msgld.ranges import check, shown

LOSSY = ("mp3", "ogg")
"""Formats that do not keep samples, nor always their number."""

BITRATES = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
"""Of MP3, in kbit/s (ISO 11172-3, table of bit rates, layer III)."""

CLIP_MODES = ("auto", "rescale", "clamp")
"""Ways to treat tracks beyond full scale in a format that cannot hold them."""


@dataclass(frozen=True)
class Encoding:
    """How sound is written.

    Attributes:
        ext: ``wav``, ``flac``, ``ogg`` or ``mp3``.
        subtype: ``PCM_24``, ``PCM_16`` or ``FLOAT`` (wav only); ogg and mp3 have none.
        bitrate: of mp3, in kbit/s, one of ``BITRATES``; below 32 kHz the format ends at 160.
        clip: ``auto`` writes WAV of ``PCM_24`` as ``FLOAT`` where a track would clip, and rescales other formats;
            ``rescale`` turns all tracks down alike where one would clip, so that they still sum to the whole;
            ``clamp`` cuts the peaks off.

    Raises:
        UsageError: no such bit rate or clip mode, or another type. Endings and subtypes are checked when
            something is written.
    """

    ext: str = "wav"
    subtype: str = "PCM_24"
    bitrate: int = 320
    clip: str = "auto"

    def __post_init__(self) -> None:
        for name in ("ext", "subtype", "clip"):
            if not isinstance(getattr(self, name), str):
                raise UsageError(f"the {name} of an Encoding is text, not {shown(getattr(self, name))}")
        object.__setattr__(self, "bitrate", check("mp3_bitrate", self.bitrate))
        object.__setattr__(self, "ext", self.ext.lstrip(".").lower())
        if self.bitrate not in BITRATES:
            raise UsageError(
                f"MP3 has no bit rate of {self.bitrate} kbit/s; it has {', '.join(map(str, BITRATES))}"
            )
        if self.clip not in CLIP_MODES:
            raise UsageError(f"no clip mode {self.clip!r}; there are: {', '.join(CLIP_MODES)}")

    @property
    def clips(self) -> bool:
        """Whether samples beyond full scale are lost."""
        return self.subtype != "FLOAT" or self.lossy

    @property
    def lossy(self) -> bool:
        """Whether samples, and perhaps their number, are not kept."""
        return self.ext in LOSSY

    def holding(self, peak: float) -> Encoding:
        """The encoding for tracks whose largest magnitude is ``peak``: floats where ``auto`` makes them so."""
        floats = self.clip == "auto" and self.ext == "wav" and self.subtype == "PCM_24" and peak > 1
        return replace(self, subtype="FLOAT") if floats else self

    def gain(self, peak: float) -> float:
        """The one gain for all tracks, the largest magnitude of which is ``peak``."""
        return 1.0 / peak if peak > 1 and self.clips and self.clip != "clamp" else 1.0


def as_encoding(encoding: str | Encoding) -> Encoding:
    """An ending alone means the format at its defaults.

    Raises:
        UsageError: neither an ending nor an :class:`Encoding`.
    """
    if not isinstance(encoding, str | Encoding):
        raise UsageError(
            f"encoding is an ending such as 'flac', or msgld.Encoding(...), not {shown(encoding)}"
        )
    return Encoding(encoding) if isinstance(encoding, str) else encoding
