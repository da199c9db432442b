"""The page that shows what tuning has changed: figures, and sounds before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from msgld.api.msgld import Msgld
from msgld.data.source import Clip
from msgld.evaluation.measures import sounding
from msgld.evaluation.report import Example, page_table, section, write_body
from msgld.finetuning.before import separated

PAGE = "finetune.html"
"""Name of the page, in the folder of the evening."""


def write_page(
    title: str, rows: Sequence[Mapping[str, Any]], lines: Sequence[str], example: Example, out: Path
) -> Path:
    """Write the page and its sounds.

    Args:
        title: of the page.
        rows: stem by stem, before and after.
        lines: what is to be said about them.
        example: of the song that was set aside.
        out: folder of the evening.
    """
    body = [f"<p>{escape(line)}.</p>" for line in lines]
    body += [page_table(rows), section(example, out / "sounds", "finetune")]
    write_body(title, body, out / PAGE)
    return out / PAGE


def example_of(clip: Clip, before: Msgld, after: Msgld, stems: tuple[str, ...]) -> Example:
    """An excerpt: the song, and each stem that sounds in it, as it is, and separated before and after."""
    estimates = {"before": separated(before, clip, stems), "after": separated(after, clip, stems)}
    tracks = {"song": clip.mixture}
    for k, stem in enumerate(stems):
        if sounding(clip)[k]:
            tracks[f"{stem}, true"] = clip.stems[k]
            tracks |= {f"{stem}, {when}": made[k] for when, made in estimates.items()}
    return Example(clip.name, tracks, clip.rate)
