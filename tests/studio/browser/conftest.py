"""A studio and a browser for all tests of this folder; without Chromium one skip."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.studio.browser.pages import Watched
    from tests.studio.browser.serving import Serving

NEEDED = ("playwright", "fastapi", "uvicorn")
_MISSING = [name for name in NEEDED if find_spec(name) is None]
if not Path("/usr/bin/chromium").exists():
    _MISSING.append("/usr/bin/chromium")
collect_ignore = (
    [path.name for path in Path(__file__).parent.glob("test_*.py") if path.name != "test_heard.py"]
    if _MISSING
    else []
)

MINUTE = 61.0
LOOP = (1.25, 6.0)
"""Of the minute that is recorded, in seconds."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The minute is looked at last, so that the other tests run while it passes."""
    items.sort(key=lambda item: item.name.startswith("test_after_a_minute"))


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    from tests.studio.browser.known import write_project
    from tests.studio.browser.serving import serve, tiny_model

    folder = tmp_path_factory.mktemp("studio") / "projects"
    folder.mkdir()
    write_project(folder)
    serving = serve(folder, tiny_model(folder.parent / "tiny"))
    yield serving
    serving.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    from tests.studio.browser.pages import ARGUMENTS, CHROMIUM

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def watched(chromium: Browser, studio: Serving, **options: Any) -> Watched:
    from tests.studio.browser.pages import Watched

    return Watched(
        chromium.new_context(**{"viewport": {"width": 1440, "height": 900}, **options}), studio.address
    )


def user_of(chromium: Browser, studio: Serving) -> Iterator[Watched]:
    """A user's browser; the test fails if a page of it had an error or asked another host."""
    user = watched(chromium, studio)
    yield user
    user.context.close()
    assert user.faults == []


here = pytest.fixture(user_of, name="here")
there = pytest.fixture(user_of, name="there")
"""Another user's."""


@pytest.fixture(scope="session")
def minute(chromium: Browser, studio: Serving) -> Iterator[Page]:
    """A page that plays a loop for a minute and is recorded: other tests run meanwhile."""
    from tests.studio.browser.pages import record

    page = watched(chromium, studio).page("/#/0001")
    record(page, ["bass", "drums"], MINUTE)
    page.evaluate(
        """([start, stop]) => {
          const { player } = __studio;
          player.seek(start);
          player.setLoop({ start, stop });
          player.play();
          const end = setInterval(() => {
            if (!tapped.full()) return;
            clearInterval(end);
            player.pause();
          }, 500);
        }""",
        LOOP,
    )
    yield page
    page.context.close()


@pytest.fixture(scope="session")
def long_song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four minutes of noise."""
    from tests.command import write_noise

    return write_noise(tmp_path_factory.mktemp("songs") / "Long.wav", seconds=240)
