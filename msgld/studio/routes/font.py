"""Where the soundfont is that comes along."""

from __future__ import annotations

from pathlib import Path

import msgld

SHIPPED = Path(msgld.__file__).parent / "music" / "render" / "font" / "general.sf3"
"""As :data:`msgld.music.render.presets.SHIPPED`, which would import torch."""
