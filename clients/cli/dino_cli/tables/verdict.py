"""The verdict on two pictures."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape

from dino_cli.shapes import bar, facts

SOURCES = {
    "request": "given with the request",
    "character": "calibrated for the character",
    "category": "of the category",
    "setting": "set for this deployment",
    "model_card": "calibrated with the model",
    "default": "default",
}


def show_verdict(out: Console, verdict: dict[str, Any], first: str, second: str) -> None:
    """Print the verdict, the score beside its threshold, and how sure it is."""
    same = verdict["same_character"]
    out.print("[bold green]✔ the same[/]" if same else "[bold red]✘ not the same[/]")
    score, threshold = verdict["similarity_score"], verdict["threshold"]
    source = SOURCES.get(verdict["threshold_source"], verdict["threshold_source"])
    facts(
        out,
        {
            "reference": escape(first),
            "test": escape(second),
            "score": f"{bar(score / 100, 20)} {score:5.1f}",
            "threshold": f"{bar(threshold / 100, 20)} {threshold:5.1f}  ({source})",
            "confidence": f"{bar(verdict['confidence'], 20)} {verdict['confidence']:5.2f}  "
            f"({verdict['confidence_level']})",
            "cosine": f"{verdict['cosine_similarity']:.4f}",
            "model": escape(verdict["model_version"]),
        },
    )
