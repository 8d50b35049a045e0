"""Relative links of every Markdown page lead somewhere."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[3]
# Not of this repository: what was installed, and what running made.
FOREIGN = frozenset({".venv", "var", "node_modules", "build", "dist"})
PAGES = sorted(
    page
    for page in ROOT.rglob("*.md")
    if not any(part in FOREIGN or part.startswith(".") for part in page.relative_to(ROOT).parts)
)
_FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
_TARGET = re.compile(r"""(?:src|srcset|href)=["']([^"'\s]+)""")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)


def prose(page: Path) -> str:
    """The page without code."""
    return _CODE.sub("", _FENCE.sub("", page.read_text(encoding="utf-8")))


def links(page: Path) -> list[str]:
    """Targets inside this repository."""
    text = prose(page)
    found = _LINK.findall(text) + _TARGET.findall(text)
    return [target for target in found if not re.match(r"[a-z][a-z0-9+.-]*:|//", target)]


def anchors(page: Path) -> set[str]:
    """Names of the headings, as GitHub makes them."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    made: list[str] = []
    for heading in _HEADING.findall(text):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        taken = sum(name == slug or re.fullmatch(rf"{re.escape(slug)}-\d+", name) is not None for name in made)
        made.append(f"{slug}-{taken}" if taken else slug)
    return set(made)


def test_there_are_pages():
    assert ROOT / "README.md" in PAGES
    assert len(PAGES) > 10


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_resolve(page: Path):
    broken = []
    for link in links(page):
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            broken.append(link)
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            broken.append(f"{link} (no such heading)")
    assert broken == []
