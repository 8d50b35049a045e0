"""The nearest pictures of the library."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape

from dino_cli.shapes import bar, table


def show_hits(out: Console, answer: dict[str, Any], label: str) -> None:
    """Print the hits from nearest to farthest; those that reach the threshold are marked."""
    if not answer["items"]:
        out.print(f"nothing like {escape(label)} among {answer['indexed']} indexed pictures")
        return
    wide = out.width >= 100
    made = table("=", "file", "=asset id", ">cosine", *(["="] if wide else []), "tags")
    for hit in answer["items"]:
        cosine = hit["cosine_similarity"]
        row = ["[green]✔[/]" if hit["is_similar"] else " ", escape(hit["filename"]), hit["asset_id"], f"{cosine:.3f}"]
        if wide:
            row.append(bar(cosine, 10))
        made.add_row(*row, escape(" ".join(hit["tags"])))
    out.print(made)
    out.print(
        f"[dim]✔ reaches the similarity threshold {answer['threshold']:g} ({answer['threshold_source']}); "
        f"{answer['indexed']} pictures indexed[/]",
        soft_wrap=True,
    )
