"""Stems of the user's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.command import write_noise
from tests.studio.browser.pages import Watched, record, recorded, seconds, until

SLOW = 60_000  # milliseconds


def test_given_stems_of_different_length_play_to_the_end_of_the_longest(
    here: Watched, tmp_path: Path
) -> None:
    page = here.page()
    page.get_by_label("New project").click()
    page.get_by_role("tab", name="Arrange").click()
    page.get_by_text("Add a stem of your own", exact=True).click()
    for stem, length in (("bass", 3.0), ("drums", 0.5)):
        page.get_by_label("Which stem it is").select_option(stem)
        page.set_input_files(".more input[type=file]", write_noise(tmp_path / f"{stem}.wav", length))
        page.wait_for_selector(f'.row[data-stem="{stem}"]', timeout=SLOW)
    record(page, ["bass", "drums"])
    page.get_by_label("Place in the song").focus()
    page.keyboard.press("Space")
    until(lambda: seconds(page) > 2.5)
    until(lambda: not page.evaluate("__studio.player.playing"))
    heard = {stem: np.count_nonzero(np.abs(samples[:, 0]) > 1e-4) for stem, samples in recorded(page).items()}
    assert heard["bass"] > 2.9 * 44_100
    assert 0.45 * 44_100 < heard["drums"] < 0.55 * 44_100
