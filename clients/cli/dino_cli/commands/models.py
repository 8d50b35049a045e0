"""``dino models``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dino_cli.session import Session, command, local_command

app = typer.Typer(no_args_is_help=True, help="Fetch models, and see which one serves.")
_PULL_EXAMPLES = """
Examples:

  dino models pull

  dino models pull ~/models/dinov3-vits16

  dino models pull facebook/dinov3-vits16-pretrain-lvd1689m

  dino models pull s3://weights/dinov3-vitb16
"""


def show(session: Session) -> None:
    """Show the serving model: its size, licence, thresholds and calibration."""
    from dino_cli.tables.models import show_models

    answer = session.client.call("models")
    session.emit(answer, lambda out: show_models(out, answer["items"]))


def pull(
    session: Session,
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|DIR|s3://...]",
            help="Directory, hub repository or S3 prefix in transformers form; nothing: the built-in model.",
            show_default=False,
        ),
    ] = None,
    cache_dir: Annotated[
        Path | None,
        typer.Option(help="Model cache; else DINO_CACHE_DIR, else var/models, else ~/.cache.", show_default=False),
    ] = None,
) -> None:
    """Bring a model to this machine, check it, and say how to serve it."""
    from dino_cli.model_directory import inspect_directory
    from dino_cli.model_download import default_cache, fetch_builtin, fetch_repository, fetch_s3

    cache = (cache_dir or default_cache()).expanduser()
    setting: str | None = None
    if model is None:
        session.note(f"fetching the built-in model into {cache} unless it is there")
        directory = fetch_builtin(cache)
    elif model.startswith("s3://"):
        directory = fetch_s3(model, cache, session)
        setting = str(directory.resolve())
    elif Path(model).expanduser().is_dir():
        directory = Path(model).expanduser()
        setting = str(directory.resolve())
    else:
        directory = fetch_repository(model, cache)
        setting = model
    found = inspect_directory(directory)
    data: dict[str, Any] = found.as_dict() | {"setting": {"DINOV3_MODEL_NAME": setting or ""}}

    def show_found(out: Any) -> None:
        from rich.markup import escape

        from dino_cli.shapes import facts, file_size

        weights = f"{file_size(found.weight_bytes)} in {len(found.weight_files)} file(s)"
        facts(
            out,
            {
                "model": f"{found.architecture}, {found.dimension} numbers, {weights}",
                "directory": escape(found.path),
                "card": "in the directory" if found.has_card else "the platform's own, or made at the first start",
                "serve it": f"DINOV3_MODEL_NAME={escape(setting)} make run" if setting else "make run",
            },
        )

    session.emit(data, show_found)


app.command("show", epilog="Example: dino models show --json")(command(show))
app.command("pull", epilog=_PULL_EXAMPLES)(local_command(pull))
