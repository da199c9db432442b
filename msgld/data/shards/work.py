"""The work of a preparation: groups of songs become shards, several at once, and every break loses one group at most.

A group's shards are renamed into place first, then its record; a group with a record is done.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from msgld.data.shards import PICTURES
from msgld.data.shards.container import ShardWriter, write_json
from msgld.data.shards.plan import Plan, PlannedSong
from msgld.data.shards.song import PackedSong, pack
from msgld.data.shards.strips import draw_song
from msgld.data.stem_folders import LEFT_OUT
from msgld.progress import CancelToken, Meter

WORK = ".work"
"""Folder of a preparation that is not finished, in the folder of shards."""


@dataclass(frozen=True)
class Workshop:
    """Where and how songs are prepared.

    Attributes:
        out: folder of the shards.
        rate: samples per second.
        plan: all songs.
    """

    out: Path
    rate: int
    plan: Plan

    def run(self, jobs: int, meter: Meter) -> None:
        """Prepare the groups that are not done yet.

        Args:
            jobs: groups that are worked on at once.
            meter: advances by the megabytes of the songs.

        Raises:
            OSError: the disk is full, for example; what is done stays.
        """
        due, stop = self.due(meter), CancelToken()
        with ThreadPoolExecutor(jobs) as pool:
            running: dict[Future[None], int] = {}
            try:
                # No more are begun than there are hands, so that memory does not grow with the songs.
                for number, group in due:
                    running[pool.submit(self.prepare_group, number, group, stop)] = sum(
                        song.size for song in group
                    )
                    if len(running) > jobs:
                        self._collect(running, meter)
                while running:
                    self._collect(running, meter)
            except BaseException:
                stop.cancel()  # or Ctrl-C would wait for whole groups
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _collect(self, running: dict[Future[None], int], meter: Meter) -> None:
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for job in done:
            size = running.pop(job)
            job.result()
            meter.advance(size / 1e6)

    def due(self, meter: Meter) -> Iterator[tuple[int, list[PlannedSong]]]:
        """The groups that are not done yet; the meter advances by the others."""
        (self.out / WORK / "done").mkdir(parents=True, exist_ok=True)
        for number, group in enumerate(self.plan.groups()):
            if self.is_done(number):
                meter.advance(sum(song.size for song in group) / 1e6)
            else:
                yield number, group

    def record(self, number: int) -> Path:
        """The record of a group."""
        return self.out / WORK / "done" / f"{number:06}.json"

    def is_done(self, number: int) -> bool:
        """Whether a group is done: it has a record, and its shards are as large as that says."""
        try:
            shards = json.loads(self.record(number).read_text("utf-8"))["shards"]
            return all(os.stat(self.out / shard["name"]).st_size == shard["size"] for shard in shards)
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def prepare_group(self, number: int, songs: Iterable[PlannedSong], stop: CancelToken) -> None:
        """Make the shards of a group, then its record. Raises OSError as :meth:`run`."""
        writer = ShardWriter(self.out, f"chunk-{number:06}")
        try:
            facts = [self._song(song, writer, stop) for song in songs]
            writer.finish()
        finally:
            writer.close()
        shards = [asdict(shard) for shard in writer.shards]
        write_json(self.record(number), {"shards": shards, "songs": facts})

    def _song(self, song: PlannedSong, writer: ShardWriter, stop: CancelToken) -> dict[str, Any]:
        """Prepare one song; what is known of it."""
        twin = self.plan.twin_of(song)
        if twin:
            return song_facts(
                PackedSong(song, remarks=[(song.name, f"the same music as {twin}", LEFT_OUT)]), 0
            )
        with TemporaryFile(dir=self.out / WORK) as spool:
            packed = pack(song, self.rate, spool, stop)
            first = writer.items
            for item in packed.items(spool):
                writer.add(item)
        if packed.remarks:
            draw_song(packed, self.rate, self.out / PICTURES / f"{song.number:06}.png")
        return song_facts(packed, first)


def song_facts(packed: PackedSong, first: int) -> dict[str, Any]:
    """What the manifest says of a song.

    Args:
        packed: the song.
        first: number of its first block among those of its group.
    """
    song = packed.song
    facts = {
        "song": song.name,
        "stems": packed.stems,
        "frames": packed.frames,
        "first": first,
        "split": song.split,
        "licence": song.licence,
        "open": song.open,
        "gains": packed.gains,
        "peak_db": {stem: decibels(packed.measures[stem].peak) for stem in packed.stems},
        "rms_db": {stem: decibels(packed.measures[stem].rms) for stem in packed.stems},
        "difference_db": None if packed.difference is None else round(packed.difference, 1),
        "findings": packed.remarks,
    }
    return {"number": song.number} | {
        key: value for key, value in facts.items() if value not in ("", {}, None, [])
    }


def decibels(value: float) -> float:
    """An amplitude in dB relative to full scale, -200 at least."""
    return round(max(20 * math.log10(value), -200.0), 1) if value > 0 else -200.0
