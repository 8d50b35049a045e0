"""Assets as a table, and one asset in full."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.markup import escape

from dino_cli.shapes import facts, file_size, pixels, table, when


def show_assets(out: Console, items: list[dict[str, Any]], cursor: str | None) -> None:
    """Print one line per asset; columns that matter less are left out on a narrow terminal."""
    if not items:
        out.print("no assets")
        return
    wide = out.width >= 100
    columns = ["=asset id", "file", ">size"]
    made = table(*columns, *([">pixels", "=uploaded (UTC)"] if wide else []), "tags")
    for asset in items:
        row = [asset["asset_id"], escape(asset["filename"]), file_size(asset["file_size"])]
        if wide:
            row += [pixels(asset), when(asset["upload_timestamp"])]
        made.add_row(*row, escape(" ".join(asset["tags"])))
    out.print(made)
    if cursor:
        out.print(f"[dim]more: --limit, or --cursor {escape(cursor)}[/]", soft_wrap=True)


def show_one_asset(out: Console, asset: dict[str, Any]) -> None:
    """Print every fact of an asset."""
    facts(
        out,
        {
            "asset id": asset["asset_id"],
            "file": escape(asset["filename"]),
            "kind": f"{asset['kind']}, {asset['format']}, {pixels(asset)}, {file_size(asset['file_size'])}",
            "uploaded": f"{when(asset['upload_timestamp'])} UTC",
            "status": asset["processing_status"],
            "same bytes as": asset["duplicate_of"] or "–",
            "tags": escape(", ".join(asset["tags"])) or "–",
            "metadata": escape(json.dumps(asset["metadata"], ensure_ascii=False)) if asset["metadata"] else "–",
            "sha256": asset["sha256"],
            "url": escape(asset["public_url"]),
        },
    )
