"""What a trained model is called: as its run's folder, never as a model that comes with the package."""

from __future__ import annotations

from pathlib import Path

from msgld.names import LONGEST, as_path_part, fold

_SHIPPED = Path(__file__).parent.parent / "weights"
_APPENDIX = "-tuned"


def model_name(out: Path) -> str:
    """Name of the model that a run in ``out`` exports: one path part that any system takes."""
    plain = as_path_part(out.resolve().name[: LONGEST - len(_APPENDIX)], "trained")
    taken = {fold(folder.name) for folder in _SHIPPED.glob("*") if folder.is_dir()}
    return plain + _APPENDIX if fold(plain) in taken else plain
