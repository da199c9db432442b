"""Shards as a source of clips: a crop of any length from any place, exact to the sample."""

from __future__ import annotations

import json
import os
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import IO, Any, overload

import numpy as np
import soundfile
import soxr

from msgld.data.shards import BLOCK, SONGS
from msgld.data.shards.about import read_set
from msgld.data.shards.blocks import decode
from msgld.data.shards.container import Shard, digest_of, read_item
from msgld.data.shards.seal import Stamp, stamp, verify
from msgld.data.stem_folders import LEFT_OUT, SET_ASIDE, named
from msgld.data.stem_folders.song_set import SongSet, trained
from msgld.data.stem_folders.songs import StemSong
from msgld.data.stem_folders.words import vocabulary, words_of
from msgld.errors import DataError
from msgld.progress import OnProgress
from msgld.stems import OTHER, RATE, STEMS

_OPEN_FILES = 64


class Blocks:
    """The blocks of all shards of a set, by number. A copy in another process opens the files itself.

    Args:
        folder: of the shards.
        shards: all of them, in order.
        stamps: size and time of change of each when it was verified.
    """

    def __init__(self, folder: Path, shards: Sequence[Shard], stamps: Mapping[str, Stamp]) -> None:
        self.folder, self.stamps = folder, dict(stamps)
        self._names = [shard.name for shard in shards]
        self._firsts = np.concatenate([[0], np.cumsum([shard.items for shard in shards])]).tolist()
        self._start()

    def _start(self) -> None:
        self._files: OrderedDict[int, IO[bytes]] = OrderedDict()
        self._lock = Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("_files", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._start()

    def shards_of(self, first: int, count: int) -> list[str]:
        """The names of the shards that some blocks in a row are in."""
        return self._names[self._place(first) : self._place(first + max(1, count) - 1) + 1]

    def _place(self, number: int) -> int:
        return bisect_right(self._firsts, number) - 1

    def read(self, number: int) -> bytes:
        """A block.

        Raises:
            DataError: its shard is gone, or has changed since it was verified.
        """
        place = self._place(number)
        name = self._names[place]
        with self._lock:
            try:
                return read_item(self._file(place), number - self._firsts[place])
            except (OSError, ValueError) as error:
                self._files.pop(place, None)
                why = getattr(error, "strerror", None) or error
                raise DataError(f"{self.folder / name} cannot be read any more ({why})") from error

    def _file(self, place: int) -> IO[bytes]:
        """An open shard, which is as it was when it was verified."""
        if place not in self._files:
            name = self._names[place]
            file = (self.folder / name).open("rb")
            if stamp(os.fstat(file.fileno())) != self.stamps.get(name):
                file.close()
                raise DataError(f"{self.folder / name} has changed since it was checked: start again")
            self._files[place] = file
            if len(self._files) > _OPEN_FILES:
                self._files.popitem(last=False)[1].close()
        self._files.move_to_end(place)
        return self._files[place]


@dataclass(frozen=True)
class ShardSound:
    """A stem of a song in shards.

    Attributes:
        blocks: of all shards.
        first: number of its first block.
        step: from one of its blocks to the next.
        frames: samples per channel.
        rate: samples per second.
        gains: by which each of its blocks is multiplied; empty for 1.
    """

    blocks: Blocks
    first: int
    step: int
    frames: int
    rate: int
    gains: tuple[float, ...] = ()

    @property
    def path(self) -> Path:
        """Of the shard that it begins in."""
        return self.blocks.folder / self.blocks.shards_of(self.first, 1)[0]

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.frames / self.rate

    def read(self, start: float, samples: int, rate: int) -> np.ndarray:
        """``samples`` samples at ``rate`` from ``start`` seconds on, float32 (2, samples); silence after its end.

        Raises:
            DataError: a shard is gone, damaged, or has changed since it was verified.
        """
        first = min(round(start * self.rate), self.frames)
        # A little more than is needed, since resampling looks ahead.
        wanted = samples if rate == self.rate else -(-samples * self.rate // rate) + 64
        x = self._samples(first, min(first + wanted, self.frames))
        if rate != self.rate and x.shape[1]:
            x = soxr.resample(x.T, self.rate, rate).T[:, :samples]
        return np.pad(x, ((0, 0), (0, samples - x.shape[1])))

    def _samples(self, first: int, stop: int) -> np.ndarray:
        """Samples ``first`` to ``stop``, float32 (2, n)."""
        parts = [np.zeros((2, 0), np.float32)]
        for number in range(first // BLOCK, -(-stop // BLOCK)):
            start = number * BLOCK
            block = self.blocks.read(self.first + number * self.step)
            gain = self.gains[number] if self.gains else 1.0
            try:
                parts.append(decode(block, max(first - start, 0), min(stop - start, BLOCK), gain))
            except soundfile.SoundFileError as error:
                raise DataError(f"{self.path} is damaged: copy it again") from error
        return np.concatenate(parts, axis=1)


class Shards(SongSet):
    """A source over a folder of shards; see :mod:`msgld.data.shards`.

    Every shard is compared with its checksum when the folder is first opened. Songs of a shard that is not right are
    left out. Only the place of each song is held in memory.

    Args:
        path: the folder.
        stems: names and order of the stems. What the set has beyond them is added to ``other``, where it is there.
        rate: samples per second of the clips.
        cache: a folder that remembers the checksums that were right.
        on_progress: called while checksums are compared.

    Attributes:
        seconds: of all songs.

    Raises:
        DataError: the folder is damaged, or has no song with one of the stems.
    """

    def __init__(
        self,
        path: Path,
        stems: tuple[str, ...] = STEMS,
        rate: int = RATE,
        cache: Path | None = None,
        on_progress: OnProgress | None = None,
    ) -> None:
        super().__init__(Path(path), stems, rate)
        facts = read_set(self.root)
        try:
            if digest_of(self.root / SONGS) != facts["songs_sha256"]:
                raise DataError(f"{self.root / SONGS} has a wrong checksum: copy it again")
        except OSError as error:
            raise DataError(
                f"{self.root / SONGS} cannot be read ({error.strerror}): copy it again"
            ) from error
        shards = [Shard(**one) for one in facts["shards"]]
        stamps, wrong = verify(self.root, shards, cache, on_progress)
        self._note((self.root / name, what, SET_ASIDE) for name, what in wrong.items())
        blocks = Blocks(self.root, shards, stamps)
        self._names = _Names(tuple(facts["summary"]["stems"]), stems)
        songs = _Songs(self.root, blocks, self._names, facts["rate"])
        splits = songs.find(set(wrong))
        if not splits:
            raise DataError(self._nothing(wrong))
        self.songs, self.trained, self.seconds = songs, trained(splits), songs.seconds
        self._splits = splits
        self._note((self.root / name, self._names.remark(name), LEFT_OUT) for name in self._names.unknown)

    def _nothing(self, wrong: Mapping[str, str]) -> str:
        if wrong:
            name, what = next(iter(wrong.items()))
            return f"no song in {self.root} can be used: {name} {what}"
        known = ", ".join(self._names.of)
        return f"the stems of {self.root} are {known}: none of them is one of {', '.join(self.stems)}"

    @property
    def files(self) -> int:
        """The number of shards in use."""
        return len(self.songs.blocks.stamps) if isinstance(self.songs, _Songs) else 0

    @property
    def splits(self) -> Sequence[str]:
        """The split of each song; empty for none."""
        return self._splits

    def missing(self) -> Path | None:
        """A shard that does not exist any more; None if there is none."""
        names = self.songs.blocks.stamps if isinstance(self.songs, _Songs) else ()
        return next((path for name in names if not (path := self.root / name).exists()), None)


class _Names:
    """The stems of a set by those of a model.

    Attributes:
        of: stem of the set -> stem of the model.
        unknown: stems of the set that the model has no place for.
        lacking: stems of the model that the set has none for.
    """

    def __init__(self, names: tuple[str, ...], stems: tuple[str, ...]) -> None:
        words = vocabulary(stems)
        meant = {name: name if name in stems else words.stem(words_of(name)) for name in names}
        rest = OTHER if OTHER in stems else None
        self.of = {name: stem or rest for name, stem in meant.items()}
        self.of = {name: stem if stem in stems else None for name, stem in self.of.items()}
        self.unknown = tuple(name for name, stem in self.of.items() if stem is None)
        self.lacking = tuple(stem for stem in stems if stem not in self.of.values())
        self._stems = stems

    def remark(self, name: str) -> str:
        """What is to be said of a stem without a place."""
        return f"stem {name}: no place among {named(self._stems)}"


class _Songs(Sequence[StemSong]):
    """The songs of the manifest, each read when it is asked for.

    Attributes:
        seconds: of all of them.
    """

    def __init__(self, folder: Path, blocks: Blocks, names: _Names, rate: int) -> None:
        self.blocks, self.seconds = blocks, 0.0
        self._path, self._names, self._rate = folder / SONGS, names, rate
        self._places = np.zeros(0, np.int64)

    def find(self, wrong: set[str]) -> list[str]:
        """Find the songs that lie in no wrong shard and have a stem of the model; their splits."""
        places, splits, at = list[int](), list[str](), 0
        with self._path.open("rb") as file:
            for line in file:
                facts = json.loads(line)
                stems = [stem for stem in facts.get("stems", ()) if self._names.of.get(stem)]
                if stems and not (wrong and wrong & set(self._shards_of(facts))):
                    places.append(at)
                    splits.append(facts.get("split", ""))
                    self.seconds += facts["frames"] / self._rate
                at += len(line)
        self._places = np.array(places, np.int64)
        return splits

    def _shards_of(self, facts: Mapping[str, Any]) -> list[str]:
        count = len(facts["stems"]) * -(-facts["frames"] // BLOCK)
        return self.blocks.shards_of(facts["first"], count)

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> StemSong: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[StemSong]: ...

    def __getitem__(self, index: int | slice) -> StemSong | Sequence[StemSong]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        with self._path.open("rb") as file:
            file.seek(int(self._places[index]))
            return self._song(json.loads(file.readline()))

    def _song(self, facts: Mapping[str, Any]) -> StemSong:
        stems, files = facts["stems"], dict[str, tuple[ShardSound, ...]]()
        for place, name in enumerate(stems):
            stem = self._names.of.get(name)
            gains = tuple(facts.get("gains", {}).get(name, ()))
            sound = ShardSound(
                self.blocks, facts["first"] + place, len(stems), facts["frames"], self._rate, gains
            )
            if stem:
                files[stem] = (*files.get(stem, ()), sound)
        pooled = self._names.lacking if facts.get("open") and OTHER in files else ()
        return StemSong(facts["song"], files, pooled, facts.get("split", ""))
