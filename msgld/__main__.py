"""The command ``msgld``, also as ``python -m msgld``."""

from __future__ import annotations

from msgld.cli.errors import loading


def main() -> None:
    """Import the command line and run it."""
    with loading():
        from msgld.cli.main import main as command
    command()


if __name__ == "__main__":
    main()
