"""A studio in a process of its own, for tests: ``python serving.py FOLDER OPTIONS`` prints its port."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from msgld.studio.config import Config
from msgld.studio.limits import Limits
from msgld.studio.serve import bound, serve

WORKER = (sys.executable, "-P", str(Path(__file__).parent / "fake_worker.py"))


def main() -> None:
    folder, options = Path(sys.argv[1]), json.loads(sys.argv[2])
    limits = Limits(**options.pop("limits", {}))
    config = Config(folder, port=0, limits=limits, worker=tuple(options.pop("worker", WORKER)), **options)
    with bound(config) as listening:
        port = listening.getsockname()[1]
        print(port, flush=True)
        serve(replace(config, port=port), listening)


if __name__ == "__main__":
    main()
