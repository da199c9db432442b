"""Results do not depend on the machine: one thread for everything, as tensors are small, and no soundfonts."""

from __future__ import annotations

import os
from pathlib import Path

# Set before anything imports torch, and inherited by the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

for _name in ("XDG_DATA_HOME", "XDG_DATA_DIRS"):
    os.environ[_name] = str(Path(__file__).parent / "nowhere")
