"""The results as a page."""

from __future__ import annotations

from typing import Any

_UNITS = {"rooms": "°", "photographs": " of the frame"}


def markdown(found: dict[str, Any]) -> str:
    """Return the page of a measurement."""
    changed, alarms, plain = found["changed"], found["false_alarms"], found["baseline"]
    lines = [
        "# Continuity on scenes with known changes",
        "",
        f"`{found['command']}`: {found['pairs']} pairs of {found['scenes']} held-out scenes; no photograph, blob or "
        "stamp of them was used for fitting (six named meshes are in both halves). A change is told from a "
        f"confidence of {found['threshold']}. Comparing two pictures takes {found['seconds_per_pair']['median']} s "
        "on one core beside other work, their features aside (five looks of the model a picture).",
        "",
        "| | pairs with a change: found | pointed at | located (IoU ≥ 0.3) | mean IoU | kind right | unchanged pairs "
        "with an alarm |",
        "|---|---|---|---|---|---|---|",
        _line("check-continuity", changed, alarms["share"]),
        _line(f"pixels: {plain['what']} (threshold for as many alarms)", plain, plain["false_alarms"]),
        "",
        "## By threshold",
        "",
        "| confidence | found | located | kind right | stray changes a pair | unchanged pairs with an alarm |",
        "|---|---|---|---|---|---|",
        *(
            f"| {row['threshold']} | {row['found']:.1%} | {row['located']:.1%} | {row['kind_right']:.1%} | "
            f"{row['stray_per_pair']:.2f} | {row['false_alarms']:.1%} |"
            for row in found["by_threshold"]
        ),
        "",
        "## Nothing changed but angle or light",
        "",
        "| scene | what differs | pairs | with an alarm |",
        "|---|---|---|---|",
        *(
            f"| {row['source']} | {_what(row)} | {row['pairs']} | {row['pairs_with_alarm']} |"
            for row in found["rows"]
            if "alarms" in row
        ),
        "",
        "## Something changed, seen from another angle",
        "",
        "| scene | change | angle or reframing | pairs | found | pointed at | located | mean IoU | kind right |",
        "|---|---|---|---|---|---|---|---|---|",
        *(
            f"| {row['source']} | {row['kind']} | {row['change']:g}{_UNITS[row['source']]} | {row['pairs']} | "
            f"{row['found']:.0%} | {row['pointed']:.0%} | {row['located']:.0%} | {row['mean_overlap']:.2f} | "
            f"{row['kind_right']:.0%} |"
            for row in found["rows"]
            if "found" in row
        ),
        "",
    ]
    return "\n".join(lines)


def _line(name: str, row: dict[str, Any], alarms: float) -> str:
    return (
        f"| {name} | {row['found']:.1%} | {row['pointed']:.1%} | {row['located']:.1%} | {row['mean_overlap']:.2f} | "
        f"{row['kind_right']:.1%} | {alarms:.1%} |"
    )


def _what(row: dict[str, Any]) -> str:
    if row["kind"] == "light":
        return "light, exposure and white balance"
    return f"angle or reframing, {row['change']:g}{_UNITS[row['source']]}"
