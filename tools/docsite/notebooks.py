"""Notebooks as pages. The site shows what they printed and drew when this was last called:

    python tools/docsite/notebooks.py              # runs docs/notebooks/*.ipynb, writes their outputs beside them

Building the site runs none of them; the tests run all (tests/docs/test_notebooks.py).
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent.parent / "docs" / "notebooks"
DOWNLOAD = "Download this notebook"
COLOURS = 64
"""Of the pictures, which are a third as big so."""


def cells(path: Path) -> list[dict[str, Any]]:
    """The cells of a notebook, with their source as one text."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [{**cell, "source": "".join(cell["source"])} for cell in notebook["cells"]]


def page(path: Path) -> str:
    """The Markdown of a notebook, with its outputs as far as there are any."""
    parts, number = [], 0
    for cell in cells(path):
        if cell["cell_type"] == "markdown":
            parts.append(cell["source"])
            continue
        number += 1
        parts.append(f"```python\n{cell['source']}\n```")
        text, picture = (path.with_suffix("") / f"{number}{suffix}" for suffix in (".txt", ".png"))
        if text.is_file():
            parts.append(f'```{{.text .output title="Output"}}\n{text.read_text("utf-8").rstrip()}\n```')
        if picture.is_file():
            parts.append(f"![What the cell above draws]({path.stem}/{picture.name})")
    return "\n\n".join([*parts, f"[{DOWNLOAD}]({path.name})"]) + "\n"


def run(path: Path, folder: Path) -> list[dict[str, Any]]:
    """Run a notebook in a folder and return its code cells, outputs included.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=300, startup_timeout=180, resources={"metadata": {"path": str(folder)}}
    )
    return [cell for cell in client.execute().cells if cell.cell_type == "code"]


def texts(cell: dict[str, Any]) -> str:
    """What a cell printed, and its value."""
    found = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in shown(cell)]
    return "".join(text if text.endswith("\n") else f"{text}\n" for text in found if text)


def pictures(cell: dict[str, Any]) -> Iterator[bytes]:
    """What a cell drew, as PNG files."""
    for output in cell["outputs"]:
        if "image/png" in output.get("data", {}):
            yield base64.b64decode(output["data"]["image/png"])


def shown(cell: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Outputs that are text."""
    for output in cell["outputs"]:
        if output.get("name") != "stderr" and "image/png" not in output.get("data", {}):
            yield output


def smaller(picture: bytes) -> bytes:
    """The same picture in few colours."""
    from PIL import Image

    out = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS).save(out, "PNG", optimize=True)
    return out.getvalue()


def write_outputs(path: Path) -> None:
    """Run a notebook and write its outputs into the folder of its name."""
    outputs = path.with_suffix("")
    with tempfile.TemporaryDirectory() as scratch:
        ran = run(path, Path(scratch))
    shutil.rmtree(outputs, ignore_errors=True)
    outputs.mkdir()
    for number, cell in enumerate(ran, 1):
        if text := texts(cell):
            (outputs / f"{number}.txt").write_text(text, encoding="utf-8")
        for picture in pictures(cell):
            (outputs / f"{number}.png").write_bytes(smaller(picture))


def main() -> None:
    """Write the outputs of all notebooks, or of some."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("notebooks", nargs="*", type=Path, default=sorted(FOLDER.glob("*.ipynb")))
    for path in parser.parse_args().notebooks:
        write_outputs(path)
        print(path)


if __name__ == "__main__":
    main()
