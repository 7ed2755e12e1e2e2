"""Links of README and documentation lead somewhere, and pictures can be made again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages import DOCS, ROOT, TEXTS

REPOSITORY = re.compile(
    r"https://(?:github\.com/noisecore/noisecore/(?:blob|tree)/main"
    r"|raw\.githubusercontent\.com/noisecore/noisecore/main)/(.*)"
)
SITE = re.compile(r"https://noisecore\.github\.io/noisecore/(.*)")


def without_code(page: Path) -> str:
    """Return the text of a page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def anchors(page: Path) -> set[str]:
    """Return what a link to a place of a page may name."""
    text = without_code(page)
    headings = [re.sub(r"[`*]", "", each) for each in re.findall(r"^#+ (.*)$", text, re.M)]
    slugs = {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}
    return slugs | set(re.findall(r"^\(([\w-]+)\)=$", text, re.M))


def target_of(link: str, page: Path) -> tuple[Path | None, str]:
    """Return the file that a link leads to, None outside of the repository, and the anchor."""
    address, _, anchor = link.partition("#")
    if found := REPOSITORY.fullmatch(address):
        return ROOT / found[1], anchor
    if found := SITE.fullmatch(address):
        return DOCS / re.sub(r"\.html$", ".md", found[1] or "index.html"), anchor
    if re.match(r"\w+:", address):
        return None, ""
    return (page.parent / address if address else page), anchor


@pytest.mark.parametrize("page", [*TEXTS, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.stem)
def test_links_lead_somewhere(page) -> None:
    """Each link to a file, a page or a heading finds it; so do absolute links to both."""
    broken = []
    for link in re.findall(r"\]\(<?([^)\s>]+)>?\)", without_code(page)):
        target, anchor = target_of(link, page)
        if target is None:
            continue
        found = target.exists() and (
            not anchor or target.suffix != ".md" or anchor in anchors(target)
        )
        if not found:
            broken.append(link)
    assert broken == []


def test_pictures_can_be_made_again() -> None:
    """Each picture of the documentation is named by a script that is kept, and shown by a page."""
    pictures = [p for p in (DOCS / "pictures").rglob("*") if p.suffix in (".png", ".svg", ".gif")]
    scripts = "\n".join(
        script.read_text(encoding="utf-8")
        for folder in (DOCS, ROOT / "benchmarks")
        for script in folder.rglob("*.py")
    )
    texts = "\n".join(page.read_text(encoding="utf-8") for page in TEXTS)
    for picture in pictures:
        assert re.search(rf"\b{re.escape(picture.stem)}\b", scripts), f"no script names {picture}"
        assert picture.name in texts, f"no page shows {picture}"
