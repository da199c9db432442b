"""Notes to sound, with a soundfont that comes along.

``render`` plays a score: the stems of a finished mix. ``render_notes`` plays the notes of one stem, dry.
``voices`` are the notes as they are played, ``soundfont`` reads soundfonts, ``presets`` says what one lacks,
``extract`` takes out of one what some notes need (``sf2`` writes it), ``synthesiser`` plays it, and ``balance`` makes
stems a mix, in a ``room``, at the ``loudness`` of real ones.
"""

from msgld.music.render.presets import SHIPPED
from msgld.music.render.render import RELEASE, render, render_notes

__all__ = ["RELEASE", "SHIPPED", "render", "render_notes"]
