"""``dino upload``."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from dino_cli.session import Session, command

_EXAMPLES = """
Examples:

  dino upload hero.jpg

  dino upload shots/ --recursive --tag act-1 --metadata scene=12

  dino upload 'renders/**/*.png' --parallel 8 --wait --json
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("upload", epilog=_EXAMPLES)(command(upload))


def upload(
    session: Session,
    files: Annotated[list[str], typer.Argument(metavar="FILE|DIR|GLOB...", help="What to upload.")],
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Also directories inside directories.")] = False,
    tag: Annotated[list[str] | None, typer.Option("--tag", "-t", help="Label for every file; repeatable.")] = None,
    metadata: Annotated[
        list[str] | None, typer.Option("--metadata", "-m", metavar="KEY=VALUE", help="Fact; repeatable.")
    ] = None,
    parallel: Annotated[int, typer.Option("--parallel", "-p", min=1, max=32, help="Files at once.")] = 4,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Also extract the features of pictures.")] = False,
) -> None:
    """Upload pictures and films; the table says which were already known.

    A rate limit is waited for. The exit code is not zero when any file failed.
    """
    from dino_cli.files import expand, parse_metadata
    from dino_cli.tables.uploads import show_uploads
    from dino_cli.uploading import upload_many

    facts = parse_metadata(metadata or [])
    paths = expand(files, recursive=recursive)
    batch = upload_many(session, paths, tags=tag or [], metadata=facts, at_once=parallel, extract=wait)
    failed = sum(outcome.failure is not None for outcome in batch.done)
    if session.as_json:
        data = {
            "items": [outcome.as_dict() for outcome in batch.done],
            "uploaded": sum(outcome.uploaded is not None for outcome in batch.done),
            "failed": failed,
            "interrupted": batch.interrupted,
        }
        print(json.dumps(data, indent=2))
    else:
        show_uploads(session, batch, with_features=wait)
    if batch.exit_code:
        raise typer.Exit(batch.exit_code)
