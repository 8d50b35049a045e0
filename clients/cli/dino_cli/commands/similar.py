"""``dino similar``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from dino_cli.session import Session, command

_EXAMPLES = """
Examples:

  dino similar hero.jpg --limit 5

  dino similar 550e8400-e29b-41d4-a716-446655440000 --tag act-1 --metadata scene=12 --kind image
"""


class Kind(StrEnum):
    """What an asset is."""

    IMAGE = "image"
    VIDEO = "video"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("similar", epilog=_EXAMPLES)(command(similar))


def similar(
    session: Session,
    picture: Annotated[str, typer.Argument(metavar="FILE|ID", help="A file or an asset id.")],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=100, help="Most hits.")] = 10,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", "-t", help="Only with this tag; repeated: with all of them.")
    ] = None,
    kind: Annotated[Kind | None, typer.Option(help="Only pictures or films.", show_default=False)] = None,
    metadata: Annotated[
        list[str] | None,
        typer.Option("--metadata", "-m", metavar="KEY=VALUE", help="Only with this fact; repeatable."),
    ] = None,
    min_similarity: Annotated[
        float | None, typer.Option(min=-1, max=1, help="Leave out hits below this cosine.", show_default=False)
    ] = None,
) -> None:
    """Find the nearest pictures of the library."""
    from dino_cli.files import parse_metadata
    from dino_cli.references import resolve
    from dino_cli.tables.hits import show_hits

    filters: dict[str, Any] = {}
    if tag:
        filters["tags_all"] = tag
    if kind:
        filters["kind"] = kind.value
    if metadata:
        filters["metadata"] = parse_metadata(metadata)
    (reference,) = resolve(session, [picture])
    answer = session.client.call(
        "find-similar", asset_id=reference.asset_id, limit=limit, min_similarity=min_similarity, filters=filters
    )
    session.emit(answer, lambda out: show_hits(out, answer, reference.label))
