"""The quality of pictures: one table, and the advice below it."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape

from dino_cli.shapes import GRADE_STYLE, bar, facts, styled, table

# From this many pictures on, metrics stand side by side as numbers.
_SIDE_BY_SIDE = 4


def show_quality(out: Console, items: list[dict[str, Any]]) -> None:
    """Print grade, score, metrics as bars, and recommendations."""
    if len(items) < _SIDE_BY_SIDE:
        for number, item in enumerate(items):
            if number:
                out.print()
            _one(out, item)
        return
    made = table("picture", "grade", ">score", "=", "passes")
    for item in items:
        made.add_row(
            escape(item["label"]),
            styled(item["quality_grade"], GRADE_STYLE),
            f"{item['quality_score']:.1f}",
            bar(item["quality_score"] / 100, 10),
            "yes" if item["passes"] else "[red]no[/]",
        )
    out.print(made)
    advised = [item for item in items if item["recommendations"]]
    for item in advised:
        out.print(f"\n[bold]{escape(item['label'])}[/]")
        _advice(out, item)


def _one(out: Console, item: dict[str, Any]) -> None:
    passes = "reaches" if item["passes"] else "[red]misses[/]"
    out.print(f"[bold]{escape(item['label'])}[/]  {styled(item['quality_grade'], GRADE_STYLE)}")
    passes = "reaches" if item["passes"] else "[red]misses[/]"
    metrics = item["technical_metrics"]
    score = item["quality_score"]
    lines = {
        "score": f"{bar(score / 100, 20)} {score:.1f}  {passes} {item['threshold']:g} ({item['threshold_source']})"
    }
    lines |= {name.replace("_", " "): f"{bar(value, 20)} {value:.2f}" for name, value in metrics.items()}
    lines["diversity"] = f"{bar(item['diversity_score'] / 100, 20)} {item['diversity_score'] / 100:.2f}"
    facts(out, lines)
    _advice(out, item)


def _advice(out: Console, item: dict[str, Any]) -> None:
    for text in item["recommendations"]:
        out.print(f"  → {escape(text)}")
