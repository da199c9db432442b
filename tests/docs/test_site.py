"""The documentation builds as a site without warnings, asks no other host for anything, and links lead somewhere."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from docsite import check
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

ROOT = Path(__file__).parent.parent.parent
MOST_SOUNDS = 1_500_000
"""Bytes of docs/sounds/."""


def built(config: Path, site: Path) -> Path:
    build(load_config(str(config), site_dir=str(site), strict=True))
    return site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    os.environ["NO_MKDOCS_2_WARNING"] = "1"
    return built(ROOT / "mkdocs.yml", tmp_path_factory.mktemp("site"))


def test_nothing_is_fetched_from_elsewhere_and_links_lead_somewhere(site: Path):
    assert list(check.faults(site)) == []


def test_search_works_without_a_server(site: Path):
    page = (site / "index.html").read_text(encoding="utf-8")
    assert 'src="assets/iframe-worker.js"' in page  # not the one on another host
    index = (site / "search" / "search_index.js").read_text(encoding="utf-8")
    assert "noise level" in index
    assert "source/msgld" not in index  # code is left out


def test_equations_are_set_without_scripts(site: Path):
    page = (site / "idea.html").read_text(encoding="utf-8")
    text = (ROOT / "docs" / "idea.md").read_text(encoding="utf-8")
    assert page.count('<div class="equation">') == len(re.findall(r"^\$\$", text, re.MULTILINE))
    assert "$" not in re.sub(
        r"<[^>]+>|<script.*?</script>", "", page.split("<article")[1].split("</article")[0]
    )


def test_functions_have_places_in_the_pages_of_their_files(site: Path):
    page = (site / "idea.html").read_text(encoding="utf-8")
    assert 'href="source/msgld/diffusion/noise.py.html#mix"' in page
    source = (site / "source" / "msgld" / "diffusion" / "noise.py.html").read_text(encoding="utf-8")
    assert "Philox" in source.split('id="keyed_noise"')[1].split('id="noise_like"')[0]


def test_sounds_have_players_and_are_small(site: Path):
    page = (site / "quickstart.html").read_text(encoding="utf-8")
    sounds = sorted((ROOT / "docs" / "sounds").glob("*.mp3"))
    players = re.findall(r'<audio controls preload="none" src="sounds/(\w+\.mp3)"', page)
    assert sorted(players) == [path.name for path in sounds]
    assert sum(path.stat().st_size for path in sounds) < MOST_SOUNDS


def test_notebooks_are_pages_that_show_their_outputs(site: Path):
    page = (site / "notebooks" / "noise-levels.html").read_text(encoding="utf-8")
    assert "exact 1.20" in page
    assert 'src="noise-levels/3.png"' in page
    assert 'href="noise-levels.ipynb"' in page


@pytest.mark.parametrize("fault", ["[lost](nowhere.md)", "[lost](faq.md#nowhere)", "[lost](../nowhere.py)"])
def test_a_link_that_leads_nowhere_stops_the_build(tmp_path: Path, fault: str):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(f"# A\n\n{fault}\n", encoding="utf-8")
    (tmp_path / "docs" / "faq.md").write_text("# B\n", encoding="utf-8")
    validation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").split("\nvalidation:")[1].split("\n\n")[0]
    config = tmp_path / "mkdocs.yml"
    config.write_text(f"site_name: x\nplugins: []\nvalidation:{validation}\n", encoding="utf-8")
    with pytest.raises(Abort):
        built(config, tmp_path / "site")


def faults_of(html: str, folder: Path, name: str = "index.html") -> list[str]:
    (folder / name).write_text(html, encoding="utf-8")
    return list(check.faults(folder))


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//fonts.example/css">',
        '<link rel="preconnect" href="https://fonts.example">',
        '<img src="a.png" srcset="https://img.example/a.png 2x">',
        '<audio src="http://sounds.example/a.mp3"></audio>',
        '<p style="background: url(https://img.example/a.png)">',
        "<style>@import 'https://fonts.example/css';</style>",
        "<script>fetch('https://api.example.org/x')</script>",
        '<a href="lost.html">',
        '<a href="#lost">',
        '<pre class="mermaid">',
    ],
)
def test_the_check_finds_what_is_fetched_or_lost(tmp_path: Path, html: str):
    (tmp_path / "a.png").touch()
    assert len(faults_of(html, tmp_path)) == 1


def test_the_check_lets_readers_follow_links(tmp_path: Path):
    html = '<a id="here" href="https://arxiv.org/abs/2409.12346"><a href="#here"><a href="mailto:a@b.c">'
    assert faults_of(html, tmp_path) == []


def test_the_check_reads_styles_and_scripts(tmp_path: Path):
    (tmp_path / "a.css").write_text("p { src: url('https://fonts.example/f.woff2') }", encoding="utf-8")
    (tmp_path / "b.js").write_text('load("https://cdn.example.org/x.js")', encoding="utf-8")
    assert len(list(check.faults(tmp_path))) == 2


def test_nothing_that_a_build_needs_is_missing_from_the_source_distribution():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    included = project.split("[tool.hatch.build.targets.sdist]")[1].split("]")[0]
    assert all(f'"{name}"' in included for name in ("docs", "tools", "mkdocs.yml", "CHANGELOG.md"))
