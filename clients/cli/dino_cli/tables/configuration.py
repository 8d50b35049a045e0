"""Thresholds and limits in force."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape

from dino_cli.shapes import table


def show_config(out: Console, config: dict[str, Any]) -> None:
    """Print thresholds with their sources, then the limits."""
    made = table("threshold", ">value", "from")
    for name in ("similarity", "consistency", "quality"):
        made.add_row(name, f"{config[f'{name}_threshold']:g}", config["sources"][name])
    for category, values in config["categories"].items():
        for name, value in values.items():
            if value is not None:
                made.add_row(f"{name} of {escape(category)}", f"{value:g}", "category")
    out.print(made)
    out.print()
    limits = table("limit", ">value")
    for name, value in config["limits"].items():
        limits.add_row(name.replace("_", " "), f"{value:,}")
    out.print(limits)
