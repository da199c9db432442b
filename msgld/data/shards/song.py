"""Checks and encodes one song: all of its files at once, three seconds at a time, so that memory does not grow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np

from msgld.audio.read import open_file
from msgld.audio.sound import HIGHEST_RATE, LOWEST_RATE
from msgld.audio.stream import ResampledStream
from msgld.data.shards import BLOCK
from msgld.data.shards.audit import StemAudit, SumAudit
from msgld.data.shards.blocks import encode
from msgld.data.shards.plan import PlannedSong
from msgld.data.stem_folders import LEFT_OUT, SET_ASIDE, USED, StemStream
from msgld.errors import AudioReadError
from msgld.progress import CancelToken

EARLY = 1.0
"""Seconds by which a stem may end before the others without a remark."""

LOW_RATE = 32_000
"""Below this rate a file has no highs."""

SHORTEST = 1.0
"""Seconds of a song, at least."""

NEVER = CancelToken()
"""A token that nobody cancels."""

Remark = tuple[str, str, str]
"""File or stem, what is to be said, and what happens."""


@dataclass
class PackedSong:
    """A song in blocks.

    Attributes:
        song: as it was planned.
        stems: those that it has, in the order of its blocks.
        frames: samples per channel.
        measures: of all stems that could be read at all.
        remarks: on its files.
        gains: by stem, of each block; only stems that are beyond full scale somewhere.
        difference: see :class:`SumAudit`; None where the song has no mixture that can be compared.
        blocks: stem, place and length in the spool of each block, in order of time.
    """

    song: PlannedSong
    stems: tuple[str, ...] = ()
    frames: int = 0
    measures: dict[str, StemAudit] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    gains: dict[str, list[float]] = field(default_factory=dict)
    difference: float | None = None
    blocks: list[tuple[str, int, int]] = field(default_factory=list)

    def items(self, spool: IO[bytes]) -> Iterator[bytes]:
        """Its blocks: those of the first three seconds stem by stem, then the next."""
        for stem, place, length in self.blocks:
            if stem in self.stems:
                spool.seek(place)
                yield spool.read(length)


def pack(song: PlannedSong, rate: int, spool: IO[bytes], cancel: CancelToken = NEVER) -> PackedSong:
    """Check a song and encode its blocks.

    A stem with a file that cannot be used is left out of the song, and the song goes on without it.

    Args:
        song: as it was planned.
        rate: samples per second; other rates are resampled.
        spool: an empty file for the blocks.
        cancel: stops the work between two blocks.

    Raises:
        OSError: the spool cannot be written, as on a full disk.
        Cancelled: on request.
    """
    with ExitStack() as stack:
        packing = _Packing(song, rate, spool)
        packing.open(stack)
        packing.read(cancel)
        packing.judge()
        return packing.packed


class _Sound:
    """The sum of a stem's files, stereo, at the set's rate."""

    def __init__(self, places: list[StemStream], rate: int, stack: ExitStack) -> None:
        self.files = [stack.enter_context(open_file(*place)) for place in places]
        for file in self.files:
            if not LOWEST_RATE <= file.rate <= HIGHEST_RATE:
                raise AudioReadError(f"claims {file.rate} samples a second")
        self._streams = [ResampledStream(file, rate, file.channels) for file in self.files]
        self.frames = 0

    def read(self) -> np.ndarray:
        """The next block, float32 (2, n); shorter at its end, then empty."""
        parts = [stream.read(BLOCK) for stream in self._streams]
        length = max(part.shape[1] for part in parts)
        self.frames += length
        whole = np.zeros((2, length), np.float32)
        for part in parts:
            whole[:, : part.shape[1]] += part[[0, min(1, len(part) - 1)]]
        return whole


class _Packing:
    """The work on one song: open all files, read them side by side, judge what was measured."""

    def __init__(self, song: PlannedSong, rate: int, spool: IO[bytes]) -> None:
        self.song, self.rate, self.spool = song, rate, spool
        self.packed = PackedSong(song)
        self.places: dict[str, list[StemStream]] = {}
        for stem, place in song.places():
            self.places.setdefault(stem, []).append(place)
        self.sounds: dict[str, _Sound] = {}
        self.mixture: _Sound | None = None
        self.sum = SumAudit()

    def open(self, stack: ExitStack) -> None:
        """Open the files of all stems and the mixture."""
        for stem, places in self.places.items():
            try:
                self.sounds[stem] = _Sound(places, self.rate, stack)
                self.packed.measures[stem] = StemAudit()
            except (AudioReadError, OSError) as error:
                self._set_aside(stem, error)
        if self.song.mixture:
            try:
                place = StemStream(Path(self.song.mixture[0]), self.song.mixture[1])
                self.mixture = _Sound([place], self.rate, stack)
            except (AudioReadError, OSError) as error:
                self._without_mixture(error)

    def read(self, cancel: CancelToken) -> None:
        """Read all sounds to their ends, a block at a time."""
        while True:
            cancel.check()
            blocks = {stem: block for stem in list(self.sounds) if (block := self._next(stem)) is not None}
            length = max((block.shape[1] for block in blocks.values()), default=0)
            if not length:
                break
            full = {stem: np.pad(x, ((0, 0), (0, length - x.shape[1]))) for stem, x in blocks.items()}
            self._compare(full, length)
            for stem, block in full.items():
                self.packed.measures[stem].add(block)
                self._keep(stem, block)
            self.packed.frames += length
            if length < BLOCK:
                break

    def _next(self, stem: str) -> np.ndarray | None:
        """The next block of a stem; None where it fails."""
        try:
            return self.sounds[stem].read()
        except (AudioReadError, OSError) as error:
            self._set_aside(stem, error)
            return None

    def _compare(self, blocks: Mapping[str, np.ndarray], length: int) -> None:
        """Compare the sum with the mixture, as long as both are whole."""
        if self.mixture is None:
            return
        try:
            block = self.mixture.read()[:, :length]
        except (AudioReadError, OSError) as error:
            self._without_mixture(error)
            return
        whole = np.sum(list(blocks.values()), axis=0)
        self.sum.add(np.pad(block, ((0, 0), (0, length - block.shape[1]))), whole)

    def _keep(self, stem: str, block: np.ndarray) -> None:
        data, gain = encode(block, self.rate)
        self.packed.blocks.append((stem, self.spool.tell(), len(data)))
        self.spool.write(data)
        self.packed.gains.setdefault(stem, []).append(gain)

    def judge(self) -> None:
        """Put what was measured into remarks, and leave out the stems that cannot be used."""
        packed = self.packed
        for stem, sound in self.sounds.items():
            self._say_all(stem, sound)
        faulty = {stem for stem in self.sounds if packed.measures[stem].fault}
        packed.stems = tuple(stem for stem in self.places if stem in self.sounds and stem not in faulty)
        packed.gains = {k: v for k, v in packed.gains.items() if k in packed.stems and max(v) > 1}
        if self.mixture is not None and self.song.mixture and set(packed.stems) == set(self.places):
            packed.difference = self.sum.difference
            self._say(self.song.mixture[0], self.sum.remark, "not used; the sum of the stems is")
        if packed.frames < SHORTEST * self.rate or not packed.stems:
            short = f"is only {packed.frames / self.rate:.2f} s long"
            self._say(self.song.name, short if packed.stems else "has no stem that can be used", LEFT_OUT)
            packed.stems = ()

    def _say_all(self, stem: str, sound: _Sound) -> None:
        """Remarks on the files of a stem."""
        first = str(sound.files[0].path)
        for file in sound.files:
            for what in file.remarks:
                self._say(str(file.path), what, USED)
            if file.channels > 2:
                self._say(str(file.path), f"has {file.channels} channels", f"{USED}, the first two of them")
            if file.rate < LOW_RATE:
                self._say(str(file.path), f"{file.rate} Hz: nothing above {file.rate / 2000:g} kHz", USED)
        early = (self.packed.frames - sound.frames) / self.rate
        if early > EARLY and not self.packed.measures[stem].fault:
            self._say(first, f"ends {early:.1f} s before the song does", f"{USED}, silent from there")
        for what, then in self.packed.measures[stem].remarks(self.rate):
            self._say(first, what, then)

    def _set_aside(self, stem: str, error: Exception) -> None:
        """Go on without a stem."""
        self.sounds.pop(stem, None)
        names = ", ".join(place.path.name for place in self.places[stem])
        self._say(str(self.places[stem][0].path), reason(error, self.places[stem][0].path), SET_ASIDE)
        if len(self.places[stem]) > 1:
            self._say(names, f"make up {stem}, of which one cannot be used", SET_ASIDE)

    def _without_mixture(self, error: Exception) -> None:
        self.mixture = None
        if self.song.mixture:
            self._say(self.song.mixture[0], reason(error, Path(self.song.mixture[0])), "not compared")

    def _say(self, file: str, what: str, then: str) -> None:
        if what:
            self.packed.remarks.append((file, what, then))


def reason(error: Exception, path: Path) -> str:
    """Why a file cannot be used, without its name and without advice."""
    if isinstance(error, OSError):
        return f"cannot be opened ({error.strerror or error})"
    return str(error).replace(str(path), "").split(";")[0].strip(" :").removeprefix("cannot read").strip(" :")
