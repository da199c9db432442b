"""How much the studio takes: bytes, seconds, numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits on what a client may send and start.

    Attributes:
        upload: bytes of a file.
        seconds: of a song.
        decoded: bytes of a song as 32-bit floats; a WAV file counts no more than 4 GiB.
        memory: bytes that reading a file may take, beside the file itself.
        decode_seconds: for reading a file.
        idle_seconds: without a byte after which an upload counts as given up.
        uploads: that are taken in at the same time.
        queue: jobs that wait or run.
        job_seconds: for one job.
        body: bytes of JSON.
        notes: in one request.
        listeners: pages that follow the events.
        kept_seconds: how long uploads stay where the studio is open to a network.
    """

    upload: int = 1 << 30
    seconds: float = 2 * 3600.0
    decoded: int = 4_000_000_000
    memory: int = 1 << 30
    decode_seconds: float = 600.0
    idle_seconds: float = 30.0
    uploads: int = 4
    queue: int = 200
    job_seconds: float = 6 * 3600.0
    body: int = 2_000_000
    notes: int = 100_000
    listeners: int = 64
    kept_seconds: float = 24 * 3600.0
