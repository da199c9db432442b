"""The ranges of all numbers that a caller may choose, for the command line and for Python alike."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from msgld.errors import UsageError

V = TypeVar("V")


@dataclass(frozen=True)
class Range:
    """The values that a number may have.

    Attributes:
        lowest: smallest allowed value.
        highest: largest allowed value.
        whole: whether only whole numbers are allowed.
        unit: what the number counts, in the plural; empty where it has none.
    """

    lowest: float
    highest: float
    whole: bool = False
    unit: str = ""

    def __str__(self) -> str:
        """``0 to 10``, ``1 to 120 seconds``; no upper end where that is the largest integer."""
        unit = f" {self.unit}" if self.unit else ""
        if self.highest >= _ENDLESS:
            return f"{self.lowest} upwards{unit}"
        return f"{self.lowest} to {self.highest}{unit}"

    def check(self, name: str, value: Any) -> Any:
        """The value as Python's own ``int`` or ``float``; NumPy's scalars are accepted.

        Raises:
            UsageError: another type, not a number, or out of the range; the line begins with ``name``.
        """
        kind = numbers.Integral if self.whole else numbers.Real
        known = isinstance(value, kind) and not isinstance(value, bool)
        if not known or not self.lowest <= value <= self.highest:
            what = "a whole number" if self.whole else "a number"
            end = ", below 2**63" if self.highest >= _ENDLESS else ""
            raise UsageError(f"{name} has to be {what} from {self}{end}, not {shown(value)}")
        return int(value) if self.whole else float(value)


_ENDLESS = 2**63 - 1

RANGES: Mapping[str, Range] = {
    # sampling
    "steps": Range(1, 1000, whole=True),
    "guidance": Range(0, 10),
    "style_guidance": Range(0, 10),
    "seed": Range(0, _ENDLESS, whole=True),
    "eta": Range(0, 1),
    "iterations": Range(1, 100, whole=True),
    "segment": Range(1, 120, unit="seconds"),
    "overlap": Range(0, 0.5),
    "batch": Range(1, 256, whole=True),
    # tasks
    "noise": Range(0, 1),
    "seconds": Range(0.1, 3600, unit="seconds"),
    "bars": Range(1, 512, whole=True, unit="bars"),
    "bar": Range(1, 100_000, whole=True),
    "start": Range(0, 360_000, unit="seconds"),
    "stop": Range(0, 360_000, unit="seconds"),
    "count": Range(1, 1000, whole=True),
    # conditions
    "density": Range(0, 100, unit="notes a bar"),
    "loudness": Range(1, 127),
    "bpm": Range(30, 300),
    "beats": Range(0, 2000),
    "offset": Range(-1_000_000, 1_000_000),
    # the rest of the command line
    "jobs": Range(1, 1024, whole=True),
    "mp3_bitrate": Range(32, 320, whole=True, unit="kbit/s"),
    "clips": Range(1, 1_000_000, whole=True),
    "curves": Range(0, 1_000_000, whole=True),
    "minutes": Range(0.01, 1_000_000),
    "training_steps": Range(1, 1_000_000_000, whole=True),
    "width": Range(1, 65_536, whole=True),
}
"""Name of the argument -> its range."""


def check(name: str, value: Any) -> Any:
    """The value of the argument of that name, see :meth:`Range.check`."""
    return RANGES[name].check(name, value)


def check_optional(name: str, value: Any) -> Any:
    """As :func:`check`; None stays None."""
    return None if value is None else check(name, value)


def check_flag(name: str, value: Any) -> bool:
    """True or False; NumPy's are accepted. Anything else, such as the text ``"no"``, raises UsageError."""
    if isinstance(value, bool) or (type(value).__name__ in ("bool", "bool_") and hasattr(value, "dtype")):
        return bool(value)
    raise UsageError(f"{name} has to be True or False, not {shown(value)}")


def look_up(kind: str, name: object, table: Mapping[str, V]) -> V:
    """The entry of that name in a table of things of a ``kind``; UsageError lists all names."""
    if not isinstance(name, str) or name not in table:
        raise UsageError(f"no {kind} named {shown(name)}; there are: {', '.join(table)}")
    return table[name]


def shown(value: object, longest: int = 60) -> str:
    """A value as it is quoted in a message: on one line, and short."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**longest:
        return f"a number of {round(math.log10(abs(value)))} digits"
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a foreign object may fail at anything
        text = f"a {type(value).__name__}"
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
