"""``dino quality``."""

from __future__ import annotations

from typing import Annotated

import typer

from dino_cli.session import Session, command

_EXAMPLES = """
Examples:

  dino quality hero.jpg

  dino quality *.jpg --json | jq '.items[] | select(.passes | not) | .label'
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("quality", epilog=_EXAMPLES)(command(quality))


def quality(
    session: Session,
    pictures: Annotated[list[str], typer.Argument(metavar="FILE|ID...", help="Files or asset ids.")],
    category: Annotated[
        str | None, typer.Option(help="Named threshold set, such as electronics.", show_default=False)
    ] = None,
) -> None:
    """How good are pictures technically? Grade, score, metrics, and what to do better."""
    from dino_cli.references import resolve
    from dino_cli.tables.quality import show_quality

    references = resolve(session, pictures)
    items = []
    for reference in references:
        answer = session.client.call("analyze-quality", asset_id=reference.asset_id, category=category)
        items.append({"label": reference.label, **answer})
    session.emit({"items": items}, lambda out: show_quality(out, items))
