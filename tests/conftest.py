"""One thread for everything: the tensors of the tests are small, and results do not depend on the machine."""

from __future__ import annotations

import os

# Set before anything imports torch, and inherited by the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")
