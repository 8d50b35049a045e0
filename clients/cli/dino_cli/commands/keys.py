"""``dino keys``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dino_cli.failures import UsageFailure
from dino_cli.session import Session, local_command

app = typer.Typer(
    no_args_is_help=True,
    help="Make, list and revoke API keys. Works on MongoDB directly (MONGODB_URL, else the local platform's).",
)
SCOPES = ("read", "write", "admin")


def create(
    session: Session,
    name: Annotated[str, typer.Argument(help="Whom or what the key is for.")],
    scopes: Annotated[str, typer.Option(help="Any of read,write,admin.")] = "read,write",
    expires_days: Annotated[
        float | None, typer.Option(min=0.001, help="Days until it expires; else never.", show_default=False)
    ] = None,
) -> None:
    """Make an API key and print it; it cannot be shown again."""
    wanted = list(dict.fromkeys(part.strip() for part in scopes.split(",") if part.strip()))
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown or not wanted:
        raise UsageFailure(f"unknown scope {', '.join(unknown) or '(none given)'}", "Give any of read,write,admin")
    if not name.strip():
        raise UsageFailure("the key needs a name")
    from dino_cli.key_store import as_dict, with_keys

    key, plaintext = with_keys(lambda keys: keys.create(name.strip(), wanted, expires_days))
    if not session.as_json:
        session.err.print("[yellow]Keep this key now: only its hash is stored, and it cannot be shown again.[/]")
    session.emit(
        as_dict(key) | {"api_key": plaintext},
        # Alone on stdout, so that $(dino keys create ci) is the key.
        lambda out: print(plaintext),
    )
    session.note(f"id {key.key_id}, scopes {', '.join(key.scopes)}, expires {_day(key.expires_at) or 'never'}")


def list_keys(session: Session) -> None:
    """List keys, newest first, without their secrets."""
    from dino_cli.key_store import as_dict, with_keys

    keys = with_keys(lambda store: store.list())

    def show(out: Any) -> None:
        from rich.markup import escape

        from dino_cli.shapes import table

        made = table("=id", "name", "scopes", "state", "=created", "=last used")
        for key in keys:
            state = "[green]usable[/]" if key.usable else "[red]revoked[/]" if key.revoked_at else "[yellow]expired[/]"
            if key.usable and key.expires_at:
                state = f"[green]until {_day(key.expires_at)}[/]"
            used = _day(key.last_used_at) or "never"
            made.add_row(key.key_id, escape(key.name), ",".join(key.scopes), state, _day(key.created_at), used)
        out.print(made if keys else "no keys")

    session.emit({"items": [as_dict(key) for key in keys]}, show)


def revoke(session: Session, key_id: Annotated[str, typer.Argument(help="Id, as `dino keys list` shows it.")]) -> None:
    """Make a key useless from now on."""
    from dino_cli.key_store import as_dict, with_keys

    key = with_keys(lambda store: store.revoke(key_id))
    session.emit(as_dict(key), lambda out: print(f"revoked {key.key_id} ({key.name})"))


def _day(moment: Any) -> str:
    return "" if moment is None else moment.date().isoformat()


app.command("create", epilog="Example: dino keys create ci --scopes read,write --expires-days 90")(
    local_command(create)
)
app.command("list", epilog="Example: dino keys list --json")(local_command(list_keys))
app.command("revoke", epilog="Example: dino keys revoke 3f9a2c41d07be856")(local_command(revoke))
