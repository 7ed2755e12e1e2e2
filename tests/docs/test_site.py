"""The site builds strictly, and works from disk; `tox -e docs` runs this."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys

import pytest
from pages import DOCS, PAGES

NEEDED = ("sphinx", "furo", "myst_parser", "sphinx_copybutton")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, built without a warning."""
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        pytest.skip("Sphinx is not installed: tox -e docs")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    ended = subprocess.run([*command, DOCS, folder], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return folder


def test_every_page_is_there(site) -> None:
    """Each page of docs/ is a page of the site."""
    made = [site / page.relative_to(DOCS).with_suffix(".html") for page in PAGES]
    assert [page for page in made if not page.exists()] == []


def test_nothing_is_fetched(site) -> None:
    """No page loads a script, a style, a font or a picture from anywhere else."""
    source = r"<(?:script|img|iframe)\b[^>]*\bsrc=.https?:"
    loads = re.compile(source + r"|<link\b[^>]*stylesheet[^>]*http")
    for page in site.rglob("*.html"):
        assert not loads.search(page.read_text(encoding="utf-8")), page
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?https?:", style.read_text(encoding="utf-8")), style


def test_search_knows_the_pages(site) -> None:
    """The index, which is a script and so is read from disk too, leads to the pages."""
    text = (site / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text.removeprefix("Search.setIndex(").rstrip(");\n"))
    found = index["titleterms"]["baselin"]
    numbers = found if isinstance(found, list) else [found]
    assert "guide/baselines" in [index["docnames"][number] for number in numbers]
