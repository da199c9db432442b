"""Songs in shards: few large files instead of many small ones, checked once, quick to read anywhere.

``prepare`` makes them: ``plan`` scans a set, ``song`` checks and encodes one song, with ``audit`` and ``blocks``,
``container`` writes a shard, ``report`` and ``strips`` show what was found. ``source`` reads them.

A folder of shards holds

    set.json              what it is: stems, rate, and of each shard its size, number of blocks and SHA-256
    songs.jsonl           the manifest, a line for each song: title, stems, place of its blocks, and findings
    chunk-000000-00.bin   blocks of three seconds of one stem, each a FLAC of 16 bits, in litdata's layout
    index.json            litdata's list of the shards: litdata.StreamingDataset(FOLDER)[n] is block n
    report.html           what was found, with pictures in report/
"""

from __future__ import annotations

VERSION = 1
"""Of the layout."""

SET, SONGS, REPORT, PICTURES = "set.json", "songs.jsonl", "report.html", "report"
"""Names in the folder."""

BLOCK = 1 << 17
"""Samples of a block: 3.0 s at 44,100 a second."""
