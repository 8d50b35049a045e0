"""The health of the platform, part by part."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape

from dino_cli.shapes import STATE_STYLE, styled, table

_STORES = {
    "database": "document store",
    "cache": "cache",
    "object_storage": "object store",
    "bus": "bus",
}


def show_health(out: Console, health: dict[str, Any], url: str) -> None:
    """Print a line per part, with what is wrong and how to mend it."""
    out.print(f"{styled(health['status'], STATE_STYLE)}  {escape(url)}  version {health['version']}", soft_wrap=True)
    made = table("part", "=", "detail")
    model = health["model"]
    # The version repeats the name and adds the hash of the weights.
    detail = " · ".join(str(model[key]) for key in ("version", "device", "engine", "precision") if model.get(key))
    made.add_row("model", _mark(model["loaded"]), escape(detail or "not loaded"))
    gpu = health["gpu"]
    if gpu["available"]:
        made.add_row("gpu", _mark(True), escape(f"{gpu['device_name']}, {gpu['memory_free']} MiB free"))
    else:
        made.add_row("gpu", "[dim]–[/]", "none")
    for name, title in _STORES.items():
        store = health[name]
        made.add_row(title, _mark(store["connected"]), escape(store.get("detail") or store["type"]))
    for name, service in health["services"].items():
        made.add_row(f"{name} service", _mark(service["ready"]), escape(service.get("detail") or ""))
    out.print(made)


def _mark(good: bool) -> str:
    return "[green]✔[/]" if good else "[red]✘[/]"
