"""What MkDocs calls to build the site (mkdocs.yml): the parts are in tools/docsite/."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from docsite.equations import Equations
from docsite.pages import Pages
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
SOUND = re.compile(r'<a href="([^"]+\.mp3)">(.*?)</a>')


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Equations are set when the site is built, so that no script has to."""
    config.markdown_extensions.append(Equations())  # type: ignore[arg-type]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made of other files than docs/*.md."""
    pages = Pages(ROOT, Path(config.docs_dir))
    for file in pages.files(config):
        files.append(file)
    config.extra["pages"] = pages
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links to files of the repository become links to their pages."""
    pages: Pages = config.extra["pages"]
    if page.is_homepage:
        page.meta["hide"] = ["toc"]  # its code is wide
    return pages.linked(markdown, page.file.src_uri)


def on_page_content(html: str, **_: Any) -> str:
    """A link to a sound becomes a player."""
    return SOUND.sub(r'<audio controls preload="none" src="\1" aria-label="\2"></audio>', html)


def on_post_build(config: MkDocsConfig) -> None:
    """Leave out what no page uses: stemmers of other languages, and maps for those who debug the theme."""
    scripts = Path(config.site_dir) / "assets" / "javascripts"
    shutil.rmtree(scripts / "lunr", ignore_errors=True)
    for path in Path(config.site_dir, "assets").rglob("*.map"):
        path.unlink()
