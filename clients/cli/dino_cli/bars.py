"""Progress bars on stderr; nothing is drawn where stderr is not a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)


def bytes_bar(console: Console) -> Progress:
    """Return a bar of bytes; its task carries ``files``, such as 3/10."""
    return Progress(
        TextColumn("{task.description} {task.fields[files]}"),
        BarColumn(bar_width=None),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(compact=True),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )


def steps_bar(console: Console) -> Progress:
    """Return a bar of a job's steps."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
        disable=not console.is_terminal,
    )
