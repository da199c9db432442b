"""Notebooks run from top to bottom, and are stored without their outputs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from docsite import notebooks

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = sorted(notebooks.FOLDER.glob("*.ipynb"))
STEADY = {"noise-levels"}
"""Those whose outputs are the same on every machine, to the digits that they print."""


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    ran = notebooks.run(path, tmp_path)
    outputs = path.with_suffix("")
    for number, cell in enumerate(ran, 1):
        text, picture = outputs / f"{number}.txt", outputs / f"{number}.png"
        assert bool(notebooks.texts(cell)) == text.is_file(), "run tools/docsite/notebooks.py"
        assert bool(list(notebooks.pictures(cell))) == picture.is_file(), "run tools/docsite/notebooks.py"
        if path.stem in STEADY and text.is_file():
            assert notebooks.texts(cell) == text.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_stored_without_outputs(path: Path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells)
    assert cells[0]["cell_type"] == "markdown"


def test_a_cell_that_fails_is_an_error(tmp_path: Path):
    from nbclient.exceptions import CellExecutionError
    from nbformat.v4 import new_code_cell, new_notebook

    path = tmp_path / "bad.ipynb"
    path.write_text(json.dumps(new_notebook(cells=[new_code_cell("1 / 0")])), encoding="utf-8")
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        notebooks.run(path, tmp_path)
