"""``dino assets``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dino_cli.commands.similar import Kind
from dino_cli.session import Session, command

app = typer.Typer(no_args_is_help=True, help="List, read and delete assets.")
_PAGE = 200


def list_assets(
    session: Session,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Most assets.")] = 20,
    tag: Annotated[str | None, typer.Option("--tag", "-t", help="Only with this tag.", show_default=False)] = None,
    kind: Annotated[Kind | None, typer.Option(help="Only pictures or films.", show_default=False)] = None,
    filename: Annotated[str | None, typer.Option(help="Part of the name.", show_default=False)] = None,
    cursor: Annotated[str | None, typer.Option(help="next_cursor of the page before.", show_default=False)] = None,
) -> None:
    """List assets, newest first."""
    from dino_cli.tables.assets import show_assets

    items: list[Any] = []
    while True:
        page = session.client.call(
            "list-assets",
            limit=min(_PAGE, limit - len(items)),
            cursor=cursor,
            tag=tag,
            kind=kind.value if kind else None,
            filename=filename,
        )
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None or len(items) >= limit:
            break
    data = {"items": items, "next_cursor": cursor}
    session.emit(data, lambda out: show_assets(out, items, cursor))


def show_asset(session: Session, asset_id: Annotated[str, typer.Argument(help="Id of the asset.")]) -> None:
    """Read one asset."""
    from dino_cli.tables.assets import show_one_asset

    asset = session.client.call("get-asset", asset_id=asset_id)
    session.emit(asset, lambda out: show_one_asset(out, asset))


def delete_assets(
    session: Session,
    asset_ids: Annotated[list[str], typer.Argument(metavar="ASSET_ID...", help="What to delete.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete assets; their stored bytes go too, unless another asset shares them."""
    import sys

    from dino_cli.failures import UsageFailure

    if not yes:
        if session.as_json or not sys.stdin.isatty():
            raise UsageFailure("deleting needs a yes", "Add --yes where nobody can be asked")
        typer.confirm(f"Delete {len(asset_ids)} asset(s)?", abort=True, err=True)
    items = [session.client.call("delete-asset", asset_id=asset_id) for asset_id in asset_ids]

    def show(out: Any) -> None:
        for item in items:
            rest = "" if item["object_deleted"] else " (its bytes are shared with another asset and stay)"
            out.print(f"deleted {item['asset_id']}{rest}", soft_wrap=True)

    session.emit({"items": items}, show)


app.command("list", epilog="Example: dino assets list --tag act-1 --kind image")(command(list_assets))
app.command("show", epilog="Example: dino assets show 550e8400-e29b-41d4-a716-446655440000")(command(show_asset))
app.command("delete", epilog="Example: dino assets delete --yes 550e8400-e29b-41d4-a716-446655440000")(
    command(delete_assets)
)
