"""The figures as JSON and as a table."""

from __future__ import annotations

import statistics

from benchmarks.serving.bare_client import FORWARDS
from benchmarks.serving.rounds import CLIENTS, Cells

SERVERS = ("ours", "litserve", "mosec")
CACHED = ("extract-features, cached", "validate-consistency, cached")
TARGET = 0.9


def best_bare(cells: Cells) -> str:
    """Return the name of the fastest forward of our engine on decoded pixels: what every ratio divides by."""
    ours = [one.text for one in FORWARDS if one.engine == "openvino" and not one.jpeg]
    return max(ours, key=lambda name: cells.median(name, 0))


def ratio(cells: Cells, name: str, clients: int) -> float:
    """Return the median over the rounds of a contestant's speed over the bare forward's in the same round."""
    bare = cells.rows[best_bare(cells), 0]["images_per_second"]
    speeds = cells.rows[name, clients]["images_per_second"]
    return statistics.median(one / base for one, base in zip(speeds, bare, strict=True))


def as_json(cells: Cells, facts: dict) -> dict:
    """Return everything measured, each round's figures included."""
    return facts | {
        "bare": best_bare(cells),
        "ratios_to_bare": {
            name: {str(clients): round(ratio(cells, name, clients), 3) for clients in CLIENTS} for name in SERVERS
        },
        "cells": [
            {
                "contestant": name,
                "clients": clients,
                "median": {figure: round(statistics.median(values), 3) for figure, values in figures.items()},
                "rounds": {figure: [round(value, 3) for value in values] for figure, values in figures.items()},
            }
            for (name, clients), figures in cells.rows.items()
        ],
    }


def _row(*values: object) -> str:
    return "| " + " | ".join(f"{value:.2f}" if isinstance(value, float) else str(value) for value in values) + " |"


def as_markdown(cells: Cells, result: dict) -> str:
    """Return the tables with what is needed to read them."""
    where = result["machine"]
    lines = [
        "# Serving from JPEG over HTTP",
        "",
        f"Written by `{result['command']}` in one run on {where['cores']} cores ({where['processor']}), load "
        f"{where['load_at_start']:.2f} before it began. Model {result['model']} for all, {result['pictures']}.",
        f"Medians of {result['rounds']} interleaved rounds. *÷ bare* is images a second over those of the bare forward "
        f"({result['bare']}) in the same round. *core ms* is the processor time of all of a contestant's processes for "
        "one picture, which other programs on the machine disturb less than the clock.",
        "",
        "| without HTTP | images/s | ÷ bare | core ms an image |",
        "|---|---|---|---|",
        *(
            _row(
                one.text,
                cells.median(one.text, 0),
                ratio(cells, one.text, 0),
                cells.median(one.text, 0, "cpu_ms_per_image"),
            )
            for one in FORWARDS
        ),
        "",
        "| over HTTP from JPEG | clients | images/s | ÷ bare | p50 ms | p99 ms | core ms an image |",
        "|---|---|---|---|---|---|---|",
        *(
            _row(
                name,
                clients,
                cells.median(name, clients),
                ratio(cells, name, clients),
                *(cells.median(name, clients, figure) for figure in ("p50_ms", "p99_ms", "cpu_ms_per_image")),
            )
            for clients in CLIENTS
            for name in SERVERS
        ),
        "",
        "Ours includes what the others do not do: it fetches the picture from its stores, keeps the features in "
        "MongoDB and Redis and announces them. Its upload is outside the measured time; the others get the picture in "
        "the request.",
        "",
        f"Target: at 8 and 32 clients at least {TARGET} of the bare forward, and no peer ahead. {verdict(cells)}",
        "",
        "| from the cache | clients | requests/s | p50 ms | p99 ms | core ms: gateway | "
        "inference | analytics | servers | load generator |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *(
            _row(
                name.partition(",")[0],
                clients,
                round(cells.median(name, clients, "requests_per_second")),
                *(cells.median(name, clients, figure) for figure in ("p50_ms", "p99_ms")),
                *(cells.median(name, clients, f"cpu_ms_{part}") for part in ("gateway", "inference", "analytics")),
                sum(cells.median(name, clients, f"cpu_ms_{part}") for part in ("nats", "redis", "mongo", "objects")),
                cells.median(name, clients, "load_cpu_ms"),
            )
            for name in CACHED
            for clients in CLIENTS
        ),
        "",
        "How the peers were set up: "
        + "; ".join(f"{name}: {text}" for name, text in result["peer_setups"].items())
        + ".",
    ]
    if result["tried_setups"]:
        lines += ["", "| tried (32 clients) | setup | images/s |", "|---|---|---|"]
        lines += [_row(one["peer"], one["setup"], one["images_per_second"]) for one in result["tried_setups"]]
    lines += ["", "| ceiling of the load generator | clients | requests/s |", "|---|---|---|"]
    lines += [
        _row(name, row["clients"], row["requests_per_second"])
        for name, rows in result["load_ceiling"].items()
        for row in rows
    ]
    for name, found in result["profiles"].items():
        lines += [
            "",
            f"Where {name} spends its time (32 clients, cached extraction; own time, per cent of samples):",
            "",
        ]
        lines += [f"- {share} % `{function}`" for function, share in found["own_percent"].items()]
    return "\n".join(lines) + "\n"


def verdict(cells: Cells) -> str:
    """Say whether the target is met, with the figures."""
    parts = []
    for clients in (8, 32):
        ours = ratio(cells, "ours", clients)
        ahead = [name for name in SERVERS[1:] if cells.median(name, clients) > cells.median("ours", clients)]
        parts.append(
            f"At {clients} clients ours is {ours:.2f} of the bare forward ({'met' if ours >= TARGET else 'missed'}), "
            + (f"behind {' and '.join(ahead)}." if ahead else "and no peer is ahead.")
        )
    return " ".join(parts)
