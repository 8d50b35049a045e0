"""``dino config``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from dino_cli.failures import UsageFailure
from dino_cli.session import Session, command

app = typer.Typer(no_args_is_help=True, help="Read and set the thresholds in force.")


class Name(StrEnum):
    """A threshold of the deployment."""

    SIMILARITY = "similarity"
    CONSISTENCY = "consistency"
    QUALITY = "quality"


def get_config(session: Session) -> None:
    """Show thresholds, where each comes from, and limits."""
    from dino_cli.tables.configuration import show_config

    answer = session.client.call("get-config")
    session.emit(answer, lambda out: show_config(out, answer))


def set_config(
    session: Session,
    name: Annotated[Name, typer.Argument(help="Which threshold.")],
    value: Annotated[str, typer.Argument(help="similarity 0-1, others 0-100; `default` takes the setting back.")],
) -> None:
    """Set a threshold; every service follows within a second."""
    highest = 1.0 if name is Name.SIMILARITY else 100.0
    threshold = None
    if value != "default":
        try:
            threshold = float(value)
        except ValueError:
            raise UsageFailure(f"{value!r} is not a number", f"Give 0-{highest:g}, or `default`") from None
        if not 0 <= threshold <= highest:
            raise UsageFailure(f"{value} is out of range", f"The {name.value} threshold is 0-{highest:g}")
    answer = session.client.call(f"set-{name.value}-threshold", threshold=threshold)
    session.emit(
        answer,
        lambda out: out.print(
            f"{name.value} threshold {answer['previous_threshold']:g} → [bold]{answer['threshold']:g}[/]"
            f" (from: {answer['source']})"
        ),
    )


app.command("get", epilog="Example: dino config get --json")(command(get_config))
app.command("set", epilog="Example: dino config set consistency 80")(command(set_config))
