"""The settings of each task, as a client sends them; unknown ones are refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from msgld.errors import UsageError
from msgld.music.conditions import Conditions
from msgld.studio.library.names import TAKE_ID

Text = Annotated[str, Field(min_length=1, max_length=1000)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Names = Annotated[list[Name], Field(min_length=1, max_length=64)]
TakeId = Annotated[str, Field(pattern=f"^{TAKE_ID}$")]
Quality = Literal["draft", "normal", "best"]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Noise = Annotated[FiniteFloat, Field(ge=0, le=1)]
Seconds = Annotated[FiniteFloat, Field(ge=0.1, le=3600)]
Bpm = Annotated[FiniteFloat, Field(ge=30, le=300)]
Bar = Annotated[int, Field(ge=1, le=100_000)]
Programs = Annotated[list[Annotated[int, Field(ge=0, le=127)]], Field(min_length=1, max_length=16)]


class Settings(BaseModel):
    """What all tasks have in common."""

    model_config = ConfigDict(extra="forbid")


class Conditioned(Settings):
    """Conditions of what is made; those that are left out are left open."""

    style: Name | None = None
    key: Name | None = None
    bpm: Bpm | None = None
    chords: Text | None = None
    instruments: Annotated[dict[str, Name | Programs], Field(max_length=64)] = {}
    seed: Seed = 0
    quality: Quality = "normal"

    @model_validator(mode="after")
    def _readable(self) -> Self:
        try:
            self.conditions()
        except UsageError as error:
            raise ValueError(str(error)) from error
        return self

    def conditions(self) -> Conditions:
        """As the model takes them; UsageError for an unknown instrument, an unreadable key or chord."""
        chosen: dict[str, Any] = {
            "style": self.style,
            "key": self.key,
            "bpm": self.bpm,
            "chords": self.chords,
        }
        return Conditions(**chosen, instruments=self.instruments)


class Separate(Settings):
    """Separate the song; ``stems`` as in :meth:`msgld.Msgld.separate`."""

    stems: Names | None = None
    quality: Quality = "normal"


class Generate(Conditioned):
    """Make a new piece, of so many bars or seconds."""

    make: Names | None = None
    bars: Annotated[int, Field(ge=1, le=512)] | None = None
    seconds: Seconds | None = None
    form: Annotated[str, Field(pattern=r"^[A-Za-z]{1,64}$")] | None = None

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if self.bars is not None and self.seconds is not None:
            raise ValueError("give the length in bars or in seconds, not both")
        return self


class Arrange(Conditioned):
    """Make stems to others: those of a take, or of the song where there is none.

    ``keep`` names the stems that stay, by default all that are not made. With ``bars``, the first and the last one, the
    stems are replaced in these bars only.
    """

    take: TakeId | None = None
    keep: Names | None = None
    make: Names
    bars: tuple[Bar, Bar] | None = None
    noise: Noise = 0.0

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.bars is not None and self.bars[1] < self.bars[0]:
            raise ValueError("bars go from one to a later one")
        twice = set(self.keep or ()) & set(self.make)
        if twice and self.bars is None:
            raise ValueError(f"{', '.join(sorted(twice))}: keep it or make it, not both")
        return self


class Vary(Settings):
    """Make all stems of a take anew, a little or a lot."""

    take: TakeId
    noise: Noise = 0.6
    seed: Seed = 0
    quality: Quality = "normal"


class Extend(Settings):
    """Continue a take."""

    take: TakeId
    seconds: Seconds = 10.0
    seed: Seed = 0
    quality: Quality = "normal"


class Transcribe(Settings):
    """Find the notes of a take, or of the song, which is separated first."""

    take: TakeId | None = None
    bpm: Bpm | None = None
    quality: Quality = "normal"


class EditedNote(Settings):
    """A note: seconds, MIDI pitch and velocity."""

    start: Annotated[FiniteFloat, Field(ge=0, le=36_000)]
    stop: Annotated[FiniteFloat, Field(ge=0, le=36_000)]
    pitch: Annotated[int, Field(ge=0, le=127)]
    velocity: Annotated[int, Field(ge=1, le=127)] = 90

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.stop <= self.start:
            raise ValueError("a note stops after it starts")
        return self


class Render(Settings):
    """Play edited notes of a stem of a take; everything else of it stays."""

    take: TakeId
    stem: Name
    notes: Annotated[list[EditedNote], Field(max_length=100_000)]


TASKS: dict[str, type[Settings]] = {
    "separate": Separate,
    "generate": Generate,
    "arrange": Arrange,
    "vary": Vary,
    "extend": Extend,
    "transcribe": Transcribe,
    "render": Render,
}
"""Task -> its settings."""
