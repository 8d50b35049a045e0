"""One file per group of commands; each holds thin functions that typer turns into commands."""
