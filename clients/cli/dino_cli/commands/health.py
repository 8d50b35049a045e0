"""``dino health``."""

from __future__ import annotations

import typer

from dino_cli.failures import Exit
from dino_cli.session import Session, command


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("health", epilog="Example: dino health --json | jq .status")(command(health))


def health(session: Session) -> None:
    """Is every part of the platform well? The exit code is 1 when it is not healthy."""
    from dino_cli.tables.health import show_health

    _, answer = session.client.probe("health")
    session.emit(answer, lambda out: show_health(out, answer, session.client.base_url))
    if answer["status"] != "healthy":
        raise typer.Exit(Exit.FAILURE)
