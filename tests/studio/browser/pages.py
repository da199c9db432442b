"""What tests do with a page of the studio."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from playwright.sync_api import BrowserContext, Page

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--autoplay-policy=no-user-gesture-required", "--disable-background-networking"]

_STOP = """() => {
  const tapped = window.tapped.stop();
  const text = (samples) => {
    const bytes = new Uint8Array(samples.buffer);
    let letters = "";
    for (let at = 0; at < bytes.length; at += 32768) letters += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return btoa(letters);
  };
  return Object.fromEntries(Object.entries(tapped.stems).map(([stem, channels]) => [stem, channels.map(text)]));
}"""


class Watched:
    """A context whose pages are watched: errors, and requests to other hosts than the studio's."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context, self.address = context, address
        self.faults: list[str] = []
        context.on("request", lambda request: self._asked(request.url))
        context.on("weberror", lambda error: self.faults.append(f"error in the page: {error.error}"))
        context.on("console", lambda line: self._said(line.type, line.text))

    def _asked(self, url: str) -> None:
        if not url.startswith((f"{self.address}/", "data:", f"blob:{self.address}")):
            self.faults.append(f"a request to {urlsplit(url).netloc or url}")

    def _said(self, kind: str, text: str) -> None:
        # The browser itself notes answers of 4xx and lost connections, which some tests are about.
        if kind in ("error", "warning") and "Failed to load resource" not in text and "ERR_" not in text:
            self.faults.append(f"console: {text}")

    def page(self, path: str = "/") -> Page:
        """A page of the studio; its stems are there if the path names a project."""
        page = self.context.new_page()
        page.goto(f"{self.address}{path}")
        if path != "/":
            page.wait_for_selector(".row")
        return page


_TAP = """async ([stems, seconds]) => {
  __studio.player.prepare();
  window.tapped = await __studio.tap(stems, seconds);
}"""


def record(page: Page, stems: list[str], seconds: float = 600.0) -> None:
    """Begin to record what leaves the strips of stems; "" is the master."""
    page.evaluate(_TAP, [stems, seconds])


def recorded(page: Page) -> dict[str, np.ndarray]:
    """What was recorded: stem -> float32 (frames, 2)."""
    text = page.evaluate(_STOP)
    return {
        stem: np.stack([np.frombuffer(base64.b64decode(one), "<f4") for one in channels], axis=1)
        for stem, channels in text.items()
    }


def seconds(page: Page) -> float:
    """The place in the song."""
    return float(page.evaluate("__studio.player.seconds"))


def until(is_so: Callable[[], Any], within: float = 20.0) -> Any:
    """Wait until something is true; what it answered then."""
    end = time.monotonic() + within
    while True:
        with suppress(Exception):
            if found := is_so():
                return found
        assert time.monotonic() < end, "it did not become true in time"
        time.sleep(0.05)


def place_of(heard: np.ndarray, sound: np.ndarray) -> int:
    """Where in a sound a heard stretch begins, by cross-correlation of one channel; heard is shorter."""
    size = 1 << int(np.ceil(np.log2(len(sound) + len(heard))))
    spectrum = np.fft.rfft(sound, size) * np.conj(np.fft.rfft(heard, size))
    return int(np.argmax(np.fft.irfft(spectrum, size)[: len(sound)]))
