"""The page itself: how fast it is there, that people who do not see or use a mouse can use it, that it comes back."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.studio.browser.conftest import watched
from tests.studio.browser.pages import Watched
from tests.studio.browser.serving import Serving, serve

AXE = files("axe_playwright_python") / "axe.min.js"
SECOND = 1000  # milliseconds

_CHECK = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
}"""


def test_the_page_is_there_within_a_second(here: Watched) -> None:
    taken = []
    for _ in range(3):
        page = here.page("/#/0001")
        taken.append(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
        page.close()
    assert min(taken) < SECOND, taken


def faults(page: Page) -> list[str]:
    """What axe calls serious or critical."""
    page.evaluate(AXE.read_text("utf-8"))
    return page.evaluate(_CHECK)


@pytest.mark.parametrize("width", [1440, 360])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_no_serious_fault(chromium: Browser, studio: Serving, scheme: str, width: int) -> None:
    size = {"width": width, "height": 800}
    user = watched(chromium, studio, color_scheme=scheme, viewport=size, reduced_motion="reduce")
    page = user.page("/#/0001")
    page.get_by_label("Edit the notes of bass").click()
    page.get_by_label("Solo vocals").click()
    page.get_by_role("tab", name="Compose").click()
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width == 1440:
        page.get_by_role("tab", name="Arrange").click()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        assert faults(page) == []
        page.keyboard.press("Escape")
        page.get_by_role("link", name="msgld studio").click()
        page.wait_for_selector(".drop-zone")
        assert faults(page) == []
    user.context.close()
    assert user.faults == []


def test_the_keyboard_alone(here: Watched) -> None:
    page = here.page("/#/0001")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("m")
    expect(page.get_by_label("Mute drums")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("s")
    expect(page.get_by_label("Solo drums")).to_have_attribute("aria-pressed", "true")
    for key in ("ArrowRight", "[", "Shift+ArrowRight", "ArrowRight", "]"):
        page.keyboard.press(key)
    loop = page.get_by_label("Loop the chosen range")
    expect(loop).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("l")
    expect(loop).to_have_attribute("aria-pressed", "false")
    page.get_by_text("Export").click()
    page.keyboard.press("Escape")
    expect(page.locator("details.menu[open]")).to_have_count(0)
    page.keyboard.press("?")
    page.get_by_role("heading", name="Keyboard").click()  # the focus leaves the button
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".range")).to_have_count(1)  # only the innermost thing was closed
    page.keyboard.press("Escape")
    expect(page.locator(".range")).to_have_count(0)
    page.keyboard.press("1")
    expect(page.get_by_role("tab", name="Song")).to_have_attribute("aria-selected", "true")


def test_projects_that_are_not_there_or_cannot_be_read(here: Watched, studio: Serving) -> None:
    page = here.page()
    page.goto(f"{studio.address}/#/9999")
    expect(page.get_by_text("There is no such project.")).to_be_visible()
    page.get_by_role("link", name="list of projects").click()
    expect(page.locator(".drop-zone")).to_be_visible()
    broken = studio.folder / "0500-broken"
    broken.mkdir()
    (broken / "project.json").write_text("{")
    page.goto(f"{studio.address}/#/0500")
    expect(page.locator(".fault-line")).to_contain_text("cannot be read")
    expect(page.locator(".drop-zone, .panel")).to_have_count(0)
    page.reload()
    entry = page.locator("li", has_text="0500-broken")
    entry.hover()
    error, tools = (
        entry.locator(".project-error").bounding_box(),
        entry.locator(".project-tools").bounding_box(),
    )
    assert error is not None
    assert tools is not None
    assert tools["y"] + tools["height"] <= error["y"]
    page.get_by_label("Delete 0500-broken").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".drop-zone")).to_be_visible()


def test_the_choice_of_colours_is_kept(here: Watched) -> None:
    page = here.page()
    theme = page.evaluate("document.documentElement.dataset.theme")
    page.get_by_label("colours").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") != theme


def test_the_page_comes_back_after_the_server(chromium: Browser, studio: Serving, tmp_path: Path) -> None:
    folder = tmp_path / "projects"
    folder.mkdir()
    first = serve(folder, studio.model)
    user = watched(chromium, first)
    page = user.page()
    page.wait_for_selector(".drop-zone")
    first.stop()
    expect(page.get_by_text("trying again")).to_be_visible()
    second = serve(folder, studio.model, first.port)
    try:
        expect(page.get_by_text("trying again")).to_have_count(0, timeout=20_000)
        page.get_by_label("New project").click()
        expect(page.locator("h1")).to_have_text("Untitled")
    finally:
        user.context.close()
        second.stop()
    assert user.faults == []
