"""What one does with the studio: drop, hear while it works, cancel, compose, edit, replay, take away, come back."""

from __future__ import annotations

import io
import re
import time
import zipfile
from pathlib import Path

import numpy as np
import soundfile
from playwright.sync_api import Page, expect

from tests.studio.browser.known import STEMS, sound_of, write_project, write_take
from tests.studio.browser.pages import Watched, record, recorded, seconds, until
from tests.studio.browser.serving import Serving

_DROP = """async ([address, name]) => {
  const sound = await (await fetch(address)).blob();
  const dragged = new DataTransfer();
  dragged.items.add(new File([sound], name));
  const how = { dataTransfer: dragged, bubbles: true, cancelable: true };
  for (const type of ["dragover", "drop"]) document.querySelector(".drop-zone").dispatchEvent(new DragEvent(type, how));
}"""

SLOW = 60_000  # milliseconds; jobs of the tiny model take seconds, on a busy machine more


def test_a_dropped_song_is_heard_before_it_is_done_and_can_be_cancelled(
    here: Watched, long_song: Path
) -> None:
    page = here.page()
    page.get_by_label("Quality").select_option("draft")
    page.evaluate(_DROP, ["/api/projects/0001/takes/001/files/bass", "Short.wav"])
    expect(page.locator("h1")).to_have_text("Short")
    expect(page.locator(".job .progress").first).to_be_visible()
    page.get_by_role("link", name="msgld studio").click()
    page.set_input_files(".drop-zone input[type=file]", long_song)
    expect(page.locator("h1")).to_have_text("Long", timeout=SLOW)
    page.wait_for_selector(".tab-part", timeout=SLOW)  # a take that grows
    record(page, [""])
    page.keyboard.press("Space")
    until(lambda: seconds(page) > 0.4)
    assert page.locator(".tab-part").count() == 1
    assert np.abs(recorded(page)[""]).max() > 0.01
    began = time.monotonic()
    page.get_by_label("Cancel Separate").last.click()
    expect(page.locator(".job.cancelled")).to_be_visible(timeout=SLOW)
    assert time.monotonic() - began < 5


def compose(page: Page) -> None:
    """A piece of four bars in a new project."""
    page.get_by_label("New project").click()
    page.get_by_role("tab", name="Compose").click()
    page.get_by_label("Bars").fill("4")
    page.get_by_label("Tempo").fill("120")
    page.get_by_label("Quality").last.select_option("draft")
    page.get_by_role("button", name="Compose").click()
    page.wait_for_selector('.row[data-stem="bass"]', timeout=SLOW)
    expect(page.locator(".tab-part")).to_have_count(0, timeout=SLOW)


def test_compose_edit_a_note_render_and_replay_a_bar(here: Watched) -> None:
    page = here.page()
    compose(page)
    page.get_by_label("Edit the notes of piano").click()
    area = page.get_by_label("Piano roll editor of piano")
    before = area.get_attribute("aria-label")
    area.focus()
    page.keyboard.press("Enter")
    assert area.get_attribute("aria-label") != before
    expect(page.locator(".editor-note")).to_contain_text("velocity 90")
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowRight", "Alt+ArrowUp"):
        page.keyboard.press(key)
    expect(page.locator(".editor-note")).to_contain_text("velocity 95")
    page.get_by_role("button", name="Render again").click()
    expect(page.get_by_role("tab", selected=True).first).to_contain_text("Render", timeout=SLOW)

    ruler = page.get_by_label("Place in the song").bounding_box()
    assert ruler is not None
    y = ruler["y"] + 30
    page.mouse.move(ruler["x"] + 0.3 * ruler["width"], y)
    page.mouse.down()
    page.mouse.move(ruler["x"] + 0.4 * ruler["width"], y, steps=4)
    page.mouse.up()
    page.get_by_role("button", name="of bass anew").click()
    expect(page.get_by_role("tab", selected=True).first).to_contain_text("Arrange", timeout=SLOW)
    job = page.evaluate("fetch('/api/jobs').then((answer) => answer.json())")
    settings = next(one["settings"] for one in job if one["task"] == "arrange")
    assert settings["make"] == ["bass"]
    assert settings["bars"][0] == 2


def test_a_note_is_drawn_moved_and_deleted_with_the_mouse(here: Watched) -> None:
    page = here.page("/#/0001")
    page.get_by_label("Edit the notes of bass").click()
    area = page.get_by_label("Piano roll editor of bass")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    count = lambda: int(str(area.get_attribute("aria-label")).split(", ")[1].split()[0])  # noqa: E731
    before = count()
    x, y = box["x"] + 300, box["y"] + 8  # above all notes
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=3)
    page.mouse.up()
    assert count() == before + 1
    start = page.locator(".editor-note").inner_text()
    page.mouse.move(x + 20, y)
    page.mouse.down()
    page.mouse.move(x + 120, y, steps=5)
    page.mouse.up()
    assert page.locator(".editor-note").inner_text() != start
    page.keyboard.down("Alt")
    page.mouse.click(x + 120, y)
    page.keyboard.up("Alt")
    assert count() == before
    page.get_by_label("Undo").click()
    assert count() == before + 1


