"""What the audio graph puts out: recorded in the page, and compared with the files sample by sample."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tests.studio.browser.conftest import _MISSING, LOOP

if _MISSING:
    pytest.skip(f"the browser's tests need {', '.join(_MISSING)}", allow_module_level=True)

from playwright.sync_api import Page

from tests.studio.browser.known import RATE, STEMS, sound_of
from tests.studio.browser.pages import Watched, place_of, record, recorded, seconds, until

pytestmark = pytest.mark.usefixtures("minute")  # which is recorded meanwhile

SETTLED = round(0.2 * RATE)
"""Frames until a gain that was changed has come to rest."""


def test_one_stem_alone_is_its_file(here: Watched) -> None:
    page = here.page("/#/0001")
    page.get_by_label("Solo piano").click()
    record(page, ["", "piano", "drums"])
    page.keyboard.press("Space")
    until(lambda: seconds(page) > 1.5)
    heard = recorded(page)
    stretch = heard[""][np.flatnonzero(heard[""][:, 0])[0] :][SETTLED:]
    start = place_of(stretch[:8192, 0], sound_of("piano")[:, 0])
    assert len(stretch) > RATE / 2
    assert np.abs(stretch - sound_of("piano")[start : start + len(stretch)]).max() < 1e-6
    assert np.abs(heard["drums"][-RATE // 4 :]).max() == 0


def test_gain_and_pan_do_what_they_say(here: Watched) -> None:
    page = here.page("/#/0001")
    page.get_by_label("Gain of bass").fill("-6")
    page.get_by_label("Pan of bass").fill("1")
    page.get_by_label("Solo bass").click()
    record(page, [""])
    page.get_by_role("button", name="Play", exact=True).click()
    until(lambda: seconds(page) > 1)
    stretch = recorded(page)[""][-RATE // 4 :]
    both = sound_of("bass").sum(axis=1)
    start = place_of(stretch[:, 1], both)
    # A panner at the right puts both channels there.
    assert np.abs(stretch[:, 1] - 10 ** (-6 / 20) * both[start : start + len(stretch)]).max() < 1e-5
    assert np.abs(stretch[:, 0]).max() < 1e-5


def test_slower_at_the_same_pitch(here: Watched) -> None:
    # Drums get the sound of the bass: what comes out has to be the same, too.
    here.context.route(
        "**/sound/drums*", lambda route: route.continue_(url=route.request.url.replace("drums", "bass"))
    )
    page = here.page("/#/0001")
    page.get_by_label("Speed, at the same pitch").fill("0.5")
    record(page, list(STEMS))
    page.keyboard.press("Space")
    until(lambda: seconds(page) > 0.2)
    before = page.evaluate("[__studio.player.seconds, __studio.player.context.currentTime]")
    time.sleep(2)
    after = page.evaluate("[__studio.player.seconds, __studio.player.context.currentTime]")
    assert (after[0] - before[0]) / (after[1] - before[1]) == pytest.approx(0.5, abs=0.05)
    heard = recorded(page)
    difference = np.abs(heard["bass"] - heard["drums"])
    assert difference.max() < 1e-6, (
        difference.max(),
        np.flatnonzero(difference.max(axis=1) > 1e-6)[:3],
        len(difference),
    )
    loud = {stem: float(np.sqrt(np.mean(heard[stem][-RATE // 2 :] ** 2))) for stem in STEMS}
    assert all(0.02 < value < 0.12 for value in loud.values()), loud


def test_notes_sound_in_place_of_the_recording(here: Watched) -> None:
    page = here.page("/#/0001")
    page.get_by_label("Hear the notes of piano, not its sound").click()
    until(
        lambda: (
            page.get_by_label("Hear the notes of piano, not its sound").get_attribute("aria-pressed")
            == "true"
        ),
        40,
    )
    record(page, ["piano"])
    page.keyboard.press("Space")
    until(lambda: seconds(page) > 2.2)
    heard = recorded(page)["piano"].sum(axis=1)
    heard = heard[np.flatnonzero(np.abs(heard) > 1e-3)[0] :]
    first = heard[round(0.1 * RATE) : round(0.4 * RATE)]
    peak = np.argmax(np.abs(np.fft.rfft(first * np.hanning(len(first)), 1 << 17))) * RATE / (1 << 17)
    octaves = np.log2(peak / 261.63)  # the scale begins with middle C; a partial of it may be louder
    assert abs(octaves - round(octaves)) < 0.03


def test_another_take_goes_on_at_the_same_place(here: Watched) -> None:
    page = here.page("/#/0001")
    page.get_by_label("Place in the song").press("End")
    page.get_by_label("Place in the song").press("PageDown")
    before = seconds(page)
    page.get_by_role("tab", name="Song").click()
    page.wait_for_selector('.row[data-stem="song"]')
    assert seconds(page) == pytest.approx(before, abs=0.01)
    page.keyboard.press("b")
    page.wait_for_selector('.row[data-stem="bass"]')
    assert seconds(page) == pytest.approx(before, abs=0.01)


def test_after_a_minute_and_ten_loops_two_stems_are_in_sample_lock(minute: Page) -> None:
    until(lambda: minute.evaluate("tapped.full()"), 120)
    heard = recorded(minute)
    start, length = round(LOOP[0] * RATE), round(LOOP[1] * RATE) - round(LOOP[0] * RATE)
    silent = {stem: ~samples.any(axis=1) for stem, samples in heard.items()}
    assert np.array_equal(silent["bass"], silent["drums"])
    for stem, samples in heard.items():
        played = samples[~silent[stem]]  # a machine that is too busy may be late: for all stems alike
        assert len(played) > 11 * length
        loop = np.tile(sound_of(stem)[start : start + length], (len(played) // length + 1, 1))
        assert np.abs(played - loop[: len(played)]).max() < 1e-6, stem
