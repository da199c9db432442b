"""The report of an evaluation, as files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgld.checkpoint import write_whole
from msgld.errors import UsageError
from msgld.evaluation.page import Example, write_page
from msgld.evaluation.table import markdown


def refuse_another(out: Path, about: Mapping[str, Any]) -> None:
    """Raise UsageError where a folder holds a report of the same task that was measured otherwise.

    Args:
        about: what the new report will say of the model, the clips and the settings.
    """
    path = out / f"{about['task']}.json"
    try:
        former = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return
    if isinstance(former, dict) and any(
        former.get(key) != value for key, value in _plain_json(about).items()
    ):
        raise UsageError(f"{path} is of another model, other clips or other settings; choose another --out")


def _plain_json(about: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(about))
    return plain


def write_report(report: Mapping[str, Any], examples: Sequence[Example], out: Path) -> None:
    """Write ``<task>.json``, ``<task>.md`` and the page ``<task>.html``."""
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / f"{report['task']}.json", json.dumps(report, indent=1).encode())
    head = f"# {report['task']}: {report['model']}, {report['clips']} clips\n\n"
    notes = "".join(f"\n{note}.\n" for note in report.get("notes", ()))
    write_whole(out / f"{report['task']}.md", (head + markdown(report["rows"]) + notes).encode())
    write_page(report, examples, out)