def test_files_are_downloaded_and_dragged_out(here: Watched) -> None:
    page = here.page("/#/0001")
    with page.expect_download() as download:
        page.get_by_label("WAV of bass").click()
    assert download.value.suggested_filename.endswith("bass.wav")
    with page.expect_download() as download:
        page.get_by_text("Export").click()
        page.get_by_label("Everything as a zip").click()
    with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as archive:
        assert any(name.endswith("bass.wav") for name in archive.namelist())
    dragged = page.evaluate("""() => {
      const data = new DataTransfer();
      const link = document.querySelector('[aria-label="WAV of bass"]');
      link.dispatchEvent(new DragEvent("dragstart", { dataTransfer: data, bubbles: true }));
      return data.getData("DownloadURL");
    }""")
    kind, name, address = dragged.split(":", 2)
    assert (kind, name) == ("audio/wav", "Known noise - Separate - bass.wav")
    sound, rate = soundfile.read(io.BytesIO(page.request.get(address).body()))
    assert (len(sound), rate) == (70 * 44_100, 44_100)


def test_a_project_is_closed_and_opened_again(here: Watched, there: Watched) -> None:
    here.page("/#/0001").close()
    page = there.page()
    page.get_by_role("button", name="Known noise").first.click()
    page.wait_for_selector('.row[data-stem="bass"]')
    page.get_by_label("Rename Known noise").click()
    page.get_by_label("Name", exact=True).fill("Known, renamed")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Known, renamed")
    page.get_by_label("Rename Known, renamed").click()
    page.get_by_label("Name", exact=True).fill("Known noise")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Known noise")


def test_two_users_at_once(here: Watched, there: Watched) -> None:
    one, two = here.page("/#/0001"), there.page("/#/0001")
    one.get_by_label("Mute drums").click()
    expect(two.get_by_label("Mute drums")).to_have_attribute("aria-pressed", "false")
    one.get_by_label("New project").click()
    expect(one.locator("h1")).to_have_text("Untitled")
    expect(two.get_by_role("button", name="Untitled").first).to_be_visible()
    expect(two.locator("h1")).to_have_text("Known noise")
    two.get_by_label("Delete Untitled").first.click()
    two.get_by_role("button", name="Delete", exact=True).click()
    expect(one.get_by_text("There is no such project.")).to_be_visible()


def test_a_hostile_file_gives_one_line(here: Watched, tmp_path: Path) -> None:
    page = here.page()
    page.on("dialog", lambda dialog: here.faults.append("a dialog"))
    file = {
        "name": "..%2f..<img src=x onerror=alert(1)>.mp3",
        "mimeType": "audio/mpeg",
        "buffer": b"ID3\x04" + bytes(range(256)) * 400,
    }
    page.wait_for_selector(".project-open")
    before = page.locator(".project-open").count()
    page.set_input_files(".drop-zone input[type=file]", files=[file])
    error = page.locator(".message.error")
    expect(error).to_have_count(1, timeout=SLOW)
    assert "\n" not in error.inner_text().strip()
    assert page.locator(".message img").count() == 0
    expect(page.locator(".drop-zone")).to_be_visible()  # and no project that was made for it
    expect(page.locator(".project-open")).to_have_count(before)
    page.set_input_files(".drop-zone input[type=file]", files=[{**file, "buffer": b""}])
    expect(page.get_by_text("is empty.")).to_be_visible()
    expect(page.locator(".project-open")).to_have_count(before)


def test_another_take_with_the_id_of_a_deleted_one_is_another_one(here: Watched, studio: Serving) -> None:
    project = write_project(studio.folder, 600, "Again", 4.0)
    page = here.page(f"/#/{project}")
    page.get_by_label("Edit the notes of bass").click()
    editor = page.get_by_label("Piano roll editor of bass")
    expect(editor).to_have_attribute("aria-label", re.compile(", 4 notes"))
    page.keyboard.press("Home")
    page.get_by_label("Solo bass").click()
    page.get_by_role("button", name="Play", exact=True).click()
    until(lambda: seconds(page) > 0.3)
    page.get_by_role("button", name="Pause").click()
    page.get_by_label("Delete the take").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator('.row[data-stem="song"]')).to_be_visible()
    write_take(studio.folder / "0600-known", seconds=4.0, sounds=STEMS[::-1], bpm=60.0, created=1.8e9)
    write_take(studio.folder / "0600-known", 2, 4.0, bpm=None)
    with page.expect_response("**/peaks/bass*"):
        page.request.patch(f"{studio.address}/api/projects/{project}", data={"title": "Once more"})
        page.locator("#take-001").click()
    expect(editor).to_have_attribute("aria-label", re.compile(", 2 notes"))
    record(page, ["bass"])
    page.keyboard.press("Home")
    page.get_by_role("button", name="Play", exact=True).click()
    until(lambda: seconds(page) > 0.3)
    heard = recorded(page)["bass"][:, 0]
    heard = heard[np.flatnonzero(heard)[0] :][1000:5000]
    assert np.abs(heard - sound_of(STEMS[-1], 4.0)[1000 : 1000 + len(heard), 0]).max() < 1e-6

    # A take without notes shows no editor; it comes back with the take that has them.
    page.locator("#take-002").click()
    expect(page.get_by_label("Edit the notes of bass")).to_have_count(0)
    expect(editor).to_have_count(0)
    page.keyboard.press("b")
    expect(editor).to_be_visible()
    page.request.delete(f"{studio.address}/api/projects/{project}")
    expect(page.get_by_text("There is no such project.")).to_be_visible()
