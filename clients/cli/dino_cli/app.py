"""The command ``dino``: which commands there are. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

from typing import Annotated

import typer

from dino_cli.commands import assets, compare, config, health, jobs, keys, models, operator, quality, similar, upload

app = typer.Typer(
    name="dino",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Upload pictures, and ask what they are like: the same character, good enough, similar to what.",
    epilog="Exit codes: 1 failure, 2 wrong usage, 3 platform not reachable, 4 not authorized, 130 interrupted.",
)
upload.register(app)
compare.register(app)
quality.register(app)
similar.register(app)
health.register(app)
app.add_typer(assets.app, name="assets")
app.add_typer(jobs.app, name="jobs")
app.add_typer(config.app, name="config")
app.add_typer(models.app, name="models")
app.add_typer(keys.app, name="keys")
app.add_typer(operator.app, name="operator")


def _version(wanted: bool) -> None:
    if wanted:
        from dino_common import __version__

        print(f"dino {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def main() -> None:
    """Run the command line; the entry point ``dino``."""
    app()


if __name__ == "__main__":
    main()
