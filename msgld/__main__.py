"""``python -m msgld`` is the command ``msgld``."""

from __future__ import annotations

from msgld.cli import main

if __name__ == "__main__":
    main()
