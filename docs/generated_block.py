"""Parts of a page that are written by a program: each lies between two marks and is replaced as a whole."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

DOCS = Path(__file__).resolve().parent


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; bars inside a cell are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def with_blocks(text: str, blocks: Mapping[str, str]) -> str:
    """Return the page with each named block replaced.

    Raises:
        ValueError: the page lacks the marks of a block.
    """
    for name, content in blocks.items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        before, mark, rest = text.partition(begin)
        _, closing, after = rest.partition(end)
        if not mark or not closing:
            raise ValueError(f"the page has no {begin} … {end}")
        text = f"{before}{begin}\n\n{content}\n\n{end}{after}"
    return text


def write(page: Path, blocks: Mapping[str, str]) -> None:
    """Bring a page's blocks up to date and say whether it changed."""
    old = page.read_text(encoding="utf-8")
    new = with_blocks(old, blocks)
    if new != old:
        page.write_text(new, encoding="utf-8")
    print(f"{page.name}: {'written' if new != old else 'was current'}", file=sys.stderr)
