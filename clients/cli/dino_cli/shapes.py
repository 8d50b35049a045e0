"""Small pieces that tables share: bars, sizes, colours of grades."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

GRADE_STYLE = {"poor": "red", "fair": "yellow", "good": "green", "high": "green", "excellent": "bold green"}
STATE_STYLE = {
    "queued": "dim",
    "running": "cyan",
    "succeeded": "green",
    "failed": "red",
    "cancelled": "yellow",
    "healthy": "green",
    "degraded": "yellow",
    "unhealthy": "red",
}
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def bar(fraction: float, width: int = 10) -> str:
    """Return a bar of ``width`` characters that is filled to ``fraction`` (0–1, clipped), in steps of an eighth."""
    eighths = round(max(0.0, min(1.0, fraction)) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(width, "·")


def file_size(count: int) -> str:
    """Return bytes as people write them, 1 kB being 1,000 bytes."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def pixels(asset: dict[str, Any]) -> str:
    """Return width × height, or a dash for a film that was not probed."""
    width, height = asset.get("width"), asset.get("height")
    return f"{width}×{height}" if width and height else "–"


def when(timestamp: str | None) -> str:
    """Return an ISO 8601 timestamp to the minute."""
    return (timestamp or "–").replace("T", " ")[:16]


def styled(text: str, styles: dict[str, str]) -> str:
    """Return the text as markup in the style that belongs to it."""
    style = styles.get(text)
    return f"[{style}]{escape(text)}[/]" if style else escape(text)


def table(*columns: str, title: str | None = None) -> Table:
    """Return a plain table; a column named ``>X`` is right-aligned, and ``=X`` is never cut or wrapped."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        right, whole = column.startswith(">"), column.startswith(("=", ">"))
        made.add_column(
            column.lstrip(">="),
            justify="right" if right else "left",
            no_wrap=whole,
            overflow="fold",
        )
    return made


def facts(console: Console, pairs: dict[str, str]) -> None:
    """Print names and values below each other; values may hold markup."""
    made = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in pairs.items():
        made.add_row(name, value)
    console.print(made)
