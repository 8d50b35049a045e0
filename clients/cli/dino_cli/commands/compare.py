"""``dino compare``."""

from __future__ import annotations

from typing import Annotated

import typer

from dino_cli.session import Session, command

_EXAMPLES = """
Examples:

  dino compare reference.jpg take-3.jpg

  dino compare 550e8400-e29b-41d4-a716-446655440000 take-3.jpg --threshold 60 --json
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("compare", epilog=_EXAMPLES)(command(compare))


def compare(
    session: Session,
    a: Annotated[str, typer.Argument(metavar="A", help="The reference: a file or an asset id.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The picture under test: a file or an asset id.")],
    threshold: Annotated[
        float | None, typer.Option(min=0, max=100, help="0-100; instead of the one in force.", show_default=False)
    ] = None,
    category: Annotated[
        str | None, typer.Option(help="Named threshold set, such as electronics.", show_default=False)
    ] = None,
) -> None:
    """Do two pictures show the same character or thing?

    Files are uploaded first, unless the platform has the same bytes. The exit code is 0 whatever the verdict.
    """
    from dino_cli.references import resolve
    from dino_cli.tables.verdict import show_verdict

    first, second = resolve(session, [a, b])
    verdict = session.client.call(
        "validate-consistency",
        reference_asset_id=first.asset_id,
        test_asset_id=second.asset_id,
        threshold=threshold,
        category=category,
    )
    session.emit(verdict, lambda out: show_verdict(out, verdict, first.label, second.label))
